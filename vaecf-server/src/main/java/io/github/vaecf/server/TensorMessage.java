package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpStatus;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Tensors as TensorFlow's messages hold them: the values one by one, the last one standing for
 * those that are missing, or all of them as bytes ({@code tensor_content}).
 */
final class TensorMessage {
  private TensorMessage() {}

  /** Reads the tensor for an input. */
  static TensorRows rows(TensorSpec input, TensorProto tensor, Limits limits) {
    String where = "inputs." + input.name();
    if (!tensor.getDtype().name().equals(input.type().tensorFlowName())) {
      throw malformed(
          where + ": expected " + input.type().tensorFlowName() + ", found " + tensor.getDtype());
    }
    List<Long> shape =
        tensor.getTensorShape().getDimList().stream().map(TensorShapeProto.Dim::getSize).toList();
    boolean fits =
        shape.size() == input.shape().size() && !tensor.getTensorShape().getUnknownRank();
    for (int i = 0; fits && i < shape.size(); i++) {
      long wanted = input.shape().get(i);
      fits = shape.get(i) >= 0 && (wanted < 0 || shape.get(i) == wanted);
    }
    if (!fits) {
      throw malformed(
          where
              + ": expected the shape "
              + words(input.shape())
              + ", where -1 is any length, found "
              + (tensor.getTensorShape().getUnknownRank() ? "none" : words(shape)));
    }
    // Before anything is made as large as the shape says.
    PredictRequest.requireRows(where, clamp(shape.get(0)), limits);
    int rows = clamp(shape.get(0));
    int width = shape.size() == 1 ? 1 : clamp(shape.get(1));
    PredictRequest.requireWithin(limits, (long) rows * width);
    return new TensorRows(rows, width, values(input, where, tensor, rows * width, width));
  }

  private static int clamp(long size) {
    return (int) Math.min(Integer.MAX_VALUE, size);
  }

  private static String words(List<Long> shape) {
    return shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
  }

  private static Object values(
      TensorSpec input, String where, TensorProto tensor, int size, int width) {
    ByteString content = tensor.getTensorContent();
    IntFunction<String> place = at -> "row " + at / width + " of \"" + input.name() + "\"";
    switch (input.type()) {
      case STRING -> {
        String[] text = new String[size];
        if (content.isEmpty()) {
          int given = given(where, tensor.getStringValCount(), size);
          for (int i = 0; i < size; i++) {
            text[i] =
                given == 0
                    ? ""
                    : i < given ? text(tensor.getStringVal(i), place.apply(i)) : text[given - 1];
          }
        } else {
          strings(where, content, text, place);
        }
        return text;
      }
      case INT64 -> {
        long[] numbers = new long[size];
        if (content.isEmpty()) {
          int given = given(where, tensor.getInt64ValCount(), size);
          for (int i = 0; given > 0 && i < size; i++) {
            numbers[i] = tensor.getInt64Val(Math.min(i, given - 1));
          }
        } else {
          buffer(where, content, size, Long.BYTES).asLongBuffer().get(numbers);
        }
        return numbers;
      }
      case INT32 -> {
        int[] numbers = new int[size];
        if (content.isEmpty()) {
          int given = given(where, tensor.getIntValCount(), size);
          for (int i = 0; given > 0 && i < size; i++) {
            numbers[i] = tensor.getIntVal(Math.min(i, given - 1));
          }
        } else {
          buffer(where, content, size, Integer.BYTES).asIntBuffer().get(numbers);
        }
        return numbers;
      }
      default -> {
        float[] numbers = new float[size];
        if (content.isEmpty()) {
          int given = given(where, tensor.getFloatValCount(), size);
          for (int i = 0; given > 0 && i < size; i++) {
            numbers[i] = tensor.getFloatVal(Math.min(i, given - 1));
          }
        } else {
          buffer(where, content, size, Float.BYTES).asFloatBuffer().get(numbers);
        }
        for (int i = 0; i < size; i++) {
          if (!Float.isFinite(numbers[i])) {
            throw malformed(place.apply(i) + ": expected a float, found " + numbers[i]);
          }
        }
        return numbers;
      }
    }
  }

  private static int given(String where, int given, int size) {
    if (given > size) {
      throw malformed(
          where + ": expected at most the " + size + " values of its shape, found " + given);
    }
    return given;
  }

  private static ByteBuffer buffer(String where, ByteString content, int size, int each) {
    if (content.size() != (long) size * each) {
      throw malformed(
          where
              + ": expected "
              + (long) size * each
              + " bytes of tensor_content for its shape, found "
              + content.size());
    }
    return content.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** As TensorFlow packs text: the lengths of all, then the bytes of all. */
  private static void strings(
      String where, ByteString content, String[] text, IntFunction<String> place) {
    try {
      CodedInputStream in = content.newCodedInput();
      int[] lengths = new int[text.length];
      for (int i = 0; i < lengths.length; i++) {
        lengths[i] = in.readUInt32();
      }
      for (int i = 0; i < text.length; i++) {
        text[i] = text(ByteString.copyFrom(in.readRawBytes(lengths[i])), place.apply(i));
      }
      if (in.isAtEnd()) {
        return;
      }
    } catch (IOException e) {
      // Said below.
    }
    throw malformed(
        where + ": tensor_content does not hold the " + text.length + " strings of its shape");
  }

  private static String text(ByteString bytes, String where) {
    try {
      return UTF_8.newDecoder().decode(bytes.asReadOnlyByteBuffer()).toString();
    } catch (CharacterCodingException e) {
      throw new RequestException(
          HttpStatus.BAD_REQUEST_400, where + ": expected text in UTF-8, found other bytes");
    }
  }

  /** The tensor for what an output gave. */
  static TensorProto message(TensorSpec output, TensorRows rows) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDimBuilder().setSize(rows.rows());
    if (!output.isFlat()) {
      shape.addDimBuilder().setSize(rows.width());
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDtype(DataType.valueOf(output.type().tensorFlowName()))
            .setTensorShape(shape);
    if (rows.values() instanceof String[] text) {
      for (String one : text) {
        tensor.addStringVal(ByteString.copyFromUtf8(one));
      }
    } else if (rows.values() instanceof long[] numbers) {
      for (long number : numbers) {
        tensor.addInt64Val(number);
      }
    } else if (rows.values() instanceof int[] numbers) {
      for (int number : numbers) {
        tensor.addIntVal(number);
      }
    } else {
      for (float number : (float[]) rows.values()) {
        tensor.addFloatVal(number);
      }
    }
    return tensor.build();
  }

  private static RequestException malformed(String problem) {
    return new RequestException(HttpStatus.BAD_REQUEST_400, problem);
  }
}
