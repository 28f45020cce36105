package io.github.vaecf.data.reading;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import it.unimi.dsi.fastutil.ints.IntOpenHashSet;
import it.unimi.dsi.fastutil.ints.IntSet;
import java.io.BufferedOutputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

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
  private static final String BYTE_ORDER_MARK = "\ufeff";

  /** The files of pairs. */
  private static final List<String> PAIRS =
      List.of(TRAIN, VALIDATION + FOLD_IN, VALIDATION + HELD_OUT, TEST + FOLD_IN, TEST + HELD_OUT);

  /** What the cache holds. */
  private static final List<String> SOURCES =
      Stream.concat(PAIRS.stream(), Stream.of(ITEMS, USERS)).toList();

  private PreparedFolder() {}

  /**
   * Writes a split as a new folder. It is written beside its place under another name and renamed
   * when it is whole.
   *
   * @param split the split; the pairs are written in the order that its matrices remember
   * @param folder where to; nothing, or an empty folder, may be there
   * @throws DataException if something is there other than an empty folder, if it cannot be
   *     written, or if an id has a line break; then nothing is left behind
   */
  public static void write(Split split, Path folder) {
    WholeFile.make(folder, partial -> writeFiles(split, partial));
  }

  private static void writeFiles(Split split, Path folder) throws IOException {
    Files.createDirectory(folder);
    PairFile.Numbers items = new PairFile.Numbers(split.items().size());
    // The pairs of training are most of what there is to write.
    Stream.<WholeFile.Maker>of(
            all -> PairFile.write(all.resolve(TRAIN), split.train(), 0, items),
            all -> {
              writeHeldOut(split.validation(), all, VALIDATION, items);
              writeHeldOut(split.test(), all, TEST, items);
              writeIds(all.resolve(ITEMS), split.items(), "item");
              writeIds(all.resolve(USERS), split.users(), "user");
            })
        .parallel()
        .forEach(
            files -> {
              try {
                files.make(folder);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
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

  private static void writeHeldOut(HeldOut part, Path folder, String name, PairFile.Numbers items)
      throws IOException {
    PairFile.write(folder.resolve(name + FOLD_IN), part.foldIn(), part.firstUser(), items);
    PairFile.write(folder.resolve(name + HELD_OUT), part.heldOut(), part.firstUser(), items);
  }

  /** Writes an id a line, if they can be read again. */
  private static void writeIds(Path file, IdIndex ids, String what) throws IOException {
    if (ids.size() > 0 && ids.id(0).startsWith(BYTE_ORDER_MARK)) {
      throw new DataException(
          "the id of "
              + what
              + " 0 begins with a byte-order mark, which "
              + file.getFileName()
              + " cannot hold; give it another id");
    }
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      for (int index = 0; index < ids.size(); index++) {
        byte[] id = ids.utf8(index);
        for (byte letter : id) {
          if (letter == '\n' || letter == '\r') {
            throw new DataException(
                "the id of "
                    + what
                    + " "
                    + index
                    + " has a line break, which "
                    + file.getFileName()
                    + " cannot hold: '"
                    + ids.id(index).replace("\n", "\\n").replace("\r", "\\r")
                    + "'; give it another id");
          }
        }
        out.write(id);
        out.write('\n');
      }
    }
  }

  /**
   * Writes text separated by tabs. Tabs and line breaks inside a field become blanks; half a
   * character, as a title that was cut off may end with, becomes a question mark.
   */
  private static void writeTable(Path file, List<String[]> rows) throws IOException {
    try (Writer out =
        new BufferedWriter(
            new OutputStreamWriter(Files.newOutputStream(file), StandardCharsets.UTF_8))) {
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
   * Reads a folder. The users' numbers in the files are names: gaps between them are left out, so
   * that every training user of the split has a pair; only users behind those of training that
   * {@code unique_uid.txt} names are kept without one. Without {@code unique_uid.txt} the numbers
   * serve as ids. A pair that stands twice in a file counts once. Memory is bounded by the size of
   * the files.
   *
   * <p>Leaves a cache ({@code .vaecf-cache}) in the folder, if it may be written, so that the next
   * time takes a moment; a cache is passed over when what is in a file changed.
   *
   * @param folder a folder in the published layout, written here or elsewhere
   * @return the split; its matrices do not remember the order of the files
   * @throws DataException if a file is missing, has a line that cannot be used, or holds out a pair
   *     that is also for training or fold-in; if there is no pair to train on. The message says
   *     where
   */
  public static Split read(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new DataException(
          folder
              + (Files.exists(folder)
                  ? ": expected a prepared folder, found a file"
                  : ": there is no such folder"));
    }
    // What the cache is compared to is taken before the files are read: a file that changes
    // meanwhile leaves a cache that fits none.
    PreparedCache cache = PreparedCache.of(folder, SOURCES);
    Split split = cache.read();
    if (split == null) {
      split = readFiles(folder);
      cache.write(split);
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
    List<PairFile> files = new ArrayList<>();
    for (String name : PAIRS) {
      files.add(PairFile.read(Source.of(folder.resolve(name)), mostUsers, items.size()));
    }
    PairFile train = files.get(0);
    if (train.users().isEmpty()) {
      throw new DataException(
          folder.resolve(TRAIN) + ": expected a pair to train on, found none in the file");
    }
    FolderUsers users =
        new FolderUsers(
            folder,
            train.users(),
            union(files.get(1), files.get(2)),
            union(files.get(3), files.get(4)),
            knownUsers == null ? -1 : knownUsers.size());
    users.renumber(files);
    CsrMatrix trained = train.toMatrix(0, users.training(), items.size());
    HeldOut validation =
        heldOut(files, 1, users.firstValidation(), users.validationUsers(), items.size());
    HeldOut test = heldOut(files, 3, users.firstTest(), users.testUsers(), items.size());
    requireUnknown(validation, trained, files, 1, users);
    requireUnknown(test, trained, files, 3, users);
    return new Split(trained, validation, test, users.ids(knownUsers), items, Map.of());
  }

  private static IntSet union(PairFile first, PairFile second) {
    IntSet union = new IntOpenHashSet(first.users());
    union.addAll(second.users());
    return union;
  }

  private static HeldOut heldOut(List<PairFile> files, int at, int first, int users, int items) {
    return new HeldOut(
        files.get(at).toMatrix(first, users, items),
        files.get(at + 1).toMatrix(first, users, items),
        first);
  }

  /**
   * Refuses held-out pairs that a model is told or has learned: what a user has already is never
   * recommended.
   *
   * @param at the place of the part's fold-in file; that of what is held out follows
   */
  private static void requireUnknown(
      HeldOut part, CsrMatrix train, List<PairFile> files, int at, FolderUsers users) {
    requireUnknown(part, part.foldIn(), part.firstUser(), files.get(at + 1), at, users);
    requireUnknown(part, train, 0, files.get(at + 1), 0, users);
  }

  private static void requireUnknown(
      HeldOut part,
      CsrMatrix known,
      int firstUser,
      PairFile file,
      int knownFile,
      FolderUsers users) {
    PairCounter both = new PairCounter();
    part.heldOut()
        .pairs()
        .forEach(
            (row, item) -> {
              int user = part.firstUser() + row;
              int knownRow = user - firstUser;
              if (knownRow < known.rows() && known.contains(knownRow, item)) {
                both.accept(user, item);
              }
            });
    if (both.count > 0) {
      throw new DataException(
          file.placeOf(both.user, both.item)
              + ": the pair "
              + users.inFiles(both.user)
              + ","
              + both.item
              + " is held out and stands in "
              + PAIRS.get(knownFile)
              + " too, so that no model can find it; remove it from one of the two"
              + (both.count == 1 ? "" : ", as the other " + (both.count - 1) + " such pairs"));
    }
  }

  /** Counts pairs and keeps the first. */
  private static final class PairCounter implements CsrMatrix.PairConsumer {
    private long count;
    private int user;
    private int item;

    @Override
    public void accept(int itsUser, int itsItem) {
      if (count++ == 0) {
        user = itsUser;
        item = itsItem;
      }
    }
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
    byte[] bytes;
    try (InputStream in = source.open()) {
      bytes = in.readAllBytes();
    } catch (IOException e) {
      throw Source.unreadable(source.name(), e);
    }
    String text;
    try {
      // Not by a replacement for what is no UTF-8: two ids could become one.
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new DataException(
          file,
          lineThatIsNoText(bytes),
          "expected text in UTF-8, found other bytes; convert the file, as by iconv -t UTF-8");
    }
    return text.substring(text.startsWith(BYTE_ORDER_MARK) ? 1 : 0).lines().toList();
  }

  private static long lineThatIsNoText(byte[] bytes) {
    long line = 1;
    int from = 0;
    for (int at = 0; at < bytes.length; at++) {
      if (bytes[at] == '\n') {
        if (!isText(bytes, from, at)) {
          return line;
        }
        line++;
        from = at + 1;
      }
    }
    return line;
  }

  private static boolean isText(byte[] bytes, int from, int to) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
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
