package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The forms in which logs come, by name. One that is new takes a file that reads it, and a line in
 * the list here. Immutable and safe for use by many threads.
 */
public final class LogFormat {
  private static final List<LogFormat> ALL =
      List.of(
          delimited("csv", ","),
          delimited("tsv", "\t"),
          rated("movielens", MovieLens::read).writtenBy(MovieLens::write),
          rated("netflix", NetflixPrize::read).writtenBy(NetflixPrize::write),
          rated("kaggle", KaggleMovies::read),
          unrated("msd", TasteProfile::read).writtenBy(TasteProfile::write),
          unrated("lightgcn", LightGcn::read)
              .writtenBy(LightGcn::write)
              .dividedBy(LightGcn::trainAndTest),
          unrated("citeulike", CiteULike::read));

  private final String name;
  private final boolean rated;
  private final String separator;
  private final Reader reader;
  private final Writer writer;
  private final Function<Path, Optional<TrainAndTest>> divider;
  private final Supplier<DelimitedReader.Builder> columns;

  private LogFormat(
      String name,
      boolean rated,
      String separator,
      Supplier<DelimitedReader.Builder> columns,
      Reader reader,
      Writer writer,
      Function<Path, Optional<TrainAndTest>> divider) {
    this.name = name;
    this.rated = rated;
    this.separator = separator;
    this.columns = columns;
    this.reader = reader;
    this.writer = writer;
    this.divider = divider;
  }

  /** Reads of a log what is wanted. */
  @FunctionalInterface
  private interface Reader {
    Interactions read(Path path, ReadOptions options);
  }

  /** Writes a log as files of a form. */
  @FunctionalInterface
  private interface Writer {
    void write(Interactions log, Path folder) throws IOException;
  }

  /**
   * The two logs of a data set that was published divided.
   *
   * @param train the events to train on
   * @param test the events to test on
   */
  public record TrainAndTest(Path train, Path test) {}

  private static LogFormat delimited(String name, String separator) {
    return delimited(name, separator, () -> DelimitedReader.builder().separator(separator));
  }

  private static LogFormat delimited(
      String name, String separator, Supplier<DelimitedReader.Builder> columns) {
    columns.get().build(); // what cannot separate is refused here
    return new LogFormat(
        name,
        true,
        separator,
        columns,
        (path, options) -> columns.get().valueColumnIfAny().options(options).build().read(path),
        null,
        LogFormat::oneLog);
  }

  /** Delimited text that was found to be that, of which columns are taken that are told surely. */
  static LogFormat foundDelimited(String separator, boolean quoted) {
    String name = separator.equals("\t") ? "tsv" : "csv";
    String words =
        name
            + (of(name).separator.equals(separator)
                ? ""
                : " with '" + DataException.excerpt(separator) + "' between fields")
            + (quoted ? " in double quotes" : "");
    return delimited(
        name,
        separator,
        () -> {
          DelimitedReader.Builder found =
              DelimitedReader.builder().separator(separator).found(words);
          return quoted ? found.quoted(true) : found;
        });
  }

  private static LogFormat rated(String name, Reader reader) {
    return new LogFormat(name, true, null, null, reader, null, LogFormat::oneLog);
  }

  private static LogFormat unrated(String name, Function<Path, Interactions> reader) {
    return new LogFormat(
        name, false, null, null, (path, options) -> reader.apply(path), null, LogFormat::oneLog);
  }

  private static Optional<TrainAndTest> oneLog(Path path) {
    return Optional.empty();
  }

  private LogFormat writtenBy(Writer itsWriter) {
    return new LogFormat(name, rated, separator, columns, reader, itsWriter, divider);
  }

  private LogFormat dividedBy(Function<Path, Optional<TrainAndTest>> itsDivider) {
    return new LogFormat(name, rated, separator, columns, reader, writer, itsDivider);
  }

  /**
   * All forms.
   *
   * @return at least one
   */
  public static List<LogFormat> all() {
    return ALL;
  }

  /**
   * The form of a name.
   *
   * @param name the name of one of {@link #all()}; whether letters are capital does not matter
   * @return the form
   * @throws IllegalArgumentException if there is none of this name
   */
  public static LogFormat of(String name) {
    for (LogFormat format : ALL) {
      if (format.name.equalsIgnoreCase(name)) {
        return format;
      }
    }
    List<String> names = ALL.stream().map(LogFormat::name).toList();
    throw new IllegalArgumentException(
        "a format must be one of "
            + String.join(", ", names)
            + ", found '"
            + DataException.excerpt(name)
            + "'");
  }

  /**
   * The form of a log of which nothing is known: a published data set by the names of its files,
   * else what its first lines show. What could be two things is refused with what to say instead of
   * guessed; so are, when the log is read, columns of which nothing tells what they are.
   *
   * @param path a file or a folder, also compressed; no stream, which is read once
   * @return one of {@link #all()}, or delimited text with another separator
   * @throws DataException if it cannot be read or nothing tells its form surely; the message says
   *     which options ({@code --format} …) say it
   */
  public static LogFormat find(Path path) {
    return FormatFinder.find(path);
  }

  /**
   * The same where it is known to be delimited text, an event a line.
   *
   * @param path a file or a folder, also compressed; no stream, unless the separator is known
   * @param separator what stands between fields, empty to find that out
   * @return delimited text
   * @throws DataException as {@link #find} does
   */
  public static LogFormat findDelimited(Path path, Optional<String> separator) {
    return separator.isPresent()
        ? foundDelimited(separator.get(), false)
        : FormatFinder.findDelimited(path);
  }

  /**
   * What it is called.
   *
   * @return small letters
   */
  public String name() {
    return name;
  }

  /**
   * Whether values are ratings, of which only high ones are likes. Of delimited text it depends on
   * the columns; with ratings in the third it is.
   *
   * @return false where each event is a like, or a value is a count
   */
  public boolean isRated() {
    return rated;
  }

  /**
   * What stands between fields of delimited text, whose columns a {@link DelimitedReader} chooses.
   *
   * @return empty where the form itself says which column is which
   */
  public Optional<String> separator() {
    return Optional.ofNullable(separator);
  }

  /**
   * The settings of a reader of this delimited text, of which columns can be chosen.
   *
   * @return a new builder
   * @throws UnsupportedOperationException if {@link #separator} is empty
   */
  public DelimitedReader.Builder columns() {
    if (columns == null) {
      throw new UnsupportedOperationException("in the format " + name + " no column is chosen");
    }
    return columns.get();
  }

  /**
   * Reads a log. Of delimited text a header says which columns are user, item and value, or they
   * are the first three; without a third there are no values.
   *
   * @param path a file or a folder, also compressed, as the form was published; {@code -} is
   *     standard input
   * @return the events in the order of the files, with times and titles where there are any
   * @throws DataException if it cannot be read; the message says where and why
   */
  public Interactions read(Path path) {
    return read(path, ReadOptions.ALL);
  }

  /**
   * The same for who has no use for all of it.
   *
   * @param path as above
   * @param options what is read, where the form has it: of a form without values every event
   * @return the events in the order of the files, with titles where there are any
   * @throws DataException as above
   */
  public Interactions read(Path path, ReadOptions options) {
    return reader.read(path, options);
  }

  /**
   * Where the two logs of a data set are that was published with its own split; {@link
   * io.github.vaecf.data.splitting.GivenSplitter} joins them.
   *
   * @param path what would be read
   * @return both logs, each to be read; empty where the path is one log
   */
  public Optional<TrainAndTest> trainAndTest(Path path) {
    return divider.apply(path);
  }

  /**
   * Whether logs can be written in this form too.
   *
   * @return whether {@link #write} may be called
   */
  public boolean isWritable() {
    return writer != null;
  }

  /**
   * Writes a log under the names of the published files. To have all of them or none, write within
   * {@link WholeFile#make}.
   *
   * @param log the events, with times if the form has them; ids without the form's separators,
   *     times from 0 on, values from 0 to 9.9, of which forms without decimals take the next larger
   *     whole number
   * @param folder where to; must be there, files in it are replaced
   * @throws DataException if it cannot be written
   * @throws UnsupportedOperationException if this form is only read
   */
  public void write(Interactions log, Path folder) {
    if (writer == null) {
      throw new UnsupportedOperationException("the format " + name + " is only read");
    }
    try {
      writer.write(log, folder);
    } catch (IOException e) {
      throw WholeFile.unwritable(folder, e);
    } catch (UncheckedIOException e) {
      throw WholeFile.unwritable(folder, e.getCause());
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
