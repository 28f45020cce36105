package io.github.vaecf.cli;

import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.eval.search.SearchSpace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/**
 * An option for every setting of any model, by the setting's name: what there is, its help and its
 * published values are the models' to say. To be mixed in to a command.
 */
@Command
final class SettingOptions {
  private static final String TO = "..";

  private CommandSpec command;

  /** Adds the options. */
  @Spec(Spec.Target.MIXEE)
  void setCommand(CommandSpec mixee) {
    command = mixee;
    Map<String, List<Model>> models = new LinkedHashMap<>();
    for (Model model : Model.all()) {
      for (Setting<?> setting : model.settings()) {
        models.computeIfAbsent(setting.name(), unused -> new ArrayList<>()).add(model);
      }
    }
    models.forEach((name, having) -> mixee.addOption(option(name, having)));
  }

  private static OptionSpec option(String name, List<Model> models) {
    Setting<?> setting = setting(models.get(0), name);
    return OptionSpec.builder("--" + name)
        .type(String.class)
        .paramLabel(setting.placeholder())
        .description(help(setting, models).replace("%", "%%"))
        .build();
  }

  private static String help(Setting<?> setting, List<Model> models) {
    // Models may mean different things by one name.
    Map<String, List<Model>> meanings = new LinkedHashMap<>();
    for (Model model : models) {
      String meaning = setting(model, setting.name()).help();
      meanings.computeIfAbsent(meaning, unused -> new ArrayList<>()).add(model);
    }
    StringBuilder help = new StringBuilder();
    meanings.forEach(
        (meaning, having) -> {
          help.append(help.isEmpty() ? "" : " ").append(meaning);
          if (having.size() < Model.all().size()) {
            if (help.charAt(help.length() - 1) == '.') {
              help.setLength(help.length() - 1);
            }
            help.append(" (").append(names(having, ", ")).append(").");
          }
        });
    if (setting.isAlternative()) {
      return help.toString(); // published is the other one
    }
    Map<String, List<Model>> byValue = new LinkedHashMap<>();
    for (Model model : models) {
      String value = setting(model, setting.name()).publishedInWords();
      byValue.computeIfAbsent(value, unused -> new ArrayList<>()).add(model);
    }
    help.append(" Published: ");
    if (byValue.size() == 1) {
      help.append(byValue.keySet().iterator().next());
    } else {
      help.append(
          byValue.entrySet().stream()
              .map(entry -> entry.getKey() + " for " + names(entry.getValue(), " and "))
              .collect(Collectors.joining(", ")));
    }
    return help.append('.').toString();
  }

  private static String names(List<Model> models, String between) {
    return models.stream().map(Model::name).collect(Collectors.joining(between));
  }

  private static Setting<?> setting(Model model, String name) {
    return Settings.published(model).named(name);
  }

  /** The settings that were given, by their names, as they were written and in that order. */
  Map<String, String> given() {
    Set<String> names = new LinkedHashSet<>();
    for (Model model : Model.all()) {
      model.settings().forEach(setting -> names.add(setting.name()));
    }
    Map<String, String> given = new LinkedHashMap<>();
    for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName().substring(2);
      if (names.contains(name)) {
        given.put(name, option.getValue());
      }
    }
    return given;
  }

  /**
   * A model's settings with what was given in their place.
   *
   * @param settings the settings to begin with
   * @throws IllegalArgumentException if a value is out of its range or not for this model; the
   *     message names the option
   */
  Settings appliedTo(Settings settings) {
    return named(() -> settings.with(given()));
  }

  /**
   * Several models' settings with what was given in their place: each takes what it has.
   *
   * @param models the settings to begin with
   * @throws IllegalArgumentException if a value is out of its range or for none of these models;
   *     the message names the option
   */
  List<Settings> appliedTo(List<Settings> models) {
    Map<String, String> unused = given();
    List<Settings> applied = new ArrayList<>();
    for (Settings settings : models) {
      Map<String, String> own = given();
      own.keySet().retainAll(settings.model().settings().stream().map(Setting::name).toList());
      unused.keySet().removeAll(own.keySet());
      applied.add(named(() -> settings.with(own)));
    }
    if (!unused.isEmpty()) {
      named(() -> models.get(0).with(unused)); // says it
    }
    return applied;
  }

  /** Does something with settings; where it is refused, calls them as the options are called. */
  private <T> T named(Supplier<T> settings) {
    try {
      return settings.get();
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      int colon = message.indexOf(':');
      String subject = colon < 0 ? message : message.substring(0, colon);
      for (String name : given().keySet()) {
        subject = subject.replaceAll("(?<![\\w-])" + name + "(?![\\w-])", "--" + name);
      }
      throw new IllegalArgumentException(
          colon < 0 ? subject : subject + message.substring(colon), e);
    }
  }

  /**
   * Adds what a text such as {@code learning-rate=0.0003..0.01} or {@code batch-size=100,500} says
   * to a space.
   *
   * @param settings of the model whose settings are varied
   * @throws IllegalArgumentException if it names no setting of the model or no values
   */
  static SearchSpace add(SearchSpace space, String text, Settings settings) {
    String[] parts = text.split("=", 2);
    Setting<?> setting = settings.named(parts[0]);
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
    return setting.isWhole()
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
}
