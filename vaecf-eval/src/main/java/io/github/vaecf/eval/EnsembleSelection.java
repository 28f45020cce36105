package io.github.vaecf.eval;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import it.unimi.dsi.fastutil.ints.IntOpenHashSet;
import it.unimi.dsi.fastutil.ints.IntSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Chooses what a blend is made of: starts with the best model, adds again and again the one that
 * makes the sum of the standardised scores best, the same one more than once where that helps, and
 * keeps the state that was best of all. A model's weight is how often it was taken; most weak ones
 * never are.
 *
 * <p>Where there are few users that would fit the weights to their chances. So it is done for
 * several samples of the users, each of as many drawn with replacement, and the weights are the
 * means: with 1,000 users or fewer for twenty samples, with more for fewer, beyond 10,000 once, for
 * all users as they are. The samples are drawn with a fixed seed. Where a single model is better
 * for all of the users, it is taken instead.
 *
 * <p>Caruana, Niculescu-Mizil, Crew, Ksikes: Ensemble Selection from Libraries of Models, ICML
 * 2004, sections 2 and 2.1. They take the mean over samples as well, there of the models.
 *
 * <p>Of each user only the items are looked at that are among the best of one of the models, at
 * least three times as many of each as the metric looks at: of another item no blend makes one of
 * the best, or next to none. Takes 4 bytes for each user, model and such item. Uses all cores; the
 * outcome does not depend on their number.
 */
public final class EnsembleSelection {
  /**
   * Models taken, counted with their repetitions: weights are multiples of one over this at best.
   */
  private static final int ROUNDS = 40;

  /** Rounds without a better state after which there is going to be none. */
  private static final int PATIENCE = 10;

  private static final int MOST_SAMPLES = 20;

  /** Of the users of all samples together. */
  private static final int SAMPLED_USERS = 20_000;

  private static final long SEED = 98765;

  /** A member of less weight adds to the cost of an answer and not to its quality. */
  private static final double LEAST_WEIGHT = 0.02;

  private static final int DEPTH = 300;
  private static final int DEPTH_OF_K = 3;
  private static final int BATCH = 100;

  private final RankingMetric metric;
  private final List<Candidates> users;

  /**
   * The items of a user that may be ranked first.
   *
   * @param items indices, ascending
   * @param scores of each model the standardised scores of these items
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Candidates(int row, int[] items, float[][] scores) {}

  /**
   * What was chosen.
   *
   * @param weights a weight for each model, 0 where it was not taken; their sum is 1
   */
  public record Choice(List<Double> weights) {
    /**
     * Copies the weights.
     *
     * @param weights a weight for each model
     */
    public Choice {
      weights = List.copyOf(weights);
    }

    /**
     * The blend that was chosen, of the models that have a weight, the heaviest first.
     *
     * @param models those that were chosen from, in that order; they stay the caller's
     * @param users whom to measure it on; may be nobody, and then the blend has no validation
     * @param metric what is measured
     * @return the blend, to be closed; of one model a copy of that model
     */
    public TrainedModel blend(List<TrainedModel> models, HeldOut users, RankingMetric metric) {
      List<Integer> taken =
          IntStream.range(0, weights.size())
              .filter(model -> weights.get(model) > 0)
              .boxed()
              .sorted(Comparator.comparing(weights::get, Comparator.reverseOrder())) // stable
              .toList();
      RankingEvaluator evaluator = RankingEvaluator.of(metric);
      return TrainedModel.blend(
          taken.stream().map(models::get).toList(),
          taken.stream().map(weights::get).toList(),
          metric.name(),
          blend -> users.isEmpty() ? Double.NaN : evaluator.evaluate(blend, users).mean(metric));
    }
  }

  private EnsembleSelection(RankingMetric metric, List<Candidates> users) {
    this.metric = metric;
    this.users = users;
  }

  /**
   * Chooses the weights of a blend.
   *
   * @param models the models, at least one, over the same items
   * @param users whom to choose on; never those that the blend is reported on
   * @param metric what to make as large as possible
   * @return the choice
   * @throws DataException if no user has anything held out
   * @throws ArithmeticException if a score is not a number
   */
  public static Choice choose(List<TrainedModel> models, HeldOut users, RankingMetric metric) {
    Objects.requireNonNull(metric, "metric");
    if (models.isEmpty()) {
      throw new IllegalArgumentException("at least one model is needed to choose from");
    }
    RankingEvaluator.requireHeldOut(users);
    return new EnsembleSelection(metric, candidates(models, users, metric.k()))
        .choose(users, models.size());
  }

  private static List<Candidates> candidates(List<TrainedModel> models, HeldOut users, int k) {
    List<Candidates> all = new ArrayList<>();
    int depth = Math.max(DEPTH, DEPTH_OF_K * k);
    for (int from = 0; from < users.users(); from += BATCH) {
      int to = Math.min(users.users(), from + BATCH);
      List<IntSet> among = new ArrayList<>();
      for (int row = from; row < to; row++) {
        among.add(new IntOpenHashSet());
      }
      for (TrainedModel model : models) {
        Rankings best = model.rank(users.foldIn(), from, to, depth);
        for (int user = 0; user < best.users(); user++) {
          for (int rank = 0; rank < best.k() && best.item(user, rank) >= 0; rank++) {
            among.get(user).add(best.item(user, rank));
          }
        }
      }
      int first = all.size();
      for (int row = from; row < to; row++) {
        int[] items = among.get(row - from).toIntArray();
        Arrays.sort(items);
        all.add(new Candidates(row, items, new float[models.size()][items.length]));
      }
      for (int m = 0; m < models.size(); m++) {
        int model = m;
        float[] scores = models.get(m).scores(users.foldIn(), from, to);
        int width = users.foldIn().columns();
        IntStream.range(0, to - from)
            .parallel()
            .forEach(
                user -> standardise(scores, user * width, width, all.get(first + user), model));
      }
    }
    return all.stream().filter(user -> users.heldOut().rowSize(user.row()) > 0).toList();
  }

  /** As the blend does it; a row whose scores are all the same gives zeros. */
  private static void standardise(
      float[] scores, int start, int width, Candidates user, int model) {
    double sum = 0;
    for (int item = start; item < start + width; item++) {
      sum += scores[item];
    }
    double mean = sum / width;
    double squares = 0;
    for (int item = start; item < start + width; item++) {
      squares += (scores[item] - mean) * (scores[item] - mean);
    }
    double factor = squares == 0 ? 0 : Math.sqrt(width / squares);
    float[] target = user.scores()[model];
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) ((scores[start + user.items()[i]] - mean) * factor);
    }
  }

  private Choice choose(HeldOut heldOut, int models) {
    int samples = Math.max(1, Math.min(MOST_SAMPLES, SAMPLED_USERS / Math.max(1, users.size())));
    SplittableRandom random = new SplittableRandom(SEED);
    double[] weights = new double[models];
    Map<List<Integer>, double[]> known = new HashMap<>();
    for (int sample = 0; sample < samples; sample++) {
      int[] times = new int[users.size()];
      if (samples == 1) {
        Arrays.fill(times, 1);
      } else {
        for (int draw = 0; draw < times.length; draw++) {
          times[random.nextInt(times.length)]++;
        }
      }
      int[] taken = select(heldOut, models, times, known);
      int all = Arrays.stream(taken).sum();
      for (int model = 0; model < models && all > 0; model++) {
        weights[model] += taken[model] / (double) all;
      }
    }
    double sum = Arrays.stream(weights).sum();
    if (sum == 0) {
      throw new DataException(
          metric.name() + " has no value for any of these users: nothing can be chosen by it");
    }
    double least = Math.min(LEAST_WEIGHT * sum, Arrays.stream(weights).max().getAsDouble());
    double[] kept = Arrays.stream(weights).map(one -> one < least ? 0 : one).toArray();
    double rest = Arrays.stream(kept).sum();
    double[] mean = Arrays.stream(kept).map(one -> one / rest).toArray();
    return new Choice(Arrays.stream(unlessOneIsBetter(heldOut, mean)).boxed().toList());
  }

  /** The mean of what is best for samples need not be better than a single model for all users. */
  private double[] unlessOneIsBetter(HeldOut heldOut, double[] weights) {
    int[] once = new int[users.size()];
    Arrays.fill(once, 1);
    List<float[]> sums = noScores();
    double[] best = weights;
    double bestValue = Double.NEGATIVE_INFINITY;
    for (int model = 0; model < weights.length; model++) {
      double value = mean(values(heldOut, sums, model), once);
      if (value > bestValue) {
        best = new double[weights.length];
        best[model] = 1;
        bestValue = value;
      }
    }
    for (int model = 0; model < weights.length - 1; model++) {
      add(sums, model, (float) weights[model]);
    }
    int last = weights.length - 1;
    add(sums, last, (float) weights[last] - 1); // what is asked about counts once more
    return mean(values(heldOut, sums, last), once) >= bestValue ? weights : best;
  }

  private List<float[]> noScores() {
    List<float[]> sums = new ArrayList<>();
    for (Candidates user : users) {
      sums.add(new float[user.items().length]);
    }
    return sums;
  }

  /**
   * How often each model is taken for users that count some times each.
   *
   * @param known the users' values by how often each model is taken: samples come by the same ones
   */
  private int[] select(
      HeldOut heldOut, int models, int[] times, Map<List<Integer>, double[]> known) {
    List<float[]> sums = noScores();
    int[] taken = new int[models];
    int[] best = taken;
    double bestValue = Double.NEGATIVE_INFINITY;
    int roundOfBest = 0;
    for (int round = 0; round < ROUNDS && round - roundOfBest <= PATIENCE; round++) {
      int next = -1;
      double nextValue = Double.NEGATIVE_INFINITY;
      for (int model = 0; model < models; model++) {
        int added = model;
        taken[model]++;
        double[] values =
            known.computeIfAbsent(
                Arrays.stream(taken).boxed().toList(), unused -> values(heldOut, sums, added));
        taken[model]--;
        double value = mean(values, times);
        if (value > nextValue) {
          next = model;
          nextValue = value;
        }
      }
      if (next < 0) {
        break; // the metric has no value for anybody
      }
      taken[next]++;
      add(sums, next, 1);
      if (nextValue > bestValue) {
        best = taken.clone();
        bestValue = nextValue;
        roundOfBest = round;
      }
    }
    return best;
  }

  private void add(List<float[]> sums, int model, float weight) {
    for (int user = 0; user < users.size(); user++) {
      float[] sum = sums.get(user);
      float[] scores = users.get(user).scores()[model];
      for (int i = 0; i < sum.length; i++) {
        sum[i] += weight * scores[i];
      }
    }
  }

  /** Each user's value of the metric if one model more were taken. */
  private double[] values(HeldOut heldOut, List<float[]> sums, int model) {
    double[] values = new double[users.size()];
    IntStream.range(0, values.length)
        .parallel()
        .forEach(user -> values[user] = value(heldOut, users.get(user), sums.get(user), model));
    return values;
  }

  /** The mean over users that have a value and count some times each. */
  private static double mean(double[] values, int[] times) {
    double sum = 0;
    int count = 0;
    for (int user = 0; user < values.length; user++) {
      if (times[user] > 0 && !Double.isNaN(values[user])) {
        sum += times[user] * values[user];
        count += times[user];
      }
    }
    return count == 0 ? Double.NEGATIVE_INFINITY : sum / count;
  }

  private double value(HeldOut heldOut, Candidates user, float[] sums, int model) {
    float[] added = user.scores()[model];
    int[] order = new int[Math.min(metric.k(), sums.length)];
    float[] scores = new float[order.length];
    int length = 0;
    for (int i = 0; i < sums.length; i++) {
      float score = sums[i] + added[i];
      // Equal scores come in the order of the items, which are ascending.
      if (length == order.length && !(score > scores[length - 1])) {
        continue;
      }
      int place = length < order.length ? length++ : length - 1;
      while (place > 0 && scores[place - 1] < score) {
        scores[place] = scores[place - 1];
        order[place] = order[place - 1];
        place--;
      }
      scores[place] = score;
      order[place] = user.items()[i];
    }
    if (length == 0) {
      return Double.NaN;
    }
    JudgedRanking ranking = new JudgedRanking(length);
    ranking.judge(new Rankings(length, order, scores), 0, heldOut.heldOut(), user.row());
    return metric.measure(ranking);
  }
}
