package io.github.vaecf.spark;

import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * The settings of all models as parameters of Spark ML: {@code learning-rate} as {@code
 * learningRate}. Which of them a model has, and which values, says the model.
 */
final class SettingParams {
  private final Map<String, Param<?>> byName = new LinkedHashMap<>();
  private final Map<String, String> settingNames = new LinkedHashMap<>();

  /**
   * Makes the parameters.
   *
   * @param uid of whom they are parameters
   */
  SettingParams(String uid) {
    for (Model model : Model.all()) {
      for (Setting<?> setting : model.settings()) {
        String name = paramName(setting.name());
        if (settingNames.putIfAbsent(name, setting.name()) == null) {
          byName.put(name, param(uid, name, setting));
        }
      }
    }
  }

  private static Param<?> param(String uid, String name, Setting<?> setting) {
    String doc =
        setting.help() + " As published: " + setting.publishedInWords() + ". " + owners(setting);
    Object published = setting.published();
    if (published instanceof Integer) {
      return new IntParam(uid, name, doc);
    }
    if (published instanceof Long) {
      return new LongParam(uid, name, doc);
    }
    if (published instanceof Double) {
      return new DoubleParam(uid, name, doc);
    }
    if (published instanceof Boolean) {
      return new BooleanParam(uid, name, doc);
    }
    return new Param<String>(uid, name, doc); // a word, or widths such as 600,200
  }

  private static String owners(Setting<?> setting) {
    return Model.all().stream()
        .filter(model -> model.settings().contains(setting))
        .map(Model::name)
        .collect(Collectors.joining(", ", "Of ", "."));
  }

  /** {@code learning-rate} as {@code learningRate}. */
  private static String paramName(String setting) {
    StringBuilder name = new StringBuilder();
    for (String word : setting.split("-", -1)) {
      name.append(
          name.isEmpty() || word.isEmpty()
              ? word
              : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return name.toString();
  }

  /** All of them. */
  Collection<Param<?>> all() {
    return byName.values();
  }

  /**
   * One of them.
   *
   * @throws IllegalArgumentException if no model has a setting of that name
   */
  Param<?> named(String name) {
    Param<?> param = byName.get(name);
    if (param == null) {
      throw new IllegalArgumentException(
          name + ": no setting of a model, expected one of " + String.join(", ", byName.keySet()));
    }
    return param;
  }

  /**
   * A value as a parameter takes it: any number for one of numbers, if nothing of it is lost.
   *
   * @throws IllegalArgumentException if it is of another kind
   */
  static Object valueOf(Param<?> param, Object value) {
    if (value instanceof Number number) {
      if (param instanceof DoubleParam) {
        return number.doubleValue();
      }
      boolean whole = number.doubleValue() == number.longValue();
      if (param instanceof LongParam && whole) {
        return number.longValue();
      }
      if (param instanceof IntParam && whole && number.longValue() == number.intValue()) {
        return number.intValue();
      }
    }
    if (value instanceof Boolean && param instanceof BooleanParam) {
      return value;
    }
    if (value instanceof String && param.getClass() == Param.class) {
      return value;
    }
    throw new IllegalArgumentException(
        param.name()
            + ": expected "
            + (param instanceof DoubleParam
                ? "a number"
                : param instanceof IntParam || param instanceof LongParam
                    ? "a whole number"
                    : param instanceof BooleanParam ? "true or false" : "a text")
            + ", found "
            + value);
  }

  /**
   * The values of settings; of two that exclude each other the one that holds.
   *
   * @throws IllegalArgumentException if the model is none of those that can be fitted
   */
  Map<Param<?>, Object> values(Settings settings) {
    Map<Param<?>, Object> values = new LinkedHashMap<>();
    for (String name : settings.toText().keySet()) {
      Setting<?> setting = settings.named(name);
      Object value = settings.get(setting);
      boolean plain = value instanceof Number || value instanceof Boolean;
      values.put(named(paramName(name)), plain ? value : settings.toText().get(name));
    }
    return values;
  }

  /**
   * The settings of a model, the published ones but for what was set.
   *
   * @throws IllegalArgumentException if there is no such model, it has no such setting, or a value
   *     is out of its range
   */
  Settings of(String model, Params params) {
    Map<String, String> texts = new LinkedHashMap<>();
    byName.forEach(
        (name, param) -> {
          if (params.isSet(param)) {
            texts.put(settingNames.get(name), String.valueOf(params.getOrDefault(param)));
          }
        });
    return Settings.published(Model.named(model)).with(texts);
  }
}
