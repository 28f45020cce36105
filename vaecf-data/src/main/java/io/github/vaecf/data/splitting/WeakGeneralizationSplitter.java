package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.List;

/**
 * Weak generalization by shares: of every user's items a share, drawn at random, is held out for
 * test and another for validation; the model is trained on the rest of the same users (Marlin,
 * "Collaborative Filtering: A Machine Learning Perspective", 2004, section 3.3).
 *
 * <p>Random numbers are those of NumPy's legacy generator, users taken ascending by id. Immutable
 * and safe for use by many threads.
 */
public final class WeakGeneralizationSplitter implements Splitter {
  private final InteractionFilter filter;
  private final Undersampling undersampling;
  private final double validationShare;
  private final double testShare;
  private final long seed;

  private WeakGeneralizationSplitter(Builder builder) {
    this.filter = builder.filter();
    this.undersampling = builder.undersampling();
    this.validationShare = builder.validationShare;
    this.testShare = builder.testShare;
    this.seed = builder.seed();
  }

  /**
   * The settings, starting from those of {@link SplitterBuilder}, a tenth for validation and two
   * tenths for test.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Divides a log.
   *
   * @param log the events
   * @return the split; validation and test are over the training users
   * @throws DataException if no event is left after filtering
   */
  @Override
  public Split split(Interactions log) {
    List<Split.Stage> stages = new ArrayList<>();
    Interactions kept = filter.apply(log, stages);
    byte[] parts = new byte[kept.size()];
    WeakGeneralization.draw(kept, parts, validationShare, testShare, seed);
    return WeakGeneralization.split(kept, parts, undersampling, stages);
  }

  @Override
  public float leastValue() {
    return filter.leastValue();
  }

  @Override
  public boolean needsTimes() {
    return false;
  }

  /** Collects the settings of a splitter. Not safe for use by many threads. */
  public static final class Builder extends SplitterBuilder<Builder> {
    private double validationShare = 0.1;
    private double testShare = 0.2;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * Which share of a user's items is held out for validation, rounded down to whole items.
     *
     * @param validationShare at least 0, less than 1
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder validationShare(double validationShare) {
      this.validationShare = requireShare("the validation share", validationShare);
      return this;
    }

    /**
     * Which share of a user's items is held out for test, rounded down to whole items.
     *
     * @param testShare at least 0, less than 1
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder testShare(double testShare) {
      this.testShare = requireShare("the test share", testShare);
      return this;
    }

    /**
     * The splitter with these settings.
     *
     * @return the splitter
     * @throws IllegalArgumentException if both shares together leave nothing for training
     */
    @Override
    public WeakGeneralizationSplitter build() {
      requireShare("the validation share and the test share together", validationShare + testShare);
      return new WeakGeneralizationSplitter(this);
    }
  }
}
