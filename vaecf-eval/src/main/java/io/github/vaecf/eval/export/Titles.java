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

  static Map<String, String> read(Path file) throws IOException {
    Map<String, String> titles = new HashMap<>();
    if (Files.exists(file)) {
      try (CsvReader<CsvRecord> csv = CsvReader.builder().ofCsvRecord(file)) {
        for (CsvRecord title : csv) {
          if (title.getStartingLineNumber() > 1) {
            titles.put(title.getField(0), title.getField(1));
          }
        }
      }
    }
    return titles;
  }
}
