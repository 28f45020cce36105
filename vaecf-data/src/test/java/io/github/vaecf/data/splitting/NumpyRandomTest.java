package io.github.vaecf.data.splitting;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Against draws of NumPy itself, in golden/split/mt19937.json. */
class NumpyRandomTest {
  @Test
  void permutationOfTheMovieLensUsersIsThatOfNumpy() throws IOException {
    assertThat(Arrays.copyOf(new NumpyRandom(98765).permutation(136677), 20))
        .containsExactly(golden("permutation_136677_first"));
  }

  @Test
  void permutationOfTheNetflixUsersIsThatOfNumpy() throws IOException {
    int[] permutation = new NumpyRandom(98765).permutation(463435);
    assertThat(Arrays.copyOfRange(permutation, 463415, 463435))
        .containsExactly(golden("permutation_463435_last"));
  }

  @Test
  void choiceWithoutReplacementIsTheBeginningOfAPermutation() throws IOException {
    assertThat(Arrays.copyOf(new NumpyRandom(98765).permutation(200), 25))
        .containsExactly(golden("choice_25_of_200"));
  }

  @Test
  void seedZeroIsThatOfNumpy() throws IOException {
    assertThat(new NumpyRandom(0).permutation(10)).containsExactly(golden("permutation_10_seed_0"));
  }

  @Test
  void theLargestSeedIsThatOfNumpy() throws IOException {
    assertThat(Arrays.copyOf(new NumpyRandom(4294967295L).permutation(1000), 20))
        .containsExactly(golden("permutation_1000_seed_4294967295_first"));
  }

  @Test
  void permutationsOfNothingAndOfOneDrawNothing() {
    NumpyRandom random = new NumpyRandom(1);
    assertThat(random.permutation(0)).isEmpty();
    assertThat(random.permutation(1)).containsExactly(0);
    assertThat(random.nextInt()).isEqualTo(new NumpyRandom(1).nextInt());
  }

  private static int[] golden(String name) throws IOException {
    try (InputStream in = NumpyRandomTest.class.getResourceAsStream("/golden/split/mt19937.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Matcher array = Pattern.compile("\"" + name + "\": \\[([^]]*)]").matcher(json);
      assertThat(array.find()).as(name).isTrue();
      return Arrays.stream(array.group(1).trim().split("\\s*,\\s*"))
          .mapToInt(Integer::parseInt)
          .toArray();
    }
  }
}
