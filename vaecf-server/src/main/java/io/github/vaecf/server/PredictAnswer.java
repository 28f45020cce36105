package io.github.vaecf.server;

import com.fasterxml.jackson.core.JsonGenerator;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/**
 * Writes what a signature gave, in the JSON of TensorFlow Serving: {@code "predictions"} for a
 * request by rows, {@code "outputs"} for one by columns, the outputs' names left out where there is
 * one output only.
 */
final class PredictAnswer {
  private final List<TensorSpec> outputs;
  private final Map<String, TensorRows> values;
  private final JsonGenerator json;

  private PredictAnswer(
      PredictRequest request, Map<String, TensorRows> values, JsonGenerator json) {
    this.outputs = request.signature().outputs();
    this.values = values;
    this.json = json;
  }

  static byte[] toJson(PredictRequest request, Map<String, TensorRows> values) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = Reply.JSON.createGenerator(bytes)) {
      PredictAnswer answer = new PredictAnswer(request, values, json);
      json.writeStartObject();
      if (request.byRows()) {
        answer.writePredictions(request.rows());
      } else {
        answer.writeOutputs(request.rows());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private void writePredictions(int rows) throws IOException {
    json.writeArrayFieldStart("predictions");
    for (int row = 0; row < rows; row++) {
      if (outputs.size() == 1) {
        writeRow(outputs.get(0), row);
        continue;
      }
      json.writeStartObject();
      for (TensorSpec output : outputs) {
        json.writeFieldName(output.name());
        writeRow(output, row);
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void writeOutputs(int rows) throws IOException {
    json.writeFieldName("outputs");
    if (outputs.size() == 1) {
      writeRows(outputs.get(0), rows);
      return;
    }
    json.writeStartObject();
    for (TensorSpec output : outputs) {
      json.writeFieldName(output.name());
      writeRows(output, rows);
    }
    json.writeEndObject();
  }

  private void writeRows(TensorSpec output, int rows) throws IOException {
    json.writeStartArray();
    for (int row = 0; row < rows; row++) {
      writeRow(output, row);
    }
    json.writeEndArray();
  }

  private void writeRow(TensorSpec output, int row) throws IOException {
    TensorRows tensor = values.get(output.name());
    int from = row * tensor.width();
    int to = from + tensor.width();
    if (output.isFlat()) {
      writeValue(tensor.values(), from);
      return;
    }
    json.writeStartArray();
    for (int at = from; at < to; at++) {
      writeValue(tensor.values(), at);
    }
    json.writeEndArray();
  }

  private void writeValue(Object values, int at) throws IOException {
    if (values instanceof String[] text) {
      json.writeString(text[at]);
    } else if (values instanceof long[] numbers) {
      json.writeNumber(numbers[at]);
    } else if (values instanceof int[] numbers) {
      json.writeNumber(numbers[at]);
    } else {
      json.writeNumber(((float[]) values)[at]);
    }
  }
}
