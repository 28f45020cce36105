package io.github.vaecf.cli; // that of the floor

import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * How long one user's ranking takes, from an export, beside the time in which the weights that it
 * needs are read from memory; see measure-blend.sh.
 */
public final class OneUser {
  private static final int RUNS = 1000;
  private static final int WARM_UP = 300;

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
    double floor = MachineFloor.streamMillis(bytes);
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
   * Of a matrix with a row for each item a user needs the rows of their own, of any other weight
   * all. Norms are for similar items only.
   */
  private static long bytesRead(Path version, int items, int told) {
    long bytes = 0;
    try (SavedModelBundle bundle =
        SavedModelBundle.load(version.toString(), SavedModelBundle.DEFAULT_TAG)) {
      for (NodeDef node : bundle.metaGraphDef().getGraphDef().getNodeList()) {
        if (!node.getOp().equals("VarHandleOp") || node.getName().startsWith("weight_similar_")) {
          continue;
        }
        TensorShapeProto shape = node.getAttrOrThrow("shape").getShape();
        long size = Float.BYTES;
        for (TensorShapeProto.Dim dimension : shape.getDimList()) {
          size *= dimension.getSize();
        }
        boolean byItem = shape.getDimCount() == 2 && shape.getDim(0).getSize() == items;
        bytes += byItem ? size / items * told : size;
      }
    }
    return bytes;
  }
}
