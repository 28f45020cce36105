package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

class MarginalRelevanceTest {
  private static float[][] cosines(int size, Random random) {
    float[][] cosines = new float[size][size];
    for (int a = 0; a < size; a++) {
      for (int b = 0; b < size; b++) {
        cosines[a][b] = a == b ? 1 : a > b ? cosines[b][a] : random.nextInt(9) / 4f - 1;
      }
    }
    return cosines;
  }

  private static float[] scores(int size, Random random) {
    float[] ascending = new float[size];
    for (int i = 0; i < size; i++) {
      ascending[i] = random.nextInt(7) - 3;
    }
    Arrays.sort(ascending);
    float[] scores = new float[size];
    for (int i = 0; i < size; i++) {
      scores[i] = ascending[size - 1 - i];
    }
    return scores;
  }

  /** The definition, word by word. */
  private static double marginal(
      float[] scores, double lambda, float[][] cosines, List<Integer> before, int place) {
    double lowest = scores[scores.length - 1];
    double relevance = scores[0] == lowest ? 1 : (scores[place] - lowest) / (scores[0] - lowest);
    double nearest = before.stream().mapToDouble(other -> cosines[other][place]).max().orElse(0);
    return lambda * relevance - (1 - lambda) * nearest;
  }

  @Property(tries = 200)
  void eachItemIsTheOneWithTheLargestMarginalRelevance(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 25) int size,
      @ForAll @DoubleRange(min = 0, max = 1) double lambda) {
    Random random = new Random(seed);
    float[] scores = scores(size, random);
    float[][] cosines = cosines(size, random);
    int[] order = MarginalRelevance.order(scores, lambda, size, place -> cosines[place]);
    assertThat(order).doesNotHaveDuplicates().hasSize(size);
    List<Integer> before = new ArrayList<>();
    for (int place : order) {
      double here = marginal(scores, lambda, cosines, before, place);
      for (int other = 0; other < size; other++) {
        if (!before.contains(other)) {
          double there = marginal(scores, lambda, cosines, before, other);
          assertThat(there < here || (there == here && other >= place)).isTrue();
        }
      }
      before.add(place);
    }
    int some = random.nextInt(size + 1);
    assertThat(MarginalRelevance.order(scores, lambda, some, place -> cosines[place]))
        .isEqualTo(Arrays.copyOf(order, some));
  }

  @Property(tries = 50)
  void withoutAnyWeightOnDiversityTheOrderStays(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 25) int size) {
    Random random = new Random(seed);
    float[][] cosines = cosines(size, random);
    int[] order = MarginalRelevance.order(scores(size, random), 1, size, place -> cosines[place]);
    assertThat(order).isSorted().hasSize(size);
  }
}
