package io.github.vaecf.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
