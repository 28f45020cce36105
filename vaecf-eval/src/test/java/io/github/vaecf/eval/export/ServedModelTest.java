package io.github.vaecf.eval.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.GivenWeights;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.eval.SmallModels;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every form of an exported model answers, compared with the model that was trained; that it
 * keeps the contract of a recommender is tested in {@link ServedModelContractTest}.
 */
class ServedModelTest {
  private static final Map<String, TrainedModel> TRAINED = new LinkedHashMap<>();
  private static final Map<String, ServedModel> SERVED = new LinkedHashMap<>();
  private static final CsrMatrix USERS = SmallModels.users(300, 2);

  @TempDir static Path folder;

  @BeforeAll
  static void exportAndLoad() {
    Map<String, Supplier<TrainedModel>> models = new LinkedHashMap<>();
    models.put("vae", SmallModels::vae);
    models.put("dae", SmallModels::dae);
    models.put("deep", SmallModels::deepVae);
    models.put("recvae", SmallModels::recVae);
    models.put("vamp", SmallModels::vamp);
    models.put("hvamp", SmallModels::hierarchicalVamp);
    models.put("ease", SmallModels::ease);
    models.put("elsa", SmallModels::elsa);
    models.put("ials", SmallModels::implicitAls);
    models.put("knn", SmallModels::itemKnn);
    models.put("popular", SmallModels::mostPopular);
    models.put("blend", SmallModels::blend);
    models.put("sparse-ease", SmallModels::sparseEase);
    models.forEach(
        (name, training) -> {
          TrainedModel model = training.get();
          SavedModelExporter.export(model, folder.resolve(name).resolve("1"));
          OnnxExporter.export(model, folder.resolve(name + ".onnx"));
          OnnxExporter.builder()
              .rawIds(false)
              .export(model, folder.resolve(name + "-indices.onnx"));
          for (String export : List.of(name + "/1", name + ".onnx", name + "-indices.onnx")) {
            TRAINED.put(export, model);
            SERVED.put(export, ServedModel.load(folder.resolve(export)));
          }
        });
  }

  static Set<String> allExports() {
    return SERVED.keySet();
  }

  /** Every form, of a network and of each kind of sum. */
  static List<String> everyForm() {
    return List.of("vae/1", "vae.onnx", "vae-indices.onnx", "ease.onnx", "knn/1", "knn.onnx");
  }

  @AfterAll
  static void close() {
    new HashSet<>(TRAINED.values()).forEach(TrainedModel::close);
    SERVED.values().forEach(ServedModel::close);
  }

  @ParameterizedTest
  @MethodSource("allExports")
  void theExportRanksLikeTheModel(String export) {
    assertThat(
            RankingAgreement.ACROSS_RUNTIMES.differences(
                TRAINED.get(export).rank(USERS, 0, 300, 100),
                SERVED.get(export).rank(USERS, 0, 300, 100)))
        .isEmpty();
  }

  /** Each kind of vectors: columns and rows of a kernel, directions, of one model of several. */
  @ParameterizedTest
  @ValueSource(
      strings = {"vae", "dae", "recvae", "ease", "elsa", "ials", "blend", "vamp", "hvamp", "deep"})
  void anOnnxFileComparesItemsAsTheSavedModelDoes(String name) {
    ServedModel saved = SERVED.get(name + "/1");
    int[] pool = new Random(7).ints(0, SmallModels.ITEMS).distinct().limit(40).toArray();
    for (String onnx : List.of(name + ".onnx", name + "-indices.onnx")) {
      assertThat(SERVED.get(onnx).comparesItems()).isTrue();
      for (int item = 0; item < 10; item++) {
        assertThat(cosines(SERVED.get(onnx), item, pool))
            .usingComparatorWithPrecision(1e-5f)
            .containsExactly(cosines(saved, item, pool));
      }
    }
  }

  private static float[] cosines(ServedModel model, int item, int... others) {
    String[] ids = IntStream.of(others).mapToObj(SmallModels.ids()::id).toArray(String[]::new);
    return (float[])
        model
            .signatures()
            .get("similarity")
            .call(
                Map.of(
                    "item", new TensorRows(1, 1, new String[] {SmallModels.ids().id(item)}),
                    "items", new TensorRows(1, ids.length, ids)))
            .get("scores")
            .values();
  }

  /** The graph between a file's latent vector and its scores is another one for each of them. */
  @ParameterizedTest
  @ValueSource(strings = {"vae", "dae", "deep", "recvae", "vamp", "hvamp"})
  void anOnnxVersionEncodesAndDecodesAsTheSavedModelDoes(String name) {
    Path version = folder.resolve("versions").resolve(name).resolve("1");
    OnnxExporter.export(TRAINED.get(name + "/1"), version);
    String[] ids = SmallModels.ids().ids().subList(3, 11).toArray(String[]::new);
    Map<String, TensorRows> histories = Map.of("items", new TensorRows(2, 4, ids));
    Map<String, ServedSignature> saved = SERVED.get(name + "/1").signatures();
    try (ServedModel onnx = ServedModel.load(version)) {
      Map<String, TensorRows> latent = saved.get("encode").call(histories);
      assertSame(latent.get("latent"), onnx.signatures().get("encode").call(histories), "latent");
      assertSame(
          saved.get("decode").call(latent).get("scores"),
          onnx.signatures().get("decode").call(latent),
          "scores");
    }
  }

  private static void assertSame(
      TensorRows expected, Map<String, TensorRows> found, String output) {
    assertThat((float[]) found.get(output).values())
        .usingComparatorWithPrecision(1e-5f)
        .containsExactly((float[]) expected.values());
  }

  /** Of vectors that lie in columns, in rows, and of a file whose weights are beside it. */
  @ParameterizedTest
  @CsvSource({
    "vae, FLOAT16, 1e-3",
    "vae, INT8, 2e-2",
    "ials, FLOAT16, 1e-3",
    "ials, INT8, 2e-2",
    "vae, FLOAT32, 1e-5"
  })
  void smallerWeightsAndThoseInAnotherFileCompareAndDecodeToo(
      String name, ExportedWeights weights, float precision) {
    Path version = folder.resolve(name + "-" + weights).resolve("1");
    OnnxExporter.builder()
        .weights(weights)
        .mostBytes(weights == ExportedWeights.FLOAT32 ? 20_000 : Integer.MAX_VALUE)
        .export(TRAINED.get(name + "/1"), version);
    assertThat(version.resolve("model.onnx.data").toFile().exists())
        .isEqualTo(weights == ExportedWeights.FLOAT32);
    int[] pool = IntStream.range(0, SmallModels.ITEMS).toArray();
    try (ServedModel onnx = ServedModel.load(version)) {
      for (int place : new int[] {0, 17, 119}) {
        assertThat(cosines(onnx, place, pool))
            .usingComparatorWithPrecision(precision)
            .containsExactly(cosines(SERVED.get(name + "/1"), place, pool));
      }
      Map<String, TensorRows> history =
          Map.of(
              "items",
              new TensorRows(
                  1, 2, new String[] {SmallModels.ids().id(5), SmallModels.ids().id(60)}));
      if (name.equals("vae")) {
        Map<String, TensorRows> latent = onnx.signatures().get("encode").call(history);
        assertSame(
            onnx.signatures().get("score").call(history).get("scores"),
            onnx.signatures().get("decode").call(latent),
            "scores");
      }
    }
  }

  @Test
  void anOnnxVersionWhoseFilesAreDeletedWhileItIsServedStillAnswers() throws IOException {
    Path version = folder.resolve("deleted/1");
    OnnxExporter.export(TRAINED.get("vae/1"), version);
    try (ServedModel onnx = ServedModel.load(version)) {
      float[] before = cosines(onnx, 4, 3, 4, 5);
      WholeFile.delete(version);
      assertThat(cosines(onnx, 4, 3, 4, 5)).containsExactly(before);
      Map<String, TensorRows> latent = Map.of("latent", new TensorRows(1, 8, new float[8]));
      assertThat(onnx.signatures().get("decode").call(latent).get("scores").width())
          .isEqualTo(SmallModels.ITEMS);
    }
  }

  @Test
  void whereAllScoresAreEqualEveryExportHasTheLowerIndexFirst() throws IOException {
    Path weights = folder.resolve("zero.safetensors");
    TRAINED.get("vae.onnx").save(weights);
    setAllWeightsToZero(weights);
    Path saved = folder.resolve("zero/1");
    Path onnx = folder.resolve("zero.onnx");
    try (TrainedModel model = TrainedModel.load(weights)) {
      SavedModelExporter.export(model, saved);
      OnnxExporter.export(model, onnx);
    }
    CsrMatrix history = Rows.of(SmallModels.ITEMS, new int[][] {{0, 3}});
    for (Path export : List.of(saved, onnx)) {
      try (ServedModel served = ServedModel.load(export)) {
        Rankings rankings = served.rank(history, 0, 1, 6);
        assertThat(IntStream.range(0, 6).map(rank -> rankings.item(0, rank)))
            .as(export.toString())
            .containsExactly(1, 2, 4, 5, 6, 7);
      }
    }
  }

  /** Overwrites the numbers of a safetensors file, and its checksum with that of the new bytes. */
  private static void setAllWeightsToZero(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int numbers = Long.BYTES + (int) bytes.getLong(0);
    Arrays.fill(bytes.array(), numbers, bytes.capacity(), (byte) 0);
    String key = "\"crc32c\":\"";
    int digits = new String(bytes.array(), 0, numbers, UTF_8).indexOf(key) + key.length();
    bytes.put(digits, "00000000".getBytes(UTF_8));
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.array());
    bytes.put(digits, String.format("%08x", checksum.getValue()).getBytes(UTF_8));
    Files.write(file, bytes.array());
  }

  @ParameterizedTest
  @MethodSource("allExports")
  void theExportEvaluatesLikeTheModel(String export) {
    HeldOut users = new HeldOut(USERS, SmallModels.users(300, 3), 0);
    RankingEvaluator evaluator = RankingEvaluator.of(Ndcg.at(100), Recall.at(20));

    Evaluation trained = evaluator.evaluate(TRAINED.get(export), users);
    Evaluation served = evaluator.evaluate(SERVED.get(export), users);

    // Two items with nearly equal scores may change places.
    assertThat(served.mean(Ndcg.at(100))).isCloseTo(trained.mean(Ndcg.at(100)), within(1e-3));
    assertThat(served.mean(Recall.at(20))).isCloseTo(trained.mean(Recall.at(20)), within(1e-3));
  }

  @ParameterizedTest
  @MethodSource("allExports")
  void rawIdsAreRecommendedForRawIds(String export) {
    for (int user = 0; user < 20; user++) {
      List<String> history = SmallModels.history(USERS, user);

      List<Recommendation> served = SERVED.get(export).recommend(history, 10);

      assertThat(served.stream().map(Recommendation::item))
          .hasSize(10)
          .noneMatch(history::contains);
      assertThat(
              RankingAgreement.ACROSS_RUNTIMES.difference(
                  TRAINED.get(export).recommend(history, 10), served))
          .isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("everyForm")
  void orderRepetitionAndUnknownIdsChangeNothingAtAll(String export) {
    ServedModel model = SERVED.get(export);
    List<String> history = new ArrayList<>(SmallModels.ids().ids().subList(10, 60));
    List<Recommendation> plain = model.recommend(history, 50);

    history.addAll(history.subList(5, 30));
    history.addAll(List.of("", "unknown", "0"));
    Collections.shuffle(history, new Random(4));

    assertThat(model.recommend(history, 50)).isEqualTo(plain);
    assertThat(model.items().indexOf("unknown")).isEqualTo(-1);
  }

  @ParameterizedTest
  @MethodSource("everyForm")
  void anEmptyHistoryAndOneOfUnknownIdsGetTheSameAnswer(String export) {
    ServedModel model = SERVED.get(export);

    List<Recommendation> cold = model.recommend(List.of(), 10);

    assertThat(cold).hasSize(10);
    assertThat(model.recommend(List.of("unknown", "also unknown"), 10)).isEqualTo(cold);
    assertThat(
            RankingAgreement.ACROSS_RUNTIMES.difference(
                TRAINED.get(export).recommend(List.of(), 10), cold))
        .isEmpty();
  }

  @ParameterizedTest
  @MethodSource("everyForm")
  void aHistoryOfTenThousandEntriesIsAnswered(String export) {
    ServedModel model = SERVED.get(export);
    List<String> history = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      history.add(i % 3 == 0 ? model.items().id(i % 50) : "unknown " + i);
    }

    assertThat(model.recommend(history, 10)).hasSize(10);
  }

  @Test
  void aScoreThatIsNoNumberIsNotRanked() {
    // Each weight is a number, and what they make of a history is not.
    float[] large = new float[SmallModels.ITEMS];
    Arrays.fill(large, 3e38f);
    GivenWeights described =
        new GivenWeights(new Weight("popularity", List.of((long) SmallModels.ITEMS), large)) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            T infinite = layers.scale(layers.constantScores("popularity"), 10);
            return layers.add(infinite, layers.scale(infinite, -1));
          }
        };
    Path saved = folder.resolve("overflow/1");
    Path onnx = folder.resolve("overflow.onnx");
    try (TrainedModel model = described.over(SmallModels.ids())) {
      assertThatThrownBy(() -> SavedModelExporter.export(model, saved))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining(" answers NaN: it cannot be served");
      assertThat(saved).doesNotExist();
      OnnxExporter.export(model, onnx);
    }
    try (ServedModel served = ServedModel.load(onnx)) {
      assertThatThrownBy(() -> served.recommend(List.of(), 3))
          .isInstanceOf(ArithmeticException.class);
    }
  }

  @Test
  void ofABaseFolderTheNewestVersionIsLoaded() throws IOException {
    Path base = folder.resolve("versions");
    SavedModelExporter.export(TRAINED.get("vae/1"), base.resolve("9"));
    SavedModelExporter.export(TRAINED.get("dae/1"), base.resolve("10"));
    Files.createDirectory(base.resolve("notes"));

    try (ServedModel newest = ServedModel.load(base)) {
      assertThat(newest.recommend(List.of(), 5))
          .isEqualTo(SERVED.get("dae/1").recommend(List.of(), 5));
    }
  }

  @Test
  void whatIsNoExportIsRefusedWithTheReason() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path foreign = Files.createDirectory(folder.resolve("foreign"));
    Files.createFile(foreign.resolve("saved_model.pb"));
    Path damaged = folder.resolve("damaged");
    SavedModelExporter.export(TRAINED.get("dae/1"), damaged.resolve("1"));
    Files.write(damaged.resolve("1").resolve("saved_model.pb"), new byte[] {1, 2, 3});

    assertRefused(folder.resolve("absent"), ": there is no such export");
    assertRefused(file, ": expected an exported model's folder, found a file");
    assertRefused(
        empty,
        ": not an export, expected saved_model.pb or folders BASE/<version> in it, found neither");
    assertRefused(
        foreign, ": not an export of vaecf, expected a file assets/items.txt, found none");
    assertThatThrownBy(() -> ServedModel.load(damaged))
        .isInstanceOf(DataException.class)
        .hasMessageMatching(
            Pattern.quote(damaged.resolve("1/saved_model.pb").toString())
                + ": expected \\d+ bytes, as the export wrote, found 3: it is not whole yet, or was"
                + " damaged; copy it again, or export again");
  }

  private static void assertRefused(Path path, String problem) {
    assertThatThrownBy(() -> ServedModel.load(path))
        .isInstanceOf(DataException.class)
        .hasMessage(path + problem);
  }
}
