package io.github.vaecf.cli;

import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.ItemTitles;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The bundled sample: which binary packages each Debian 12 source package depends on. Sources stand
 * for users, packages for items.
 */
final class Sample {
  private static final String PAIRS = "dependencies.tsv.gz";
  private static final String PACKAGES = "packages.tsv.gz";

  private Sample() {}

  /** Unpacks the sample's files into a folder and reads them. */
  static Interactions unpackInto(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String file : new String[] {PAIRS, PACKAGES, "README.md"}) {
      try (InputStream in = Sample.class.getResourceAsStream("debian-dependencies/" + file)) {
        Files.copy(in, folder.resolve(file));
      }
    }
    return DelimitedReader.builder()
        .separator("\t")
        .userColumn("source")
        .itemColumn("dependency")
        .build()
        .read(folder.resolve(PAIRS))
        .withTitles(ItemTitles.read(folder.resolve(PACKAGES), "\t", "package", "description"));
  }

  /** The sample's split: 5/5 until stable, 1,500 sources each for validation and test. */
  static Split split(Interactions log) {
    return StrongGeneralizationSplitter.builder()
        .minUserItems(5)
        .minItemUsers(5)
        .untilStable(true)
        .heldOutUsers(1500)
        .build()
        .split(log);
  }
}
