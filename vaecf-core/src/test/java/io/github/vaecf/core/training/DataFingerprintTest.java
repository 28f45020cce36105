package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DataFingerprintTest {
  private static final IdIndex ITEMS = IdIndex.of(List.of("a", "b", "c"));

  @Test
  void matricesHaveOneFingerprintExactlyIfTheyAreEqual() {
    Random random = new Random(5);
    Map<CsrMatrix, DataFingerprint> found = new HashMap<>();
    for (int trial = 0; trial < 30_000; trial++) {
      CsrMatrix matrix = matrix(random.nextInt(4), random);

      DataFingerprint fingerprint = DataFingerprint.of(matrix, ITEMS);

      assertThat(found.getOrDefault(matrix, fingerprint)).isEqualTo(fingerprint);
      found.put(matrix, fingerprint);
    }
    assertThat(found).hasSize(1 + 8 + 8 * 8 + 8 * 8 * 8); // all matrices of 0 … 3 rows
    assertThat(found.values()).doesNotHaveDuplicates();
  }

  private static CsrMatrix matrix(int rows, Random random) {
    List<int[]> ones = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < 3; column++) {
        if (random.nextBoolean()) {
          ones.add(new int[] {row, column});
        }
      }
    }
    return CsrMatrix.of(rows, 3, to -> ones.forEach(one -> to.accept(one[0], one[1])));
  }

  @Test
  void otherItemsAreOtherData() {
    CsrMatrix nobody = CsrMatrix.of(1, 3, to -> {});

    assertThat(DataFingerprint.of(nobody, ITEMS))
        .isNotEqualTo(DataFingerprint.of(nobody, IdIndex.of(List.of("a", "c", "b"))));
  }
}
