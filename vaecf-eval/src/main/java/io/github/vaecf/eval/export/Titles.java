package io.github.vaecf.eval.export;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The file of a SavedModel that says what to call items; not there without titles. */
final class Titles {
  private Titles() {}

  static void write(Path file, Map<String, String> titles) throws IOException {
    if (titles.isEmpty()) {
      return;
    }
    try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(file)) {
      csv.writeRecord("item", "title");
      titles.entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(title -> csv.writeRecord(title.getKey(), title.getValue()));
    }
  }

  /**
   * Titles, as far as a file has them.
   *
   * @param byId titles by raw id
   * @param problem what is wrong with the file, empty if nothing is
   */
  record Known(Map<String, String> byId, Optional<String> problem) {}

  /** No titles, and nothing wrong with that. */
  static final Known NONE = new Known(Map.of(), Optional.empty());

  /**
   * Reads what there is. A file that is missing, cut short or damaged is no reason not to answer:
   * it never fails.
   */
  static Known read(Path file) {
    Map<String, String> titles = new HashMap<>();
    if (!Files.exists(file)) {
      return new Known(titles, Optional.empty());
    }
    String problem = null;
    try (CsvReader<CsvRecord> csv =
        CsvReader.builder().allowMissingFields(true).allowExtraFields(true).ofCsvRecord(file)) {
      long last = 0;
      for (CsvRecord title : csv) {
        last = title.getStartingLineNumber();
        if (title.getFieldCount() != 2) {
          problem =
              problem != null
                  ? problem
                  : file
                      + ", line "
                      + last
                      + ": expected an item id and a title, found "
                      + (title.getFieldCount() < 2
                          ? "one field"
                          : title.getFieldCount() + " fields");
        } else if (last > 1) {
          titles.put(title.getField(0), title.getField(1));
        }
      }
      if (last == 0) {
        problem = file + ": expected a header item,title, found nothing";
      }
    } catch (IOException | RuntimeException e) {
      problem = file + ": cannot be read (" + e + ")";
    }
    return new Known(titles, Optional.ofNullable(problem));
  }
}
