package io.github.vaecf.eval.export;

import com.google.protobuf.CodedOutputStream;
import io.github.vaecf.core.TensorFlowRuntime;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.train.Save;
import org.tensorflow.proto.AssetFileDef;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.types.TFloat32;

/** The files of a SavedModel: graph and signatures, weights, vocabulary. */
final class SavedModelFiles {
  private SavedModelFiles() {}

  /**
   * Writes graph, weights and vocabulary.
   *
   * @param topK length of the rankings whose length is fixed, at most the number of items
   * @param weights how the checkpoint holds the matrices
   * @return the items' vectors, where the scores are their products with the users'
   */
  static Optional<ItemProducts> write(
      Path folder, ModelSnapshot model, int topK, ExportedWeights weights) throws IOException {
    String vocabulary = Vocabulary.lines(model.items());
    try (InferenceGraph graph = new InferenceGraph(model, topK, weights)) {
      Files.createDirectory(folder.resolve(ExportFormat.ASSETS));
      Files.createDirectory(folder.resolve(ExportFormat.ASSETS_EXTRA));
      Files.writeString(ExportFormat.vocabulary(folder), vocabulary);
      writeWeights(folder.resolve(ExportFormat.VARIABLES), graph.variables());
      try (OutputStream out = Files.newOutputStream(folder.resolve(ExportFormat.GRAPH_FILE))) {
        CodedOutputStream coded = CodedOutputStream.newInstance(out);
        // Maps in one order: the same model gives the same bytes.
        coded.useDeterministicSerialization();
        savedModel(graph).writeTo(coded);
        coded.flush();
      }
      return graph.products();
    }
  }

  /**
   * Loads what was written, adds a warm-up request to each signature, and sends it these requests
   * from the file, as TensorFlow Serving will. Then makes an index of the items, and sends them to
   * it too.
   *
   * @param name the name by which servers know the model
   * @param products what to make an index of; empty for none
   * @return what the model card says of the index
   * @throws ArithmeticException if an answer is not a finite number
   */
  static Map<String, Object> tryOut(Path folder, String name, Optional<ItemProducts> products)
      throws IOException {
    Path file = ExportFormat.warmup(folder);
    try (ServedSavedModel served = ServedSavedModel.ofFiles(folder)) {
      WarmupRequests.write(file, name, served);
      WarmupRequests.replay(file, served);
      if (products.isEmpty()) {
        return Map.of();
      }
      Map<String, Object> index = IndexTrial.write(folder, served, products.get());
      WarmupRequests.replay(file, served);
      return index;
    }
  }

  /** Writes the checkpoint with TensorFlow's own operation, from a graph of its own. */
  private static void writeWeights(Path folder, List<InferenceGraph.Variable> variables)
      throws IOException {
    Files.createDirectory(folder);
    List<Tensor> tensors = new ArrayList<>();
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Session.Runner runner = session.runner();
      Checkpoint checkpoint = new Checkpoint(tf);
      for (InferenceGraph.Variable variable : variables) {
        TFloat32 tensor =
            TFloat32.tensorOf(variable.shape(), DataBuffers.of(variable.values(), true, false));
        tensors.add(tensor);
        Placeholder<TFloat32> value = tf.placeholder(TFloat32.class);
        checkpoint.add(variable.name(), variable.form(), value);
        runner.feed(value, tensor);
      }
      Save save = checkpoint.save(tf.constant(folder.resolve(ExportFormat.VARIABLES).toString()));
      runner.addTarget(save).run().close();
    } finally {
      tensors.forEach(Tensor::close);
    }
  }

  private static SavedModel savedModel(InferenceGraph graph) {
    MetaGraphDef.MetaInfoDef info =
        MetaGraphDef.MetaInfoDef.newBuilder()
            .addTags(SavedModelBundle.DEFAULT_TAG)
            .setTensorflowVersion(TensorFlowRuntime.version())
            .setStrippedDefaultAttrs(true)
            .build();
    CollectionDef mainOp =
        CollectionDef.newBuilder()
            .setNodeList(CollectionDef.NodeList.newBuilder().addValue(InferenceGraph.MAIN_OP))
            .build();
    MetaGraphDef metaGraph =
        MetaGraphDef.newBuilder()
            .setMetaInfoDef(info)
            .setGraphDef(withoutDefaults(graph.definition()))
            .setSaverDef(graph.saver())
            .putCollectionDef("saved_model_main_op", mainOp)
            .addAssetFileDef(
                AssetFileDef.newBuilder()
                    .setTensorInfo(
                        TensorInfo.newBuilder().setName(InferenceGraph.VOCABULARY + ":0"))
                    .setFilename(ExportFormat.VOCABULARY_FILE))
            .putAllSignatureDef(graph.signatures())
            .build();
    return SavedModel.newBuilder().setSavedModelSchemaVersion(1).addMetaGraphs(metaGraph).build();
  }

  /**
   * Without the attributes that have their defaults: older runtimes do not know the newest ones.
   */
  private static GraphDef withoutDefaults(GraphDef definition) {
    Map<String, OpDef> operations = new HashMap<>();
    for (OpDef operation : TensorFlow.registeredOpList().getOpList()) {
      operations.put(operation.getName(), operation);
    }
    GraphDef.Builder stripped = definition.toBuilder();
    for (NodeDef.Builder node : stripped.getNodeBuilderList()) {
      for (OpDef.AttrDef attribute : operations.get(node.getOp()).getAttrList()) {
        AttrValue value = node.getAttrMap().get(attribute.getName());
        if (attribute.hasDefaultValue() && attribute.getDefaultValue().equals(value)) {
          node.removeAttr(attribute.getName());
        }
      }
    }
    return stripped.build();
  }
}
