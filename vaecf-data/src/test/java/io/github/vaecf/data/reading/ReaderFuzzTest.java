package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.bzip2;
import static io.github.vaecf.data.reading.Fixtures.gzip;
import static io.github.vaecf.data.reading.Fixtures.tar;
import static io.github.vaecf.data.reading.Fixtures.utf8;
import static io.github.vaecf.data.reading.Fixtures.zip;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Mutated files: every reader either reads them or says what is wrong, and throws nothing but
 * {@link DataException}. A failure prints the seed that makes it again. How often is a setting:
 * {@code -Djqwik.tries.default=150000} makes more than a million inputs of the properties.
 */
class ReaderFuzzTest {
  private static final byte[] CSV =
      utf8(
          "user,item,rating,time\n1,10,4.5,978300760\n2,\"a,\"\"b\",3,2005-09-06\n007,é,-1e2,"
              + "2010-10-19T23:55:27Z\n\n3,10,.5,0\r\n");
  private static final byte[] NETFLIX =
      utf8("1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n\n2:\r\n0822109,1,1999-11-11\r\n");
  private static final byte[] TRIPLETS = utf8("b80344d063\tSOAKIMP12A\t1\nb80344\tSOBBMD\t12\n");
  private static final byte[] RATINGS = utf8("1::1193::5::978300760\n1::661::3::978302109\n");
  private static final byte[] LISTS = utf8("0 10 20 030\n1 \n2 10\n\n7 20 10 \n");
  private static final byte[] PAIRS = utf8("uid,sid\n0,1\n1,0\n1,2\n4,3\n");
  private static final byte[] TITLES =
      utf8("movieId,title\n1,\"Misérables, Les \"\"x\"\" (1995)\"\n2,Léon\n");

  private static final byte[] COUNTED = utf8("3 10 20 030\n0 \n1 10\n\n2 20 10 \n");
  private static final String[] NAMES = {
    "data/log.csv", "part-00000", "part-00001", "mv_1.txt", "ratings.csv", "é.csv", "../x", "/x"
  };

  /** Everything that reads a file by its path. */
  private static final List<Consumer<Path>> READINGS =
      List.of(
          path -> refusedOrRead(path, file -> DelimitedReader.builder().build().read(file)),
          path -> refusedOrRead(path, LogFormat.of("csv")::read),
          path -> refusedOrRead(path, LogFormat.of("movielens")::read),
          path -> refusedOrRead(path, LogFormat.of("netflix")::read),
          path -> refusedOrRead(path, LogFormat.of("kaggle")::read),
          path -> refusedOrRead(path, LogFormat.of("lightgcn")::read),
          path -> refusedOrRead(path, file -> ItemTitles.read(file, ",", "1", "2")));

  /** In memory where there is such a folder: a file an input is much for a disk. */
  private static Path folder;

  @BeforeContainer
  static void makeFolder() throws IOException {
    Path memory = Path.of("/dev/shm");
    folder =
        Files.isWritable(memory)
            ? Files.createTempDirectory(memory, "vaecf-fuzz")
            : Files.createTempDirectory("vaecf-fuzz");
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static void refusedOrRead(Path file, Consumer<Path> reading) {
    try {
      reading.accept(file);
    } catch (DataException e) {
      // That is what a reader may throw.
    }
  }

  private static final byte[][] WORDS = {
    utf8("\n"),
    utf8("\r"),
    utf8("\r\n"),
    utf8(","),
    utf8("::"),
    utf8("\""),
    utf8("\"\""),
    utf8("\t"),
    utf8(" "),
    utf8(":"),
    utf8("\0"),
    utf8("\ufeff"),
    utf8("NaN"),
    utf8("-"),
    utf8("99999999999999999999"),
    utf8("1e999"),
    utf8("2005-13-41"),
    {(byte) 0xff},
    {(byte) 0xc3},
    {0x1f, (byte) 0x8b},
    utf8("0000-00-00"),
    utf8("."),
    utf8("E"),
    utf8("\u2028")
  };

  /** Reads bytes as a file of some form. */
  private interface Reading {
    void read(Source source);
  }

  private static void check(byte[] valid, long seed, Reading reading) {
    byte[] mutated = mutate(valid, new Random(seed));
    try {
      reading.read(new Source("fuzz", () -> new ByteArrayInputStream(mutated), 0));
    } catch (DataException e) {
      // That is what a reader may throw.
    }
  }

  private static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid;
    for (int change = random.nextInt(6); change >= 0; change--) {
      int at = random.nextInt(bytes.length + 1);
      int to = Math.min(bytes.length, at + 1 + random.nextInt(8));
      switch (random.nextInt(6)) {
        case 0 -> {
          if (at < bytes.length) {
            bytes = bytes.clone();
            bytes[at] = (byte) random.nextInt(256);
          }
        }
        case 1 -> bytes = splice(bytes, at, at, WORDS[random.nextInt(WORDS.length)]);
        case 2 -> bytes = splice(bytes, at, to, new byte[0]);
        case 3 -> bytes = splice(bytes, at, to, WORDS[random.nextInt(WORDS.length)]);
        case 4 -> bytes = splice(bytes, at, at, Arrays.copyOfRange(bytes, at, to));
        default -> bytes = Arrays.copyOf(bytes, at);
      }
    }
    return bytes;
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] by) {
    byte[] spliced = new byte[bytes.length - (to - from) + by.length];
    System.arraycopy(bytes, 0, spliced, 0, from);
    System.arraycopy(by, 0, spliced, from, by.length);
    System.arraycopy(bytes, to, spliced, from + by.length, bytes.length - to);
    return spliced;
  }

  private static void readNetflix(Source source) {
    EventCollector collector = new EventCollector();
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(collector)) {
      pipeline.read(source, new NetflixPrize.Ratings(true));
      pipeline.drain();
    }
    collector.toInteractions();
  }

  @Property
  void commaSeparatedText(@ForAll long seed) {
    DelimitedReader reader = DelimitedReader.builder().valueColumn("3").timeColumn("time").build();
    check(CSV, seed, source -> reader.read(List.of(source)));
  }

  @Property
  void compressedText(@ForAll long seed) throws IOException {
    DelimitedReader reader = DelimitedReader.builder().valueColumn("rating").build();
    check(
        gzip(CSV),
        seed,
        source ->
            reader.read(List.of(new Source("fuzz", () -> Source.decompressed(source.open()), 0))));
  }

  @Property
  void textSeparatedByTwoColons(@ForAll long seed) {
    DelimitedReader reader =
        DelimitedReader.builder().separator("::").header(false).valueColumn("3").build();
    check(RATINGS, seed, source -> reader.read(List.of(source)));
  }

  @Property
  void triplets(@ForAll long seed) {
    DelimitedReader reader =
        DelimitedReader.builder().separator("\t").header(false).valueColumn("3").build();
    check(TRIPLETS, seed, source -> reader.read(List.of(source)));
  }

  @Property
  void netflixRatings(@ForAll long seed) {
    check(NETFLIX, seed, ReaderFuzzTest::readNetflix);
  }

  @Property
  void lightGcnLists(@ForAll long seed) {
    check(LISTS, seed, LightGcn::read);
  }

  @Property
  void preparedPairs(@ForAll long seed) {
    check(PAIRS, seed, source -> PairFile.read(source, 5, 4));
  }

  @Property
  void containers(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    byte[] member = random.nextInt(4) == 0 ? mutate(CSV, random) : CSV;
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("data/README", utf8("about, it"));
    members.put(NAMES[random.nextInt(NAMES.length)], member);
    members.put(NAMES[random.nextInt(NAMES.length)], random.nextBoolean() ? gzip(CSV) : LISTS);
    byte[] container =
        switch (random.nextInt(8)) {
          case 0 -> gzip(member);
          case 1 -> bzip2(member);
          case 2, 3 -> zip(members);
          case 4 -> tar(members);
          case 5 -> gzip(tar(members));
          case 6 -> bzip2(tar(Map.of("inner.tar", tar(members))));
          default -> zip(Map.of("inner.zip", zip(members), "a.csv.bz2", bzip2(member)));
        };
    byte[] mutated = mutate(container, random);
    Path file = Files.write(folder.resolve("container"), mutated);
    Path named = random.nextInt(4) == 0 ? Path.of(file + "!data/log.csv") : file;
    READINGS.get(random.nextInt(READINGS.size())).accept(named);
  }

  @Property
  void arraysOfScipy(@ForAll long seed) throws IOException {
    Path valid = folder.resolve("matrix.npz");
    Files.deleteIfExists(valid);
    NpzMatrix.write(
        CsrMatrix.of(
            3,
            4,
            pairs -> {
              pairs.accept(0, 1);
              pairs.accept(2, 3);
            }),
        valid);
    byte[] mutated = mutate(Files.readAllBytes(valid), new Random(seed));
    refusedOrRead(Files.write(folder.resolve("mutated.npz"), mutated), NpzMatrix::read);
  }

  @Property
  void citeULikeLists(@ForAll long seed) {
    check(COUNTED, seed, CiteULike::read);
  }

  @Property
  void badLinesThatAreSkipped(@ForAll long seed) {
    DelimitedReader reader =
        DelimitedReader.builder()
            .valueColumnIfAny()
            .timeColumn("4")
            .skipBadLines((int) Math.abs(seed % 3))
            .build();
    check(CSV, seed, source -> reader.read(List.of(source)));
  }

  @Property
  void titles(@ForAll long seed) {
    check(TITLES, seed, source -> ItemTitles.read(source, ",", true, "1", "title"));
  }
}
