package io.github.vaecf.cli;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.export.Recommenders;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A model as the command line names it: {@code NAME}, {@code NAME:SETTING=VALUE,…}, or, of a model
 * in closed form, {@code NAME:VALUE} for its own first setting.
 */
final class NamedModel {
  private NamedModel() {}

  /** The names of all models, for help. */
  static final class All implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Model.names().iterator();
    }
  }

  /** The names of the models in closed form, for help. */
  static final class ClosedForms implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return names(ClosedFormModel.class);
    }
  }

  /** The names of the models that are trained by gradient, for help. */
  static final class Gradient implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return names(GradientModel.class);
    }
  }

  private static Iterator<String> names(Class<? extends Model> kind) {
    return Model.all().stream().filter(kind::isInstance).map(Model::name).iterator();
  }

  /** Whether a text names a model in closed form, rather than a place. */
  static boolean isClosedForm(String text) {
    String name = name(text).toLowerCase(Locale.ROOT);
    return Model.names().contains(name) && Model.named(name) instanceof ClosedFormModel;
  }

  private static String name(String text) {
    int colon = text.indexOf(':');
    return colon < 0 ? text : text.substring(0, colon);
  }

  /**
   * The settings of a named model: published ones, but for what the text says.
   *
   * @throws IllegalArgumentException if there is no such model or setting, or a value is out of its
   *     range
   */
  static Settings settings(String text) {
    return settings(text, Optional.empty());
  }

  /**
   * The settings of a named model: those of a run of this model if there is one, else published
   * ones, but for what the text says.
   *
   * @throws IllegalArgumentException if there is no such model or setting, or a value is out of its
   *     range
   */
  static Settings settings(String text, Optional<Settings> ofRun) {
    Model model;
    try {
      model = Model.named(name(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--model: " + e.getMessage(), e);
    }
    Settings base =
        ofRun
            .filter(run -> run.model().name().equals(model.name()))
            .orElseGet(() -> Settings.published(model));
    if (!text.contains(":")) {
      return base;
    }
    try {
      return base.with(values(model, text.substring(text.indexOf(':') + 1)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("model '" + text + "', " + e.getMessage(), e);
    }
  }

  private static Map<String, String> values(Model model, String text) {
    Map<String, String> values = new LinkedHashMap<>();
    if (!text.contains("=")) {
      values.put(first(model), text);
      return values;
    }
    // A value may have commas itself: a setting begins where a name and = follow one.
    for (String part : text.split(",(?=[a-z0-9-]+=)", -1)) {
      String[] sides = part.split("=", 2);
      if (values.put(sides[0], sides.length < 2 ? "" : sides[1]) != null) {
        throw new IllegalArgumentException(sides[0] + ": is given twice");
      }
    }
    return values;
  }

  /** The setting that need not be named. */
  private static String first(Model model) {
    List<Setting<?>> own = own(model);
    if (!(model instanceof ClosedFormModel) || own.isEmpty()) {
      throw new IllegalArgumentException(
          model.name()
              + ": expected SETTING=VALUE after the colon, since "
              + (own.isEmpty() ? "it has no setting of its own" : "it has several settings"));
    }
    return own.get(0).name();
  }

  private static List<Setting<?>> own(Model model) {
    return model.settings().stream()
        .filter(setting -> !TrainingSettings.all().contains(setting))
        .toList();
  }

  /**
   * The settings of a named model that is trained by gradient.
   *
   * @throws IllegalArgumentException if there is no such model or setting, or it is in closed form
   */
  static Settings gradientSettings(String text) {
    Settings settings = settings(text);
    if (!(settings.model() instanceof GradientModel)) {
      throw new IllegalArgumentException(
          "model '" + text + "' is in closed form, expected one that is trained by gradient");
    }
    return settings;
  }

  /** Fits a model in closed form; to be closed. */
  static TrainedModel fit(Settings settings, Split split) {
    return Trainer.builder().settings(settings).build().train(split.train(), split.items());
  }

  /**
   * What to call models in tables: those in closed form as they were named, those at a path by as
   * many of its last parts as tell them apart, one at least, and of a numbered version two.
   *
   * @param option that named them
   * @param texts how the models were named
   * @return the texts by the names, in their order
   * @throws IllegalArgumentException if one was named twice
   */
  static Map<String, String> inShort(String option, List<String> texts) {
    List<Path> places = new ArrayList<>();
    List<Integer> parts = new ArrayList<>();
    for (String text : texts) {
      Path place = isClosedForm(text) ? Path.of(text) : Path.of(text).toAbsolutePath().normalize();
      if (places.contains(place)) {
        throw new IllegalArgumentException(option + ": '" + text + "' is named twice");
      }
      places.add(place);
      boolean version = place.getNameCount() > 1 && place.getFileName().toString().matches("\\d+");
      parts.add(version ? 2 : 1);
    }
    while (true) {
      Map<String, String> named = new LinkedHashMap<>();
      Set<String> taken = new HashSet<>();
      for (int i = 0; i < places.size(); i++) {
        String name = last(places.get(i), parts.get(i));
        if (named.put(name, texts.get(i)) != null) {
          taken.add(name);
        }
      }
      if (taken.isEmpty()) {
        return named;
      }
      for (int i = 0; i < places.size(); i++) {
        if (taken.contains(last(places.get(i), parts.get(i)))) {
          parts.set(i, parts.get(i) + 1);
        }
      }
    }
  }

  private static String last(Path place, int parts) {
    int count = place.getNameCount();
    return count < parts ? place.toString() : place.subpath(count - parts, count).toString();
  }

  /**
   * Opens a model for users of a split: one that lies at a path, or one in closed form, fitted at
   * once, by its name; to be closed.
   *
   * @throws DataException if there is no such model, or its items are not those of the split
   */
  static Recommender open(String text, Split split, Path data) {
    if (!isClosedForm(text)) {
      return open(Path.of(text), split, data);
    }
    Settings settings;
    try {
      settings = settings(text);
    } catch (IllegalArgumentException e) {
      throw new DataException(e.getMessage(), e);
    }
    return fit(settings, split);
  }

  /**
   * Opens a model that lies at a path, for users of a split; to be closed.
   *
   * @throws DataException if there is none, or its items are not those of the split
   */
  static Recommender open(Path path, Split split, Path data) {
    Recommender model = Recommenders.open(path);
    try {
      requireSameItems(path, model, split, data);
      return model;
    } catch (DataException e) {
      model.close();
      throw e;
    }
  }

  /**
   * Makes sure that a model's items are those of a split.
   *
   * @throws DataException if they are not
   */
  static void requireSameItems(Path path, Recommender model, Split split, Path data) {
    if (!model.items().equals(split.items())) {
      throw new DataException(
          path
              + ": the model's "
              + model.itemCount()
              + " items are not the "
              + split.items().size()
              + " items of "
              + data
              + "; name the data that it was trained on");
    }
  }
}
