package io.github.vaecf.core;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Made-up users with something to learn: items come in groups, and each user touches most items of
 * one group and a few others.
 */
public record Groups(int users, int groups, int itemsPerGroup, long seed) {
  public static Groups small() {
    return new Groups(200, 4, 10, 1);
  }

  public int items() {
    return groups * itemsPerGroup;
  }

  public IdIndex ids() {
    return Rows.ids(items());
  }

  public CsrMatrix matrix() {
    return CsrMatrix.of(
        users,
        items(),
        consumer -> {
          Random random = new Random(seed);
          for (int user = 0; user < users; user++) {
            for (int item = 0; item < items(); item++) {
              boolean own = item / itemsPerGroup == user % groups;
              if (random.nextDouble() < (own ? 0.7 : 0.05)) {
                consumer.accept(user, item);
              }
            }
          }
        });
  }

  /** A recommender's share of own-group items among the first five that it recommends. */
  public ToDoubleFunction<Recommender> hitRate() {
    CsrMatrix histories =
        CsrMatrix.of(
            groups,
            items(),
            consumer -> {
              for (int group = 0; group < groups; group++) {
                consumer.accept(group, group * itemsPerGroup);
                consumer.accept(group, group * itemsPerGroup + 1);
              }
            });
    return recommender -> {
      Rankings rankings = recommender.rank(histories, 0, groups, 5);
      double hits = 0;
      for (int group = 0; group < groups; group++) {
        for (int rank = 0; rank < 5; rank++) {
          hits += rankings.item(group, rank) / itemsPerGroup == group ? 1 : 0;
        }
      }
      return hits / (5 * groups);
    };
  }
}
