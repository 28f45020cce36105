package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An index finds what computing and sorting all scores finds, whatever the vectors. */
class ItemIndexTest {
  private static final int ITEMS = 3_000; // two whole blocks and a part of one
  private static final int USERS = 40;

  @TempDir private Path folder;

  /** Kinds of vectors. */
  enum Kind {
    /** No direction is better than another: nothing can be left out but by luck. */
    RANDOM(24),
    /** Most of it in a few directions, and lengths that differ much, as in models of real data. */
    SKEWED(63),
    /** Small whole numbers: many scores are equal, and some vectors are all zeros. */
    EQUAL_SCORES(7),
    /** One number. */
    NARROW(1);

    private final int width;

    Kind(int width) {
      this.width = width;
    }

    float[] vectors(int count, long seed) {
      Random random = new Random(seed);
      float[] vectors = new float[count * width];
      for (int i = 0; i < vectors.length; i++) {
        int entry = i % width;
        vectors[i] =
            switch (this) {
              case RANDOM, NARROW -> (float) random.nextGaussian();
              case SKEWED ->
                  (float)
                      (random.nextGaussian() * Math.exp(-entry / 12.0)
                          + (entry == 0 ? 3 * Math.abs(random.nextGaussian()) : 0));
              case EQUAL_SCORES -> random.nextInt(3) - 1;
            };
      }
      return vectors;
    }
  }

  private static ItemProducts products(Kind kind, float[] bias, float own) {
    return new ItemProducts(ITEMS, kind.vectors(ITEMS, 1), true, bias, own);
  }

  private ItemIndex index(ItemProducts products, float[] users) throws IOException {
    float[] reached = new float[users.length / products.width()];
    Path file = folder.resolve("items.index");
    for (int user = 0; user < reached.length; user++) {
      float[] scores = scores(products, users, user);
      Arrays.sort(scores);
      reached[user] = scores[ITEMS - 20];
    }
    ItemIndexFile.write(file, products, new ItemIndexFile.Users(users, reached));
    return ItemIndex.open(file, ITEMS);
  }

  private static float[] scores(ItemProducts products, float[] users, int user) {
    float[] scores = new float[ITEMS];
    float[] vector = new float[products.width()];
    for (int item = 0; item < ITEMS; item++) {
      products.copy(item, vector);
      double score = 0;
      for (int i = 0; i < vector.length; i++) {
        score += (double) users[user * vector.length + i] * vector[i];
      }
      scores[item] = (float) score;
    }
    return scores;
  }

  /** All scores, then the candidates, then the order. */
  private static int[] naive(float[] scores, BitSet candidates, int k) {
    return IntStream.range(0, ITEMS)
        .filter(candidates::get)
        .boxed()
        .sorted(Comparator.comparing((Integer item) -> -(scores[item] + 0f)))
        .limit(k)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  @ParameterizedTest
  @EnumSource
  void theBestOfWhateverIsAllowedAreThoseOfAllScores(Kind kind) throws IOException {
    ItemProducts products = products(kind, null, 0);
    float[] users = kind.vectors(USERS, 2);
    Arrays.fill(users, 0, kind.width, 0); // a user to whom all are equal
    ItemIndex index = index(products, users);
    Random random = new Random(3);
    CsrMatrix nothing = CsrMatrix.of(USERS, ITEMS, pairs -> {});
    for (int k : new int[] {1, 7, 100, 2_000}) {
      BitSet[] candidates = new BitSet[USERS];
      for (int user = 0; user < USERS; user++) {
        double share = Math.pow(random.nextDouble(), 3);
        candidates[user] = new BitSet();
        IntStream.range(0, ITEMS)
            .filter(item -> random.nextDouble() < share)
            .forEach(candidates[user]::set);
      }
      candidates[1].clear();
      candidates[2].set(0, ITEMS);
      int[] all = new int[USERS * k];
      float[] allScores = new float[USERS * k];
      Arrays.fill(all, -1);
      Rankings rankings = new Rankings(k, all, allScores);
      index.rank(users, USERS, nothing, 0, user -> candidates[user], rankings, 0);
      for (int user = 0; user < USERS; user++) {
        float[] scores = scores(products, users, user);
        int[] expected = naive(scores, candidates[user], k);
        int[] found = Arrays.copyOfRange(all, user * k, user * k + expected.length);
        if (kind == Kind.EQUAL_SCORES) {
          assertThat(found).isEqualTo(expected); // whole numbers: no rounding decides
        }
        for (int rank = 0; rank < expected.length; rank++) {
          assertThat(candidates[user].get(found[rank])).isTrue();
          assertThat(allScores[user * k + rank]).isCloseTo(scores[expected[rank]], within(1e-5f));
        }
        assertThat(Arrays.stream(found).distinct().count()).isEqualTo(expected.length);
        assertThat(Arrays.stream(all, user * k + expected.length, (user + 1) * k))
            .as("places for which nothing is left")
            .allMatch(item -> item == -1);
      }
    }
  }

  @Test
  void aBiasIsOneEntryMoreAndKernelsMayHaveItemsInColumns() throws IOException {
    Kind kind = Kind.SKEWED;
    float[] rows = kind.vectors(ITEMS, 1);
    float[] columns = new float[rows.length];
    for (int item = 0; item < ITEMS; item++) {
      for (int i = 0; i < kind.width; i++) {
        columns[i * ITEMS + item] = rows[item * kind.width + i];
      }
    }
    float[] bias = Kind.NARROW.vectors(ITEMS, 5);
    ItemProducts products = new ItemProducts(ITEMS, columns, false, bias, 0);
    assertThat(products.width()).isEqualTo(kind.width + 1); // an even number
    float[] vector = new float[products.width()];
    products.copy(1234, vector);
    assertThat(vector)
        .endsWith(bias[1234])
        .startsWith(Arrays.copyOfRange(rows, 1234 * 63, 1235 * 63));

    float[] users = new float[products.width()];
    System.arraycopy(kind.vectors(1, 2), 0, users, 0, kind.width);
    users[kind.width] = 1;
    int[] found = new int[50];
    BitSet all = new BitSet();
    all.set(0, ITEMS);
    index(products, users)
        .rank(
            users,
            1,
            CsrMatrix.of(1, ITEMS, pairs -> {}),
            0,
            user -> all,
            new Rankings(50, found, new float[50]),
            0);
    assertThat(found).isEqualTo(naive(scores(products, users, 0), all, 50));
  }

  @Test
  void scoresOfOwnItemsAreLessThanTheirProductsWhereTheModelSaysSo() throws IOException {
    ItemProducts products = products(Kind.SKEWED, null, 1);
    float[] users = Kind.SKEWED.vectors(1, 2);
    float[] scores = scores(products, users, 0);
    BitSet all = new BitSet();
    all.set(0, ITEMS);
    int best = naive(scores, all, 1)[0];
    scores[best] -= 1;
    float[] found = new float[30];
    int[] items = new int[30];
    index(products, users)
        .rank(
            users,
            1,
            CsrMatrix.of(1, ITEMS, pairs -> pairs.accept(0, best)),
            0,
            user -> all,
            new Rankings(30, items, found),
            0);
    assertThat(items).isEqualTo(naive(scores, all, 30));
    for (int rank = 0; rank < 30; rank++) {
      assertThat(found[rank]).isCloseTo(scores[items[rank]], within(1e-5f));
    }
  }

  @Test
  void aUserWhoseVectorIsNoNumberIsRefused() throws IOException {
    float[] users = Kind.NARROW.vectors(2, 2);
    ItemIndex index = index(products(Kind.NARROW, null, 0), users);
    assertThatThrownBy(
            () ->
                index.rank(
                    new float[] {Float.NaN},
                    1,
                    CsrMatrix.of(1, ITEMS, pairs -> {}),
                    0,
                    user -> new BitSet(),
                    new Rankings(1, new int[1], new float[1]),
                    0))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("not numbers");
  }

  @Test
  void whatIsNoIndexOfTheItemsIsRefusedByItsName() throws IOException {
    index(products(Kind.NARROW, null, 0), Kind.NARROW.vectors(2, 2));
    Path file = folder.resolve("items.index");
    byte[] whole = Files.readAllBytes(file);
    assertThatThrownBy(() -> ItemIndex.open(file, ITEMS + 1))
        .isInstanceOf(DataException.class)
        .hasMessage(
            file + ": expected an index of 3001 items, as there are ids, found one of 3000");
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThatThrownBy(() -> ItemIndex.open(file, ITEMS))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(file + ": expected " + whole.length + " bytes, found ");
    Files.write(file, Arrays.copyOf(whole, 20));
    assertThatThrownBy(() -> ItemIndex.open(file, ITEMS))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("not an index of items");
    whole[8] = 9;
    Files.write(file, whole);
    assertThatThrownBy(() -> ItemIndex.open(file, ITEMS))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected an index of version 1, found 9");
  }
}
