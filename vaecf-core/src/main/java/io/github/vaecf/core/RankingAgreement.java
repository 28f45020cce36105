package io.github.vaecf.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether two runtimes rank alike. Their scores differ in the last digits, by processor, library,
 * number of threads and size of a batch, so two items whose scores are nearly equal may come in
 * either order.
 *
 * <p>The bound on the difference of two scores is a share of the largest absolute score in the two
 * rankings of a user: a score is a sum whose terms may cancel out, and what is then left near zero
 * has the rounding of its terms, not of its own size.
 *
 * <p>Two rankings agree if at each rank they have scores within a bound of each other and, where
 * they have different items there, each of the two items has in the other ranking a score within
 * the bound of the one at this rank: that of its place there or, where it is not among the items of
 * that ranking, that of the last place, which it then missed by less than the bound. Both leave the
 * same places empty, and no item stands twice.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class RankingAgreement {
  /**
   * The bound for one model on two runtimes: scores within 1e-5 of the largest one. Single
   * precision rounds at 6e-8, and sums over some thousand terms lose two digits of that.
   */
  public static final RankingAgreement ACROSS_RUNTIMES = within(1e-5);

  private final double share;

  private RankingAgreement(double share) {
    this.share = share;
  }

  /**
   * Another bound than {@link #ACROSS_RUNTIMES}, such as for scores that were written down with few
   * digits.
   *
   * @param share how far two scores may be apart, as a share of the largest absolute finite score
   *     of the two rankings; at least 0
   * @return the bound
   * @throws IllegalArgumentException if the share is negative or no number
   */
  public static RankingAgreement within(double share) {
    if (!(share >= 0)) {
      throw new IllegalArgumentException("the share must be at least 0, found " + share);
    }
    return new RankingAgreement(share);
  }

  /**
   * What disagrees in the rankings of some users.
   *
   * @param expected one side
   * @param found the other, of the same users
   * @return for each user whose rankings disagree a sentence on the first rank that does; empty if
   *     all agree
   */
  public List<String> differences(Rankings expected, Rankings found) {
    if (expected.users() != found.users() || expected.k() != found.k()) {
      return List.of("expected " + size(expected) + ", found " + size(found));
    }
    List<String> differences = new ArrayList<>();
    for (int user = 0; user < expected.users(); user++) {
      int number = user;
      difference(Ranked.of(expected, user), Ranked.of(found, user))
          .ifPresent(problem -> differences.add("user " + number + ", " + problem));
    }
    return differences;
  }

  private static String size(Rankings rankings) {
    return rankings.users() + " rankings of length " + rankings.k();
  }

  /**
   * What disagrees in two lists of recommendations to one user.
   *
   * @param expected one side
   * @param found the other
   * @return a sentence on the first rank that disagrees; empty if the lists agree
   */
  public Optional<String> difference(List<Recommendation> expected, List<Recommendation> found) {
    return difference(Ranked.of(expected), Ranked.of(found));
  }

  /** A user's ranking, without empty places at its end. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Ranked(List<Object> items, float[] scores) {
    static Ranked of(Rankings rankings, int user) {
      List<Object> items = new ArrayList<>();
      float[] scores = new float[rankings.k()];
      for (int rank = 0; rank < rankings.k() && rankings.item(user, rank) >= 0; rank++) {
        items.add(rankings.item(user, rank));
        scores[rank] = rankings.score(user, rank);
      }
      return new Ranked(items, scores);
    }

    static Ranked of(List<Recommendation> list) {
      List<Object> items = new ArrayList<>();
      float[] scores = new float[list.size()];
      for (int rank = 0; rank < scores.length; rank++) {
        items.add(list.get(rank).item());
        scores[rank] = list.get(rank).score();
      }
      return new Ranked(items, scores);
    }

    int length() {
      return items.size();
    }

    double largest() {
      double largest = 0;
      for (int rank = 0; rank < length(); rank++) {
        double size = Math.abs((double) scores[rank]);
        largest = Double.isFinite(size) ? Math.max(largest, size) : largest;
      }
      return largest;
    }

    Map<Object, Integer> ranks() {
      Map<Object, Integer> ranks = new HashMap<>();
      for (int rank = 0; rank < length(); rank++) {
        ranks.putIfAbsent(items.get(rank), rank);
      }
      return ranks;
    }

    String at(int rank) {
      return "item " + items.get(rank) + " with score " + scores[rank];
    }
  }

  private Optional<String> difference(Ranked expected, Ranked found) {
    double bound = share * Math.max(expected.largest(), found.largest());
    Map<Object, Integer> expectedRanks = expected.ranks();
    Map<Object, Integer> foundRanks = found.ranks();
    int shared = Math.min(expected.length(), found.length());
    for (int rank = 0; rank < shared; rank++) {
      String where = "rank " + rank + ": expected " + expected.at(rank) + ", found ";
      if (!isClose(expected.scores()[rank], found.scores()[rank], bound)) {
        return Optional.of(where + found.at(rank));
      }
      if (foundRanks.get(found.items().get(rank)) != rank) {
        return Optional.of(where + found.at(rank) + " a second time");
      }
      if (!expected.items().get(rank).equals(found.items().get(rank))
          && !(mayStandAt(rank, found.items().get(rank), expected, expectedRanks, bound)
              && mayStandAt(rank, expected.items().get(rank), found, foundRanks, bound))) {
        return Optional.of(where + found.at(rank) + ", and their scores are not nearly equal");
      }
    }
    return expected.length() == found.length()
        ? Optional.empty()
        : Optional.of("expected " + expected.length() + " items, found " + found.length());
  }

  /** Whether an item's score in a ranking is as good as that of the item at a rank. */
  private static boolean mayStandAt(
      int rank, Object item, Ranked ranked, Map<Object, Integer> ranks, double bound) {
    int place = ranks.getOrDefault(item, ranked.length() - 1);
    return isClose(ranked.scores()[place], ranked.scores()[rank], bound);
  }

  private static boolean isClose(float a, float b, double bound) {
    return a == b || Math.abs((double) a - b) <= bound;
  }
}
