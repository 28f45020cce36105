package io.github.vaecf.data.splitting;

import io.github.vaecf.data.Interactions;
import java.util.Objects;

/**
 * Settings that all splitters of one log have: which events take part, and where random numbers
 * start. Starting from: every value passes, users with at least 5 items, any item, filtered once,
 * no undersampling, seed 98765. Not safe for use by many threads.
 *
 * @param <B> the builder of a splitter
 */
public abstract class SplitterBuilder<B extends SplitterBuilder<B>> {
  private double minRating = Double.NEGATIVE_INFINITY;
  private int minUserItems = 5;
  private int minItemUsers;
  private boolean untilStable;
  private Interactions.Duplicates repeated;
  private int mostUserItems = Integer.MAX_VALUE;
  private int popularItemUsers = Integer.MAX_VALUE;
  private double rateBeyond = 1;
  private long seed = 98765;

  SplitterBuilder() {}

  abstract B self();

  /**
   * The splitter with these settings.
   *
   * @return the splitter
   */
  public abstract Splitter build();

  InteractionFilter filter() {
    return new InteractionFilter(minRating, minUserItems, minItemUsers, untilStable, repeated);
  }

  Undersampling undersampling() {
    return new Undersampling(mostUserItems, popularItemUsers, rateBeyond, seed);
  }

  long seed() {
    return seed;
  }

  /**
   * The least value that counts as "liked": 4 for MovieLens and Netflix.
   *
   * @param minRating a number; events below it are dropped
   * @return this builder
   * @throws IllegalArgumentException if it is not a number
   */
  public B minRating(double minRating) {
    if (Double.isNaN(minRating)) {
      throw new IllegalArgumentException("the least rating must be a number, found NaN");
    }
    this.minRating = minRating;
    return self();
  }

  /**
   * Which value a pair of user and item has that comes several times in the log, before {@link
   * #minRating} looks at it: plays that are added up, or a rating that was changed. Without this
   * call, as in the published splits, one event with a high enough value is enough.
   *
   * @param rule the rule
   * @return this builder
   */
  public B repeated(Interactions.Duplicates rule) {
    this.repeated = Objects.requireNonNull(rule, "rule");
    return self();
  }

  /**
   * The least number of items a user must have.
   *
   * @param minUserItems at least 0
   * @return this builder
   * @throws IllegalArgumentException if it is negative
   */
  public B minUserItems(int minUserItems) {
    this.minUserItems = requireNotNegative("the least number of items a user", minUserItems);
    return self();
  }

  /**
   * The least number of users an item must have; looked at before the users.
   *
   * @param minItemUsers at least 0
   * @return this builder
   * @throws IllegalArgumentException if it is negative
   */
  public B minItemUsers(int minItemUsers) {
    this.minItemUsers = requireNotNegative("the least number of users an item", minItemUsers);
    return self();
  }

  /**
   * Whether items and users are filtered again and again until all that are left have enough. The
   * published splits filter once.
   *
   * @param untilStable whether to repeat
   * @return this builder
   */
  public B untilStable(boolean untilStable) {
    this.untilStable = untilStable;
    return self();
  }

  /**
   * Undersamples very active users: of a training user with more items, this many are kept, drawn
   * at random. What is held out stays as it is. Off without this call.
   *
   * @param mostUserItems at least 1
   * @return this builder
   * @throws IllegalArgumentException if it is less than 1
   */
  public B mostUserItems(int mostUserItems) {
    if (mostUserItems < 1) {
      throw new IllegalArgumentException(
          "the most items a user keeps must be at least 1, found " + mostUserItems);
    }
    this.mostUserItems = mostUserItems;
    return self();
  }

  /**
   * Undersamples very popular items: of an item's training users beyond a number, a share is kept,
   * rounded down and drawn at random; so that items stay in the order of their popularity. Comes
   * after {@link #mostUserItems}. What is held out stays as it is. Off without this call.
   *
   * @param users how many users any item keeps, at least 1
   * @param rateBeyond which share of the users beyond is kept, 0 … 1
   * @return this builder
   * @throws IllegalArgumentException if a number lies outside
   */
  public B popularItems(int users, double rateBeyond) {
    if (users < 1 || !(rateBeyond >= 0 && rateBeyond <= 1)) {
      throw new IllegalArgumentException(
          "an item must keep at least 1 user and a share of 0 to 1 beyond, found "
              + users
              + " and "
              + rateBeyond);
    }
    this.popularItemUsers = users;
    this.rateBeyond = rateBeyond;
    return self();
  }

  /**
   * Where the random numbers start.
   *
   * @param seed 0 … 2³² − 1, as NumPy takes it
   * @return this builder
   * @throws IllegalArgumentException if it lies outside
   */
  public B seed(long seed) {
    this.seed = requireSeed(seed);
    return self();
  }

  private static int requireNotNegative(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " must not be negative, found " + value);
    }
    return value;
  }

  /** A share that leaves something for training. */
  static double requireShare(String name, double share) {
    if (!(share >= 0 && share < 1)) {
      throw new IllegalArgumentException(
          name + " must be at least 0 and less than 1, found " + share);
    }
    return share;
  }

  /** A seed that NumPy takes. */
  static long requireSeed(long seed) {
    if (seed < 0 || seed > 0xffffffffL) {
      throw new IllegalArgumentException(
          "the seed must lie within 0 and 4294967295, found " + seed);
    }
    return seed;
  }
}
