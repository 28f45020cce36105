package io.github.vaecf.eval.batch;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import io.github.vaecf.core.Recommendation;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A line an item of a user. */
final class CsvRecommendations implements RecommendationSink {
  private static final int BUFFER_SIZE = 1 << 16;

  private final CsvWriter csv;

  CsvRecommendations(OutputStream out) {
    csv =
        CsvWriter.builder()
            .lineDelimiter(LineDelimiter.LF)
            .build(
                new BufferedWriter(
                    new OutputStreamWriter(out, StandardCharsets.UTF_8), BUFFER_SIZE));
    csv.writeRecord("user", "item", "score", "rank");
  }

  @Override
  public void accept(String user, List<Recommendation> best) {
    int rank = 1;
    for (Recommendation one : best) {
      csv.writeRecord(user, one.item(), Float.toString(one.score()), Integer.toString(rank++));
    }
  }

  void finish() throws IOException {
    csv.flush();
  }
}
