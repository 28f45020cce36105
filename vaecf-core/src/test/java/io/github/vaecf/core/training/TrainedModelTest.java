package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainedModelTest {
  private static final Groups DATA = Groups.small();
  private static TrainedModel model;

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    model =
        Trainer.builder()
            .settings(
                MultVae.published()
                    .with(MultVae.HIDDEN, List.of(16))
                    .with(MultVae.LATENT, 8)
                    .with(TrainingSettings.EPOCHS, 5)
                    .with(TrainingSettings.BATCH_SIZE, 50)
                    .with(TrainingSettings.LEARNING_RATE, 0.01)
                    .with(TrainingSettings.THREADS, 1))
            .build()
            .train(DATA.matrix(), DATA.ids());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void rankingsAreTheBestUnseenItemsOfTheScores() {
    CsrMatrix matrix = DATA.matrix();
    int items = matrix.columns();
    Rankings rankings = model.rank(matrix, 20, 60, items + 3);
    float[] scores = model.scores(matrix, 20, 60);
    assertThat(rankings.users()).isEqualTo(40);
    assertThat(rankings.k()).as("bounded by the catalogue").isEqualTo(items);
    for (int user = 0; user < 40; user++) {
      int row = 20 + user;
      int offset = user * items;
      int[] expected =
          IntStream.range(0, items)
              .filter(item -> !matrix.contains(row, item))
              .boxed()
              .sorted(
                  (a, b) ->
                      scores[offset + a] == scores[offset + b]
                          ? Integer.compare(a, b)
                          : Float.compare(scores[offset + b], scores[offset + a]))
              .mapToInt(Integer::intValue)
              .toArray();
      for (int rank = 0; rank < items; rank++) {
        boolean left = rank < expected.length;
        assertThat(rankings.item(user, rank)).isEqualTo(left ? expected[rank] : -1);
        if (left) {
          assertThat(rankings.score(user, rank)).isEqualTo(scores[offset + expected[rank]]);
        }
      }
    }
  }

  /** A model whose weights are all 0. */
  private static NetworkSession smallDae() {
    NetworkSession session =
        NetworkSession.forInference(MultDae.published().with(MultDae.LATENT, 2), DATA.ids());
    session.set("encoder/0/kernel", new float[DATA.items() * 2]);
    session.set("encoder/0/bias", new float[2]);
    session.set("decoder/0/kernel", new float[2 * DATA.items()]);
    session.set("decoder/0/bias", new float[DATA.items()]);
    return session;
  }

  @Test
  void equalScoresAreOrderedByItemIndex() {
    try (NetworkSession session = smallDae()) {
      CsrMatrix history = CsrMatrix.of(1, DATA.items(), consumer -> consumer.accept(0, 1));
      Rankings rankings = session.rank(history, 0, 1, 4);
      assertThat(IntStream.range(0, 4).map(rank -> rankings.item(0, rank)))
          .containsExactly(0, 2, 3, 4);
    }
  }

  @Test
  void scoresThatAreNoNumbersAreRefused() {
    try (NetworkSession session = smallDae()) {
      float[] bias = new float[DATA.items()];
      bias[7] = Float.NaN;
      session.set("decoder/0/bias", bias);
      CsrMatrix matrix = DATA.matrix();
      assertThatThrownBy(() -> session.rank(matrix, 0, 2, 3))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("not numbers");
    }
  }

  @Test
  void aSavedModelIsLoadedWithTheSameScoresAndSettings() {
    Path file = folder.resolve("model.safetensors");
    model.save(file);
    try (TrainedModel loaded = TrainedModel.load(file)) {
      assertThat(loaded.settings()).isEqualTo(model.settings());
      assertThat(loaded.items()).isEqualTo(model.items());
      assertThat(loaded.epoch()).isEqualTo(5);
      CsrMatrix matrix = DATA.matrix();
      assertThat(loaded.scores(matrix, 0, 50)).isEqualTo(model.scores(matrix, 0, 50));
      assertThat(loaded.encode(matrix, 0, 50)).isEqualTo(model.encode(matrix, 0, 50)).hasSize(400);
    }
  }

  @Test
  void theHistorysOrderAndRepetitionsDoNotMatter() {
    List<Recommendation> one = model.recommend(List.of("item-3", "item-12", "item-7"), 5);
    assertThat(model.recommend(List.of("item-7", "item-3", "item-3", "?", "item-12"), 5))
        .isEqualTo(one);
    assertThat(one).hasSize(5);
  }

  @Test
  void anEmptyHistoryGivesItemsForAnybody() {
    assertThat(model.recommend(List.of(), 3)).hasSize(3);
    assertThat(model.recommend(List.of("unknown"), 3)).isEqualTo(model.recommend(List.of(), 3));
  }

  @Test
  void aHistoryOfAllItemsLeavesNothingToRecommend() {
    assertThat(model.recommend(DATA.ids().ids(), 3)).isEmpty();
  }

  @Test
  void wrongArgumentsAreRefused() {
    CsrMatrix matrix = DATA.matrix();
    assertThatThrownBy(() -> model.rank(matrix, 0, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("k must be at least 1");
    CsrMatrix narrow = CsrMatrix.of(1, 3, consumer -> {});
    assertThatThrownBy(() -> model.rank(narrow, 0, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("40 items");
  }

  @Test
  void theWeightsAreThoseOfTheModelsLayers() {
    assertThat(model.weights())
        .extracting(Weight::name)
        .containsExactly(
            "encoder/0/kernel", "encoder/0/bias",
            "encoder/1/kernel", "encoder/1/bias",
            "decoder/0/kernel", "decoder/0/bias",
            "decoder/1/kernel", "decoder/1/bias");
    assertThat(model.weights())
        .extracting(Weight::shape)
        .containsExactly(
            List.of(40L, 16L), List.of(16L),
            List.of(16L, 16L), List.of(16L),
            List.of(8L, 16L), List.of(16L),
            List.of(16L, 40L), List.of(40L));
    assertThat(model.itemKernel().orElseThrow().name()).isEqualTo("decoder/1/kernel");
    assertThatThrownBy(() -> new Weight("encoder/0/kernel", List.of(2L, 3L), new float[5]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("encoder/0/kernel must have shape [2, 3], found 5 values");
  }

  @Test
  void anyChangedByteOfAFileIsFound() throws IOException {
    Path file = folder.resolve("model.safetensors");
    model.save(file);
    byte[] content = Files.readAllBytes(file);
    Path changed = folder.resolve("changed.safetensors");
    for (int at = 0; at < content.length; at += at < 3000 ? 7 : 997) {
      byte[] copy = content.clone();
      copy[at] ^= (byte) (1 + at % 255);
      Files.write(changed, copy);
      assertThatThrownBy(() -> TrainedModel.load(changed))
          .as("byte %d", at)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("changed.safetensors");
    }
    for (int length : new int[] {0, 5, 100, content.length - 1}) {
      Files.write(changed, Arrays.copyOf(content, length));
      assertThatThrownBy(() -> TrainedModel.load(changed)).isInstanceOf(DataException.class);
    }
  }

  @Test
  void weightsThatAreNoNumbersAreNeitherWrittenNorLoaded() {
    Path file = folder.resolve("model.safetensors");
    List<Weight> weights = model.weights();
    weights.get(7).values()[3] = Float.NEGATIVE_INFINITY;
    try (TrainedModel broken = TrainedModels.with(model, weights)) {
      assertThatThrownBy(() -> broken.save(file)).isInstanceOf(ArithmeticException.class);
    }
    assertThat(folder).isEmptyDirectory();

    TrainedModel.Description description =
        new TrainedModel.Description(model.settings(), model.items(), 1, 0.5, "");
    Safetensors.write(
        file,
        description.metadata(),
        weights.stream()
            .map(one -> Safetensors.Source.of(one.name(), one.shape(), one::values))
            .toList());
    assertThatThrownBy(() -> TrainedModel.load(file))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining("decoder/1/bias has -Infinity where a number is expected");
  }

  @Test
  void idsOfMillionsOfItemsAreReadAgain() {
    Path file = folder.resolve("model.safetensors");
    String ids = "1234567,".repeat(2_600_000);
    Safetensors.write(file, Map.of("ids", ids), List.of());
    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.metadata("ids").equals(ids)).isTrue(); // a failure prints no 20 MB
    }
  }

  @Test
  void idsForWhichAFileHasNoRoomAreRefused() {
    Safetensors.requireRoom(99_999_992, "the ids of 8,300,000 items");
    assertThatThrownBy(() -> Safetensors.requireRoom(99_999_993, "the ids of 8,300,000 items"))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "the ids of 8,300,000 items take 99,999,993 bytes, and a file of weights has room for"
                + " 100,000,000; take shorter ids, such as numbers, or fewer items");
  }

  @Test
  void aFileThatIsReplacedWhileItIsReadIsReadToItsEnd() {
    Path file = folder.resolve("model.safetensors");
    model.save(file);
    List<Weight> others = model.weights();
    others.get(7).values()[3] = 100;
    try (Safetensors before = Safetensors.open(file);
        TrainedModel other = TrainedModels.with(model, others)) {
      other.save(file);
      assertThat(before.read("decoder/1/bias")).isEqualTo(model.weights().get(7).values());
    }
  }

  @Test
  void whatIsNotAModelIsRefusedWithItsPath() throws IOException {
    assertThatThrownBy(() -> TrainedModel.load(folder.resolve("nowhere")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("nowhere")
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> TrainedModel.load(folder))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("not a run folder");
    Path text = Files.writeString(folder.resolve("text"), "this is no model at all");
    assertThatThrownBy(() -> TrainedModel.load(text))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("not a whole file of weights");
  }

  @Test
  void aModelThatCannotBeWrittenIsReportedWithItsPath() throws IOException {
    Path noFolder = Files.writeString(folder.resolve("no folder"), "a file");
    Path file = noFolder.resolve("model.safetensors");
    assertThatThrownBy(() -> model.save(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no folder")
        .hasMessageContaining("cannot be written");
  }
}
