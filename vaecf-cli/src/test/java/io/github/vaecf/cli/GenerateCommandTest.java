package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
  @TempDir Path folder;

  @Test
  void aPreparedFolderIsMarkedAsSynthetic() {
    Path out = folder.resolve("data");
    Outcome outcome = Outcome.of("generate", "--shape", "300x100x4000", "--out", out);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.status()).isZero();
    assertThat(outcome.out()).contains("SYNTHETIC, seed 1", "for measuring speed only");
    assertThat(out.resolve("stages.tsv")).content().contains("SYNTHETIC, seed 1\t300\t100\t4000");
  }

  @Test
  void rawRatingsCanBePrepared() throws IOException {
    Path raw = folder.resolve("raw");
    Outcome made = Outcome.of("generate", "--shape", "300x100x4000", "--raw", "--out", raw);
    assertThat(made.out()).startsWith("Synthetic movielens data, 300x100x4000, seed 1: in ");
    assertThat(Files.readAllLines(raw.resolve("ratings.csv"))).hasSize(4001);
    Outcome prepared =
        Outcome.of(
            "prepare",
            "--format=movielens",
            "--input",
            raw,
            "--heldout-users=20",
            "--out",
            folder.resolve("data"));
    assertThat(prepared.err()).isEmpty();
    assertThat(prepared.status()).isZero();
  }

  @Test
  void aShapeThatIsNoneIsWrongUsage() {
    Outcome outcome = Outcome.of("generate", "--shape", "huge", "--out", folder.resolve("data"));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("found 'huge'");
  }
}
