package io.github.vaecf.core.training;

import io.github.vaecf.data.CsrMatrix;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The batches of a training, in order of its steps. The next one is built in another thread while
 * the caller works on the one it was given. The users of an epoch are a permutation that depends on
 * (seed, epoch) alone, so that any step's batch can be had without the ones before it.
 */
final class BatchSource implements AutoCloseable {
  private final CsrMatrix users;
  private final int batchSize;
  private final int itemsPerStep;
  private final long seed;
  private final long lastStep;
  private final int stepsPerEpoch;
  private final TrainingGroup group; // null where a batch is one process's
  private final ExecutorService builder =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "vaecf-batches");
            thread.setDaemon(true);
            return thread;
          });
  private long nextStep;
  private Future<Batch> next;

  // Used by the building thread only.
  private int orderedEpoch = -1;
  private int[] order;

  /**
   * The batches from a step on.
   *
   * @param itemsPerStep how many items each draws beside its own; 0 for all
   * @param group the processes of which each takes a part of each; null for one that takes all
   */
  BatchSource(
      CsrMatrix users,
      int batchSize,
      int itemsPerStep,
      long seed,
      long firstStep,
      long lastStep,
      TrainingGroup group) {
    this.users = users;
    this.batchSize = batchSize;
    this.itemsPerStep = itemsPerStep;
    this.seed = seed;
    this.lastStep = lastStep;
    this.group = group;
    this.stepsPerEpoch = stepsPerEpoch(users.rows(), batchSize);
    nextStep = firstStep;
    prepareNext();
  }

  static int stepsPerEpoch(int users, int batchSize) {
    return (users + batchSize - 1) / batchSize;
  }

  private void prepareNext() {
    if (nextStep < lastStep) {
      long step = nextStep;
      next = builder.submit(() -> build(step));
    } else {
      next = null;
    }
  }

  /** The next batch; the caller closes it. */
  Batch take() {
    Batch batch = get(next);
    nextStep++;
    prepareNext();
    return batch;
  }

  /** Waits, also in an interrupted thread: what is waited for takes less time than a step. */
  private static Batch get(Future<Batch> future) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a batch could not be built", e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Batch build(long step) {
    int epoch = (int) (step / stepsPerEpoch);
    if (epoch != orderedEpoch) {
      order = order(users.rows(), seed, epoch);
      orderedEpoch = epoch;
    }
    int from = (int) (step % stepsPerEpoch) * batchSize;
    int to = Math.min(from + batchSize, order.length);
    if (group != null) {
      int begin = from + group.begin(to - from);
      return Batch.partOf(users, order, from, to, begin, from + group.end(to - from));
    }
    return Batch.of(
        users, order, from, to, sample(users, order, from, to, itemsPerStep, seed, step));
  }

  /** The items of a step: a function of its users, the seed and its number; null for all. */
  static ItemSample sample(
      CsrMatrix users, int[] rows, int from, int to, int itemsPerStep, long seed, long step) {
    return itemsPerStep == 0
        ? null
        : ItemSample.draw(
            users, rows, from, to, itemsPerStep, Streams.seed(seed, Streams.ITEMS, step));
  }

  /** A uniform permutation of the users (Fisher and Yates; Durstenfeld 1964). */
  static int[] order(int users, long seed, int epoch) {
    int[] order = new int[users];
    SplittableRandom random = new SplittableRandom(Streams.seed(seed, Streams.SHUFFLE, epoch));
    for (int i = 0; i < users; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  @Override
  public void close() {
    builder.shutdown();
    if (next != null) {
      get(next).close();
    }
  }
}
