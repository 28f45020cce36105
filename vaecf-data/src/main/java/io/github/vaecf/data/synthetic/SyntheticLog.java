package io.github.vaecf.data.synthetic;

import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Made-up ratings with exactly the users, items and events of a {@link Shape}, to measure speed on.
 * Popularity falls off as a power of the rank and activity is log-normal, as in real logs; every
 * user likes three of many groups of items, so that a model has something to learn. What is learned
 * says nothing about real data.
 *
 * <p>Each user has at least 5 items and no item twice. The same seed gives the same log on any
 * number of cores.
 */
public final class SyntheticLog {
  private static final double ACTIVITY_SPREAD = 1.1;
  private static final double POPULARITY_SHIFT = 15;
  private static final double POPULARITY_EXPONENT = 0.85;
  private static final double SHARE_OF_TASTE = 0.7;
  private static final int GROUPS_A_USER = 3;
  private static final int MOST_GROUPS = 100;
  private static final int LEAST_GROUP = 20;

  /** So many users of an item that some are left for training, whoever is held out. */
  private static final int LEAST_ITEM_USERS = 12;

  private static final long FIRST_SECOND = 789_652_004;
  private static final long SECONDS = 600_000_000;

  private SyntheticLog() {}

  /**
   * Makes a log, sorted by user. Ids are numbers; ratings are half stars from 0.5 to 5.
   *
   * @param shape how many users, items and events
   * @param seed where the random numbers start
   * @return ratings with times
   */
  public static Interactions generate(Shape shape, long seed) {
    int cover =
        Math.min(LEAST_ITEM_USERS, Math.min(shape.users(), shape.events() / 2 / shape.items()));
    int[] starts = starts(shape, cover, seed);
    int[] users = new int[shape.events()];
    int[] items = new int[shape.events()];
    float[] ratings = new float[shape.events()];
    long[] times = new long[shape.events()];
    int groups = Math.max(1, Math.min(MOST_GROUPS, shape.items() / LEAST_GROUP));
    double[] popularity = cumulatedPopularity(shape.items(), 1);
    double[] popularityInGroup = cumulatedPopularity(shape.items() / groups, groups);
    int block = 4096;
    IntStream.range(0, (shape.users() + block - 1) / block)
        .parallel()
        .forEach(
            part -> {
              BitSet taken = new BitSet(shape.items());
              int end = Math.min(shape.users(), (part + 1) * block);
              for (int user = part * block; user < end; user++) {
                SplittableRandom random = random(seed, user);
                int[] likes = {
                  random.nextInt(groups), random.nextInt(groups), random.nextInt(groups)
                };
                long time = FIRST_SECOND + random.nextLong(SECONDS);
                int at = starts[user];
                for (long pair = user; pair < (long) shape.items() * cover; pair += shape.users()) {
                  taken.set((int) (pair / cover));
                  items[at++] = (int) (pair / cover);
                }
                while (at < starts[user + 1]) {
                  int item;
                  if (random.nextDouble() < SHARE_OF_TASTE) {
                    int group = likes[random.nextInt(GROUPS_A_USER)];
                    item = group + groups * draw(popularityInGroup, random);
                  } else {
                    item = draw(popularity, random);
                  }
                  if (taken.get(item)) {
                    int free = taken.nextClearBit(item);
                    item = free < shape.items() ? free : taken.previousClearBit(item);
                  }
                  taken.set(item);
                  items[at++] = item;
                }
                shuffle(items, starts[user], at, random);
                for (int event = starts[user]; event < at; event++) {
                  taken.clear(items[event]);
                  users[event] = user;
                  int group = items[event] % groups;
                  boolean liked = group == likes[0] || group == likes[1] || group == likes[2];
                  double stars = (liked ? 3.9 : 3.1) + random.nextGaussian();
                  ratings[event] = (float) Math.max(1, Math.min(10, Math.round(2 * stars))) / 2;
                  time += random.nextInt(100_000);
                  times[event] = time;
                }
              }
            });
    return Interactions.of(
        numbers(shape.users()), shuffledNumbers(shape.items(), seed), users, items, ratings, times);
  }

  private static SplittableRandom random(long seed, long stream) {
    return new SplittableRandom(seed * 0x9e3779b97f4a7c15L + stream);
  }

  /** Where each user's events begin: log-normal counts, brought to the exact sum. */
  private static int[] starts(Shape shape, int cover, long seed) {
    int users = shape.users();
    int least =
        Math.max(
            Shape.LEAST_USER_ITEMS, (int) (((long) shape.items() * cover + users - 1) / users));
    int most = Math.max(least, shape.items() * 3 / 4);
    SplittableRandom random = random(seed, -1);
    double[] activity = new double[users];
    double sum = 0;
    for (int user = 0; user < users; user++) {
      activity[user] = Math.exp(ACTIVITY_SPREAD * random.nextGaussian());
      sum += activity[user];
    }
    int[] counts = new int[users];
    long total = 0;
    double scale = Math.max(0, shape.events() - (double) least * users) / sum;
    for (int user = 0; user < users; user++) {
      counts[user] = (int) Math.min(most, least + scale * activity[user]);
      total += counts[user];
    }
    for (int user = 0; total != shape.events(); user = (user + 1) % users) {
      if (total < shape.events() && counts[user] < most) {
        counts[user]++;
        total++;
      } else if (total > shape.events() && counts[user] > least) {
        counts[user]--;
        total--;
      }
    }
    int[] starts = new int[users + 1];
    for (int user = 0; user < users; user++) {
      starts[user + 1] = starts[user] + counts[user];
    }
    return starts;
  }

  /** The cumulated popularity of every step-th item. */
  private static double[] cumulatedPopularity(int items, int step) {
    double[] cumulated = new double[Math.max(1, items)];
    double sum = 0;
    for (int item = 0; item < cumulated.length; item++) {
      sum += Math.pow((double) item * step + POPULARITY_SHIFT, -POPULARITY_EXPONENT);
      cumulated[item] = sum;
    }
    return cumulated;
  }

  private static int draw(double[] cumulated, SplittableRandom random) {
    int at = Arrays.binarySearch(cumulated, random.nextDouble() * cumulated[cumulated.length - 1]);
    return Math.min(at >= 0 ? at : -at - 1, cumulated.length - 1);
  }

  private static void shuffle(int[] values, int from, int to, SplittableRandom random) {
    for (int at = to - 1; at > from; at--) {
      int other = from + random.nextInt(at - from + 1);
      int kept = values[at];
      values[at] = values[other];
      values[other] = kept;
    }
  }

  private static IdIndex numbers(int size) {
    List<String> ids = new ArrayList<>(size);
    for (int index = 1; index <= size; index++) {
      ids.add(Integer.toString(index));
    }
    return IdIndex.of(ids);
  }

  private static IdIndex shuffledNumbers(int size, long seed) {
    int[] numbers = new int[size];
    Arrays.setAll(numbers, index -> index + 1);
    shuffle(numbers, 0, size, random(seed, -2));
    List<String> ids = new ArrayList<>(size);
    for (int number : numbers) {
      ids.add(Integer.toString(number));
    }
    return IdIndex.of(ids);
  }
}
