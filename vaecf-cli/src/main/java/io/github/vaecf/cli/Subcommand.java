package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** What all commands have in common: where they print, and how they refuse wrong usage. */
abstract class Subcommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Whether standard output is for a result that a program reads. */
  private boolean printsResult;

  /**
   * Does what the command is for. A failure is an exception.
   *
   * @throws Exception what went wrong, for {@link Failures} to explain
   */
  abstract void run() throws Exception;

  @Override
  public final Integer call() throws Exception {
    List<String> unknown = OptionNames.unknown(spec.commandLine());
    if (!unknown.isEmpty()) {
      throw new UnmatchedArgumentException(spec.commandLine(), unknown);
    }
    List<OptionSpec> outputs =
        givenOptions().stream().filter(option -> option.getValue() instanceof OutputFile).toList();
    Map<OutputFile, OptionSpec> places = new HashMap<>();
    for (OptionSpec option : outputs) {
      OutputFile output = option.getValue();
      OptionSpec other = places.put(output.place(), option);
      if (other != null) {
        throw wrongUsage(
            other.longestName()
                + " and "
                + option.longestName()
                + ": expected two places, found "
                + output
                + " for both");
      }
      output.requireWritable();
      printsResult |= output.isStandardOutput();
    }
    run();
    return status();
  }

  /** What the process ends with once all is done. */
  int status() {
    return CommandLine.ExitCode.OK;
  }

  /** For what the command has to say: not there where a result itself goes. */
  final PrintWriter out() {
    return printsResult ? err() : spec.commandLine().getOut();
  }

  /** For a result that a program reads, where an option says that it goes there. */
  final PrintWriter standardOutput() {
    return spec.commandLine().getOut();
  }

  /** For progress. */
  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Turns options into settings; settings that refuse their values mean wrong usage. */
  final <T> T fromOptions(Supplier<T> settings) {
    try {
      return settings.get();
    } catch (IllegalArgumentException | DataException e) {
      throw wrongUsage(e.getMessage());
    }
  }

  /**
   * Refuses options that would do nothing.
   *
   * @param why follows the option's name
   */
  final void refuse(String why, String... names) {
    for (OptionSpec option : givenOptions()) {
      if (List.of(names).contains(option.longestName())) {
        throw wrongUsage(option.longestName() + " " + why);
      }
    }
  }

  /** The same for what one option says; a refusal begins with its name. */
  final <T> T fromOption(String name, Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException | DataException e) {
      throw wrongUsage(name + ": " + e.getMessage());
    }
  }

  final ParameterException wrongUsage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** The options that were given, in their order. */
  final List<OptionSpec> givenOptions() {
    return spec.commandLine().getParseResult().matchedOptions();
  }

  /** Whether an option was given. */
  final boolean isGiven(String option) {
    return givenOptions().stream().anyMatch(given -> given.longestName().equals(option));
  }

  /** A new JSON object. */
  static ObjectNode jsonObject() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A number for JSON, which has no NaN: null in its place. */
  static Double orNull(double number) {
    return Double.isNaN(number) ? null : number;
  }

  /** Writes a result as JSON; does nothing if none was asked for. */
  final void writeJson(OutputFile file, JsonNode tree) {
    if (file != null) {
      write(file, json(tree));
    }
  }

  /** Writes a result. */
  final void write(OutputFile file, String text) {
    file.write(text, standardOutput());
  }

  /**
   * Makes sure, before long work, that a new folder can be made at a place.
   *
   * @throws DataException if something is there, be it not an empty folder, or it cannot be written
   */
  static void requireNew(Path folder) {
    WholeFile.requireVacant(folder);
    WholeFile.requireWritable(folder);
  }

  /** A JSON object as the text of a file. */
  static String json(JsonNode tree) {
    return tree.toPrettyString() + "\n";
  }
}
