package io.github.vaecf.eval.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SearchSpaceTest {
  private static final SearchSpace RANGES =
      SearchSpace.empty()
          .withNumbers("rate", 0.0001, 0.01)
          .withNumbers("cap", 0, 1)
          .withWholeNumbers("size", 10, 100)
          .withValues("shape", List.of("constant", "cosine"));

  @Test
  void aGridHasEveryCombinationTheLastSettingChangingFastest() {
    SearchSpace space =
        SearchSpace.empty()
            .withValues("rate", List.of("0.1", "0.3"))
            .withValues("latent", List.of("4", "8", "16"));
    assertThat(space.grid())
        .hasSize(6)
        .startsWith(
            Map.of("rate", "0.1", "latent", "4"),
            Map.of("rate", "0.1", "latent", "8"),
            Map.of("rate", "0.1", "latent", "16"),
            Map.of("rate", "0.3", "latent", "4"));
    assertThat(SearchSpace.empty().grid()).containsExactly(Map.of());
  }

  @Test
  void drawsStayWithinTheirRanges() {
    assertThat(RANGES.random(200, 7))
        .hasSize(200)
        .allSatisfy(
            one -> {
              assertThat(Double.parseDouble(one.get("rate"))).isBetween(0.0001, 0.01);
              assertThat(Double.parseDouble(one.get("cap"))).isBetween(0.0, 1.0);
              assertThat(Integer.parseInt(one.get("size"))).isBetween(10, 100);
              assertThat(one.get("shape")).isIn("constant", "cosine");
            });
  }

  @Test
  void aRangeAboveZeroIsDrawnFromEvenlyByFactorsAndOthersEvenly() {
    List<Map<String, String>> draws = RANGES.random(1000, 3);
    assertThat(draws.stream().filter(one -> Double.parseDouble(one.get("rate")) < 0.001).count())
        .as("half of the factors from 0.0001 to 0.01 lie below 0.001")
        .isBetween(440L, 560L);
    assertThat(draws.stream().filter(one -> Double.parseDouble(one.get("cap")) < 0.5).count())
        .isBetween(440L, 560L);
  }

  @Test
  void drawsDependOnTheSeedAloneAndMoreOfThemBeginWithTheSame() {
    assertThat(RANGES.random(50, 7).subList(0, 20)).isEqualTo(RANGES.random(20, 7));
    assertThat(RANGES.random(20, 8)).isNotEqualTo(RANGES.random(20, 7));
  }

  @Test
  void noCombinationIsDrawnTwice() {
    SearchSpace small =
        SearchSpace.empty()
            .withValues("a", List.of("1", "2"))
            .withValues("b", List.of("x", "y", "z"));
    assertThat(small.random(20, 1)).containsExactlyInAnyOrderElementsOf(small.grid());
  }

  @Test
  void whatIsNoSpaceIsRefused() {
    SearchSpace space = SearchSpace.empty().withNumbers("rate", 0.1, 0.2);
    assertThatThrownBy(() -> space.withValues("rate", List.of("1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("varied twice");
    assertThatThrownBy(() -> space.withValues("latent", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> space.withNumbers("l2", 3, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lower end");
    assertThatThrownBy(() -> space.withNumbers("l2", 0, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(space::grid)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a grid needs values");
    assertThatThrownBy(() -> space.random(0, 1)).isInstanceOf(IllegalArgumentException.class);
  }
}
