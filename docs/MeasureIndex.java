package io.github.vaecf.eval.export; // that of the index

import io.github.vaecf.core.Rankings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * How long one user's best 100 take by the index of an export, and by TensorFlow's product with all
 * items; see measure-index.sh.
 */
public final class MeasureIndex {
  private static final int USERS = 200;
  private static final int K = 100;
  private static final int ROUNDS = 5;

  private MeasureIndex() {}

  /** Arguments: the version's folder, and the prepared folder whose users are asked for. */
  public static void main(String[] arguments) throws Exception {
    Path version = Path.of(arguments[0]);
    Split split = PreparedFolder.read(Path.of(arguments[1]));
    CsrMatrix all = split.test().foldIn();
    int[] rows = new int[USERS];
    Arrays.setAll(rows, user -> (int) ((long) user * all.rows() / USERS));
    CsrMatrix some = all.selectRows(rows);
    try (ServedSavedModel model = ServedSavedModel.ofFiles(version)) {
      CsrMatrix users =
          CsrMatrix.of(
              USERS,
              model.itemCount(),
              pairs -> some.pairs().forEach((user, item) -> pairs.accept(user, item)));
      ItemIndex index = ItemIndex.open(ExportFormat.index(version), model.itemCount());
      System.out.printf(
          Locale.ROOT,
          "%,d items, vectors of %d, of which %d are whole numbers; the index has %.0f MB; %s%n",
          model.itemCount(),
          index.width(),
          index.first(),
          Files.size(ExportFormat.index(version)) / 1e6,
          Runtime.version());
      System.out.printf("process %s%n", memory());
      model.use(index);
      Rankings found = time("index, whole request", model, users);
      float[] vectors = model.userVectors(users, 0, USERS, index.width());
      search("index, search alone", index, vectors, users);
      System.out.printf("process %s%n", memory());
      together("index, 200 users at once", model, users);
      model.use(null);
      Rankings exact = time("TensorFlow, whole request", model, users);
      together("TensorFlow, 200 users at once", model, users);
      System.out.printf("process %s%n", memory());
      int hits = 0;
      double off = 0;
      for (int user = 0; user < USERS; user++) {
        Set<Integer> items = new HashSet<>();
        for (int rank = 0; rank < K; rank++) {
          items.add(found.item(user, rank));
          off = Math.max(off, Math.abs(found.score(user, rank) - exact.score(user, rank)));
        }
        for (int rank = 0; rank < K; rank++) {
          hits += items.contains(exact.item(user, rank)) ? 1 : 0;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "recall@%d %.5f, largest difference of a score at a place %.1e%n",
          K,
          hits / (double) (K * USERS),
          off);
    }
  }

  private static Rankings time(String what, ServedSavedModel model, CsrMatrix users) {
    int[] items = new int[USERS * K];
    float[] scores = new float[USERS * K];
    double[] millis = new double[USERS];
    Arrays.fill(millis, Double.POSITIVE_INFINITY);
    for (int round = 0; round < ROUNDS; round++) {
      for (int user = 0; user < USERS; user++) {
        long start = System.nanoTime();
        Rankings one = model.rank(users, user, user + 1, K);
        millis[user] = Math.min(millis[user], (System.nanoTime() - start) / 1e6);
        for (int rank = 0; rank < K; rank++) {
          items[user * K + rank] = one.item(0, rank);
          scores[user * K + rank] = one.score(0, rank);
        }
      }
    }
    print(what, millis);
    return new Rankings(K, items, scores);
  }

  private static void search(String what, ItemIndex index, float[] vectors, CsrMatrix users) {
    double[] millis = new double[USERS];
    Arrays.fill(millis, Double.POSITIVE_INFINITY);
    int width = index.width();
    for (int round = 0; round < ROUNDS; round++) {
      for (int user = 0; user < USERS; user++) {
        BitSet candidates = new BitSet();
        candidates.set(0, users.columns());
        users.row(user).forEach(candidates::clear);
        float[] vector = Arrays.copyOfRange(vectors, user * width, (user + 1) * width);
        Rankings ranking = new Rankings(K, new int[K], new float[K]);
        long start = System.nanoTime();
        index.rank(vector, 1, users, user, row -> candidates, ranking, 0);
        millis[user] = Math.min(millis[user], (System.nanoTime() - start) / 1e6);
      }
    }
    print(what, millis);
  }

  private static void together(String what, ServedSavedModel model, CsrMatrix users) {
    model.rank(users, 0, USERS, K);
    long start = System.nanoTime();
    model.rank(users, 0, USERS, K);
    double millis = (System.nanoTime() - start) / 1e6;
    System.out.printf(Locale.ROOT, "%-32s %7.2f ms a user, all cores%n", what, millis / USERS);
  }

  private static void print(String what, double[] millis) {
    Arrays.sort(millis);
    System.out.printf(
        Locale.ROOT,
        "%-32s p50 %7.2f ms, p90 %7.2f ms, p99 %7.2f ms over users, fastest of %d rounds%n",
        what,
        millis[USERS / 2],
        millis[USERS * 9 / 10],
        millis[USERS * 99 / 100],
        ROUNDS);
  }

  private static List<String> memory() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("Rss") || line.startsWith("VmRSS"))
        .map(line -> line.replaceAll("\\s+", " "))
        .toList();
  }
}
