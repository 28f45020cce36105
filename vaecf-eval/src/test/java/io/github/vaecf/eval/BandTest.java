package io.github.vaecf.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.core.Rows;
import io.github.vaecf.data.HeldOut;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BandTest {
  /** Users of random histories; about every third has nothing held out. */
  private static HeldOut users(int count, Random random) {
    int[][] foldIn = new int[count][];
    int[][] heldOut = new int[count][];
    for (int user = 0; user < count; user++) {
      foldIn[user] = random.ints(0, 20).distinct().limit(random.nextInt(12)).sorted().toArray();
      heldOut[user] = random.ints(0, 20).distinct().limit(random.nextInt(3)).sorted().toArray();
    }
    return new HeldOut(Rows.of(20, foldIn), Rows.of(20, heldOut), 0);
  }

  @Property(tries = 300)
  void bandsFollowOneAnotherAndEachCountThatOccursIsInExactlyOne(
      @ForAll @IntRange(min = 1, max = 80) int count,
      @ForAll @IntRange(min = 1, max = 9) int asked,
      @ForAll long seed) {
    Random random = new Random(seed);
    HeldOut users = users(count, random);
    Popularity popularity = Popularity.of(users(count, random).foldIn());

    List<Band> activity = Band.ofActivity(users, asked);
    List<Band> popular = Band.ofPopularity(users, popularity, asked);

    requireApart(activity, asked);
    requireApart(popular, asked);
    for (int user = 0; user < count; user++) {
      int foldIn = users.foldIn().rowSize(user);
      if (users.heldOut().rowSize(user) > 0) {
        assertThat(activity).filteredOn(band -> band.contains(foldIn)).hasSize(1);
      }
      for (int item : users.heldOut().row(user)) {
        assertThat(popular).filteredOn(band -> band.contains(popularity.count(item))).hasSize(1);
      }
    }
  }

  private static void requireApart(List<Band> bands, int asked) {
    assertThat(bands).hasSizeLessThanOrEqualTo(asked);
    for (int i = 1; i < bands.size(); i++) {
      assertThat(bands.get(i).low()).isGreaterThan(bands.get(i - 1).high());
    }
  }

  @Test
  void countsThatAllDifferMakeEqualBands() {
    int[][] foldIn = new int[9][];
    int[][] heldOut = new int[9][];
    for (int user = 0; user < 9; user++) {
      foldIn[user] = IntStream.range(0, user).toArray();
      heldOut[user] = new int[] {19};
    }
    HeldOut users = new HeldOut(Rows.of(20, foldIn), Rows.of(20, heldOut), 0);

    assertThat(Band.ofActivity(users, 3))
        .containsExactly(new Band(0, 2), new Band(3, 5), new Band(6, 8));
    assertThat(Band.ofPopularity(users, Popularity.of(users.heldOut()), 3))
        .containsExactly(new Band(9, 9));
  }

  @Test
  void itsNameIsItsEnds() {
    assertThat(new Band(3, 7)).hasToString("3-7");
    assertThat(new Band(3, 3)).hasToString("3");
  }

  @Test
  void badEndsAndNumbersAreRefused() {
    HeldOut nobody = new HeldOut(Rows.of(2, new int[0][]), Rows.of(2, new int[0][]), 0);

    assertThat(Band.ofActivity(nobody, 2)).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Band(3, 2))
        .withMessage("low must be at least 0 and high at least low, found 3 and 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Band.ofActivity(nobody, 0))
        .withMessage("bands must be at least 1, found 0");
  }
}
