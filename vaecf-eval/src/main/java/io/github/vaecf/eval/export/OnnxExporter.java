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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Exports trained models as ONNX files, for ONNX Runtime in any language and for {@link
 * ServedModel}; and as versions {@code BASE/<number>} with such a file, {@code model.onnx}, in them
 * and titles beside it, for {@link ServedVersions}.
 *
 * <p>Inputs: {@code items}, string [batch, length] (int64 where raw ids were not asked for), {@code
 * k}, int64 [1], and where {@link Builder#exclude} asked for it {@code exclude}, of the same type
 * as the items [batch, excluded], what is to be left out beside the history. Outputs: {@code
 * items_ranked}, of the same type [batch, min(k, items)], and {@code scores}, float [batch, min(k,
 * items)]. Histories, what is left out, empty places and ties are as in {@link SavedModelExporter}.
 * The file of a version has two more outputs, {@code all_scores}, float [batch, items], the
 * history's items included, and where the model has a latent vector {@code latent}, float [batch,
 * width].
 *
 * <p>As a {@link ServedModel} a version has all signatures of a SavedModel, those with rankings of
 * a fixed length with k = 100. A file that was exported alone has no {@code score}, {@code encode}
 * and {@code decode}; a filtered recommendation of it cannot keep the history, and takes longer.
 * What decodes and what compares items are parts of the graph that are loaded beside it, with the
 * file's own weights.
 *
 * <p>Operators are of ai.onnx.ml 2 and of opset 13, for models that add up sparse rows (item-kNN)
 * of opset 16. The file's metadata hold the item ids, a line each ({@code vaecf.items}), the model
 * card ({@code vaecf.card}), how many floats a run holds for each place of a history ({@code
 * vaecf.floats_per_place}): batch × length × that many bound the memory of a run; and which weight
 * has the items' vectors, as rows or columns ({@code vaecf.item_vectors}). Last of all stands a
 * checksum of the file ({@code vaecf.crc32c}), by which {@link ServedModel#load} knows one that is
 * damaged.
 *
 * <p>A file of its kind holds at most 2 GB. Where weights and ids would be more, the weights are in
 * a second file beside it, {@code NAME.onnx.data} (ONNX calls it external data), which runtimes
 * find by that name, and of which the card has the size and the SHA-256: the two are moved and
 * copied together, and the second keeps its name.
 */
public final class OnnxExporter {
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
          return "a file NAME" + ExportFormat.ONNX_ENDING + " or a folder BASE/VERSION";
        }

        @Override
        public List<Setting<?>> settings() {
          return List.of(ExportedWeights.SETTING, EXCLUDE);
        }

        @Override
        public boolean hasTitles(Path target) {
          return !isFile(target);
        }

        @Override
        public void export(
            TrainedModel model,
            Path target,
            Map<String, String> values,
            Map<String, String> titles) {
          builder()
              .titles(titles)
              .weights(ExportForm.value(ExportedWeights.SETTING, values))
              .exclude(ExportForm.value(EXCLUDE, values))
              .export(model, target);
        }

        @Override
        public boolean isAt(Path path) {
          return isFile(path)
              || (Files.isDirectory(path) && VersionFolder.holdsOnnx(VersionFolder.find(path)));
        }

        @Override
        public ServedModel load(Path path) {
          try {
            return isFile(path)
                ? ServedOnnxModel.open(path)
                : ServedOnnxModel.openVersion(VersionFolder.find(path));
          } catch (LinkageError e) {
            throw NativeLibraries.noOnnxRuntime(path, e);
          }
        }
      };

  /** What a protocol buffer can hold, less some room for the nodes. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - (1 << 20);

  /** Two indices, and the lengths and tags of all. */
  private static final int BYTES_BESIDE_ID = 30;

  private OnnxExporter() {}

  private static boolean isFile(Path path) {
    return path.toString().endsWith(ExportFormat.ONNX_ENDING);
  }

  /**
   * Exports with weights as trained, raw ids, no input for what is to be left out, nothing more on
   * the card.
   *
   * @param model the model
   * @param target where to write: a file, its name ending in {@code .onnx}, or a version's folder
   *     {@code BASE/<number>}; neither it nor {@code NAME.onnx.data}, where one is needed, may
   *     exist
   * @throws DataException if the target is there already or has another name, if an item id cannot
   *     be exported, if the ids are more than such a file can hold, or if it cannot be written
   * @throws ArithmeticException if a weight is not a finite number
   */
  public static void export(TrainedModel model, Path target) {
    builder().export(model, target);
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
    private ExportedWeights weights = ExportedWeights.FLOAT32;
    private boolean rawIds = true;
    private boolean exclude;
    private long mostBytes = MOST_BYTES;
    private Map<String, String> titles; // null for the model's own
    private Map<String, Object> facts = Map.of();

    private Builder() {}

    /**
     * How the file holds the matrices of weights.
     *
     * @param form as trained unless said otherwise
     * @return this builder
     */
    public Builder weights(ExportedWeights form) {
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
     * What to call items when a person reads them, in place of the model's own titles. Only a
     * version's folder has a place for them.
     *
     * @param byId titles by raw id; may lack items; copied
     * @return this builder
     */
    public Builder titles(Map<String, String> byId) {
      titles = Map.copyOf(byId);
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
     * Exports. The file appears whole or not at all, after the one with the weights where there is
     * one; if that fails, neither stays. A version's folder appears whole or not at all. Takes 4
     * bytes a weight of the Java heap, and as much again as the file holds where that is one file.
     *
     * @param model the model
     * @param target where to write: a file, its name ending in {@code .onnx}, or a version's folder
     *     {@code BASE/<number>}; neither it nor {@code NAME.onnx.data}, where one is needed, may
     *     exist
     * @throws DataException if the target is there already or has another name, if an item id
     *     cannot be exported, if the ids are more than such a file can hold, or if it cannot be
     *     written
     * @throws ArithmeticException if a weight is not a finite number
     */
    public void export(TrainedModel model, Path target) {
      if (isFile(target)) {
        exportFile(model, target, false);
        return;
      }
      if (target.getFileName() == null || VersionFolder.number(target).isEmpty()) {
        throw new DataException(
            target
                + ": the name of an ONNX file must end in "
                + ExportFormat.ONNX_ENDING
                + ", by which it is known when it is read; that of a version's folder with such a"
                + " file in it is a number");
      }
      new VersionFolder(target)
          .publish(
              folder -> {
                exportFile(model, folder.resolve(ExportFormat.ONNX_FILE), true);
                Files.createDirectory(ExportFormat.titles(folder).getParent());
                Titles.write(ExportFormat.titles(folder), titles == null ? model.titles() : titles);
              });
    }

    private void exportFile(TrainedModel model, Path file, boolean beside) {
      WholeFile.requireAbsent(file);
      // Before a weight is copied.
      requireIdsFit(file, model.items());
      if (fitInOneFile(model.weightShapes(), model.items())) {
        ModelProto onnx = onnx(ModelSnapshot.of(model), beside, Optional.empty());
        WholeFile.create(file, out -> OnnxChecksum.write(onnx, out));
      } else {
        exportInTwoFiles(model, file, beside);
      }
    }

    /** First the weights, which nothing loads without the file that refers to them. */
    private void exportInTwoFiles(TrainedModel model, Path file, boolean beside) {
      Path weightsFile = OnnxData.beside(file);
      WholeFile.requireAbsent(weightsFile);
      ModelSnapshot snapshot = ModelSnapshot.of(model);
      ModelProto[] onnx = new ModelProto[1];
      WholeFile.create(
          weightsFile,
          out -> onnx[0] = onnx(snapshot, beside, Optional.of(new OnnxData(weightsFile, out))));
      boolean whole = false;
      try {
        WholeFile.create(file, out -> OnnxChecksum.write(onnx[0], out));
        whole = true;
      } finally {
        if (!whole) {
          WholeFile.delete(weightsFile);
        }
      }
    }

    /** The most that one file may hold, for tests. */
    Builder mostBytes(long bytes) {
      mostBytes = bytes;
      return this;
    }

    /** Ids stand in the ONNX file itself, however large the weights. */
    private void requireIdsFit(Path file, IdIndex items) {
      long bytes = idBytes(items);
      if (bytes > mostBytes) {
        throw new DataException(
            file
                + ": the ids of "
                + items.size()
                + " items take "
                + bytes
                + " bytes, and an ONNX file holds at most 2 GB: give the items shorter ids, or"
                + " export a SavedModel, which has no such limit");
      }
    }

    boolean fitInOneFile(Map<String, List<Long>> shapes, IdIndex items) {
      long bytes = idBytes(items);
      for (Map.Entry<String, List<Long>> shape : shapes.entrySet()) {
        bytes += OnnxLayers.bytes(shape.getKey(), shape.getValue(), weights);
      }
      return bytes <= mostBytes;
    }

    private static long idBytes(IdIndex items) {
      long bytes = 0;
      for (int index = 0; index < items.size(); index++) {
        // In the metadata, and with their indices in two tables.
        bytes += 3L * items.id(index).getBytes(StandardCharsets.UTF_8).length + BYTES_BESIDE_ID;
      }
      return bytes;
    }

    private ModelProto onnx(ModelSnapshot model, boolean beside, Optional<OnnxData> data) {
      OnnxGraph graph = new OnnxGraph(model, weights, rawIds, exclude, beside, data);
      List<VersionFiles.Listed> weightFiles = data.map(OnnxData::listed).stream().toList();
      ModelProto.Builder onnx =
          ModelProto.newBuilder()
              .setIrVersion(irVersion(graph.opset()))
              .setProducerName("vaecf")
              .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(graph.opset()))
              .addOpsetImport(
                  OperatorSetIdProto.newBuilder()
                      .setDomain(OnnxNodes.ML_DOMAIN)
                      .setVersion(OnnxGraph.ML_OPSET))
              .setGraph(graph.build())
              .addMetadataProps(
                  property(ExportFormat.ONNX_VOCABULARY, Vocabulary.lines(model.items())))
              .addMetadataProps(
                  property(
                      ExportFormat.ONNX_CARD,
                      ModelCard.text(model, FORM.name(), facts, weightFiles)))
              .addMetadataProps(
                  property(
                      ExportFormat.ONNX_FLOATS_PER_PLACE,
                      Integer.toString(Math.max(1, graph.floatsPerPlace()))));
      graph
          .itemKernel()
          .ifPresent(
              kernel ->
                  onnx.addMetadataProps(
                      property(
                          ExportFormat.ONNX_ITEM_VECTORS,
                          (kernel.inRows() ? "rows " : "columns ") + kernel.name())));
      return onnx.build();
    }

    /** The version of the format that a set of operators came with: ONNX 1.8 and 1.11. */
    private static int irVersion(int opset) {
      return opset <= 13 ? 7 : 8;
    }

    private static StringStringEntryProto property(String key, String value) {
      return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
  }
}
