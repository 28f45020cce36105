package io.github.vaecf.core.training;

import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.CsrMatrix;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The small parts of a step and of a ranking, for 500 users of ML-20M's shape: 20,108 items, 73
 * events a user. Beside each stands its floor, the copy of as many bytes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SmallPartsBenchmark {
  private static final int USERS = 500;
  private static final int ITEMS = 20_108;
  private static final int EVENTS = 73;
  private static final int K = 100;

  private CsrMatrix matrix;
  private int[] row;
  private long[] coordinates;
  private long[] copiedCoordinates;
  private TFloat32 scores;
  private float[] copiedScores;
  private Graph graph;
  private Session session;
  private Placeholder<TFloat32> input;
  private Operand<TInt32> topItems;

  @Setup(Level.Trial)
  public void prepare() {
    TensorFlowRuntime.prepare();
    SplittableRandom random = new SplittableRandom(1);
    matrix =
        CsrMatrix.of(
            USERS,
            ITEMS,
            consumer -> {
              SplittableRandom same = new SplittableRandom(2);
              for (int user = 0; user < USERS; user++) {
                for (int event = 0; event < EVENTS; event++) {
                  consumer.accept(user, same.nextInt(ITEMS));
                }
              }
            });
    row = new int[EVENTS];
    coordinates = new long[2 * Math.toIntExact(matrix.entries())];
    copiedCoordinates = new long[coordinates.length];
    float[] numbers = new float[USERS * ITEMS];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextDouble();
    }
    copiedScores = new float[numbers.length];
    scores = Batch.floats(Shape.of(USERS, ITEMS), numbers);
    graph = new Graph();
    Ops tf = Ops.create(graph);
    input = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(USERS, ITEMS)));
    topItems = tf.nn.topK(input, tf.constant(K), TInt32.class, TopK.sorted(true)).indices();
    session = new Session(graph);
  }

  @TearDown(Level.Trial)
  public void close() {
    session.close();
    graph.close();
    scores.close();
  }

  /** A batch from the matrix into tensor memory. */
  @Benchmark
  public long batch() {
    try (Batch batch = Batch.of(matrix, 0, USERS)) {
      return batch.users;
    }
  }

  /** Floor of {@link #batch}: its coordinates copied once. */
  @Benchmark
  public long batchFloor() {
    System.arraycopy(coordinates, 0, copiedCoordinates, 0, coordinates.length);
    return copiedCoordinates[0];
  }

  /** All rows copied out of the matrix. */
  @Benchmark
  public long rows() {
    long sum = 0;
    for (int user = 0; user < USERS; user++) {
      sum += matrix.copyRow(user, row, 0);
    }
    return sum;
  }

  /** All rows read through their views. */
  @Benchmark
  public long rowViews() {
    long sum = 0;
    for (int user = 0; user < USERS; user++) {
      var view = matrix.row(user);
      for (int i = 0; i < view.size(); i++) {
        sum += view.getInt(i);
      }
    }
    return sum;
  }

  /** The 100 largest of 20,108 scores of each user, by TensorFlow, on all cores. */
  @Benchmark
  public long topK() {
    try (Result result = session.runner().feed(input, scores).fetch(topItems).run()) {
      return result.get(0).shape().size();
    }
  }

  /** Floor of {@link #topK}: the scores read once, on one core. */
  @Benchmark
  public float topKFloor() {
    scores.asRawTensor().data().asFloats().read(copiedScores);
    return copiedScores[0];
  }
}
