package io.github.vaecf.eval.search;

import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an experiment trains: series of trials that each vary one setting, with all else the same. A
 * trial that is in several series is trained once. Immutable and safe for use by many threads.
 */
public final class ExperimentPlan {
  /** The epochs of a short training. */
  private static final int SHORT = 10;

  /**
   * Trials that one setting tells apart.
   *
   * @param title what is varied
   * @param question what the series is to show
   * @param rows the trials
   */
  public record Series(String title, String question, List<Row> rows) {
    /**
     * Copies the list.
     *
     * @param title what is varied
     * @param question what the series is to show
     * @param rows the trials
     */
    public Series {
      rows = List.copyOf(rows);
    }
  }

  /**
   * A trial in a series.
   *
   * @param value the setting's value in this trial
   * @param trial the trial
   */
  public record Row(String value, Trial trial) {
    /**
     * Which model is trained.
     *
     * @return the trial's model
     */
    public Model model() {
      return trial.settings().model();
    }
  }

  private final List<Settings> models;
  private final List<Trial> whole = new ArrayList<>();
  private final List<Trial> undersampled = new ArrayList<>();
  private final List<Series> series = new ArrayList<>();

  private ExperimentPlan(List<Settings> models, boolean quick) {
    this.models = List.copyOf(models);
    models();
    vary(
        "Learning rate",
        "How large may Adam's steps be?",
        TrainingSettings.LEARNING_RATE,
        "0.001",
        "0.1",
        "0.3");
    vary(
        "Cap of the annealing",
        "How much weight β may the KL term get?",
        MultVae.BETA_CAP,
        quick
            ? new String[] {"0.1", "0.2", "0.5", "1.0"}
            : new String[] {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"});
    epochs();
    undersampling();
    vary(
        "L2",
        "What does a penalty on the squared weights do?",
        MultVae.L2,
        quick ? new String[] {"0", "0.001"} : new String[] {"0", "0.00002", "0.0002", "0.002"});
  }

  /**
   * A plan.
   *
   * @param models settings of each model, which all of its trials depart from; a setting is varied
   *     for the models that have it
   * @param quick whether few values are tried
   * @return the plan
   * @throws IllegalArgumentException if there is no model, or one twice
   */
  public static ExperimentPlan of(List<Settings> models, boolean quick) {
    List<String> names = models.stream().map(one -> one.model().name()).toList();
    if (names.isEmpty() || names.stream().distinct().count() < names.size()) {
      throw new IllegalArgumentException(
          "an experiment needs different models, at least one, found " + names);
    }
    return new ExperimentPlan(models, quick);
  }

  /**
   * Trials on the data as it is.
   *
   * @return the trials, the models' base trials among them
   */
  public List<Trial> whole() {
    return List.copyOf(whole);
  }

  /**
   * Trials on undersampled data.
   *
   * @return one for each model
   */
  public List<Trial> undersampled() {
    return List.copyOf(undersampled);
  }

  /**
   * All series.
   *
   * @return at least one row in each
   */
  public List<Series> series() {
    return List.copyOf(series);
  }

  /**
   * The trials with the settings that all others depart from.
   *
   * @return one for each model, in their order
   */
  public List<Trial> base() {
    return models.stream().map(this::base).toList();
  }

  private Trial base(Settings model) {
    return trial(model, "", Map.of());
  }

  private void models() {
    Settings first = models.get(0);
    List<Row> rows = new ArrayList<>();
    models.forEach(model -> rows.add(new Row("as published", base(model))));
    List<String> alike = new ArrayList<>();
    for (Settings other : models.subList(1, models.size())) {
      if (first.has(MultVae.HIDDEN)
          && other.has(MultVae.HIDDEN)
          && first.has(MultVae.L2)
          && other.has(MultVae.L2)) {
        Map<String, String> shape = new LinkedHashMap<>(first.toText());
        shape.keySet().retainAll(List.of(MultVae.HIDDEN.name(), MultVae.L2.name()));
        rows.add(new Row("layers of " + first.model().title(), trial(other, "same-layers", shape)));
        alike.add(other.model().title());
      }
    }
    String question = titles(models) + (models.size() == 1 ? "" : " side by side");
    if (!alike.isEmpty()) {
      question +=
          ", and "
              + String.join(" and ", alike)
              + " with the layers and the L2 of "
              + first.model().title()
              + ", so that nothing else tells them apart";
    }
    series.add(new Series(models.size() == 2 ? "Both models" : "Models", question + ".", rows));
  }

  private void epochs() {
    List<Row> rows = new ArrayList<>();
    for (Settings model : having(TrainingSettings.EPOCHS)) {
      int epochs = model.get(TrainingSettings.EPOCHS);
      int few = epochs > SHORT ? SHORT : Math.max(1, epochs / 2);
      addRows(
          rows, model, TrainingSettings.EPOCHS, Integer.toString(few), Integer.toString(epochs));
    }
    add(
        "Epochs",
        "What does a long training bring over a short one?",
        TrainingSettings.EPOCHS,
        rows);
  }

  private void undersampling() {
    List<Row> rows = new ArrayList<>();
    for (Settings model : models) {
      rows.add(new Row("none", base(model)));
      Trial trial = named(model, "undersampled", Map.of("undersampled", "yes"), model);
      undersampled.add(trial);
      rows.add(new Row("popular items", trial));
    }
    series.add(
        new Series(
            "Undersampling",
            "Does it help to leave away training pairs of very popular items?",
            rows));
  }

  private void vary(String title, String question, Setting<?> setting, String... values) {
    List<Row> rows = new ArrayList<>();
    having(setting).forEach(model -> addRows(rows, model, setting, values));
    add(title, question, setting, rows);
  }

  private List<Settings> having(Setting<?> setting) {
    return models.stream().filter(model -> model.has(setting)).toList();
  }

  private void addRows(List<Row> rows, Settings model, Setting<?> setting, String... values) {
    for (String value : values) {
      Map<String, String> change = Map.of(setting.name(), value);
      rows.add(new Row(value, trial(model, setting.name() + "-" + value, change)));
    }
  }

  private void add(String title, String question, Setting<?> setting, List<Row> rows) {
    if (!rows.isEmpty()) {
      series.add(new Series(title, question + " " + published(setting), rows));
    }
  }

  /** A sentence on the published values. */
  private String published(Setting<?> setting) {
    Map<String, List<Settings>> byValue = new LinkedHashMap<>();
    for (Settings model : having(setting)) {
      String value = model.named(setting.name()).publishedInWords();
      byValue.computeIfAbsent(value, unused -> new ArrayList<>()).add(model);
    }
    return byValue.entrySet().stream()
        .map(entry -> entry.getKey() + " for " + titles(entry.getValue()))
        .collect(Collectors.joining(", ", "Published: ", "."));
  }

  private static String titles(List<Settings> models) {
    return models.stream()
        .map(settings -> settings.model().title())
        .collect(Collectors.joining(" and "));
  }

  /** The trial with some changes; one with the same settings if there is one already. */
  private Trial trial(Settings model, String name, Map<String, String> changes) {
    Settings settings = model.with(changes);
    for (Trial known : whole) {
      if (known.settings().equals(settings)) {
        return known;
      }
    }
    Trial trial = named(model, name, changes, settings);
    whole.add(trial);
    return trial;
  }

  private static Trial named(
      Settings model, String name, Map<String, String> changes, Settings settings) {
    String modelName = model.model().name();
    Map<String, String> shown = new LinkedHashMap<>();
    shown.put("model", modelName);
    shown.putAll(changes);
    return new Trial(name.isEmpty() ? modelName : modelName + "-" + name, shown, settings);
  }
}
