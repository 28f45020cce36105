package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class BatchSourceTest {
  @Property
  void anEpochsOrderIsAPermutationThatDependsOnSeedAndEpoch(
      @ForAll @IntRange(min = 0, max = 300) int users,
      @ForAll @LongRange(min = -5, max = 5) long seed,
      @ForAll @IntRange(min = 0, max = 50) int epoch) {
    int[] order = BatchSource.order(users, seed, epoch);
    assertThat(order).isEqualTo(BatchSource.order(users, seed, epoch));
    if (users > 20) {
      assertThat(order).isNotEqualTo(BatchSource.order(users, seed, epoch + 1));
      assertThat(order).isNotEqualTo(BatchSource.order(users, seed + 1, epoch));
    }
    Arrays.sort(order);
    for (int user = 0; user < users; user++) {
      assertThat(order[user]).isEqualTo(user);
    }
  }
}
