package io.github.vaecf.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class SignedRanksTest {
  @Test
  void probabilitiesAreThoseOfAnotherProgramForTiesZerosAndFewUsers() throws IOException {
    JsonNode cases;
    try (InputStream golden = getClass().getResourceAsStream("/golden/wilcoxon.json")) {
      cases = new ObjectMapper().readTree(golden).get("cases");
    }
    assertThat(cases).hasSizeGreaterThan(10);
    for (JsonNode one : cases) {
      double[] differences =
          StreamSupport.stream(one.get("differences").spliterator(), false)
              .mapToDouble(JsonNode::asDouble)
              .toArray();

      assertThat(SignedRanks.of(differences).probability())
          .as("%s", one)
          .isCloseTo(one.get("p").asDouble(), within(1e-12));
    }
  }

  @Test
  void ofFewUsersEveryAssignmentOfSignsIsCounted() {
    Random random = new Random(5);
    for (int trial = 0; trial < 200; trial++) {
      double[] differences = new double[1 + random.nextInt(10)];
      for (int i = 0; i < differences.length; i++) {
        differences[i] = random.nextInt(7) - 3;
      }
      SignedRanks observed = SignedRanks.of(differences);
      int used = observed.ranks().length;
      double mean = used * (used + 1) / 4.0;
      int atLeastAsFar = 0;
      for (int signs = 0; signs < 1 << used; signs++) {
        double positive = 0;
        for (int i = 0; i < used; i++) {
          positive += (signs >> i & 1) == 1 ? observed.ranks()[i] : 0;
        }
        if (Math.abs(positive - mean) >= Math.abs(observed.positive() - mean)) {
          atLeastAsFar++;
        }
      }

      assertThat(observed.probability())
          .isCloseTo(atLeastAsFar / (double) (1 << used), within(1e-12));
    }
  }

  @Test
  void theOrderOfTheUsersAndOfTheModelsDoesNotMatter() {
    double[] differences = {0.1, -0.2, 0.2, 0, 0.5, 0.5, -0.5, 0.7, 1, 1, 1, 1, 0.3, 0.9, -0.4};
    double[] reversed = new double[differences.length];
    for (int i = 0; i < reversed.length; i++) {
      reversed[i] = -differences[reversed.length - 1 - i];
    }

    assertThat(SignedRanks.of(reversed).probability())
        .isCloseTo(SignedRanks.of(differences).probability(), within(1e-12));
  }
}
