package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishCommandTest {
  @TempDir Path folder;

  private Path fitted(Path data, String model, String name) {
    Path run = folder.resolve(name);
    Outcome outcome = Outcome.of("train", "--data", data, "--model", model, "--out", run);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    return run;
  }

  private Path data(String shape, String name) {
    Path data = folder.resolve(name);
    Outcome.of("generate", "--shape", shape, "--heldout-users=60", "--out", data);
    return data;
  }

  @Test
  void aRunIsTheNextVersionUnlessItIsSignificantlyWorse() throws IOException {
    Path data = data("400x300x12000", "data");
    Path ease = fitted(data, "ease", "ease");
    Path popular = fitted(data, "popular", "popular");
    Path base = folder.resolve("models/films");
    Path json = folder.resolve("result.json");

    Outcome first = Outcome.of("publish", "--data", data, "--run", popular, "--base", base);
    assertThat(first.status()).as(first.err()).isZero();
    assertThat(first.out()).contains("no version in service yet", "Exported to");
    assertThat(base.resolve("1")).isDirectory();

    Outcome better =
        Outcome.of("publish", "--data", data, "--run", ease, "--base", base, "--json", json);
    assertThat(better.status()).as(better.err()).isZero();
    assertThat(base.resolve("2")).isDirectory();
    JsonNode result = new ObjectMapper().readTree(json.toFile());
    assertThat(result.path("exported").booleanValue()).isTrue();
    assertThat(result.path("ndcg@100").path("difference").doubleValue()).isPositive();

    Outcome worse =
        Outcome.of("publish", "--data", data, "--run", popular, "--base", base, "--json", json);
    assertThat(worse.status()).isEqualTo(3);
    assertThat(worse.out()).contains("Not exported: it is significantly worse");
    assertThat(base.resolve("3")).doesNotExist();
    result = new ObjectMapper().readTree(json.toFile());
    assertThat(result.path("exported").booleanValue()).isFalse();
    assertThat(result.path("ndcg@100").path("p_t_test").doubleValue()).isLessThan(0.05);

    Outcome noTest =
        Outcome.of("publish", "--data", data, "--run", popular, "--base", base, "--significance=0");
    assertThat(noTest.status()).as(noTest.err()).isZero();
    assertThat(base.resolve("3")).isDirectory();
  }

  @Test
  void aVersionOfOtherItemsIsMeasuredOnTodays() {
    Path yesterday = data("400x300x12000", "yesterday");
    Path today = data("400x310x12000", "today");
    Path base = folder.resolve("models/films");
    Path old = fitted(yesterday, "ease", "old");
    assertThat(Outcome.of("publish", "--data", yesterday, "--run", old, "--base", base).status())
        .isZero();
    Outcome next =
        Outcome.of(
            "publish", "--data", today, "--run", fitted(today, "ease", "new"), "--base", base);
    assertThat(next.status()).as(next.err()).isZero();
    assertThat(next.out()).contains("items are new to the version in service");
    assertThat(base.resolve("2")).isDirectory();
  }

  @Test
  void whatCannotBePublishedIsRefusedBeforeAnythingIsWritten() {
    Path data = data("400x300x12000", "data");
    Path base = folder.resolve("base");
    Outcome none =
        Outcome.of("publish", "--data", data, "--run", folder.resolve("none"), "--base", base);
    assertThat(none.status()).isEqualTo(1);
    Outcome odd =
        Outcome.of("publish", "--data", data, "--run=x", "--base", base, "--significance=2");
    assertThat(odd.status()).isEqualTo(2);
    assertThat(odd.err()).contains("--significance must lie within 0 and 1, found 2");
    assertThat(base).doesNotExist();
  }
}
