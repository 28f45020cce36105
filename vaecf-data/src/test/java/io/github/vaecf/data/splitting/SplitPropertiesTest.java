package io.github.vaecf.data.splitting;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** What holds of every split of every log. */
class SplitPropertiesTest {
  private static Interactions log(long seed, int users, int items, int events) {
    Random random = new Random(seed);
    int[] user = new int[events];
    int[] item = new int[events];
    float[] value = new float[events];
    long[] time = new long[events];
    for (int event = 0; event < events; event++) {
      user[event] = random.nextInt(users);
      item[event] = (int) (items * random.nextDouble() * random.nextDouble());
      value[event] = random.nextInt(6);
      time[event] = random.nextInt(50);
    }
    return Interactions.of(ids("u", users), ids("i", items), user, item, value, time);
  }

  private static IdIndex ids(String prefix, int size) {
    List<String> ids = new ArrayList<>();
    for (int index = 0; index < size; index++) {
      ids.add(prefix + index);
    }
    return IdIndex.of(ids);
  }

  private static Set<String> pairs(Split split, CsrMatrix matrix, int firstUser) {
    Set<String> pairs = new TreeSet<>();
    matrix
        .pairs()
        .forEach(
            (row, column) ->
                assertThat(
                        pairs.add(
                            split.users().id(firstUser + row) + " " + split.items().id(column)))
                    .isTrue());
    return pairs;
  }

  private static Set<String> pairs(Interactions log) {
    Set<String> pairs = new TreeSet<>();
    for (int event = 0; event < log.size(); event++) {
      pairs.add(log.users().id(log.user(event)) + " " + log.items().id(log.item(event)));
    }
    return pairs;
  }

  private static Set<String> disjointUnion(List<Set<String>> parts) {
    Set<String> union = new TreeSet<>();
    int size = 0;
    for (Set<String> part : parts) {
      union.addAll(part);
      size += part.size();
    }
    assertThat(union).hasSize(size);
    return union;
  }

  @Property(tries = 200)
  void strongGeneralizationPartitionsThePairsOfTheTrainingItems(
      @ForAll long seed,
      @ForAll @IntRange(min = 7, max = 60) int users,
      @ForAll @IntRange(min = 1, max = 40) int items,
      @ForAll @IntRange(min = 100, max = 600) int events,
      @ForAll @IntRange(min = 1, max = 3) int heldOut) {
    Interactions log = log(seed, users, items, events);
    Assume.that(Arrays.stream(log.userCounts()).filter(count -> count > 0).count() > 2L * heldOut);
    Split split =
        StrongGeneralizationSplitter.builder()
            .minUserItems(0)
            .heldOutUsers(heldOut)
            .seed(seed & 0xffffffffL)
            .build()
            .split(log);
    HeldOut validation = split.validation();
    HeldOut test = split.test();
    Set<String> all =
        disjointUnion(
            List.of(
                pairs(split, split.train(), 0),
                pairs(split, validation.foldIn(), validation.firstUser()),
                pairs(split, validation.heldOut(), validation.firstUser()),
                pairs(split, test.foldIn(), test.firstUser()),
                pairs(split, test.heldOut(), test.firstUser())));
    Set<String> expected = pairs(log);
    expected.removeIf(pair -> split.items().indexOf(pair.substring(pair.indexOf(' ') + 1)) < 0);
    assertThat(all).isEqualTo(expected);
    for (int row = 0; row < test.users(); row++) {
      int held = test.heldOut().rowSize(row);
      int size = held + test.foldIn().rowSize(row);
      assertThat(held).isEqualTo(size < 5 ? 0 : (int) (0.2 * size));
    }
  }

  @Property(tries = 200)
  void weakGeneralizationPartitionsAllPairs(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 60) int users,
      @ForAll @IntRange(min = 1, max = 40) int items,
      @ForAll @IntRange(min = 1, max = 600) int events,
      @ForAll @DoubleRange(min = 0, max = 0.49) double validationShare,
      @ForAll @DoubleRange(min = 0, max = 0.49) double testShare) {
    Interactions log = log(seed, users, items, events);
    Split split =
        WeakGeneralizationSplitter.builder()
            .minUserItems(0)
            .validationShare(validationShare)
            .testShare(testShare)
            .build()
            .split(log);
    assertPartition(log, split);
    for (int row = 0; row < split.train().rows(); row++) {
      int size = split.test().foldIn().rowSize(row) + split.test().heldOut().rowSize(row);
      assertThat(split.test().heldOut().rowSize(row)).isEqualTo((int) (testShare * size));
      assertThat(split.train().rowSize(row)).isPositive();
    }
  }

  private static void assertPartition(Interactions log, Split split) {
    Set<String> train = pairs(split, split.train(), 0);
    Set<String> validation = pairs(split, split.validation().heldOut(), 0);
    Set<String> test = pairs(split, split.test().heldOut(), 0);
    assertThat(disjointUnion(List.of(train, validation, test))).isEqualTo(pairs(log));
    assertThat(disjointUnion(List.of(train, validation)))
        .isEqualTo(pairs(split, split.test().foldIn(), 0));
    if (split.validation().users() > 0) {
      assertThat(pairs(split, split.validation().foldIn(), 0)).isEqualTo(train);
    }
  }

  @Property(tries = 200)
  void leavingTheLastOutIsSortingByTime(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 30) int users,
      @ForAll @IntRange(min = 1, max = 40) int items,
      @ForAll @IntRange(min = 1, max = 300) int events,
      @ForAll @IntRange(min = 1, max = 3) int last) {
    Interactions log =
        log(seed, users, items, events).joinDuplicates(Interactions.Duplicates.FIRST);
    Split split =
        LeaveLastOutSplitter.builder().minUserItems(0).heldOutItems(last).build().split(log);
    assertPartition(log, split);
    Map<Integer, List<Integer>> byUser = new LinkedHashMap<>();
    for (int event = 0; event < log.size(); event++) {
      byUser.computeIfAbsent(log.user(event), user -> new ArrayList<>()).add(event);
    }
    byUser.forEach(
        (user, ofUser) -> {
          ofUser.sort((a, b) -> Long.compare(log.time(a), log.time(b)));
          Collections.reverse(ofUser);
          int row = split.users().indexOf(log.users().id(user));
          List<Integer> held = split.test().heldOut().row(row);
          if (ofUser.size() < 2 * last + 1) {
            assertThat(held).isEmpty();
          } else {
            List<Integer> sorted = ofUser.stream().map(event -> item(split, log, event)).toList();
            assertThat(held).containsExactlyInAnyOrderElementsOf(sorted.subList(0, last));
            List<Integer> chosenOn = split.validation().heldOut().row(row);
            assertThat(chosenOn)
                .containsExactlyInAnyOrderElementsOf(sorted.subList(last, 2 * last));
          }
        });
  }

  @Property(tries = 200)
  void leavingTheLastOutDoesNotDependOnTheOrderOfLines(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 10) int users,
      @ForAll @IntRange(min = 1, max = 10) int items,
      @ForAll @IntRange(min = 1, max = 200) int events) {
    Random random = new Random(seed);
    Interactions log = log(seed, users, items, events);
    List<Integer> order = new ArrayList<>();
    for (int event = 0; event < events; event++) {
      order.add(event);
    }
    Collections.shuffle(order, random);
    int[] user = new int[events];
    int[] item = new int[events];
    float[] value = new float[events];
    long[] time = new long[events];
    long[] differentTimes = new long[events];
    for (int event = 0; event < events; event++) {
      differentTimes[event] = order.get(event);
    }
    Collections.shuffle(order, random);
    for (int event = 0; event < events; event++) {
      int from = order.get(event);
      user[event] = log.user(from);
      item[event] = log.item(from);
      value[event] = log.value(from);
      time[event] = differentTimes[from];
    }
    LeaveLastOutSplitter splitter =
        LeaveLastOutSplitter.builder().minUserItems(0).minRating(2).build();
    Interactions sameOrder = withTimes(log, differentTimes);
    Assume.that(splitAllowed(log));
    Split one = splitter.split(sameOrder);
    Split other =
        splitter.split(Interactions.of(log.users(), log.items(), user, item, value, time));
    assertThat(pairs(other, other.train(), 0)).isEqualTo(pairs(one, one.train(), 0));
    assertThat(pairs(other, other.validation().heldOut(), 0))
        .isEqualTo(pairs(one, one.validation().heldOut(), 0));
    assertThat(pairs(other, other.test().heldOut(), 0))
        .isEqualTo(pairs(one, one.test().heldOut(), 0));
  }

  @Property(tries = 200)
  void aSplitByTimeTrainsOnWhatWasBeforeAndHoldsOutWhatCanBeFound(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int users,
      @ForAll @IntRange(min = 1, max = 20) int items,
      @ForAll @IntRange(min = 5, max = 300) int events,
      @ForAll @DoubleRange(min = 0, max = 0.4) double validationShare,
      @ForAll @DoubleRange(min = 0, max = 0.4) double testShare) {
    Interactions log = log(seed, users, items, events);
    Map<String, Long> firsts = new TreeMap<>();
    for (int event = 0; event < events; event++) {
      firsts.merge(
          log.users().id(log.user(event)) + " " + log.items().id(log.item(event)),
          log.time(event),
          Math::min);
    }
    List<Long> times = firsts.values().stream().sorted().toList();
    int test = (int) (testShare * times.size());
    int both = (int) ((validationShare + testShare) * times.size());
    long testFrom = test == 0 ? Long.MAX_VALUE : times.get(times.size() - test);
    long from = Math.min(testFrom, both == 0 ? Long.MAX_VALUE : times.get(times.size() - both));
    Assume.that(times.get(0) < from);
    TreeSet<String> train = new TreeSet<>();
    firsts.forEach((pair, time) -> train.addAll(time < from ? Set.of(pair) : Set.of()));
    Set<String> known = new TreeSet<>(); // users and items
    train.forEach(pair -> known.addAll(List.of(pair.split(" "))));
    Set<String> chosenOn = new TreeSet<>();
    Set<String> tested = new TreeSet<>();
    firsts.forEach(
        (pair, time) -> {
          if (time >= from && known.containsAll(List.of(pair.split(" ")))) {
            (time >= testFrom ? tested : chosenOn).add(pair);
          }
        });

    Split split =
        TemporalSplitter.builder()
            .minUserItems(0)
            .validationShare(validationShare)
            .testShare(testShare)
            .build()
            .split(log);

    assertThat(pairs(split, split.train(), 0)).isEqualTo(train);
    assertThat(pairs(split, split.validation().heldOut(), 0)).isEqualTo(chosenOn);
    assertThat(pairs(split, split.test().heldOut(), 0)).isEqualTo(tested);
    assertThat(disjointUnion(List.of(train, chosenOn)))
        .isEqualTo(pairs(split, split.test().foldIn(), 0));
  }

  private static boolean splitAllowed(Interactions log) {
    for (int event = 0; event < log.size(); event++) {
      if (log.value(event) >= 2) {
        return true;
      }
    }
    return false;
  }

  private static Interactions withTimes(Interactions log, long[] times) {
    int[] user = new int[log.size()];
    int[] item = new int[log.size()];
    float[] value = new float[log.size()];
    for (int event = 0; event < log.size(); event++) {
      user[event] = log.user(event);
      item[event] = log.item(event);
      value[event] = log.value(event);
    }
    return Interactions.of(log.users(), log.items(), user, item, value, times);
  }

  private static int item(Split split, Interactions log, int event) {
    return split.items().indexOf(log.items().id(log.item(event)));
  }

  @Property(tries = 200)
  void undersamplingNeverRaisesACountAndKeepsItsBounds(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 30) int users,
      @ForAll @IntRange(min = 1, max = 30) int items,
      @ForAll @IntRange(min = 1, max = 500) int events,
      @ForAll @IntRange(min = 1, max = 12) int mostUserItems,
      @ForAll @IntRange(min = 1, max = 12) int popularItemUsers,
      @ForAll @DoubleRange(min = 0, max = 1) double rate) {
    Interactions log = log(seed, users, items, events);
    Split plain = WeakGeneralizationSplitter.builder().minUserItems(0).build().split(log);
    Split less =
        WeakGeneralizationSplitter.builder()
            .minUserItems(0)
            .mostUserItems(mostUserItems)
            .popularItems(popularItemUsers, rate)
            .build()
            .split(log);
    assertThat(pairs(plain, plain.train(), 0)).containsAll(pairs(less, less.train(), 0));
    assertThat(pairs(less, less.test().heldOut(), 0))
        .isEqualTo(pairs(plain, plain.test().heldOut(), 0));
    for (int row = 0; row < less.train().rows(); row++) {
      assertThat(less.train().rowSize(row))
          .isLessThanOrEqualTo(Math.min(mostUserItems, plain.train().rowSize(row)));
    }
    int[] counts = less.train().columnCounts();
    int[] before = plain.train().columnCounts();
    for (int column = 0; column < counts.length; column++) {
      assertThat(counts[column]).isLessThanOrEqualTo(before[column]);
      assertThat(counts[column])
          .isLessThanOrEqualTo(
              popularItemUsers + (int) (rate * Math.max(0, before[column] - popularItemUsers)));
    }
    Split afterwards = new Undersampling(mostUserItems, popularItemUsers, rate, 98765).apply(plain);
    assertThat(afterwards.train()).as("undersampled after the split").isEqualTo(less.train());
    assertThat(afterwards.stages()).isEqualTo(less.stages());
    assertThat(afterwards.test()).isEqualTo(plain.test());
  }
}
