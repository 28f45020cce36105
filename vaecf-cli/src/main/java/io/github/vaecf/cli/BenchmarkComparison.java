package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * The figures of a benchmark beside those of an earlier one of the same work on the same machine.
 *
 * <p>A machine that others share is faster in one hour than in the next, and its floor with it. So
 * a figure that has a floor is judged by how far above the floor it is, which an hour changes less.
 */
final class BenchmarkComparison {
  /** Where a benchmark says what it measured, and on what. */
  static final String WORK = "work";

  private static final List<Figure> FIGURES =
      List.of(
          new Figure("training, ms a step", "/training/step_millis", "/training/ratio"),
          new Figure("evaluation, s", "/evaluation/seconds", "/evaluation/ratio"),
          new Figure(
              "one recommendation, p50 ms", "/recommendation/p50_millis", "/recommendation/ratio"),
          new Figure("reading the data, s", "/load_seconds", null),
          new Figure("peak memory, MiB", "/peak_resident_mebibytes", null));

  private final TextTable table =
      new TextTable("", "before", "now", "change", "× floor before", "now", "change");
  private final List<String> worse = new ArrayList<>();

  /**
   * A figure of which less is better.
   *
   * @param ratio where it stands how far above its floor it is, or null if it has none
   */
  private record Figure(String name, String value, String ratio) {}

  /**
   * Compares.
   *
   * @param before what the earlier benchmark found
   * @param now what this one found
   * @param tolerance how much more a figure may be before it counts as worse, 0.1 for a tenth
   */
  BenchmarkComparison(JsonNode before, JsonNode now, double tolerance) {
    for (Figure figure : FIGURES) {
      double then = before.at(figure.value).asDouble();
      double today = now.at(figure.value).asDouble();
      if (then <= 0 || today <= 0) {
        continue; // such as memory, where the system does not tell
      }
      double change = today / then - 1;
      String[] cells = {figure.name, number(then), number(today), percent(change), "", "", ""};
      if (figure.ratio != null) {
        double ratioThen = before.at(figure.ratio).asDouble();
        double ratioToday = now.at(figure.ratio).asDouble();
        change = ratioToday / ratioThen - 1;
        cells[4] = number(ratioThen);
        cells[5] = number(ratioToday);
        cells[6] = percent(change);
      }
      table.row(cells);
      if (change > tolerance) {
        worse.add(figure.name + " " + percent(change));
      }
    }
  }

  /**
   * Reads an earlier benchmark.
   *
   * @throws DataException if it is none, or one that does not say what it measured
   */
  static JsonNode read(Path file) {
    JsonNode stored;
    try {
      stored = new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new DataException(
          file
              + ": expected the JSON of an earlier benchmark (--json), found none: "
              + e.getMessage(),
          e);
    }
    if (!stored.path(WORK).isObject() || !stored.at("/training/ratio").isNumber()) {
      throw new DataException(
          file
              + ": expected the JSON of an earlier benchmark (--json) with what it measured in '"
              + WORK
              + "', found none; measure again with this version");
    }
    return stored;
  }

  /**
   * Refuses a comparison that would say nothing.
   *
   * @throws DataException if work or machine differ; the message says in what
   */
  static void requireSameWork(Path file, JsonNode before, JsonNode now) {
    TreeSet<String> names = new TreeSet<>();
    for (JsonNode one : List.of(before, now)) {
      for (Iterator<String> fields = one.fieldNames(); fields.hasNext(); ) {
        names.add(fields.next());
      }
    }
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      // As text: a long number of this run is an int once it was read.
      if (!shown(before.path(name)).equals(shown(now.path(name)))) {
        differences.add(
            name + " was " + shown(before.path(name)) + " and is " + shown(now.path(name)));
      }
    }
    if (!differences.isEmpty()) {
      throw new DataException(
          file
              + ": expected a benchmark of the same work on the same machine, found that "
              + String.join(", ", differences));
    }
  }

  private static String shown(JsonNode value) {
    return value.isMissingNode() ? "not said" : value.asText();
  }

  /** What became worse, each with by how much; empty if nothing did. */
  List<String> worse() {
    return worse;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%,.0f", value);
  }

  private static String percent(double change) {
    return String.format(Locale.ROOT, "%+.0f %%", 100 * change);
  }

  @Override
  public String toString() {
    return table.toString();
  }
}
