package io.github.vaecf.eval;

import java.util.Arrays;

/**
 * How the recommendations are spread over the items: how often each item is among the best k of a
 * user that counts. Immutable and safe for use by many threads.
 */
public final class Exposure {
  private final int k;
  private final int[] counts;

  Exposure(int k, int[] counts) {
    this.k = k;
    this.counts = counts;
  }

  /**
   * How many of each user's best items are counted.
   *
   * @return at least 1
   */
  public int k() {
    return k;
  }

  /**
   * How often each item is recommended.
   *
   * @return a new array, a count for each item
   */
  public int[] counts() {
    return counts.clone();
  }

  /**
   * The share of the items that are recommended to anybody, in [0, 1].
   *
   * <p>Herlocker, Konstan, Terveen, Riedl: Evaluating collaborative filtering recommender systems,
   * ACM TOIS 22(1), 2004, section 4.3.1 (catalogue coverage).
   *
   * @return items recommended at least once, divided by all items
   */
  public double coverage() {
    int recommended = 0;
    for (int count : counts) {
      if (count > 0) {
        recommended++;
      }
    }
    return (double) recommended / counts.length;
  }

  /**
   * The Gini coefficient of the counts, from 0 (every item is recommended equally often) to (n − 1)
   * / n (one of n items gets all): with counts c₁ ≤ … ≤ cₙ, Σ (2i − n − 1) cᵢ / (n Σ cᵢ).
   *
   * <p>Gini: Variabilità e mutabilità, 1912; for recommendations Fleder, Hosanagar: Blockbuster
   * culture's next rise or fall, Management Science 55(5), 2009.
   *
   * @return the coefficient; 0 where nothing is recommended
   */
  public double gini() {
    int[] sorted = counts.clone();
    Arrays.sort(sorted);
    double weighted = 0;
    double sum = 0;
    for (int i = 0; i < sorted.length; i++) {
      weighted += (2.0 * (i + 1) - sorted.length - 1) * sorted[i];
      sum += sorted[i];
    }
    return sum == 0 ? 0 : weighted / (sorted.length * sum);
  }
}
