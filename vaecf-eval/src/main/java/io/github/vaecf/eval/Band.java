package io.github.vaecf.eval;

import io.github.vaecf.data.HeldOut;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A range of counts, both ends included: it groups users by how many fold-in items they have, and
 * items by how popular they are.
 *
 * @param low smallest count in the band, at least 0
 * @param high largest count in the band, at least low
 */
public record Band(int low, int high) {
  /**
   * Checks the ends.
   *
   * @param low smallest count in the band, at least 0
   * @param high largest count in the band, at least low
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public Band {
    if (low < 0 || high < low) {
      throw new IllegalArgumentException(
          "low must be at least 0 and high at least low, found " + low + " and " + high);
    }
  }

  /**
   * Whether a count lies in the band.
   *
   * @param count any number
   * @return whether low ≤ count ≤ high
   */
  public boolean contains(int count) {
    return low <= count && count <= high;
  }

  /**
   * Bands of the number of fold-in items, about equally many users in each. Users with the same
   * number are in the same band, so that there may be fewer bands.
   *
   * @param users users to measure on; those with nothing held out do not count
   * @param bands how many bands, at least 1
   * @return the bands, from the least active users to the most active; none if no user counts
   * @throws IllegalArgumentException if the number of bands is below 1
   */
  public static List<Band> ofActivity(HeldOut users, int bands) {
    int[] foldIn = new int[users.users()];
    int count = 0;
    for (int user = 0; user < users.users(); user++) {
      if (users.heldOut().rowSize(user) > 0) {
        foldIn[count++] = users.foldIn().rowSize(user);
      }
    }
    return divide(Arrays.copyOf(foldIn, count), bands);
  }

  /**
   * Bands of item popularity, about equally many held-out items in each, so that recall is measured
   * about equally well in all. Items with the same number of training users are in the same band,
   * so that there may be fewer bands.
   *
   * @param users users to measure on
   * @param popularity how many training users have each item
   * @param bands how many bands, at least 1
   * @return the bands, from the least popular items to the most popular; none if nothing is held
   *     out
   * @throws IllegalArgumentException if the number of bands is below 1
   */
  public static List<Band> ofPopularity(HeldOut users, Popularity popularity, int bands) {
    int[] counts = new int[Math.toIntExact(users.heldOut().entries())];
    int next = 0;
    for (int user = 0; user < users.users(); user++) {
      for (int item : users.heldOut().row(user)) {
        counts[next++] = popularity.count(item);
      }
    }
    return divide(counts, bands);
  }

  private static List<Band> divide(int[] counts, int bands) {
    if (bands < 1) {
      throw new IllegalArgumentException("bands must be at least 1, found " + bands);
    }
    Arrays.sort(counts);
    List<Band> result = new ArrayList<>();
    int from = 0;
    for (int band = 0; band < bands && from < counts.length; band++) {
      int end = Math.max(from + 1, (int) ((long) counts.length * (band + 1) / bands));
      while (end < counts.length && counts[end] == counts[end - 1]) {
        end++;
      }
      result.add(new Band(counts[from], counts[end - 1]));
      from = end;
    }
    return result;
  }

  /** The ends with a hyphen between; one number where they are the same. */
  @Override
  public String toString() {
    return low == high ? Integer.toString(low) : low + "-" + high;
  }
}
