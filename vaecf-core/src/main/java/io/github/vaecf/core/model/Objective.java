package io.github.vaecf.core.model;

import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * What a training step minimises: reconstruction + weight · regulariser + λ Σ‖W‖².
 *
 * @param scores users × items, as {@link Layers#items} or {@link Layers#lowRankSum} gave it
 * @param reconstruction how far the scores are from the users' rows
 * @param regulariser a number, usually a divergence averaged over the users; null for none
 * @param weight the regulariser's weight, usually called β
 * @param l2 the factor λ ≥ 0 of the squared weights of all kernels; biases are not penalised
 */
public record Objective(
    Operand<TFloat32> scores,
    Reconstruction reconstruction,
    Operand<TFloat32> regulariser,
    StepNumber weight,
    double l2) {
  /** How far scores are from a user's binary row x, averaged over the users. */
  public enum Reconstruction {
    /** −Σ x · log softmax(scores) (Liang et al. 2018, equation 2). */
    MULTINOMIAL,
    /** Σ (scores − x)², over all items. */
    SQUARED,
    /**
     * ‖scores / ‖scores‖ − x / ‖x‖‖², over all items, which is twice what the cosine between them
     * has below 1; 0 for an empty row (Vančura et al. 2022). For the scores of {@link
     * Layers#lowRankSum}.
     */
    COSINE
  }

  /** A number that may change from step to step. */
  @FunctionalInterface
  public interface StepNumber {
    /**
     * The number at a step.
     *
     * @param step where the training stands
     * @return the number
     */
    double at(Step step);
  }

  /**
   * Where a training stands.
   *
   * @param number steps already taken, 0 … total − 1
   * @param total steps that the training was planned with, at least 1
   * @param epoch the epoch that the step belongs to, from 0
   */
  public record Step(long number, long total, int epoch) {}

  /**
   * Checks that there is what is needed.
   *
   * @param scores users × items
   * @param reconstruction how far the scores are from the users' rows
   * @param regulariser a number; null for none
   * @param weight the regulariser's weight
   * @param l2 the factor of the squared weights
   */
  public Objective {
    Objects.requireNonNull(scores, "scores");
    Objects.requireNonNull(reconstruction, "reconstruction");
    Objects.requireNonNull(weight, "weight");
  }

  /**
   * The multinomial likelihood alone.
   *
   * @param scores users × items, as {@link Layers#items} gave it
   * @return the objective
   */
  public static Objective multinomial(Operand<TFloat32> scores) {
    return new Objective(scores, Reconstruction.MULTINOMIAL, null, step -> 0, 0);
  }

  /**
   * The squared error alone.
   *
   * @param scores users × items, as {@link Layers#items} gave it
   * @return the objective
   */
  public static Objective squared(Operand<TFloat32> scores) {
    return new Objective(scores, Reconstruction.SQUARED, null, step -> 0, 0);
  }

  /**
   * The distance from the rows at unit length alone.
   *
   * @param scores users × items, as {@link Layers#lowRankSum} gave it
   * @return the objective
   */
  public static Objective cosine(Operand<TFloat32> scores) {
    return new Objective(scores, Reconstruction.COSINE, null, step -> 0, 0);
  }

  /**
   * This and a regulariser.
   *
   * @param term a number, differentiable in the weights
   * @param factor its weight
   * @return a new objective
   */
  public Objective plus(Operand<TFloat32> term, StepNumber factor) {
    return new Objective(scores, reconstruction, term, factor, l2);
  }

  /**
   * This and a penalty on the squared weights of all kernels.
   *
   * @param lambda its factor, at least 0
   * @return a new objective
   */
  public Objective penalised(double lambda) {
    return new Objective(scores, reconstruction, regulariser, weight, lambda);
  }
}
