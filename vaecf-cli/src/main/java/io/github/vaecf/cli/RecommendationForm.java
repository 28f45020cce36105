package io.github.vaecf.cli;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.batch.BatchRecommender;
import io.github.vaecf.eval.batch.RecommendationSink;
import io.github.vaecf.eval.batch.UserHistories;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The forms in which everybody's recommendations are written. */
enum RecommendationForm {
  /** A line {@code user,item,score,rank} an item. */
  CSV(".csv") {
    @Override
    long write(BatchRecommender batch, UserHistories users, OutputStream out) throws IOException {
      return batch.writeCsv(users, out);
    }
  },
  /** An object a user and line. */
  JSONL(".jsonl .ndjson") {
    @Override
    long write(BatchRecommender batch, UserHistories users, OutputStream out) throws IOException {
      return batch.writeJsonLines(users, out);
    }
  },
  /** A row an item, with the columns of CSV. */
  PARQUET(".parquet") {
    @Override
    long write(BatchRecommender batch, UserHistories users, OutputStream out) {
      throw new DataException("Parquet cannot be written to standard output; name a file");
    }

    @Override
    long write(BatchRecommender batch, UserHistories users, Path file) {
      long[] rows = {0};
      WholeFile.remake(file, partial -> rows[0] = writeParquet(batch, users, partial));
      return rows[0];
    }
  };

  private final String endings; // with blanks between

  RecommendationForm(String endings) {
    this.endings = endings;
  }

  /** The names of the forms, for help. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(values()).map(RecommendationForm::toString).iterator();
    }
  }

  /**
   * The form of a name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static RecommendationForm named(String name) {
    return Arrays.stream(values())
        .filter(form -> form.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected one of "
                        + String.join(", ", new Names())
                        + ", found '"
                        + name
                        + "'"));
  }

  /** The form that the ending of a file's name says. */
  static Optional<RecommendationForm> ofEnding(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(form -> Stream.of(form.endings.split(" ")).anyMatch(name::endsWith))
        .findFirst();
  }

  /** Endings for a message, such as {@code .csv, .jsonl}. */
  static String allEndings() {
    return Arrays.stream(values())
        .map(form -> form.endings.replace(" ", ", "))
        .collect(Collectors.joining(", "));
  }

  /** Writes all lists, and says how many items they have together. */
  abstract long write(BatchRecommender batch, UserHistories users, OutputStream out)
      throws IOException;

  /** Writes a file that is there whole or not at all. */
  long write(BatchRecommender batch, UserHistories users, Path file) {
    long[] rows = {0};
    WholeFile.replace(file, out -> rows[0] = write(batch, users, out));
    return rows[0];
  }

  /** Writes where a person wants it. */
  final long write(BatchRecommender batch, UserHistories users, OutputFile out) throws IOException {
    if (!out.isStandardOutput()) {
      return write(batch, users, out.path());
    }
    // Not closed: that would be the end of standard output.
    OutputStream stream = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
    long rows = write(batch, users, stream);
    stream.flush();
    return rows;
  }

  private static long writeParquet(BatchRecommender batch, UserHistories users, Path file)
      throws IOException {
    List<ParquetWriter.Column> columns =
        List.of(
            new ParquetWriter.Column("user", ParquetWriter.Type.TEXT),
            new ParquetWriter.Column("item", ParquetWriter.Type.TEXT),
            new ParquetWriter.Column("score", ParquetWriter.Type.FLOAT32),
            new ParquetWriter.Column("rank", ParquetWriter.Type.INT32));
    try (ParquetWriter parquet = new ParquetWriter(file, columns, ParquetWriter.names(columns))) {
      RecommendationSink sink =
          (user, best) -> {
            int rank = 1;
            for (Recommendation one : best) {
              parquet.set(0, user);
              parquet.set(1, one.item());
              parquet.set(2, one.score());
              parquet.set(3, rank++);
              parquet.endRow();
            }
          };
      long rows = batch.recommend(users, sink);
      parquet.finish();
      return rows;
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
