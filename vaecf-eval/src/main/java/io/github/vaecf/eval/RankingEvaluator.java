package io.github.vaecf.eval;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.eval.Evaluation.Exposure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures how well a model finds held-out items: it is given each user's fold-in items, ranks all
 * others, and every metric looks at that one ranking (Liang et al., WWW 2018, section 4.2).
 *
 * <p>Users are ranked in batches, and while the model works on a batch the metrics of the one
 * before are computed on all cores. Of a user never more than the best k items are in memory, k
 * being the largest that a metric asks for. Results do not depend on the number of threads.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class RankingEvaluator {
  /** Users that the model ranks in one call, as many as a training batch has. */
  private static final int BATCH = 500;

  /** Users that one task measures: small enough to share a batch out among many cores. */
  private static final int TASK = 50;

  private final List<RankingMetric> metrics;
  private final int k;

  private RankingEvaluator(List<RankingMetric> metrics) {
    this.metrics = metrics;
    int largest = 0;
    Set<String> names = new HashSet<>();
    for (RankingMetric metric : metrics) {
      largest = Math.max(largest, metric.k());
      if (!names.add(metric.name())) {
        throw new IllegalArgumentException("metric " + metric.name() + " is asked for twice");
      }
    }
    if (largest < 1) {
      throw new IllegalArgumentException("at least one metric is needed");
    }
    this.k = largest;
  }

  /**
   * An evaluator of some metrics.
   *
   * @param metrics what to measure, at least one, each once
   * @return the evaluator
   * @throws IllegalArgumentException if there is no metric, or two have one name
   */
  public static RankingEvaluator of(RankingMetric... metrics) {
    return new RankingEvaluator(List.of(metrics));
  }

  /**
   * An evaluator of some metrics.
   *
   * @param metrics what to measure, at least one, each once
   * @return the evaluator
   * @throws IllegalArgumentException if there is no metric, or two have one name
   */
  public static RankingEvaluator of(Collection<? extends RankingMetric> metrics) {
    return new RankingEvaluator(List.copyOf(metrics));
  }

  /**
   * Measures a model.
   *
   * @param model what to measure
   * @param users whom to measure it on
   * @return every metric's mean, standard error and values
   * @throws IllegalArgumentException if the model and the users are not over the same number of
   *     items
   * @throws DataException if no user has anything held out
   * @throws ArithmeticException if a score is not a number
   */
  public Evaluation evaluate(Recommender model, HeldOut users) {
    if (model.itemCount() != users.foldIn().columns()) {
      throw new IllegalArgumentException(
          "the model ranks "
              + model.itemCount()
              + " items, but the users to evaluate on are over "
              + users.foldIn().columns());
    }
    requireHeldOut(users);
    int depth = Math.min(k, model.itemCount());
    long start = System.nanoTime();
    long scoring = 0;
    LongAdder measuring = new LongAdder();
    double[][] values = new double[metrics.size()][users.users()];
    SortedMap<Integer, AtomicIntegerArray> exposures = new TreeMap<>();
    for (RankingMetric metric : metrics) {
      exposures.computeIfAbsent(metric.k(), cutoff -> new AtomicIntegerArray(model.itemCount()));
    }
    List<CompletableFuture<Void>> measured = new ArrayList<>();
    for (int from = 0; from < users.users(); from += BATCH) {
      int to = Math.min(users.users(), from + BATCH);
      long before = System.nanoTime();
      Rankings rankings = model.rank(users.foldIn(), from, to, depth);
      scoring += System.nanoTime() - before;
      // One batch is measured at a time: rankings do not pile up when measuring is the slower.
      measured.forEach(RankingEvaluator::join);
      measured.clear();
      for (int first = from; first < to; first += TASK) {
        int taskFrom = first;
        int taskTo = Math.min(to, first + TASK);
        int batchFrom = from;
        measured.add(
            CompletableFuture.runAsync(
                () -> {
                  long began = System.nanoTime();
                  measure(rankings, batchFrom, users, taskFrom, taskTo, values, exposures);
                  measuring.add(System.nanoTime() - began);
                }));
      }
    }
    measured.forEach(RankingEvaluator::join);

    Map<RankingMetric, double[]> byMetric = new LinkedHashMap<>();
    for (int m = 0; m < metrics.size(); m++) {
      byMetric.put(metrics.get(m), values[m]);
    }
    SortedMap<Integer, Exposure> exposureAt = new TreeMap<>();
    exposures.forEach(
        (cutoff, counts) -> {
          int[] plain = new int[counts.length()];
          Arrays.setAll(plain, counts::get);
          exposureAt.put(cutoff, new Exposure(cutoff, plain));
        });
    return new Evaluation(
        users,
        byMetric,
        exposureAt,
        seconds(System.nanoTime() - start),
        seconds(scoring),
        seconds(measuring.sum()));
  }

  /** Refuses users of whom nobody has anything to find. */
  static void requireHeldOut(HeldOut users) {
    if (users.isEmpty()) {
      throw new DataException(
          "none of the "
              + users.users()
              + " users has a held-out item: there is nothing to measure");
    }
  }

  /** Waits for a task and throws what it threw, message and all. */
  private static void join(CompletableFuture<Void> task) {
    try {
      task.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /**
   * Fills in the values of the users from one to another, which no other task touches, and counts.
   */
  private void measure(
      Rankings rankings,
      int batchFrom,
      HeldOut users,
      int from,
      int to,
      double[][] values,
      SortedMap<Integer, AtomicIntegerArray> exposures) {
    JudgedRanking ranking = new JudgedRanking(rankings.k());
    for (int user = from; user < to; user++) {
      boolean counts = users.heldOut().rowSize(user) > 0;
      if (counts) {
        ranking.judge(rankings, user - batchFrom, users.heldOut(), user);
        exposures.forEach((cutoff, exposure) -> count(ranking, cutoff, exposure));
      }
      for (int m = 0; m < values.length; m++) {
        values[m][user] = counts ? metrics.get(m).measure(ranking) : Double.NaN;
      }
    }
  }

  private static void count(JudgedRanking ranking, int cutoff, AtomicIntegerArray counts) {
    int end = Math.min(cutoff, ranking.length());
    for (int rank = 0; rank < end; rank++) {
      counts.getAndIncrement(ranking.item(rank));
    }
  }

  private static double seconds(long nanoseconds) {
    return nanoseconds / 1e9;
  }
}
