package io.github.vaecf.core.training;

import io.github.vaecf.data.CsrMatrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** One training step with given numbers in the place of whatever it draws at random. */
final class FedStep implements AutoCloseable {
  private final NetworkSession session;
  private final CsrMatrix users;
  private final Batch batch;
  private final Session.Runner runner;
  private final List<TFloat32> fed = new ArrayList<>();

  FedStep(NetworkSession session, CsrMatrix users) {
    this.session = session;
    this.users = users;
    batch = Batch.of(users, 0, users.rows());
    runner = session.runner(batch);
  }

  /** Feeds an operation; its name has _1 at its end where it is the second of that name. */
  FedStep feed(String name, Shape shape, float... values) {
    runner.feed(name, keep(Batch.floats(shape, values)));
    return this;
  }

  /** Feeds a dropout mask, users × items, of which the places of the ones count. */
  FedStep mask(String name, double[][] mask) {
    float[] values = new float[Math.toIntExact(users.entries())];
    int next = 0;
    for (int user = 0; user < users.rows(); user++) {
      for (int item : users.row(user)) {
        values[next++] = (float) mask[user][item];
      }
    }
    return feed(name, Shape.of(values.length), values);
  }

  /** Feeds the numbers that the model asked for, in that order. */
  FedStep numbers(double... numbers) {
    for (int i = 0; i < numbers.length; i++) {
      runner.feed(session.step.numbers().get(i).fed(), keep(TFloat32.scalarOf((float) numbers[i])));
    }
    return this;
  }

  private TFloat32 keep(TFloat32 tensor) {
    fed.add(tensor);
    return tensor;
  }

  /**
   * Loss parts, as "reconstruction" and "regulariser", the "logits" that the multinomial likelihood
   * is taken of, and the gradient of every weight.
   */
  @SuppressWarnings("unchecked") // a softmax is of floats here
  Map<String, float[]> run() {
    Map<String, Operand<TFloat32>> wanted = new LinkedHashMap<>();
    session
        .network
        .graph
        .operations()
        .forEachRemaining(
            operation -> {
              if (operation.type().equals("Softmax")) {
                wanted.put("logits", (Operand<TFloat32>) operation.input(0));
              }
            });
    wanted.put("reconstruction", session.step.reconstruction());
    wanted.put("regulariser", session.step.regulariser());
    wanted.putAll(session.step.gradients());
    wanted.values().forEach(runner::fetch);
    Map<String, float[]> found = new LinkedHashMap<>();
    try (Result result = runner.run()) {
      int index = 0;
      for (String name : wanted.keySet()) {
        found.put(name, Batch.copy(result.get(index++)));
      }
    }
    return found;
  }

  @Override
  public void close() {
    fed.forEach(TFloat32::close);
    batch.close();
  }
}
