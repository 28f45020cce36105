package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.model.TensorFlowLayers.ItemKernel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The layers as a graph of ONNX, whose tensors are known by their names. The rows of a kernel that
 * a history needs are gathered, weighted and added up, so that one request does not read the whole
 * kernel; a batch takes batch × length × width floats for it.
 *
 * <p>Needs opset 13, the first with axes as inputs, which every runtime since 2021 knows. A model
 * with {@link #sparseSum} or {@link #lowRankSum} needs 16, the first in which scattered values that
 * fall on one place are added up.
 */
final class OnnxLayers implements Layers<String> {
  private static final int OPSET = 13;
  private static final int OPSET_OF_ADDING = 16;

  private final OnnxNodes nodes;
  private final ModelSnapshot model;
  private final ExportedWeights form;
  private final Histories histories;
  private final String prefix; // of the names of the model's weights
  private final Graph graph;

  /** What all layers of one graph have in common. */
  private static final class Graph {
    final Set<String> stored = new HashSet<>();
    int opset = OPSET;
    int floatsPerPlace;
    ItemKernel itemKernel;

    void itemKernel(String name, boolean inRows) {
      itemKernel = itemKernel == null ? new ItemKernel(name, inRows) : itemKernel;
    }
  }

  /**
   * Histories as rows of one length.
   *
   * @param items indices [users, length], −1 where there is none
   * @param ones 1 at each place that counts, else 0 [users, length]
   * @param unit the ones divided by the norm of their row [users, length]
   */
  record Histories(String items, String ones, String unit) {}

  OnnxLayers(OnnxNodes nodes, ModelSnapshot model, ExportedWeights form, Histories histories) {
    this(nodes, model, form, histories, "", new Graph());
  }

  private OnnxLayers(
      OnnxNodes nodes,
      ModelSnapshot model,
      ExportedWeights form,
      Histories histories,
      String prefix,
      Graph graph) {
    this.nodes = nodes;
    this.model = model;
    this.form = form;
    this.histories = histories;
    this.prefix = prefix;
    this.graph = graph;
  }

  @Override
  public OnnxLayers within(String inner) {
    return new OnnxLayers(nodes, model, form, histories, prefix + inner, graph);
  }

  private Weight weight(String name) {
    return model.weight(prefix + name);
  }

  /** The set of operators that the layers so far need. */
  int opset() {
    return graph.opset;
  }

  /** Floats that the layers so far hold for each place of a history. */
  int floatsPerPlace() {
    return graph.floatsPerPlace;
  }

  /** The kernel that has the items' embeddings, as {@link TensorFlowLayers#itemKernel} has it. */
  Optional<ItemKernel> itemKernel() {
    return Optional.ofNullable(graph.itemKernel);
  }

  @Override
  public int items() {
    return model.items().size();
  }

  @Override
  public String history(String name, int width) {
    return nodes.node("Add", gatheredSum(name + "/kernel", histories.unit()), bias(name));
  }

  @Override
  public String sum(String name, int width) {
    if (width == items()) {
      graph.itemKernel(prefix + name + "/kernel", false);
    }
    return gatheredSum(name + "/kernel", histories.ones());
  }

  /** The weighted sum [users, width] of a matrix's rows that belong to the histories. */
  private String gatheredSum(String matrix, String weights) {
    return weightedRows(gathered(matrix), weights); // [users, length, width]
  }

  @Override
  public String sparseSum(String name, int entries) {
    graph.opset = Math.max(graph.opset, OPSET_OF_ADDING);
    graph.floatsPerPlace = Math.max(graph.floatsPerPlace, longest(weight(name + "/lengths")));
    // One for each row of the kernel.
    String lengths = nodes.cast(wholeNumbers(name + "/lengths"), DataType.INT64);
    String starts = nodes.node("Sub", nodes.node("CumSum", lengths, nodes.scalar(0)), lengths);
    // One for each place of the histories, all users' one after another; one that does not count
    // has no entries.
    String flat = nodes.vector(-1);
    String places = nodes.node("Reshape", places(), flat);
    String counted = nodes.node("Reshape", nodes.cast(histories.ones(), DataType.INT64), flat);
    String sizes = nodes.node("Mul", gather(lengths, places), counted);
    String ends = nodes.node("CumSum", sizes, nodes.scalar(0));
    String begins = nodes.node("Sub", ends, sizes);
    // One for each entry: the place that it belongs to is the last one that begins at it or before.
    String total = nodes.node("ReduceSum", sizes, nodes.vector(0)); // [1]
    String marks =
        nodes.node(
            "ScatterElements",
            List.of(OnnxNodes.axis(0), OnnxNodes.text("reduction", "add")),
            nodes.node("Expand", nodes.scalar(0), nodes.node("Add", total, nodes.scalar(1))),
            begins,
            nodes.node("Expand", nodes.scalar(1), nodes.node("Shape", begins)));
    String begun = nodes.node("CumSum", marks, nodes.scalar(0));
    String owners =
        nodes.node(
            "Sub",
            nodes.node("Slice", begun, nodes.vector(0), total, nodes.vector(0)),
            nodes.scalar(1));
    String shifts = nodes.node("Sub", gather(starts, places), begins);
    String kept =
        nodes.node(
            "Add",
            nodes.node("Range", nodes.scalar(0), nodes.node("Squeeze", total), nodes.scalar(1)),
            gather(shifts, owners));
    String columns = nodes.cast(gather(wholeNumbers(name + "/items"), kept), DataType.INT64);
    String users = nodes.node("Div", owners, nodes.size(histories.items(), 1));
    String targets = nodes.node("Add", nodes.node("Mul", users, nodes.scalar(items())), columns);
    String cells =
        nodes.node("Mul", nodes.size(histories.items(), 0), nodes.vector(items())); // [1]
    String summed =
        nodes.node(
            "ScatterElements",
            List.of(OnnxNodes.axis(0), OnnxNodes.text("reduction", "add")),
            nodes.node("Expand", nodes.scalar(0f), cells),
            targets,
            gather(vector(name + "/weights"), kept));
    return nodes.node("Reshape", summed, usersByItems());
  }

  private String gather(String tensor, String places) {
    return nodes.node("Gather", OnnxNodes.axis(0), tensor, places);
  }

  @Override
  public String foldIn(
      String name, int width, double alpha, double lambda, double exponent, int steps) {
    String kernel = name + "/kernel";
    String rows = // [users, length, width], zeros for padding
        nodes.node(
            "Mul", gathered(kernel), nodes.node("Unsqueeze", histories.ones(), nodes.vector(2)));
    graph.floatsPerPlace = Math.max(graph.floatsPerPlace, 3 * width); // gathered, masked, squared
    String counts = nodes.node("ReduceSum", histories.ones(), nodes.vector(1));
    String penalty =
        nodes.node(
            "Mul",
            nodes.node("Pow", counts, nodes.scalar((float) exponent)),
            nodes.scalar((float) lambda));
    String diagonal = nodes.node("Add", penalty, vector(name + "/gram")); // [users, width]
    String factor = nodes.scalar((float) alpha);
    String least = nodes.scalar(Float.MIN_NORMAL); // no division by 0
    String squares =
        nodes.node(
            "ReduceSum",
            OnnxNodes.integer("keepdims", 0),
            nodes.node("Mul", rows, rows),
            nodes.vector(1));
    String preconditioner =
        nodes.node(
            "Reciprocal",
            nodes.node(
                "Max", nodes.node("Add", diagonal, nodes.node("Mul", factor, squares)), least));
    String residual =
        weightedRows(rows, nodes.node("Mul", histories.ones(), nodes.scalar((float) (1 + alpha))));
    String preconditioned = nodes.node("Mul", preconditioner, residual);
    String direction = preconditioned;
    String square = rowProducts(residual, preconditioned); // [users, 1]
    String solution = null;
    for (int step = 1; ; step++) {
      String products = // [users, length]
          nodes.node(
              "Squeeze",
              nodes.node("MatMul", rows, nodes.node("Unsqueeze", direction, nodes.vector(2))),
              nodes.vector(2));
      String image =
          nodes.node(
              "Add",
              nodes.node("Mul", diagonal, direction),
              weightedRows(rows, nodes.node("Mul", products, factor)));
      String length =
          nodes.node("Div", square, nodes.node("Max", rowProducts(direction, image), least));
      String change = nodes.node("Mul", length, direction);
      solution = solution == null ? change : nodes.node("Add", solution, change);
      if (step == steps) {
        return solution;
      }
      residual = nodes.node("Sub", residual, nodes.node("Mul", length, image));
      preconditioned = nodes.node("Mul", preconditioner, residual);
      String nextSquare = rowProducts(residual, preconditioned);
      String kept = nodes.node("Div", nextSquare, nodes.node("Max", square, least));
      direction = nodes.node("Add", preconditioned, nodes.node("Mul", kept, direction));
      square = nextSquare;
    }
  }

  /** The sum [users, width] of rows [users, length, width] with weights [users, length]. */
  private String weightedRows(String rows, String weights) {
    String summed = nodes.node("MatMul", nodes.node("Unsqueeze", weights, nodes.vector(1)), rows);
    return nodes.node("Squeeze", summed, nodes.vector(1));
  }

  private String rowProducts(String a, String b) {
    return nodes.node("ReduceSum", nodes.node("Mul", a, b), nodes.vector(1));
  }

  @Override
  public String tied(String name, String input) {
    graph.itemKernel(prefix + name + "/kernel", true);
    return timesTransposed(input, name + "/kernel");
  }

  private String timesTransposed(String input, String matrix) {
    return nodes.node("Gemm", OnnxNodes.integer("transB", 1), input, whole(matrix));
  }

  @Override
  public String lowRankSum(String name, int rank) {
    graph.opset = Math.max(graph.opset, OPSET_OF_ADDING);
    String directions = name + TensorFlowLayers.DIRECTIONS; // at unit length in the snapshot
    graph.itemKernel(prefix + directions, true);
    String scores = timesTransposed(gatheredSum(directions, histories.ones()), directions);
    // Padding and duplicates take nothing away.
    return nodes.node(
        "ScatterElements",
        List.of(OnnxNodes.axis(1), OnnxNodes.text("reduction", "add")),
        scores,
        places(),
        nodes.node("Neg", histories.ones()));
  }

  @Override
  public String constantScores(String name) {
    return nodes.node("Expand", vector(name), usersByItems());
  }

  /** The shape [users, items]. */
  private String usersByItems() {
    return nodes.node(
        "Concat", OnnxNodes.axis(0), nodes.size(histories.items(), 0), nodes.vector(items()));
  }

  @Override
  public String items(String name, String input) {
    graph.itemKernel(prefix + name + "/kernel", false);
    return dense(name, input, items());
  }

  @Override
  public String dense(String name, String input, int width) {
    return nodes.node("Add", nodes.node("MatMul", input, whole(name + "/kernel")), bias(name));
  }

  private String bias(String name) {
    return vector(name + "/bias");
  }

  @Override
  public String layerNorm(String name, String input, float epsilon) {
    String centred = centred(input);
    String deviation =
        nodes.node("Sqrt", nodes.node("Add", variance(centred), nodes.scalar(epsilon)));
    String normalised = nodes.node("Div", centred, deviation);
    return nodes.node(
        "Add", nodes.node("Mul", normalised, vector(name + "/scale")), vector(name + "/shift"));
  }

  @Override
  public String standardise(String input) {
    String mean = rowMean(input);
    String centred = nodes.node("Sub", input, mean);
    String variance = variance(centred);
    // As in TensorFlow: what rounding makes of a row of equal entries is no variance.
    String least =
        nodes.node(
            "Mul",
            nodes.node("Mul", mean, mean),
            nodes.scalar(TensorFlowLayers.SMALLEST_VARIATION));
    String deviation =
        nodes.node("Sqrt", nodes.node("Max", variance, nodes.scalar(Float.MIN_NORMAL)));
    String factor =
        nodes.node(
            "Where",
            nodes.node("Greater", variance, least),
            nodes.node("Div", nodes.scalar(1f), deviation),
            nodes.scalar(0f));
    return nodes.node("Mul", centred, factor);
  }

  private String centred(String input) {
    return nodes.node("Sub", input, rowMean(input));
  }

  /** The variance [users, 1] of rows whose mean is 0. */
  private String variance(String centred) {
    return rowMean(nodes.node("Mul", centred, centred));
  }

  private String rowMean(String input) {
    return nodes.node("ReduceMean", OnnxNodes.integers("axes", 1), input);
  }

  @Override
  public String tanh(String input) {
    return nodes.node("Tanh", input);
  }

  @Override
  public String sigmoid(String input) {
    return nodes.node("Sigmoid", input);
  }

  @Override
  public String add(String a, String b) {
    return nodes.node("Add", a, b);
  }

  @Override
  public String multiply(String a, String b) {
    return nodes.node("Mul", a, b);
  }

  @Override
  public String scale(String input, float factor) {
    return nodes.node("Mul", input, nodes.scalar(factor));
  }

  @Override
  public String concatenate(String a, String b) {
    return nodes.node("Concat", OnnxNodes.axis(1), a, b);
  }

  @Override
  public String slice(String input, int from, int width) {
    return nodes.node(
        "Slice", input, nodes.vector(from), nodes.vector(from + (long) width), nodes.vector(1));
  }

  /** A whole matrix as float32. */
  private String whole(String name) {
    String tensor = matrix(name);
    return switch (form) {
      case FLOAT32 -> tensor;
      case FLOAT16 -> nodes.cast(tensor, DataType.FLOAT);
      case INT8 ->
          nodes.node("DequantizeLinear", OnnxNodes.axis(1), tensor, scaleName(prefix + name));
    };
  }

  /** A matrix's rows that belong to the histories, as float32 [users, length, columns]. */
  private String gathered(String name) {
    graph.floatsPerPlace = Math.max(graph.floatsPerPlace, columns(weight(name)));
    String rows = nodes.node("Gather", OnnxNodes.axis(0), matrix(name), places());
    return switch (form) {
      case FLOAT32 -> rows;
      case FLOAT16 -> nodes.cast(rows, DataType.FLOAT);
      case INT8 ->
          nodes.node("DequantizeLinear", OnnxNodes.axis(2), rows, scaleName(prefix + name));
    };
  }

  /** How many bytes an export holds for a weight, of those that a model has for its layers. */
  static long bytes(String name, List<Long> shape, ExportedWeights form) {
    long size = 1;
    for (long dimension : shape) {
      size = Math.multiplyExact(size, dimension);
    }
    if (!ExportedWeights.concerns(shape)) {
      return Math.multiplyExact(size, (long) Float.BYTES);
    }
    return switch (form) {
      case FLOAT32 -> Math.multiplyExact(size, (long) Float.BYTES);
      case FLOAT16 -> Math.multiplyExact(size, (long) Short.BYTES);
      case INT8 -> size + Float.BYTES * shape.get(1);
    };
  }

  /** Weights that are whole numbers. */
  private String wholeNumbers(String name) {
    if (graph.stored.add(prefix + name)) {
      Weight weight = weight(name);
      nodes.ints(tensorName(prefix + name), weight.values(), shape(weight));
    }
    return tensorName(prefix + name);
  }

  private static int longest(Weight lengths) {
    float longest = 0;
    for (float length : lengths.values()) {
      longest = Math.max(longest, length);
    }
    return (int) longest;
  }

  /** Places of rows: padding reads the first one, which then counts for nothing. */
  private String places() {
    return nodes.node("Max", histories.items(), nodes.scalar(0));
  }

  private String vector(String name) {
    if (graph.stored.add(prefix + name)) {
      Weight weight = weight(name);
      nodes.floats(tensorName(prefix + name), weight.values(), shape(weight));
    }
    return tensorName(prefix + name);
  }

  private String matrix(String name) {
    if (graph.stored.add(prefix + name)) {
      Weight weight = weight(name);
      switch (form) {
        case FLOAT32 -> nodes.floats(tensorName(prefix + name), weight.values(), shape(weight));
        case FLOAT16 -> nodes.halves(tensorName(prefix + name), weight.values(), shape(weight));
        case INT8 -> {
          float[] scales = scales(weight);
          nodes.floats(scaleName(prefix + name), scales, scales.length);
          nodes.bytes(tensorName(prefix + name), weight.values(), scales, shape(weight));
        }
      }
    }
    return tensorName(prefix + name);
  }

  /** No input, output or node begins like this. */
  static String tensorName(String weight) {
    return "weights/" + weight;
  }

  /** Of a weight of whole numbers what they are multiplied by. */
  static String scaleName(String weight) {
    return "scales/" + weight;
  }

  private static long[] shape(Weight weight) {
    return weight.shape().stream().mapToLong(Long::longValue).toArray();
  }

  private static int columns(Weight matrix) {
    return matrix.shape().get(1).intValue();
  }

  /** Of each column the factor that makes its largest weight 127. */
  private static float[] scales(Weight matrix) {
    float[] scales = new float[columns(matrix)];
    for (int place = 0; place < matrix.values().length; place++) {
      int column = place % scales.length;
      scales[column] = Math.max(scales[column], Math.abs(matrix.values()[place]) / 127);
    }
    for (int column = 0; column < scales.length; column++) {
      // A column of zeros: any factor does, but runtimes want one above 0.
      scales[column] = scales[column] == 0 ? 1 : scales[column];
    }
    return scales;
  }
}
