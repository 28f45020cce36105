package io.github.vaecf.cli;

import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.synthetic.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Marks made-up data, so that nobody takes its numbers for those of real data: the first stage of a
 * split, a file beside raw data.
 */
final class Synthetic {
  private static final String MARK = "SYNTHETIC";
  private static final String FILE = MARK + ".txt";

  private Synthetic() {}

  /** The split with a first stage that says what it is, wherever its numbers are shown. */
  static Split marked(Split split, String what) {
    List<Split.Stage> stages = new ArrayList<>(split.stages());
    Split.Stage first = stages.get(0);
    stages.set(
        0, new Split.Stage(MARK + ", " + what, first.users(), first.items(), first.events()));
    return new Split(
        split.train(),
        split.validation(),
        split.test(),
        split.users(),
        split.items(),
        split.titles(),
        stages);
  }

  /** Whether a split is marked. */
  static boolean is(Split split) {
    return split.stages().stream().anyMatch(stage -> stage.name().startsWith(MARK));
  }

  /** Marks a folder of raw data. */
  static void mark(Path folder, Shape shape, long seed) {
    WholeFile.replace(
        folder.resolve(FILE),
        "Made up by vaecf generate: shape " + shape + ", seed " + seed + "\n");
  }

  /** Whether raw data is marked: a folder, or a file in one. */
  static boolean isRaw(Path input) {
    Path folder = Files.isDirectory(input) ? input : input.toAbsolutePath().getParent();
    return Files.exists(folder.resolve(FILE));
  }
}
