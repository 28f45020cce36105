package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import io.github.vaecf.core.model.TensorFlowLayers.ItemKernel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an ONNX file can answer beside the recommendations of its graph, as models of their own: its
 * decoder, and the cosines of its items' vectors. A graph runs as a whole, so as further outputs
 * they would be computed with every request. They refer to the file's weights where these stand, as
 * to ONNX's external data, and the runtime maps them into memory: none is there twice.
 */
final class OnnxParts {
  /** The others' indices that an item is compared with. */
  static final String OTHERS = "others";

  /** The first of a range of items that an item is compared with, and the one after the last. */
  static final String FROM = "from";

  static final String TO = "to";

  /** Bytes of a node; larger ones are tables of raw ids, which no part needs. */
  private static final int LARGEST_NODE = 1 << 16;

  private final Path file;
  private final ModelProto.Builder head = ModelProto.newBuilder(); // all but the graph
  private final List<NodeProto> nodes = new ArrayList<>();
  private final Map<String, TensorProto> weights = new LinkedHashMap<>();

  private OnnxParts(Path file) {
    this.file = file.toAbsolutePath();
  }

  /** Reads a file's graph, but for the values of its large weights. */
  static OnnxParts of(Path file) throws IOException {
    OnnxParts parts = new OnnxParts(file);
    try (InputStream in = Files.newInputStream(file)) {
      CodedInputStream coded = CodedInputStream.newInstance(in);
      coded.setSizeLimit(Integer.MAX_VALUE);
      parts.readModel(coded);
    }
    return parts;
  }

  private void readModel(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case ModelProto.IR_VERSION_FIELD_NUMBER -> head.setIrVersion(in.readInt64());
        case ModelProto.OPSET_IMPORT_FIELD_NUMBER ->
            in.readMessage(head.addOpsetImportBuilder(), ExtensionRegistryLite.getEmptyRegistry());
        case ModelProto.GRAPH_FIELD_NUMBER -> {
          int limit = in.pushLimit(in.readRawVarint32());
          readGraph(in);
          in.popLimit(limit);
        }
        default -> in.skipField(tag);
      }
    }
  }

  private void readGraph(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case GraphProto.NODE_FIELD_NUMBER -> {
          int size = in.readRawVarint32();
          if (size > LARGEST_NODE) {
            in.skipRawBytes(size);
          } else {
            int limit = in.pushLimit(size);
            nodes.add(NodeProto.newBuilder().mergeFrom(in).build());
            in.popLimit(limit);
          }
        }
        case GraphProto.INITIALIZER_FIELD_NUMBER -> {
          int limit = in.pushLimit(in.readRawVarint32());
          TensorProto weight = readWeight(in);
          weights.put(weight.getName(), weight);
          in.popLimit(limit);
        }
        default -> in.skipField(tag);
      }
    }
  }

  private TensorProto readWeight(CodedInputStream in) throws IOException {
    TensorProto.Builder weight = TensorProto.newBuilder();
    UnknownFieldSet.Builder others = UnknownFieldSet.newBuilder(); // which are small
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) != TensorProto.RAW_DATA_FIELD_NUMBER) {
        others.mergeFieldFrom(tag, in);
        continue;
      }
      int size = in.readRawVarint32();
      if (OnnxData.takes(size)) {
        OnnxData.refer(weight, file.getFileName().toString(), in.getTotalBytesRead(), size);
        in.skipRawBytes(size);
      } else {
        weight.setRawData(ByteString.copyFrom(in.readRawBytes(size)));
      }
    }
    return weight.mergeFrom(others.build().toByteString()).build();
  }

  /**
   * From latent vectors, {@link ExportFormat#LATENT} [rows, width], to {@link
   * ExportFormat#ALL_SCORES}: the nodes between the file's two outputs of these names.
   */
  ModelProto decoder() {
    OnnxNodes graph = new OnnxNodes("decode");
    graph.input(ExportFormat.LATENT, DataType.FLOAT, "rows", "latent");
    graph.output(ExportFormat.ALL_SCORES, DataType.FLOAT, "rows", "catalogue");
    Map<String, NodeProto> makers = new LinkedHashMap<>();
    nodes.forEach(node -> node.getOutputList().forEach(output -> makers.put(output, node)));
    Set<String> needed = new HashSet<>(); // nodes by their first outputs
    Set<String> stored = new HashSet<>();
    Deque<String> wanted = new ArrayDeque<>(List.of(ExportFormat.ALL_SCORES));
    while (!wanted.isEmpty()) {
      String tensor = wanted.pop();
      NodeProto maker = makers.get(tensor);
      if (weights.containsKey(tensor)) {
        stored.add(tensor);
      } else if (!tensor.equals(ExportFormat.LATENT)) {
        if (maker == null) {
          throw new IllegalArgumentException("nothing gives " + tensor + ", which decodes");
        }
        if (needed.add(maker.getOutput(0))) {
          wanted.addAll(maker.getInputList());
        }
      }
    }
    GraphProto.Builder decoder = graph.build().toBuilder();
    nodes.stream().filter(node -> needed.contains(node.getOutput(0))).forEach(decoder::addNode);
    stored.forEach(name -> decoder.addInitializer(weights.get(name)));
    return model(decoder);
  }

  /**
   * From indices, {@link ExportFormat#ITEMS} [asked] and {@link #OTHERS} [others], to the cosines
   * between their vectors, {@link ExportFormat#SCORES} [asked, others], 0 where a vector is all
   * zeros.
   */
  ModelProto comparison(ItemKernel kernel) {
    OnnxNodes graph = new OnnxNodes("compare");
    graph.input(OTHERS, DataType.INT64, "others");
    return comparison(graph, kernel, gathering(graph, OTHERS));
  }

  /** The same of the items that have indices {@link #FROM} [1] … {@link #TO} [1] less one. */
  ModelProto comparisonWithRange(ItemKernel kernel) {
    OnnxNodes graph = new OnnxNodes("compare_range");
    graph.input(FROM, DataType.INT64, "1");
    graph.input(TO, DataType.INT64, "1");
    return comparison(
        graph, kernel, (tensor, axis) -> graph.node("Slice", tensor, FROM, TO, graph.vector(axis)));
  }

  /** Takes some items of a tensor that has all along an axis. */
  private interface Selection {
    String of(String tensor, int axis);
  }

  private static Selection gathering(OnnxNodes graph, String items) {
    return (tensor, axis) -> graph.node("Gather", OnnxNodes.axis(axis), tensor, items);
  }

  private ModelProto comparison(OnnxNodes graph, ItemKernel kernel, Selection selection) {
    graph.input(ExportFormat.ITEMS, DataType.INT64, "asked");
    graph.output(ExportFormat.SCORES, DataType.FLOAT, "asked", "others");
    TensorProto weight = weight(kernel);
    String asked = vectors(graph, kernel, weight, gathering(graph, ExportFormat.ITEMS));
    String others = vectors(graph, kernel, weight, selection);
    String products =
        graph.node(
            "Gemm", OnnxNodes.integer(kernel.inRows() ? "transB" : "transA", 1), asked, others);
    String lengths =
        graph.node(
            "Mul",
            graph.node("Unsqueeze", lengths(graph, kernel, asked), graph.vector(1)),
            lengths(graph, kernel, others));
    graph.node(
        "",
        "Div",
        List.of(),
        List.of(products, graph.node("Max", lengths, graph.scalar(Float.MIN_NORMAL))),
        List.of(ExportFormat.SCORES));
    GraphProto.Builder comparison = graph.build().toBuilder().addInitializer(weight);
    TensorProto scales = weights.get(OnnxLayers.scaleName(kernel.name()));
    if (scales != null) {
      comparison.addInitializer(scales);
    }
    return model(comparison);
  }

  private TensorProto weight(ItemKernel kernel) {
    TensorProto weight = weights.get(OnnxLayers.tensorName(kernel.name()));
    if (weight == null) {
      throw new IllegalArgumentException("there is no weight " + kernel.name());
    }
    return weight;
  }

  /** How many entries the items' vectors have. */
  int vectorWidth(ItemKernel kernel) {
    TensorProto weight = weight(kernel);
    return Math.toIntExact(weight.getDims(kernel.inRows() ? 1 : 0));
  }

  /** The vectors of some items as float32, in rows or columns as the kernel has them. */
  private static String vectors(
      OnnxNodes graph, ItemKernel kernel, TensorProto weight, Selection selection) {
    String some = selection.of(weight.getName(), kernel.inRows() ? 0 : 1);
    if (weight.getDataType() == DataType.FLOAT_VALUE) {
      return some;
    } else if (weight.getDataType() == DataType.FLOAT16_VALUE) {
      return graph.cast(some, DataType.FLOAT);
    }
    String scales = OnnxLayers.scaleName(kernel.name());
    return graph.node(
        "DequantizeLinear",
        OnnxNodes.axis(1),
        some,
        kernel.inRows() ? scales : selection.of(scales, 0));
  }

  private static String lengths(OnnxNodes graph, ItemKernel kernel, String vectors) {
    return graph.node(
        "ReduceL2",
        List.of(
            OnnxNodes.integers("axes", kernel.inRows() ? 1 : 0), OnnxNodes.integer("keepdims", 0)),
        vectors);
  }

  private ModelProto model(GraphProto.Builder graph) {
    return head.clone().setGraph(graph).build();
  }

  /**
   * Loads a part, which answers on the thread that asks: others answer recommendations meanwhile.
   *
   * @return to be closed; the file may go
   */
  OrtSession open(OrtEnvironment environment, ModelProto part) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.addConfigEntry(
          "session.model_external_initializers_file_folder_path", file.getParent().toString());
      // Both would copy weights, and an arena would keep what one request took.
      options.addConfigEntry("session.disable_prepacking", "1");
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.setCPUArenaAllocator(false);
      options.setIntraOpNumThreads(1);
      return environment.createSession(part.toByteArray(), options);
    }
  }
}
