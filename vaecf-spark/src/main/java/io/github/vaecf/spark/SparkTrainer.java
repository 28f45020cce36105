package io.github.vaecf.spark;

import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.core.training.TrainingGroup;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.RankingMetric;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Trains a model on several executors together: each takes its part of every batch, and the
 * gradients are summed ({@link TrainingGroup}), so that the result is that of a training by one
 * process, up to the order in which numbers are added. With the same number of workers, settings,
 * data and kind of machine it is the same, bit for bit.
 *
 * <p>It pays where a step takes long beside the exchange of its gradients, which is as much as
 * twice the weights a step; docs/spark.md has figures. A training that fits one machine is simpler
 * there.
 *
 * <p>The workers run in a barrier stage, each in a process of its own beside its executor, which
 * needs the memory for it ({@code spark.executor.memoryOverhead}) and {@code spark.task.cpus}
 * threads, unless the settings say otherwise. Where an executor or a worker is lost, Spark starts
 * the stage again, as often as {@code spark.stage.maxConsecutiveAttempts} says, and it goes on from
 * the last checkpoint. Data and run folder lie in a file system that the driver and all executors
 * have under the same path. Each worker holds all training users' items, 4 bytes each.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class SparkTrainer {
  private static final Logger LOG = LoggerFactory.getLogger(SparkTrainer.class);

  private static final long LOOK_MILLIS = 1000;

  private final SparkSession spark;
  private final int workers;
  private final Settings settings;
  private final String metric; // null for none
  private final Path runFolder;
  private final boolean resume;
  private final Duration checkpointEvery;
  private final Duration limit;
  private final List<String> javaOptions;

  private SparkTrainer(Builder builder) {
    spark = builder.spark;
    workers = builder.workers;
    settings = Objects.requireNonNull(builder.settings, "a trainer needs a model's settings");
    metric = builder.metric;
    runFolder = Objects.requireNonNull(builder.runFolder, "a trainer needs a run folder");
    resume = builder.resume;
    checkpointEvery = builder.checkpointEvery;
    limit = builder.limit;
    javaOptions = builder.javaOptions;
    if (!(settings.model() instanceof GradientModel)
        || settings.get(TrainingSettings.ITEMS_PER_STEP) > 0) {
      throw new IllegalArgumentException(
          "workers: expected a model that is trained by gradient, on all items in each step, found "
              + settings.model().name()
              + (settings.model() instanceof GradientModel
                  ? " with " + TrainingSettings.ITEMS_PER_STEP.name()
                  : ""));
    }
  }

  /**
   * A builder.
   *
   * @param spark the session whose executors train
   * @return a new builder
   */
  public static Builder builder(SparkSession spark) {
    return new Builder(spark);
  }

  /**
   * Trains, and returns the best model.
   *
   * @param data a prepared folder, such as {@link SparkPreparation} or {@code vaecf prepare} makes
   * @return the trained model, on the driver, to be closed by the caller
   * @throws DataException if a folder cannot be used, or a worker cannot train what it was given;
   *     the message says why, also where the loss is no longer a number
   * @throws IllegalStateException if executors or workers were lost again and again; the run folder
   *     holds what can be gone on from
   */
  public TrainedModel train(Path data) {
    if (!Files.isDirectory(data)) {
      throw new DataException(data + ": expected a prepared folder, found none");
    }
    if (RunFolder.isRun(runFolder) != resume) {
      throw new DataException(
          runFolder
              + (resume
                  ? ": holds no run to be resumed"
                  : ": already holds a run; resume it or choose another folder"));
    }
    WorkerOrder order =
        new WorkerOrder(
            settings.model().name(),
            new TreeMap<>(ofWorkers().toText()),
            metric == null ? "" : metric,
            data.toAbsolutePath().toString(),
            runFolder.toAbsolutePath().toString(),
            resume,
            checkpointEvery.toMillis(),
            limit.toMillis(),
            javaOptions,
            List.of(),
            0);
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    RDD<Integer> ranks =
        context.parallelize(IntStream.range(0, workers).boxed().toList(), workers).rdd();
    ClassTag<String> texts = ClassTag$.MODULE$.apply(String.class);
    List<String> refusals;
    try (Progress progress = new Progress()) {
      progress.start();
      refusals =
          ranks
              .barrier()
              .mapPartitions(new WorkerTask(order), false, texts)
              .toJavaRDD()
              // A barrier stage that is the last of a job is never started again.
              .repartition(1)
              .collect();
    } catch (Exception e) { // Spark's are checked ones, and not declared
      throw new IllegalStateException(
          "the training by "
              + workers
              + " workers was broken off; what can be gone on from is in "
              + runFolder
              + ", with resume: "
              + e.getMessage(),
          e);
    }
    for (String refusal : refusals) {
      if (!refusal.isEmpty()) {
        throw new DataException(refusal);
      }
    }
    return TrainedModel.load(RunFolder.modelFile(runFolder));
  }

  private Settings ofWorkers() {
    return settings.get(TrainingSettings.THREADS) > 0
        ? settings
        : settings.with(
            TrainingSettings.THREADS, spark.sparkContext().conf().getInt("spark.task.cpus", 1));
  }

  /** Tells, on the driver, of the epochs that the run folder comes to have. */
  private final class Progress extends Thread implements AutoCloseable {
    private int told;

    Progress() {
      super("vaecf-progress");
      setDaemon(true);
    }

    @Override
    public void run() {
      try {
        while (true) {
          Thread.sleep(LOOK_MILLIS);
          tell();
        }
      } catch (InterruptedException e) {
        LOG.debug("the training has ended", e);
      }
    }

    private void tell() {
      try {
        List<TrainingCurve.Epoch> epochs =
            RunFolder.isRun(runFolder) ? RunFolder.curve(runFolder).epochs() : List.of();
        for (TrainingCurve.Epoch epoch : epochs) {
          if (epoch.number() > told) {
            LOG.info(
                "epoch {} of {}: loss {}, validation {}, {} s",
                epoch.number(),
                settings.get(TrainingSettings.EPOCHS),
                epoch.loss(),
                epoch.validation(),
                epoch.seconds());
          }
        }
        told = epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).number();
      } catch (DataException e) {
        LOG.debug("the run folder cannot be read now", e);
      }
    }

    @Override
    public void close() {
      interrupt();
    }
  }

  /** Collects what a trainer needs. Not safe for use by several threads. */
  public static final class Builder {
    private final SparkSession spark;
    private int workers = 2;
    private Settings settings;
    private String metric;
    private Path runFolder;
    private boolean resume;
    private Duration checkpointEvery = CheckpointPolicy.standard().every();
    private Duration limit = Duration.ofMinutes(10);
    private List<String> javaOptions = List.of();

    private Builder(SparkSession spark) {
      this.spark = Objects.requireNonNull(spark, "spark");
    }

    /**
     * How many processes train together, all at the same time.
     *
     * @param number at least 2, and no more than the cluster has slots for tasks; 2 unless set
     * @return this builder
     */
    public Builder workers(int number) {
      require(number >= 2, "workers: expected at least 2, found " + number);
      workers = number;
      return this;
    }

    /**
     * Which model, and how it is fitted. Must be given.
     *
     * @param chosen those of a model that is trained by gradient
     * @return this builder
     */
    public Builder settings(Settings chosen) {
      settings = Objects.requireNonNull(chosen, "chosen");
      return this;
    }

    /**
     * What the best epoch is chosen by, on the validation users of the prepared folder. The first
     * worker measures it while the others wait. Without this the last epoch is kept.
     *
     * @param name a metric's name and k, such as {@code ndcg@100}; {@link RankingMetric#names}
     * @return this builder
     * @throws IllegalArgumentException if there is no such metric
     */
    public Builder validation(String name) {
      metric = RankingMetric.parse(name).name();
      return this;
    }

    /**
     * Where the training is kept, and resumed from. Must be given.
     *
     * @param folder one that the driver and all executors have under the same path
     * @return this builder
     */
    public Builder runFolder(Path folder) {
      runFolder = Objects.requireNonNull(folder, "folder");
      return this;
    }

    /**
     * Whether to go on with the run that the run folder holds; the number of workers may be
     * another.
     *
     * @param goOn true to resume
     * @return this builder
     */
    public Builder resume(boolean goOn) {
      resume = goOn;
      return this;
    }

    /**
     * How often a checkpoint is written: what is lost at most when a worker is.
     *
     * @param time above zero; 10 minutes unless set
     * @return this builder
     */
    public Builder checkpointEvery(Duration time) {
      require(
          time.compareTo(Duration.ZERO) > 0, "checkpointEvery: expected above zero, found " + time);
      checkpointEvery = time;
      return this;
    }

    /**
     * How long a worker waits for the others before it gives up: longer than a validation takes.
     *
     * @param time at least a second; 10 minutes unless set
     * @return this builder
     */
    public Builder limit(Duration time) {
      require(
          time.compareTo(Duration.ofSeconds(1)) >= 0,
          "limit: expected at least 1 s, found " + time);
      limit = time;
      return this;
    }

    /**
     * Options of the workers' Java processes, such as {@code -Xmx4g}.
     *
     * @param options options; none unless set
     * @return this builder
     */
    public Builder javaOptions(List<String> options) {
      javaOptions = List.copyOf(options);
      return this;
    }

    /**
     * The trainer.
     *
     * @return a new trainer
     * @throws NullPointerException if there are no settings or there is no run folder
     * @throws IllegalArgumentException if the model is not one that is trained by gradient
     */
    public SparkTrainer build() {
      return new SparkTrainer(this);
    }

    private static void require(boolean holds, String message) {
      if (!holds) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
