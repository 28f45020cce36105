package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;

/**
 * The file beside an ONNX file that holds the values of its large tensors, because a protocol
 * buffer ends at 2 GB: ONNX's "external data", to which the tensors refer by its name, an offset
 * and a length. The model's card, in the ONNX file, has its size and SHA-256.
 */
final class OnnxData {
  /** Smaller tensors stay in the ONNX file, as with ONNX's own tool: runtimes read some of them. */
  private static final int SMALLEST_BYTES = 1024;

  /** Of where a tensor begins: what every system can map into memory. */
  private static final int ALIGNMENT = 1 << 16;

  private final String name;
  private final DigestOutputStream out;
  private long size;

  /**
   * A file that is being written.
   *
   * @param file its final place
   * @param out takes its bytes; closed by the caller
   */
  OnnxData(Path file, OutputStream out) {
    this.name = file.getFileName().toString();
    this.out = new DigestOutputStream(out, ModelCard.sha256());
  }

  /** Where the values of an ONNX file's tensors are, if they are not in it. */
  static Path beside(Path onnx) {
    return onnx.resolveSibling(onnx.getFileName() + ExportFormat.ONNX_DATA_ENDING);
  }

  /** Whether values of that size stand here; otherwise they stand in the ONNX file. */
  static boolean takes(long bytes) {
    return bytes >= SMALLEST_BYTES;
  }

  /** Writes a tensor's values and tells it where they are. */
  void write(TensorProto.Builder tensor, OnnxNodes.Values values) throws IOException {
    int padding = (int) (-size & (ALIGNMENT - 1));
    out.write(new byte[padding]);
    size += padding;
    refer(tensor, name, size, values.bytes());
    byte[] bytes = new byte[ALIGNMENT];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int some = ALIGNMENT / values.bytesEach();
    for (int from = 0; from < values.count(); ) {
      int count = Math.min(some, values.count() - from);
      values.encoder().put(from, count, buffer.clear());
      out.write(bytes, 0, count * values.bytesEach());
      from += count;
    }
    size += values.bytes();
  }

  /** Tells a tensor where its values are: in a file beside the model's, or that itself. */
  static void refer(TensorProto.Builder tensor, String file, long offset, long length) {
    tensor
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", file))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Long.toString(length)));
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  /** What the model's card says of the file, once all is written. */
  VersionFiles.Listed listed() {
    return new VersionFiles.Listed(name, size, ModelCard.hex(out.getMessageDigest()));
  }

  /**
   * Makes sure that the file beside an ONNX file, where it needs one, is the one that was exported
   * with it.
   *
   * @throws DataException if it is missing or another
   */
  static void requireWhole(Path onnx) throws IOException {
    JsonNode files = ModelCard.parse(card(onnx)).path(ModelCard.FILES);
    for (String data : (Iterable<String>) files::fieldNames) {
      if (!Files.isRegularFile(onnx.resolveSibling(data))) {
        throw new DataException(
            onnx
                + ": its weights are in a file "
                + data
                + ", expected beside it under this name, found none: copy it too, or export again");
      }
    }
    VersionFiles.requireSame(
        onnx.toAbsolutePath().getParent(), files, "the card in " + onnx.getFileName());
  }

  /** The card in an ONNX file; empty if there is none. The graph is not read. */
  private static String card(Path onnx) throws IOException {
    try (InputStream in = Files.newInputStream(onnx)) {
      CodedInputStream coded = CodedInputStream.newInstance(in);
      coded.setSizeLimit(Integer.MAX_VALUE);
      for (int tag = coded.readTag(); tag != 0; tag = coded.readTag()) {
        if (WireFormat.getTagFieldNumber(tag) != ModelProto.METADATA_PROPS_FIELD_NUMBER) {
          coded.skipField(tag);
          continue;
        }
        StringStringEntryProto property =
            coded.readMessage(
                StringStringEntryProto.parser(), ExtensionRegistryLite.getEmptyRegistry());
        if (property.getKey().equals(ExportFormat.ONNX_CARD)) {
          return property.getValue();
        }
      }
    } catch (InvalidProtocolBufferException e) {
      // No ONNX file: the runtime will say so.
    }
    return "";
  }
}
