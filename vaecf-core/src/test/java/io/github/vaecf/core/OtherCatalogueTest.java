package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class OtherCatalogueTest {
  /** Scores an item by its id and by how many items the history has. */
  private static final class ByNumber extends Recommender {
    private boolean released;

    ByNumber(List<String> ids) {
      super(IdIndex.of(ids));
    }

    static float score(String id, int known) {
      return Math.floorMod(Integer.parseInt(id) * 7919 + 31 * known, 1009);
    }

    @Override
    protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
      for (int row = from; row < to; row++) {
        List<Integer> history = histories.row(row);
        List<Integer> order = new ArrayList<>();
        IntStream.range(0, itemCount()).filter(i -> !history.contains(i)).forEach(order::add);
        order.sort(
            Comparator.comparing((Integer item) -> -score(items().id(item), history.size())));
        for (int rank = 0; rank < Math.min(rankings.k(), order.size()); rank++) {
          int item = order.get(rank);
          rankings.set(firstUser + row - from, rank, item, score(items().id(item), history.size()));
        }
      }
    }

    @Override
    public boolean scoresAllItems() {
      return true;
    }

    @Override
    protected float[] scoreAll(CsrMatrix histories, int from, int to) {
      float[] scores = new float[(to - from) * itemCount()];
      for (int place = 0; place < scores.length; place++) {
        int known = histories.rowSize(from + place / itemCount());
        scores[place] = score(items().id(place % itemCount()), known);
      }
      return scores;
    }

    @Override
    protected void release() {
      released = true;
    }
  }

  private static List<String> some(Random random, int of) {
    List<String> ids = new ArrayList<>();
    for (int id = 0; id < of; id++) {
      if (random.nextInt(3) > 0) {
        ids.add(Integer.toString(id));
      }
    }
    ids.add(Integer.toString(of));
    Collections.shuffle(ids, random);
    return ids;
  }

  @Property(tries = 100)
  void whatBothKnowIsRankedAndNothingElse(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int of) {
    Random random = new Random(seed);
    List<String> known = some(random, of);
    List<String> catalogue = some(random, of);
    int k = 1 + random.nextInt(catalogue.size());
    List<List<String>> histories = List.of(some(random, of), List.of(), some(random, of / 2));
    try (Recommender model = new ByNumber(known).over(IdIndex.of(catalogue))) {
      List<List<Recommendation>> lists = model.recommendAll(histories, k);
      for (int user = 0; user < histories.size(); user++) {
        List<String> history = new ArrayList<>(histories.get(user));
        history.retainAll(catalogue);
        history.retainAll(known);
        List<String> left = new ArrayList<>(catalogue);
        left.retainAll(known);
        left.removeAll(history);
        int size = history.size();
        left.sort(Comparator.comparing((String id) -> -ByNumber.score(id, size)));
        assertThat(lists.get(user).stream().map(Recommendation::item).toList())
            .isEqualTo(left.subList(0, Math.min(k, left.size())));
      }
    }
  }

  @Property(tries = 100)
  void filtersAreOverTheCatalogueToo(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int of) {
    Random random = new Random(seed);
    List<String> known = some(random, of);
    List<String> catalogue = some(random, of);
    List<String> allowed = some(random, of);
    List<String> history = some(random, of / 2);
    try (Recommender model = new ByNumber(known).over(IdIndex.of(catalogue))) {
      List<Recommendation> list =
          model.recommend(
              Query.builder().history(history).allow(allowed).withHistory().k(of + 1).build());
      List<String> expected = new ArrayList<>(catalogue);
      expected.retainAll(known);
      history.retainAll(expected);
      expected.retainAll(allowed);
      expected.sort(Comparator.comparing((String id) -> -ByNumber.score(id, history.size())));
      assertThat(list.stream().map(Recommendation::item).toList()).isEqualTo(expected);
    }
  }

  @Test
  void closedItClosesTheModelAndTheSameItemsNeedNoOther() {
    ByNumber model = new ByNumber(List.of("1", "2"));
    assertThat(model.over(IdIndex.of(List.of("1", "2")))).isSameAs(model);
    model.over(IdIndex.of(List.of("2", "1"))).close();
    assertThat(model.released).isTrue();
  }
}
