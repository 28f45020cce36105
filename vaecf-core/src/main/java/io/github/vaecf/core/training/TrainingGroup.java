package io.github.vaecf.core.training;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_NewSession;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetConfig;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetTarget;

import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.DataException;
import java.io.Serial;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Result;
import org.tensorflow.Server;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ClusterDef;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.JobDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.proto.ServerDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * Processes that train one model together, on one machine or on several: each takes its part of
 * every batch, their gradients are summed by TensorFlow's collectives, and each makes the same
 * update, so that the weights of all stay equal. Each is given the same settings and the same data
 * ({@link Trainer.Builder#group}); batches, dropout and noise are those of a training by one
 * process, whose weights theirs are up to the order in which float32 gradients are added.
 *
 * <p>Of a process that belonged to a group in which something failed nothing is to be expected any
 * more: TensorFlow may still be waiting in it, or end it. It is to be ended ({@link Runtime#halt}),
 * and the training resumed by new processes from the last checkpoint. What a group took of memory
 * is given back when its process ends; so a process joins one group and is then done.
 *
 * <p>Connections are neither encrypted nor authenticated: a group belongs into a network of its
 * own. On the module path TensorFlow's module must be opened: {@code --add-opens
 * tensorflow/org.tensorflow=io.github.vaecf.core}.
 *
 * <p>Used by one training at a time.
 */
public final class TrainingGroup implements AutoCloseable {
  private static final String JOB = "worker";
  private static final String LEADER = "/job:" + JOB + "/replica:0/task:0";
  private static final long GROUP_KEY = 1;

  /** Numbers that are summed by one operation. */
  private static final long PIECE = 1 << 20;

  /** They stay until the process ends: TensorFlow has no way to end one. */
  private static final List<Server> SERVERS = new CopyOnWriteArrayList<>();

  private final int rank;
  private final int size;
  private final Duration limit;
  private final String target;
  private final Exchange exchange;
  private long nextInstance = 1;

  private TrainingGroup(List<String> addresses, int rank, Duration limit) {
    this.rank = rank;
    this.size = addresses.size();
    this.limit = limit;
    target = "grpc://" + addresses.get(rank);
    startServer(addresses, rank);
    exchange = new Exchange();
    requireAll();
  }

  /**
   * Joins a group, and waits until all have.
   *
   * @param addresses host and port of each process, such as {@code 10.0.0.7:4711}; the same list in
   *     the same order for each; at least two
   * @param rank which of them this process is, from 0; its port is one that nobody listens on yet
   * @param limit how long this process waits for the others, now and later on: longer than the
   *     first needs for a validation, which the others wait for
   * @return the group
   * @throws DataException if the port cannot be listened on
   * @throws BrokenException if not all came in time
   */
  public static TrainingGroup join(List<String> addresses, int rank, Duration limit) {
    Require.that(addresses.size() >= 2, "addresses", "at least two", addresses);
    Require.that(
        rank >= 0 && rank < addresses.size(), "rank", "0 … " + (addresses.size() - 1), rank);
    Require.that(limit.compareTo(Duration.ofSeconds(1)) >= 0, "limit", "at least 1 s", limit);
    TensorFlowRuntime.prepare();
    return new TrainingGroup(List.copyOf(addresses), rank, limit);
  }

  private static void startServer(List<String> addresses, int rank) {
    JobDef.Builder job = JobDef.newBuilder().setName(JOB);
    for (int task = 0; task < addresses.size(); task++) {
      job.putTasks(task, addresses.get(task));
    }
    ServerDef definition =
        ServerDef.newBuilder()
            .setCluster(ClusterDef.newBuilder().addJob(job))
            .setJobName(JOB)
            .setTaskIndex(rank)
            .setProtocol("grpc")
            .setDefaultSessionConfig(config(ConfigProto.getDefaultInstance(), rank))
            .build();
    try {
      Server server = new Server(definition);
      server.start();
      SERVERS.add(server);
    } catch (TensorFlowException e) {
      throw new DataException(
          addresses.get(rank)
              + ": expected an address of this machine with a port that is free, found that it"
              + " cannot be listened on ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** A tiny exchange: where the others are not there yet TensorFlow waits without end. */
  private void requireAll() {
    List<RuntimeException> failed = new ArrayList<>();
    Thread first =
        new Thread(
            () -> {
              try {
                sum(0);
              } catch (RuntimeException e) {
                failed.add(e);
              }
            },
            "vaecf-group");
    first.setDaemon(true);
    first.start();
    try {
      first.join(limit.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (first.isAlive() || !failed.isEmpty()) {
      throw new BrokenException(
          "process "
              + rank
              + " of "
              + size
              + " that train together waited "
              + limit.toSeconds()
              + " s for the others, and not all came: are all started, and can they reach "
              + target
              + "?",
          failed.isEmpty() ? null : failed.get(0));
    }
  }

  /**
   * Which of the processes this is. The first validates, and writes what there is to be written.
   *
   * @return 0 … size − 1
   */
  public int rank() {
    return rank;
  }

  /**
   * How many processes there are.
   *
   * @return at least 2
   */
  public int size() {
    return size;
  }

  /** Whether it is the one that validates and writes. */
  boolean isFirst() {
    return rank == 0;
  }

  /** Where this process's part of a number of rows begins; {@code part(rows, size)} is the end. */
  int begin(int rows) {
    return part(rows, rank);
  }

  /** Where this process's part of a number of rows ends. */
  int end(int rows) {
    return part(rows, rank + 1);
  }

  private int part(int rows, int number) {
    return (int) ((long) rows * number / size);
  }

  /** A session of a graph with {@link #sum sums} in it. */
  Session session(Graph graph, ConfigProto config) {
    byte[] bytes = config(config, rank).toByteArray();
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
      TF_SetTarget(options, target);
      TF_SetConfig(options, new BytePointer(bytes), bytes.length, status);
      status.throwExceptionIfNotOK();
      // TensorFlow for Java has no public way to a session that is not this process's own.
      Field handle = Graph.class.getDeclaredField("nativeHandle");
      handle.setAccessible(true);
      TF_Session session = TF_NewSession((TF_Graph) handle.get(graph), options, status);
      status.throwExceptionIfNotOK();
      scope.detach(session);
      Constructor<Session> constructor =
          Session.class.getDeclaredConstructor(Graph.class, TF_Session.class);
      constructor.setAccessible(true);
      return constructor.newInstance(graph, session);
    } catch (ReflectiveOperationException | InaccessibleObjectException e) {
      throw new IllegalStateException(
          "this version of TensorFlow, or its module, does not let vaecf make a session of several"
              + " processes: "
              + e.getMessage(),
          e);
    }
  }

  private static ConfigProto config(ConfigProto config, int rank) {
    ConfigProto.Builder grouped =
        config.toBuilder().addDeviceFilters("/job:" + JOB + "/task:" + rank);
    grouped.getExperimentalBuilder().setCollectiveGroupLeader(LEADER);
    return grouped.build();
  }

  /** How a session's run ends in time, whatever becomes of the others. */
  RunOptions limited() {
    return RunOptions.newBuilder().setTimeoutInMs(limit.toMillis()).build();
  }

  /** What became of the others, where a run failed. */
  BrokenException broken(TensorFlowException e) {
    return new BrokenException(
        "process "
            + rank
            + " of "
            + size
            + " that train together lost the others, or waited "
            + limit.toSeconds()
            + " s in vain: one has ended, or cannot be reached any more. The training is to be"
            + " resumed by new processes ("
            + e.getMessage()
            + ")",
        e);
  }

  /** The sum over the processes, each of which has a tensor of the same shape. */
  <T extends TNumber> Operand<T> sum(Ops tf, Operand<T> tensor) {
    OperationBuilder builder =
        tf.scope()
            .opBuilder("CollectiveReduce", "sum_of_processes")
            .addInput(tensor.asOutput())
            .setAttr("group_size", size)
            .setAttr("group_key", GROUP_KEY)
            .setAttr("instance_key", nextInstance++)
            .setAttr("merge_op", "Add")
            .setAttr("final_op", "Id")
            .setAttr("subdiv_offsets", new long[] {0})
            .setDevice("/job:" + JOB + "/replica:0/task:" + rank + "/device:CPU:0");
    return tf.scope().apply(builder).build().output(0);
  }

  /**
   * The sums of several tensors. Large ones go in pieces, so that some are on their way while
   * others are added up (on one machine four times as fast as in one), small ones together.
   */
  List<Operand<TFloat32>> sum(Ops tf, List<Operand<TFloat32>> tensors, List<Shape> shapes) {
    List<Operand<TFloat32>> sums = new ArrayList<>(tensors);
    List<Integer> small = new ArrayList<>();
    for (int i = 0; i < sums.size(); i++) {
      if (shapes.get(i).size() < PIECE) {
        small.add(i);
      } else {
        sums.set(i, inPieces(tf, flat(tf, tensors.get(i)), shapes.get(i).size()));
      }
    }
    if (!small.isEmpty()) {
      List<Operand<TFloat32>> parts = new ArrayList<>();
      long length = 0;
      for (int i : small) {
        parts.add(flat(tf, tensors.get(i)));
        length += shapes.get(i).size();
      }
      Operand<TFloat32> together = inPieces(tf, joined(tf, parts), length);
      long begin = 0;
      for (int i : small) {
        sums.set(i, slice(tf, together, begin, shapes.get(i).size()));
        begin += shapes.get(i).size();
      }
    }
    for (int i = 0; i < sums.size(); i++) {
      sums.set(i, tf.reshape(sums.get(i), tf.constant(shapes.get(i).asArray())));
    }
    return sums;
  }

  /** The sum of matrices of at most so many rows; large ones in pieces, as above. */
  Operand<TFloat32> sum(Ops tf, Operand<TFloat32> matrix, int rows, int columns) {
    int step = Math.toIntExact(Math.max(1, Math.min(columns, PIECE / rows)));
    if (step == columns) {
      return sum(tf, matrix);
    }
    List<Operand<TFloat32>> pieces = new ArrayList<>();
    for (int begin = 0; begin < columns; begin += step) {
      int width = Math.min(step, columns - begin);
      pieces.add(
          sum(
              tf,
              tf.slice(
                  matrix, tf.constant(new int[] {0, begin}), tf.constant(new int[] {-1, width}))));
    }
    return tf.concat(pieces, tf.constant(1));
  }

  private Operand<TFloat32> inPieces(Ops tf, Operand<TFloat32> vector, long length) {
    List<Operand<TFloat32>> pieces = new ArrayList<>();
    for (long begin = 0; begin < length; begin += PIECE) {
      pieces.add(sum(tf, slice(tf, vector, begin, Math.min(PIECE, length - begin))));
    }
    return joined(tf, pieces);
  }

  private static Operand<TFloat32> flat(Ops tf, Operand<TFloat32> tensor) {
    return tf.reshape(tensor, tf.constant(new int[] {-1}));
  }

  private static Operand<TFloat32> slice(
      Ops tf, Operand<TFloat32> vector, long begin, long length) {
    return tf.slice(vector, tf.constant(new long[] {begin}), tf.constant(new long[] {length}));
  }

  private static Operand<TFloat32> joined(Ops tf, List<Operand<TFloat32>> vectors) {
    return vectors.size() == 1 ? vectors.get(0) : tf.concat(vectors, tf.constant(0));
  }

  /** What the first process says. */
  double fromFirst(double number) {
    return sum(isFirst() ? number : 0);
  }

  /** The sum of what the processes say. */
  double sum(double number) {
    try {
      return exchange.sum(number);
    } catch (TensorFlowException e) {
      throw broken(e);
    }
  }

  /**
   * Makes sure that something is the same in all processes.
   *
   * @param digest of it
   * @param problem what to say where it is not, to follow "in 1 of 2 processes"
   */
  void requireSame(int digest, String problem) {
    double different = sum(fromFirst(digest) == digest ? 0 : 1);
    if (different > 0) {
      throw new DataException("in " + (long) different + " of " + size + " processes " + problem);
    }
  }

  /**
   * Others of the group did not come, have ended, or did not answer in time; the message says which
   * process waited, and for how long. This process is to be ended.
   */
  public static final class BrokenException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    BrokenException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Numbers that processes tell each other beside the training. */
  private final class Exchange implements AutoCloseable {
    private final Graph graph = new Graph();
    private final Placeholder<TFloat64> own;
    private final Operand<TFloat64> sum;
    private final Session session;

    Exchange() {
      Ops tf = Ops.create(graph);
      own = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(1)));
      sum = TrainingGroup.this.sum(tf, own);
      session = session(graph, ConfigProto.getDefaultInstance());
    }

    double sum(double number) {
      try (TFloat64 fed = TFloat64.vectorOf(number);
          Result result = session.runner().setOptions(limited()).feed(own, fed).fetch(sum).run()) {
        return ((TFloat64) result.get(0)).getDouble(0);
      }
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  @Override
  public void close() {
    exchange.close();
  }
}
