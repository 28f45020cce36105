package io.github.vaecf.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InteractionsTest {
  private static Interactions log() {
    return Interactions.of(
        IdIndex.of(List.of("a", "b")),
        IdIndex.of(List.of("x", "y")),
        new int[] {0, 1, 0, 0},
        new int[] {0, 0, 1, 0},
        new float[] {2, 5, 3, 1},
        new long[] {10, 20, 30, 40});
  }

  @Test
  void selectedEventsKeepOrderIdsTimesAndTitles() {
    Interactions log = log().withTitles(Map.of("x", "The X"));
    Interactions selected = log.select(event -> log.value(event) >= 3);
    assertThat(selected.size()).isEqualTo(2);
    assertThat(selected.user(0)).isEqualTo(1);
    assertThat(selected.item(1)).isEqualTo(1);
    assertThat(selected.time(1)).isEqualTo(30);
    assertThat(selected.users()).isEqualTo(log.users());
    assertThat(selected.titles()).containsEntry("x", "The X");
  }

  @ParameterizedTest
  @CsvSource({"FIRST, 2", "LAST, 1", "LARGEST, 2", "SUM, 3"})
  void aRepeatedPairIsJoinedAtItsFirstPlaceByTheRule(Interactions.Duplicates rule, float expected) {
    Interactions joined = log().joinDuplicates(rule);
    assertThat(joined.size()).isEqualTo(3);
    assertThat(joined.value(0)).isEqualTo(expected);
    assertThat(joined.time(0)).isEqualTo(10);
    assertThat(joined.value(1)).isEqualTo(5);
    assertThat(joined.joinDuplicates(rule)).isSameAs(joined);
  }

  /** More events than one thread looks at in one go, and users and items few enough to repeat. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatManyThreadsFindIsWhatOneLoopFinds(boolean byUser) {
    int size = 3 * (1 << 18) + 77;
    int users = 3001;
    int items = 2003;
    Random random = new Random(5);
    int[] user = random.ints(size, 0, users).toArray();
    if (byUser) {
      Arrays.sort(user);
    }
    int[] item = random.ints(size, 0, items).toArray();
    float[] value = new float[size];
    for (int event = 0; event < size; event++) {
      value[event] = random.nextInt(10);
    }
    // Arrays may be longer than the log.
    Interactions log =
        Interactions.of(
            ids(users),
            ids(items),
            size - 7,
            user,
            item,
            value,
            LongStream.range(0, size).toArray());

    int[] counts = new int[users];
    List<Integer> high = new ArrayList<>();
    Map<Long, Float> largest = new LinkedHashMap<>();
    for (int event = 0; event < log.size(); event++) {
      counts[user[event]]++;
      if (value[event] > 6) {
        high.add(event);
      }
      largest.merge((long) user[event] * items + item[event], value[event], Math::max);
    }
    assertThat(log.size()).isEqualTo(size - 7);
    assertThat(Arrays.equals(log.userCounts(), counts)).isTrue();
    log.userCounts()[0] = -1;
    assertThat(Arrays.equals(log.userCounts(), counts)).as("nobody changes the log's own").isTrue();
    assertThat(log.values()).isEqualTo(Interactions.Values.of(value, 0, size - 7));
    assertThat(log.values().largest()).isEqualTo(9);
    Interactions selected = log.select(event -> log.value(event) > 6);
    assertThat(selected.size()).isEqualTo(high.size());
    for (int i = 0; i < high.size(); i++) {
      if (selected.time(i) != high.get(i)
          || selected.user(i) != user[high.get(i)]
          || selected.item(i) != item[high.get(i)]
          || selected.value(i) != value[high.get(i)]) {
        fail("event " + i);
      }
    }
    Interactions joined = log.joinDuplicates(Interactions.Duplicates.LARGEST);
    assertThat(joined.size()).isEqualTo(largest.size()).isLessThan(log.size());
    int event = 0;
    for (Map.Entry<Long, Float> pair : largest.entrySet()) {
      if ((long) joined.user(event) * items + joined.item(event) != pair.getKey()
          || joined.value(event) != pair.getValue()) {
        fail("pair " + event);
      }
      event++;
    }

    item[size / 2] = items;
    value[size - 8] = Float.NaN;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Interactions.of(ids(users), ids(items), user, item, value, new long[0]))
        .withMessageContaining("event " + size / 2 + ": user");
    item[size / 2] = 0;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Interactions.of(ids(users), ids(items), user, item, value, new long[0]))
        .withMessageContaining("event " + (size - 8) + ": the value must be a finite number");
  }

  @Test
  void noEventIsFoundBeyondTheLastInLongerArrays() {
    Interactions log =
        Interactions.of(ids(1), ids(1), 1, new int[2], new int[2], new float[2], new long[2]);
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> log.user(1));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> log.time(1));
    assertThat(log.withPairValues(Interactions.Duplicates.SUM).size()).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Interactions.of(
                    ids(1), ids(1), 3, new int[3], new int[2], new float[3], new long[0]))
        .withMessageContaining("at least 3");
  }

  private static IdIndex ids(int size) {
    return IdIndex.of(IntStream.range(0, size).mapToObj(Integer::toString).toList());
  }

  @Test
  void valuesOfSomeEventsAndOthersAreThoseOfBoth() {
    Interactions.Values some = Interactions.Values.of(new float[] {9, 1, 3, 1, -9}, 1, 4);
    assertThat(some).isEqualTo(new Interactions.Values(1, 3, 2));
    assertThat(some.and(Interactions.Values.NONE)).isEqualTo(some);
    assertThat(some.and(Interactions.Values.of(new float[] {5, 1}, 0, 2)))
        .isEqualTo(new Interactions.Values(1, 5, 3));
    assertThat(some.differ()).isTrue();
    assertThat(Interactions.Values.of(new float[] {4, 4}, 0, 2).differ()).isFalse();
    assertThat(Interactions.Values.NONE.differ()).isFalse();
  }

  @Test
  void countsAreThoseOfTheEvents() {
    assertThat(log().userCounts()).containsExactly(3, 1);
    assertThat(log().itemCounts()).containsExactly(3, 1);
    assertThat(log()).hasToString("Interactions[4 events, 2 users, 2 items]");
  }

  @Test
  void wrongEventsAreRefused() {
    IdIndex one = IdIndex.of(List.of("a"));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Interactions.of(one, one, new int[1], new int[2], new float[1], new long[0]))
        .withMessageContaining("1 users, 2 items, 1 values and 0 times");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Interactions.of(one, one, new int[] {1}, new int[1], new float[1], new long[0]))
        .withMessageContaining("event 0: user 1");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Interactions.of(
                    one, one, new int[1], new int[1], new float[] {Float.NaN}, new long[0]))
        .withMessageContaining("finite");
  }
}
