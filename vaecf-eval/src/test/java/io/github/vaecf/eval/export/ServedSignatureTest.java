package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.eval.SmallModels;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.lang.reflect.Array;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServedSignatureTest {
  @TempDir static Path folder;
  private static TrainedModel trained;
  private static ServedModel model;

  @BeforeAll
  static void exportAndLoad() {
    trained = SmallModels.vae();
    SavedModelExporter.export(trained, folder.resolve("vae/1"));
    model = ServedModel.load(folder.resolve("vae"));
  }

  @AfterAll
  static void close() {
    model.close();
    trained.close();
  }

  private static String id(int item) {
    return SmallModels.ids().id(item);
  }

  private static TensorRows text(int width, String... values) {
    return new TensorRows(values.length / width, width, values);
  }

  @Test
  void whatASignatureTakesAndGivesIsKnown() {
    ServedSignature rank = model.signatures().get("rank_indices");

    assertThat(model.signatures()).hasSize(13).containsKey("serving_default");
    assertThat(rank.name()).isEqualTo("rank_indices");
    assertThat(rank.method()).isEqualTo("tensorflow/serving/predict");
    assertThat(rank.inputs().get(0).type().tensorFlowName()).isEqualTo("DT_INT64");
    assertThat(rank.inputs())
        .extracting(TensorSpec::name, TensorSpec::type, TensorSpec::shape, TensorSpec::width)
        .containsExactly(
            tuple("items", TensorSpec.Type.INT64, List.of(-1L, -1L), -1),
            tuple("k", TensorSpec.Type.INT32, List.of(-1L), 1));
    assertThat(rank.outputs()).extracting(TensorSpec::name).containsExactly("items", "scores");
    assertThat(model.signatures().get("decode").inputs().get(0).width()).isEqualTo(8);
  }

  @Test
  void signaturesFollowFromTheModel() {
    List<String> all =
        List.of(
            "rank_indices",
            "recommend_excluding",
            "recommend_filtered",
            "recommend_indices",
            "score",
            "serving_default",
            "recommend_group",
            "because");
    try (TrainedModel ease = SmallModels.ease();
        TrainedModel itemKnn = SmallModels.itemKnn()) {
      SavedModelExporter.export(ease, folder.resolve("ease/1"));
      SavedModelExporter.export(itemKnn, folder.resolve("knn/1"));
    }
    try (ServedModel ease = ServedModel.load(folder.resolve("ease"));
        ServedModel itemKnn = ServedModel.load(folder.resolve("knn"))) {
      assertThat(itemKnn.signatures().keySet()).containsExactlyInAnyOrderElementsOf(all);
      assertThat(ease.signatures().keySet())
          .hasSize(11)
          .containsAll(all)
          .contains("similar_items", "similarity", "recommend_diverse");
    }
  }

  @Test
  void anOnnxFileRanksAndComparesItemsAndAVersionHasAllSignaturesOfTheSavedModel() {
    OnnxExporter.export(trained, folder.resolve("vae.onnx"));
    OnnxExporter.export(trained, folder.resolve("onnx/1"));
    Set<String> rankings =
        Set.of(
            "serving_default",
            "recommend_excluding",
            "recommend_filtered",
            "recommend_indices",
            "rank_indices",
            "recommend_group",
            "because",
            "recommend_diverse",
            "similar_items",
            "similarity");
    try (ServedModel onnx = ServedModel.load(folder.resolve("vae.onnx"));
        ServedModel version = ServedModel.load(folder.resolve("onnx"))) {
      assertThat(onnx.signatures().keySet()).isEqualTo(rankings);
      assertThat(version.signatures().keySet()).isEqualTo(model.signatures().keySet());
      version
          .signatures()
          .forEach(
              (name, signature) -> {
                ServedSignature same = model.signatures().get(name);
                assertThat(signature.method()).isEqualTo(same.method());
                assertThat(signature.inputs())
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("tensor")
                    .isEqualTo(same.inputs());
                assertThat(signature.outputs())
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("tensor")
                    .isEqualTo(same.outputs());
              });
    }
  }

  /** Random requests to each, among them unknown ids, padding, and indices outside. */
  @Test
  void anOnnxVersionAnswersAsTheSavedModelDoes() {
    OnnxExporter.export(trained, folder.resolve("same/1"));
    Random random = new Random(5);
    try (ServedModel onnx = ServedModel.load(folder.resolve("same/1"))) {
      for (ServedSignature signature : onnx.signatures().values()) {
        for (int i = 0; i < 80; i++) {
          Map<String, TensorRows> request = request(signature, 1 + random.nextInt(4), random);
          Map<String, TensorRows> expected = model.signatures().get(signature.name()).call(request);
          Map<String, TensorRows> found = signature.call(request);
          assertThat(found.keySet()).isEqualTo(expected.keySet());
          String numbers =
              Stream.of("scores", "contributions", "latent")
                  .filter(found::containsKey)
                  .findFirst()
                  .orElseThrow();
          // A group's scores are standardised, which makes small differences larger.
          boolean group = signature.name().equals("recommend_group");
          assertThat((float[]) found.get(numbers).values())
              .as(signature.name())
              .usingComparatorWithPrecision(group ? 1e-3f : 1e-5f)
              .containsExactly((float[]) expected.get(numbers).values());
          if (found.containsKey("items") && !group) {
            assertThat(found.get("items").width()).isEqualTo(expected.get("items").width());
            assertSameButForNearTies(expected, found);
          }
        }
      }
    }
  }

  /** The same item at each place, but where the scores of its neighbours are nearly the same. */
  private static void assertSameButForNearTies(
      Map<String, TensorRows> expected, Map<String, TensorRows> found) {
    float[] scores = (float[]) expected.get("scores").values();
    Object one = expected.get("items").values();
    Object other = found.get("items").values();
    for (int place = 0; place < scores.length; place++) {
      if (!Array.get(one, place).equals(Array.get(other, place))) {
        boolean before = place > 0 && Math.abs(scores[place - 1] - scores[place]) < 1e-5f;
        boolean after =
            place + 1 < scores.length && Math.abs(scores[place + 1] - scores[place]) < 1e-5f;
        assertThat(before || after).as("a near tie at place " + place).isTrue();
      }
    }
  }

  private static Map<String, TensorRows> request(
      ServedSignature signature, int rows, Random random) {
    Map<String, TensorRows> request = new HashMap<>();
    int items = model.itemCount();
    for (TensorSpec input : signature.inputs()) {
      int width = input.width() >= 0 ? input.width() : random.nextInt(12);
      Object values =
          switch (input.type()) {
            case STRING ->
                Stream.generate(() -> random.nextInt(items + 9) - 6)
                    .limit((long) rows * width)
                    .map(item -> item < 0 ? "" : item < items ? id(item) : "no such item")
                    .toArray(String[]::new);
            case INT64 -> random.longs((long) rows * width, -3, items + 3).toArray();
            case INT32 ->
                input.name().equals("with_history") || input.name().equals("least_misery")
                    ? random.ints((long) rows * width, 0, 2).toArray()
                    : random.ints((long) rows * width, 1, items + 9).toArray();
            case FLOAT32 -> {
              float[] numbers = new float[rows * width];
              for (int i = 0; i < numbers.length; i++) {
                numbers[i] =
                    input.name().equals("lambda")
                        ? random.nextFloat()
                        : (float) random.nextGaussian();
              }
              yield numbers;
            }
          };
      request.put(input.name(), new TensorRows(rows, width, values));
    }
    if (request.containsKey("person")) {
      int width = request.get("items").width();
      int[] persons = random.ints((long) rows * width, -1, Math.max(width, 1)).toArray();
      request.put("person", new TensorRows(rows, width, persons));
    }
    return request;
  }

  @Test
  void anOnnxFileThatLeavesHistoriesOutSaysSoToARequestThatKeepsThem() {
    OnnxExporter.export(trained, folder.resolve("ranks.onnx"));
    try (ServedModel onnx = ServedModel.load(folder.resolve("ranks.onnx"))) {
      ServedSignature filtered = onnx.signatures().get("recommend_filtered");
      TensorRows none = text(1, id(4));
      Map<String, TensorRows> kept =
          Map.of(
              "items",
              none,
              "exclude",
              text(1, ""),
              "allow",
              text(1, ""),
              "k",
              new TensorRows(1, 1, new int[] {2}),
              "offset",
              new TensorRows(1, 1, new int[] {0}),
              "with_history",
              new TensorRows(1, 1, new int[] {1}));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> filtered.call(kept))
          .withMessage(
              "signature recommend_filtered: input 'with_history': expected 0, as this model leaves"
                  + " the items of a history out by itself, found 1");
    }
  }

  /** ONNX Runtime itself would end the process. */
  @Test
  void aBatchWithoutRowsNeverReachesOnnxRuntime() {
    OnnxExporter.export(trained, folder.resolve("empty.onnx"));
    try (ServedModel onnx = ServedModel.load(folder.resolve("empty.onnx"))) {
      assertThat(onnx.recommendAll(List.of(), 3)).isEmpty();
      assertThat(onnx.recommend(List.of(), 3)).hasSize(3);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> onnx.best(new long[0], 0, 1, 3))
          .withMessage("expected at least one user and one place, found 0 × 1");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void aRankingOfLessThanOneItemIsRefused(int k) {
    ServedSignature rank = model.signatures().get("rank_indices");
    Map<String, TensorRows> values =
        Map.of(
            "items", new TensorRows(2, 1, new long[] {1, 2}),
            "k", new TensorRows(2, 1, new int[] {3, k}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rank.call(values))
        .withMessage(
            "signature rank_indices: input 'k': expected numbers of at least 1, found " + k);
  }

  @ParameterizedTest
  @CsvSource({
    "k, 0, numbers of at least 1",
    "offset, -1, numbers of at least 0",
    "with_history, 2, numbers 0 or 1",
    "with_history, -1, numbers 0 or 1"
  })
  void aNumberThatAFilterCannotHaveIsRefused(String input, int number, String expected) {
    ServedSignature filtered = model.signatures().get("recommend_filtered");
    Map<String, TensorRows> values = new HashMap<>();
    List.of("items", "exclude", "allow").forEach(name -> values.put(name, text(1, "")));
    List.of("k", "offset", "with_history")
        .forEach(name -> values.put(name, new TensorRows(1, 1, new int[] {1})));
    assertThat(filtered.call(values).get("items").width()).isEqualTo(1);
    values.put(input, new TensorRows(1, 1, new int[] {number}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> filtered.call(values))
        .withMessage(
            "signature recommend_filtered: input '%s': expected %s, found %d",
            input, expected, number);
  }

  @Test
  void anOutputIsAsWideAsItsRequest() {
    ServedSignature similarity = model.signatures().get("similarity");
    for (int width : new int[] {0, 1, 5}) {
      Map<String, TensorRows> values =
          Map.of(
              "item", text(1, id(3), id(4)), "items", new TensorRows(2, width, texts(2 * width)));
      assertThat(similarity.width(similarity.outputs().get(0), values)).isEqualTo(width);
      assertThat(similarity.call(values).get("scores").width()).isEqualTo(width);
    }
    ServedSignature rank = model.signatures().get("rank_indices");
    Map<String, TensorRows> values =
        Map.of(
            "items", new TensorRows(2, 1, new long[] {1, 2}),
            "k", new TensorRows(2, 1, new int[] {3, 2}));
    assertThat(rank.width(rank.outputs().get(0), values)).isEqualTo(3);
    assertThat(rank.call(values).get("items").width()).isEqualTo(3);
  }

  private static String[] texts(int size) {
    return IntStream.range(0, size).mapToObj(ServedSignatureTest::id).toArray(String[]::new);
  }

  @Test
  void callingTheDefaultSignatureRecommends() {
    Map<String, TensorRows> answer =
        model
            .signatures()
            .get("serving_default")
            .call(Map.of("items", text(2, id(3), id(9), "ü", "")));

    List<Recommendation> expected = model.recommend(List.of(id(3), id(9)), 100);
    float[] scores = (float[]) answer.get("scores").values();
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, list(answer, 0))).isEmpty();
    assertThat(scores).hasSize(200);
    float[] cold =
        (float[])
            model
                .signatures()
                .get(ServedSignature.DEFAULT)
                .call(Map.of("items", new TensorRows(1, 0, new String[0])))
                .get("scores")
                .values();
    assertThat((float[]) answer.get("scores").slice(1, 2).values())
        .containsExactly(cold, within(1e-5f));
  }

  @Test
  void rowsWithoutAValueAreAnsweredEveryTime() {
    ServedSignature score = model.signatures().get("score");
    float[] cold = (float[]) score.call(Map.of("items", text(1, ""))).get("scores").values();
    for (int i = 0; i < 300; i++) {
      TensorRows nobody = new TensorRows(1 + i, 0, new String[0]);
      TensorRows first = score.call(Map.of("items", nobody)).get("scores").slice(0, 1);
      assertThat((float[]) first.values()).containsExactly(cold, within(1e-5f));
    }
  }

  @Test
  void wholeNumbersAndFloatsGoInAndOut() {
    TensorRows latent =
        model.signatures().get("encode").call(Map.of("items", text(1, id(4)))).get("latent");
    TensorRows scores =
        model.signatures().get("decode").call(Map.of("latent", latent)).get("scores");
    Map<String, TensorRows> ranked =
        model
            .signatures()
            .get("rank_indices")
            .call(
                Map.of(
                    "items", new TensorRows(1, 1, new long[] {4}),
                    "k", new TensorRows(1, 1, new int[] {SmallModels.ITEMS - 1})));

    assertThat(latent.width()).isEqualTo(8);
    assertThat(scores.width()).isEqualTo(SmallModels.ITEMS);
    float[] all = (float[]) scores.values();
    List<Recommendation> expected =
        IntStream.range(0, all.length)
            .filter(item -> item != 4)
            .mapToObj(item -> new Recommendation(id(item), all[item]))
            .sorted(Comparator.comparingDouble(one -> -one.score()))
            .toList();
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, list(ranked, 0))).isEmpty();
  }

  /** One row of an answer, without the empty places at its end. */
  private static List<Recommendation> list(Map<String, TensorRows> answer, int row) {
    Object items = answer.get("items").slice(row, row + 1).values();
    float[] scores = (float[]) answer.get("scores").slice(row, row + 1).values();
    List<Recommendation> list = new ArrayList<>();
    for (int rank = 0; rank < scores.length; rank++) {
      if (items instanceof String[] ids && !ids[rank].isEmpty()) {
        list.add(new Recommendation(ids[rank], scores[rank]));
      } else if (items instanceof long[] indices && indices[rank] >= 0) {
        list.add(new Recommendation(id((int) indices[rank]), scores[rank]));
      }
    }
    return list;
  }

  /** A recommender sorts histories and drops duplicates before it asks; a client need not. */
  @ParameterizedTest
  @ValueSource(strings = {"vae", "knn"})
  void duplicatesOrderUnknownItemsAndPaddingChangeNothing(String name) {
    Path base = folder.resolve("raw-" + name);
    try (TrainedModel model = name.equals("knn") ? SmallModels.itemKnn() : SmallModels.vae()) {
      SavedModelExporter.export(model, base.resolve("1"));
    }
    try (ServedModel served = ServedModel.load(base)) {
      List<Recommendation> clean =
          list(
              served
                  .signatures()
                  .get("serving_default")
                  .call(Map.of("items", text(3, id(3), id(9), id(50)))),
              0);
      assertThat(clean).hasSize(100);
      Map<String, TensorRows> byIds =
          served
              .signatures()
              .get("serving_default")
              .call(
                  Map.of(
                      "items",
                      text(
                          7, id(50), id(9), id(3), "", "", "", "", "", id(9), "unknown", id(50),
                          id(9), id(3), id(3))));
      Map<String, TensorRows> byIndices =
          served
              .signatures()
              .get("recommend_indices")
              .call(
                  Map.of(
                      "items",
                      new TensorRows(
                          2,
                          7,
                          new long[] {
                            50, 9, 3, -1, -1, -1, -1, -1, 9, SmallModels.ITEMS, 50, 9, 3, 3
                          })));
      for (int row = 0; row < 2; row++) {
        assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(clean, list(byIds, row))).isEmpty();
        assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(clean, list(byIndices, row)))
            .isEmpty();
      }
    }
  }

  @Test
  void inputsThatDoNotFitAreRefused() {
    ServedSignature rank = model.signatures().get("rank_indices");
    TensorRows items = new TensorRows(2, 1, new long[] {1, 2});
    TensorRows k = new TensorRows(2, 1, new int[] {5, 5});
    TensorRows none = new TensorRows(0, 1, new long[0]);

    assertRefused(rank, Map.of("items", items), "expected an input 'k', found [items]");
    assertRefused(
        rank, Map.of("items", k, "k", k), "input 'items': expected type INT64, found INT32");
    assertRefused(
        rank, Map.of("items", items, "k", k.slice(0, 1)), "input 'k': expected 2 rows, found 1");
    assertRefused(
        rank,
        Map.of("items", items, "k", new TensorRows(2, 2, new int[4])),
        "input 'k': expected 1 values in a row, found 2");
    assertRefused(
        rank, Map.of("items", none, "k", k), "input 'items': expected at least one row, found 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rank.call(Map.of("items", items, "k", k, "x", k)))
        .withMessageStartingWith("signature rank_indices: expected 2 inputs, found [");
  }

  private static void assertRefused(
      ServedSignature signature, Map<String, TensorRows> inputs, String problem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> signature.call(inputs))
        .withMessage("signature " + signature.name() + ": " + problem);
  }

  @Test
  void joinedRowsAreFilledUpWithPadding() {
    TensorRows text = TensorRows.join(List.of(text(1, "a"), text(2, "b", "c")));
    assertThat(text.rows()).isEqualTo(2);
    assertThat((String[]) text.values()).containsExactly("a", "", "b", "c");
    assertThat(
            (long[])
                TensorRows.join(
                        List.of(
                            new TensorRows(1, 2, new long[] {7, 8}),
                            new TensorRows(1, 0, new long[0])))
                    .values())
        .containsExactly(7, 8, -1, -1);
    assertThat(
            (int[])
                TensorRows.join(
                        List.of(
                            new TensorRows(1, 0, new int[0]), new TensorRows(1, 1, new int[] {5})))
                    .values())
        .containsExactly(-1, 5);
    assertThat(
            (float[])
                TensorRows.join(
                        List.of(
                            new TensorRows(1, 1, new float[] {1}),
                            new TensorRows(1, 1, new float[] {2})))
                    .slice(1, 2)
                    .values())
        .containsExactly(2);
  }

  @Test
  void arraysOfAnotherSizeOrTypeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TensorRows(2, 2, new long[3]))
        .withMessage("expected 2 × 2 values, found an array of 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TensorRows(1, 1, new double[1]))
        .withMessage("expected an array of String, long, int or float, found double[]");
  }
}
