package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.UUID;

/**
 * A column of a query's rows, and what its fields mean as an id, a value or a time: the same as the
 * text that would stand for them in a file.
 *
 * @param place counted from 1
 * @param told the place that messages tell, which is that in a table where only some of its columns
 *     are asked for
 * @param label what the query calls it
 * @param typeName what the database calls its type
 * @param type what it holds
 */
record SqlColumn(int place, int told, String label, String typeName, Type type) {
  private static final int LAST_YEAR = 9999;

  /** What a column holds, as far as it matters here. */
  enum Type {
    WHOLE,
    DECIMAL,
    FLOATING,
    TRUTH,
    TEXT,
    DATE,
    LOCAL_TIME,
    MOMENT,
    /** What only the objects show: UUIDs, enumerations, whole numbers of 64 bits and more. */
    OBJECT
  }

  static SqlColumn of(ResultSetMetaData columns, int place) throws SQLException {
    String typeName = String.valueOf(columns.getColumnTypeName(place));
    Type type = type(columns, place, typeName.toLowerCase(Locale.ROOT));
    return new SqlColumn(place, place, columns.getColumnLabel(place), typeName, type);
  }

  /** The same column, of which messages tell the place that it has in a table. */
  SqlColumn in(SqlColumn table) {
    return new SqlColumn(place, table.place, label, typeName, type);
  }

  private static Type type(ResultSetMetaData columns, int place, String name) throws SQLException {
    int code = columns.getColumnType(place);
    boolean timeOfDay = code == Types.TIME || code == Types.TIME_WITH_TIMEZONE;
    // PostgreSQL's driver gives times with and without a zone the same code.
    if (!timeOfDay
        && (name.contains("with time zone")
            || name.contains("timestamptz")
            || name.contains("datetimeoffset"))) {
      return Type.MOMENT;
    }
    return switch (code) {
      case Types.TINYINT, Types.SMALLINT, Types.INTEGER -> Type.WHOLE;
      case Types.BIGINT -> columns.isSigned(place) ? Type.WHOLE : Type.OBJECT;
      case Types.NUMERIC, Types.DECIMAL -> Type.DECIMAL;
      case Types.REAL, Types.FLOAT, Types.DOUBLE -> Type.FLOATING;
      case Types.BIT, Types.BOOLEAN -> Type.TRUTH;
      case Types.CHAR,
          Types.VARCHAR,
          Types.LONGVARCHAR,
          Types.NCHAR,
          Types.NVARCHAR,
          Types.LONGNVARCHAR,
          Types.CLOB,
          Types.NCLOB ->
          Type.TEXT;
      case Types.DATE -> Type.DATE;
      case Types.TIMESTAMP -> Type.LOCAL_TIME;
      case Types.TIMESTAMP_WITH_TIMEZONE -> Type.MOMENT;
      default -> Type.OBJECT;
    };
  }

  /** Whether it holds dates or times and can be nothing else. */
  boolean isTime() {
    return type == Type.DATE || type == Type.LOCAL_TIME || type == Type.MOMENT;
  }

  /** Whether it holds numbers. */
  boolean isNumber() {
    return type == Type.WHOLE || type == Type.DECIMAL || type == Type.FLOATING;
  }

  /** How messages call it. */
  String describe() {
    return "column " + told + (label.isBlank() ? "" : " (" + DataException.excerpt(label) + ")");
  }

  /** Whether ids are numbers that {@link #number} reads. */
  boolean hasNumbers() {
    return type == Type.WHOLE;
  }

  /** Reads an id that is a number. */
  long number(ResultSet rows, String what, int row) throws SQLException, LineException {
    long number = rows.getLong(place);
    if (number == 0) { // so is NULL, and to ask each time takes time
      requireValue(rows.wasNull(), what, row);
    }
    return number;
  }

  /** Reads an id: whole numbers in digits, text and UUIDs as they stand. */
  void id(ResultSet rows, FieldBytes field, String what, int row)
      throws SQLException, LineException {
    switch (type) {
      case WHOLE -> field.take(number(rows, what, row));
      case DECIMAL -> {
        BigDecimal number = rows.getBigDecimal(place);
        requireValue(number == null, what, row);
        field.take(number.toPlainString());
      }
      case TEXT -> {
        String text = rows.getString(place);
        requireValue(text == null, what, row);
        field.take(text);
      }
      case OBJECT -> {
        Object object = rows.getObject(place);
        requireValue(object == null, what, row);
        if (!(object instanceof String || object instanceof UUID || isWhole(object))) {
          throw new LineException(row, noId(what));
        }
        field.take(object.toString());
      }
      default -> throw new LineException(row, noId(what));
    }
  }

  /** Refuses a type that can be no id before any row is read. */
  void requireId(String what) {
    if (isTime() || type == Type.FLOATING || type == Type.TRUTH) {
      throw new DataException(noId(what));
    }
  }

  private String noId(String what) {
    return "expected ids of "
        + what
        + "s, which are whole numbers, text or UUIDs, found the type "
        + DataException.excerpt(typeName)
        + " in "
        + describe()
        + "; say what they are, as in CAST(… AS "
        + (type == Type.FLOATING ? "BIGINT" : "VARCHAR")
        + ")";
  }

  private static boolean isWhole(Object object) {
    return object instanceof Long
        || object instanceof BigInteger
        || object instanceof Integer
        || object instanceof Short
        || object instanceof Byte;
  }

  /** Refuses a type that can be no value before any row is read. */
  void requireNumber() {
    if (isTime()) {
      throw new DataException(
          "expected numbers as values, found the type "
              + DataException.excerpt(typeName)
              + " in "
              + describe());
    }
  }

  /** Reads a value: the float nearest to the number, 1 and 0 for true and false. */
  float value(ResultSet rows, FieldBytes field, int row) throws SQLException, LineException {
    float number;
    switch (type) {
      case WHOLE -> number = number(rows, "value", row);
      case DECIMAL -> {
        BigDecimal decimal = rows.getBigDecimal(place);
        requireValue(decimal == null, "value", row);
        number = decimal.floatValue();
      }
      case FLOATING -> {
        number = (float) rows.getDouble(place);
        if (number == 0) {
          requireValue(rows.wasNull(), "value", row);
        }
      }
      case TRUTH -> {
        number = rows.getBoolean(place) ? 1 : 0;
        requireValue(rows.wasNull(), "value", row);
      }
      default -> {
        String text = text(rows, "value", row);
        field.take(text);
        number = Fields.number(field.bytes(), field.from(), field.to());
        if (Float.isNaN(number)) {
          throw new LineException(
              row,
              "expected a number as value, found '"
                  + DataException.excerpt(text)
                  + "' in "
                  + describe());
        }
      }
    }
    if (!Float.isFinite(number)) {
      throw new LineException(
          row, "expected a finite number as value, found " + number + " in " + describe());
    }
    return number;
  }

  /** Reads a time: a number in its own unit, or a moment, which is in UTC where it has no zone. */
  void time(ResultSet rows, FieldBytes field, EventTime time, int row)
      throws SQLException, LineException {
    switch (type) {
      case WHOLE -> time.takeNumber(number(rows, "time", row));
      case DATE -> {
        LocalDate date = rows.getObject(place, LocalDate.class);
        requireValue(date == null, "time", row);
        take(date.atStartOfDay(), ZoneOffset.UTC, time, row);
      }
      case LOCAL_TIME -> {
        LocalDateTime moment = rows.getObject(place, LocalDateTime.class);
        requireValue(moment == null, "time", row);
        take(moment, ZoneOffset.UTC, time, row);
      }
      case MOMENT -> {
        OffsetDateTime moment = rows.getObject(place, OffsetDateTime.class);
        requireValue(moment == null, "time", row);
        take(moment.toLocalDateTime(), moment.getOffset(), time, row);
      }
      default -> {
        String text = text(rows, "time", row);
        field.take(text);
        if (!time.read(field.bytes(), field.from(), field.to())) {
          throw new LineException(
              row,
              "expected a time as in 1112486027, 2005-09-06 or 2005-09-06T17:31:05.25+02:00, found '"
                  + DataException.excerpt(text)
                  + "' in "
                  + describe());
        }
      }
    }
  }

  private void take(LocalDateTime moment, ZoneOffset offset, EventTime time, int row)
      throws LineException {
    if (moment.getYear() < 0 || moment.getYear() > LAST_YEAR) {
      throw new LineException(
          row,
          "expected a time between the years 0 and 9999, found "
              + moment
              + " in "
              + describe()
              + "; leave such rows out");
    }
    Instant instant = moment.toInstant(offset);
    time.takeMoment(instant.getEpochSecond(), instant.getNano());
  }

  /** A field as text; whole numbers in digits, others as Java writes them. */
  private String text(ResultSet rows, String what, int row) throws SQLException, LineException {
    String text =
        switch (type) {
          case TEXT, TRUTH -> rows.getString(place);
          case DECIMAL -> {
            BigDecimal number = rows.getBigDecimal(place);
            yield number == null ? null : number.toPlainString();
          }
          case FLOATING -> {
            double number = rows.getDouble(place);
            yield rows.wasNull() ? null : Double.toString(number);
          }
          default -> {
            Object object = rows.getObject(place);
            yield object == null ? null : object.toString();
          }
        };
    requireValue(text == null, what, row);
    return text;
  }

  /** A field as text for people, or null. */
  String title(ResultSet rows) throws SQLException {
    return rows.getString(place);
  }

  private void requireValue(boolean isNull, String what, int row) throws LineException {
    if (isNull) {
      throw new LineException(
          row,
          "expected "
              + (what.equals("item") ? "an item" : "a " + what)
              + ", found NULL in "
              + describe()
              + "; leave such rows out (WHERE … IS NOT NULL) or say what stands for it (COALESCE)");
    }
  }
}
