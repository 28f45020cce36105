package io.github.vaecf.cli;

import io.github.vaecf.eval.search.Trial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an experiment trains: series of trials that each vary one setting, with all else the same. A
 * trial that is in several series is trained once.
 */
final class ExperimentPlan {
  /**
   * Trials that one setting tells apart.
   *
   * @param title what is varied
   * @param question what the series is to show
   * @param rows the trials
   */
  record Series(String title, String question, List<Row> rows) {}

  /**
   * A trial in a series.
   *
   * @param model which model
   * @param value the setting's value in this trial
   * @param trial the trial
   * @param undersampled whether it is trained on undersampled data
   */
  record Row(ModelKind model, String value, Trial trial, boolean undersampled) {}

  private final SettingOptions options;
  private final Map<String, String> base;
  private final List<Trial> whole = new ArrayList<>();
  private final List<Trial> undersampled = new ArrayList<>();
  private final List<Series> series = new ArrayList<>();

  /**
   * A plan.
   *
   * @param options settings that hold for all trials
   * @param epochs epochs of the trials, but for those that vary them
   * @param quick whether few values are tried
   */
  ExperimentPlan(SettingOptions options, int epochs, boolean quick) {
    this.options = options;
    this.base = Map.of("epochs", Integer.toString(epochs));
    models();
    vary(
        "Learning rate",
        "How large may Adam's steps be? The published rate is 0.001.",
        "learning-rate",
        List.of(ModelKind.values()),
        "0.001",
        "0.1",
        "0.3");
    vary(
        "Cap of the annealing",
        "How much weight β may the KL term of Mult-VAE get? The published cap is 0.2.",
        "beta-cap",
        List.of(ModelKind.VAE),
        quick
            ? new String[] {"0.1", "0.2", "0.5", "1.0"}
            : new String[] {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"});
    vary(
        "Epochs",
        "What does a long training bring over a short one? Published are 200 epochs.",
        "epochs",
        List.of(ModelKind.values()),
        Integer.toString(epochs > 10 ? 10 : Math.max(1, epochs / 2)),
        Integer.toString(epochs));
    undersampling();
    vary(
        "L2",
        "What does a penalty on the squared weights do? Published are 0 for Mult-VAE and 0.00002"
            + " for Mult-DAE.",
        "l2",
        List.of(ModelKind.values()),
        quick ? new String[] {"0", "0.001"} : new String[] {"0", "0.00002", "0.0002", "0.002"});
  }

  /** Trials on the data as it is. */
  List<Trial> whole() {
    return whole;
  }

  /** Trials on undersampled data. */
  List<Trial> undersampled() {
    return undersampled;
  }

  /** All series. */
  List<Series> series() {
    return series;
  }

  /** The trial of a model with the settings that all others depart from. */
  Trial base(ModelKind kind) {
    return trial(kind, "", Map.of());
  }

  private void models() {
    series.add(
        new Series(
            "Both models",
            "Mult-VAE and Mult-DAE as published, and Mult-DAE with the layers and the L2 of"
                + " Mult-VAE, so that the variational part alone tells them apart.",
            List.of(
                new Row(ModelKind.VAE, "as published", base(ModelKind.VAE), false),
                new Row(ModelKind.DAE, "as published", base(ModelKind.DAE), false),
                new Row(
                    ModelKind.DAE,
                    "layers of Mult-VAE",
                    trial(ModelKind.DAE, "same-layers", Map.of("hidden", "600", "l2", "0")),
                    false))));
  }

  private void undersampling() {
    List<Row> rows = new ArrayList<>();
    for (ModelKind kind : ModelKind.values()) {
      rows.add(new Row(kind, "none", base(kind), false));
      Trial trial =
          named(
              kind, "undersampled", Map.of("undersampled", "yes"), options.trial("x", kind, base));
      undersampled.add(trial);
      rows.add(new Row(kind, "popular items", trial, true));
    }
    series.add(
        new Series(
            "Undersampling",
            "Does it help to leave away training pairs of very popular items?",
            rows));
  }

  private void vary(
      String title, String question, String setting, List<ModelKind> kinds, String... values) {
    List<Row> rows = new ArrayList<>();
    for (ModelKind kind : kinds) {
      for (String value : values) {
        Trial trial = trial(kind, setting + "-" + value, Map.of(setting, value));
        rows.add(new Row(kind, value, trial, false));
      }
    }
    series.add(new Series(title, question, rows));
  }

  /** The trial with some changes; one with the same settings if there is one already. */
  private Trial trial(ModelKind kind, String name, Map<String, String> changes) {
    Map<String, String> settings = new LinkedHashMap<>(base);
    settings.putAll(changes);
    Trial trial = named(kind, name, changes, options.trial("x", kind, settings));
    for (Trial known : whole) {
      if (known.model().equals(trial.model()) && known.training().equals(trial.training())) {
        return known;
      }
    }
    whole.add(trial);
    return trial;
  }

  private static Trial named(
      ModelKind kind, String name, Map<String, String> changes, Trial trial) {
    Map<String, String> shown = new LinkedHashMap<>();
    shown.put("model", kind.toString());
    shown.putAll(changes);
    return new Trial(
        name.isEmpty() ? kind.toString() : kind + "-" + name,
        shown,
        trial.model(),
        trial.training());
  }
}
