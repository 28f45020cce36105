package io.github.vaecf.eval.export;

import com.google.protobuf.ByteString;
import io.github.vaecf.core.Network;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.train.Save;
import org.tensorflow.proto.AssetFileDef;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** The files of a SavedModel: graph and signatures, weights, vocabulary, warm-up requests. */
final class SavedModelFiles {
  private static final String VOCABULARY_FILE = "items.txt";
  private static final String WARMUP_FILE = "assets.extra/tf_serving_warmup_requests";
  private static final int WARMUP_ITEMS = 3;

  private SavedModelFiles() {}

  static void write(Path folder, String name, Network network, IdIndex items, int topK)
      throws IOException {
    String vocabulary = Vocabulary.lines(items, network.items());
    try (InferenceGraph graph = new InferenceGraph(ServingLayers.of(network), topK)) {
      Path assets = Files.createDirectory(folder.resolve("assets"));
      Files.writeString(assets.resolve(VOCABULARY_FILE), vocabulary);
      writeWeights(folder.resolve("variables"), graph.variables());
      try (OutputStream out = Files.newOutputStream(folder.resolve("saved_model.pb"))) {
        savedModel(graph).writeTo(out);
      }
      Path warmup = folder.resolve(WARMUP_FILE);
      WarmupRequests.write(warmup, name, warmupRequests(graph, items));
      replay(folder, WarmupRequests.read(warmup));
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
      String[] names = new String[variables.size()];
      String[] whole = new String[names.length];
      Arrays.fill(whole, "");
      List<Operand<?>> values = new ArrayList<>();
      for (int i = 0; i < names.length; i++) {
        InferenceGraph.Variable variable = variables.get(i);
        names[i] = variable.name();
        TFloat32 tensor =
            TFloat32.tensorOf(variable.shape(), DataBuffers.of(variable.values(), true, false));
        tensors.add(tensor);
        Placeholder<TFloat32> value = tf.placeholder(TFloat32.class);
        values.add(value);
        runner.feed(value, tensor);
      }
      Save save =
          tf.train.save(
              tf.constant(folder.resolve("variables").toString()),
              tf.array(names),
              tf.array(whole),
              values);
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
                    .setFilename(VOCABULARY_FILE))
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

  /** A request to each signature, for one user who has the first items. */
  private static List<WarmupRequests.Request> warmupRequests(InferenceGraph graph, IdIndex items) {
    List<WarmupRequests.Request> requests = new ArrayList<>();
    graph
        .signatures()
        .forEach(
            (name, signature) -> {
              Map<String, TensorProto> inputs = new LinkedHashMap<>();
              signature
                  .getInputsMap()
                  .forEach((input, info) -> inputs.put(input, example(info, items)));
              requests.add(new WarmupRequests.Request(name, inputs));
            });
    return requests;
  }

  /**
   * A tensor of the input's type and shape, with one row and a few columns where the shape is free.
   */
  private static TensorProto example(TensorInfo info, IdIndex items) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    int size = 1;
    for (int axis = 0; axis < info.getTensorShape().getDimCount(); axis++) {
      long dimension = info.getTensorShape().getDim(axis).getSize();
      if (dimension < 0) {
        dimension = axis == 0 ? 1 : WARMUP_ITEMS;
      }
      size = Math.toIntExact(size * dimension);
      shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(dimension));
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDtype(info.getDtype()).setTensorShape(shape);
    for (int i = 0; i < size; i++) {
      int item = i % items.size();
      switch (info.getDtype()) {
        case DT_STRING -> tensor.addStringVal(ByteString.copyFromUtf8(items.id(item)));
        case DT_INT64 -> tensor.addInt64Val(item);
        case DT_INT32 -> tensor.addIntVal(WARMUP_ITEMS);
        case DT_FLOAT -> tensor.addFloatVal(0);
        default -> throw new IllegalStateException("no warm-up value of type " + info.getDtype());
      }
    }
    return tensor.build();
  }

  /** Loads what was written and sends it every request, as TF Serving will. */
  private static void replay(Path folder, List<WarmupRequests.Request> requests) {
    try (SavedModelBundle bundle =
        SavedModelBundle.load(folder.toString(), SavedModelBundle.DEFAULT_TAG)) {
      Map<String, SignatureDef> signatures = bundle.metaGraphDef().getSignatureDefMap();
      for (WarmupRequests.Request request : requests) {
        SignatureDef signature = signatures.get(request.signature());
        Session.Runner runner = bundle.session().runner();
        List<Tensor> inputs = new ArrayList<>();
        request
            .inputs()
            .forEach(
                (input, value) -> {
                  Tensor tensor = tensor(value);
                  inputs.add(tensor);
                  runner.feed(signature.getInputsOrThrow(input).getName(), tensor);
                });
        signature.getOutputsMap().values().forEach(output -> runner.fetch(output.getName()));
        try (Result result = runner.run()) {
          if (result.size() != signature.getOutputsCount()) {
            throw new IllegalStateException(
                "signature " + request.signature() + " gave " + result.size() + " outputs");
          }
        } finally {
          inputs.forEach(Tensor::close);
        }
      }
    }
  }

  private static Tensor tensor(TensorProto value) {
    long[] dimensions =
        value.getTensorShape().getDimList().stream()
            .mapToLong(TensorShapeProto.Dim::getSize)
            .toArray();
    Shape shape = Shape.of(dimensions);
    if (value.getDtype() == DataType.DT_STRING) {
      String[] text =
          value.getStringValList().stream().map(ByteString::toStringUtf8).toArray(String[]::new);
      return TString.tensorOf(shape, DataBuffers.ofObjects(text));
    }
    if (value.getDtype() == DataType.DT_INT64) {
      long[] numbers = value.getInt64ValList().stream().mapToLong(Long::longValue).toArray();
      return TInt64.tensorOf(shape, DataBuffers.of(numbers));
    }
    if (value.getDtype() == DataType.DT_INT32) {
      int[] numbers = value.getIntValList().stream().mapToInt(Integer::intValue).toArray();
      return TInt32.tensorOf(shape, DataBuffers.of(numbers));
    }
    float[] numbers = new float[value.getFloatValCount()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = value.getFloatVal(i);
    }
    return TFloat32.tensorOf(shape, DataBuffers.of(numbers));
  }
}
