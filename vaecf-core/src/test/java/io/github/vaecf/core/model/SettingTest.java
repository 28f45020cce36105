package io.github.vaecf.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.core.model.Setting.Range;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SettingTest {
  private enum Extent {
    SMALL,
    LARGE
  }

  private static final Setting<Integer> COUNT = Setting.integer("count", 2, 5, "How many.");
  private static final Setting<Long> SEED =
      Setting.wholeNumber("seed", Long.MIN_VALUE, 1, "Where to start.");
  private static final Setting<Double> RATE =
      Setting.number("rate", Range.above(0).atMost(0.5), 0.25, "How fast.");
  private static final Setting<List<Integer>> WIDTHS =
      Setting.widths("widths", List.of(6, 5), "How wide.");
  private static final Setting<Extent> EXTENT =
      Setting.choice("extent", Extent.SMALL, "How large.");

  @Property
  void wholeNumbersAreWrittenSoThatTheyAreReadAgain(
      @ForAll @IntRange(min = 2) int count, @ForAll long seed) {
    assertThat(COUNT.parse(COUNT.format(count))).isEqualTo(count);
    assertThat(SEED.parse(SEED.format(seed))).isEqualTo(seed);
  }

  @Property
  void numbersAreWrittenSoThatTheyAreReadAgain(@ForAll double number) {
    Setting<Double> any =
        Setting.number("any", Range.atLeast(-Double.MAX_VALUE), 0, "Any finite number.");
    assertThat(any.parse(any.format(number))).isEqualTo(number);
  }

  @Property
  void widthsAreWrittenSoThatTheyAreReadAgain(
      @ForAll @Size(max = 6) List<@IntRange(min = 1) Integer> widths) {
    assertThat(WIDTHS.parse(WIDTHS.format(widths))).isEqualTo(widths);
  }

  @Property
  void choicesAreWrittenSoThatTheyAreReadAgain(@ForAll Extent extent) {
    assertThat(EXTENT.parse(EXTENT.format(extent))).isEqualTo(extent);
  }

  @Test
  void aPersonMayWriteBlanksCapitalsAndCrosses() {
    assertThat(COUNT.parse(" 7 ")).isEqualTo(7);
    assertThat(EXTENT.parse("Large")).isEqualTo(Extent.LARGE);
    assertThat(WIDTHS.parse("600x200")).containsExactly(600, 200);
    assertThat(WIDTHS.parse("600, 200")).containsExactly(600, 200);
    assertThat(WIDTHS.parse("0")).isEmpty();
    assertThat(WIDTHS.format(List.of())).isEqualTo("0");
  }

  @Test
  void whatIsNoValueIsRefusedWithTheNameWhatWasExpectedAndWhatWasFound() {
    refused(COUNT, "1", "count: expected a whole number of at least 2, found '1'");
    refused(COUNT, "3.5", "count: expected a whole number of at least 2, found '3.5'");
    refused(COUNT, "", "count: expected a whole number of at least 2, found ''");
    refused(SEED, "1e3", "seed: expected a whole number, found '1e3'");
    for (String rate : List.of("0", "0.6", "NaN", "Infinity", "-1", "fast")) {
      refused(RATE, rate, "rate: expected a number above 0, at most 0.5, found '" + rate + "'");
    }
    for (String widths : List.of("3,0", "0,0", "3,", "x", "-3", "3;4")) {
      refused(
          WIDTHS,
          widths,
          "widths: expected widths of at least 1 with commas between, or 0 for none, found '"
              + widths
              + "'");
    }
    refused(EXTENT, "huge", "extent: expected small or large, found 'huge'");
  }

  private static void refused(Setting<?> setting, String text, String message) {
    assertThatIllegalArgumentException().isThrownBy(() -> setting.parse(text)).withMessage(message);
  }

  @Test
  void aRangeSaysWhatItContains() {
    contains(Range.atLeast(1), "a number of at least 1", 1, 1e300);
    contains(Range.above(0), "a number above 0", Double.MIN_VALUE, 3);
    contains(Range.atLeast(0).below(1), "a number of at least 0, below 1", 0, 0.999);
    contains(Range.above(0).atMost(0.5), "a number above 0, at most 0.5", 0.1, 0.5);
    assertThat(Range.atLeast(1).contains(0.999)).isFalse();
    assertThat(Range.above(0).contains(0)).isFalse();
    assertThat(Range.atLeast(0).below(1).contains(1)).isFalse();
    assertThat(Range.above(0).atMost(0.5).contains(0.5001)).isFalse();
    assertThat(Range.atLeast(0).contains(Double.POSITIVE_INFINITY)).isFalse();
    assertThat(Range.atLeast(0).contains(Double.NaN)).isFalse();
  }

  private static void contains(Range range, String words, double... values) {
    assertThat(range).hasToString(words);
    for (double value : values) {
      assertThat(range.contains(value)).as("%s in %s", value, range).isTrue();
    }
  }

  @Test
  void aPublishedValueOutOfTheRangeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> COUNT.published(1))
        .withMessage("count: expected a whole number of at least 2, found '1'");
    assertThat(COUNT.published(9).published()).isEqualTo(9);
    assertThat(COUNT.published(9)).as("known by its name").isEqualTo(COUNT);
  }

  @Test
  void whatIsWorthTryingMustBeInTheRange() {
    Setting<Double> share =
        Setting.number("share", Setting.Range.atLeast(0).atMost(1), 0.5, "A share.");
    assertThat(share.tried()).isEmpty();
    assertThat(share.tried(List.of(0.1, 0.9)).tried()).containsExactly(0.1, 0.9);
    assertThat(share.tried(List.of(0.1, 0.9)).published(0.2).tried()).containsExactly(0.1, 0.9);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> share.tried(List.of(0.1, 1.1)))
        .withMessage("share: expected a number of at least 0, at most 1, found '1.1'");
  }
}
