package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class SplitSummaryTest {
  @Test
  void thousandsAreSetApartAsJavaDoes() {
    for (long count : new long[] {0, 7, 99, 999, 1000, 12_345, 999_999, 1_000_000, 20_000_263}) {
      assertThat(SplitSummary.grouped(count)).isEqualTo(String.format(Locale.ROOT, "%,d", count));
    }
  }
}
