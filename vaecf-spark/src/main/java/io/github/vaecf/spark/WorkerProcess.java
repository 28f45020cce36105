package io.github.vaecf.spark;

import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.core.training.Trainer.TrainingDivergedException;
import io.github.vaecf.core.training.TrainingGroup;
import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.TreeMap;

/**
 * One of the processes that train together: started by a task, and ended with it. TensorFlow's
 * collectives cannot be interrupted, may end a process when they fail, and never give back what
 * they took; none of that is to befall an executor.
 *
 * <p>It says its port, is told what to do ({@link WorkerOrder}), trains, and says how that ended.
 */
final class WorkerProcess {
  /** Before each line that is meant for the task: libraries may write lines of their own. */
  static final String TO_TASK = "vaecf-worker ";

  static final String PORT = "port ";
  static final String MESSAGE = "message ";
  static final String REFUSED = "refused ";
  static final String BROKEN = "broken ";

  private final PrintStream task;

  private WorkerProcess(PrintStream task) {
    this.task = task;
  }

  /**
   * Trains.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) {
    PrintStream task = System.out;
    System.setOut(System.err);
    // Not by way of exit: TensorFlow may still be waiting for the others.
    Runtime.getRuntime().halt(new WorkerProcess(task).run(System.in));
  }

  private int run(InputStream orders) {
    try {
      say(PORT, Integer.toString(freePort()));
      WorkerOrder order = (WorkerOrder) new ObjectInputStream(orders).readObject();
      endWith(orders);
      train(order);
      return 0;
    } catch (TrainingGroup.BrokenException e) {
      say(BROKEN, e.getMessage());
      return 1;
    } catch (DataException | IllegalArgumentException | TrainingDivergedException e) {
      say(REFUSED, e.getMessage());
      return 2;
    } catch (Exception | LinkageError e) {
      e.printStackTrace(); // into the executor's log
      say(REFUSED, e.toString());
      return 2;
    }
  }

  private void say(String what, String text) {
    task.println(TO_TASK + what + text.replaceAll("\\s+", " "));
    task.flush();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Where the task has ended, however, its end of the pipe is closed. */
  private static void endWith(InputStream orders) {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (orders.read() >= 0) {
                  // nothing else is told
                }
              } catch (IOException e) {
                // has ended too
              }
              Runtime.getRuntime().halt(1);
            },
            "vaecf-task");
    watch.setDaemon(true);
    watch.start();
  }

  private void train(WorkerOrder order) {
    Settings settings =
        Settings.published(Model.named(order.model())).with(new TreeMap<>(order.settings()));
    Split split = PreparedFolder.read(Path.of(order.data()));
    try (TrainingGroup group =
        TrainingGroup.join(
            order.addresses(), order.rank(), Duration.ofMillis(order.limitMillis()))) {
      Trainer.Builder trainer =
          Trainer.builder()
              .settings(settings)
              .group(group)
              .runFolder(Path.of(order.run()))
              .resume(order.resume())
              .checkpoints(new CheckpointPolicy(0, Duration.ofMillis(order.checkpointMillis()), 2))
              .listener(
                  new TrainingListener() {
                    @Override
                    public void onMessage(String message) {
                      say(MESSAGE, message);
                    }
                  });
      if (!order.metric().isEmpty()) {
        RankingMetric metric = RankingMetric.parse(order.metric());
        RankingEvaluator evaluator = RankingEvaluator.of(metric);
        trainer.validation(
            metric.name(),
            split.validation(),
            (one, users) -> evaluator.evaluate(one, users).mean(metric));
      }
      trainer.build().train(split.train(), split.items()).close();
    }
  }
}
