package io.github.vaecf.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Slips in the names of options: which they are, and what was meant. */
final class OptionNames {
  private OptionNames() {}

  /** What looks like an option and is none, also where another option took it for its value. */
  static List<String> unknown(CommandLine line) {
    Stream<String> taken =
        line.getCommandSpec().options().stream()
            .filter(OptionNames::takesPaths)
            .flatMap(option -> option.originalStringValues().stream())
            .filter(value -> value.startsWith("--"));
    return Stream.concat(
            line.getUnmatchedArguments().stream().filter(one -> one.startsWith("-")), taken)
        .toList();
  }

  private static boolean takesPaths(OptionSpec option) {
    return option.type() == Path.class
        || option.type() == OutputFile.class
        || option.arity().max() > 1;
  }

  /** The names that are most like the unknown ones; none for those that are like nothing. */
  static List<String> meant(CommandLine line, List<String> unknown) {
    List<String> names =
        line.getCommandSpec().options().stream()
            .filter(option -> !option.hidden())
            .flatMap(option -> Arrays.stream(option.names()))
            .toList();
    List<String> meant = new ArrayList<>();
    for (String one : unknown) {
      String wanted = one.replaceFirst("=.*", "");
      int best = 1 + wanted.length() / 3;
      String nearest = null;
      for (String name : names) {
        int distance = distance(wanted, name);
        if (distance < best) {
          best = distance;
          nearest = name;
        }
      }
      if (nearest != null && !meant.contains(nearest)) {
        meant.add(nearest);
      }
    }
    return meant;
  }

  /**
   * How many letters to insert, leave out, change, or exchange with the next one (Damerau 1964, in
   * the form of optimal string alignment).
   */
  static int distance(String a, String b) {
    int[][] edits = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          edits[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        edits[i][j] =
            Math.min(Math.min(edits[i - 1][j], edits[i][j - 1]) + 1, edits[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
        }
      }
    }
    return edits[a.length()][b.length()];
  }
}
