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
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.SmallModels;
import io.github.vaecf.eval.export.OnnxExporter.OnnxWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to ONNX; that it answers like the model is tested with the other forms. */
class OnnxExporterTest {
  private static final RankingAgreement AGREEMENT = RankingAgreement.ACROSS_RUNTIMES;

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

    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(excluding.toString());
        OnnxTensor items = OnnxTensor.createTensor(environment, new String[][] {{seen}});
        OnnxTensor excluded = OnnxTensor.createTensor(environment, exclude);
        OnnxTensor k = OnnxTensor.createTensor(environment, new long[] {10});
        OrtSession.Result result =
            session.run(Map.of("items", items, "exclude", excluded, "k", k))) {
      String[][] ranked = (String[][]) result.get("items_ranked").orElseThrow().getValue();
      float[][] scores = (float[][]) result.get("scores").orElseThrow().getValue();
      List<Recommendation> found = new ArrayList<>();
      for (int rank = 0; rank < 10; rank++) {
        found.add(new Recommendation(ranked[0][rank], scores[0][rank]));
      }
      List<Recommendation> expected = new ArrayList<>(best);
      expected.remove(4);
      expected.remove(0);
      assertThat(AGREEMENT.difference(expected, found)).isEmpty();
    }
    try (ServedModel served = ServedModel.load(excluding)) {
      assertThat(AGREEMENT.difference(best, served.recommend(List.of(seen), 12))).isEmpty();
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

    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(excluding.toString());
        OnnxTensor items = OnnxTensor.createTensor(environment, new long[][] {{-1}, {-1}});
        OnnxTensor excluded = OnnxTensor.createTensor(environment, exclude);
        OnnxTensor k = OnnxTensor.createTensor(environment, new long[] {SmallModels.ITEMS});
        OrtSession.Result result =
            session.run(Map.of("items", items, "exclude", excluded, "k", k))) {
      long[][] ranked = (long[][]) result.get("items_ranked").orElseThrow().getValue();
      assertThat(ranked[0]).doesNotContain(best).endsWith(-1).startsWith(ranked[1][1]);
      assertThat(ranked[1][0]).isEqualTo(best);
    }
  }

  @Test
  void halfPrecisionIsHalfTheSizeAndRanksAlmostTheSame() throws IOException {
    Path half = folder.resolve("half.onnx");
    OnnxExporter.builder().rawIds(false).weights(OnnxWeights.FLOAT16).export(model, half);

    assertAlmostTheSame(half, 1e-2f, 1e-3);
    assertThat(weightBytes(half)).isLessThan(weightBytes(file) * 6 / 10);
  }

  @Test
  void eightBitsAreAQuarterOfTheSizeAndRankSimilarly() throws IOException {
    Path whole = folder.resolve("int8.onnx");
    OnnxExporter.builder().rawIds(false).weights(OnnxWeights.INT8).export(model, whole);

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
}
