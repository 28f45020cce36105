package io.github.vaecf.core;

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
public record KlAnnealing(double cap, long steps, double share) {
  /**
   * Checks that the pace is given in one way.
   *
   * @param cap largest β
   * @param steps steps in which β would grow to 1, or 0
   * @param share share of all steps after which the cap is reached, or 0
   * @throws IllegalArgumentException if a value is out of its range or both or neither of steps and
   *     share are given
   */
  public KlAnnealing {
    Require.that(cap >= 0 && Double.isFinite(cap), "β's cap", "at least 0 and finite", cap);
    Require.that(steps >= 0, "annealing steps", "at least 0", steps);
    Require.that(share >= 0 && share <= 1, "annealing share", "between 0 and 1", share);
    Require.that(
        (steps == 0) != (share == 0),
        "annealing",
        "given either in steps or as a share",
        steps + " steps and share " + share);
  }

  /**
   * The published annealing: cap 0.2, reached at step 40,000 of the 46,800 of the published run
   * (200 epochs of 234 steps), given as that share so that it fits data of any size.
   *
   * @return cap 0.2 after 40,000 / 46,800 of all steps
   */
  public static KlAnnealing paper() {
    return overShare(0.2, 40_000.0 / 46_800.0);
  }

  /**
   * β grows by 1 / steps each step until the cap.
   *
   * @param cap largest β, at least 0
   * @param steps steps in which β would grow to 1, at least 1
   * @return the annealing
   */
  public static KlAnnealing overSteps(double cap, long steps) {
    return new KlAnnealing(cap, steps, 0);
  }

  /**
   * β grows evenly and reaches the cap after a share of all steps.
   *
   * @param cap largest β, at least 0
   * @param share in (0, 1]
   * @return the annealing
   */
  public static KlAnnealing overShare(double cap, double share) {
    return new KlAnnealing(cap, 0, share);
  }

  /**
   * β at a step.
   *
   * @param step number of steps already taken, at least 0
   * @param totalSteps number of steps that the training was planned with, at least 1
   * @return 0 … cap
   */
  public double beta(long step, long totalSteps) {
    return steps > 0
        ? Math.min(cap, (double) step / steps)
        : cap * Math.min(1, step / (share * totalSteps));
  }
}
