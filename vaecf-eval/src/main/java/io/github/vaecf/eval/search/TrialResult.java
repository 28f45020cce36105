package io.github.vaecf.eval.search;

import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a trial came to.
 *
 * @param trial the trial
 * @param end why it ended
 * @param message what the training said when it diverged; else empty
 * @param curve what its epochs came to; none if it diverged before the first ended
 * @param run its run folder
 */
public record TrialResult(Trial trial, End end, String message, TrainingCurve curve, Path run) {
  /** Why a trial ended. */
  public enum End {
    /** All its epochs were trained, or it stopped early by its own settings. */
    DONE,
    /** It was worse than half of the trials before it. */
    PRUNED,
    /** Its loss was no longer a number. */
    DIVERGED;

    /**
     * The end for tables.
     *
     * @return in lower case
     */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The best validation of its epochs.
   *
   * @return a number to compare trials by; NaN if no epoch ended or nothing was validated
   */
  public double validation() {
    return curve.epochs().isEmpty() ? Double.NaN : curve.best().validation();
  }

  /**
   * The epoch of the best validation, whose weights were kept.
   *
   * @return from 1; 0 if no epoch ended
   */
  public int epoch() {
    return curve.epochs().isEmpty() ? 0 : curve.best().number();
  }

  /**
   * The model with the weights of the best epoch.
   *
   * @return the model, to be closed
   * @throws DataException if no epoch ended
   */
  public TrainedModel model() {
    return TrainedModel.load(run);
  }
}
