package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.DenseLayer;
import io.github.vaecf.core.Network;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.Rows;
import io.github.vaecf.eval.SmallModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

class SavedModelExporterTest {
  private static final int TOP_K = 7;
  private static final float LEFT_OUT = -Float.MAX_VALUE;

  @TempDir static Path folder;
  private static TrainedModel model;
  private static Path version;
  private static SavedModelBundle bundle;

  @BeforeAll
  static void export() {
    model = SmallModels.vae();
    version = folder.resolve("movies").resolve("1");
    SavedModelExporter.export(
        model,
        version,
        ExportOptions.defaults()
            .withTopK(TOP_K)
            .withTitles(Map.of(id(0), "The first, \"quoted\"", id(1), "Second"))
            .withFacts(Map.of("data", "made up", "ndcg@100", 0.5)));
    bundle = SavedModelBundle.load(version.toString(), SavedModelBundle.DEFAULT_TAG);
  }

  @AfterAll
  static void close() {
    bundle.close();
    model.close();
  }

  private static String id(int item) {
    return SmallModels.ids().id(item);
  }

  /** Runs a signature; the outputs are copied into arrays. */
  private static Map<String, Object> call(String signature, Map<String, Tensor> inputs) {
    SignatureDef definition = bundle.metaGraphDef().getSignatureDefOrThrow(signature);
    Session.Runner runner = bundle.session().runner();
    inputs.forEach(
        (name, tensor) -> runner.feed(definition.getInputsOrThrow(name).getName(), tensor));
    List<String> names = new ArrayList<>(new TreeMap<>(definition.getOutputsMap()).keySet());
    names.forEach(name -> runner.fetch(definition.getOutputsOrThrow(name).getName()));
    Map<String, Object> outputs = new HashMap<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < names.size(); i++) {
        outputs.put(names.get(i), copy(result.get(i)));
      }
    } finally {
      inputs.values().forEach(Tensor::close);
    }
    return outputs;
  }

  private static Object copy(Tensor tensor) {
    if (tensor instanceof TString text) {
      return StdArrays.array2dCopyOf(text, String.class);
    }
    return tensor instanceof TInt64 indices
        ? StdArrays.array2dCopyOf(indices)
        : StdArrays.array2dCopyOf((TFloat32) tensor);
  }

  private static String[][] items(Map<String, Object> outputs) {
    return (String[][]) outputs.get("items");
  }

  private static float[][] scores(Map<String, Object> outputs) {
    return (float[][]) outputs.get("scores");
  }

  private static TString text(int columns, String... values) {
    return TString.tensorOf(
        Shape.of(values.length / columns, columns), DataBuffers.ofObjects(values));
  }

  @Test
  void theDefaultSignatureAnswersLikeTheModel() {
    Map<String, Object> outputs =
        call(
            "serving_default",
            Map.of("items", text(4, id(3), id(9), id(3), "unknown", id(50), "", "", "")));

    List<List<String>> histories = List.of(List.of(id(3), id(9)), List.of(id(50)));
    for (int user = 0; user < 2; user++) {
      List<Recommendation> expected = model.recommend(histories.get(user), TOP_K);
      for (int rank = 0; rank < TOP_K; rank++) {
        assertThat(items(outputs)[user][rank]).isEqualTo(expected.get(rank).item());
        assertThat(scores(outputs)[user][rank])
            .isCloseTo(expected.get(rank).score(), within(1e-5f));
      }
    }
  }

  @Test
  void whatIsExcludedIsLeftOutAndTheRestMovesUp() {
    List<Recommendation> best = model.recommend(List.of(id(3)), TOP_K + 2);

    Map<String, Object> outputs =
        call(
            "recommend_excluding",
            Map.of(
                "items", text(2, id(3), ""),
                "exclude", text(4, best.get(0).item(), "", "unknown", best.get(4).item())));

    List<String> expected = new ArrayList<>(best.stream().map(Recommendation::item).toList());
    expected.remove(4);
    expected.remove(0);
    assertThat(items(outputs)[0]).containsExactlyElementsOf(expected);
  }

  @Test
  void excludingAlmostAllLeavesEmptyPlacesAtTheEnd() {
    List<String> ids = SmallModels.ids().ids();
    String[] allButThree = ids.subList(3, ids.size()).toArray(String[]::new);

    Map<String, Object> outputs =
        call(
            "recommend_excluding",
            Map.of("items", text(1, id(0)), "exclude", text(allButThree.length, allButThree)));

    assertThat(items(outputs)[0][0]).isIn(id(1), id(2));
    assertThat(items(outputs)[0][1]).isIn(id(1), id(2));
    assertThat(items(outputs)[0]).endsWith("", "", "", "", "");
    assertThat(scores(outputs)[0][2]).isEqualTo(LEFT_OUT);
    assertThat(scores(outputs)[0][TOP_K - 1]).isEqualTo(LEFT_OUT);
  }

  @Test
  void nothingToExcludeIsNoDifference() {
    Map<String, Object> plain = call("serving_default", Map.of("items", text(1, id(8), "")));
    Map<String, Object> none =
        call(
            "recommend_excluding", Map.of("items", text(1, id(8), ""), "exclude", text(1, "", "")));
    Map<String, Object> noColumn =
        call(
            "recommend_excluding",
            Map.of(
                "items",
                text(1, id(8), ""),
                "exclude",
                TString.tensorOf(Shape.of(2, 0), DataBuffers.ofObjects(new String[0]))));

    for (int user = 0; user < 2; user++) {
      assertThat(items(none)[user]).containsExactly(items(plain)[user]);
      assertThat(items(noColumn)[user]).containsExactly(items(plain)[user]);
      assertThat(scores(none)[user]).containsExactly(scores(plain)[user]);
    }
  }

  @Test
  void allItemsAreScoredLikeByTheModelAlsoThoseOfTheHistory() {
    float[][] scores = scores(call("score", Map.of("items", text(2, id(3), id(9)))));

    float[] expected = model.scores(Rows.of(SmallModels.ITEMS, new int[] {3, 9}), 0, 1);
    assertThat(scores[0]).containsExactly(expected, within(1e-5f));
  }

  @Test
  void encodingGivesTheMeanAndDecodingItTheScores() {
    float[][] latent =
        (float[][]) call("encode", Map.of("items", text(2, id(3), id(9)))).get("latent");
    float[][] scores =
        scores(call("decode", Map.of("latent", TFloat32.tensorOf(StdArrays.ndCopyOf(latent)))));

    float[] expected = model.encode(Rows.of(SmallModels.ITEMS, new int[] {3, 9}), 0, 1);
    assertThat(latent[0]).containsExactly(expected, within(1e-5f));
    assertThat(scores[0])
        .containsExactly(
            scores(call("score", Map.of("items", text(2, id(3), id(9)))))[0], within(1e-5f));
  }

  @Test
  void indicesAreAnsweredWithIndicesAndThoseOutsideAreIgnored() {
    Map<String, Object> outputs =
        call(
            "recommend_indices",
            Map.of(
                "items",
                TInt64.tensorOf(
                    Shape.of(2, 4), DataBuffers.of(3L, 9, -7, SmallModels.ITEMS, 3, 9, 9, -1))));

    long[][] items = (long[][]) outputs.get("items");
    List<Recommendation> expected = model.recommend(List.of(id(3), id(9)), TOP_K);
    for (int rank = 0; rank < TOP_K; rank++) {
      assertThat(id((int) items[0][rank])).isEqualTo(expected.get(rank).item());
    }
    assertThat(items[1]).containsExactly(items[0]);
  }

  @Test
  void aRankingHasTheLengthThatIsAskedFor() {
    Map<String, Object> outputs =
        call(
            "rank_indices",
            Map.of(
                "items",
                TInt64.tensorOf(Shape.of(1, 0), DataBuffers.of(new long[0])),
                "k",
                TInt32.vectorOf(3)));
    Map<String, Object> longest =
        call(
            "rank_indices",
            Map.of(
                "items",
                TInt64.tensorOf(Shape.of(1, 1), DataBuffers.of(5L)),
                "k",
                TInt32.vectorOf(3, 10_000)));

    assertThat(((long[][]) outputs.get("items"))[0]).hasSize(3);
    long[] all = ((long[][]) longest.get("items"))[0];
    assertThat(all).hasSize(SmallModels.ITEMS).doesNotContain(5).endsWith(-1);
  }

  @Test
  void similarItemsAreThoseWithTheLargestCosine() {
    Map<String, Object> outputs =
        call("similar_items", Map.of("item", TString.vectorOf(id(12), "unknown")));

    Network network = model.network();
    DenseLayer last = network.decoder().get(network.decoder().size() - 1);
    double best = -2;
    int bestItem = -1;
    for (int item = 0; item < SmallModels.ITEMS; item++) {
      double cosine = cosine(last, 12, item);
      if (item != 12 && cosine > best) {
        best = cosine;
        bestItem = item;
      }
    }
    assertThat(items(outputs)[0][0]).isEqualTo(id(bestItem));
    assertThat(scores(outputs)[0][0]).isCloseTo((float) best, within(1e-5f));
    assertThat(items(outputs)[0]).doesNotContain(id(12));
    assertThat(items(outputs)[1]).containsOnly("");
    assertThat(scores(outputs)[1]).containsOnly(LEFT_OUT);
  }

  @Test
  void similarityIsTheCosineToEachOfSomeItems() {
    float[][] scores =
        scores(
            call(
                "similarity",
                Map.of(
                    "item", TString.vectorOf(id(12), "unknown"),
                    "items", text(3, id(7), "unknown", id(12), id(7), id(8), ""))));

    Network network = model.network();
    DenseLayer last = network.decoder().get(network.decoder().size() - 1);
    assertThat(scores[0][0]).isCloseTo((float) cosine(last, 12, 7), within(1e-5f));
    assertThat(scores[0][1]).isEqualTo(LEFT_OUT);
    assertThat(scores[0][2]).isCloseTo(1, within(1e-5f));
    assertThat(scores[1]).containsOnly(LEFT_OUT);
  }

  private static double cosine(DenseLayer layer, int a, int b) {
    double product = 0;
    double squareA = 0;
    double squareB = 0;
    for (int row = 0; row < layer.inputs(); row++) {
      double weightA = layer.kernel()[row * layer.outputs() + a];
      double weightB = layer.kernel()[row * layer.outputs() + b];
      product += weightA * weightB;
      squareA += weightA * weightA;
      squareB += weightB * weightB;
    }
    return product / Math.sqrt(squareA * squareB);
  }

  /** What TF Serving's loader and its Predict call check, and what its batching needs. */
  @Test
  void theFilesAreWhatTensorFlowServingAsksFor() throws IOException {
    assertThat(version.getFileName().toString()).matches("[1-9][0-9]*");
    assertThat(version.resolve("variables/variables.index")).isRegularFile();
    assertThat(version.resolve("assets/items.txt"))
        .hasContent(String.join("\n", SmallModels.ids().ids()));
    SavedModel saved = SavedModel.parseFrom(Files.readAllBytes(version.resolve("saved_model.pb")));
    assertThat(saved.getSavedModelSchemaVersion()).isEqualTo(1);
    assertThat(saved.getMetaGraphsCount()).isEqualTo(1);
    MetaGraphDef graph = saved.getMetaGraphs(0);
    assertThat(graph.getMetaInfoDef().getTagsList()).containsExactly("serve");
    assertThat(graph.getMetaInfoDef().getTensorflowVersion()).isEqualTo(TensorFlow.version());
    assertThat(graph.getMetaInfoDef().getStrippedDefaultAttrs()).isTrue();
    assertThat(graph.getAssetFileDef(0).getFilename()).isEqualTo("items.txt");
    assertThat(graph.getSignatureDefMap().keySet())
        .containsExactlyInAnyOrder(
            "serving_default",
            "recommend_excluding",
            "recommend_indices",
            "rank_indices",
            "score",
            "encode",
            "decode",
            "similar_items",
            "similarity");
    Set<String> nodes = new HashSet<>();
    graph.getGraphDef().getNodeList().forEach(node -> nodes.add(node.getName()));
    assertThat(nodes)
        .contains(
            graph.getCollectionDefOrThrow("saved_model_main_op").getNodeList().getValue(0),
            graph.getSaverDef().getRestoreOpName());
    graph
        .getSignatureDefMap()
        .forEach(
            (name, signature) -> {
              assertThat(signature.getMethodName())
                  .as(name)
                  .isEqualTo("tensorflow/serving/predict");
              List<TensorInfo> tensors = new ArrayList<>(signature.getInputsMap().values());
              tensors.addAll(signature.getOutputsMap().values());
              for (TensorInfo tensor : tensors) {
                assertThat(tensor.getDtype()).as(name).isNotEqualTo(DataType.DT_INVALID);
                assertThat(tensor.getTensorShape().getUnknownRank()).as(name).isFalse();
                assertThat(tensor.getTensorShape().getDimCount()).as(name).isPositive();
                assertThat(tensor.getTensorShape().getDim(0).getSize()).as(name).isEqualTo(-1);
                assertThat(nodes).contains(tensor.getName().replaceFirst(":0$", ""));
              }
            });
    TensorInfo served = graph.getSignatureDefOrThrow("serving_default").getOutputsOrThrow("scores");
    assertThat(served.getTensorShape().getDim(1).getSize()).isEqualTo(TOP_K);
  }

  @Test
  void nothingOfTheTrainingIsInTheGraph() throws IOException {
    SavedModel saved = SavedModel.parseFrom(Files.readAllBytes(version.resolve("saved_model.pb")));
    List<NodeDef> nodes = saved.getMetaGraphs(0).getGraphDef().getNodeList();

    assertThat(nodes)
        .noneMatch(node -> node.getOp().contains("Adam") || node.getOp().contains("Random"));
    Network network = model.network();
    long weights = network.items();
    for (DenseLayer layer : network.encoder()) {
      weights += layer.kernel().length + layer.bias().length;
    }
    for (DenseLayer layer : network.decoder()) {
      weights += layer.kernel().length + layer.bias().length;
    }
    assertThat(version.resolve("variables/variables.data-00000-of-00001").toFile().length())
        .isLessThanOrEqualTo(weights * Float.BYTES);
  }

  @Test
  void noAttributeStandsThereWithItsDefault() throws IOException {
    Map<String, OpDef> operations = new HashMap<>();
    TensorFlow.registeredOpList()
        .getOpList()
        .forEach(operation -> operations.put(operation.getName(), operation));
    SavedModel saved = SavedModel.parseFrom(Files.readAllBytes(version.resolve("saved_model.pb")));

    for (NodeDef node : saved.getMetaGraphs(0).getGraphDef().getNodeList()) {
      for (OpDef.AttrDef attribute : operations.get(node.getOp()).getAttrList()) {
        AttrValue value = node.getAttrMap().get(attribute.getName());
        if (attribute.hasDefaultValue() && value != null) {
          assertThat(value)
              .as("%s of %s", attribute.getName(), node.getName())
              .isNotEqualTo(attribute.getDefaultValue());
        }
      }
    }
  }

  @Test
  void aWarmUpRequestToEachSignatureIsThereAndCanBeSent() throws IOException {
    Path file = version.resolve("assets.extra/tf_serving_warmup_requests");

    List<WarmupRequests.Request> requests = WarmupRequests.read(file);

    assertThat(requests.stream().map(WarmupRequests.Request::signature))
        .containsExactlyInAnyOrderElementsOf(bundle.metaGraphDef().getSignatureDefMap().keySet());
    for (WarmupRequests.Request request : requests) {
      assertThat(request.inputs().keySet())
          .isEqualTo(
              bundle
                  .metaGraphDef()
                  .getSignatureDefOrThrow(request.signature())
                  .getInputsMap()
                  .keySet());
    }
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Path damaged = Files.write(folder.resolve("damaged"), bytes);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> WarmupRequests.read(damaged))
        .withMessage(damaged + ": a record's checksum is wrong");
  }

  @Test
  void theCardSaysWhatTheModelIs() throws IOException {
    JsonNode card = new ObjectMapper().readTree(version.resolve("model.json").toFile());

    assertThat(card.get("form").textValue()).isEqualTo("savedmodel");
    assertThat(card.get("items").intValue()).isEqualTo(SmallModels.ITEMS);
    assertThat(card.get("latent").intValue()).isEqualTo(8);
    assertThat(card.get("model").get("model").textValue()).isEqualTo("mult-vae");
    assertThat(card.get("training").get("epochs").intValue()).isEqualTo(12);
    assertThat(card.get("epoch").intValue()).isEqualTo(12);
    assertThat(card.get("fingerprint").textValue()).matches("sha256:[0-9a-f]{64}");
    assertThat(card.get("versions").get("tensorflow").textValue()).isEqualTo(TensorFlow.version());
    assertThat(card.get("facts").get("data").textValue()).isEqualTo("made up");
    assertThat(card.get("facts").get("ndcg@100").doubleValue()).isEqualTo(0.5);
  }

  @Test
  void titlesAreWrittenBesideTheVocabulary() {
    assertThat(version.resolve("assets.extra/titles.csv"))
        .hasContent(
            "item,title\n\"%s\",Second\n\"%s\",\"The first, \"\"quoted\"\"\"\n"
                .formatted(id(1), id(0)));
  }

  @Test
  void aVersionThatIsThereIsLeftAsItIs() throws IOException {
    byte[] before = Files.readAllBytes(version.resolve("saved_model.pb"));

    assertThatThrownBy(() -> SavedModelExporter.export(model, version))
        .isInstanceOf(DataException.class)
        .hasMessage(
            version
                + ": this version is there already and is left as it is; export to another number");

    assertThat(version.resolve("saved_model.pb")).hasBinaryContent(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"latest", "v1", "-1", "1.0", "99999999999999999999"})
  void aNameThatIsNoVersionNumberIsRefused(String name) {
    Path target = folder.resolve(name);

    assertThatThrownBy(() -> SavedModelExporter.export(model, target))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(target + ": the last part must be a version number such as 1");
    assertThat(target).doesNotExist();
  }

  @Test
  void aFolderThatCannotBeWrittenIsReported() throws IOException {
    Path file = Files.createFile(folder.resolve("a-file"));

    assertThatThrownBy(() -> SavedModelExporter.export(model, file.resolve("1")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void onlyTheNewestVersionsAreKept() {
    Path base = folder.resolve("pruned");
    for (int number = 8; number <= 11; number++) {
      SavedModelExporter.export(
          model, base.resolve(Integer.toString(number)), ExportOptions.defaults().withKeep(2));
    }
    assertThat(base.toFile().list()).containsExactlyInAnyOrder("10", "11");

    // An older number than those that are there: nobody asked to lose what was just written.
    SavedModelExporter.export(model, base.resolve("3"), ExportOptions.defaults().withKeep(1));
    assertThat(base.toFile().list()).containsExactlyInAnyOrder("3", "11");
  }

  @Test
  void whatKilledExportersLeftIsRemovedByTheNextExport() throws IOException {
    Path base = Files.createDirectories(folder.resolve("abandoned"));
    Path left = Files.createDirectories(base.resolve(".unfinished-4-x").resolve("variables"));
    Files.writeString(left.resolve("half"), "x", StandardCharsets.UTF_8);
    Files.createFile(base.resolve(".unfinished-4-x.lock"));

    SavedModelExporter.export(model, base.resolve("5"));

    try (Stream<Path> files = Files.list(base)) {
      assertThat(files.map(file -> file.getFileName().toString())).containsExactly("5");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two\nlines", "carriage\rreturn"})
  void anIdThatTheVocabularyCannotHoldIsRefused(String id) {
    Network network = model.network();
    List<String> ids = new ArrayList<>(SmallModels.ids().ids());
    ids.set(4, id);

    assertThatThrownBy(
            () ->
                SavedModelFiles.write(
                    Files.createTempDirectory(folder, "ids"), "m", network, IdIndex.of(ids), 5))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("at index 4 cannot be exported");
  }

  @Test
  void weightsThatAreNoNumbersAreRefused() {
    Network network = model.network();
    network.decoder().get(0).kernel()[3] = Float.NaN;

    assertThatThrownBy(
            () ->
                SavedModelFiles.write(
                    Files.createTempDirectory(folder, "nan"), "m", network, model.items(), 5))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("weights 'decoder/0/kernel' hold NaN: such a model cannot be served");
  }

  @Test
  void optionsOutOfTheirRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ExportOptions.defaults().withTopK(0))
        .withMessage("topK and keep must be at least 1, found 0 and 2147483647");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ExportOptions.defaults().withKeep(0))
        .withMessage("topK and keep must be at least 1, found 100 and 0");
  }
}
