package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.GivenWeights;
import io.github.vaecf.eval.SmallModels;
import java.io.IOException;
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
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
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
    SavedModelExporter.builder()
        .topK(TOP_K)
        .titles(Map.of(id(0), "The first, \"quoted\"", id(1), "Second"))
        .facts(Map.of("data", "made up", "ndcg@100", 0.5))
        .export(model, version);
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

  private static void assertAgree(
      List<Recommendation> expected, Map<String, Object> outputs, int user) {
    List<Recommendation> found = new ArrayList<>();
    for (int rank = 0; rank < TOP_K; rank++) {
      found.add(new Recommendation(items(outputs)[user][rank], scores(outputs)[user][rank]));
    }
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, found)).isEmpty();
  }

  @Test
  void theDefaultSignatureAnswersLikeTheModel() {
    Map<String, Object> outputs =
        call(
            "serving_default",
            Map.of("items", text(4, id(3), id(9), id(3), "unknown", id(50), "", "", "")));

    List<List<String>> histories = List.of(List.of(id(3), id(9)), List.of(id(50)));
    for (int user = 0; user < 2; user++) {
      assertAgree(model.recommend(histories.get(user), TOP_K), outputs, user);
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

    List<Recommendation> expected = new ArrayList<>(best);
    expected.remove(4);
    expected.remove(0);
    assertAgree(expected, outputs, 0);
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
  void withoutAFilterTheFilteredAnswerIsThePlainOneEvenFromEmptyTensors() {
    Map<String, Object> plain = call("serving_default", Map.of("items", text(1, id(8), "")));
    Map<String, Object> filtered =
        call(
            "recommend_filtered",
            Map.of(
                "items", text(1, id(8), ""),
                "exclude", TString.tensorOf(Shape.of(2, 0), DataBuffers.ofObjects(new String[0])),
                "allow", TString.tensorOf(Shape.of(2, 0), DataBuffers.ofObjects(new String[0])),
                "k", TInt32.vectorOf(TOP_K, TOP_K),
                "offset", TInt32.vectorOf(0, 0),
                "with_history", TInt32.vectorOf(0, 0)));

    for (int user = 0; user < 2; user++) {
      assertThat(items(filtered)[user]).containsExactly(items(plain)[user]);
      assertThat(scores(filtered)[user]).containsExactly(scores(plain)[user]);
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
    String[][] ids = new String[2][TOP_K];
    for (int user = 0; user < 2; user++) {
      for (int rank = 0; rank < TOP_K; rank++) {
        ids[user][rank] = id((int) items[user][rank]);
      }
      assertAgree(
          model.recommend(List.of(id(3), id(9)), TOP_K),
          Map.of("items", ids, "scores", scores(outputs)),
          user);
    }
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

    Weight kernel = model.itemKernel().orElseThrow();
    double best = -2;
    for (int item = 0; item < SmallModels.ITEMS; item++) {
      best = item == 12 ? best : Math.max(best, cosine(kernel, 12, item));
    }
    int found = SmallModels.ids().indexOf(items(outputs)[0][0]);
    assertThat(cosine(kernel, 12, found)).isCloseTo(best, within(1e-5));
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

    Weight kernel = model.itemKernel().orElseThrow();
    assertThat(scores[0][0]).isCloseTo((float) cosine(kernel, 12, 7), within(1e-5f));
    assertThat(scores[0][1]).isEqualTo(LEFT_OUT);
    assertThat(scores[0][2]).isCloseTo(1, within(1e-5f));
    assertThat(scores[1]).containsOnly(LEFT_OUT);
  }

  static List<Supplier<TrainedModel>> withItemsInRows() {
    return List.of(SmallModels::implicitAls, SmallModels::elsa);
  }

  @ParameterizedTest
  @MethodSource("withItemsInRows")
  void whereTheItemsAreTheKernelsRowsTheyAreComparedToo(Supplier<TrainedModel> training)
      throws IOException {
    Path factors = Files.createTempDirectory(folder, "rows").resolve("1");
    try (TrainedModel factorization = training.get()) {
      SavedModelExporter.builder().topK(TOP_K).export(factorization, factors);
      Weight kernel = factorization.itemKernel().orElseThrow();
      try (SavedModelBundle other =
              SavedModelBundle.load(factors.toString(), SavedModelBundle.DEFAULT_TAG);
          TString item = TString.vectorOf(id(12));
          TString others = text(3, id(7), id(12), id(40));
          Result result =
              other.function("similarity").call(Map.of("item", item, "items", others))) {
        float[][] found = StdArrays.array2dCopyOf((TFloat32) result.get(0));
        assertThat(found[0][0]).isCloseTo((float) cosine(kernel, 12, 7), within(1e-5f));
        assertThat(found[0][1]).isCloseTo(1, within(1e-5f));
        assertThat(found[0][2]).isCloseTo((float) cosine(kernel, 12, 40), within(1e-5f));
      }
    }
  }

  private static double cosine(Weight kernel, int a, int b) {
    double product = 0;
    double squareA = 0;
    double squareB = 0;
    for (int row = 0; row < kernel.shape().get(0); row++) {
      double weightA = kernel.values()[row * SmallModels.ITEMS + a];
      double weightB = kernel.values()[row * SmallModels.ITEMS + b];
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
            "recommend_filtered",
            "recommend_indices",
            "rank_indices",
            "score",
            "encode",
            "decode",
            "similar_items",
            "similarity",
            "recommend_group",
            "because");
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
    long weights = SmallModels.ITEMS;
    for (Weight weight : model.weights()) {
      weights += weight.values().length;
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
    assertThat(card.get("model").textValue()).isEqualTo("vae");
    assertThat(card.get("title").textValue()).isEqualTo("Mult-VAE");
    assertThat(card.get("settings").get("epochs").textValue()).isEqualTo("12");
    assertThat(card.get("settings").get("hidden").textValue()).isEqualTo("24");
    assertThat(card.get("epoch").intValue()).isEqualTo(12);
    assertThat(card.get("fingerprint").textValue()).matches("sha256:[0-9a-f]{64}");
    assertThat(card.get("versions").get("tensorflow").textValue()).isEqualTo(TensorFlow.version());
    assertThat(card.get("facts").get("data").textValue()).isEqualTo("made up");
    assertThat(card.get("facts").get("ndcg@100").doubleValue()).isEqualTo(0.5);
  }

  @Test
  void theCardListsTheOtherFilesAndEndsWithItsOwnChecksum() throws IOException {
    JsonNode card = new ObjectMapper().readTree(version.resolve("model.json").toFile());

    assertThat(card.get("files").fieldNames())
        .toIterable()
        .containsExactly(
            "assets.extra/tf_serving_warmup_requests",
            "assets/items.txt",
            "saved_model.pb",
            "variables/variables.data-00000-of-00001",
            "variables/variables.index");
    JsonNode ids = card.get("files").get("assets/items.txt");
    assertThat(ids.get("bytes").longValue())
        .isEqualTo(Files.size(version.resolve("assets/items.txt")));
    assertThat(ids.get("sha256").textValue()).matches("[0-9a-f]{64}");
    assertThat(card.fieldNames()).toIterable().last().isEqualTo("checksum");

    ObjectNode changed = ((ObjectNode) card).put("epoch", 11);
    Path file = folder.resolve("changed.json");
    Files.writeString(file, changed.toString());
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> ModelCard.read(file))
        .withMessage(
            file
                + ": not the card that the export wrote (its checksum is another); whoever changes"
                + " a card removes its \"checksum\"");
    changed.remove("checksum");
    Files.writeString(file, changed.toPrettyString());
    assertThat(ModelCard.read(file).get("epoch").intValue()).isEqualTo(11);
  }

  @Test
  void twoExportsOfOneModelHaveTheSameBytesButForTheTimeOnTheCard() throws IOException {
    Path first = folder.resolve("twice/1");
    Path second = folder.resolve("twice/2");
    try (TrainedModel model = SmallModels.vae()) {
      SavedModelExporter.export(model, first);
      SavedModelExporter.export(model, second);
    }
    try (Stream<Path> files = Files.walk(first)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.endsWith("model.json")) {
          assertThat(second.resolve(first.relativize(file)))
              .hasBinaryContent(Files.readAllBytes(file));
        }
      }
    }
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
        .hasMessage(version + ": already exists; choose another place or remove it first");

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
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(file.resolve("1") + ": cannot be written (");
  }

  @Test
  void onlyTheNewestVersionsAreKept() {
    Path base = folder.resolve("pruned");
    for (int number = 8; number <= 11; number++) {
      SavedModelExporter.builder().keep(2).export(model, base.resolve(Integer.toString(number)));
    }
    assertThat(base.toFile().list()).containsExactlyInAnyOrder("10", "11");

    // An older number than those that are there: nobody asked to lose what was just written.
    SavedModelExporter.builder().keep(1).export(model, base.resolve("3"));
    assertThat(base.toFile().list()).containsExactlyInAnyOrder("3", "11");
  }

  @Test
  void whatKilledExportersLeftIsRemovedByTheNextExport() throws IOException {
    Path base = Files.createDirectories(folder.resolve("abandoned"));
    String partial = ".4.123e4567-e89b-12d3-a456-426614174000.partial";
    Path left = Files.createDirectories(base.resolve(partial).resolve("variables"));
    Files.writeString(left.resolve("half"), "x", StandardCharsets.UTF_8);
    Files.createFile(base.resolve(partial + ".lock"));

    SavedModelExporter.export(model, base.resolve("5"));

    try (Stream<Path> files = Files.list(base)) {
      assertThat(files.map(file -> file.getFileName().toString())).containsExactly("5");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two\nlines", "carriage\rreturn"})
  void anIdThatTheVocabularyCannotHoldIsRefused(String id) {
    List<String> ids = new ArrayList<>(SmallModels.ids().ids());
    ids.set(4, id);
    float[] weights = new float[SmallModels.ITEMS];
    Path base = folder.resolve("ids-" + ids.hashCode());

    try (TrainedModel other = popular(weights).over(IdIndex.of(ids))) {
      assertThatThrownBy(() -> SavedModelExporter.export(other, base.resolve("1")))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("at index 4 cannot be exported");
    }
    assertThat(base).isEmptyDirectory();
  }

  private static GivenWeights popular(float[] weights) {
    return new GivenWeights(new Weight("popularity", List.of((long) weights.length), weights)) {
      @Override
      public <T> T scores(Settings settings, Layers<T> layers) {
        return layers.constantScores("popularity");
      }
    };
  }

  @Test
  void weightsThatAreNoNumbersAreRefused() {
    float[] weights = new float[SmallModels.ITEMS];
    weights[3] = Float.NaN;

    try (TrainedModel broken = popular(weights).over(SmallModels.ids())) {
      assertThatThrownBy(() -> SavedModelExporter.export(broken, folder.resolve("nan/1")))
          .isInstanceOf(ArithmeticException.class)
          .hasMessage("weights 'popularity' hold NaN: such a model cannot be served");
      assertThatThrownBy(() -> OnnxExporter.export(broken, folder.resolve("nan.onnx")))
          .isInstanceOf(ArithmeticException.class);
    }
  }

  @Test
  void optionsOutOfTheirRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SavedModelExporter.builder().topK(0))
        .withMessage("topK must be at least 1, found 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SavedModelExporter.builder().keep(0))
        .withMessage("keep must be at least 1, found 0");
  }

  /** What rounding leaves of a weight is told by its matrix alone. */
  @ParameterizedTest
  @EnumSource
  void smallerWeightsAreWhatTheyShallBeToWithinTheirRounding(ExportedWeights form)
      throws IOException {
    Path small = folder.resolve("small-" + form).resolve("1");
    SavedModelExporter.builder().weights(form).export(model, small);
    try (SavedModelBundle loaded =
        SavedModelBundle.load(small.toString(), SavedModelBundle.DEFAULT_TAG)) {
      requireRounded(loaded.session(), form);

      // The graph writes what it reads.
      Path again = folder.resolve("again-" + form);
      try (TString prefix = TString.scalarOf(again.toString())) {
        loaded.session().runner().feed("save_file", prefix).addTarget("save_saved").run().close();
        loaded
            .session()
            .runner()
            .feed("save_file", prefix)
            .addTarget("save_restored")
            .run()
            .close();
      }
      requireRounded(loaded.session(), form);
    }
    double size = Files.size(small.resolve("variables/variables.data-00000-of-00001"));
    double whole = Files.size(version.resolve("variables/variables.data-00000-of-00001"));
    assertThat(size / whole)
        .isBetween(
            switch (form) {
              case FLOAT32 -> 1.0;
              case FLOAT16 -> 0.5;
              case INT8 -> 0.25;
            },
            switch (form) {
              case FLOAT32 -> 1.0;
              case FLOAT16 -> 0.6;
              case INT8 -> 0.4;
            });
  }

  private static void requireRounded(Session session, ExportedWeights form) {
    for (Weight weight : model.weights()) {
      float[] found = new float[weight.values().length];
      String read = "weight_" + weight.name().replace('/', '_') + "_read";
      try (Result result = session.runner().fetch(read).run()) {
        ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(found);
      }
      boolean rounded = form != ExportedWeights.FLOAT32 && weight.shape().size() == 2;
      if (!rounded) {
        assertThat(found).isEqualTo(weight.values());
        continue;
      }
      int columns = weight.shape().get(1).intValue();
      float[] largest = new float[columns];
      for (int place = 0; place < found.length; place++) {
        largest[place % columns] =
            Math.max(largest[place % columns], Math.abs(weight.values()[place]));
      }
      int different = 0;
      for (int place = 0; place < found.length; place++) {
        float expected = weight.values()[place];
        // Half a unit of the last of 11 bits (below 2⁻¹⁴ of 2⁻²⁴), half of a 127th.
        double most =
            form == ExportedWeights.FLOAT16
                ? Math.max(Math.abs(expected), 0x1p-14) * 0x1p-11
                : largest[place % columns] * 0.5001 / 127;
        assertThat(Math.abs((double) found[place] - expected)).isLessThanOrEqualTo(most);
        different += found[place] == expected ? 0 : 1;
      }
      assertThat(different).isGreaterThan(found.length / 2);
    }
  }
}
