package io.github.vaecf.cli;

import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;

/** Says how large a split and its parts are, and what was dropped on the way to it. */
final class SplitSummary {
  private SplitSummary() {}

  /** A row for each stage from the log to the split. */
  static TextTable stages(Split split) {
    TextTable table = new TextTable("stage", "users", "items", "events");
    for (Split.Stage stage : split.stages()) {
      table.row(
          stage.name(), grouped(stage.users()), grouped(stage.items()), grouped(stage.events()));
    }
    return table;
  }

  /** A row for each part of the split. */
  static TextTable parts(Split split) {
    TextTable table = new TextTable("part", "users", "fold-in", "held-out");
    table.row("training", grouped(split.train().rows()), grouped(split.train().entries()), "");
    part(table, "validation", split.validation());
    part(table, "test", split.test());
    return table;
  }

  private static void part(TextTable table, String name, HeldOut part) {
    table.row(
        name,
        grouped(part.users()),
        grouped(part.foldIn().entries()),
        grouped(part.heldOut().entries()));
  }

  /** A count with commas between thousands. Java's own formats take longer than many a command. */
  static String grouped(long count) {
    StringBuilder text = new StringBuilder().append(count);
    for (int at = text.length() - 3; at > 0; at -= 3) {
      text.insert(at, ',');
    }
    return text.toString();
  }
}
