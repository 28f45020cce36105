package io.github.vaecf.cli;

import io.github.vaecf.core.ModelConfig;
import io.github.vaecf.core.TrainingConfig;
import io.github.vaecf.eval.search.SearchSpace;
import io.github.vaecf.eval.search.Trial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Every setting of a training by the name of its option, so that a search can vary any of them: a
 * combination of settings is read just as the options of {@code train} are.
 */
@Command
final class SettingOptions {
  private static final String TO = "..";
  private static final Set<Class<?>> WHOLE =
      Set.of(int.class, Integer.class, long.class, Long.class);

  /** The command that these options are mixed in to; null where they are read alone. */
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin private TrainingOptions trainingOptions;

  @Mixin private ModelOptions modelOptions;

  private static CommandLine line() {
    return new CommandLine(new SettingOptions()).setCaseInsensitiveEnumValuesAllowed(true);
  }

  /** The settings' names, such as {@code learning-rate}. */
  private static List<String> names() {
    return line().getCommandSpec().options().stream().map(SettingOptions::name).toList();
  }

  /**
   * The network's settings as given.
   *
   * @throws IllegalArgumentException if a value is out of its range or not for this model
   */
  ModelConfig model(ModelKind kind) {
    return modelOptions.config(kind);
  }

  /**
   * The training's settings as given.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  TrainingConfig training() {
    return trainingOptions.config();
  }

  /** The settings that were given, by their names, as they were written. */
  Map<String, String> given() {
    Map<String, String> given = new LinkedHashMap<>();
    if (command != null) {
      CommandSpec settings = line().getCommandSpec();
      for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
        if (settings.findOption(option.longestName()) != null) {
          given.put(name(option), String.join(",", option.originalStringValues()));
        }
      }
    }
    return given;
  }

  private static String name(OptionSpec option) {
    return option.longestName().substring(2);
  }

  /**
   * Adds what a text such as {@code learning-rate=0.0003..0.01} or {@code batch-size=100,500} says
   * to a space.
   *
   * @throws IllegalArgumentException if it names no setting or no values
   */
  static SearchSpace add(SearchSpace space, String text) {
    String[] parts = text.split("=", 2);
    OptionSpec option = line().getCommandSpec().findOption("--" + parts[0]);
    if (option == null) {
      throw new IllegalArgumentException(
          "setting '" + parts[0] + "': expected one of " + String.join(", ", names()));
    }
    if (parts.length < 2 || parts[1].isBlank()) {
      throw new IllegalArgumentException(
          "'" + text + "': expected SETTING=VALUE,VALUE… or SETTING=LOWEST..LARGEST");
    }
    int to = parts[1].indexOf(TO);
    if (to < 0) {
      return space.withValues(parts[0], List.of(parts[1].split(",", -1)));
    }
    double low = number(parts[0], parts[1].substring(0, to));
    double high = number(parts[0], parts[1].substring(to + TO.length()));
    return WHOLE.contains(option.type())
        ? space.withWholeNumbers(parts[0], low, high)
        : space.withNumbers(parts[0], low, high);
  }

  private static double number(String setting, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          setting + ": expected a range of two numbers, found '" + text + "'", e);
    }
  }

  /**
   * A training with some settings in place of those given. Of the given ones those that are for
   * Mult-VAE alone are passed over for Mult-DAE.
   *
   * @param name the trial's name
   * @param kind which model
   * @param combination the trial's own settings
   * @throws IllegalArgumentException if a value is none of its setting
   */
  Trial trial(String name, ModelKind kind, Map<String, String> combination) {
    Map<String, String> all = new LinkedHashMap<>(given());
    if (kind == ModelKind.DAE) {
      all.keySet().removeIf(ModelOptions::isForVae);
    }
    all.putAll(combination);
    List<String> words = new ArrayList<>();
    all.forEach((setting, value) -> words.add("--" + setting + "=" + value));
    CommandLine line = line();
    try {
      line.parseArgs(words.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    SettingOptions options = line.getCommand();
    return new Trial(name, combination, options.model(kind), options.training());
  }
}
