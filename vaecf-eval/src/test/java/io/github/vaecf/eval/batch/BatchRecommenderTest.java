package io.github.vaecf.eval.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.vaecf.core.ItemFilter;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.SmallModels;
import io.github.vaecf.eval.export.OnnxExporter;
import io.github.vaecf.eval.export.SavedModelExporter;
import io.github.vaecf.eval.export.ServedModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchRecommenderTest {
  @TempDir Path folder;

  @Property(tries = 60)
  void everybodyGetsTheBestOfWhatIsAllowed(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int items,
      @ForAll @IntRange(min = 0, max = 60) int users,
      @ForAll @IntRange(min = 1, max = 50) int k,
      @ForAll boolean withHistory)
      throws IOException {
    Random random = new Random(seed);
    SummedWeights model = new SummedWeights(items, seed);
    Map<String, List<String>> histories = histories(users, model.items(), random);
    double share = random.nextDouble();
    List<String> excluded = some(model.items(), random, random.nextDouble());
    List<String> allowed = random.nextBoolean() ? null : some(model.items(), random, share);
    BatchRecommender.Builder batch = BatchRecommender.builder(model).k(k).exclude(excluded);
    IntPredicate candidate = item -> !excluded.contains(model.items().id(item));
    if (allowed != null) {
      batch.allow(allowed);
      candidate = candidate.and(item -> allowed.contains(model.items().id(item)));
    }
    if (withHistory) {
      batch.withHistory();
    }
    Map<String, List<Recommendation>> lists = new LinkedHashMap<>();
    UserHistories all = UserHistories.of(histories, model);
    long rows = batch.build().recommend(all, lists::put);

    assertThat(lists.keySet()).containsExactlyElementsOf(histories.keySet());
    assertThat(rows).isEqualTo(lists.values().stream().mapToInt(List::size).sum());
    CsrMatrix matrix = all.rows(0, users);
    IntPredicate fits = candidate;
    for (int user = 0; user < users; user++) {
      int row = user;
      List<Recommendation> expected = new ArrayList<>();
      for (int item :
          model.best(
              matrix,
              user,
              k,
              one -> fits.test(one) && (withHistory || !matrix.contains(row, one)))) {
        expected.add(new Recommendation(model.items().id(item), model.score(matrix, user, item)));
      }
      assertThat(lists.get("user-" + user)).isEqualTo(expected);
    }
  }

  private static Map<String, List<String>> histories(int users, IdIndex items, Random random) {
    Map<String, List<String>> histories = new LinkedHashMap<>();
    for (int user = 0; user < users; user++) {
      histories.put("user-" + user, some(items, random, random.nextDouble() / 2));
    }
    return histories;
  }

  private static List<String> some(IdIndex items, Random random, double share) {
    return items.ids().stream().filter(item -> random.nextDouble() < share).toList();
  }

  @Test
  void manyUsersGetWhatEachGetsAlone() throws IOException {
    // More than one batch, from a network, a closed form and an export.
    CsrMatrix users = SmallModels.users(1_203, 5);
    Path version = folder.resolve("1");
    try (TrainedModel vae = SmallModels.vae();
        TrainedModel knn = SmallModels.itemKnn()) {
      SavedModelExporter.export(vae, version);
      try (ServedModel served = ServedModel.load(version)) {
        for (Recommender model : List.of(vae, knn, served)) {
          Map<String, List<Recommendation>> lists = new LinkedHashMap<>();
          Map<String, List<String>> histories = new LinkedHashMap<>();
          for (int user = 0; user < users.rows(); user++) {
            histories.put("u" + user, SmallModels.history(users, user));
          }
          BatchRecommender.builder(model)
              .k(20)
              .build()
              .recommend(UserHistories.of(histories, model), lists::put);
          assertThat(lists).hasSize(users.rows());
          for (int user = 0; user < users.rows(); user += 7) {
            assertThat(
                    RankingAgreement.ACROSS_RUNTIMES.difference(
                        model.recommend(histories.get("u" + user), 20), lists.get("u" + user)))
                .isEmpty();
          }
        }
      }
    }
  }

  @Test
  void anExportRespectsExclusionsAndAllowances() throws IOException {
    Path version = folder.resolve("1");
    CsrMatrix users = SmallModels.users(40, 6);
    List<String> ids = SmallModels.ids().ids();
    try (TrainedModel vae = SmallModels.vae()) {
      SavedModelExporter.export(vae, version);
    }
    try (ServedModel served = ServedModel.load(version)) {
      Map<String, List<String>> histories = new LinkedHashMap<>();
      for (int user = 0; user < users.rows(); user++) {
        histories.put("u" + user, SmallModels.history(users, user));
      }
      List<String> allowed = ids.subList(30, 60);
      List<String> excluded = ids.subList(50, 80);
      BatchRecommender.builder(served)
          .k(8)
          .allow(allowed)
          .exclude(excluded)
          .build()
          .recommend(
              UserHistories.of(histories, served),
              (user, best) -> {
                List<Recommendation> expected =
                    served.recommend(histories.get(user), ids.size()).stream()
                        .filter(
                            one -> ids.indexOf(one.item()) >= 30 && ids.indexOf(one.item()) < 50)
                        .limit(8)
                        .toList();
                assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, best)).isEmpty();
              });
      BatchRecommender.builder(served)
          .k(ids.size())
          .withHistory()
          .build()
          .recommend(
              UserHistories.of(histories, served),
              (user, best) -> assertThat(best).hasSize(ids.size()));
    }
  }

  @Test
  void anOnnxFileLeavesHistoriesOut() {
    Path file = folder.resolve("model.onnx");
    try (TrainedModel knn = SmallModels.itemKnn()) {
      OnnxExporter.export(knn, file);
    }
    try (ServedModel served = ServedModel.load(file)) {
      UserHistories nobody = UserHistories.of(Map.of("u", List.of()), served);
      BatchRecommender batch = BatchRecommender.builder(served).withHistory().build();
      assertThatThrownBy(() -> batch.recommend(nobody, (user, best) -> {}))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void aTrainedModelRanksAllItemsIfItIsAskedTo() {
    CsrMatrix users = SmallModels.users(30, 7);
    try (TrainedModel vae = SmallModels.vae()) {
      float[] scores = vae.scores(users, 0, users.rows());
      var rankings =
          vae.rank(
              users, 0, users.rows(), ItemFilter.of(vae.items()).withHistory(), SmallModels.ITEMS);
      for (int user = 0; user < users.rows(); user++) {
        boolean[] ranked = new boolean[SmallModels.ITEMS];
        for (int rank = 0; rank < SmallModels.ITEMS; rank++) {
          int item = rankings.item(user, rank);
          ranked[item] = true;
          assertThat(rankings.score(user, rank)).isEqualTo(scores[user * SmallModels.ITEMS + item]);
          assertThat(rank == 0 || rankings.score(user, rank - 1) >= rankings.score(user, rank))
              .isTrue();
        }
        assertThat(ranked).doesNotContain(false);
      }
    }
  }

  @Test
  void aSplitGivesAllUsersWithAllThatIsKnownOfThem() {
    SummedWeights model = new SummedWeights(5, 1);
    IdIndex items = IdIndex.of(List.of("item-4", "new", "item-0", "item-1"));
    Split split =
        new Split(
            Rows.of(4, Rows.row(0, 1), Rows.row(2)),
            new HeldOut(Rows.of(4, Rows.row(3)), Rows.of(4, Rows.row(1, 2)), 2),
            new HeldOut(Rows.of(4, Rows.row(0)), Rows.of(4, Rows.row(3)), 3),
            IdIndex.of(List.of("a", "b", "c", "d")),
            items,
            Map.of());
    UserHistories users = UserHistories.of(split, model);
    assertThat(users.users().ids()).containsExactly("a", "b", "c", "d");
    assertThat(users.rows(0, 4))
        .isEqualTo(Rows.of(5, Rows.row(4), Rows.row(0), Rows.row(0, 1), Rows.row(1, 4)));
    assertThat(users.rows(2, 3)).isEqualTo(Rows.of(5, Rows.row(0, 1)));
    assertThat(users.only(3).rows(0, 1)).isEqualTo(Rows.of(5, Rows.row(1, 4)));
    assertThat(users.only(3).users().ids()).containsExactly("d");
    assertThat(users.unknownItems()).containsExactly("new");
    assertThat(users.unknownPairs()).isEqualTo(2);
    assertThat(users.pairs()).isEqualTo(8);
  }

  @Test
  void aSplitWhoseHeldOutUsersAreTrainedOnGivesEachUserOnce() {
    SummedWeights model = new SummedWeights(4, 1);
    Split split =
        new Split(
            Rows.of(4, Rows.row(0), Rows.row(1)),
            new HeldOut(
                Rows.of(4, Rows.row(0), Rows.row(1)), Rows.of(4, Rows.row(2), Rows.row()), 0),
            new HeldOut(
                Rows.of(4, Rows.row(0), Rows.row(1)), Rows.of(4, Rows.row(3), Rows.row()), 0),
            IdIndex.of(List.of("a", "b")),
            model.items(),
            Map.of());
    assertThat(UserHistories.of(split, model).rows(0, 2))
        .isEqualTo(Rows.of(4, Rows.row(0, 2, 3), Rows.row(1)));
  }

  @Test
  void aLogNeedNotHaveAUsersPairsTogether() {
    SummedWeights model = new SummedWeights(3, 1);
    Interactions log =
        Interactions.of(
            IdIndex.of(List.of("x", "y")),
            IdIndex.of(List.of("item-2", "gone", "item-0")),
            new int[] {0, 1, 0, 1, 0},
            new int[] {0, 1, 2, 2, 0},
            new float[] {1, 1, 1, 1, 1},
            new long[0]);
    UserHistories users = UserHistories.of(log, model);
    assertThat(users.rows(0, 2)).isEqualTo(Rows.of(3, Rows.row(0, 2), Rows.row(0)));
    assertThat(users.unknownItems()).containsExactly("gone");
    assertThat(users.unknownPairs()).isEqualTo(1);
  }

  @Test
  void csvAndJsonLinesReadBackAsWhatWasRecommended() throws IOException {
    // Ids with commas, quotes, line breaks and letters of several bytes.
    try (TrainedModel knn = SmallModels.itemKnn()) {
      Map<String, List<String>> histories = new LinkedHashMap<>();
      List<String> users = List.of("plain", "a, \"b\"", "zwei\nZeilen", "ü№𝄞", "");
      for (int user = 0; user < users.size(); user++) {
        histories.put(users.get(user), knn.items().ids().subList(user, 3 * user));
      }
      UserHistories all = UserHistories.of(histories, knn);
      BatchRecommender batch = BatchRecommender.builder(knn).k(6).build();
      Map<String, List<Recommendation>> expected = new LinkedHashMap<>();
      batch.recommend(all, expected::put);

      ByteArrayOutputStream csv = new ByteArrayOutputStream();
      assertThat(batch.writeCsv(all, csv)).isEqualTo(30);
      Map<String, List<Recommendation>> read = new LinkedHashMap<>();
      try (CsvReader<CsvRecord> reader =
          CsvReader.builder().ofCsvRecord(csv.toString(StandardCharsets.UTF_8))) {
        List<CsvRecord> lines = reader.stream().toList();
        assertThat(lines.get(0).getFields()).containsExactly("user", "item", "score", "rank");
        for (CsvRecord line : lines.subList(1, lines.size())) {
          List<Recommendation> list =
              read.computeIfAbsent(line.getField(0), user -> new ArrayList<>());
          list.add(new Recommendation(line.getField(1), Float.parseFloat(line.getField(2))));
          assertThat(line.getField(3)).isEqualTo(Integer.toString(list.size()));
        }
      }
      assertThat(read).isEqualTo(expected);

      ByteArrayOutputStream json = new ByteArrayOutputStream();
      assertThat(batch.writeJsonLines(all, json)).isEqualTo(30);
      assertThat(json.toString(StandardCharsets.UTF_8).lines()).hasSize(users.size());
      Map<String, List<Recommendation>> objects = new LinkedHashMap<>();
      try (MappingIterator<JsonNode> lines =
          new ObjectMapper().readerFor(JsonNode.class).readValues(json.toByteArray())) {
        while (lines.hasNext()) {
          JsonNode line = lines.next();
          objects.put(
              line.get("user").asText(),
              IntStream.range(0, line.get("items").size())
                  .mapToObj(
                      rank ->
                          new Recommendation(
                              line.get("items").get(rank).asText(),
                              Float.parseFloat(line.get("scores").get(rank).asText())))
                  .toList());
        }
      }
      assertThat(objects).isEqualTo(expected);
    }
  }

  @Test
  void aSinkThatFailsEndsTheBatch() {
    SummedWeights model = new SummedWeights(4, 1);
    Map<String, List<String>> histories = new LinkedHashMap<>();
    for (int user = 0; user < 2_000; user++) {
      histories.put("u" + user, List.of());
    }
    List<String> taken = new ArrayList<>();
    IOException full = new IOException("disk full");
    assertThatThrownBy(
            () ->
                BatchRecommender.builder(model)
                    .build()
                    .recommend(
                        UserHistories.of(histories, model),
                        (user, best) -> {
                          taken.add(user);
                          if (taken.size() == 700) {
                            throw full;
                          }
                        }))
        .isSameAs(full);
    assertThat(taken).hasSize(700);
  }

  @Test
  void progressEndsWithAllUsers() throws IOException {
    SummedWeights model = new SummedWeights(4, 1);
    Map<String, List<String>> histories = new LinkedHashMap<>();
    for (int user = 0; user < 1_100; user++) {
      histories.put("u" + user, List.of());
    }
    List<Integer> done = new ArrayList<>();
    BatchRecommender.builder(model)
        .progress(done::add)
        .build()
        .recommend(UserHistories.of(histories, model), (user, best) -> {});
    assertThat(done).containsExactly(500, 1_000, 1_100);
  }

  @Test
  void historiesOfAnotherModelAreRefused() {
    SummedWeights model = new SummedWeights(4, 1);
    SummedWeights other = new SummedWeights(5, 1);
    assertThatThrownBy(
            () ->
                BatchRecommender.builder(model)
                    .build()
                    .recommend(UserHistories.of(Map.of("u", List.of()), other), (user, best) -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("this model");
    assertThatThrownBy(() -> BatchRecommender.builder(model).k(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("k must be at least 1, found 0");
  }
}
