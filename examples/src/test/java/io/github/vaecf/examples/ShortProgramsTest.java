package io.github.vaecf.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShortProgramsTest {
  private static final Path RATINGS =
      Path.of("../vaecf-data/src/test/resources/golden/split/ratings.csv");

  @TempDir Path folder;
  private Path run;
  private Path export;

  @BeforeEach
  void nameFolders() {
    run = folder.resolve("run");
    export = folder.resolve("models/movies/1");
  }

  @Test
  void trainAndEvaluateGoesFromRatingsToAnExport() {
    String said = trainAndEvaluate();
    assertThat(said).startsWith("Evaluation[").contains("ndcg@100 0.", "recall@50 0.");
    assertThat(export.resolve("saved_model.pb")).exists();
  }

  @Test
  void aNewUserGetsTheSameFromTheRunAndFromTheExport() {
    trainAndEvaluate();
    String item;
    try (TrainedModel model = TrainedModel.load(run)) {
      item = model.items().id(5);
    }
    Path again = folder.resolve("models/movies/2");
    String fromRun = outputOf(() -> RecommendForNewUser.main(new String[] {run.toString(), item}));
    String fromExport =
        outputOf(() -> ExportAndReload.main(new String[] {run.toString(), again.toString(), item}));
    assertThat(list(fromRun)).hasSize(10).noneMatch(one -> one.item().equals(item));
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(list(fromRun), list(fromExport)))
        .isEmpty();
  }

  private String trainAndEvaluate() {
    return outputOf(
        () ->
            TrainAndEvaluate.main(
                new String[] {RATINGS.toString(), "60", run.toString(), export.toString()}));
  }

  private static List<Recommendation> list(String said) {
    return said.lines()
        .map(line -> line.split(" ", -1))
        .map(words -> new Recommendation(words[0], Float.parseFloat(words[1])))
        .toList();
  }

  private static String outputOf(Runnable program) {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream captured = new PrintStream(bytes, true, UTF_8)) {
      System.setOut(captured);
      program.run();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(UTF_8);
  }
}
