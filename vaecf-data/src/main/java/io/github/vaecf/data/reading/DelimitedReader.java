package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Reads a log from delimited text (UTF-8), an event a line: a user, an item and, if the file has
 * them, a value and a time. Plain, compressed by gzip, or the member of a zip; which is recognised
 * by itself. A zip of several files is named with the one to read: {@code
 * ratings.zip!folder/ratings.csv}.
 *
 * <p>Ids are kept as they stand: 7, 07 and 7.0 are three. Windows line ends, a byte-order mark and
 * blank lines are passed over. Files are parsed on all cores; the result does not depend on their
 * number. Immutable and safe for use by many threads.
 */
public final class DelimitedReader {
  private final byte[] separator;
  private final boolean header;
  private final boolean quoted;
  private final String userColumn;
  private final String itemColumn;
  private final String valueColumn;
  private final String timeColumn;

  private DelimitedReader(Builder builder) {
    this.separator = builder.separator.getBytes(StandardCharsets.UTF_8);
    this.header = builder.header;
    this.quoted =
        builder.quoted == null
            ? builder.separator.equals(",") || builder.separator.equals(";")
            : builder.quoted;
    this.userColumn = builder.userColumn;
    this.itemColumn = builder.itemColumn;
    this.valueColumn = builder.valueColumn;
    this.timeColumn = builder.timeColumn;
  }

  /**
   * The settings, starting from: comma, header, users in column 1, items in column 2, no values, no
   * times.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads files one after another as one log.
   *
   * @param files at least one file, each with the same columns
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
      sources.add(Archive.single(file));
    }
    return read(sources);
  }

  Interactions read(List<Source> sources) {
    EventCollector collector = new EventCollector();
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(collector)) {
      for (Source source : sources) {
        read(source, pipeline);
      }
      pipeline.drain();
    }
    return collector.toInteractions();
  }

  /** Reads a file into a pipeline. */
  void read(Source source, BlockPipeline<EventBlock> pipeline) {
    pipeline.read(source, this::start);
  }

  private LineFormat.Start<EventBlock> start(byte[] bytes, int from, int to) throws LineException {
    Fields first = new Fields(separator, quoted, to - from + 1);
    first.cut(bytes.clone(), from, to, 1);
    List<String> fields = new ArrayList<>();
    for (int i = 0; i < first.count(); i++) {
      fields.add(
          new String(bytes, first.start(i), first.end(i) - first.start(i), StandardCharsets.UTF_8));
    }
    EventLines lines =
        new EventLines(
            fields.size(),
            Columns.find(userColumn, fields, header),
            Columns.find(itemColumn, fields, header),
            valueColumn == null ? -1 : Columns.find(valueColumn, fields, header),
            timeColumn == null ? -1 : Columns.find(timeColumn, fields, header));
    return new LineFormat.Start<>(lines, header);
  }

  /** Lines of which each is an event. */
  private final class EventLines implements LineFormat.Parser<EventBlock> {
    private final int columns;
    private final int user;
    private final int item;
    private final int value;
    private final int time;

    EventLines(int columns, int user, int item, int value, int time) {
      this.columns = columns;
      this.user = user;
      this.item = item;
      this.value = value;
      this.time = time;
    }

    @Override
    public EventBlock parse(byte[] bytes, int from, int to) throws LineException {
      Fields fields = new Fields(separator, quoted, columns);
      EventBlock block = new EventBlock((to - from) / 16 + 16, time >= 0);
      int at = from;
      while (at < to) {
        int line = block.nextLine();
        at = fields.cut(bytes, at, to, line);
        if (fields.blank()) {
          continue;
        }
        if (fields.count() != columns) {
          throw new LineException(line, "expected " + columns + " fields, found " + fields.count());
        }
        block.add(
            block.user(bytes, fields.start(user), fields.end(user)),
            block.item(bytes, fields.start(item), fields.end(item)),
            value < 0 ? 1 : fields.requireNumber(bytes, value, line),
            time < 0 ? 0 : fields.requireTime(bytes, time, line));
      }
      return block;
    }
  }

  /** Collects the settings of a reader. Not safe for use by many threads. */
  public static final class Builder {
    private String separator = ",";
    private boolean header = true;
    private Boolean quoted;
    private String userColumn = "1";
    private String itemColumn = "2";
    private String valueColumn;
    private String timeColumn;

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
                + separator
                + "'");
      }
      this.separator = separator;
      return this;
    }

    /**
     * Whether the first line of each file names the columns.
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
     * written twice. Line breaks inside are not supported. Without this call: yes, except in text
     * separated by tabs, where quotes are part of the field by custom.
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
     * The column of the times: whole numbers, or dates like 2005-09-06 or 2005-09-06T17:31:05Z,
     * which become seconds since 1970. Without this call the log has no times.
     *
     * @param column a name of the header, or a number counted from 1
     * @return this builder
     */
    public Builder timeColumn(String column) {
      this.timeColumn = Objects.requireNonNull(column, "column");
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
