package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.github.vaecf.data.CsrMatrix;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What every {@link Recommender} must do. A test class of an implementation extends this one and
 * says how to open it.
 *
 * <p>Answers to the same question that were computed another way (in a batch of another size, in
 * other threads) agree as those of two runtimes do, {@link RankingAgreement#ACROSS_RUNTIMES}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class RecommenderContract {
  private static final int USERS = 30;

  private Recommender recommender;

  /**
   * Opens the recommender that is tested. Called several times; each call gives one of its own,
   * which is closed here.
   *
   * @return a recommender over at least ten items, of which some have equal scores
   */
  protected abstract Recommender open() throws Exception;

  @BeforeAll
  final void openOne() throws Exception {
    recommender = open();
  }

  @AfterAll
  final void closeIt() {
    recommender.close();
  }

  private List<String> ids() {
    return recommender.items().ids();
  }

  /** Histories of 0 to 8 items, always the same ones. */
  private List<List<String>> histories() {
    Random random = new Random(4);
    List<List<String>> histories = new ArrayList<>();
    for (int user = 0; user < USERS; user++) {
      List<String> history = new ArrayList<>();
      for (int i = user % 9; i > 0; i--) {
        history.add(ids().get(random.nextInt(ids().size())));
      }
      histories.add(history);
    }
    return histories;
  }

  /** The same histories as a matrix. */
  private CsrMatrix matrix() {
    List<List<String>> histories = histories();
    return CsrMatrix.of(
        USERS,
        recommender.itemCount(),
        pairs -> {
          for (int user = 0; user < USERS; user++) {
            for (String id : histories.get(user)) {
              pairs.accept(user, recommender.items().indexOf(id));
            }
          }
        });
  }

  /** Both are answers to one question, computed in different ways. */
  private static void assertAgree(List<Recommendation> found, List<Recommendation> expected) {
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, found)).isEmpty();
  }

  @Test
  final void thereAreAsManyItemsAsIds() {
    assertThat(recommender.itemCount()).isEqualTo(ids().size()).isGreaterThanOrEqualTo(10);
  }

  @Test
  final void anEmptyHistoryIsAnsweredAndUnknownIdsAreAsIfTheyWereNotThere() {
    List<Recommendation> anybody = recommender.recommend(List.of(), 5);
    assertThat(anybody).hasSize(5);
    assertThat(recommender.recommend(List.of("no such item", ""), 5)).isEqualTo(anybody);
    String known = ids().get(3);
    assertAgree(
        recommender.recommend(List.of("no such item", known), 5),
        recommender.recommend(List.of(known), 5));
  }

  @Test
  final void repeatedItemsCountOnceAndTheOrderDoesNotMatter() {
    List<String> history = List.of(ids().get(2), ids().get(7), ids().get(4), ids().get(0));
    List<Recommendation> once = recommender.recommend(history, 6);
    List<String> other = new ArrayList<>(history);
    other.addAll(history);
    Collections.reverse(other);
    other.add(ids().get(7));
    assertThat(recommender.recommend(other, 6)).isEqualTo(once);
  }

  @Test
  final void theBestItemsComeFirstAndNoneOfTheHistory() {
    for (List<String> history : histories()) {
      List<Recommendation> all = recommender.recommend(history, recommender.itemCount());
      Set<String> expected = new HashSet<>(ids());
      expected.removeAll(history);
      assertThat(all)
          .extracting(Recommendation::item)
          .containsExactlyInAnyOrderElementsOf(expected);
      for (int rank = 1; rank < all.size(); rank++) {
        assertThat(all.get(rank).score()).isLessThanOrEqualTo(all.get(rank - 1).score());
      }
    }
  }

  @Test
  final void equalScoresComeInTheOrderOfTheItems() {
    int ties = 0;
    for (List<String> history : histories()) {
      List<Recommendation> all = recommender.recommend(history, recommender.itemCount());
      for (int rank = 1; rank < all.size(); rank++) {
        Recommendation before = all.get(rank - 1);
        Recommendation here = all.get(rank);
        if (here.score() == before.score()) {
          ties++;
          assertThat(recommender.items().indexOf(here.item()))
              .isGreaterThan(recommender.items().indexOf(before.item()));
        }
      }
    }
    assertThat(ties).as("equal scores, without which this test says nothing").isPositive();
  }

  @Test
  final void aShorterRankingIsTheBeginningOfALongerOne() {
    for (List<String> history : histories()) {
      List<Recommendation> all = recommender.recommend(history, recommender.itemCount());
      assertAgree(recommender.recommend(history, 1), all.subList(0, 1));
      assertAgree(recommender.recommend(history, 7), all.subList(0, 7));
    }
  }

  @Test
  final void aRankingIsNeverLongerThanTheCatalogueWhateverIsAskedFor() {
    List<String> history = List.of(ids().get(1));
    List<Recommendation> all = recommender.recommend(history, recommender.itemCount());
    assertThat(all).hasSize(recommender.itemCount() - 1);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    List<Recommendation> found = recommender.recommend(history, Integer.MAX_VALUE);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000_000);
    assertAgree(found, all);
    assertThat(recommender.rank(matrix(), 0, 2, Integer.MAX_VALUE).k())
        .isEqualTo(recommender.itemCount());
  }

  @Test
  final void whoHasEverythingIsRecommendedNothing() {
    assertThat(recommender.recommend(ids(), 3)).isEmpty();
    List<List<Recommendation>> answers =
        recommender.recommendAll(List.of(List.of(), ids(), List.of(ids().get(0))), 3);
    assertThat(answers).extracting(List::size).containsExactly(3, 0, 3);
    CsrMatrix everything =
        CsrMatrix.of(
            1,
            recommender.itemCount(),
            pairs -> {
              for (int item = 0; item < recommender.itemCount(); item++) {
                pairs.accept(0, item);
              }
            });
    Rankings rankings = recommender.rank(everything, 0, 1, 2);
    assertThat(rankings.item(0, 0)).isEqualTo(-1);
    assertThat(rankings.item(0, 1)).isEqualTo(-1);
  }

  @Test
  final void whatAFilterLeavesComesInTheOrderOfAllItems() {
    Random random = new Random(9);
    boolean keeps = recommender.scoresAllItems();
    List<Query> everything = new ArrayList<>();
    List<Query> queries = new ArrayList<>();
    for (List<String> history : histories()) {
      boolean withHistory = keeps && random.nextBoolean();
      Query.Builder query = Query.builder().history(history).k(ids().size());
      everything.add((withHistory ? query.withHistory() : query).build());
      if (random.nextInt(4) > 0) {
        query.exclude(some(random));
      }
      if (random.nextInt(4) > 0) {
        query.allow(some(random));
      }
      queries.add(query.k(1 + random.nextInt(9)).offset(random.nextInt(5)).build());
    }
    List<List<Recommendation>> all = recommender.recommendAll(everything);
    List<List<Recommendation>> found = recommender.recommendAll(queries);
    for (int user = 0; user < USERS; user++) {
      Query query = queries.get(user);
      assertThat(all.get(user))
          .hasSize(
              query.withHistory()
                  ? ids().size()
                  : ids().size() - new HashSet<>(query.history()).size());
      assertAgree(
          found.get(user),
          all.get(user).stream()
              .filter(one -> !query.excluded().contains(one.item()))
              .filter(one -> query.allowed().map(ids -> ids.contains(one.item())).orElse(true))
              .skip(query.offset())
              .limit(query.k())
              .toList());
    }
    if (!keeps) {
      assertThatThrownBy(() -> recommender.recommend(Query.builder().withHistory().build()))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  final void whatCarriesARecommendationIsWhatItsScoreLosesWithoutIt() {
    List<String> history = List.of(ids().get(2), ids().get(7), ids().get(4), ids().get(7), "?");
    List<Recommendation> best = recommender.recommend(history, 3);
    List<List<Reason>> reasons =
        recommender.because(history, best.stream().map(Recommendation::item).toList());
    assertThat(reasons).hasSize(3);
    for (int i = 0; i < 3; i++) {
      String item = best.get(i).item();
      assertThat(reasons.get(i))
          .extracting(Reason::item)
          .containsExactlyInAnyOrder(ids().get(2), ids().get(7), ids().get(4));
      float before = Float.POSITIVE_INFINITY;
      for (Reason reason : reasons.get(i)) {
        assertThat(reason.contribution()).isLessThanOrEqualTo(before);
        before = reason.contribution();
        List<String> others = history.stream().filter(id -> !id.equals(reason.item())).toList();
        List<Recommendation> without = recommender.recommend(others, ids().size());
        float largest =
            (float) without.stream().mapToDouble(one -> Math.abs(one.score())).max().orElse(0);
        float score =
            without.stream()
                .filter(one -> one.item().equals(item))
                .findFirst()
                .orElseThrow()
                .score();
        assertThat(reason.contribution())
            .isCloseTo(best.get(i).score() - score, within(4e-5f * Math.max(1, largest)));
      }
    }
    assertThat(recommender.because(List.of(), List.of(ids().get(0)))).containsExactly(List.of());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> recommender.because(history, List.of("?")))
        .withMessage("recommended: the model knows no item '?'");
  }

  @Test
  final void aMoreDiverseListHasTheSameItemsInAnOrderWithoutGaps() {
    Query.Builder query =
        Query.builder().history(List.of(ids().get(2), ids().get(7))).k(ids().size());
    List<Recommendation> plain = recommender.recommend(query.build());
    if (!recommender.comparesItems()) {
      assertThatThrownBy(() -> recommender.recommend(query.marginalRelevance(0.5).build()))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessage("this model has no vectors of its items to compare");
      return;
    }
    List<Recommendation> diverse = recommender.recommend(query.marginalRelevance(0.2).build());
    assertThat(diverse).containsExactlyInAnyOrderElementsOf(plain).isNotEqualTo(plain);
    assertThat(diverse.get(0)).isEqualTo(plain.get(0));
    List<Recommendation> pages = new ArrayList<>();
    for (int offset = 0; offset < ids().size(); offset += 7) {
      pages.addAll(recommender.recommend(query.k(7).offset(offset).build()));
    }
    assertThat(pages).isEqualTo(diverse);
  }

  private List<String> some(Random random) {
    double share = random.nextDouble();
    return ids().stream().filter(id -> random.nextDouble() < share).toList();
  }

  @Test
  final void wrongArgumentsAreRefusedWithWhatWasFound() {
    int items = recommender.itemCount();
    CsrMatrix narrow = CsrMatrix.of(1, items - 1, pairs -> {});
    CsrMatrix wide = CsrMatrix.of(1, items + 1, pairs -> {});
    for (CsrMatrix wrong : List.of(narrow, wide)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> recommender.rank(wrong, 0, 1, 1))
          .withMessageStartingWith(
              "histories must be over the model's " + items + " items, found CsrMatrix")
          .withMessageContaining(Integer.toString(wrong.columns()));
    }
    for (int k : new int[] {0, -1, Integer.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> recommender.rank(matrix(), 0, 1, k))
          .withMessage("k must be at least 1, found " + k);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> recommender.recommend(List.of(), k))
          .withMessage("k must be at least 1, found " + k);
    }
    for (int[] range : new int[][] {{-1, 1}, {0, USERS + 1}, {2, 1}}) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> recommender.rank(matrix(), range[0], range[1], 1));
    }
  }

  @Test
  final void aRangeOfUsersIsRankedFromItsFirst() {
    CsrMatrix matrix = matrix();
    Rankings all = recommender.rank(matrix, 0, USERS, 4);
    Rankings some = recommender.rank(matrix, 11, 17, 4);
    assertThat(some.users()).isEqualTo(6);
    for (int user = 0; user < 6; user++) {
      assertAgree(list(some, user), list(all, 11 + user));
    }
    assertThat(recommender.rank(matrix, 3, 3, 4).users()).isZero();
    assertThat(recommender.recommendAll(List.of(), 4)).isEmpty();
  }

  private List<Recommendation> list(Rankings rankings, int user) {
    List<Recommendation> list = new ArrayList<>();
    for (int rank = 0; rank < rankings.k() && rankings.item(user, rank) >= 0; rank++) {
      list.add(
          new Recommendation(ids().get(rankings.item(user, rank)), rankings.score(user, rank)));
    }
    return list;
  }

  @Test
  final void manyUsersAtOnceGetWhatEachGetsAlone() {
    // More than are ranked in one go.
    List<List<String>> histories = new ArrayList<>();
    while (histories.size() < 600) {
      histories.addAll(histories());
    }
    List<List<Recommendation>> together = recommender.recommendAll(histories, 5);
    assertThat(together).hasSameSizeAs(histories);
    List<List<Recommendation>> alone = new ArrayList<>();
    for (List<String> history : histories()) {
      alone.add(recommender.recommend(history, 5));
    }
    for (int user = 0; user < together.size(); user++) {
      assertAgree(together.get(user), alone.get(user % USERS));
    }
  }

  @Test
  final void manyUsersAtOnceGetThroughAFilterWhatEachGetsAlone() {
    List<String> excluded = some(new Random(8));
    ItemFilter filter = ItemFilter.of(recommender.items()).exclude(excluded);
    CsrMatrix matrix = matrix();
    int times = 20; // more users than are ranked in one go
    CsrMatrix many =
        CsrMatrix.of(
            USERS * times,
            recommender.itemCount(),
            pairs -> {
              for (int user = 0; user < USERS * times; user++) {
                for (int item : matrix.row(user % USERS)) {
                  pairs.accept(user, item);
                }
              }
            });
    Rankings together = recommender.rank(many, 0, USERS * times, filter, 5);
    for (int user = 0; user < USERS * times; user++) {
      Query query =
          Query.builder().history(histories().get(user % USERS)).exclude(excluded).k(5).build();
      assertAgree(list(together, user), recommender.recommend(query));
    }
    // One that leaves all out of nothing is none.
    ItemFilter none =
        ItemFilter.of(recommender.items()).exclude(List.of()).allow(recommender.items().ids());
    assertThat(none.isPlain()).isTrue();
  }

  @Test
  final void manyThreadsAtOnceGetTheAnswersOfOne() throws Exception {
    List<List<Recommendation>> expected = recommender.recommendAll(histories(), 5);
    List<Callable<List<List<Recommendation>>>> calls =
        Collections.nCopies(40, () -> recommender.recommendAll(histories(), 5));
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (Future<List<List<Recommendation>>> answer : threads.invokeAll(calls)) {
        List<List<Recommendation>> found = answer.get();
        for (int user = 0; user < USERS; user++) {
          assertAgree(found.get(user), expected.get(user));
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  final void whatIsClosedRefusesToRankAndClosingTwiceIsHarmless() throws Exception {
    Recommender closed = open();
    closed.close();
    closed.close();
    assertThatThrownBy(() -> closed.rank(matrix(), 0, 1, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the model is closed");
    assertThatThrownBy(() -> closed.recommend(List.of(), 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the model is closed");
    assertThat(closed.itemCount()).isEqualTo(recommender.itemCount());
  }

  @Test
  final void closingLetsThoseEndThatRankAndRefusesThoseThatComeLater() throws Exception {
    List<List<Recommendation>> expected = recommender.recommendAll(histories(), 5);
    Recommender closing = open();
    int callers = 6;
    CountDownLatch ranked = new CountDownLatch(callers);
    ExecutorService threads = Executors.newFixedThreadPool(callers);
    try {
      List<Future<?>> refused = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        refused.add(
            threads.submit(
                () -> {
                  // Ends with an exception, once it is closed.
                  while (true) {
                    List<List<Recommendation>> found = closing.recommendAll(histories(), 5);
                    for (int user = 0; user < USERS; user++) {
                      assertAgree(found.get(user), expected.get(user));
                    }
                    ranked.countDown();
                  }
                }));
      }
      assertThat(ranked.await(1, TimeUnit.MINUTES)).isTrue();
      closing.close();
      for (Future<?> one : refused) {
        assertThatThrownBy(() -> one.get(1, TimeUnit.MINUTES))
            .isInstanceOf(ExecutionException.class)
            .cause()
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("the model is closed");
      }
    } finally {
      threads.shutdownNow();
      closing.close();
    }
  }
}
