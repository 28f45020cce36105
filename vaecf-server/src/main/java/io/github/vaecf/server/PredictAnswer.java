package io.github.vaecf.server;

import com.fasterxml.jackson.core.JsonGenerator;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;

/**
 * Writes what a signature gave, in the JSON of TensorFlow Serving: {@code "predictions"} for a
 * request by rows, {@code "outputs"} for one by columns, the outputs' names left out where there is
 * one output only.
 *
 * <p>The text is several times as long as the values. It is made in pieces, each when the client
 * has taken the one before.
 */
final class PredictAnswer {
  /** Bytes of JSON in a piece. */
  private static final int PIECE = 1 << 16;

  /** Bytes that a short string takes on the heap, with its place in an array. */
  private static final int STRING = 72;

  private final boolean byRows;
  private final int rows;
  private final List<TensorSpec> outputs;
  private final Map<String, TensorRows> values;
  private final ByteArrayOutputStream piece = new ByteArrayOutputStream();
  private final JsonGenerator json;

  /** The row of an output that is being written, counted in the order of writing. */
  private int cell;

  /** The next value in it. */
  private int at;

  private PredictAnswer(PredictRequest request, Map<String, TensorRows> values) throws IOException {
    this.byRows = request.byRows();
    this.rows = request.rows();
    this.outputs = request.signature().outputs();
    this.values = values;
    this.json = Reply.JSON.createGenerator(piece);
  }

  /**
   * Sends an answer.
   *
   * @param callback told when the client has taken all of it
   */
  static void send(
      PredictRequest request,
      Map<String, TensorRows> values,
      Response response,
      Callback callback) {
    try {
      requireNumbers(request, values);
      PredictAnswer answer = new PredictAnswer(request, values);
      answer.begin();
      Reply.head(response, HttpStatus.OK_200, Reply.JSON_TYPE);
      answer.new Pieces(response, callback).iterate();
    } catch (RequestException e) {
      Reply.error(e).send(response, callback);
    } catch (IOException e) {
      callback.failed(e);
    }
  }

  /**
   * Refuses what has numbers that are infinite or none: JSON has no such, and nobody could rank by
   * them.
   */
  static void requireNumbers(PredictRequest request, Map<String, TensorRows> values) {
    for (TensorRows tensor : values.values()) {
      if (tensor.values() instanceof float[] numbers) {
        for (float number : numbers) {
          if (!Float.isFinite(number)) {
            throw request.signature().inputs().stream()
                    .anyMatch(input -> input.type() == TensorSpec.Type.FLOAT32)
                ? new RequestException(
                    HttpStatus.BAD_REQUEST_400,
                    "the request's numbers are too large: they give " + number)
                : new RequestException(
                    HttpStatus.INTERNAL_SERVER_ERROR_500,
                    "the model is damaged: it gives " + number);
          }
        }
      }
    }
  }

  /** About what values hold of the heap. */
  static long bytes(TensorRows tensor) {
    long bytes = bytes(tensor.type(), tensor.rows() * (long) tensor.width());
    if (tensor.values() instanceof String[] text) {
      for (String one : text) {
        bytes += one.length();
      }
    }
    return bytes;
  }

  /** About what so many values of a type hold of the heap, with a piece of their JSON. */
  static long bytes(TensorSpec.Type type, long size) {
    int each =
        switch (type) {
          case STRING -> STRING;
          case INT64 -> Long.BYTES;
          case INT32, FLOAT32 -> Integer.BYTES;
        };
    return size * each + Math.min(2 * PIECE, size * 2 * Long.BYTES);
  }

  /** Sends piece after piece. */
  private final class Pieces extends IteratingCallback {
    private final Response response;
    private final Callback callback;
    private boolean last;

    Pieces(Response response, Callback callback) {
      this.response = response;
      this.callback = callback;
    }

    @Override
    protected Action process() throws IOException {
      if (last) {
        return Action.SUCCEEDED;
      }
      piece.reset();
      last = !writePiece();
      response.write(last, ByteBuffer.wrap(piece.toByteArray()), this);
      return Action.SCHEDULED;
    }

    @Override
    protected void onCompleteSuccess() {
      callback.succeeded();
    }

    @Override
    protected void onCompleteFailure(Throwable failure) {
      callback.failed(failure);
    }
  }

  private void begin() throws IOException {
    json.writeStartObject();
    json.writeFieldName(byRows ? "predictions" : "outputs");
    if (byRows) {
      json.writeStartArray();
    } else if (outputs.size() > 1) {
      json.writeStartObject();
    }
  }

  /**
   * Writes until a piece is full.
   *
   * @return whether there is more
   */
  private boolean writePiece() throws IOException {
    while (cell < rows * outputs.size()) {
      if (piece.size() >= PIECE) {
        return true;
      }
      int row = byRows ? cell / outputs.size() : cell % rows;
      int output = byRows ? cell % outputs.size() : cell / rows;
      TensorSpec spec = outputs.get(output);
      TensorRows tensor = values.get(spec.name());
      if (at == 0) {
        beginRow(row, output);
      }
      while (at < tensor.width() && piece.size() < PIECE) {
        writeValue(tensor.values(), row * tensor.width() + at);
        at++;
      }
      if (at == tensor.width()) {
        endRow(row, output);
        cell++;
        at = 0;
      }
    }
    end();
    return false;
  }

  private void beginRow(int row, int output) throws IOException {
    if (byRows && output == 0 && outputs.size() > 1) {
      json.writeStartObject();
    }
    if (outputs.size() > 1 && (byRows || row == 0)) {
      json.writeFieldName(outputs.get(output).name());
    }
    if (!byRows && row == 0) {
      json.writeStartArray();
    }
    if (!outputs.get(output).isFlat()) {
      json.writeStartArray();
    }
  }

  private void endRow(int row, int output) throws IOException {
    if (!outputs.get(output).isFlat()) {
      json.writeEndArray();
    }
    if (byRows && output == outputs.size() - 1 && outputs.size() > 1) {
      json.writeEndObject();
    }
    if (!byRows && row == rows - 1) {
      json.writeEndArray();
    }
  }

  private void end() throws IOException {
    if (byRows) {
      json.writeEndArray();
    } else if (outputs.size() > 1) {
      json.writeEndObject();
    }
    json.writeEndObject();
    json.close();
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
