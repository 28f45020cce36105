package io.github.vaecf.core.training;

import static java.util.Locale.ROOT;

import com.sun.management.OperatingSystemMXBean;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Graph;

/**
 * What a training needs of the memory beside the Java heap, as arithmetic over the shapes of its
 * tensors: a number is 4 bytes.
 *
 * @param weights bytes of the weights, frozen copies among them
 * @param moments bytes of Adam's moments
 * @param step bytes of what is largest in a step: the gradient of every weight, and the scores of
 *     the batch three times (the scores, their softmax, and one more while it is made); of weights
 *     that are updated by rows four times the rows, which are the values, the moments and the
 *     gradient
 */
record TrainingMemory(long weights, long moments, long step) {
  private static final int SCORES = 3;
  private static final int ROWS = 4;

  /** Beside a batch's own items, where it is asked what would fit. */
  private static final int FEW_ITEMS = 2000;

  /** Of a training whose graph is there. */
  static TrainingMemory of(
      NetworkGraph network, TrainingStep step, Settings settings, CsrMatrix users) {
    long batch = Math.min(users.rows(), settings.get(TrainingSettings.BATCH_SIZE));
    int others = settings.get(TrainingSettings.ITEMS_PER_STEP);
    long own = others == 0 ? users.columns() : mostOwnItems(settings, users);
    long scored = others == 0 ? own : Math.min(users.columns(), own + others);
    long weights = 0;
    long moments = 0;
    long passing = SCORES * (step.scoresAllItems() ? batch * scored : 0);
    for (Variables.Variable variable : network.variables.all()) {
      long size = variable.dimensions().size();
      if (network.variables.isMoment(variable)) {
        moments += size;
        continue;
      }
      weights += size;
      if (step.touched().containsKey(variable.name())) {
        passing += ROWS * (size / users.columns()) * scored;
      } else if (step.gradients().containsKey(variable.name())) {
        passing += size;
      }
    }
    return new TrainingMemory(Float.BYTES * weights, Float.BYTES * moments, Float.BYTES * passing);
  }

  /** Of a training that is only thought of. */
  static TrainingMemory of(Settings settings, CsrMatrix users) {
    TensorFlowRuntime.prepare();
    try (Graph graph = new Graph()) {
      NetworkGraph network = NetworkGraph.forTraining(graph, settings, users.columns());
      return of(network, new TrainingStep(network, settings, null), settings, users);
    }
  }

  /** The most items that the users of one step have, of the steps of the first epoch. */
  private static int mostOwnItems(Settings settings, CsrMatrix users) {
    int batchSize = settings.get(TrainingSettings.BATCH_SIZE);
    int[] order = BatchSource.order(users.rows(), settings.get(TrainingSettings.SEED), 0);
    int most = 0;
    for (int from = 0; from < order.length; from += batchSize) {
      int to = Math.min(from + batchSize, order.length);
      most = Math.max(most, ItemSample.own(users, order, from, to).cardinality());
    }
    return most;
  }

  static long ofThisMachine() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  long total() {
    return weights + moments + step;
  }

  /**
   * Refuses a training that cannot fit.
   *
   * @param available bytes that there are
   * @throws DataException if more are needed; the message says what would fit
   */
  void requireWithin(long available, Settings settings, CsrMatrix users) {
    if (total() > available) {
      throw new DataException(
          settings.model().title()
              + " over "
              + users.columns()
              + " items needs at least "
              + this
              + ", and this machine has "
              + inWords(available)
              + ": "
              + whatWouldFit(available, settings, users));
    }
  }

  private static String whatWouldFit(long available, Settings settings, CsrMatrix users) {
    List<String> fitting = new ArrayList<>();
    if (settings.get(TrainingSettings.ITEMS_PER_STEP) == 0) {
      Settings fewer = settings.with(TrainingSettings.ITEMS_PER_STEP, FEW_ITEMS);
      addIfFitting(fitting, "items-per-step " + FEW_ITEMS, available, fewer, users);
    }
    int batch = Math.min(users.rows(), settings.get(TrainingSettings.BATCH_SIZE));
    while (batch > 1) {
      batch /= 2;
      Settings smaller = settings.with(TrainingSettings.BATCH_SIZE, batch);
      if (addIfFitting(fitting, "batch-size " + batch, available, smaller, users)) {
        break;
      }
    }
    return fitting.isEmpty()
        ? "narrower layers or fewer items are needed, since no items-per-step and no batch-size fits"
        : "what would fit is " + String.join(" or ", fitting) + ", or narrower layers";
  }

  private static boolean addIfFitting(
      List<String> fitting, String what, long available, Settings settings, CsrMatrix users) {
    long total = of(settings, users).total();
    return total <= available && fitting.add(what + " (" + inWords(total) + ")");
  }

  private static String inWords(long bytes) {
    return bytes < 1_000_000_000
        ? (bytes + 999_999) / 1_000_000 + " MB"
        : String.format(ROOT, "%.1f GB", bytes / 1e9);
  }

  /** In words, to follow "needs". */
  @Override
  public String toString() {
    return inWords(total())
        + " of memory (weights "
        + inWords(weights)
        + ", Adam's moments "
        + inWords(moments)
        + ", a step "
        + inWords(step)
        + ")";
  }
}
