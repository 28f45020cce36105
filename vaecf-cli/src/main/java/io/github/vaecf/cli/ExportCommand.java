package io.github.vaecf.cli;

import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.export.ExportForm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vaecf export}: a run to a version that serving code loads. */
@Command(
    name = "export",
    header = "Export a trained model for serving, with the raw ids inside.",
    description = {
      "",
      "Writes a SavedModel for TensorFlow Serving or the JVM, or one file for ONNX Runtime. It"
          + " appears whole or not at all and never replaces one that is there.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf export --run run --out models/movies/1",
      "  vaecf export --run run --format onnx --out onnx/movies/1"
    })
final class ExportCommand extends Subcommand {
  /** The names of the forms. */
  static final class Forms implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ExportForm.all().stream().map(ExportForm::name).iterator();
    }
  }

  /** What the forms are written as. */
  static final class Targets implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ExportForm.all().stream()
          .map(form -> form.target() + " (" + form.name() + ")")
          .iterator();
    }
  }

  private CommandSpec command;

  /** Adds an option for each setting of any form. */
  @Spec
  void setCommand(CommandSpec spec) {
    command = spec;
    Map<String, List<ExportForm>> forms = new LinkedHashMap<>();
    for (ExportForm form : ExportForm.all()) {
      for (Setting<?> setting : form.settings()) {
        forms.computeIfAbsent(setting.name(), unused -> new ArrayList<>()).add(form);
      }
    }
    forms.forEach((name, having) -> spec.addOption(option(setting(having.get(0), name), having)));
  }

  private static Setting<?> setting(ExportForm form, String name) {
    return form.settings().stream().filter(one -> one.name().equals(name)).findFirst().orElse(null);
  }

  /** The option of a setting of some forms. */
  static OptionSpec option(Setting<?> setting, List<ExportForm> having) {
    boolean flag = setting.published() instanceof Boolean;
    String choices =
        flag || setting.choices().isEmpty() ? "" : " " + String.join(", ", setting.choices()) + ";";
    OptionSpec.Builder option =
        OptionSpec.builder("--" + setting.name())
            .type(String.class)
            .paramLabel(setting.placeholder())
            .description(
                setting.help()
                    + (flag ? "" : choices + " Default " + setting.publishedInWords() + ".")
                    + " For "
                    + String.join(" and ", having.stream().map(ExportForm::name).toList())
                    + ".");
    return (flag ? option.arity("0..1").fallbackValue("true") : option).build();
  }

  @Option(
      names = "--run",
      required = true,
      paramLabel = "RUN",
      description = "A run folder with a trained model.")
  private Path run;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      completionCandidates = Targets.class,
      description = "What to write; it must not exist: ${COMPLETION-CANDIDATES}.")
  private Path out;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "savedmodel",
      completionCandidates = Forms.class,
      description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private String format;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "A prepared folder whose titles go into a SavedModel, in place of those that the run was"
              + " trained with.")
  private Path data;

  @Override
  void run() {
    ExportForm form = fromOption("--format", () -> ExportForm.named(format));
    if (!form.hasTitles(out)) {
      refuse("has titles, and " + out + " has no place for them", "--data");
    }
    Map<String, String> values = fromOptions(() -> values(command, form));
    WholeFile.requireWritable(out);
    try (TrainedModel model = TrainedModel.load(run)) {
      form.export(model, out, values, titles(model));
    }
    out().println("Exported to " + out);
  }

  private Map<String, String> titles(TrainedModel model) {
    if (data == null) {
      return model.titles();
    }
    Split split = PreparedFolder.read(data);
    NamedModel.requireSameItems(run, model, split, data);
    return split.titles().isEmpty() ? model.titles() : split.titles();
  }

  /** What was given for the settings of a form. */
  static Map<String, String> values(CommandSpec command, ExportForm form) {
    Map<String, String> values = new LinkedHashMap<>();
    for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName().substring(2);
      Setting<?> setting = setting(form, name);
      if (setting != null) {
        try {
          setting.parse(option.getValue());
        } catch (IllegalArgumentException e) { // which begins with the setting's name
          throw new IllegalArgumentException("--" + e.getMessage(), e);
        }
        values.put(name, option.getValue());
      } else if (ExportForm.all().stream().anyMatch(other -> setting(other, name) != null)) {
        throw new IllegalArgumentException("--" + name + " is not for " + form.name());
      }
    }
    return values;
  }
}
