package io.github.vaecf.cli; // that of the floor

import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedModel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * How long one user's ranking takes, from an export, beside the time in which the weights that it
 * needs are read from memory; see measure-blend.sh.
 */
public final class OneUser {
  private static final int RUNS = 1000;
  private static final int WARM_UP = 300;

  /** Operations that read of a weight what is asked for. */
  private static final Set<String> BY_ITEM =
      Set.of("GatherV2", "ResourceGather", "SparseTensorDenseMatMul");

  private OneUser() {}

  /** Arguments: the version's folder, items in a history, length of the ranking. */
  public static void main(String[] arguments) {
    Path version = Path.of(arguments[0]);
    int told = Integer.parseInt(arguments[1]);
    int length = Integer.parseInt(arguments[2]);
    double[] millis = new double[RUNS];
    int items;
    try (ServedModel model = ServedModel.load(version)) {
      IdIndex ids = model.items();
      items = ids.size();
      Random random = new Random(1);
      for (int run = -WARM_UP; run < RUNS; run++) {
        List<String> history = new ArrayList<>();
        for (int item = 0; item < told; item++) {
          history.add(ids.id(random.nextInt(items)));
        }
        long start = System.nanoTime();
        model.recommend(history, length);
        if (run >= 0) {
          millis[run] = (System.nanoTime() - start) / 1e6;
        }
      }
    }
    Arrays.sort(millis);
    long bytes = bytesRead(version, items, told);
    double floor = MachineFloor.readMillis(bytes, Device.CPU);
    System.out.printf(
        Locale.ROOT,
        "one user of %d items, top %d of %,d: p50 %.2f ms, p99 %.2f ms, floor %.2f ms (%.1f MB of"
            + " weights read once), ratio %.2f%n",
        told,
        length,
        items,
        millis[RUNS / 2],
        millis[RUNS * 99 / 100],
        floor,
        bytes / 1e6,
        millis[RUNS / 2] / floor);
  }

  /**
   * What the ranking of one user reads: of weights that are gathered, or multiplied by a sparse
   * history, the share of the items that the user has, of all others everything. Weights that
   * serving_default does not need are not counted.
   */
  private static long bytesRead(Path version, int items, int told) {
    try (SavedModelBundle bundle =
        SavedModelBundle.load(version.toString(), SavedModelBundle.DEFAULT_TAG)) {
      MetaGraphDef meta = bundle.metaGraphDef();
      Map<String, NodeDef> nodes = new HashMap<>();
      meta.getGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
      Deque<String> open = new ArrayDeque<>();
      meta.getSignatureDefOrThrow("serving_default")
          .getOutputsMap()
          .values()
          .forEach(output -> open.add(node(output.getName())));
      Set<String> needed = new HashSet<>();
      Set<String> readWhole = new HashSet<>();
      while (!open.isEmpty()) {
        String name = open.remove();
        if (!needed.add(name)) {
          continue;
        }
        NodeDef node = nodes.get(name);
        boolean byItem = BY_ITEM.contains(node.getOp());
        for (String input : node.getInputList()) {
          String source = node(input);
          open.add(source);
          NodeDef read = nodes.get(source);
          if (!byItem && read.getOp().equals("ReadVariableOp")) {
            readWhole.add(node(read.getInput(0)));
          }
        }
      }
      long bytes = 0;
      for (String name : needed) {
        NodeDef node = nodes.get(name);
        if (node.getOp().equals("VarHandleOp")) {
          long size = Float.BYTES;
          for (TensorShapeProto.Dim dimension :
              node.getAttrOrThrow("shape").getShape().getDimList()) {
            size *= dimension.getSize();
          }
          long read = readWhole.contains(name) ? size : size * told / items;
          System.err.printf(Locale.ROOT, "  %-50s %,13d of %,13d bytes%n", name, read, size);
          bytes += read;
        }
      }
      return bytes;
    }
  }

  /** The node that an input of another, or of a signature, comes from. */
  private static String node(String input) {
    String name = input.startsWith("^") ? input.substring(1) : input;
    int port = name.indexOf(':');
    return port < 0 ? name : name.substring(0, port);
  }
}
