package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Query;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.ImplicitAls;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An export with an index gives the answers that it gives without one. */
class IndexedModelTest {
  private static final Groups DATA = new Groups(120, 30, 40, 5);
  private static final double ROUNDING = 1e-4;

  @TempDir private static Path shared;
  @TempDir private Path folder;

  /** Exports of one autoencoder, with an index and without. */
  @BeforeAll
  static void exportAutoencoder() {
    exportBoth(
        MultVae.published().with(Map.of("hidden", "0", "latent", "24", "learning-rate", "0.01")),
        shared);
  }

  private static TrainedModel train(Settings settings) {
    Settings quick =
        settings.has(TrainingSettings.EPOCHS)
            ? settings.with(TrainingSettings.EPOCHS, 2).with(TrainingSettings.BATCH_SIZE, 40)
            : settings;
    return Trainer.builder().settings(quick).build().train(DATA.matrix(), DATA.ids());
  }

  private static List<String> some(Random random, int most) {
    List<String> some = new ArrayList<>();
    for (int size = random.nextInt(most + 1); size > 0; size--) {
      some.add(random.nextInt(20) == 0 ? "unknown" : DATA.ids().id(random.nextInt(DATA.items())));
    }
    return some;
  }

  private static List<Query> questions(int count) {
    Random random = new Random(8);
    List<Query> questions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Query.Builder query = Query.builder().history(some(random, 20)).k(1 + random.nextInt(60));
      if (random.nextBoolean()) {
        query.offset(random.nextInt(60));
      }
      if (random.nextBoolean()) {
        query.exclude(some(random, 400));
      }
      if (random.nextBoolean()) {
        query.allow(some(random, random.nextInt(3) == 0 ? 30 : 1_000));
      }
      if (random.nextBoolean()) {
        query.withHistory();
      }
      questions.add(query.build());
    }
    return questions;
  }

  /** The same lists; only items whose scores are equal but for rounding may change places. */
  private static void assertSame(List<Recommendation> found, List<Recommendation> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int rank = 0; rank < expected.size(); rank++) {
      assertThat((double) found.get(rank).score())
          .isCloseTo(expected.get(rank).score(), within(ROUNDING));
    }
  }

  private static void exportBoth(Settings settings, Path folder) {
    try (TrainedModel model = train(settings)) {
      SavedModelExporter.builder().index(Indexing.ALWAYS).export(model, folder.resolve("with/1"));
      SavedModelExporter.builder().index(Indexing.NEVER).export(model, folder.resolve("without/1"));
    }
    assertThat(folder.resolve("with/1/assets.extra/items.index")).exists();
    assertThat(folder.resolve("without/1/assets.extra/items.index")).doesNotExist();
  }

  private static void assertSameAnswers(Recommender with, Recommender expected) {
    List<Query> questions = questions(300);
    List<List<Recommendation>> lists = expected.recommendAll(questions);
    List<List<Recommendation>> found = with.recommendAll(questions);
    int full = 0;
    for (int i = 0; i < questions.size(); i++) {
      assertSame(found.get(i), lists.get(i));
      full += lists.get(i).size() == questions.get(i).k() ? 1 : 0;
    }
    assertThat(full).as("questions with enough items").isGreaterThan(150);
    for (int i = 0; i < 30; i++) { // alone as among others
      assertSame(with.recommend(questions.get(i)), lists.get(i));
    }
  }

  private void assertSameAnswersOfExport(Settings settings) {
    try (TrainedModel model = train(settings)) {
      SavedModelExporter.builder().index(Indexing.ALWAYS).export(model, folder.resolve("1"));
      try (ServedModel with = ServedModel.load(folder)) {
        assertSameAnswers(with, model);
      }
    }
  }

  @Test
  void anAutoencoder() {
    try (ServedModel with = ServedModel.load(shared.resolve("with"));
        ServedModel without = ServedModel.load(shared.resolve("without"))) {
      assertSameAnswers(with, without);
    }
  }

  @Test
  void aFactorization() {
    assertSameAnswersOfExport(Settings.published(new ImplicitAls()).with(Map.of("factors", "16")));
  }

  /** Whose scores of a history's own items are less than their products. */
  @Test
  void aLinearAutoencoderOfLowRank() {
    assertSameAnswersOfExport(Settings.published(new Elsa()).with(Map.of("factors", "16")));
  }

  @Test
  void everySignatureThatRanksAnswersAsTheGraphDoes() throws IOException {
    TensorRows items =
        text(3, 4, id(3), id(17), "unknown", "", "", "", "", "", id(3), id(3), id(5), id(7));
    try (ServedModel with = ServedModel.load(shared.resolve("with"));
        ServedModel without = ServedModel.load(shared.resolve("without"))) {
      List<Map.Entry<String, Map<String, TensorRows>>> calls =
          List.of(
              Map.entry("serving_default", Map.of("items", items)),
              Map.entry(
                  "recommend_excluding",
                  Map.of("items", items, "exclude", text(3, 1, id(1), id(2), ""))),
              Map.entry(
                  "recommend_filtered",
                  Map.of(
                      "items",
                      items,
                      "exclude",
                      text(3, 1, id(1), id(2), ""),
                      "allow",
                      text(3, 2, "", "", "unknown", "", id(8), id(3)),
                      "k",
                      new TensorRows(3, 1, new int[] {5, 9, 2}),
                      "offset",
                      new TensorRows(3, 1, new int[] {7, 0, 1}),
                      "with_history",
                      new TensorRows(3, 1, new int[] {0, 0, 1}))),
              Map.entry(
                  "recommend_indices",
                  Map.of("items", new TensorRows(2, 2, new long[] {5, -1, 3, 99_999}))),
              Map.entry(
                  "rank_indices",
                  Map.of(
                      "items", new TensorRows(2, 2, new long[] {5, -1, 3, 4}),
                      "k", new TensorRows(2, 1, new int[] {11, 3}))),
              // So deep that all items are scored after all.
              Map.entry(
                  "rank_indices",
                  Map.of(
                      "items", new TensorRows(1, 1, new long[] {5}),
                      "k", new TensorRows(1, 1, new int[] {5_000}))));
      for (Map.Entry<String, Map<String, TensorRows>> call : calls) {
        Map<String, TensorRows> found = with.signatures().get(call.getKey()).call(call.getValue());
        Map<String, TensorRows> expected =
            without.signatures().get(call.getKey()).call(call.getValue());
        assertThat(found.get("items").width()).isEqualTo(expected.get("items").width());
        assertThat(found.get("items").rows()).isEqualTo(expected.get("items").rows());
        assertThat((float[]) found.get("scores").values())
            .as(call.getKey())
            .usingComparatorWithPrecision(1e-5f)
            .containsExactly((float[]) expected.get("scores").values());
        assertThat(found.get("items").values())
            .as(call.getKey())
            .isEqualTo(expected.get("items").values());
      }
    }
  }

  private static TensorRows text(int rows, int width, String... values) {
    return new TensorRows(rows, width, values);
  }

  private static String id(int item) {
    return DATA.ids().id(item);
  }

  @Test
  void theCardSaysHowMuchOfTheExactAnswersTheIndexFinds() throws IOException {
    JsonNode index = ModelCard.read(shared.resolve("with/1/model.json")).path("index");
    assertThat(index.path("recall@100").asDouble()).isGreaterThan(0.999);
    assertThat(index.path("users").asInt()).isEqualTo(200);
    assertThat(index.path("width").asInt()).isEqualTo(25);
    assertThat(index.path("largest_score_difference").asDouble()).isBetween(0.0, ROUNDING);
    assertThat(ModelCard.read(shared.resolve("without/1/model.json")).has("index")).isFalse();
  }

  @Test
  void twoExportsHaveTheSameIndexToTheByte() throws IOException {
    try (TrainedModel model =
        train(MultVae.published().with(Map.of("hidden", "0", "latent", "9")))) {
      for (String version : List.of("1", "2")) {
        SavedModelExporter.builder().index(Indexing.ALWAYS).export(model, folder.resolve(version));
      }
    }
    assertThat(folder.resolve("2/assets.extra/items.index"))
        .hasSameBinaryContentAs(folder.resolve("1/assets.extra/items.index"));
  }

  @Test
  void anIndexThatIsDamagedIsRefusedByItsName() throws IOException {
    Path index = shared.resolve("with/1/assets.extra/items.index");
    byte[] whole = Files.readAllBytes(index);
    byte[] damaged = whole.clone();
    damaged[damaged.length / 2] ^= 1;
    Files.write(index, damaged);
    try {
      assertThatThrownBy(() -> ServedModel.load(shared.resolve("with")))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("items.index: its bytes are not those that the export wrote");
    } finally {
      Files.write(index, whole);
    }
  }

  @Test
  void aModelWithoutVectorsIsRefusedAnIndexThatMustBe() {
    try (TrainedModel ease = train(Settings.published(new LinearAutoencoder.Ease()));
        TrainedModel vae = train(MultVae.published().with(Map.of("hidden", "0", "latent", "9")))) {
      SavedModelExporter.Builder always = SavedModelExporter.builder().index(Indexing.ALWAYS);
      assertThatThrownBy(() -> always.export(ease, folder.resolve("1")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "index: expected a model whose scores are inner products of vectors, such as an"
                  + " autoencoder, iALS or ELSA, found EASE");
      assertThatThrownBy(
              () -> always.weights(ExportedWeights.INT8).export(vae, folder.resolve("1")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("index: goes with weights as trained, float32, found int8");
    }
    assertThat(folder.resolve("1")).doesNotExist();
  }

  @Test
  void whoIsEvaluatedGetsTheRankingsOfAllScores() {
    CsrMatrix users = DATA.matrix();
    try (ServedModel with = ServedModel.load(shared.resolve("with"));
        ServedModel without = ServedModel.load(shared.resolve("without"))) {
      Rankings found = with.rank(users, 3, users.rows(), 50);
      Rankings expected = without.rank(users, 3, users.rows(), 50);
      for (int user = 0; user < expected.users(); user++) {
        for (int rank = 0; rank < 50; rank++) {
          assertThat((double) found.score(user, rank))
              .isCloseTo(expected.score(user, rank), within(ROUNDING));
        }
      }
    }
  }
}
