package io.github.vaecf.eval.batch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.github.vaecf.core.Recommendation;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** A line a user. */
final class JsonLinesRecommendations implements RecommendationSink {
  private static final JsonFactory JSON = new JsonFactory();

  private final JsonGenerator json;
  private boolean empty = true;

  JsonLinesRecommendations(OutputStream out) throws IOException {
    json = JSON.createGenerator(out); // in UTF-8
    json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
  }

  @Override
  public void accept(String user, List<Recommendation> best) throws IOException {
    empty = false;
    json.writeStartObject();
    json.writeStringField("user", user);
    json.writeArrayFieldStart("items");
    for (Recommendation one : best) {
      json.writeString(one.item());
    }
    json.writeEndArray();
    json.writeArrayFieldStart("scores");
    for (Recommendation one : best) {
      json.writeNumber(one.score());
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  void finish() throws IOException {
    if (!empty) {
      json.writeRaw('\n');
    }
    json.flush();
  }
}
