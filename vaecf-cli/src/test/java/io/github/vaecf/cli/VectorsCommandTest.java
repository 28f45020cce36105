package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.model.ImplicitAls;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.data.Split;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors and similar items by the command line. */
class VectorsCommandTest {
  private static final int WIDTH = 9;

  @TempDir static Path made;

  private static Path data;
  private static Path run;
  private static Split split;

  @TempDir Path folder;

  @BeforeAll
  static void makeAModel() {
    split =
        BatchFixture.make(
            made,
            1_000,
            Settings.published(new ImplicitAls())
                .with(ImplicitAls.FACTORS, WIDTH)
                .with(ImplicitAls.ITERATIONS, 3));
    data = made.resolve("data");
    run = made.resolve("run");
  }

  @Test
  void theOrderByInnerProductInSqlIsTheModels() throws Exception {
    Path items = folder.resolve("items.parquet");
    Path users = folder.resolve("users.parquet");
    Outcome outcome = vectors("--data", data, "--items", items, "--users", users);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out())
        .isEqualTo(
            split.items().size()
                + " items, vectors of 9: "
                + items
                + "\n"
                + String.format(Locale.ROOT, "%,d", split.users().size())
                + " users, vectors of 9: "
                + users
                + "\n");
    Path all = folder.resolve("all.parquet");
    assertThat(
            Outcome.of(
                    "recommend",
                    "--model",
                    run,
                    "--data",
                    data,
                    "--all",
                    "--with-history",
                    "--out",
                    all)
                .status())
        .isZero();
    Map<String, List<Recommendation>> expected =
        lists("SELECT \"user\", item, score FROM '" + all + "' ORDER BY \"user\", rank");
    Map<String, List<Recommendation>> found =
        lists(
            "SELECT u.id, i.id, list_inner_product(u.vector, i.vector) AS score FROM '"
                + users
                + "' u, '"
                + items
                + "' i ORDER BY u.id, score DESC");
    assertThat(found.keySet()).isEqualTo(expected.keySet()).hasSize(split.users().size());
    expected.forEach(
        (user, list) ->
            assertThat(
                    RankingAgreement.ACROSS_RUNTIMES.difference(
                        list, found.get(user).subList(0, list.size())))
                .isEmpty());
  }

  private static Map<String, List<Recommendation>> lists(String query) throws SQLException {
    Map<String, List<Recommendation>> lists = new LinkedHashMap<>();
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duckdb.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      while (result.next()) {
        lists
            .computeIfAbsent(result.getString(1), user -> new ArrayList<>())
            .add(new Recommendation(result.getString(2), result.getFloat(3)));
      }
    }
    return lists;
  }

  @Test
  void theThreeFormsHoldTheSame() throws Exception {
    Path npy = folder.resolve("users.npy");
    Path lines = folder.resolve("users.jsonl");
    Path parquet = folder.resolve("users.parquet");
    for (Path file : List.of(npy, lines, parquet)) {
      assertThat(vectors("--data", data, "--users", file).status()).isZero();
    }
    float[][] matrix = readNpy(npy);
    assertThat(Files.readAllLines(folder.resolve("users.txt")))
        .containsExactlyElementsOf(split.users().ids());
    assertThat(matrix).hasDimensions(split.users().size(), WIDTH);
    List<String> json = Files.readAllLines(lines);
    assertThat(json).hasSize(split.users().size());
    for (int user = 0; user < matrix.length; user++) {
      JsonNode line = new ObjectMapper().readTree(json.get(user));
      assertThat(line.get("id").asText()).isEqualTo(split.users().id(user));
      for (int i = 0; i < WIDTH; i++) {
        assertThat(Float.parseFloat(line.get("vector").get(i).asText())).isEqualTo(matrix[user][i]);
      }
    }
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duckdb.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT id, vector, typeof(vector) FROM '" + parquet + "'")) {
      for (int user = 0; user < matrix.length; user++) {
        assertThat(result.next()).isTrue();
        assertThat(result.getString(1)).isEqualTo(split.users().id(user));
        Object[] vector = (Object[]) result.getArray(2).getArray();
        assertThat(vector).hasSize(WIDTH);
        for (int i = 0; i < WIDTH; i++) {
          assertThat(vector[i]).isEqualTo(matrix[user][i]);
        }
        assertThat(result.getString(3)).isEqualTo("FLOAT[]");
      }
      assertThat(result.next()).isFalse();
    }
  }

  /** By NumPy's description of the format (numpy.lib.format), version 1.0. */
  private static float[][] readNpy(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[8];
    bytes.get(magic);
    assertThat(magic).containsExactly(0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0);
    byte[] header = new byte[bytes.getShort()];
    bytes.get(header);
    assertThat(bytes.position() % 64).isZero();
    assertThat(new String(header, StandardCharsets.US_ASCII))
        .matches(
            "\\{'descr': '<f4', 'fortran_order': False, 'shape': \\([0-9]+, [0-9]+\\), \\} *\n");
    assertThat(bytes.remaining()).isEqualTo(4 * split.users().size() * WIDTH);
    float[][] matrix = new float[split.users().size()][WIDTH];
    for (float[] row : matrix) {
      for (int i = 0; i < WIDTH; i++) {
        row[i] = bytes.getFloat();
      }
    }
    return matrix;
  }

  @Test
  void aModelWithoutVectorsAndAnExportAreToldSo() {
    Path knn = folder.resolve("knn");
    BatchFixture.make(knn, 300, Settings.published(new ItemKnn()));
    Path items = folder.resolve("items.npy");
    assertThat(Outcome.of("vectors", "--model", knn.resolve("run"), "--items", items).err())
        .contains("the scores of item-kNN are no inner products of a user's and an item's vector");
    Path export = folder.resolve("models/1");
    assertThat(Outcome.of("export", "--run", run, "--out", export).status()).isZero();
    assertThat(Outcome.of("vectors", "--model", export, "--items", items).err())
        .contains(export + ": not a run folder with a trained model; an export has no vectors");
    assertThat(items).doesNotExist();

    // What the export answers to similar is what the run does.
    String item = split.items().id(4);
    Outcome ofRun = Outcome.of("similar", item, "--model", run, "-k=4");
    assertThat(ofRun.status()).isZero();
    assertThat(ofRun.out().lines()).hasSize(5).first().asString().startsWith("item");
    assertThat(Outcome.of("similar", item, "--model", export, "-k=4").out()).isEqualTo(ofRun.out());
    assertThat(Outcome.of("similar", "nothing", "--model", run).err())
        .contains(run + ": knows no item 'nothing'; it has ");
    assertThat(Outcome.of("similar", item, "--model", knn.resolve("run")).err())
        .contains(knn.resolve("run") + ": item-kNN has no embeddings of its items");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vectors --model=m",
        "vectors --model=m --items=i.csv",
        "vectors --model=m --items=-",
        "vectors --model=m --users=u.npy",
        "vectors --model=m --items=i.npy --data=d",
        "similar --model=m",
        "similar 7 --model=m -k=0"
      })
  void wrongUsageIsExplained(String line) {
    Outcome outcome = Outcome.of((Object[]) line.split(" "));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf ").contains("--help'.");
  }

  private static Outcome vectors(Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("vectors", "--model", run));
    arguments.addAll(List.of(options));
    return Outcome.of(arguments.toArray());
  }
}
