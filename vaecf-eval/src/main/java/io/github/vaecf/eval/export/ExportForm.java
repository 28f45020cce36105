package io.github.vaecf.eval.export;

import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A form in which models are exported and from which they are reloaded. A new one is a class, and a
 * line in the list here. Implementations have no state and are safe for use by many threads.
 */
public interface ExportForm {
  /**
   * The forms there are. SavedModels, whose folders have any name, stand last.
   *
   * @return at least one
   */
  static List<ExportForm> all() {
    return List.of(OnnxExporter.FORM, SavedModelExporter.FORM);
  }

  /**
   * The form of a name.
   *
   * @param name the name, in any case
   * @return the form
   * @throws IllegalArgumentException if there is none
   */
  static ExportForm named(String name) {
    for (ExportForm form : all()) {
      if (form.name().equals(name.toLowerCase(Locale.ROOT))) {
        return form;
      }
    }
    throw new IllegalArgumentException(
        "no form of exports has the name '"
            + name
            + "', expected "
            + String.join(" or ", all().stream().map(ExportForm::name).toList()));
  }

  /**
   * The name on the command line and on model cards.
   *
   * @return lower-case letters and digits
   */
  String name();

  /**
   * What an export is written as.
   *
   * @return a few words, such as "a file NAME.onnx"
   */
  String target();

  /**
   * What may be chosen.
   *
   * @return settings of different names
   */
  List<Setting<?>> settings();

  /**
   * Whether an export has a place for titles.
   *
   * @param target where it goes
   * @return false unless the form says otherwise
   */
  default boolean hasTitles(Path target) {
    return false;
  }

  /**
   * Exports. It appears whole or not at all.
   *
   * @param model the model
   * @param target where to; see {@link #target}
   * @param values values for some of {@link #settings}, as a person writes them
   * @param titles what to call items when a person reads them, by raw id; a form that has no place
   *     for them leaves them out
   * @throws IllegalArgumentException if a value is none of its setting, or there is no such setting
   * @throws DataException if the target is there already or cannot be written, or an item id cannot
   *     be exported
   * @throws ArithmeticException if a weight is not a finite number
   */
  void export(
      TrainedModel model, Path target, Map<String, String> values, Map<String, String> titles);

  /**
   * Whether a path is, or is named as, an export of this form. The first form of {@link #all} that
   * says so loads it.
   *
   * @param path any path
   * @return whether {@link #load} is to be tried
   */
  boolean isAt(Path path);

  /**
   * Loads an export.
   *
   * @param path where it is
   * @return the model, to be closed
   * @throws DataException if there is none or it cannot be used; the message says why
   */
  ServedModel load(Path path);

  /**
   * The value of a setting.
   *
   * @param <T> type of the value
   * @param setting one of {@link #settings}
   * @param values as in {@link #export}
   * @return the value given, else the published one
   * @throws IllegalArgumentException if the value given is none
   */
  static <T> T value(Setting<T> setting, Map<String, String> values) {
    String text = values.get(setting.name());
    return text == null ? setting.published() : setting.parse(text);
  }
}
