package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What holds of every prepared folder without ids of users. */
class PreparedFolderPropertiesTest {
  private static final int ITEMS = 12;
  private static final List<String> FILES =
      List.of("train.csv", "validation_tr.csv", "validation_te.csv", "test_tr.csv", "test_te.csv");

  /** Pairs for each of the files: every user has two items in each file that it belongs to. */
  private static List<List<int[]>> pairs(Random random, boolean weak, int users) {
    List<List<int[]>> files = new ArrayList<>();
    FILES.forEach(file -> files.add(new ArrayList<>()));
    int training = weak ? users : Math.max(1, users / 2);
    int validation = weak ? users : training + (users - training) / 2;
    for (int user = 0; user < users; user++) {
      List<Integer> items = new ArrayList<>();
      for (int item = 0; item < ITEMS; item++) {
        items.add(item);
      }
      Collections.shuffle(items, random);
      for (int file = 0; file < files.size(); file++) {
        boolean mine =
            weak
                || (file == 0
                    ? user < training
                    : file < 3 ? user >= training && user < validation : user >= validation);
        for (int i = 0; mine && i < 2; i++) {
          files.get(file).add(new int[] {user, items.get(2 * file + i)});
        }
      }
    }
    files.forEach(file -> Collections.shuffle(file, random));
    return files;
  }

  private static Split read(List<List<int[]>> files, IntUnaryOperator number) throws IOException {
    Path folder = Files.createTempDirectory("prepared");
    try {
      for (int file = 0; file < FILES.size(); file++) {
        StringBuilder lines = new StringBuilder("uid,sid\n");
        for (int[] pair : files.get(file)) {
          lines.append(number.applyAsInt(pair[0])).append(',').append(pair[1]).append('\n');
        }
        Files.writeString(folder.resolve(FILES.get(file)), lines);
      }
      List<String> items = new ArrayList<>();
      for (int item = 0; item < ITEMS; item++) {
        items.add("i" + item);
      }
      Files.write(folder.resolve("unique_sid.txt"), items);
      Files.createDirectory(folder.resolve(".vaecf-cache")); // so that none is written
      return PreparedFolder.read(folder);
    } finally {
      try (Stream<Path> paths = Files.walk(folder)) {
        for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
          Files.delete(path);
        }
      }
    }
  }

  @Property(tries = 40)
  void gapsBetweenTheNumbersOfUsersChangeNothing(
      @ForAll long seed, @ForAll boolean weak, @ForAll @IntRange(min = 1, max = 12) int users)
      throws IOException {
    Random random = new Random(seed);
    List<List<int[]>> files = pairs(random, weak, users);
    int[] numbers = random.ints(0, Integer.MAX_VALUE).distinct().limit(users).sorted().toArray();
    Split without = read(files, user -> user);
    Split with = read(files, user -> numbers[user]);
    assertThat(with.train()).isEqualTo(without.train());
    assertThat(with.validation()).isEqualTo(without.validation());
    assertThat(with.test()).isEqualTo(without.test());
    for (int user = 0; user < users; user++) {
      assertThat(without.users().id(user)).isEqualTo(Integer.toString(user));
      assertThat(with.users().id(user)).isEqualTo(Integer.toString(numbers[user]));
    }
  }

  @Property(tries = 40)
  void theOrderOfTheLinesChangesNothing(
      @ForAll long seed, @ForAll boolean weak, @ForAll @IntRange(min = 1, max = 12) int users)
      throws IOException {
    Random random = new Random(seed);
    List<List<int[]>> files = pairs(random, weak, users);
    Split one = read(files, user -> user);
    files.forEach(file -> Collections.shuffle(file, random));
    assertThat(read(files, user -> user)).isEqualTo(one);
  }
}
