package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.core.Query;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.eval.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An export is read by TensorFlow 2.10, some years older than the one that wrote it. */
class OldRuntimeTest {
  private static final int USERS = 40;
  private static final int TOP_K = 20;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void tensorFlow210AnswersLikeTheModel(ExportedWeights weights) throws Exception {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    assumeTrue(system.equals("Linux amd64"), "the old runtime's natives are for Linux on x86-64");
    CsrMatrix users = SmallModels.users(USERS, 2);
    try (TrainedModel model = SmallModels.vae()) {
      Path version = folder.resolve("1");
      SavedModelExporter.builder().topK(TOP_K).weights(weights).export(model, version);
      List<String> histories = new ArrayList<>();
      for (int user = 0; user < USERS; user++) {
        histories.add(String.join("|", SmallModels.history(users, user)));
      }

      List<String> answers = run(version, Files.write(folder.resolve("histories"), histories));

      assertThat(answers).hasSize(2 * USERS + 2);
      assertThat(answers.get(0)).isEqualTo("TensorFlow 2.10.1");
      assertThat(answers.get(2 * USERS + 1)).isEqualTo("all signatures answered");
      try (ServedModel served = ServedModel.load(version)) {
        // What smaller weights change, they change on every runtime.
        Recommender expected = weights == ExportedWeights.FLOAT32 ? model : served;
        for (int user = 0; user < USERS; user++) {
          List<String> history = SmallModels.history(users, user);
          List<Recommendation> found = list(answers.get(2 * user + 1));
          assertThat(found).hasSize(TOP_K);
          assertAgree(expected.recommend(history, TOP_K), found);
          List<String> others =
              IntStream.range(0, TOP_K / 2).mapToObj(i -> found.get(2 * i).item()).toList();
          Query filtered =
              Query.builder()
                  .history(history)
                  .allow(others)
                  .exclude(others.subList(0, 1))
                  .offset(2)
                  .k(5)
                  .build();
          assertAgree(expected.recommend(filtered), list(answers.get(2 * user + 2)));
        }
      }
    }
  }

  private static List<Recommendation> list(String answer) {
    String[] parts = answer.split("\\|", -1);
    List<Recommendation> list = new ArrayList<>();
    for (int i = 0; i + 1 < parts.length; i += 2) {
      list.add(new Recommendation(parts[i], Float.parseFloat(parts[i + 1])));
    }
    return list;
  }

  private static void assertAgree(List<Recommendation> expected, List<Recommendation> found) {
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, found)).isEmpty();
  }

  private List<String> run(Path version, Path histories) throws Exception {
    Path output = folder.resolve("output");
    Path errors = folder.resolve("errors");
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                Path.of("target", "old-runtime").toAbsolutePath() + "/*",
                Path.of(getClass().getResource("/OldRuntime.java").toURI()).toString(),
                version.toString(),
                histories.toString())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    assertThat(process.waitFor()).as(() -> read(errors)).isZero();
    return Files.readAllLines(output);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
