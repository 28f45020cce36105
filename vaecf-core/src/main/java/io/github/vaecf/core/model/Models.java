package io.github.vaecf.core.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * The models there are: those that {@code META-INF/services/io.github.vaecf.core.model.Model} files
 * on the class path name, this library's first. Safe for use by many threads.
 */
final class Models {
  /** Known by its name to whoever reads a file, but not one of those that can be fitted. */
  private static final Model BLEND = new Blend();

  private static final Map<String, Model> ALL = load();

  private Models() {}

  private static Map<String, Model> load() {
    List<Model> found = new ArrayList<>();
    ServiceLoader.load(Model.class, Models.class.getClassLoader()).forEach(found::add);
    found.sort(Comparator.comparing((Model model) -> !isOurs(model))); // stable
    Map<String, Model> models = new LinkedHashMap<>();
    for (Model model : found) {
      Model other =
          model.name().equals(BLEND.name()) ? BLEND : models.putIfAbsent(model.name(), model);
      if (other != null) {
        throw new IllegalStateException(
            "two models have the name "
                + model.name()
                + ": "
                + other.getClass().getName()
                + " and "
                + model.getClass().getName());
      }
    }
    return models;
  }

  private static boolean isOurs(Model model) {
    return model.getClass().getPackage().equals(Models.class.getPackage());
  }

  /** All models. */
  static List<Model> all() {
    return List.copyOf(ALL.values());
  }

  /** The names of all models. */
  static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /** The model of a name. */
  static Model named(String name) {
    String lowerCase = name.toLowerCase(Locale.ROOT);
    Model model = lowerCase.equals(BLEND.name()) ? BLEND : ALL.get(lowerCase);
    if (model == null) {
      throw new IllegalArgumentException(
          "no model has the name '" + name + "', expected one of " + String.join(", ", names()));
    }
    return model;
  }
}
