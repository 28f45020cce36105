package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Splits at two moments that are the same for all users (a global timeline): what was before the
 * first is for training, what is between them for validation, and what is from the second on for
 * test. So a model is measured as it will be used, on what came after all that it has learned from
 * (Ji, Sun, Zhang, Li: "A Critical Study on Data Leakage in Recommender System Offline Evaluation",
 * TOIS 2023, section 5).
 *
 * <p>An item that a user has several times counts once, at the earliest of its times. Held out is
 * only what could be found: of users and of items that have something before the first moment; what
 * comes later of others is dropped, and the stages of the split tell how much.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class TemporalSplitter implements Splitter {
  /** Numbers below are no times since 1970 in any unit, but places in a log or numbers of days. */
  private static final long LEAST_TIME = 100_000_000L;

  private final InteractionFilter filter;
  private final Undersampling undersampling;
  private final Instant validationFrom; // null for the share
  private final Instant testFrom; // null for the share
  private final double validationShare;
  private final double testShare;

  private TemporalSplitter(Builder builder) {
    this.filter = builder.filter();
    this.undersampling = builder.undersampling();
    this.validationFrom = builder.validationFrom;
    this.testFrom = builder.testFrom;
    this.validationShare = builder.validationShare;
    this.testShare = builder.testShare;
  }

  /**
   * The settings, starting from those of {@link SplitterBuilder}, the last two tenths of the events
   * for test and the tenth before them for validation.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Divides a log.
   *
   * @param log the events, with times
   * @return the split; validation and test are over the training users
   * @throws DataException if the log has no times, or its times are no moments and the builder was
   *     given some, or nothing lies before the first of them
   */
  @Override
  public Split split(Interactions log) {
    if (log.size() > 0 && !log.hasTimes()) {
      throw new DataException(
          "the log cannot be split by time, because it has no times: tell the reader which column"
              + " holds them (--time-column)");
    }
    List<Split.Stage> stages = new ArrayList<>();
    Interactions kept = filter.apply(log, stages, RepeatedPairs::earliest);
    long[] sorted = times(kept);
    Arrays.sort(sorted);
    long testTime = testFrom == null ? last(sorted, testShare) : inUnitOf(sorted, testFrom);
    long validationTime =
        validationFrom != null
            ? inUnitOf(sorted, validationFrom)
            : last(sorted, validationShare + (testFrom == null ? testShare : shareFrom(sorted)));
    validationTime = Math.min(validationTime, testTime);
    if (validationTime <= sorted[0]) {
      throw new DataException(
          "nothing is left for training: no event is before the first that is held out; the log"
              + " goes from "
              + words(sorted, sorted[0])
              + " to "
              + words(sorted, sorted[sorted.length - 1])
              + (validationFrom == null
                  ? ", and hold out a smaller share (--validation-share, --test-share)"
                  : ", and hold out from a later date on (--validation-from, --test-from)"));
    }
    return divide(kept, validationTime, testTime, stages);
  }

  @Override
  public float leastValue() {
    return filter.leastValue();
  }

  private Split divide(
      Interactions kept, long validationTime, long testTime, List<Split.Stage> stages) {
    BitSet users = new BitSet();
    BitSet items = new BitSet();
    for (int event = 0; event < kept.size(); event++) {
      if (kept.time(event) < validationTime) {
        users.set(kept.user(event));
        items.set(kept.item(event));
      }
    }
    Interactions known =
        kept.select(event -> users.get(kept.user(event)) && items.get(kept.item(event)));
    if (known.size() < kept.size()) {
      InteractionFilter.note(stages, "users and items of the time to learn from", known);
    }
    byte[] parts = new byte[known.size()];
    for (int event = 0; event < known.size(); event++) {
      long time = known.time(event);
      parts[event] =
          time >= testTime
              ? WeakGeneralization.TEST
              : time >= validationTime ? WeakGeneralization.VALIDATION : WeakGeneralization.TRAIN;
    }
    return WeakGeneralization.split(known, parts, undersampling, stages);
  }

  private static long[] times(Interactions log) {
    long[] times = new long[log.size()];
    Arrays.setAll(times, log::time);
    return times;
  }

  /** The time from which on a share of the events lies, and all that happened at that time. */
  private static long last(long[] sorted, double share) {
    int held = (int) (share * sorted.length);
    return held == 0 ? Long.MAX_VALUE : sorted[sorted.length - held];
  }

  /** The share of the events from the given moment of the test on. */
  private double shareFrom(long[] sorted) {
    long from = inUnitOf(sorted, testFrom);
    return (double) Arrays.stream(sorted).filter(time -> time >= from).count() / sorted.length;
  }

  /** A moment as the log counts: what its numbers are in shows in how large they are. */
  private static long inUnitOf(long[] sorted, Instant moment) {
    long magnitude = Math.max(Math.abs(sorted[0]), Math.abs(sorted[sorted.length - 1]));
    if (magnitude < LEAST_TIME) {
      throw new DataException(
          "the log cannot be split at a date, because its times are no dates but numbers from "
              + sorted[0]
              + " to "
              + sorted[sorted.length - 1]
              + ": hold out shares of it (--validation-share, --test-share)");
    }
    TimeUnit unit = unit(magnitude);
    long seconds = unit.convert(moment.getEpochSecond(), TimeUnit.SECONDS);
    long fraction = unit.convert(moment.getNano(), TimeUnit.NANOSECONDS);
    // What the unit has no number for lies before the next one.
    return seconds + fraction + (unit.toNanos(fraction) < moment.getNano() ? 1 : 0);
  }

  private static TimeUnit unit(long magnitude) {
    if (magnitude < 100_000_000_000L) {
      return TimeUnit.SECONDS;
    }
    if (magnitude < 100_000_000_000_000L) {
      return TimeUnit.MILLISECONDS;
    }
    return magnitude < 100_000_000_000_000_000L ? TimeUnit.MICROSECONDS : TimeUnit.NANOSECONDS;
  }

  private static String words(long[] sorted, long time) {
    long magnitude = Math.max(Math.abs(sorted[0]), Math.abs(sorted[sorted.length - 1]));
    return magnitude < LEAST_TIME
        ? Long.toString(time)
        : Instant.ofEpochSecond(unit(magnitude).toSeconds(time)).toString();
  }

  /** Collects the settings of a splitter. Not safe for use by many threads. */
  public static final class Builder extends SplitterBuilder<Builder> {
    private Instant validationFrom;
    private Instant testFrom;
    private double validationShare = 0.1;
    private double testShare = 0.2;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * From when on events are for validation; in place of {@link #validationShare}.
     *
     * @param validationFrom a moment, before that of the test
     * @return this builder
     */
    public Builder validationFrom(Instant validationFrom) {
      this.validationFrom = validationFrom;
      return this;
    }

    /**
     * From when on events are for test; in place of {@link #testShare}.
     *
     * @param testFrom a moment
     * @return this builder
     */
    public Builder testFrom(Instant testFrom) {
      this.testFrom = testFrom;
      return this;
    }

    /**
     * Which share of the events is for validation: the last ones before those of the test.
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
     * Which share of the events is for test: the last ones.
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
     * @throws IllegalArgumentException if both shares together leave nothing for training, or the
     *     validation does not begin before the test
     */
    @Override
    public TemporalSplitter build() {
      if (testFrom == null && validationFrom == null) {
        requireShare(
            "the validation share and the test share together", validationShare + testShare);
      }
      if (testFrom != null && validationFrom != null && !validationFrom.isBefore(testFrom)) {
        throw new IllegalArgumentException(
            "the validation must begin before the test, found "
                + validationFrom
                + " and "
                + testFrom);
      }
      return new TemporalSplitter(this);
    }
  }
}
