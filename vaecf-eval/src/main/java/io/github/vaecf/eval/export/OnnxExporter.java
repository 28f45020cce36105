package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import io.github.vaecf.core.Network;
import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Exports trained models as ONNX files, for ONNX Runtime in any language and for {@link
 * io.github.vaecf.eval.serving.ServedModel}.
 *
 * <p>Inputs: {@code items}, string [batch, length] (int64 where raw ids were not asked for), {@code
 * k}, int64 [1], and where {@link OnnxOptions#withExclude} asked for it {@code exclude}, of the
 * same type as the items [batch, excluded], what is to be left out beside the history. Outputs:
 * {@code items_ranked}, of the same type [batch, min(k, items)], and {@code scores}, float [batch,
 * min(k, items)]. Histories, what is left out, empty places and ties are as in {@link
 * SavedModelExporter}. Operators are of opset 13 and ai.onnx.ml 2. The file's metadata hold the
 * item ids, a line each ({@code vaecf.items}), and the model card ({@code vaecf.card}).
 */
public final class OnnxExporter {
  /** What 1.8 of ONNX wrote, the version that opset 13 came with. */
  private static final int IR_VERSION = 7;

  private OnnxExporter() {}

  /**
   * Exports with {@link OnnxOptions#defaults()}.
   *
   * @param model the model
   * @param file where to write; it must not exist
   * @throws DataException if the file is there already, or an item id cannot be exported
   * @throws ArithmeticException if a weight is not a finite number
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void export(TrainedModel model, Path file) {
    export(model, file, OnnxOptions.defaults());
  }

  /**
   * Exports. The file appears whole or not at all.
   *
   * @param model the model
   * @param file where to write; it must not exist
   * @param options how the weights are held, raw ids or indices, facts for the model card
   * @throws DataException if the file is there already, or an item id cannot be exported
   * @throws ArithmeticException if a weight is not a finite number
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void export(TrainedModel model, Path file, OnnxOptions options) {
    if (Files.exists(file)) {
      throw new DataException(file + ": is there already and is left as it is; name another file");
    }
    Network network = model.network();
    ServingLayers layers = ServingLayers.of(network);
    GraphProto graph =
        options.rawIds()
            ? OnnxGraph.overIds(layers, model.items(), options)
            : OnnxGraph.overIndices(layers, options);
    ModelProto onnx =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName("vaecf")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OnnxGraph.OPSET))
            .addOpsetImport(
                OperatorSetIdProto.newBuilder()
                    .setDomain(OnnxGraph.ML_DOMAIN)
                    .setVersion(OnnxGraph.ML_OPSET))
            .setGraph(graph)
            .addMetadataProps(
                property("vaecf.items", Vocabulary.lines(model.items(), network.items())))
            .addMetadataProps(
                property("vaecf.card", ModelCard.text(model, network, "onnx", options.facts())))
            .build();
    try {
      write(onnx, file.toAbsolutePath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static StringStringEntryProto property(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static void write(ModelProto onnx, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Path beside =
        file.resolveSibling("." + file.getFileName() + ".unfinished-" + UUID.randomUUID());
    try {
      try (FileChannel channel =
              FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = Channels.newOutputStream(channel)) {
        onnx.writeTo(out);
        channel.force(true);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }
}
