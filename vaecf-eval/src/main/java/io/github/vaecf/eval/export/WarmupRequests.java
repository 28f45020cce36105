package io.github.vaecf.eval.export;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * The file of warm-up requests: those that TF Serving sends to a version before it takes traffic.
 * The file is in TFRecord format, each record a {@code PredictionLog} message with a {@code
 * PredictRequest} inside.
 *
 * <p>The few fields are written by their numbers, as in TF Serving's {@code prediction_log.proto},
 * {@code predict.proto} and {@code model.proto}, because no library carries these classes.
 */
final class WarmupRequests {
  private static final int PREDICT_LOG = 6;
  private static final int REQUEST = 1;
  private static final int MODEL_SPEC = 1;
  private static final int MODEL_NAME = 1;
  private static final int SIGNATURE_NAME = 3;
  private static final int INPUTS = 2;
  private static final int KEY = 1;
  private static final int VALUE = 2;

  private static final int EXAMPLE_WIDTH = 3;

  private static final int CRC_MASK = 0xA282EAD8;

  private WarmupRequests() {}

  /** A request to one signature. */
  record Request(String signature, Map<String, TensorRows> inputs) {}

  /** Writes one message field. */
  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  /**
   * Writes a request to each signature of a model, for one user who has the first items.
   *
   * @param name the name by which servers know the model
   */
  static void write(Path file, String name, ServedModel model) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      for (ServedSignature signature : model.exported().values()) {
        writeRecord(out, predictionLog(name, signature, model.items()));
      }
    }
  }

  private static byte[] predictionLog(String name, ServedSignature signature, IdIndex items)
      throws IOException {
    byte[] spec =
        message(
            out -> {
              out.writeString(MODEL_NAME, name);
              out.writeString(SIGNATURE_NAME, signature.name());
            });
    byte[] predict =
        message(
            out -> {
              out.writeByteArray(MODEL_SPEC, spec);
              for (TensorSpec input : signature.inputs()) {
                byte[] entry =
                    message(
                        pair -> {
                          pair.writeString(KEY, input.name());
                          pair.writeMessage(VALUE, message(input, example(input, items)));
                        });
                out.writeByteArray(INPUTS, entry);
              }
            });
    byte[] log = message(out -> out.writeByteArray(REQUEST, predict));
    return message(out -> out.writeByteArray(PREDICT_LOG, log));
  }

  /**
   * Sends the requests of a file to a model, and an example to each signature for which the file
   * has none, and looks at the answers.
   *
   * @param file need not be there
   * @throws IOException if the file cannot be read or is damaged
   * @throws ArithmeticException if an answer is not a finite number
   * @throws IllegalArgumentException if a request does not fit the model
   * @throws IllegalStateException if a ranking has what is no item of the model
   */
  static void replay(Path file, ServedModel model) throws IOException {
    Set<String> examples = new TreeSet<>(model.exported().keySet());
    List<Request> requests = Files.exists(file) ? read(file) : List.of();
    for (Request request : requests) {
      ServedSignature signature = model.exported().get(request.signature());
      if (signature == null) {
        throw new IllegalArgumentException(
            "there is no signature '" + request.signature() + "' for a warm-up request");
      }
      requireSane(signature, answer(signature, request.inputs()), model.items());
      examples.remove(request.signature());
    }
    for (String name : examples) {
      ServedSignature signature = model.exported().get(name);
      Map<String, TensorRows> inputs = new LinkedHashMap<>();
      for (TensorSpec input : signature.inputs()) {
        inputs.put(input.name(), example(input, model.items()));
      }
      requireSane(signature, answer(signature, inputs), model.items());
    }
  }

  /** The graph's answer where it would be made of others', which are tried out too. */
  private static Map<String, TensorRows> answer(
      ServedSignature signature, Map<String, TensorRows> inputs) {
    signature.check(inputs);
    return RankingSignatures.QUESTIONS.contains(signature.name())
        ? signature.run(inputs)
        : signature.call(inputs);
  }

  /** Makes sure that an answer can be given: numbers, and in rankings items of the model. */
  private static void requireSane(
      ServedSignature signature, Map<String, TensorRows> answer, IdIndex items) {
    for (TensorRows output : answer.values()) {
      if (output.values() instanceof float[] numbers) {
        for (float number : numbers) {
          if (!Float.isFinite(number)) {
            throw new ArithmeticException(
                "signature " + signature.name() + " answers " + number + ": it cannot be served");
          }
        }
      }
    }
    TensorRows ranked = answer.get(ExportFormat.ITEMS);
    TensorRows scores = answer.get(ExportFormat.SCORES);
    if (ranked == null || scores == null || !(scores.values() instanceof float[] numbers)) {
      return;
    }
    for (int place = 0; place < numbers.length; place++) {
      boolean leftOut = numbers[place] == ExportFormat.LEFT_OUT;
      Object item = Array.get(ranked.values(), place);
      boolean known =
          item instanceof Long index
              ? index >= 0 && index < items.size()
              : items.indexOf(item.toString()) >= 0;
      boolean padding = item.equals(ExportFormat.NO_ID) || item.equals(ExportFormat.NO_INDEX);
      if (leftOut ? !padding : !known) {
        throw new IllegalStateException(
            "signature "
                + signature.name()
                + " ranks '"
                + item
                + "' with score "
                + numbers[place]
                + ", which is no item of the model: its ids do not belong to its weights");
      }
    }
  }

  /** One row of an input, with a few values where it may be as wide as wanted. */
  private static TensorRows example(TensorSpec input, IdIndex items) {
    int width = input.width() < 0 ? EXAMPLE_WIDTH : input.width();
    int[] places = IntStream.range(0, width).map(place -> place % items.size()).toArray();
    return new TensorRows(
        1,
        width,
        switch (input.type()) {
          case STRING ->
              Arrays.stream(places)
                  .mapToObj(
                      input.name().equals(ExportFormat.ALLOW)
                          ? item -> ExportFormat.NO_ID // all
                          : items::id)
                  .toArray(String[]::new);
          case INT64 -> Arrays.stream(places).asLongStream().toArray();
          case INT32 ->
              Arrays.stream(places)
                  .map(item -> input.name().equals(ExportFormat.K) ? EXAMPLE_WIDTH : 0)
                  .toArray();
          case FLOAT32 -> new float[width];
        });
  }

  private static TensorProto message(TensorSpec input, TensorRows rows) {
    TensorShapeProto.Builder shape =
        TensorShapeProto.newBuilder().addDim(TensorShapeProto.Dim.newBuilder().setSize(1));
    if (!input.isFlat()) {
      shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(rows.width()));
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDtype(DataType.valueOf(input.type().tensorFlowName()))
            .setTensorShape(shape);
    for (int i = 0; i < rows.width(); i++) {
      if (rows.values() instanceof String[] text) {
        tensor.addStringVal(ByteString.copyFromUtf8(text[i]));
      } else if (rows.values() instanceof long[] numbers) {
        tensor.addInt64Val(numbers[i]);
      } else if (rows.values() instanceof int[] numbers) {
        tensor.addIntVal(numbers[i]);
      } else {
        tensor.addFloatVal(((float[]) rows.values())[i]);
      }
    }
    return tensor.build();
  }

  private static TensorRows rows(TensorProto tensor) throws IOException {
    TensorShapeProto shape = tensor.getTensorShape();
    int rows = (int) shape.getDim(0).getSize();
    int width = shape.getDimCount() == 1 ? 1 : (int) shape.getDim(1).getSize();
    return new TensorRows(
        rows,
        width,
        switch (tensor.getDtype()) {
          case DT_STRING ->
              tensor.getStringValList().stream()
                  .map(ByteString::toStringUtf8)
                  .toArray(String[]::new);
          case DT_INT64 -> tensor.getInt64ValList().stream().mapToLong(Long::longValue).toArray();
          case DT_INT32 -> tensor.getIntValList().stream().mapToInt(Integer::intValue).toArray();
          case DT_FLOAT -> {
            float[] numbers = new float[tensor.getFloatValCount()];
            for (int i = 0; i < numbers.length; i++) {
              numbers[i] = tensor.getFloatVal(i);
            }
            yield numbers;
          }
          default -> throw new IOException("a value of the type " + tensor.getDtype());
        });
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.writeTo(out);
    out.flush();
    return bytes.toByteArray();
  }

  /** Length, its checksum, the data, their checksum: all little-endian. */
  private static void writeRecord(OutputStream out, byte[] data) throws IOException {
    byte[] length =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length).array();
    out.write(length);
    out.write(checksum(length));
    out.write(data);
    out.write(checksum(data));
  }

  private static byte[] checksum(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    int value = Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK;
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  /** Reads the file back, every checksum checked. */
  static List<Request> read(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Request> requests = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] length = bytes(file, in, Long.BYTES);
      requireChecksum(file, in, length);
      byte[] data =
          bytes(file, in, ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong());
      requireChecksum(file, in, data);
      try {
        requests.add(request(data));
      } catch (RuntimeException e) {
        throw new IOException(file + ": a record is no request to a signature (" + e + ")", e);
      }
    }
    return requests;
  }

  private static byte[] bytes(Path file, ByteBuffer in, long count) throws IOException {
    if (count < 0 || count > in.remaining()) {
      throw new IOException(file + ": a record is cut short");
    }
    byte[] bytes = new byte[(int) count];
    in.get(bytes);
    return bytes;
  }

  private static void requireChecksum(Path file, ByteBuffer in, byte[] data) throws IOException {
    if (!Arrays.equals(checksum(data), bytes(file, in, Integer.BYTES))) {
      throw new IOException(file + ": a record's checksum is wrong");
    }
  }

  private static Request request(byte[] log) throws IOException {
    CodedInputStream in = only(only(CodedInputStream.newInstance(log), PREDICT_LOG), REQUEST);
    String signature = "";
    Map<String, TensorRows> inputs = new LinkedHashMap<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      CodedInputStream part = in.readBytes().newCodedInput();
      if (WireFormat.getTagFieldNumber(tag) == MODEL_SPEC) {
        for (int field = part.readTag(); field != 0; field = part.readTag()) {
          String value = part.readString();
          if (WireFormat.getTagFieldNumber(field) == SIGNATURE_NAME) {
            signature = value;
          }
        }
      } else {
        part.readTag();
        String key = part.readString();
        part.readTag();
        inputs.put(key, rows(TensorProto.parseFrom(part.readBytes())));
      }
    }
    return new Request(signature, inputs);
  }

  /** The message inside the only field of a message. */
  private static CodedInputStream only(CodedInputStream in, int field) throws IOException {
    int tag = in.readTag();
    if (WireFormat.getTagFieldNumber(tag) != field) {
      throw new IOException("expected field " + field + ", found tag " + tag);
    }
    ByteString message = in.readBytes();
    return message.newCodedInput();
  }
}
