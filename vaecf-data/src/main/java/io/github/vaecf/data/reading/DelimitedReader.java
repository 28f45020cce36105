package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdDictionary;
import io.github.vaecf.data.Interactions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Reads a log from delimited text (UTF-8), an event a line: a user, an item and, if the file has
 * them, a value and a time. Plain or compressed by gzip or bzip2, which is recognised by itself;
 * the path {@code -} is standard input. Of a folder, zip or tar the file is read that can be the
 * log, or all parts of it ({@code part-00000} …) by name, without what lies beside them; where
 * several could be, one is named: {@code ratings.zip!folder/ratings.csv}.
 *
 * <p>Ids are kept as they stand: 7, 07 and 7.0 are three. Windows line ends, a byte-order mark and
 * blank lines are passed over. Files are parsed on all cores; the result does not depend on their
 * number. Immutable and safe for use by many threads, as far as what {@link Builder#notes} was
 * given is.
 */
public final class DelimitedReader {
  private static final String OTHERWISE =
      "; --format, --separator, --user-column, --item-column, --value-column and --time-column say"
          + " otherwise";

  private final Layout.Wanted wanted;
  private final ReadOptions options;
  private final int mostBadLines;
  private final Consumer<String> notes;

  private DelimitedReader(Builder builder) {
    this.wanted =
        new Layout.Wanted(
            builder.separator,
            builder.quoted == null
                ? builder.separator.equals(",") || builder.separator.equals(";")
                : builder.quoted,
            builder.header,
            builder.userColumn,
            builder.itemColumn,
            builder.valueColumn,
            builder.timeColumn,
            builder.guessValue,
            builder.guessTime,
            builder.found);
    this.options = builder.options;
    this.mostBadLines = builder.mostBadLines;
    this.notes = builder.notes;
  }

  /**
   * The settings, starting from: comma; a header if the first lines look like it; users and items
   * in the columns that it names so ({@code userId}, {@code item} …), else in columns 1 and 2; no
   * values, no times; no bad line is passed over.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads files one after another as one log.
   *
   * @param files at least one file, folder or archive, each with the same columns
   * @return the events in the order of the lines
   * @throws DataException if a file cannot be read, lacks a column or has a line that cannot be
   *     used; the message says which
   */
  public Interactions read(Path... files) {
    if (files.length == 0) {
      throw new IllegalArgumentException("there must be at least one file to read");
    }
    List<Source> sources = new ArrayList<>();
    for (Path file : files) {
      sources.addAll(Archive.log(file, this::fits));
    }
    return read(sources);
  }

  Interactions read(List<Source> sources) {
    EventCollector collector = new EventCollector(options, mostBadLines);
    collector.expect(sources.stream().mapToLong(Source::size).sum());
    OneLog files = new OneLog();
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(collector)) {
      for (Source source : sources) {
        pipeline.read(source, files.next(source.name()));
      }
      pipeline.drain();
    }
    if (sources.size() > 1) {
      notes.accept(sources.size() + " files read as one log, from " + sources.get(0).name());
    }
    if (collector.refusedLines() > 0) {
      notes.accept(
          collector.refusedLines()
              + (collector.refusedLines() == 1 ? " bad line" : " bad lines")
              + " skipped:");
      collector.refused().forEach(line -> notes.accept("  " + line));
      long more = collector.refusedLines() - collector.refused().size();
      if (more > 0) {
        notes.accept("  and " + more + " more");
      }
    }
    return collector.toInteractions();
  }

  /** Reads a file into a pipeline. */
  void read(Source source, BlockPipeline<EventBlock> pipeline) {
    pipeline.read(source, new OneLog().next(source.name()));
  }

  /** Whether a file looks like the log: its first lines can be cut, all into as many fields. */
  boolean fits(Source source) {
    try {
      byte[] head = source.head();
      int end = head.length;
      while (end > 0 && head[end - 1] != '\n') {
        end--;
      }
      int from = BlockPipeline.startsWithByteOrderMark(head, head.length) ? 3 : 0;
      return Layout.fits(wanted, head, from, end > from ? end : head.length);
    } catch (DataException e) {
      return false;
    }
  }

  /** The files of one reading: what the first one showed holds for all. */
  private final class OneLog {
    private Layout layout;

    LineFormat<EventBlock> next(String name) {
      return new LineFormat<>() {
        @Override
        public Start<EventBlock> start(byte[] bytes, int from, int to, int end)
            throws LineException {
          return OneLog.this.start(name, bytes, from, end);
        }

        @Override
        public int cut(byte[] bytes, int from, int to) {
          return wanted.quoted() && Fields.hasQuote(bytes, from, to)
              ? Fields.lastLineEnd(bytes, from, to, wanted.separatorBytes())
              : LineFormat.super.cut(bytes, from, to);
        }
      };
    }

    private LineFormat.Start<EventBlock> start(String name, byte[] bytes, int from, int end)
        throws LineException {
      Layout found =
          layout == null
              ? Layout.of(wanted, bytes, from, end)
              : layout.ofLater(wanted, bytes, from, end);
      if (layout == null) {
        layout = found;
        notes.accept(
            name
                + ": "
                + (wanted.found() == null
                    ? found.describe(options.times())
                    : wanted.found() + "; " + found.describe(options.times()) + OTHERWISE));
      } else if (!layout.hasColumnsOf(found)) {
        notes.accept(name + ": " + found.describe(options.times()));
      }
      return new LineFormat.Start<>(new EventLines(found), found.header() ? found.lines() : 0);
    }
  }

  /** Lines of which each is an event. */
  private final class EventLines implements LineFormat.Parser<EventBlock> {
    private final int columns;
    private final int user;
    private final int item;
    private final int value;
    private final int time;

    // What a block before had, which the next has about as many of.
    private volatile int expectedUsers;
    private volatile int expectedItems;

    EventLines(Layout layout) {
      this.columns = layout.first().size();
      this.user = layout.user();
      this.item = layout.item();
      this.value = layout.value();
      this.time = options.times() ? layout.time() : -1;
    }

    @Override
    public EventBlock parse(byte[] bytes, int from, int to) throws LineException {
      Fields fields = new Fields(wanted.separatorBytes(), wanted.quoted(), columns);
      EventBlock block =
          new EventBlock(
              (to - from) / 16 + 16,
              time >= 0,
              "line",
              new IdDictionary(expectedUsers),
              new IdDictionary(expectedItems));
      EventTime when = time < 0 ? null : new EventTime();
      int at = from;
      while (at < to) {
        int line = block.nextLine();
        int start = at;
        try {
          at = fields.cut(bytes, start, to, line);
          if (!fields.blank()) {
            add(bytes, fields, when, block, line);
          }
        } catch (LineException e) {
          if (mostBadLines == 0) {
            throw e;
          }
          block.refuse(e);
          at = at == start ? fields.afterRefused(bytes, to) : at;
        }
        block.goOnOver(fields.lineBreaks());
      }
      block.hadBytes(to - from);
      expectedUsers = block.userIds().size();
      expectedItems = block.itemIds().size();
      return block;
    }

    private void add(byte[] bytes, Fields fields, EventTime when, EventBlock block, int line)
        throws LineException {
      if (fields.count() != columns) {
        throw new LineException(
            line,
            "expected "
                + columns
                + " fields, found "
                + fields.count()
                + (wanted.separator().equals(" ")
                    ? "; a user and all its items in a line is --format lightgcn"
                    : ""));
      }
      float number = value < 0 ? 1 : fields.requireNumber(bytes, value, line);
      if (when != null) {
        when.require(bytes, fields.start(time), fields.end(time), line);
      }
      block.add(
          bytes,
          fields.start(user),
          fields.end(user),
          fields.start(item),
          fields.end(item),
          number,
          when);
    }
  }

  /** Collects the settings of a reader. Not safe for use by many threads. */
  public static final class Builder {
    private String separator = ",";
    private Boolean header;
    private Boolean quoted;
    private String userColumn;
    private String itemColumn;
    private String valueColumn;
    private String timeColumn;
    private boolean guessValue;
    private boolean guessTime;
    private ReadOptions options = ReadOptions.ALL;
    private String found;
    private int mostBadLines;
    private Consumer<String> notes = note -> {};

    private Builder() {}

    /**
     * What stands between fields.
     *
     * @param separator one or more characters, without line breaks and double quotes
     * @return this builder
     * @throws IllegalArgumentException if it is empty or has a line break or a double quote
     */
    public Builder separator(String separator) {
      if (separator.isEmpty() || separator.matches("(?s).*[\r\n\"].*")) {
        throw new IllegalArgumentException(
            "the separator must be one or more characters without line break or double quote, found '"
                + DataException.excerpt(separator)
                + "'");
      }
      this.separator = separator;
      return this;
    }

    /**
     * Whether the first line of each file names the columns. Without this call it does if columns
     * are chosen by name, if it has a word where the other lines have numbers, if it has names that
     * columns often have, or if, where all is words, its words alone never come again; a line that
     * nothing tells from the others is an event. Of several files the first decides.
     *
     * @param header whether there is such a line
     * @return this builder
     */
    public Builder header(boolean header) {
      this.header = header;
      return this;
    }

    /**
     * Whether a field may stand in double quotes, with separators inside, and a double quote
     * written twice and line breaks (RFC 4180). Without this call: yes where the separator is a
     * comma or a semicolon; elsewhere quotes are part of the field by custom.
     *
     * @param quoted whether quotes are recognised
     * @return this builder
     */
    public Builder quoted(boolean quoted) {
      this.quoted = quoted;
      return this;
    }

    /**
     * The column of the users.
     *
     * @param column a name of the header, or a number counted from 1
     * @return this builder
     */
    public Builder userColumn(String column) {
      this.userColumn = Objects.requireNonNull(column, "column");
      return this;
    }

    /**
     * The column of the items.
     *
     * @param column a name of the header, or a number counted from 1
     * @return this builder
     */
    public Builder itemColumn(String column) {
      this.itemColumn = Objects.requireNonNull(column, "column");
      return this;
    }

    /**
     * Takes values from the column that the header names so ({@code rating}, {@code count} …), else
     * from the third if it has numbers that are no times; if there is no such column, every event's
     * value is 1. A call of {@link #valueColumn} goes before this.
     *
     * @return this builder
     */
    public Builder valueColumnIfAny() {
      this.guessValue = true;
      return this;
    }

    /**
     * The column of the ratings or counts, decimal numbers. Without this call every event's value
     * is 1.
     *
     * @param column a name of the header, or a number counted from 1
     * @return this builder
     */
    public Builder valueColumn(String column) {
      this.valueColumn = Objects.requireNonNull(column, "column");
      return this;
    }

    /**
     * The column of the times: numbers, or dates like 2005-09-06, also with a time of day
     * (2005-09-06T17:31 or 2005-09-06 17:31:05.25) and an offset (Z, +02:00; UTC without one),
     * which become seconds since 1970. Numbers keep the unit that they have; a log whose times show
     * several units (seconds and milliseconds, say) is refused. If any time has a fraction, all
     * become nanoseconds. Without this call the log has no times.
     *
     * @param column a name of the header, or a number counted from 1
     * @return this builder
     */
    public Builder timeColumn(String column) {
      this.timeColumn = Objects.requireNonNull(column, "column");
      return this;
    }

    /**
     * Takes times from the column that the header names so and that has times, else from one after
     * user and item whose fields are dates or numbers of the years 1990 to 2040 and no values; if
     * there is no such column, or there are several, the log has no times. A call of {@link
     * #timeColumn} goes before this.
     *
     * @return this builder
     */
    public Builder timeColumnIfAny() {
      this.guessTime = true;
      return this;
    }

    /**
     * What of the columns is read.
     *
     * @param itsOptions all at first
     * @return this builder
     */
    public Builder options(ReadOptions itsOptions) {
      this.options = itsOptions;
      return this;
    }

    /**
     * Takes only columns that are told surely; a log that leaves a doubt is refused, with the
     * option that says it.
     *
     * @param form what was found out before, in words
     */
    Builder found(String form) {
      this.found = form;
      return this;
    }

    /**
     * How many lines that cannot be used are passed over before one more is an error. Those are
     * said to {@link #notes}, the first of them with their numbers.
     *
     * @param most at least 0, the default
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder skipBadLines(int most) {
      if (most < 0) {
        throw new IllegalArgumentException("bad lines to skip must be at least 0, found " + most);
      }
      this.mostBadLines = most;
      return this;
    }

    /**
     * Who is told what a person should know of a reading: which column was taken as what, whether
     * there was a header, which lines were passed over.
     *
     * @param notes takes one line of text at a time, on the thread that reads
     * @return this builder
     */
    public Builder notes(Consumer<String> notes) {
      this.notes = Objects.requireNonNull(notes, "notes");
      return this;
    }

    /**
     * The reader with these settings.
     *
     * @return the reader
     */
    public DelimitedReader build() {
      return new DelimitedReader(this);
    }
  }
}
