package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A split as a folder in the layout of the published program, so that it interchanges with the
 * Python world.
 *
 * <ul>
 *   <li>{@code train.csv}, {@code validation_tr.csv}, {@code validation_te.csv}, {@code
 *       test_tr.csv}, {@code test_te.csv}: a header {@code uid,sid}, then a pair of indices a line.
 *       Users are numbered through: those of training, then of validation, then of test.
 *   <li>{@code unique_sid.txt}, {@code unique_uid.txt}: line n, counted from 0, is the raw id of
 *       index n.
 *   <li>Beyond that layout, where something is known: {@code titles.tsv} (item, title) and {@code
 *       stages.tsv} (what was done, users, items, events).
 * </ul>
 */
public final class PreparedFolder {
  private static final String TRAIN = "train.csv";
  private static final String VALIDATION = "validation";
  private static final String TEST = "test";
  private static final String FOLD_IN = "_tr.csv";
  private static final String HELD_OUT = "_te.csv";
  private static final String ITEMS = "unique_sid.txt";
  private static final String USERS = "unique_uid.txt";
  private static final String TITLES = "titles.tsv";
  private static final String STAGES = "stages.tsv";

  /** What the cache holds. */
  private static final List<String> SOURCES =
      List.of(
          TRAIN,
          VALIDATION + FOLD_IN,
          VALIDATION + HELD_OUT,
          TEST + FOLD_IN,
          TEST + HELD_OUT,
          ITEMS,
          USERS);

  private PreparedFolder() {}

  /**
   * Writes a split as a new folder. It is written beside its place under another name and renamed
   * when it is whole.
   *
   * @param split the split; the pairs are written in the order that its matrices remember
   * @param folder where to; must not exist
   * @throws DataException if the folder exists or cannot be written; then nothing is left behind
   */
  public static void write(Split split, Path folder) {
    WholeFile.make(folder, partial -> writeFiles(split, partial));
  }

  private static void writeFiles(Split split, Path folder) throws IOException {
    Files.createDirectory(folder);
    PairFile.write(folder.resolve(TRAIN), split.train(), 0);
    writeHeldOut(split.validation(), folder, VALIDATION);
    writeHeldOut(split.test(), folder, TEST);
    Files.write(folder.resolve(ITEMS), split.items().ids());
    Files.write(folder.resolve(USERS), split.users().ids());
    if (!split.titles().isEmpty()) {
      List<String[]> rows = new ArrayList<>();
      rows.add(new String[] {"item", "title"});
      for (String id : split.items().ids()) {
        String title = split.titles().get(id);
        if (title != null) {
          rows.add(new String[] {id, title});
        }
      }
      writeTable(folder.resolve(TITLES), rows);
    }
    if (!split.stages().isEmpty()) {
      List<String[]> rows = new ArrayList<>();
      rows.add(new String[] {"stage", "users", "items", "events"});
      for (Split.Stage stage : split.stages()) {
        rows.add(
            new String[] {
              stage.name(),
              Long.toString(stage.users()),
              Long.toString(stage.items()),
              Long.toString(stage.events())
            });
      }
      writeTable(folder.resolve(STAGES), rows);
    }
  }

  private static void writeHeldOut(HeldOut part, Path folder, String name) throws IOException {
    PairFile.write(folder.resolve(name + FOLD_IN), part.foldIn(), part.firstUser());
    PairFile.write(folder.resolve(name + HELD_OUT), part.heldOut(), part.firstUser());
  }

  /** Writes text separated by tabs. Tabs and line breaks inside a field become blanks. */
  private static void writeTable(Path file, List<String[]> rows) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (String[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          out.write(i == 0 ? "" : "\t");
          out.write(row[i].replaceAll("[\t\r\n]", " "));
        }
        out.write('\n');
      }
    }
  }

  /**
   * Reads a folder. Without {@code unique_uid.txt} the users' indices serve as their ids. Leaves a
   * cache ({@code .vaecf-cache}) in the folder, if it may be written, so that the next time takes a
   * moment; a cache is passed over when a file changed.
   *
   * @param folder a folder in the published layout, written here or elsewhere
   * @return the split; its matrices do not remember the order of the files
   * @throws DataException if a file is missing or has a line that cannot be used; the message says
   *     which
   */
  public static Split read(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new DataException(
          folder
              + (Files.exists(folder)
                  ? ": expected a prepared folder, found a file"
                  : ": there is no such folder"));
    }
    Split split = PreparedCache.read(folder, SOURCES);
    if (split == null) {
      split = readFiles(folder);
      PreparedCache.write(folder, SOURCES, split);
    }
    return new Split(
        split.train(),
        split.validation(),
        split.test(),
        split.users(),
        split.items(),
        readTitles(folder.resolve(TITLES)),
        readStages(folder.resolve(STAGES)));
  }

  private static Split readFiles(Path folder) {
    IdIndex items = readIds(folder.resolve(ITEMS));
    Path userFile = folder.resolve(USERS);
    IdIndex knownUsers = Files.exists(userFile) ? readIds(userFile) : null;
    int mostUsers = knownUsers == null ? Integer.MAX_VALUE : knownUsers.size();

    PairFile train = PairFile.read(Source.of(folder.resolve(TRAIN)), mostUsers, items.size());
    PairFile[] validation = readHeldOut(folder, VALIDATION, mostUsers, items);
    PairFile[] test = readHeldOut(folder, TEST, mostUsers, items);

    int largest = Math.max(train.largestRow(), Math.max(largestRow(validation), largestRow(test)));
    int users = knownUsers == null ? largest + 1 : knownUsers.size();
    // Weak generalization: users that are tested are trained on too.
    boolean weak = leastRow(test) <= train.largestRow();
    int trainingUsers = weak ? users : train.largestRow() + 1;
    int firstTest = firstTestUser(trainingUsers, validation, test, users);
    int firstValidation = leastRow(validation) < trainingUsers ? 0 : trainingUsers;
    int validationEnd = firstValidation < trainingUsers ? trainingUsers : firstTest;
    int testEnd = firstTest < trainingUsers ? trainingUsers : users;
    if (largestRow(validation) >= validationEnd || largestRow(test) >= testEnd) {
      throw new DataException(
          folder
              + ": expected the users of training, then of validation, then of test, found training"
              + " users up to "
              + train.largestRow()
              + ", validation users "
              + leastRow(validation)
              + " to "
              + largestRow(validation)
              + " and test users "
              + leastRow(test)
              + " to "
              + largestRow(test));
    }
    return new Split(
        train.toMatrix(0, trainingUsers, items.size()),
        heldOut(validation, firstValidation, Math.max(firstValidation, validationEnd), items),
        heldOut(test, firstTest, testEnd, items),
        knownUsers == null ? numbers(users) : knownUsers,
        items,
        Map.of());
  }

  /**
   * Where the test users begin. Held-out users may have no pair at all, so the files alone do not
   * say; as many test users as validation users is how the published program divides.
   */
  private static int firstTestUser(
      int trainingUsers, PairFile[] validation, PairFile[] test, int users) {
    int least = leastRow(test);
    if (least < trainingUsers) {
      return 0;
    }
    int heldOut = users - trainingUsers;
    int middle = trainingUsers + heldOut / 2;
    int validationEnd = Math.max(trainingUsers, largestRow(validation) + 1);
    if (heldOut % 2 == 0 && validationEnd <= middle && middle <= least) {
      return middle;
    }
    return Math.min(least, users);
  }

  private static PairFile[] readHeldOut(Path folder, String name, int users, IdIndex items) {
    return new PairFile[] {
      PairFile.read(Source.of(folder.resolve(name + FOLD_IN)), users, items.size()),
      PairFile.read(Source.of(folder.resolve(name + HELD_OUT)), users, items.size())
    };
  }

  private static HeldOut heldOut(PairFile[] files, int from, int to, IdIndex items) {
    return new HeldOut(
        files[0].toMatrix(from, to - from, items.size()),
        files[1].toMatrix(from, to - from, items.size()),
        from);
  }

  private static int leastRow(PairFile[] files) {
    return Math.min(files[0].leastRow(), files[1].leastRow());
  }

  private static int largestRow(PairFile[] files) {
    return Math.max(files[0].largestRow(), files[1].largestRow());
  }

  private static IdIndex numbers(int size) {
    List<String> ids = new ArrayList<>(size);
    for (int index = 0; index < size; index++) {
      ids.add(Integer.toString(index));
    }
    return IdIndex.of(ids);
  }

  private static IdIndex readIds(Path file) {
    List<String> ids = readLines(file);
    Map<String, Integer> lines = new HashMap<>();
    for (int line = 1; line <= ids.size(); line++) {
      Integer earlier = lines.putIfAbsent(ids.get(line - 1), line);
      if (earlier != null) {
        throw new DataException(
            file,
            line,
            "the id '" + ids.get(line - 1) + "' stands in line " + earlier + " already");
      }
    }
    return IdIndex.of(ids);
  }

  private static List<String> readLines(Path file) {
    Source source = Source.of(file);
    List<String> lines = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(source.open(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      throw Source.unreadable(source.name(), e);
    }
    return lines;
  }

  private static Map<String, String> readTitles(Path file) {
    if (!Files.exists(file)) {
      return Map.of();
    }
    Map<String, String> titles = new LinkedHashMap<>();
    List<String> lines = readLines(file);
    for (int line = 2; line <= lines.size(); line++) {
      String[] fields = fields(file, line, lines.get(line - 1), 2);
      titles.put(fields[0], fields[1]);
    }
    return titles;
  }

  private static List<Split.Stage> readStages(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    List<Split.Stage> stages = new ArrayList<>();
    List<String> lines = readLines(file);
    for (int line = 2; line <= lines.size(); line++) {
      String[] fields = fields(file, line, lines.get(line - 1), 4);
      try {
        stages.add(
            new Split.Stage(
                fields[0],
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]),
                Long.parseLong(fields[3])));
      } catch (NumberFormatException e) {
        throw new DataException(file, line, "expected three whole numbers after the name");
      }
    }
    return stages;
  }

  private static String[] fields(Path file, int line, String text, int count) {
    String[] fields = text.split("\t", -1);
    if (fields.length != count) {
      throw new DataException(file, line, "expected " + count + " fields, found " + fields.length);
    }
    return fields;
  }
}
