package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlReaderTest {
  private static SqlReader reader;

  @BeforeAll
  static void connect() {
    reader = SqlReader.connect("jdbc:duckdb:", new Properties());
  }

  @AfterAll
  static void disconnect() {
    reader.close();
  }

  private static List<String> events(String query) {
    return Fixtures.events(reader.read(query));
  }

  private static String refusal(String query) {
    try {
      reader.read(query);
    } catch (DataException e) {
      return e.getMessage();
    }
    throw new AssertionError("was read: " + query);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "7::TINYINT | 7",
        "-7::SMALLINT | -7",
        "0 | 0",
        "10::UINTEGER | 10",
        "9223372036854775807 | 9223372036854775807",
        "'-9223372036854775808'::BIGINT | -9223372036854775808",
        "18446744073709551615::UBIGINT | 18446744073709551615",
        "170141183460469231731687303715884105727::HUGEINT | 170141183460469231731687303715884105727",
        "1e20::DECIMAL(21, 0) | 100000000000000000000",
        "1.50::DECIMAL(9, 2) | 1.50",
        "'007' | 007",
        "'Zürich 東京' | Zürich 東京",
        "' x ' | \" x \"",
        "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::UUID | a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "'b'::ENUM('a', 'b') | b",
      })
  void idsAreTheirDigitsOrTheTextAsItStands(String id, String expected) {
    Interactions log = reader.read("SELECT " + id + " AS user, " + id + " AS item");
    assertThat(log.users().ids()).containsExactly(expected);
    assertThat(log.items().ids()).containsExactly(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.5::DOUBLE",
        "1::FLOAT",
        "true",
        "DATE '2020-01-01'",
        "'b'::BLOB",
        "[1]",
        "now()"
      })
  void whatIsNoIdIsRefusedByItsType(String id) {
    assertThat(refusal("SELECT 1 AS user, " + id + " AS item"))
        .startsWith("the query")
        .contains("expected ids of items, which are whole numbers, text or UUIDs, found the type ")
        .contains(" in column 2 (item); say what they are, as in CAST(… AS ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4::TINYINT | 4",
        "16777217 | 16777216",
        "0.1 | 0.1",
        "0.1::DOUBLE | 0.1",
        "3.5::FLOAT | 3.5",
        "1.00000005960464478::DECIMAL(18, 17) | 1.0000001",
        "'4.5' | 4.5",
        "18446744073709551615::UBIGINT | 1.8446744E19",
        "true | 1",
        "false | 0",
      })
  void aValueIsTheFloatNearestToTheNumber(String value, float expected) {
    assertThat(reader.read("SELECT 1, 2, " + value).value(0)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'many' | expected a number as value, found 'many' in column 3",
        "'' | expected a number as value, found '' in column 3",
        "'NaN'::DOUBLE | expected a finite number as value, found NaN in column 3",
        "'inf'::FLOAT | expected a finite number as value, found Infinity in column 3",
        "1e300::DOUBLE | expected a finite number as value, found Infinity in column 3",
      })
  void whatIsNoFiniteNumberIsRefused(String value, String problem) {
    assertThat(refusal("SELECT 1, 2, " + value)).startsWith("the query, row 1: " + problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "DATE '2005-09-06' | 2005-09-06T00:00:00Z",
        "TIMESTAMP '2005-09-06 17:31:05' | 2005-09-06T17:31:05Z",
        "TIMESTAMP_S '2005-09-06 17:31:05' | 2005-09-06T17:31:05Z",
        "TIMESTAMP '1969-12-31 23:59:59' | 1969-12-31T23:59:59Z",
        "TIMESTAMPTZ '2005-09-06 17:31:05+02' | 2005-09-06T17:31:05+02:00",
        "'2005-09-06 17:31:05-05:30' | 2005-09-06T17:31:05-05:30",
        "'2005-09-06' | 2005-09-06T00:00:00Z",
        "1126027865 | 2005-09-06T17:31:05Z",
        "1126027865.0::DOUBLE | 2005-09-06T17:31:05Z",
        "1126027865::UBIGINT | 2005-09-06T17:31:05Z",
        "1126027865.00::DECIMAL(12, 2) | 2005-09-06T17:31:05Z",
      })
  void timesAreSecondsSince1970(String time, OffsetDateTime expected) {
    assertThat(reader.read("SELECT 1, 2, " + time + " AS time").time(0))
        .isEqualTo(expected.toEpochSecond());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "TIMESTAMP_NS '2005-09-06 17:31:05.123456789' | 1126027865123456789",
        "TIMESTAMP '1969-12-31 23:59:59.25' | -750000000",
        "TIMESTAMPTZ '2005-09-06 17:31:05.25+02' | 1126020665250000000",
        "1126027865.25::DOUBLE | 1126027865250000000",
        "1126027865.25::DECIMAL(12, 2) | 1126027865250000000",
      })
  void fractionsOfSecondsMakeNanoseconds(String time, long expected) {
    assertThat(reader.read("SELECT 1, 2, 3, " + time).time(0)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"'infinity'::TIMESTAMP", "'-infinity'::DATE", "DATE '12345-01-01'"})
  void aTimeOutsideOfFourDigitYearsIsRefused(String time) {
    assertThat(refusal("SELECT 1, 2, " + time))
        .contains("row 1: expected a time between the years 0 and 9999, found ");
  }

  @Test
  void timesInSeveralUnitsAreRefusedWithTheirRows() {
    assertThat(refusal("SELECT 1, 2, 3, unnest([1126027865, 1126027866, 1126027865000])"))
        .contains("the query, row 3: ", "in milliseconds since 1970", "the query, row 1");
  }

  @ParameterizedTest
  @CsvSource({"0, a user", "1, an item", "2, a value", "3, a time"})
  void nullIsRefusedWithItsRowAndColumn(int column, String what) {
    String[] fields = {"range AS a", "1 AS b", "2.5 AS c", "1126027865 AS d"};
    String name = fields[column].substring(fields[column].length() - 1);
    fields[column] = "nullif(range, 70000) AS " + name;
    // A query of a million million rows: what is said of the first ones cannot wait for the last.
    assertThat(refusal("SELECT " + String.join(", ", fields) + " FROM range(1000000000000)"))
        .isEqualTo(
            "the query, row 70001: expected "
                + what
                + ", found NULL in column "
                + (column + 1)
                + " ("
                + name
                + "); leave such rows out (WHERE … IS NOT NULL) or say what stands for it"
                + " (COALESCE)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"''", "'a' || chr(10) || 'b'"})
  void anIdThatNoFileCouldHoldIsRefused(String id) {
    assertThat(refusal("SELECT " + id + ", 1"))
        .startsWith("the query, row 1: ")
        .contains("id of a user");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 AS a, 2 AS b | 1|2|1.0",
        "1 AS a, 2 AS b, 3 AS c | 1|2|3.0",
        "1 AS a, 2 AS b, 3 AS c, 4 AS d | 1|2|3.0|4",
      },
      maxCharsPerColumn = 200)
  void columnsThatNothingNamesAreTakenByPlace(String query, String user, String item, String rest) {
    assertThat(events("SELECT " + query)).hasSize(1);
    assertThat(events("SELECT " + query).get(0)).startsWith(user + "|" + item + "|" + rest);
  }

  @Test
  void columnsAreTakenByTheNamesThatAHeaderMayHave() {
    assertThat(events("SELECT 4 AS timestamp, 2 AS Movie_ID, 3 AS stars, 1 AS user_id"))
        .containsExactly("1|2|3.0|4");
    assertThat(events("SELECT 2 AS item, 1 AS who")).containsExactly("1|2|1.0");
    assertThat(events("SELECT 1 AS x, 2 AS y, 9 AS time")).containsExactly("1|2|1.0|9");
    assertThat(events("SELECT 1 AS user_id, 2 AS item_id, 3 AS stars, 4 AS at"))
        .containsExactly("1|2|3.0|4");
  }

  @Test
  void aThirdColumnOfDatesIsTheTime() {
    assertThat(events("SELECT 1 AS x, 2 AS y, DATE '1970-01-02' AS z"))
        .containsExactly("1|2|1.0|86400");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 AS event_id, 2 AS user_id, 3 AS item_id | column 1 (event_id) beside them",
        "1 AS user_id, 2 AS item_id, 3 AS a, 4 AS b, 5 AS c | column 5 (c) beside them",
        "1 AS user_id, 2 AS item_id, 3 AS time, 4 AS b | column 4 (b) beside them",
        "1 AS artist_id, 2 AS track_id | column 1 (artist_id) and column 2 (track_id) are both named as"
            + " items are; say which is which (AS user, AS item, AS value, AS time) or leave one out",
        "1 AS x | expected a user and an item a row, found one column, x; select both",
        "1 AS x, 2 AS rating | expected a user and an item a row, found the columns x, rating; select",
        "1 AS x, 2 AS y, DATE '2020-01-01' AS rating | expected numbers as values, found the type DATE in"
            + " column 3 (rating)",
      })
  void columnsOfWhichItIsNotClearWhatTheyAreAreRefused(String columns, String problem) {
    assertThat(refusal("SELECT " + columns)).startsWith("the query: ").contains(problem);
  }

  @Test
  void whatWasTakenIsSaid() {
    List<String> notes = new ArrayList<>();
    reader.read(
        "SELECT 1 AS user_id, 2 AS item_id, 3 AS stars, 4 AS at", ReadOptions.ALL, notes::add);
    reader.read("SELECT 2 AS item_id, 1 AS user_id", ReadOptions.ALL, notes::add);
    assertThat(notes)
        .containsExactly(
            "the query: users in column 1 (user_id), items in column 2 (item_id), values in column 3"
                + " (stars), times in column 4 (at)",
            "the query: users in column 2 (user_id), items in column 1 (item_id), no values, no times");
  }

  @Test
  void timesThatAreNotWantedMayBeAnything() {
    List<String> notes = new ArrayList<>();
    try (SqlReader untimed = SqlReader.connect("jdbc:duckdb:", new Properties())) {
      Interactions log =
          untimed.read(
              "SELECT 1 AS user, 2 AS item, 3 AS stars, unnest([NULL, 'noon']) AS at",
              ReadOptions.ALL.withoutTimes(),
              notes::add);
      assertThat(notes)
          .containsExactly(
              "the query: users in column 1 (user), items in column 2 (item), values in column 3 (stars),"
                  + " times in column 4 (at), not read");
      assertThat(log.size()).isEqualTo(2);
      assertThat(log.hasTimes()).isFalse();
    }
  }

  @Test
  void eventsStandInTheOrderOfTheRowsOverManyBlocks() {
    Interactions log =
        reader.read("SELECT range % 1009, 'i' || (range % 7), range::FLOAT FROM range(200000)");
    assertThat(log.size()).isEqualTo(200_000);
    for (int event = 0; event < log.size(); event++) {
      assertThat(log.users().id(log.user(event))).isEqualTo(Integer.toString(event % 1009));
      assertThat(log.items().id(log.item(event))).isEqualTo("i" + event % 7);
      assertThat(log.value(event)).isEqualTo(event);
    }
    assertThat(log.users().id(3)).as("numbers are given by first appearance").isEqualTo("3");
  }

  @Test
  void whatTheDatabaseRefusesIsSaidOnOneLine() {
    assertThat(refusal("SELECT *\nFROM nowhere"))
        .startsWith("the query: Catalog Error: Table with name nowhere does not exist!")
        .doesNotContain("\n", "\\u000a", "^");
    assertThat(refusal("SELECT * FROM 'no.parquet'"))
        .isEqualTo("the query: IO Error: No files found that match the pattern \"no.parquet\"");
    assertThat(refusal("SELECT 1, if(range = 5, 'x', '1')::INT FROM range(10)"))
        .startsWith("the query: Conversion Error: Could not convert string 'x' to INT32");
    assertThat(refusal("CREATE TABLE t (a INT)")).startsWith("the query: executeQuery()");
    assertThat(refusal("SELECT 1, 2 WHERE false"))
        .isEqualTo("the query: expected at least one row, found none");
    assertThat(events("SELECT 1, 2")).as("a refused query spoils none after it").hasSize(1);
  }

  @Test
  void aFailureInTheMiddleIsNotTakenForTheEnd() {
    assertThat(refusal("SELECT 1, if(range = 1400000, error('torn'), 2) FROM range(1500000)"))
        .matches("the query, after row [0-9]{5,7}: Invalid Input Error: torn");
  }

  /** Of numbers, which another thread looks up, and of text, which none does. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "7 | 0 | user | column 1 (u)",
        "7 | 40000 | user | column 1 (u)",
        "'a' | 40000 | user | column 1 (u)",
        "7 | 16384 | item | column 2 (i)",
        "7 | 199999 | value | column 3 (v)",
        "'a' | 199999 | value | column 3 (v)",
        "7 | 70000 | time | column 4 (t)",
      })
  void aRowThatCannotBeUsedIsNamedByItsNumberOverManyBlocks(
      String id, int wrong, String what, String column) {
    List<String> fields = new ArrayList<>(List.of(id, "8", "4.5", "9"));
    int place = List.of("user", "item", "value", "time").indexOf(what);
    fields.set(place, "if(range = " + wrong + ", NULL, " + fields.get(place) + ")");
    assertThat(
            refusal(
                String.format(
                    "SELECT %s AS u, %s AS i, %s AS v, %s AS t FROM range(300000)",
                    fields.toArray())))
        .startsWith(
            "the query, row "
                + (wrong + 1)
                + ": expected "
                + (what.equals("item") ? "an item" : "a " + what)
                + ", found NULL in "
                + column);
  }

  @Test
  void numbersAndTheSameNumbersAsTextAreTheSameLog() {
    String rows = "FROM range(150000)";
    List<String> asText =
        events(
            "SELECT (range * 7919 % 5003)::TEXT, (range * 31 % 977)::TEXT,"
                + " (range % 10 / 2)::TEXT, (1700000000 + range)::TEXT "
                + rows);
    assertThat(
            events(
                "SELECT range * 7919 % 5003, range * 31 % 977, range % 10 / 2,"
                    + " 1700000000 + range "
                    + rows))
        .isEqualTo(asText);
    assertThat(reader.read("SELECT range % 5, range FROM range(50000)").value(49_999)).isEqualTo(1);
  }

  @Test
  void titlesAreReadWithTheirYears() {
    assertThat(
            reader.titles(
                "SELECT * FROM (VALUES (7, 'One', 1995), (8, NULL, 1996), (9, 'Three', NULL),"
                    + " (7, 'again', 1997))"))
        .isEqualTo(Map.of("7", "One (1995)", "9", "Three"));
    assertThat(reader.titles("SELECT 'a', 'A, or b'")).isEqualTo(Map.of("a", "A, or b"));
    assertThatThrownBy(() -> reader.titles("SELECT 1"))
        .hasMessage(
            "the query of the titles: expected the columns id, title and, if wanted, year, found 1");
    assertThatThrownBy(() -> reader.titles("SELECT unnest([1, NULL]), 't'"))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("the query of the titles, row 2: expected an item, found NULL");
  }

  @Test
  void aConnectionOfTheCallersIsLeftAsItWas() throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:")) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("CREATE TABLE log AS SELECT 1 AS user, 2 AS item");
      }
      try (SqlReader over = SqlReader.of(connection)) {
        assertThat(over.read("FROM log").size()).isEqualTo(1);
        assertThat(connection.getAutoCommit()).isFalse();
      }
      assertThat(connection.getAutoCommit()).isTrue();
      assertThat(connection.isClosed()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:unheard-of://me:GEHEIM@localhost/x",
        "jdbc:unheard-of://localhost/x?user=me&password=GEHEIM",
        "jdbc:duckdb:/no/such/folder/log.db;password=GEHEIM",
        "GEHEIM://me:GEHEIM@localhost/x",
      })
  void noMessageOrTraceHasThePassword(String url) {
    Properties properties = new Properties();
    properties.setProperty("password", "ANDERES");
    properties.setProperty("no_such_option", "ANDERES");
    assertThatThrownBy(() -> SqlReader.connect(url, properties))
        .isInstanceOf(DataException.class)
        .satisfies(
            failure -> {
              StringWriter trace = new StringWriter();
              failure.printStackTrace(new PrintWriter(trace, true));
              assertThat(trace.toString()).doesNotContain("GEHEIM", "ANDERES");
            });
  }

  @Test
  void whatADriverSaysOfAPasswordIsHidden() {
    Properties properties = new Properties();
    properties.setProperty("password", "hush&co");
    SqlFailures failures =
        SqlFailures.of("jdbc:some://me:h%20t@host/db?sslpassword=third#1&user=me", properties);
    SQLException thrown =
        new SQLException(
            "cannot reach jdbc:some://me:h%20t@host/db?sslpassword=third#1&user=me",
            new IllegalStateException("hush&co, h t and third#1 are no good,\n  ^\nreally"));
    DataException said = failures.explain("no connection", thrown);
    assertThat(said)
        .hasMessage(
            "no connection: cannot reach jdbc:some:…; IllegalStateException: ***, *** and *** are no"
                + " good, really");
    StringWriter trace = new StringWriter();
    said.printStackTrace(new PrintWriter(trace, true));
    assertThat(trace.toString())
        .contains("IllegalStateException")
        .doesNotContain("hush", "h%20t", "h t", "third#1");
  }

  @Test
  void aMissingDriverIsNamed() {
    assertThatThrownBy(() -> SqlReader.connect("jdbc:mysql://host/db", new Properties()))
        .hasMessage("there is no JDBC driver for jdbc:mysql: on the class path; add its jar");
  }
}
