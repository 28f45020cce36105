package io.github.vaecf.data.reading;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what to call items when a person reads them. */
public final class ItemTitles {
  private static final Set<String> TITLE = Set.of("title", "name", "itemname", "description");

  private ItemTitles() {}

  /**
   * Reads titles from delimited text, plain or compressed by gzip or bzip2, in UTF-8 or, if it is
   * not that, Latin-1. Where a column is chosen by name, or the first line has a name that such
   * columns often have ({@code movieId}, {@code title} …), that line is a header. Fields may stand
   * in double quotes where the separator is a comma or a semicolon.
   *
   * @param file the file, or {@code archive.zip!member}
   * @param separator what stands between fields, one or more characters
   * @param idColumn column of the raw ids: a name of the header, or a number counted from 1
   * @param titleColumn column of the titles: a name of the header, or a number counted from 1
   * @return titles by raw id, in the order of the file; of an id that comes twice, the first
   * @throws DataException if the file cannot be read or lacks a column
   */
  public static Map<String, String> read(
      Path file, String separator, String idColumn, String titleColumn) {
    return read(Archive.single(file), separator, null, idColumn, titleColumn);
  }

  /**
   * A title with the year behind it.
   *
   * @param year digits; anything else, and null, is left away
   */
  static String withYear(String title, String year) {
    // Written by way of a data frame, whole years may have become fractions: 2003.0.
    String digits = year == null ? "" : year.replaceFirst("\\.0$", "");
    return digits.matches("[0-9]{4}") ? title + " (" + digits + ")" : title;
  }

  /** Reads titles; whether there is a header is told from the columns if it is null. */
  static Map<String, String> read(
      Source source, String separator, Boolean header, String idColumn, String titleColumn) {
    boolean quoted = separator.equals(",") || separator.equals(";");
    Map<String, String> titles = new LinkedHashMap<>();
    long line = 0;
    try (CsvReader<CsvRecord> records =
        CsvReader.builder()
            .fieldSeparator(separator)
            .quoteCharacter(quoted ? '"' : '\0')
            .allowMissingFields(true)
            .allowExtraFields(true)
            .ofCsvRecord(source.text())) {
      int id = -1;
      int title = -1;
      for (CsvRecord record : records) {
        line = record.getStartingLineNumber();
        List<String> fields = record.getFields();
        if (id < 0) {
          boolean byName = !Columns.isNumber(idColumn) || !Columns.isNumber(titleColumn);
          boolean known = header == null ? byName : header;
          id = Columns.find(idColumn, fields, known);
          title = Columns.find(titleColumn, fields, known);
          if (known
              || (header == null
                  && (Columns.ITEM.contains(Columns.plain(fields.get(id)))
                      || TITLE.contains(Columns.plain(fields.get(title)))))) {
            continue;
          }
        }
        if (fields.size() <= Math.max(id, title)) {
          throw new LineException(
              1,
              "expected at least " + (Math.max(id, title) + 1) + " fields, found " + fields.size());
        }
        titles.putIfAbsent(fields.get(id), fields.get(title));
      }
    } catch (LineException e) {
      throw new DataException(source.name() + ", line " + line + ": " + e.getMessage());
    } catch (CsvParseException e) {
      throw new DataException(
          source.name() + ", after line " + line + ": " + DataException.excerpt(e.getMessage()), e);
    } catch (IOException e) {
      throw Source.unreadable(source.name(), e);
    }
    return titles;
  }
}
