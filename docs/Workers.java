package io.github.vaecf.core.training; // that of the sums over processes

import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/** How long steps take by one process and by several, and their exchange; see measure-workers.sh. */
public final class Workers {
  private static final int WARM_UP = 5;

  private Workers() {}

  /** Arguments: {@code alone|rank} processes threads data model steps, and an address for each. */
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("ports")) {
      ports(Integer.parseInt(arguments[1]));
      return;
    }
    boolean alone = arguments[0].equals("alone");
    int batch = Integer.parseInt(arguments[1]);
    int threads = Integer.parseInt(arguments[2]);
    Split split = PreparedFolder.read(Path.of(arguments[3]));
    int steps = Integer.parseInt(arguments[5]);
    Settings settings =
        Settings.published(Model.named(arguments[4]))
            .with(
                Map.of(
                    "epochs", "1",
                    "batch-size", Integer.toString(batch),
                    "threads", Integer.toString(threads)));
    List<String> addresses = Arrays.asList(arguments).subList(6, arguments.length);
    CsrMatrix users = split.train();
    int[] some = new int[Math.min(users.rows(), steps * batch)];
    Arrays.setAll(some, row -> row);
    users = users.selectRows(some);
    if (alone) {
      train(settings, users, split, null);
      return;
    }
    int rank = Integer.parseInt(arguments[0]);
    TrainingGroup group = TrainingGroup.join(addresses, rank, Duration.ofMinutes(5));
    exchange(group, rank);
    train(settings, users, split, group);
    Runtime.getRuntime().halt(0);
  }

  private static void ports(int number) throws Exception {
    List<ServerSocket> held = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      held.add(new ServerSocket(0));
    }
    for (ServerSocket one : held) {
      System.out.print("127.0.0.1:" + one.getLocalPort() + " ");
      one.close();
    }
    System.out.println();
  }

  private static void train(Settings settings, CsrMatrix users, Split split, TrainingGroup group) {
    List<Long> times = new ArrayList<>();
    Trainer.Builder trainer =
        Trainer.builder()
            .settings(settings)
            .listener(
                new TrainingListener() {
                  @Override
                  public void onStep(StepReport report) {
                    times.add(System.nanoTime());
                  }
                });
    if (group != null) {
      trainer.group(group);
    }
    trainer.build().train(users, split.items()).close();
    if (group == null || group.rank() == 0) {
      int batch = settings.get(TrainingSettings.BATCH_SIZE);
      long[] steps = new long[times.size() - 2 - WARM_UP]; // the last may be of fewer users
      for (int i = 0; i < steps.length; i++) {
        steps[i] = times.get(WARM_UP + i + 1) - times.get(WARM_UP + i);
      }
      Arrays.sort(steps);
      double median = steps[steps.length / 2] / 1e6;
      System.out.printf(
          Locale.ROOT, "step %.0f ms (fastest %.0f), %.0f users/s%n", median, steps[0] / 1e6, batch / median * 1e3);
    }
  }

  /** The time to sum 24 million floats, which is Mult-VAE over ML-20M's 20,108 items. */
  private static void exchange(TrainingGroup group, int rank) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      List<Operand<TFloat32>> own = new ArrayList<>();
      List<Shape> shapes = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        shapes.add(Shape.of(20_000, 600));
        own.add(tf.fill(tf.constant(new int[] {20_000, 600}), tf.constant(0.5f)));
      }
      List<Operand<TFloat32>> sums = group.sum(tf, own, shapes);
      List<Op> all = new ArrayList<>(sums);
      Op done = tf.withControlDependencies(all).noOp();
      try (Session session = group.session(graph, ConfigProto.getDefaultInstance())) {
        long[] rounds = new long[20];
        for (int round = 0; round < rounds.length; round++) {
          long start = System.nanoTime();
          session.runner().addTarget(done).run().close();
          rounds[round] = System.nanoTime() - start;
        }
        Arrays.sort(rounds);
        if (rank == 0) {
          System.out.printf(
              Locale.ROOT,
              "sum of 24 million floats over %d processes: median %.0f ms, fastest %.0f%n",
              group.size(),
              rounds[rounds.length / 2] / 1e6,
              rounds[0] / 1e6);
        }
      }
    }
  }
}
