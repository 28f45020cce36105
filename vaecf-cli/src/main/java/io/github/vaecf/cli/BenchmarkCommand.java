package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.Recall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code vaecf benchmark}: the speed of training, evaluation and recommendation beside its floor.
 */
@Command(
    name = "benchmark",
    header = "Measure training, evaluation and recommendation beside the machine's floor.",
    description = {
      "",
      "Trains a few steps on a prepared folder, evaluates its test users and recommends for single"
          + " ones, and measures in the same run what the machine needs for the matrix products and"
          + " the memory traffic alone. Nothing else should run meanwhile. No model is kept. With"
          + " --items-per-step the floor is still that of a step over all items.",
      "",
      "With the figures of an earlier run of the same work on the same machine (--json then,"
          + " --against now) it says what changed, and ends with status 3 if something got worse.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf benchmark --data data --model vae --steps 50 --json before.json",
      "  vaecf benchmark --data data --model vae --steps 50 --against before.json"
    })
final class BenchmarkCommand extends Subcommand {
  private static final int WARM_UP_STEPS = 5;
  private static final int RECOMMENDATIONS = 300;
  private static final int RECOMMENDATION_LENGTH = 100;
  private static final int WORSE = 3;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "A prepared folder, from 'vaecf prepare' or 'vaecf generate'.")
  private Path data;

  @Option(
      names = "--model",
      defaultValue = "vae",
      paramLabel = "MODEL",
      completionCandidates = NamedModel.Gradient.class,
      description = "Which model, of ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private String modelName;

  @Option(
      names = "--steps",
      defaultValue = "40",
      paramLabel = "N",
      description = "Training steps to measure, after a few to warm up; default ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--operations",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Also print the N operations of a step that take the longest; default ${DEFAULT-VALUE}.")
  private int operations;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the figures as JSON too; - for standard output.")
  private OutputFile json;

  @Option(
      names = "--against",
      paramLabel = "FILE",
      description = "The figures of an earlier run, from its --json, to compare with.")
  private Path against;

  @Option(
      names = "--tolerance",
      defaultValue = "0.1",
      paramLabel = "SHARE",
      description =
          "How much worse a figure may be before it counts; default ${DEFAULT-VALUE}, a tenth.")
  private double tolerance;

  @Mixin private SettingOptions settingOptions;

  private boolean worse;
  private final ObjectNode figures = jsonObject();
  private Device device; // where the steps run

  @Override
  void run() throws Exception {
    if (steps < 1) {
      throw wrongUsage("--steps must be at least 1, found " + steps);
    }
    if (operations < 0) {
      throw wrongUsage("--operations must be at least 0, found " + operations);
    }
    if (!(tolerance >= 0)) {
      throw wrongUsage("--tolerance must be at least 0, found " + tolerance);
    }
    if (against == null) {
      refuse("goes with --against", "--tolerance");
    }
    refuse("has no effect here: --steps says how long the training is", "--epochs");
    refuse("has no effect here: nothing is validated", "--patience", "--minimum-epochs");
    Settings settings =
        fromOptions(() -> settingOptions.appliedTo(NamedModel.gradientSettings(modelName)));
    JsonNode before = against == null ? null : BenchmarkComparison.read(against);
    long start = System.nanoTime();
    Split split = PreparedFolder.read(data);
    double loading = (System.nanoTime() - start) / 1e9;
    out()
        .printf(
            Locale.ROOT,
            "%s: %,d training users × %,d items, %,d events, read in %.2f s%n",
            data,
            split.train().rows(),
            split.items().size(),
            split.train().entries(),
            loading);
    figures.put("data", data.toString()).put("load_seconds", loading);
    noteWork(split, settings);
    if (before != null) { // before what takes time
      BenchmarkComparison.requireSameWork(
          against, before.get(BenchmarkComparison.WORK), figures.get(BenchmarkComparison.WORK));
    }
    try (TrainedModel trained = measureTraining(split, settings)) {
      measureEvaluation(split, trained);
      measureRecommendation(split, trained);
    }
    double peak = peakMebibytes();
    if (peak > 0) {
      out().printf(Locale.ROOT, "peak resident memory: %,.0f MiB%n", peak);
      figures.put("peak_resident_mebibytes", peak);
    }
    writeJson(json, figures);
    if (before != null) {
      BenchmarkComparison comparison = new BenchmarkComparison(before, figures, tolerance);
      out().println();
      out().print(comparison);
      worse = !comparison.worse().isEmpty();
      out()
          .println(
              worse
                  ? "Worse than before: " + String.join(", ", comparison.worse())
                  : String.format(
                      Locale.ROOT, "Nothing is worse by more than %.0f %%.", 100 * tolerance));
    }
  }

  @Override
  int status() {
    return worse ? WORSE : super.status();
  }

  /** What is measured, and on what: figures of other work or another machine compare with none. */
  private void noteWork(Split split, Settings settings) throws IOException {
    ObjectNode work =
        figures
            .putObject(BenchmarkComparison.WORK)
            .put("processor", processor())
            .put("cores", Runtime.getRuntime().availableProcessors())
            .put("training users", split.train().rows())
            .put("items", split.items().size())
            .put("training events", split.train().entries())
            .put("test users", split.test().users())
            .put("model", settings.model().name());
    settings.toText().forEach((name, value) -> work.put("--" + name, value));
  }

  /** What the processor is called, where the system tells; else its architecture. */
  private static String processor() throws IOException {
    Path description = Path.of("/proc/cpuinfo");
    if (Files.isReadable(description)) {
      for (String line : Files.readAllLines(description)) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    }
    return System.getProperty("os.arch");
  }

  private TrainedModel measureTraining(Split split, Settings settings) {
    List<Long> times = new ArrayList<>();
    int[] users = {0};
    int wanted = WARM_UP_STEPS + steps;
    TrainingListener clock =
        new TrainingListener() {
          @Override
          public void onStep(StepReport report) {
            times.add(System.nanoTime());
            users[0] += times.size() > WARM_UP_STEPS ? report.users() : 0;
          }
        };
    int batch = Math.min(settings.get(TrainingSettings.BATCH_SIZE), split.train().rows());
    int perEpoch = (split.train().rows() + batch - 1) / batch;
    Trainer trainer =
        Trainer.builder()
            .settings(settings.with(TrainingSettings.EPOCHS, (wanted + perEpoch - 1) / perEpoch))
            .listener(clock)
            .build();
    Map<String, String> placement = trainer.placement(firstUsers(split.train(), batch));
    printPlacement(placement);
    device =
        placement.values().stream().anyMatch(name -> name.contains("GPU"))
            ? Device.GPU
            : Device.CPU;
    if (operations > 0) {
      printOperations(trainer.operationMillis(firstUsers(split.train(), batch)));
    }
    TrainedModel trained =
        trainer.train(firstUsers(split.train(), wanted * (long) batch), split.items());
    double[] millis = new double[times.size() - WARM_UP_STEPS];
    for (int step = 0; step < millis.length; step++) {
      millis[step] = (times.get(step + WARM_UP_STEPS) - times.get(step + WARM_UP_STEPS - 1)) / 1e6;
    }
    double total = Arrays.stream(millis).sum();
    Arrays.sort(millis);
    double median = millis[millis.length / 2];
    int width = lastWidth(trained);
    double products =
        MachineFloor.trainingProductsMillis(batch, width, trained.itemCount(), device);
    double adam = MachineFloor.adamMillis(weights(trained), device);
    out()
        .printf(
            Locale.ROOT,
            "training: %,.0f users/s, %.4g ms a step (median of %d), floor%s %.3g ms (products %.3g +"
                + " Adam's memory %.3g), ratio %.2f%n",
            users[0] / (total / 1e3),
            median,
            millis.length,
            settings.get(TrainingSettings.ITEMS_PER_STEP) == 0 ? "" : " of a step over all items",
            products + adam,
            products,
            adam,
            median / (products + adam));
    figures
        .putObject("training")
        .put("users_per_second", users[0] / (total / 1e3))
        .put("step_millis", median)
        .put("floor_products_millis", products)
        .put("floor_adam_millis", adam)
        .put("ratio", median / (products + adam));
    return trained;
  }

  /** How many operations of a step each device has and, beside a GPU, which the CPU has. */
  private void printPlacement(Map<String, String> placement) {
    Map<String, List<String>> byDevice = new TreeMap<>();
    placement.forEach(
        (operation, device) ->
            byDevice
                .computeIfAbsent(
                    device.substring(device.lastIndexOf('/') + 1), name -> new ArrayList<>())
                .add(operation));
    ObjectNode counts = figures.putObject("operations");
    byDevice.forEach(
        (device, operations) -> {
          out().printf(Locale.ROOT, "operations of a step on %s: %d%n", device, operations.size());
          if (byDevice.size() > 1 && device.contains("CPU")) {
            operations.forEach(operation -> out().println("  " + operation));
          }
          counts.put(device, operations.size());
        });
  }

  private void printOperations(Map<String, Map<String, Double>> devices) {
    devices.forEach(
        (name, millis) -> {
          double sum = millis.values().stream().mapToDouble(Double::doubleValue).sum();
          out().printf(Locale.ROOT, "%s: %.2f ms of operations%n", name, sum);
          millis.entrySet().stream()
              .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
              .limit(operations)
              .forEach(
                  one ->
                      out().printf(Locale.ROOT, "  %8.3f ms  %s%n", one.getValue(), one.getKey()));
        });
  }

  /**
   * So many first users, all of them if there are no more: a short training is one of few steps.
   */
  private static CsrMatrix firstUsers(CsrMatrix matrix, long users) {
    int rows = (int) Math.min(users, matrix.rows());
    return matrix.selectRows(IntStream.range(0, rows).toArray());
  }

  private static long weights(TrainedModel trained) {
    long weights = 0;
    for (Weight weight : trained.weights()) {
      weights += weight.values().length;
    }
    return weights;
  }

  /** The width of the last layer's input: what the product over all items costs. */
  private static int lastWidth(TrainedModel trained) {
    return trained
        .itemKernel()
        .map(kernel -> Math.toIntExact(kernel.shape().get(0)))
        .orElseThrow(() -> new IllegalStateException("the model has no layer over all items"));
  }

  private void measureEvaluation(Split split, TrainedModel trained) {
    RankingEvaluator evaluator = RankingEvaluator.of(Ndcg.at(100), Recall.at(20), Recall.at(50));
    evaluator.evaluate(trained, split.validation()); // to warm up
    Evaluation evaluation = evaluator.evaluate(trained, split.test());
    int users = split.test().users();
    int width = lastWidth(trained);
    int batch = Math.min(500, users);
    double floor =
        MachineFloor.scoringProductMillis(batch, width, trained.itemCount(), device)
            / 1e3
            / batch
            * users;
    out()
        .printf(
            Locale.ROOT,
            "evaluation: %,.0f users/s, %d users in %.2f s (metrics alone %.2f s), floor %.2f s,"
                + " ratio %.2f%n",
            users / evaluation.seconds(),
            users,
            evaluation.seconds(),
            evaluation.measuringSeconds(),
            floor,
            evaluation.seconds() / floor);
    figures
        .putObject("evaluation")
        .put("users_per_second", users / evaluation.seconds())
        .put("seconds", evaluation.seconds())
        .put("measuring_seconds", evaluation.measuringSeconds())
        .put("floor_seconds", floor)
        .put("ratio", evaluation.seconds() / floor);
  }

  private void measureRecommendation(Split split, TrainedModel trained) {
    CsrMatrix histories = split.test().foldIn();
    double[] millis = new double[RECOMMENDATIONS];
    for (int run = -RECOMMENDATIONS / 3; run < RECOMMENDATIONS; run++) {
      int user = Math.floorMod(run, histories.rows());
      List<String> history = new ArrayList<>();
      for (int item : histories.row(user)) {
        history.add(split.items().id(item));
      }
      long start = System.nanoTime();
      trained.recommend(history, RECOMMENDATION_LENGTH);
      if (run >= 0) {
        millis[run] = (System.nanoTime() - start) / 1e6;
      }
    }
    Arrays.sort(millis);
    long bytes = 4L * lastWidth(trained) * trained.itemCount();
    double floor = MachineFloor.readMillis(bytes, device);
    out()
        .printf(
            Locale.ROOT,
            "recommendation for one user, top %d: p50 %.2f ms, p99 %.2f ms, floor %.2f ms (the"
                + " decoder's weights read once), ratio %.2f%n",
            RECOMMENDATION_LENGTH,
            millis[millis.length / 2],
            millis[millis.length * 99 / 100],
            floor,
            millis[millis.length / 2] / floor);
    figures
        .putObject("recommendation")
        .put("p50_millis", millis[millis.length / 2])
        .put("p99_millis", millis[millis.length * 99 / 100])
        .put("floor_millis", floor)
        .put("ratio", millis[millis.length / 2] / floor);
  }

  /** The most memory that the process has had resident, where the system tells; else 0. */
  private static double peakMebibytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (Files.isReadable(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
        }
      }
    }
    return 0;
  }
}
