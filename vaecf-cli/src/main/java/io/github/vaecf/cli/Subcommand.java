package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands have in common: where they print, and how they refuse wrong usage. */
abstract class Subcommand implements Callable<Integer> {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Spec private CommandSpec spec;

  /**
   * Does what the command is for. A failure is an exception.
   *
   * @throws Exception what went wrong, for {@link Failures} to explain
   */
  abstract void run() throws Exception;

  @Override
  public final Integer call() throws Exception {
    run();
    return CommandLine.ExitCode.OK;
  }

  /** For what the command has to say. */
  final PrintWriter out() {
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

  final ParameterException wrongUsage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** The options that were given, in their order. */
  final List<OptionSpec> givenOptions() {
    return spec.commandLine().getParseResult().matchedOptions();
  }

  /** A new JSON object. */
  static com.fasterxml.jackson.databind.node.ObjectNode jsonObject() {
    return JSON.createObjectNode();
  }

  /** A number for JSON, which has no NaN: null in its place. */
  static Double orNull(double number) {
    return Double.isNaN(number) ? null : number;
  }

  /** Writes a JSON file, whole or not at all; does nothing if no file was asked for. */
  static void writeJson(Path file, JsonNode tree) throws IOException {
    if (file != null) {
      WholeFile.replace(file, JSON.writeValueAsString(tree) + "\n");
    }
  }
}
