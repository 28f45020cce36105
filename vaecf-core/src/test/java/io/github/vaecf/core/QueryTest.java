package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {
  /** Sums of small whole numbers, so that many scores are equal; ranks by sorting all items. */
  private static class Ranks extends Recommender {
    private final int[][] weights;

    Ranks(int items, long seed) {
      super(Rows.ids(items));
      Random random = new Random(seed);
      weights = new int[items + 1][];
      for (int row = 0; row < weights.length; row++) {
        weights[row] = random.ints(items, -2, 3).toArray();
      }
    }

    float score(List<Integer> history, int item) {
      return weights[itemCount()][item] + history.stream().mapToInt(i -> weights[i][item]).sum();
    }

    /** All items, best first. */
    List<Integer> order(List<Integer> history) {
      return IntStream.range(0, itemCount())
          .boxed()
          .sorted(Comparator.comparing((Integer item) -> -score(history, item)))
          .toList();
    }

    @Override
    protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
      for (int row = from; row < to; row++) {
        List<Integer> history = histories.row(row);
        int rank = 0;
        for (int item : order(history)) {
          if (rank < rankings.k() && !history.contains(item)) {
            rankings.set(firstUser + row - from, rank++, item, score(history, item));
          }
        }
      }
    }
  }

  /** The same, which tells its scores too. */
  private static final class Scores extends Ranks {
    Scores(int items, long seed) {
      super(items, seed);
    }

    @Override
    public boolean scoresAllItems() {
      return true;
    }

    @Override
    protected float[] scoreAll(CsrMatrix histories, int from, int to) {
      float[] scores = new float[(to - from) * itemCount()];
      for (int place = 0; place < scores.length; place++) {
        List<Integer> history = histories.row(from + place / itemCount());
        scores[place] = score(history, place % itemCount());
      }
      return scores;
    }
  }

  private static List<String> some(IdIndex items, Random random, double share) {
    List<String> some = new ArrayList<>();
    for (String id : items.ids()) {
      if (random.nextDouble() < share) {
        some.add(id);
      }
    }
    if (random.nextInt(4) == 0) {
      some.add("no such item");
    }
    return some;
  }

  /** A question by chance; only some have each part. */
  private static Query query(IdIndex items, Random random, boolean mayKeepHistory) {
    Query.Builder query =
        Query.builder()
            .history(some(items, random, random.nextDouble() / 2))
            .k(1 + random.nextInt(items.size() + 3));
    if (random.nextBoolean()) {
      query.offset(random.nextInt(items.size() + 3));
    }
    if (random.nextBoolean()) {
      query.exclude(some(items, random, random.nextDouble()));
    }
    if (random.nextBoolean()) {
      query.allow(some(items, random, random.nextDouble()));
    }
    if (mayKeepHistory && random.nextBoolean()) {
      query.withHistory();
    }
    return query.build();
  }

  /** All scores, then the filters, then the order, then the page. */
  private static List<Recommendation> naive(Ranks model, Query query) {
    List<Integer> history =
        query.history().stream().map(model.items()::indexOf).filter(item -> item >= 0).toList();
    return model.order(history).stream()
        .filter(item -> query.withHistory() || !history.contains(item))
        .filter(item -> !query.excluded().contains(model.items().id(item)))
        .filter(
            item ->
                query.allowed().isEmpty() || query.allowed().get().contains(model.items().id(item)))
        .skip(query.offset())
        .limit(query.k())
        .map(item -> new Recommendation(model.items().id(item), model.score(history, item)))
        .toList();
  }

  @Property(tries = 100)
  void whateverIsAskedIsAnsweredAsByFilteringAllScores(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 30) int items,
      @ForAll boolean scoresAllItems) {
    Random random = new Random(seed);
    Ranks model = scoresAllItems ? new Scores(items, seed) : new Ranks(items, seed);
    List<Query> queries = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      queries.add(query(model.items(), random, scoresAllItems));
    }
    List<List<Recommendation>> answers = model.recommendAll(queries);
    for (int i = 0; i < queries.size(); i++) {
      assertThat(answers.get(i)).isEqualTo(naive(model, queries.get(i)));
    }
    assertThat(model.recommend(queries.get(0))).isEqualTo(answers.get(0));
  }

  /** A score less the mean, by the standard deviation; none of whoever likes all items alike. */
  private static OptionalDouble standardised(
      Ranks model, List<Integer> history, List<Integer> over, int item) {
    double mean = over.stream().mapToDouble(one -> model.score(history, one)).average().orElse(0);
    double variance =
        over.stream()
            .mapToDouble(one -> Math.pow(model.score(history, one) - mean, 2))
            .average()
            .orElse(0);
    return variance == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((model.score(history, item) - mean) / Math.sqrt(variance));
  }

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void aGroupGetsTheMeanOrTheLeastOfItsStandardisedScores(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 20) int items,
      @ForAll @IntRange(min = 1, max = 4) int people,
      @ForAll GroupStrategy strategy,
      @ForAll boolean scoresAllItems) {
    Random random = new Random(seed);
    Ranks model = scoresAllItems ? new Scores(items, seed) : new Ranks(items, seed);
    List<List<String>> group = new ArrayList<>();
    for (int person = 0; person < people; person++) {
      group.add(some(model.items(), random, 0.2));
    }
    boolean withHistory = scoresAllItems && random.nextBoolean();
    Query.Builder query =
        Query.builder()
            .group(group, strategy)
            .k(1 + random.nextInt(6))
            .offset(random.nextInt(3))
            .exclude(some(model.items(), random, 0.1));
    Query asked = (withHistory ? query.withHistory() : query).build();
    List<List<Integer>> histories =
        group.stream()
            .map(one -> one.stream().map(model.items()::indexOf).filter(i -> i >= 0).toList())
            .toList();
    List<Integer> nobodys =
        IntStream.range(0, items)
            .boxed()
            .filter(item -> histories.stream().noneMatch(one -> one.contains(item)))
            .toList();
    List<Integer> over = nobodys.isEmpty() ? IntStream.range(0, items).boxed().toList() : nobodys;
    float[] scores = new float[items];
    for (int item = 0; item < items; item++) {
      int one = item;
      DoubleStream each =
          histories.stream()
              .flatMapToDouble(history -> standardised(model, history, over, one).stream());
      scores[item] =
          (float) (strategy == GroupStrategy.AVERAGE ? each.sum() / people : each.min().orElse(0));
    }
    List<Recommendation> expected =
        IntStream.range(0, items)
            .boxed()
            .filter(item -> withHistory || nobodys.contains(item))
            .filter(item -> !asked.excluded().contains(model.items().id(item)))
            .map(item -> new Recommendation(model.items().id(item), scores[item]))
            .sorted(Comparator.comparing((Recommendation one) -> -one.score()))
            .toList();
    List<Recommendation> found =
        model.recommendAll(List.of(Query.builder().k(2).build(), asked)).get(1);
    // To within rounding of sums of doubles, by which equal ones may change places.
    int from = Math.min(asked.offset(), expected.size());
    int to = Math.min(expected.size(), asked.offset() + asked.k());
    assertThat(RankingAgreement.within(1e-5).difference(expected.subList(from, to), found))
        .isEmpty();
  }

  @Test
  void whoeverLikesAllItemsAlikeHasNoSay() {
    Ranks model =
        new Ranks(9, 2) {
          @Override
          float score(List<Integer> history, int item) {
            return history.isEmpty() ? 0 : super.score(history, item);
          }
        };
    List<String> known = List.of("item-1", "item-4");
    Query.Builder query = Query.builder().k(9);
    List<Recommendation> alone = model.recommend(query.history(known).build());
    for (GroupStrategy strategy : GroupStrategy.values()) {
      assertThat(model.recommend(query.group(List.of(known, List.of()), strategy).build()))
          .extracting(Recommendation::item)
          .containsExactlyElementsOf(alone.stream().map(Recommendation::item).toList());
    }
  }

  @Test
  void nobodyIsNoGroup() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Query.builder().group(List.of(), GroupStrategy.AVERAGE))
        .withMessage("group: expected at least one person, found none");
  }

  @Property(tries = 50)
  void pagesFollowUponEachOtherWithoutAGapOrARepetition(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 7) int k) {
    Scores model = new Scores(20, seed);
    Query.Builder query =
        Query.builder().history(List.of("item-3")).exclude(List.of("item-4", "item-5"));
    List<Recommendation> pages = new ArrayList<>();
    for (int offset = 0; offset < 20; offset += k) {
      pages.addAll(model.recommend(query.k(k).offset(offset).build()));
    }
    assertThat(pages).isEqualTo(model.recommend(query.k(20).offset(0).build())).hasSize(17);
  }

  @Test
  void anEmptyAllowanceAllowsNothingAndAskingTwiceAllowsWhatBothDo() {
    Ranks model = new Ranks(6, 1);
    assertThat(model.recommend(Query.builder().allow(List.of()).build())).isEmpty();
    assertThat(model.recommend(Query.builder().allow(List.of("gone")).build())).isEmpty();
    assertThat(
            model.recommend(
                Query.builder()
                    .allow(List.of("item-1", "item-2"))
                    .allow(List.of("item-2", "item-3"))
                    .build()))
        .extracting(Recommendation::item)
        .containsExactly("item-2");
  }

  @Test
  void filtersOverIndicesAreThoseOverIds() {
    Scores model = new Scores(9, 5);
    CsrMatrix users = Rows.of(9, Rows.row(1, 2), Rows.row());
    BitSet few = BitSet.valueOf(new long[] {0b101010110});
    BitSet one = BitSet.valueOf(new long[] {0b100});
    List<String> ids = few.stream().mapToObj(model.items()::id).toList();
    Rankings byIndices =
        model.rank(users, 0, 2, ItemFilter.of(model.items()).allow(few).exclude(one), 9);
    Rankings byIds =
        model.rank(
            users, 0, 2, ItemFilter.of(model.items()).allow(ids).exclude(List.of("item-2")), 9);
    for (int user = 0; user < 2; user++) {
      for (int rank = 0; rank < 9; rank++) {
        assertThat(byIndices.item(user, rank)).isEqualTo(byIds.item(user, rank));
      }
    }
    // Of 1, 2, 4, 6 and 8 the first user has two, and 2 is excluded.
    assertThat(IntStream.range(0, 9).map(rank -> byIndices.item(0, rank)))
        .containsOnly(4, 6, 8, -1);
    assertThat(IntStream.range(0, 9).map(rank -> byIndices.item(1, rank)))
        .containsOnly(1, 4, 6, 8, -1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ItemFilter.of(model.items()).allow(BitSet.valueOf(new long[] {1 << 9})))
        .withMessage("allow: expected indices below 9, the number of items, found 9");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.rank(users, 0, 2, ItemFilter.of(Rows.ids(8)), 1))
        .withMessage("filter: expected one of the model's items, found IdIndex[8 ids]");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.001, Double.NaN})
  void theWeightOfTheScoresIsAShare(double lambda) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Query.builder().marginalRelevance(lambda))
        .withMessage("lambda must be 0 to 1, found " + lambda);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void lessThanOneItemCannotBeAskedFor(int k) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Query.builder().k(k))
        .withMessage("k must be at least 1, found " + k);
  }

  @Test
  void aPageBeginsAtTheFirstOrLater() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Query.builder().offset(-1))
        .withMessage("offset must be at least 0, found -1");
    Query far = Query.builder().offset(Integer.MAX_VALUE).k(Integer.MAX_VALUE).build();
    assertThat(new Ranks(4, 1).recommend(far)).isEmpty();
  }

  @Test
  void whoOnlyRanksCannotRecommendTheHistory() {
    assertThatThrownBy(() -> new Ranks(4, 1).recommend(Query.builder().withHistory().build()))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("this model leaves the items of a history out by itself");
  }
}
