package io.github.vaecf.data.splitting;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.PreparedFolder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the files that pandas and NumPy made of the same log, in golden/split. */
class PublishedSplitTest {
  @TempDir Path folder;

  static Path golden(String name) {
    try {
      return Path.of(PublishedSplitTest.class.getResource("/golden/split/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Split split() {
    Interactions log =
        DelimitedReader.builder()
            .userColumn("userId")
            .itemColumn("movieId")
            .valueColumn("rating")
            .timeColumn("timestamp")
            .build()
            .read(golden("ratings.csv"));
    return StrongGeneralizationSplitter.builder()
        .minRating(4)
        .minUserItems(5)
        .heldOutUsers(60)
        .build()
        .split(log);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train.csv",
        "validation_tr.csv",
        "validation_te.csv",
        "test_tr.csv",
        "test_te.csv",
        "unique_sid.txt",
        "unique_uid.txt"
      })
  void everyFileIsThatOfThePublishedProgramByteForByte(String name) {
    Path out = folder.resolve("prepared");
    PreparedFolder.write(split(), out);
    assertThat(out.resolve(name)).hasSameBinaryContentAs(golden(name));
  }

  @Test
  void theSplitSaysWhatEachStageLeft() {
    assertThat(split().stages())
        .extracting(Split.Stage::name)
        .containsExactly(
            "read", "value at least 4", "users with at least 5 items", "items of training users");
    assertThat(split().stages().get(0).events()).isEqualTo(9160);
  }
}
