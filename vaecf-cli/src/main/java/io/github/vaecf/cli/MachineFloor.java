package io.github.vaecf.cli;

import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.TrainingSettings.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/**
 * What this machine needs at least for the work of a model: the matrix products that touch all
 * items, by themselves, and the memory traffic, by itself. A step, a batch of scores or a
 * recommendation cannot be faster than its floor; how far above it they are is what a benchmark
 * should say.
 *
 * <p>Everything is measured when asked, on all cores or on the GPU, and the median of several runs
 * is given. The machine should do nothing else meanwhile.
 */
final class MachineFloor {
  private static final int RUNS = 9;
  private static final int BYTES_PER_FLOAT = 4;

  /**
   * Numbers that an Adam update must move for each weight: it reads weight, gradient and both
   * moments and writes weight and moments.
   */
  private static final int ADAM_TRAFFIC = 7;

  private MachineFloor() {}

  /**
   * The time of the three products of a training step that touch all items: hidden · kernel,
   * hiddenᵀ · error, error · kernelᵀ.
   *
   * @param batch users, at least 1
   * @param width width of the decoder's last hidden layer, at least 1
   * @param items number of items, at least 1
   * @param device where the model is
   * @return milliseconds, the sum of the three
   */
  static double trainingProductsMillis(int batch, int width, int items, Device device) {
    try (OnDevice work = new OnDevice(device)) {
      Products products = new Products(work, batch, width, items);
      return work.median(products.forward)
          + work.median(products.kernelGradient)
          + work.median(products.hiddenGradient);
    }
  }

  /**
   * The time of the one product of scoring that touches all items: hidden · kernel.
   *
   * @param batch users, at least 1
   * @param width width of the decoder's last hidden layer, at least 1
   * @param items number of items, at least 1
   * @param device where the model is
   * @return milliseconds
   */
  static double scoringProductMillis(int batch, int width, int items, Device device) {
    try (OnDevice work = new OnDevice(device)) {
      return work.median(new Products(work, batch, width, items).forward);
    }
  }

  /**
   * The time in which a copy moves as many bytes as an Adam update of so many weights must.
   *
   * @param weights number of weights, at least 1
   * @param device where the weights are
   * @return milliseconds
   */
  static double adamMillis(long weights, Device device) {
    long bytes = Math.multiplyExact(weights, (long) ADAM_TRAFFIC * BYTES_PER_FLOAT);
    if (device == Device.GPU) {
      return gpuMovesMillis(bytes);
    }
    // A copy of n bytes moves 2 n. A block far larger than the caches stands for the rest.
    int block = (int) Math.min(1 << 26, Math.max(1 << 16, bytes / 2 / BYTES_PER_FLOAT));
    float[] source = new float[block];
    float[] target = new float[block];
    int parts = cores();
    double millis =
        median(
            () ->
                parallel(
                    parts,
                    part -> {
                      int from = (int) ((long) block * part / parts);
                      int to = (int) ((long) block * (part + 1) / parts);
                      System.arraycopy(source, from, target, from, to - from);
                    }));
    return millis * bytes / (2.0 * BYTES_PER_FLOAT * block);
  }

  /** The time in which a GPU moves so many bytes of its own memory. */
  private static double gpuMovesMillis(long bytes) {
    try (OnDevice work = new OnDevice(Device.GPU)) {
      int block = 1 << 28;
      Operand<TFloat32> copy = work.tf.math.neg(work.matrix("copied", block / 1024, 1024));
      return work.median(copy) * bytes / (2.0 * BYTES_PER_FLOAT * block);
    }
  }

  /**
   * The time in which so many bytes are read once, in order, on all cores, where they were read
   * just before: caches hold of them what they can, as they do of weights between two answers.
   *
   * @param bytes at least 4
   * @param device where the bytes are
   * @return milliseconds
   */
  static double readMillis(long bytes, Device device) {
    if (device == Device.GPU) {
      return gpuMovesMillis(bytes);
    }
    int block = (int) Math.min(1 << 28, bytes / Integer.BYTES);
    int passes = Math.max(1, (1 << 26) / block); // for the clock, and for the compiler
    int[] source = new int[block];
    Arrays.fill(source, 3);
    int parts = cores();
    int[] sums = new int[parts];
    double millis =
        median(
            () -> {
              for (int pass = 0; pass < passes; pass++) {
                parallel(
                    parts,
                    part -> {
                      int from = (int) ((long) block * part / parts);
                      int to = (int) ((long) block * (part + 1) / parts);
                      int sum = 0;
                      for (int i = from; i < to; i++) {
                        sum += source[i];
                      }
                      sums[part] = sum;
                    });
              }
            });
    if (Arrays.stream(sums).sum() != 3 * block) {
      throw new IllegalStateException("the memory was not read");
    }
    return millis / passes * bytes / ((double) Integer.BYTES * block);
  }

  private static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  private interface Part {
    void run(int part);
  }

  private static void parallel(int parts, Part work) {
    List<ForkJoinTask<?>> tasks = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      int one = part;
      tasks.add(ForkJoinPool.commonPool().submit(() -> work.run(one)));
    }
    tasks.forEach(ForkJoinTask::join);
  }

  private static double median(Runnable work) {
    double[] millis = new double[RUNS];
    for (int run = -2; run < RUNS; run++) { // two runs to warm up
      long start = System.nanoTime();
      work.run();
      if (run >= 0) {
        millis[run] = (System.nanoTime() - start) / 1e6;
      }
    }
    Arrays.sort(millis);
    return millis[RUNS / 2];
  }

  /** Operations over random matrices that lie ready in the memory of a device. */
  private static final class OnDevice implements AutoCloseable {
    private final Graph graph = new Graph();
    final Ops tf = Ops.create(graph);
    private final Session session;

    OnDevice(Device device) {
      ConfigProto.Builder config = ConfigProto.newBuilder();
      if (device == Device.CPU) {
        config.putDeviceCount("GPU", 0);
      }
      TensorFlowRuntime.prepareSession(config.build());
      session = new Session(graph, config.build());
    }

    Operand<TFloat32> matrix(String name, int rows, int columns) {
      VarHandleOp handle =
          tf.varHandleOp(
              TFloat32.class, Shape.of(rows, columns), VarHandleOp.sharedName("floor/" + name));
      session
          .runner()
          .addTarget(
              tf.assignVariableOp(
                  handle,
                  tf.random.statelessRandomNormal(
                      tf.constant(new int[] {rows, columns}),
                      tf.constant(new long[] {1, rows}),
                      TFloat32.class)))
          .run()
          .close();
      return tf.readVariableOp(handle, TFloat32.class);
    }

    /** Of an operation that gives a matrix; one number of it is fetched, so that it is awaited. */
    double median(Operand<TFloat32> operation) {
      Operand<TFloat32> number =
          tf.slice(operation, tf.constant(new int[] {0, 0}), tf.constant(new int[] {1, 1}));
      return MachineFloor.median(() -> session.runner().fetch(number).run().close());
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  /** The three products of a step that touch all items. */
  private static final class Products {
    final Operand<TFloat32> forward;
    final Operand<TFloat32> kernelGradient;
    final Operand<TFloat32> hiddenGradient;

    Products(OnDevice work, int batch, int width, int items) {
      Operand<TFloat32> hidden = work.matrix("hidden", batch, width);
      Operand<TFloat32> kernel = work.matrix("kernel", width, items);
      Operand<TFloat32> error = work.matrix("error", batch, items);
      forward = work.tf.linalg.matMul(hidden, kernel);
      kernelGradient = work.tf.linalg.matMul(hidden, error, MatMul.transposeA(true));
      hiddenGradient = work.tf.linalg.matMul(error, kernel, MatMul.transposeB(true));
    }
  }
}
