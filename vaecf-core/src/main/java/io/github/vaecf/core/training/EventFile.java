package io.github.vaecf.core.training;

import io.github.vaecf.core.training.TrainingListener.EpochReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.summary.SummaryWriter;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * The event file of a training, for TensorBoard, written by TensorFlow's own summary operations:
 * one point an epoch for each part of the loss, the validation and the speed. Used by one thread.
 */
final class EventFile implements AutoCloseable {
  private static final int QUEUE = 10;
  private static final int FLUSH_MILLIS = 120_000;

  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TInt64> step;
  private final Map<String, Placeholder<TFloat32>> values = new LinkedHashMap<>();
  private final Map<String, Op> writes = new LinkedHashMap<>();
  private final Op flush;
  private final Op close;

  EventFile(Path folder) {
    Ops tf = Ops.create(graph);
    SummaryWriter writer = tf.summary.summaryWriter(SummaryWriter.sharedName(folder.toString()));
    Op create =
        tf.summary.createSummaryFileWriter(
            writer,
            tf.constant(folder.toString()),
            tf.constant(QUEUE),
            tf.constant(FLUSH_MILLIS),
            tf.constant(""));
    step = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
    for (String tag :
        List.of(
            "loss/total",
            "loss/reconstruction",
            "loss/kl",
            "loss/penalty",
            "training/beta",
            "training/learning_rate",
            "training/users_per_second",
            "validation/score")) {
      Placeholder<TFloat32> value =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
      values.put(tag, value);
      writes.put(tag, tf.summary.writeScalarSummary(writer, step, tf.constant(tag), value));
    }
    flush = tf.summary.flushSummaryWriter(writer);
    close = tf.summary.closeSummaryWriter(writer);
    session = new Session(graph);
    session.runner().addTarget(create).run().close();
  }

  void write(EpochReport report) {
    Map<String, Double> points = new LinkedHashMap<>();
    points.put("loss/total", report.loss());
    points.put("loss/reconstruction", report.reconstruction());
    points.put("loss/kl", report.kl());
    points.put("loss/penalty", report.penalty());
    points.put("training/beta", report.beta());
    points.put("training/learning_rate", report.learningRate());
    points.put("training/users_per_second", report.usersPerSecond());
    if (!Double.isNaN(report.validation())) {
      points.put("validation/score", report.validation());
    }
    List<TFloat32> tensors = new ArrayList<>();
    try (TInt64 at = TInt64.scalarOf(report.step())) {
      Session.Runner runner = session.runner().feed(step, at);
      points.forEach(
          (tag, value) -> {
            TFloat32 tensor = TFloat32.scalarOf(value.floatValue());
            tensors.add(tensor);
            runner.feed(values.get(tag), tensor).addTarget(writes.get(tag));
          });
      runner.run().close();
    } finally {
      tensors.forEach(TFloat32::close);
    }
    session.runner().addTarget(flush).run().close();
  }

  @Override
  public void close() {
    session.runner().addTarget(close).run().close();
    session.close();
    graph.close();
  }
}
