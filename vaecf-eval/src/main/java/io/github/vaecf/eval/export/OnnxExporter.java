package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.WholeFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Exports trained models as ONNX files, for ONNX Runtime in any language and for {@link
 * ServedModel}.
 *
 * <p>Inputs: {@code items}, string [batch, length] (int64 where raw ids were not asked for), {@code
 * k}, int64 [1], and where {@link Builder#exclude} asked for it {@code exclude}, of the same type
 * as the items [batch, excluded], what is to be left out beside the history. Outputs: {@code
 * items_ranked}, of the same type [batch, min(k, items)], and {@code scores}, float [batch, min(k,
 * items)]. Histories, what is left out, empty places and ties are as in {@link SavedModelExporter}.
 *
 * <p>Operators are of ai.onnx.ml 2 and of opset 13, for models that add up sparse rows (item-kNN)
 * of opset 16. The file's metadata hold the item ids, a line each ({@code vaecf.items}), the model
 * card ({@code vaecf.card}), and how many floats a run holds for each place of a history ({@code
 * vaecf.floats_per_place}): batch × length × that many bound the memory of a run. Last of all
 * stands a checksum of the file ({@code vaecf.crc32c}), by which {@link ServedModel#load} knows one
 * that is damaged.
 */
public final class OnnxExporter {
  private static final Setting<OnnxWeights> WEIGHTS =
      Setting.choice("weights", OnnxWeights.FLOAT32, "How the file holds the weights.");
  private static final Setting<Boolean> EXCLUDE =
      Setting.flag(
          ExportFormat.EXCLUDE,
          "Give the file an input for what is to be left out beside the history.");

  /** As the command line and {@link ServedModel#load} know it. */
  static final ExportForm FORM =
      new ExportForm() {
        @Override
        public String name() {
          return "onnx";
        }

        @Override
        public String target() {
          return "a file, its name ending in " + ExportFormat.ONNX_ENDING;
        }

        @Override
        public List<Setting<?>> settings() {
          return List.of(WEIGHTS, EXCLUDE);
        }

        @Override
        public void export(
            TrainedModel model,
            Path target,
            Map<String, String> values,
            Map<String, String> titles) {
          builder()
              .weights(ExportForm.value(WEIGHTS, values))
              .exclude(ExportForm.value(EXCLUDE, values))
              .export(model, target);
        }

        @Override
        public boolean isAt(Path path) {
          return path.toString().endsWith(ExportFormat.ONNX_ENDING);
        }

        @Override
        public ServedModel load(Path path) {
          try {
            return ServedOnnxModel.open(path);
          } catch (NoClassDefFoundError e) {
            throw new DataException(
                path
                    + ": to load an ONNX file, com.microsoft.onnxruntime:onnxruntime must be among"
                    + " the program's dependencies",
                e);
          }
        }
      };

  /** What a protocol buffer can hold, less some room for the nodes. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - (1 << 20);

  /** Two indices, and the lengths and tags of all. */
  private static final int BYTES_BESIDE_ID = 30;

  private OnnxExporter() {}

  /**
   * Exports with weights as trained, raw ids, no input for what is to be left out, nothing more on
   * the card.
   *
   * @param model the model
   * @param file where to write, its name ending in {@code .onnx}; it must not exist
   * @throws DataException if the file is there already or has another ending, if an item id cannot
   *     be exported, if the weights are more than such a file can hold, or if it cannot be written
   * @throws ArithmeticException if a weight is not a finite number
   */
  public static void export(TrainedModel model, Path file) {
    builder().export(model, file);
  }

  /**
   * For an export of another kind than {@link #export(TrainedModel, Path)} makes.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How a model is exported. May be used for several exports; not safe for use by several threads.
   */
  public static final class Builder {
    private OnnxWeights weights = OnnxWeights.FLOAT32;
    private boolean rawIds = true;
    private boolean exclude;
    private Map<String, Object> facts = Map.of();

    private Builder() {}

    /**
     * How the file holds the kernels.
     *
     * @param form as trained unless said otherwise
     * @return this builder
     */
    public Builder weights(OnnxWeights form) {
      weights = Objects.requireNonNull(form, "form");
      return this;
    }

    /**
     * Whether the model takes and gives raw ids; otherwise item indices.
     *
     * @param wanted true unless said otherwise
     * @return this builder
     */
    public Builder rawIds(boolean wanted) {
      rawIds = wanted;
      return this;
    }

    /**
     * Whether the model has an input for what is to be left out beside the history; it must then be
     * fed with every request, if only with padding.
     *
     * @param wanted false unless said otherwise
     * @return this builder
     */
    public Builder exclude(boolean wanted) {
      exclude = wanted;
      return this;
    }

    /**
     * What else the model card is to say, such as the data set and its metrics.
     *
     * @param more names and values that Jackson can write as JSON; copied
     * @return this builder
     */
    public Builder facts(Map<String, Object> more) {
      facts = new LinkedHashMap<>(more);
      return this;
    }

    /**
     * Exports. The file appears whole or not at all.
     *
     * @param model the model
     * @param file where to write, its name ending in {@code .onnx}; it must not exist
     * @throws DataException if the file is there already or has another ending, if an item id
     *     cannot be exported, if the weights are more than such a file can hold, or if it cannot be
     *     written
     * @throws ArithmeticException if a weight is not a finite number
     */
    public void export(TrainedModel model, Path file) {
      if (!FORM.isAt(file)) {
        throw new DataException(
            file
                + ": the name of an ONNX file must end in "
                + ExportFormat.ONNX_ENDING
                + ", by which it is known when it is read");
      }
      WholeFile.requireAbsent(file);
      requireFits(file, model.weightShapes(), model.items());
      ModelProto onnx = onnx(ModelSnapshot.of(model));
      WholeFile.create(file, out -> OnnxChecksum.write(onnx, out));
    }

    /** Before a weight is copied: what a protocol buffer cannot hold would take all memory. */
    void requireFits(Path file, Map<String, List<Long>> shapes, IdIndex items) {
      long bytes = 0;
      for (Map.Entry<String, List<Long>> shape : shapes.entrySet()) {
        bytes += OnnxLayers.bytes(shape.getKey(), shape.getValue(), weights);
      }
      for (int index = 0; index < items.size() && bytes <= MOST_BYTES; index++) {
        // In the metadata, and with their indices in two tables.
        bytes += 3L * items.id(index).getBytes(StandardCharsets.UTF_8).length + BYTES_BESIDE_ID;
      }
      if (bytes > MOST_BYTES) {
        throw new DataException(
            file
                + ": weights as "
                + weights.name().toLowerCase(Locale.ROOT)
                + " and item ids take "
                + bytes
                + " bytes or more, and an ONNX file holds at most 2 GB;"
                + (weights == OnnxWeights.INT8 ? "" : " smaller weights may fit, and")
                + " a SavedModel has no such limit");
      }
    }

    private ModelProto onnx(ModelSnapshot model) {
      OnnxGraph graph = new OnnxGraph(model, weights, rawIds, exclude);
      return ModelProto.newBuilder()
          .setIrVersion(irVersion(graph.opset()))
          .setProducerName("vaecf")
          .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(graph.opset()))
          .addOpsetImport(
              OperatorSetIdProto.newBuilder()
                  .setDomain(OnnxNodes.ML_DOMAIN)
                  .setVersion(OnnxGraph.ML_OPSET))
          .setGraph(graph.build())
          .addMetadataProps(property(ExportFormat.ONNX_VOCABULARY, Vocabulary.lines(model.items())))
          .addMetadataProps(
              property(ExportFormat.ONNX_CARD, ModelCard.text(model, FORM.name(), facts)))
          .addMetadataProps(
              property(
                  ExportFormat.ONNX_FLOATS_PER_PLACE,
                  Integer.toString(Math.max(1, graph.floatsPerPlace()))))
          .build();
    }

    /** The version of the format that a set of operators came with: ONNX 1.8 and 1.11. */
    private static int irVersion(int opset) {
      return opset <= 13 ? 7 : 8;
    }

    private static StringStringEntryProto property(String key, String value) {
      return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
  }

  /**
   * How an ONNX file holds the kernels; biases are always float32. The arithmetic is in float32 in
   * any case.
   */
  public enum OnnxWeights {
    /** As trained: 4 bytes a weight, the same answers to within rounding. */
    FLOAT32,

    /** Half the size: weights rounded to 11 significant bits. */
    FLOAT16,

    /**
     * A quarter of the size: each kernel column as whole numbers from −127 to 127 times a factor of
     * its own, so that a weight is off by at most 0.4 % of the column's largest.
     */
    INT8
  }
}
