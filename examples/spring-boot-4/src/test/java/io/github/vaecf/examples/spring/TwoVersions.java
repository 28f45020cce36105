package io.github.vaecf.examples.spring;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Two models of the same forty items, trained in a moment and exported as versions 1 and 2: made
 * once for all tests, which must not change them.
 */
final class TwoVersions {
  private static final int USERS = 200;
  private static final int ITEMS = 40;
  private static final int GROUPS = 4;
  private static final int LIKED = 8;
  private static final Map<String, String> TITLES = Map.of("item 7", "Seven");

  /** What somebody touched; also what is asked for in all tests. */
  static final List<String> HISTORY = List.of("item 0", "item 4", "item 12");

  static final int K = 5;

  private final List<Recommendation> first;

  private final List<Recommendation> second;

  private static final Path FOLDER = Path.of("target/versions");
  private static TwoVersions made;

  private TwoVersions(List<Recommendation> first, List<Recommendation> second) {
    this.first = first;
    this.second = second;
  }

  static synchronized TwoVersions make() {
    if (made == null) {
      WholeFile.delete(FOLDER);
      made =
          new TwoVersions(
              export(
                  MultVae.published()
                      .with(MultVae.HIDDEN, List.of(16))
                      .with(MultVae.LATENT, 8)
                      .with(TrainingSettings.EPOCHS, 10)
                      .with(TrainingSettings.BATCH_SIZE, 50)
                      .with(TrainingSettings.LEARNING_RATE, 0.01),
                  FOLDER.resolve("model/1")),
              export(Settings.published(new ItemKnn()), FOLDER.resolve("later/2")));
    }
    return made;
  }

  private static List<Recommendation> export(Settings settings, Path version) {
    try (TrainedModel model =
        Trainer.builder().settings(settings).build().train(users(), items())) {
      SavedModelExporter.builder().titles(TITLES).export(model, version);
      return model.recommend(HISTORY, K);
    }
  }

  private static IdIndex items() {
    return IdIndex.of(IntStream.range(0, ITEMS).mapToObj(item -> "item " + item).toList());
  }

  /** Users who like most of all one of a few groups of items. */
  private static CsrMatrix users() {
    return CsrMatrix.of(
        USERS,
        ITEMS,
        pairs -> {
          Random random = new Random(1); // the same each time that the pairs are gone through
          for (int user = 0; user < USERS; user++) {
            for (int liked = 0; liked < LIKED; liked++) {
              int item = random.nextInt(ITEMS);
              pairs.accept(
                  user, random.nextInt(4) == 0 ? item : item / GROUPS * GROUPS + user % GROUPS);
            }
          }
        });
  }

  /** A base folder with version 1. */
  Path base() {
    return FOLDER.resolve("model");
  }

  /** What the first model itself recommends to somebody with the history. */
  List<Recommendation> first() {
    return first;
  }

  List<Recommendation> second() {
    return second;
  }

  /** Copies version 2 into a base folder, file by file, as a copy over a network brings them. */
  void bringSecondTo(Path base) throws IOException {
    copy(FOLDER.resolve("later"), base);
  }

  /** Copies what a folder has into another. */
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (!Files.isDirectory(target)) {
          Files.copy(file, target);
        }
      }
    }
  }
}
