package io.github.vaecf.core.model;

import com.sun.management.OperatingSystemMXBean;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.linalg.TriangularSolve;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;
import org.tensorflow.types.TFloat32;

/**
 * EASE, the linear autoencoder with a closed form: with P = (XᵀX + λI)⁻¹ the item weights are B = I
 * − P · diag(P)⁻¹, whose diagonal is 0, and a user's scores are x · B.
 *
 * <p>Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, algorithm 1. The inverse
 * goes through the Cholesky factor, with TensorFlow's operations in float32.
 *
 * <p>Takes 16 bytes × items² while it is computed (6.5 GB for 20,000 items) and 4 bytes × items²
 * afterwards, outside the Java heap.
 */
public final class Ease implements ClosedFormModel {
  /** The factor λ of the penalty on the weights. */
  public static final Setting<Double> LAMBDA =
      Setting.number(
          "lambda",
          Setting.Range.above(0),
          200,
          "Factor of the penalty on the item weights; 20 to 1000 is usual, more for more users.");

  private static final String WEIGHTS = "weights";
  private static final long BYTES_PER_PAIR = 4L * Float.BYTES;

  /** For {@link java.util.ServiceLoader}. */
  public Ease() {}

  @Override
  public String name() {
    return "ease";
  }

  @Override
  public String title() {
    return "EASE";
  }

  @Override
  public String summary() {
    return "linear autoencoder in closed form (Steck, WWW 2019)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings = new ArrayList<>(List.of(LAMBDA));
    settings.addAll(TrainingSettings.ofRuntime());
    return settings;
  }

  @Override
  public <T> T scores(Settings settings, Layers<T> layers) {
    return layers.sum(WEIGHTS, layers.items());
  }

  @Override
  public Map<String, TFloat32> fit(CsrMatrix train, Settings settings) {
    requireMemory(train.columns(), machineMemory());
    ConfigProto config = sessionConfig(settings);
    TensorFlowRuntime.prepareSession(config);
    int items = train.columns();
    try (Graph graph = new Graph();
        Session session = new Session(graph, config);
        TFloat32 gram = gram(train, settings.get(LAMBDA))) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> regularized = tf.placeholder(TFloat32.class);
      Operand<TFloat32> factor = tf.linalg.cholesky(regularized);
      Operand<TFloat32> identity =
          tf.linalg.matrixDiag(
              tf.fill(tf.constant(new int[] {items}), tf.constant(1f)),
              tf.constant(0),
              tf.constant(items),
              tf.constant(items),
              tf.constant(0f));
      Operand<TFloat32> inverseFactor =
          tf.linalg.triangularSolve(factor, identity, TriangularSolve.lower(true));
      Operand<TFloat32> inverse =
          tf.linalg.matMul(inverseFactor, inverseFactor, MatMul.transposeA(true));
      Operand<TFloat32> diagonal =
          tf.linalg.matrixDiagPart(inverse, tf.constant(0), tf.constant(0f));
      Operand<TFloat32> divided = tf.math.neg(tf.math.div(inverse, diagonal));
      Operand<TFloat32> itemWeights =
          tf.linalg.matrixSetDiag(divided, tf.zerosLike(diagonal), tf.constant(0));
      Result result = session.runner().feed(regularized, gram).fetch(itemWeights).run();
      // The result owns the tensor; nothing else is in it, so it need not be closed as well.
      return Map.of(WEIGHTS + "/kernel", (TFloat32) result.get(0));
    }
  }

  private static ConfigProto sessionConfig(Settings settings) {
    ConfigProto.Builder config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(settings.get(TrainingSettings.THREADS))
            .setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true));
    if (settings.get(TrainingSettings.DEVICE) == TrainingSettings.Device.CPU) {
      config.putDeviceCount("GPU", 0);
    }
    return config.build();
  }

  /** XᵀX + λI, outside the Java heap. */
  private static TFloat32 gram(CsrMatrix train, double lambda) {
    int items = train.columns();
    TFloat32 gram = TFloat32.tensorOf(Shape.of(items, items));
    FloatDataBuffer values = gram.asRawTensor().data().asFloats();
    CoOccurrences.Rows rows = new CoOccurrences(train).rows();
    for (int item = 0; item < items; item++) {
      float[] row = rows.row(item);
      row[item] += (float) lambda;
      values.offset((long) item * items).write(row);
    }
    return gram;
  }

  static void requireMemory(int items, long available) {
    long needed = BYTES_PER_PAIR * items * items;
    if (needed > available) {
      throw new DataException(
          "EASE over "
              + items
              + " items needs "
              + needed / 1_000_000
              + " MB of memory, and this machine has "
              + available / 1_000_000
              + " MB: leave out rare items or take item-kNN");
    }
  }

  private static long machineMemory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
