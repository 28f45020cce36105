package io.github.vaecf.core.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The settings of the engine, which all models have that are trained by gradient. Published values
 * are those of Liang et al. 2018; the seed is the one of their split.
 */
public final class TrainingSettings {
  /** What the learning rate does after the warm-up. */
  public enum Schedule {
    /** It stays. */
    CONSTANT,
    /** It falls along half a cosine, to 0 at the last planned step. */
    COSINE
  }

  /** How often each training user is seen. */
  public static final Setting<Integer> EPOCHS =
      Setting.integer("epochs", 1, 200, "How often each training user is seen.");

  /** Users a step; the last batch of an epoch may be smaller. */
  public static final Setting<Integer> BATCH_SIZE =
      Setting.integer("batch-size", 1, 500, "Users a step.");

  /**
   * Items that a step draws beside those of its own users, for its loss; 0 for all items, as
   * published. Fewer make a step faster and leave its loss an estimate.
   */
  public static final Setting<Integer> ITEMS_PER_STEP =
      Setting.integer(
          "items-per-step",
          0,
          0,
          "Items that a step draws beside those of its own users, 0 for all; where nothing is said,"
              + " train and auto take 2000 from 50,000 items on.");

  /** Adam's learning rate. */
  public static final Setting<Double> LEARNING_RATE =
      Setting.number("learning-rate", Setting.Range.above(0), 0.001, "Adam's learning rate.");

  /** What the learning rate does over the steps. */
  public static final Setting<Schedule> SCHEDULE =
      Setting.choice(
          "schedule",
          Schedule.CONSTANT,
          "What the learning rate does: stay (constant) or fall to 0 (cosine).");

  /** Share of all steps over which the learning rate rises from 0. */
  public static final Setting<Double> WARM_UP_SHARE =
      Setting.number(
          "warm-up-share",
          Setting.Range.atLeast(0).below(1),
          0,
          "Share of all steps over which the learning rate rises from 0.");

  /** Largest global norm of the gradient; 0 for no bound. */
  public static final Setting<Double> GRADIENT_CLIP =
      Setting.number(
          "gradient-clip",
          Setting.Range.atLeast(0),
          0,
          "Largest norm of the gradient, 0 for no bound.");

  /** Epochs without a better validation after which the training stops; 0 for never. */
  public static final Setting<Integer> PATIENCE =
      Setting.integer(
          "patience", 0, 0, "Stop after so many epochs without a better validation, 0 for never.");

  /** Epochs before which the training does not stop early. */
  public static final Setting<Integer> MINIMUM_EPOCHS =
      Setting.integer("minimum-epochs", 0, 0, "Do not stop before so many epochs.");

  /** Where all random numbers start: first weights, shuffles, dropout and noise. */
  public static final Setting<Long> SEED =
      Setting.wholeNumber("seed", Long.MIN_VALUE, 98765, "Where all random numbers start.");

  /** Where the graph runs. */
  public static final Setting<Device> DEVICE =
      Setting.choice("device", Device.AUTO, "cpu, gpu, or auto: the GPU where there is one.");

  /** Threads of an operation on the CPU; 0 for one a core. */
  public static final Setting<Integer> THREADS =
      Setting.integer("threads", 0, 0, "Threads on the CPU, 0 for one a core.");

  /**
   * What a step takes its products with the weights of all items in; sums, weights, moments and all
   * else are float32, and so is every score that is asked for, the validation's too.
   */
  public static final Setting<Products> PRODUCTS =
      Setting.choice(
          "products",
          Products.FLOAT32,
          "What a step's products with all items are taken in: float32, or on processors that can"
              + " bfloat16, in less time.");

  /** From so many items on a step is to draw some where nothing is said. */
  private static final int LARGE_CATALOGUE = 50_000;

  private static final int DRAWN = 2000;

  private TrainingSettings() {}

  /**
   * Settings for a catalogue of a size, where nothing is said of {@link #ITEMS_PER_STEP}: from
   * 50,000 items on a step draws 2,000, which at equal time learns more (docs/large-catalogues.md
   * has what was measured). A {@code Trainer} does what its settings say; this is what the command
   * line asks of it.
   *
   * @param settings of any model
   * @param items how many items there are
   * @return the same settings for a smaller catalogue, and for a model that is fitted in one go
   */
  public static Settings forCatalogue(Settings settings, int items) {
    return items >= LARGE_CATALOGUE && settings.has(ITEMS_PER_STEP)
        ? settings.with(ITEMS_PER_STEP, DRAWN)
        : settings;
  }

  /**
   * All of them.
   *
   * @return in the order in which a person should see them
   */
  public static List<Setting<?>> all() {
    return List.of(
        EPOCHS,
        BATCH_SIZE,
        ITEMS_PER_STEP,
        LEARNING_RATE,
        SCHEDULE,
        WARM_UP_SHARE,
        GRADIENT_CLIP,
        PATIENCE,
        MINIMUM_EPOCHS,
        SEED,
        DEVICE,
        THREADS,
        PRODUCTS);
  }

  /**
   * All of them, some with other published values: those of another paper.
   *
   * @param others settings of these, such as {@code EPOCHS.published(20)}
   * @return in the order of {@link #all()}
   * @throws IllegalArgumentException if one is none of these
   */
  public static List<Setting<?>> allWith(List<Setting<?>> others) {
    List<Setting<?>> settings = new ArrayList<>(all());
    for (Setting<?> other : others) {
      int place = settings.indexOf(other); // by its name
      if (place < 0) {
        throw new IllegalArgumentException(other.name() + " is no setting of the engine");
      }
      settings.set(place, other);
    }
    return settings;
  }

  /**
   * Those that say where a model runs, for models that are fitted in one go.
   *
   * @return device and threads
   */
  public static List<Setting<?>> ofRuntime() {
    return List.of(DEVICE, THREADS);
  }

  /** What products are taken in. */
  public enum Products {
    /** Numbers of 32 bits, as everywhere else. */
    FLOAT32,
    /**
     * Factors and results with 8 bits of mantissa, sums of 32 bits: on a processor with
     * instructions for that, which x86-64 has since 2020 (AVX512-BF16, AMX), some half of the time.
     */
    BFLOAT16
  }

  /** Where the graph runs. */
  public enum Device {
    /** On the GPU where the natives and the machine have one, else on the CPU. */
    AUTO,
    /** On the CPU, also where there is a GPU. */
    CPU,
    /** On the GPU; it is an error if there is none. */
    GPU
  }
}
