package io.github.vaecf.eval.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.eval.search.PatternSearch.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class PatternSearchTest {
  private static List<Point> run(Settings start, ToDoubleFunction<Map<String, String>> value) {
    PatternSearch search = new PatternSearch(start);
    List<Point> tried = new ArrayList<>();
    for (Optional<Map<String, String>> next = search.next(tried);
        next.isPresent();
        next = search.next(tried)) {
      assertThat(tried).extracting(Point::values).doesNotContain(next.get());
      tried.add(new Point(next.get(), value.applyAsDouble(next.get())));
    }
    return tried;
  }

  private static double number(Map<String, String> values, String name) {
    return Double.parseDouble(values.get(name));
  }

  @Test
  void theTopOfASmoothHillIsFound() {
    List<Point> tried =
        run(
            MultVae.published(),
            values ->
                -Math.abs(number(values, "beta-cap") - 0.7)
                    - Math.abs(number(values, "keep-probability") - 0.3));
    Point best = tried.stream().max((a, b) -> Double.compare(a.validation(), b.validation())).get();
    assertThat(number(best.values(), "beta-cap")).isEqualTo(0.7);
    assertThat(number(best.values(), "keep-probability")).isEqualTo(0.3);
    assertThat(tried).hasSizeLessThan(3 * 7);
  }

  @Test
  void theFirstPointIsTheOneToStartFromAlsoWhereItIsNotAmongThoseWorthTrying() {
    Settings start = MultVae.published().with(MultVae.BETA_CAP, 0.3);
    List<Point> tried = run(start, values -> -number(values, "beta-cap"));
    assertThat(number(tried.get(0).values(), "beta-cap")).isEqualTo(0.3);
    assertThat(tried)
        .extracting(point -> number(point.values(), "beta-cap"))
        .contains(0.2, 0.4, 0.02)
        .doesNotContain(0.7);
  }

  @Test
  void aPointThatCameToNothingIsNeverTheBest() {
    List<Point> tried =
        run(
            MultVae.published(),
            values -> number(values, "beta-cap") == 0.2 ? Double.NaN : number(values, "beta-cap"));
    assertThat(tried.get(0).validation()).isNaN();
    assertThat(tried).extracting(point -> number(point.values(), "beta-cap")).contains(0.7, 1.0);
  }

  @Test
  void aModelWithNothingToTryIsTriedOnce() {
    assertThat(run(Settings.published(new MostPopular()), values -> 1)).hasSize(1);
  }
}
