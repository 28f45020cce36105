package io.github.vaecf.core.model;

import java.util.List;

/**
 * A kind of model: its name, its settings, and how a history becomes scores. How it is fitted to a
 * matrix says {@link GradientModel} or {@link ClosedFormModel}. Everything else follows: options
 * and help of the command line, search, the run folder, both export forms, serving.
 *
 * <p>A model is one class with a public constructor without arguments, and one line with its name
 * in {@code META-INF/services/io.github.vaecf.core.model.Model} ({@link java.util.ServiceLoader});
 * such a line in a program's own jar adds a model of its own.
 *
 * <p>Implementations have no state and are safe for use by many threads.
 */
public interface Model {
  /**
   * The name on the command line and in files.
   *
   * @return lower-case letters, digits and hyphens
   */
  String name();

  /**
   * The name for a person, as published.
   *
   * @return such as "Mult-VAE"
   */
  String title();

  /**
   * What it is.
   *
   * @return one line, with its source
   */
  String summary();

  /**
   * All that decides how it is fitted, in the order in which a person should see it.
   *
   * @return settings of different names, with the published values
   */
  List<Setting<?>> settings();

  /**
   * Makes sure that values go together which each are in their range.
   *
   * @param settings of this model
   * @throws IllegalArgumentException if they do not
   */
  default void check(Settings settings) {}

  /**
   * How a history becomes scores.
   *
   * @param <T> a tensor of the graph that is built
   * @param settings of this model
   * @param layers the words to say it in
   * @return users × items, the larger the better
   */
  <T> T scores(Settings settings, Layers<T> layers);

  /**
   * The models that can be fitted: those that {@code
   * META-INF/services/io.github.vaecf.core.model.Model} files on the class path name, this
   * library's first.
   *
   * @return in the order of the lists
   */
  static List<Model> all() {
    return Models.all();
  }

  /**
   * The names of the models that can be fitted.
   *
   * @return in the order of the lists
   */
  static List<String> names() {
    return Models.names();
  }

  /**
   * The model of a name: one that can be fitted, or {@link Blend}.
   *
   * @param name the name, in any case
   * @return the model
   * @throws IllegalArgumentException if there is none
   */
  static Model named(String name) {
    return Models.named(name);
  }
}
