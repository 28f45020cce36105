package io.github.vaecf.core.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A value for each setting of a model: together with the data and the machine it decides every bit
 * of what is fitted. Begins with the published values. Immutable and safe for use by many threads.
 */
public final class Settings {
  private final Model model;
  private final Map<Setting<?>, Object> values;

  private Settings(Model model, Map<Setting<?>, Object> values) {
    this.model = model;
    this.values = values;
    model.check(this);
  }

  /**
   * The published settings of a model.
   *
   * @param model the model
   * @return the settings
   */
  public static Settings published(Model model) {
    Map<Setting<?>, Object> values = new LinkedHashMap<>();
    for (Setting<?> setting : model.settings()) {
      if (values.put(setting, setting.published()) != null) {
        throw new IllegalArgumentException(
            model.name() + " has two settings of the name " + setting.name());
      }
    }
    return new Settings(model, values);
  }

  /**
   * The model that these are settings of.
   *
   * @return the model
   */
  public Model model() {
    return model;
  }

  /**
   * Whether the model has a setting.
   *
   * @param setting the setting
   * @return whether {@link #get} gives a value
   */
  public boolean has(Setting<?> setting) {
    return values.containsKey(setting);
  }

  /**
   * The value of a setting.
   *
   * @param <T> type of the value
   * @param setting the setting
   * @return its value
   * @throws IllegalArgumentException if the model has no such setting
   */
  @SuppressWarnings("unchecked") // values are put in by settings of their type only
  public <T> T get(Setting<T> setting) {
    Object value = values.get(setting);
    if (value == null) {
      throw unknown(setting.name());
    }
    return (T) value;
  }

  /**
   * The same settings with another value for one.
   *
   * @param <T> type of the value
   * @param setting the setting
   * @param value its value
   * @return new settings
   * @throws IllegalArgumentException if the model has no such setting, or the value is out of its
   *     range or does not go with the others
   */
  public <T> Settings with(Setting<T> setting, T value) {
    Map<Setting<?>, Object> changed = new LinkedHashMap<>(values);
    put(changed, setting, setting.require(value));
    return new Settings(model, changed);
  }

  /**
   * The same settings with other values for some, as a person writes them.
   *
   * @param texts values by the settings' names
   * @return new settings
   * @throws IllegalArgumentException if the model has no such setting, a value is none of its
   *     setting, or the values do not go together
   */
  public Settings with(Map<String, String> texts) {
    Map<Setting<?>, Object> changed = new LinkedHashMap<>(values);
    List<Setting<?>> given = new ArrayList<>();
    texts.forEach(
        (name, text) -> {
          Setting<?> setting = named(name);
          for (Setting<?> other : given) {
            if (other.excludes(setting)) {
              throw new IllegalArgumentException(
                  other.name() + " and " + name + " exclude each other: give one of them");
            }
          }
          given.add(setting);
          put(changed, setting, setting.parse(text));
        });
    return new Settings(model, changed);
  }

  private void put(Map<Setting<?>, Object> target, Setting<?> setting, Object value) {
    named(setting.name());
    for (Setting<?> other : List.copyOf(target.keySet())) {
      if (other.excludes(setting)) {
        target.put(other, other.off());
      }
    }
    target.put(setting, value);
  }

  /**
   * The model's setting of a name.
   *
   * @param name the name
   * @return the setting
   * @throws IllegalArgumentException if the model has no such setting
   */
  public Setting<?> named(String name) {
    for (Setting<?> setting : values.keySet()) {
      if (setting.name().equals(name)) {
        return setting;
      }
    }
    throw unknown(name);
  }

  private IllegalArgumentException unknown(String name) {
    List<String> names = values.keySet().stream().map(Setting::name).toList();
    return new IllegalArgumentException(
        name + ": no setting of " + model.name() + ", which has " + String.join(", ", names));
  }

  /**
   * All values as a person writes them; of alternatives only the one that holds.
   *
   * @return values by the settings' names, in the order of the model's settings; {@link #with(Map)}
   *     makes the same settings of them
   */
  public Map<String, String> toText() {
    Map<String, String> texts = new LinkedHashMap<>();
    values.forEach(
        (setting, value) -> {
          boolean off = hasAlternative(setting) && value.equals(setting.off());
          if (!off) {
            texts.put(setting.name(), text(setting));
          }
        });
    return Collections.unmodifiableMap(texts);
  }

  private boolean hasAlternative(Setting<?> setting) {
    return values.keySet().stream().anyMatch(setting::excludes);
  }

  private <T> String text(Setting<T> setting) {
    return setting.format(get(setting));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Settings that
        && model.name().equals(that.model.name())
        && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(model.name(), values);
  }

  @Override
  public String toString() {
    return model.name() + toText();
  }
}
