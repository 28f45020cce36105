package io.github.vaecf.core.model;

/**
 * How β, the weight of the KL term, rises from 0 to its cap, step by step (Liang et al. 2018,
 * section 2.2.2). The pace is given in one of two ways, and the other is 0:
 *
 * <ul>
 *   <li>{@code steps}: β grows by 1 / steps each step, as the published program counts it (0.2 with
 *       200,000 steps is reached at step 40,000);
 *   <li>{@code share}: the cap is reached after this share of all steps, whatever the size of the
 *       data.
 * </ul>
 *
 * @param cap largest β, at least 0
 * @param steps steps in which β would grow to 1, or 0 if a share is given
 * @param share share of all steps in (0, 1] after which the cap is reached, or 0 if steps are given
 */
record KlAnnealing(double cap, long steps, double share) {
  KlAnnealing {
    if ((steps == 0) == (share == 0)) {
      throw new IllegalArgumentException(
          "anneal-share: expected anneal-share or anneal-steps above 0, one of them, found "
              + share
              + " and "
              + steps);
    }
  }

  /**
   * β at a step.
   *
   * @param step number of steps already taken, at least 0
   * @param totalSteps number of steps that the training was planned with, at least 1
   * @return 0 … cap
   */
  double beta(long step, long totalSteps) {
    return steps > 0
        ? Math.min(cap, (double) step / steps)
        : cap * Math.min(1, step / (share * totalSteps));
  }
}
