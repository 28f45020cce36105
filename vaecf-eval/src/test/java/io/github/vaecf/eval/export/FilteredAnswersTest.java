package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.GroupStrategy;
import io.github.vaecf.core.Query;
import io.github.vaecf.core.Reason;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.TrainedModels;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every runtime gives to ten thousand questions by chance what comes of all scores by filtering and
 * sorting them. The model's weights are small whole numbers: sums of them are the same everywhere
 * to the last bit, and many are equal.
 */
class FilteredAnswersTest {
  private static final int QUESTIONS = 10_000;
  private static final int BATCH = 100;

  @TempDir static Path folder;

  private static TrainedModel trained;
  private static float[] weights;

  @BeforeAll
  static void makeModel() {
    try (TrainedModel ease =
        TrainedModels.withEqualScores(Settings.published(new LinearAutoencoder.Ease()))) {
      List<Weight> whole = ease.weights();
      weights = whole.get(0).values();
      Random random = new Random(3);
      for (int place = 0; place < weights.length; place++) {
        weights[place] = random.nextInt(5) - 2;
      }
      trained = TrainedModels.with(ease, whole);
    }
    SavedModelExporter.export(trained, folder.resolve("1"));
    OnnxExporter.export(trained, folder.resolve("model.onnx"));
    OnnxExporter.export(trained, folder.resolve("onnx/1"));
  }

  @AfterAll
  static void close() {
    trained.close();
  }

  private static IdIndex items() {
    return trained.items();
  }

  private static List<String> some(Random random, double share) {
    List<String> some = new ArrayList<>();
    for (String id : items().ids()) {
      if (random.nextDouble() < share) {
        some.add(id);
      }
    }
    if (some.isEmpty() || random.nextInt(4) == 0) {
      some.add("no such item");
    }
    return some;
  }

  private static List<Query> questions(boolean mayKeepHistory) {
    Random random = new Random(8);
    List<Query> questions = new ArrayList<>();
    for (int i = 0; i < QUESTIONS; i++) {
      Query.Builder query =
          Query.builder()
              .history(some(random, random.nextDouble() / 3))
              .k(1 + random.nextInt(random.nextInt(4) == 0 ? 2 * items().size() : 8));
      if (random.nextBoolean()) {
        query.offset(random.nextInt(random.nextInt(4) == 0 ? 2 * items().size() : 8));
      }
      if (random.nextBoolean()) {
        query.exclude(some(random, random.nextDouble()));
      }
      if (random.nextBoolean()) {
        query.allow(some(random, random.nextInt(3) == 0 ? 0.08 : random.nextDouble()));
      }
      if (mayKeepHistory && random.nextBoolean()) {
        query.withHistory();
      }
      questions.add(query.build());
    }
    return questions;
  }

  /** All scores, then the filters, then the order, then the page. */
  private static List<Recommendation> naive(Query query) {
    Set<String> history = Set.copyOf(query.history());
    Map<String, Float> scores = new HashMap<>();
    for (int item = 0; item < items().size(); item++) {
      float score = 0;
      for (String id : history) {
        int seen = items().indexOf(id);
        score += seen < 0 ? 0 : weights[seen * items().size() + item];
      }
      scores.put(items().id(item), score);
    }
    return items().ids().stream()
        .filter(id -> query.withHistory() || !history.contains(id))
        .filter(id -> !query.excluded().contains(id))
        .filter(id -> query.allowed().isEmpty() || query.allowed().get().contains(id))
        .sorted(Comparator.comparing((String id) -> -scores.get(id)))
        .skip(query.offset())
        .limit(query.k())
        .map(id -> new Recommendation(id, scores.get(id)))
        .toList();
  }

  private static void assertAllAnswered(
      boolean mayKeepHistory, Function<List<Query>, List<List<Recommendation>>> answerer) {
    List<Query> questions = questions(mayKeepHistory);
    int full = 0;
    int kept = 0;
    for (int from = 0; from < QUESTIONS; from += BATCH) {
      List<Query> some = questions.subList(from, from + BATCH);
      List<List<Recommendation>> answers = answerer.apply(some);
      assertThat(answers).hasSize(BATCH);
      for (int i = 0; i < BATCH; i++) {
        assertThat(answers.get(i)).isEqualTo(naive(some.get(i)));
        full += answers.get(i).size() == some.get(i).k() ? 1 : 0;
        kept += some.get(i).withHistory() ? 1 : 0;
      }
    }
    assertThat(full).as("questions to which there were enough items").isGreaterThan(QUESTIONS / 4);
    assertThat(kept > 0).isEqualTo(mayKeepHistory);
  }

  @Test
  void aTrainedModel() {
    assertAllAnswered(true, trained::recommendAll);
  }

  @Test
  void aSavedModelOnTheJvm() {
    try (Recommender model = ServedModel.load(folder)) {
      assertAllAnswered(true, model::recommendAll);
    }
  }

  @Test
  void anOnnxFileOnTheJvm() {
    try (Recommender model = ServedModel.load(folder.resolve("model.onnx"))) {
      assertAllAnswered(false, model::recommendAll);
    }
  }

  /** As TensorFlow Serving and {@code vaecf serve} call it. */
  @Test
  void theSignatureOfASavedModel() {
    assertSignatureAnswers(folder.resolve("1"));
  }

  @Test
  void theSignatureOfAnOnnxVersion() {
    assertSignatureAnswers(folder.resolve("onnx/1"));
  }

  private static void assertSignatureAnswers(Path version) {
    try (ServedModel model = ServedModel.load(version)) {
      ServedSignature signature = model.signatures().get("recommend_filtered");
      assertAllAnswered(
          true,
          queries -> {
            Map<String, TensorRows> answer =
                signature.call(
                    Map.of(
                        "items", rows(queries, Query::history),
                        "exclude", rows(queries, query -> List.copyOf(query.excluded())),
                        "allow",
                            rows(
                                queries,
                                query -> query.allowed().map(List::copyOf).orElse(List.of())),
                        "k", numbers(queries, Query::k),
                        "offset", numbers(queries, Query::offset),
                        "with_history", numbers(queries, query -> query.withHistory() ? 1 : 0)));
            return lists(answer);
          });
    }
  }

  /** Of a linear model an item's contribution is its weight. */
  @Test
  void everyRuntimeSaysWhatCarriesARecommendationByItsWeight() {
    List<String> history = items().ids().subList(3, 30);
    List<String> recommended = items().ids().subList(30, 40);
    try (Recommender saved = ServedModel.load(folder);
        Recommender onnx = ServedModel.load(folder.resolve("model.onnx"))) {
      for (Recommender model : List.of(trained, saved, onnx)) {
        List<List<Reason>> reasons = model.because(history, recommended);
        for (int item = 30; item < 40; item++) {
          int column = item;
          List<Reason> expected = new ArrayList<>();
          for (int seen = 3; seen < 30; seen++) {
            float weight = weights[seen * items().size() + column];
            expected.add(new Reason(items().id(seen), weight + 0f));
          }
          expected.sort(Comparator.comparing((Reason one) -> -one.contribution()));
          assertThat(reasons.get(item - 30)).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void groupsGetTheSameFromEveryRuntime() {
    List<String> ids = items().ids();
    List<List<String>> family = List.of(ids.subList(0, 3), ids.subList(2, 9), List.of());
    try (Recommender saved = ServedModel.load(folder);
        Recommender onnx = ServedModel.load(folder.resolve("model.onnx"))) {
      for (GroupStrategy strategy : GroupStrategy.values()) {
        Query query =
            Query.builder().group(family, strategy).exclude(ids.subList(20, 25)).k(40).build();
        List<Recommendation> expected = trained.recommend(query);
        assertThat(expected).hasSize(26);
        assertThat(saved.recommend(query)).isEqualTo(expected);
        assertThat(onnx.recommend(query)).isEqualTo(expected);
      }
    }
  }

  /** As {@code vaecf serve} is asked, whatever it serves. */
  @Test
  void theSignaturesForGroupsAndDiverseListsAnswerAsQuestionsAreAnswered() {
    Random random = new Random(4);
    List<Query> groups = new ArrayList<>();
    List<Query> diverse = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      List<List<String>> people = new ArrayList<>();
      for (int person = random.nextInt(4); person >= 0; person--) {
        people.add(random.nextInt(5) == 0 ? List.of() : some(random, random.nextDouble() / 3));
      }
      Query.Builder group =
          Query.builder()
              .group(
                  people, random.nextBoolean() ? GroupStrategy.AVERAGE : GroupStrategy.LEAST_MISERY)
              .k(1 + random.nextInt(50));
      Query.Builder alone =
          Query.builder()
              .history(some(random, 0.1))
              .marginalRelevance(random.nextFloat())
              .k(1 + random.nextInt(50));
      for (Query.Builder query : List.of(group, alone)) {
        if (random.nextBoolean()) {
          query.exclude(some(random, random.nextDouble()));
        }
        if (random.nextBoolean()) {
          query.allow(some(random, random.nextDouble()));
        }
      }
      groups.add(group.build());
      diverse.add(alone.build());
    }
    try (ServedModel saved = ServedModel.load(folder.resolve("1"));
        ServedModel onnx = ServedModel.load(folder.resolve("onnx/1"))) {
      List<List<Recommendation>> expected = trained.recommendAll(groups);
      for (ServedModel model : List.of(saved, onnx)) {
        assertThat(lists(model.signatures().get("recommend_group").call(groupInputs(groups))))
            .isEqualTo(expected);
      }
      // The graph, as TensorFlow Serving asks it; the JVM answers by what bounds the memory.
      Map<String, ServedSignature> graph = ((ServedSavedModel) saved).exported();
      assertThat(lists(graph.get("recommend_group").run(groupInputs(groups)))).isEqualTo(expected);
      assertThat(graph).doesNotContainKey("recommend_diverse");
      Map<String, TensorRows> inputs = filters(diverse);
      inputs.put("items", rows(diverse, Query::history));
      float[] lambdas = new float[diverse.size()];
      for (int i = 0; i < lambdas.length; i++) {
        lambdas[i] = (float) diverse.get(i).lambda();
      }
      inputs.put("lambda", new TensorRows(lambdas.length, 1, lambdas));
      for (ServedModel model : List.of(saved, onnx)) {
        assertThat(lists(model.signatures().get("recommend_diverse").call(inputs)))
            .isEqualTo(trained.recommendAll(diverse));
      }
    }
  }

  private static Map<String, TensorRows> filters(List<Query> queries) {
    return new HashMap<>(
        Map.of(
            "exclude", rows(queries, query -> List.copyOf(query.excluded())),
            "allow", rows(queries, query -> query.allowed().map(List::copyOf).orElse(List.of())),
            "k", numbers(queries, Query::k)));
  }

  /** Everybody's items one after the other, somebody without any as an empty place. */
  private static Map<String, TensorRows> groupInputs(List<Query> groups) {
    List<TensorRows> items = new ArrayList<>();
    List<TensorRows> persons = new ArrayList<>();
    for (Query group : groups) {
      List<String> ids = new ArrayList<>();
      List<Integer> owners = new ArrayList<>();
      for (int person = 0; person < group.histories().size(); person++) {
        List<String> history = group.histories().get(person);
        for (String id : history.isEmpty() ? List.of("") : history) {
          ids.add(id);
          owners.add(person);
        }
      }
      items.add(new TensorRows(1, ids.size(), ids.toArray(String[]::new)));
      persons.add(
          new TensorRows(1, ids.size(), owners.stream().mapToInt(Integer::intValue).toArray()));
    }
    Map<String, TensorRows> inputs = filters(groups);
    inputs.put("items", TensorRows.join(items));
    inputs.put("person", TensorRows.join(persons));
    inputs.put(
        "least_misery",
        numbers(
            groups, group -> group.group().orElseThrow() == GroupStrategy.LEAST_MISERY ? 1 : 0));
    return inputs;
  }

  @Test
  void theSignatureBecauseGivesTheWeightOfEachPlaceOfAHistory() {
    List<String> ids = items().ids();
    List<String> history = List.of(ids.get(5), "no such item", ids.get(2), "", ids.get(5));
    String[] asked = {ids.get(7), "unknown", ids.get(2), ids.get(7)};
    List<List<String>> histories = List.of(history, history, history, List.of(ids.get(9)));
    Map<String, TensorRows> inputs =
        Map.of(
            "item",
            new TensorRows(4, 1, asked),
            "items",
            TensorRows.join(
                histories.stream()
                    .map(one -> new TensorRows(1, one.size(), one.toArray(String[]::new)))
                    .toList()));
    int size = ids.size();
    float[] expected = {
      weights[5 * size + 7],
      0,
      weights[2 * size + 7],
      0,
      weights[5 * size + 7],
      -Float.MAX_VALUE,
      -Float.MAX_VALUE,
      -Float.MAX_VALUE,
      -Float.MAX_VALUE,
      -Float.MAX_VALUE,
      weights[5 * size + 2],
      0,
      weights[2 * size + 2],
      0,
      weights[5 * size + 2],
      weights[9 * size + 7],
      0,
      0,
      0,
      0
    };
    try (ServedModel saved = ServedModel.load(folder.resolve("1"));
        ServedModel onnx = ServedModel.load(folder.resolve("onnx/1"))) {
      for (ServedModel model : List.of(saved, onnx)) {
        ServedSignature because = model.signatures().get("because");
        TensorRows found = because.call(inputs).get("contributions");
        assertThat(found.width()).isEqualTo(5);
        assertThat((float[]) found.values())
            .usingComparatorWithPrecision(0f)
            .containsExactly(expected);
        assertThat(because.histories(inputs)).isEqualTo(4 * 6);
      }
      ServedSignature graph = ((ServedSavedModel) saved).exported().get("because");
      assertThat((float[]) graph.run(inputs).get("contributions").values())
          .usingComparatorWithPrecision(0f)
          .containsExactly(expected);
    }
  }

  @Test
  void whatIsNoPersonOrWeightIsRefused() {
    Query group =
        Query.builder()
            .group(List.of(List.of("a", "b"), List.of("c")), GroupStrategy.AVERAGE)
            .build();
    try (ServedModel saved = ServedModel.load(folder.resolve("1"))) {
      ServedSignature signature = saved.signatures().get("recommend_group");
      Map<String, TensorRows> inputs = groupInputs(List.of(group));
      assertThat(signature.histories(inputs)).isEqualTo(2);
      inputs.put("person", new TensorRows(1, 3, new int[] {0, 3, 1}));
      assertRefused(
          signature, inputs, "'person': expected numbers of people, from 0 and below the");
      inputs.put("person", new TensorRows(1, 2, new int[] {0, 1}));
      assertRefused(
          signature,
          inputs,
          "'person': expected one for each place of 'items', 3 in a row, found 2");
      inputs.put("person", new TensorRows(1, 3, new int[] {0, 0, 1}));
      inputs.put("least_misery", new TensorRows(1, 1, new int[] {2}));
      assertRefused(signature, inputs, "'least_misery': expected numbers 0 or 1, found 2");

      Map<String, TensorRows> diverse = filters(List.of(group));
      diverse.put("items", new TensorRows(1, 1, new String[] {"a"}));
      diverse.put("lambda", new TensorRows(1, 1, new float[] {1.5f}));
      assertRefused(
          saved.signatures().get("recommend_diverse"),
          diverse,
          "'lambda': expected numbers from 0 to 1, found 1.5");
    }
  }

  private static void assertRefused(
      ServedSignature signature, Map<String, TensorRows> inputs, String problem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> signature.check(inputs))
        .withMessageContaining(problem);
  }

  @Test
  void anExportComparesItemsAsTheTrainedModelDoes() {
    int[] others = {0, 12, 3, 39};
    try (ServedModel saved = ServedModel.load(folder);
        ServedModel onnx = ServedModel.load(folder.resolve("model.onnx"))) {
      assertThat(saved.comparesItems()).isTrue();
      assertThat(onnx.comparesItems()).isTrue();
      float[] found = ((ServedSavedModel) saved).cosines(others).apply(2);
      assertThat(((ServedOnnxModel) onnx).cosines(others).apply(2))
          .usingComparatorWithPrecision(1e-6f)
          .containsExactly(found);
      for (int i = 0; i < others.length; i++) {
        double product = 0;
        double own = 0;
        double squares = 0;
        for (int row = 0; row < weights.length; row += items().size()) {
          product += weights[row + 3] * weights[row + others[i]];
          own += weights[row + 3] * weights[row + 3];
          squares += weights[row + others[i]] * weights[row + others[i]];
        }
        assertThat((double) found[i]).isCloseTo(product / Math.sqrt(own * squares), within(1e-6));
      }
      Query diverse =
          Query.builder()
              .history(items().ids().subList(0, 3))
              .marginalRelevance(0.63)
              .k(30)
              .build();
      assertThat(saved.recommend(diverse)).isEqualTo(trained.recommend(diverse));
      assertThat(onnx.recommend(diverse)).isEqualTo(trained.recommend(diverse));
    }
  }

  private static TensorRows rows(List<Query> queries, Function<Query, List<String>> ids) {
    return TensorRows.join(
        queries.stream()
            .map(ids)
            .map(one -> new TensorRows(1, one.size(), one.toArray(String[]::new)))
            .toList());
  }

  private static TensorRows numbers(List<Query> queries, ToIntFunction<Query> number) {
    return new TensorRows(queries.size(), 1, queries.stream().mapToInt(number).toArray());
  }

  /** The rows of an answer; an empty place must be at the end of its row, with the lowest score. */
  private static List<List<Recommendation>> lists(Map<String, TensorRows> answer) {
    TensorRows items = answer.get("items");
    String[] ids = (String[]) items.values();
    float[] scores = (float[]) answer.get("scores").values();
    List<List<Recommendation>> lists = new ArrayList<>();
    for (int row = 0; row < items.rows(); row++) {
      List<Recommendation> list = new ArrayList<>();
      boolean ended = false;
      for (int place = row * items.width(); place < (row + 1) * items.width(); place++) {
        ended |= ids[place].isEmpty();
        if (ended) {
          assertThat(ids[place]).isEmpty();
          assertThat(scores[place]).isEqualTo(-Float.MAX_VALUE);
        } else {
          list.add(new Recommendation(ids[place], scores[place]));
        }
      }
      lists.add(list);
    }
    return lists;
  }
}
