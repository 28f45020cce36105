package io.github.vaecf.data.splitting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemporalSplitterTest {
  private static final Instant NOON = Instant.parse("2024-01-31T12:00:00Z");

  /**
   * User 0 has items 0, 1, 2 a second before noon, at noon and at one; user 1 has item 2, early.
   */
  private static Interactions log(long perSecond) {
    long noon = NOON.getEpochSecond();
    return Interactions.of(
        IdIndex.of(List.of("a", "b")),
        IdIndex.of(List.of("x", "y", "z")),
        new int[] {0, 0, 0, 1, 1},
        new int[] {0, 1, 2, 2, 1},
        new float[] {1, 1, 1, 1, 1},
        new long[] {
          (noon - 1) * perSecond,
          noon * perSecond,
          (noon + 3600) * perSecond,
          (noon - 9) * perSecond,
          (noon - 9) * perSecond
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 1_000, 1_000_000, 1_000_000_000})
  void momentsAreThoseOfTheLogWhateverItCountsIn(long perSecond) {
    Split split =
        TemporalSplitter.builder()
            .minUserItems(0)
            .validationFrom(NOON)
            .testFrom(NOON.plusSeconds(3599).plusNanos(1))
            .build()
            .split(log(perSecond));
    assertThat(items(split, split.train(), "a")).isEqualTo("x");
    assertThat(items(split, split.validation().heldOut(), "a")).isEqualTo("y");
    assertThat(items(split, split.test().heldOut(), "a")).isEqualTo("z");
    assertThat(items(split, split.test().heldOut(), "b")).isEmpty();
  }

  private static String items(Split split, CsrMatrix matrix, String user) {
    StringBuilder items = new StringBuilder();
    matrix
        .row(split.users().indexOf(user))
        .forEach((int item) -> items.append(split.items().id(item)));
    return items.toString();
  }

  @Test
  void aDateInALogWithoutDatesIsRefused() {
    Interactions places =
        Interactions.of(
            IdIndex.of(List.of("a")),
            IdIndex.of(List.of("x", "y")),
            new int[] {0, 0},
            new int[] {0, 1},
            new float[] {1, 1},
            new long[] {1, 2});
    assertThatThrownBy(
            () -> TemporalSplitter.builder().minUserItems(0).testFrom(NOON).build().split(places))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("its times are no dates but numbers from 1 to 2");
  }

  @Test
  void aMomentBeforeTheLogLeavesNothingToLearnFromAndIsRefusedWithItsTimes() {
    assertThatThrownBy(
            () ->
                TemporalSplitter.builder()
                    .minUserItems(0)
                    .validationFrom(NOON.minusSeconds(99))
                    .build()
                    .split(log(1000)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("from 2024-01-31T11:59:51Z to 2024-01-31T13:00:00Z")
        .hasMessageContaining("--validation-from");
  }

  @Test
  void aValidationThatBeginsAfterTheTestIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TemporalSplitter.builder().validationFrom(NOON).testFrom(NOON).build())
        .withMessageContaining("before the test");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TemporalSplitter.builder().validationShare(0.5).testShare(0.5).build())
        .withMessageContaining("together");
  }

  @ParameterizedTest
  @ValueSource(strings = {"FIRST", "LAST", "LARGEST", "SUM"})
  void theValueOfARepeatedPairIsLookedAtAfterItsRule(String name) {
    Interactions.Duplicates rule = Interactions.Duplicates.valueOf(name);
    Interactions log =
        Interactions.of(
            IdIndex.of(List.of("a", "b", "c")),
            IdIndex.of(List.of("x")),
            new int[] {0, 0, 1, 1, 2, 2},
            new int[6],
            new float[] {5, 1, 1, 5, 3, 3},
            new long[0]);
    List<Split.Stage> stages = new ArrayList<>();
    Interactions kept = new InteractionFilter(5, 0, 0, false, rule).apply(log, stages);
    List<String> users = new ArrayList<>();
    for (int event = 0; event < kept.size(); event++) {
      users.add(kept.users().id(kept.user(event)));
    }
    assertThat(String.join("", users))
        .isEqualTo(
            switch (rule) {
              case FIRST -> "a";
              case LAST -> "b";
              case LARGEST -> "ab";
              case SUM -> "abc";
            });
  }
}
