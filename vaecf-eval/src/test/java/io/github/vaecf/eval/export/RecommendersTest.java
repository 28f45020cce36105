package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.SmallModels;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecommendersTest {
  private static final List<String> HISTORY = List.of("a", "d");

  @TempDir Path folder;

  @Test
  void aRunAFileAndEachExportAreOpenedAndRecommendAlike() {
    Path run = folder.resolve("run");
    Path file = folder.resolve("kept.safetensors");
    Path onnx = folder.resolve("model.onnx");
    Path base = folder.resolve("models/letters");
    CsrMatrix users =
        CsrMatrix.ofRows(
            5, new long[] {0, 3, 5, 8, 10}, new int[][] {{0, 1, 2, 1, 2, 0, 3, 4, 2, 3}});
    List<Recommendation> expected;
    try (TrainedModel model =
        Trainer.builder()
            .settings(Settings.published(new ItemKnn()))
            .runFolder(run)
            .build()
            .train(users, IdIndex.of(List.of("a", "b", "c", "d", "e")))) {
      expected = model.recommend(HISTORY, 3);
      model.save(file);
      OnnxExporter.export(model, onnx);
      SavedModelExporter.builder().titles(Map.of("a", "The A")).export(model, base.resolve("1"));
    }
    assertThat(expected).hasSize(3);
    for (Path path : List.of(run, file, onnx, base, base.resolve("1"))) {
      try (Recommender opened = Recommenders.open(path)) {
        assertThat(
                RankingAgreement.ACROSS_RUNTIMES.difference(expected, opened.recommend(HISTORY, 3)))
            .as(path.toString())
            .isEmpty();
        boolean hasTitles = path.startsWith(base);
        assertThat(Recommenders.titles(opened))
            .isEqualTo(hasTitles ? Map.of("a", "The A") : Map.of());
      }
    }
  }

  @Test
  void aRunAndItsExportFindTheSameItemsAlike() {
    Path version = folder.resolve("1");
    Path onnx = folder.resolve("model.onnx");
    try (TrainedModel vae = SmallModels.vae();
        TrainedModel popular = SmallModels.mostPopular()) {
      SavedModelExporter.builder().topK(15).export(vae, version);
      OnnxExporter.export(vae, onnx);
      try (Recommender served = Recommenders.open(version);
          Recommender file = Recommenders.open(onnx)) {
        for (String item : vae.items().ids().subList(0, 30)) {
          List<Recommendation> similar = Recommenders.similar(vae, item, 15);
          assertThat(similar).hasSize(15).noneMatch(one -> one.item().equals(item));
          assertThat(
                  RankingAgreement.ACROSS_RUNTIMES.difference(
                      similar, Recommenders.similar(served, item, 99)))
              .isEmpty();
          assertThat(
                  RankingAgreement.ACROSS_RUNTIMES.difference(
                      similar, Recommenders.similar(file, item, 15)))
              .isEmpty();
          assertThat(Recommenders.similar(served, item, 4))
              .isEqualTo(Recommenders.similar(served, item, 15).subList(0, 4));
        }
        String known = vae.items().id(0);
        assertThatThrownBy(() -> Recommenders.similar(popular, known, 3))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("has no embeddings of its items");
        assertThatThrownBy(() -> Recommenders.similar(served, "none", 3))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("the model knows no item 'none'");
      }
    }
  }

  @Test
  void whatIsNoModelIsNamed() {
    assertThatThrownBy(() -> Recommenders.open(folder))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(folder.toString());
  }
}
