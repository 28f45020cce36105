package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is particular to ONNX; that it answers like the model is tested with the other forms. */
class OnnxExporterTest {
  @TempDir static Path folder;
  private static TrainedModel model;
  private static Path file;

  @BeforeAll
  static void export() {
    model = SmallModels.vae();
    file = folder.resolve("new").resolve("model.onnx");
    OnnxExporter.builder().facts(Map.of("data", "made up")).export(model, file);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void theFileSaysWhatItNeedsAndWhatItIs() throws IOException {
    ModelProto onnx = ModelProto.parseFrom(Files.readAllBytes(file));

    assertThat(onnx.getProducerName()).isEqualTo("vaecf");
    assertThat(onnx.getOpsetImportList())
        .extracting(OperatorSetIdProto::getDomain, OperatorSetIdProto::getVersion)
        .containsExactly(tuple("", 13L), tuple("ai.onnx.ml", 2L));
    assertThat(onnx.getGraph().getNodeList())
        .extracting(NodeProto::getDomain)
        .containsOnly("", "ai.onnx.ml");
    assertThat(onnx.getMetadataProps(0).getKey()).isEqualTo("vaecf.items");
    assertThat(onnx.getMetadataProps(0).getValue().lines())
        .containsExactlyElementsOf(SmallModels.ids().ids());
    assertThat(onnx.getMetadataProps(1).getKey()).isEqualTo("vaecf.card");
    JsonNode card = new ObjectMapper().readTree(onnx.getMetadataProps(1).getValue());
    assertThat(card.get("form").textValue()).isEqualTo("onnx");
    assertThat(onnx.getMetadataProps(2).getKey()).isEqualTo("vaecf.floats_per_place");
    assertThat(onnx.getMetadataProps(2).getValue()).isEqualTo("24");
    assertThat(card.get("facts").get("data").textValue()).isEqualTo("made up");
  }

  @Test
  void whatIsExcludedIsLeftOutAndTheRestMovesUp() throws Exception {
    Path excluding = folder.resolve("excluding.onnx");
    OnnxExporter.builder().exclude(true).export(model, excluding);
    String seen = SmallModels.ids().id(3);
    List<Recommendation> best = model.recommend(List.of(seen), 12);
    String[][] exclude = {{best.get(0).item(), "", "unknown", best.get(4).item()}};

    List<Recommendation> found =
        rank(excluding, Map.of("items", new String[][] {{seen}}, "exclude", exclude), 10).get(0);
    List<Recommendation> expected = new ArrayList<>(best);
    expected.remove(4);
    expected.remove(0);
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, found)).isEmpty();
    try (ServedModel served = ServedModel.load(excluding)) {
      assertThat(
              RankingAgreement.ACROSS_RUNTIMES.difference(
                  best, served.recommend(List.of(seen), 12)))
          .isEmpty();
    }
  }

  @Test
  void indicesAreExcludedToo() throws Exception {
    Path excluding = folder.resolve("excluding-indices.onnx");
    OnnxExporter.builder().rawIds(false).exclude(true).export(model, excluding);
    int best;
    try (ServedModel served = ServedModel.load(excluding)) {
      best = served.rank(CsrMatrix.of(2, SmallModels.ITEMS, pairs -> {}), 0, 2, 1).item(0, 0);
    }
    long[][] exclude = {{best, -1, SmallModels.ITEMS, best}, {-1, -1, -1, -1}};

    List<List<Recommendation>> ranked =
        rank(
            excluding,
            Map.of("items", new long[][] {{-1}, {-1}}, "exclude", exclude),
            SmallModels.ITEMS);

    assertThat(ranked.get(1)).hasSize(SmallModels.ITEMS);
    List<Recommendation> rest = new ArrayList<>(ranked.get(1));
    assertThat(rest.remove(0).item()).isEqualTo(SmallModels.ids().id(best));
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(rest, ranked.get(0))).isEmpty();
  }

  /** Asks ONNX Runtime itself. The lists are of raw ids and end where no item is left. */
  private static List<List<Recommendation>> rank(Path file, Map<String, Object> inputs, int k)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try (OrtSession session = environment.createSession(file.toString())) {
      for (Map.Entry<String, Object> input : inputs.entrySet()) {
        tensors.put(input.getKey(), OnnxTensor.createTensor(environment, input.getValue()));
      }
      tensors.put("k", OnnxTensor.createTensor(environment, new long[] {k}));
      try (OrtSession.Result result = session.run(tensors)) {
        Object items = result.get("items_ranked").orElseThrow().getValue();
        float[][] scores = (float[][]) result.get("scores").orElseThrow().getValue();
        List<List<Recommendation>> lists = new ArrayList<>();
        for (int row = 0; row < scores.length; row++) {
          List<Recommendation> list = new ArrayList<>();
          for (int rank = 0; rank < scores[row].length; rank++) {
            String id = id(items, row, rank);
            if (!id.isEmpty()) {
              list.add(new Recommendation(id, scores[row][rank]));
            }
          }
          lists.add(list);
        }
        return lists;
      }
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private static String id(Object items, int row, int rank) {
    if (items instanceof String[][] ids) {
      return ids[row][rank];
    }
    int index = (int) ((long[][]) items)[row][rank];
    return index < 0 ? "" : SmallModels.ids().id(index);
  }

  /** A recommender sorts histories and drops duplicates before it asks; a client need not. */
  @ParameterizedTest
  @CsvSource({"vae, true", "vae, false", "knn, true", "knn, false"})
  void duplicatesOrderUnknownItemsAndPaddingChangeNothing(String name, boolean rawIds)
      throws Exception {
    Path onnx = folder.resolve(name + "-raw-" + rawIds + ".onnx");
    try (TrainedModel trained = name.equals("knn") ? SmallModels.itemKnn() : SmallModels.vae()) {
      OnnxExporter.builder().rawIds(rawIds).export(trained, onnx);
    }
    long outside = SmallModels.ITEMS;
    List<Recommendation> clean =
        rank(onnx, Map.of("items", histories(rawIds, new long[] {3, 9, 50})), 100).get(0);
    List<List<Recommendation>> others =
        rank(
            onnx,
            Map.of(
                "items",
                histories(
                    rawIds,
                    new long[] {50, 9, 3, -1, -1, -1, -1},
                    new long[] {-1, 9, outside, 50, 9, 3, 3})),
            100);

    assertThat(clean).hasSize(100);
    assertThat(others).hasSize(2);
    for (List<Recommendation> other : others) {
      assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(clean, other)).isEmpty();
    }
  }

  /** Histories as the file takes them, as indices or as raw ids; −1 is padding. */
  private static Object histories(boolean rawIds, long[]... indices) {
    if (!rawIds) {
      return indices;
    }
    String[][] ids = new String[indices.length][];
    for (int row = 0; row < ids.length; row++) {
      ids[row] =
          LongStream.of(indices[row])
              .mapToObj(
                  index ->
                      index < 0
                          ? ""
                          : index >= SmallModels.ITEMS
                              ? "unknown"
                              : SmallModels.ids().id((int) index))
              .toArray(String[]::new);
    }
    return ids;
  }

  @Test
  void halfPrecisionIsHalfTheSizeAndRanksAlmostTheSame() throws IOException {
    Path half = folder.resolve("half.onnx");
    OnnxExporter.builder().rawIds(false).weights(ExportedWeights.FLOAT16).export(model, half);

    assertAlmostTheSame(half, 1e-2f, 1e-3);
    assertThat(weightBytes(half)).isLessThan(weightBytes(file) * 6 / 10);
  }

  @Test
  void eightBitsAreAQuarterOfTheSizeAndRankSimilarly() throws IOException {
    Path whole = folder.resolve("int8.onnx");
    OnnxExporter.builder().rawIds(false).weights(ExportedWeights.INT8).export(model, whole);

    assertAlmostTheSame(whole, 0.2f, 1e-2);
    assertThat(weightBytes(whole)).isLessThan(weightBytes(file) * 4 / 10);
  }

  private static long weightBytes(Path onnx) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(onnx)).getGraph().getInitializerList().stream()
        .mapToLong(tensor -> tensor.getRawData().size())
        .sum();
  }

  private static void assertAlmostTheSame(Path onnx, float scoreError, double metricError) {
    CsrMatrix users = SmallModels.users(200, 2);
    RankingEvaluator evaluator = RankingEvaluator.of(Ndcg.at(100));
    HeldOut heldOut = new HeldOut(users, SmallModels.users(200, 3), 0);
    try (ServedModel served = ServedModel.load(onnx)) {
      Rankings found = served.rank(users, 0, 200, 1);
      Rankings expected = model.rank(users, 0, 200, 1);
      for (int user = 0; user < 200; user++) {
        assertThat(found.score(user, 0)).isCloseTo(expected.score(user, 0), within(scoreError));
      }
      assertThat(evaluator.evaluate(served, heldOut).mean(Ndcg.at(100)))
          .isCloseTo(evaluator.evaluate(model, heldOut).mean(Ndcg.at(100)), within(metricError));
    }
  }

  @Test
  void aFileThatIsThereIsLeftAsItIs() throws IOException {
    byte[] before = Files.readAllBytes(file);

    assertThatThrownBy(() -> OnnxExporter.export(model, file))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ": already exists; choose another place or remove it first");

    assertThat(file).hasBinaryContent(before);
    assertThat(file.getParent().toFile().list()).containsExactly("model.onnx");
  }

  @Test
  void whatIsNoOnnxExportIsRefusedWithTheReason() throws IOException {
    Path broken = Files.write(folder.resolve("broken.onnx"), List.of("not a model"));
    Path directory = Files.createDirectory(folder.resolve("directory.onnx"));
    Path foreign = folder.resolve("foreign.onnx");
    ModelProto onnx = ModelProto.parseFrom(Files.readAllBytes(file));
    Files.write(foreign, onnx.toBuilder().clearMetadataProps().build().toByteArray());

    assertThatThrownBy(() -> ServedModel.load(folder.resolve("absent.onnx")))
        .isInstanceOf(DataException.class)
        .hasMessage(folder.resolve("absent.onnx") + ": no such file");
    assertThatThrownBy(() -> ServedModel.load(directory))
        .isInstanceOf(DataException.class)
        .hasMessage(directory + ": expected a file, found a folder");
    assertThatThrownBy(() -> ServedModel.load(broken))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(broken + ": cannot be loaded (");
    assertThatThrownBy(() -> ServedModel.load(foreign))
        .isInstanceOf(DataException.class)
        .hasMessage(
            foreign + ": not an export of vaecf, expected metadata vaecf.items, found none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"half", "empty", "doubled", "flipped"})
  void aDamagedFileIsRefused(String damage) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Path damaged = folder.resolve(damage + ".onnx");
    Random random = new Random(3);
    for (int attempt = 0; attempt < (damage.equals("flipped") ? 100 : 1); attempt++) {
      byte[] bytes =
          switch (damage) {
            case "half" -> Arrays.copyOf(whole, whole.length / 2);
            case "empty" -> new byte[0];
            case "doubled" -> {
              byte[] twice = Arrays.copyOf(whole, 2 * whole.length);
              System.arraycopy(whole, 0, twice, whole.length, whole.length);
              yield twice;
            }
            default -> whole.clone();
          };
      if (damage.equals("flipped")) {
        // The last bytes are the checksum itself.
        bytes[random.nextInt(bytes.length - 30)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(damaged, bytes);
      assertThatThrownBy(() -> ServedModel.load(damaged))
          .isInstanceOf(DataException.class)
          .hasMessageStartingWith(damaged + ": ");
    }
  }

  @Test
  void aFileOfAnOlderVersionHasNoChecksumAndIsLoaded() throws IOException {
    ModelProto onnx = ModelProto.parseFrom(Files.readAllBytes(file));
    assertThat(onnx.getMetadataPropsList()).last().extracting("key").isEqualTo("vaecf.crc32c");
    Path older = folder.resolve("older.onnx");
    int last = onnx.getMetadataPropsCount() - 1;
    Files.write(older, onnx.toBuilder().removeMetadataProps(last).build().toByteArray());

    try (ServedModel served = ServedModel.load(older)) {
      assertThat(served.recommend(List.of(), 3)).hasSize(3);
    }
  }

  @Test
  void aFileThatNamesVectorsThatItHasNotIsRefused() throws IOException {
    ModelProto onnx = ModelProto.parseFrom(Files.readAllBytes(file));
    assertThat(onnx.getMetadataProps(3).getKey()).isEqualTo("vaecf.item_vectors");
    assertThat(onnx.getMetadataProps(3).getValue()).isEqualTo("columns decoder/1/kernel");
    ModelProto.Builder other = onnx.toBuilder().removeMetadataProps(4); // the checksum
    other.getMetadataPropsBuilder(3).setValue("rows another/kernel");
    Path lacking = folder.resolve("lacking.onnx");
    Files.write(lacking, other.build().toByteArray());

    assertThatThrownBy(() -> ServedModel.load(lacking))
        .isInstanceOf(DataException.class)
        .hasMessage(lacking + ": cannot be loaded (there is no weight another/kernel)");
  }

  @Test
  void aNameByWhichNothingWouldReadTheFileIsRefused() {
    Path misspelt = folder.resolve("m.onx");

    assertThatThrownBy(() -> OnnxExporter.export(model, misspelt))
        .isInstanceOf(DataException.class)
        .hasMessage(
            misspelt
                + ": the name of an ONNX file must end in .onnx, by which it is known when it is"
                + " read; that of a version's folder with such a file in it is a number");
    assertThat(misspelt).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, decoder/0/kernel, 450000, 600, true",
    "FLOAT16, decoder/0/kernel, 450000, 600, false",
    "INT8, decoder/0/kernel, 450000, 600, false",
    "FLOAT32, ease/kernel, 23100, 23100, false",
    "FLOAT32, ease/kernel, 46000, 46000, true",
    "FLOAT16, ease/kernel, 46000, 46000, true",
    "INT8, ease/kernel, 60000, 60000, true"
  })
  void whatTwoGigabytesDoNotHoldGoesIntoTwoFiles(
      ExportedWeights weights, String name, long rows, long columns, boolean two) {
    // Twice, as the encoder's; EASE has one.
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    shapes.put(name, List.of(rows, columns));
    if (!name.startsWith("ease")) {
      shapes.put("other/" + name, List.of(rows, columns));
    }
    assertThat(OnnxExporter.builder().weights(weights).fitInOneFile(shapes, SmallModels.ids()))
        .isEqualTo(!two);
  }

  @Test
  void allIdsCountForTheSizeOfAFile() {
    IdIndex ids = IdIndex.of(IntStream.range(0, 450_000).mapToObj(i -> "item " + i).toList());
    Map<String, List<Long>> shapes = Map.of("kernel", List.of(450_000L, 1_190L));

    assertThat(OnnxExporter.builder().fitInOneFile(shapes, ids)).isFalse();
    assertThat(OnnxExporter.builder().fitInOneFile(shapes, SmallModels.ids())).isTrue();
  }

  @ParameterizedTest
  @MethodSource("everyModel")
  void theSizesAreThoseOfTheWeightsInTheFile(Supplier<TrainedModel> training) throws IOException {
    for (ExportedWeights form : ExportedWeights.values()) {
      Path path = Files.createTempDirectory(folder, "sizes").resolve("model.onnx");
      try (TrainedModel trained = training.get()) {
        OnnxExporter.builder().weights(form).export(trained, path);
        long expected = 0;
        for (Map.Entry<String, List<Long>> shape : trained.weightShapes().entrySet()) {
          expected += OnnxLayers.bytes(shape.getKey(), shape.getValue(), form);
        }
        long found =
            ModelProto.parseFrom(Files.readAllBytes(path)).getGraph().getInitializerList().stream()
                .filter(tensor -> tensor.getName().matches("(weights|scales)/.*"))
                .mapToLong(tensor -> tensor.getRawData().size())
                .sum();
        assertThat(found).as(form.toString()).isEqualTo(expected);
      }
    }
  }

  static List<Supplier<TrainedModel>> everyModel() {
    return List.of(
        SmallModels::vae,
        SmallModels::ease,
        SmallModels::elsa,
        SmallModels::implicitAls,
        SmallModels::sparseEase,
        SmallModels::itemKnn,
        SmallModels::mostPopular);
  }
}
