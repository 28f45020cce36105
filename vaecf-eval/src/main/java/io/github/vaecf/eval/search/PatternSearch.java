package io.github.vaecf.eval.search;

import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Searches over a model's settings from the best point so far to its neighbours on the grid of the
 * values that are worth trying ({@link Setting#tried}): one setting at a time, one step up or down,
 * until no neighbour of the best point is left.
 *
 * <p>Hooke, Jeeves: "Direct Search" Solution of Numerical and Statistical Problems, JACM 8(2),
 * 1961, on a grid that stays as it is.
 */
final class PatternSearch {
  private final Settings start;
  private final Map<String, List<String>> axes = new LinkedHashMap<>();

  /** A point that was tried and what it came to. */
  record Point(Map<String, String> values, double validation) {}

  PatternSearch(Settings start) {
    this.start = start;
    for (Setting<?> setting : start.model().settings()) {
      if (!setting.tried().isEmpty()) {
        axes.put(setting.name(), values(setting));
      }
    }
  }

  /** The values worth trying, and the one to start from at its place among them. */
  private <T> List<String> values(Setting<T> setting) {
    T first = start.get(setting);
    List<T> values = new ArrayList<>(setting.tried());
    if (!values.contains(first)) {
      int place = 0;
      while (place < values.size()
          && values.get(place) instanceof Number one
          && first instanceof Number other
          && one.doubleValue() < other.doubleValue()) {
        place++;
      }
      values.add(place, first);
    }
    return values.stream().map(setting::format).toList();
  }

  /** The point that the search starts from. */
  Map<String, String> first() {
    Map<String, String> values = start.toText();
    Map<String, String> first = new LinkedHashMap<>();
    axes.keySet().forEach(name -> first.put(name, values.get(name)));
    return first;
  }

  /** The settings of a point. */
  Settings settings(Map<String, String> values) {
    return start.with(values);
  }

  /**
   * The next point to try.
   *
   * @param tried all points so far, no number where one came to nothing
   * @return empty when the best point has no neighbour left
   */
  Optional<Map<String, String>> next(List<Point> tried) {
    if (tried.isEmpty()) {
      return Optional.of(first());
    }
    Point best = tried.get(0);
    for (Point point : tried) {
      if (Double.isNaN(best.validation()) || point.validation() > best.validation()) {
        best = point;
      }
    }
    // The last setting first: models name first what asks for the most work.
    List<Map.Entry<String, List<String>>> order = new ArrayList<>(axes.entrySet());
    Collections.reverse(order);
    for (Map.Entry<String, List<String>> axis : order) {
      int place = axis.getValue().indexOf(best.values().get(axis.getKey()));
      for (int neighbour : new int[] {place + 1, place - 1}) {
        if (neighbour >= 0 && neighbour < axis.getValue().size()) {
          Map<String, String> values = new LinkedHashMap<>(best.values());
          values.put(axis.getKey(), axis.getValue().get(neighbour));
          if (tried.stream().noneMatch(point -> point.values().equals(values))) {
            return Optional.of(values);
          }
        }
      }
    }
    return Optional.empty();
  }
}
