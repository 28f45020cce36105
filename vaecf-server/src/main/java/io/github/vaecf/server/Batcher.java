package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.http.HttpStatus;

/**
 * Answers in one run of the model what waits for the same signature of the same version, as the
 * weights are then read once for all. Nobody waits for company: while one batch is being answered
 * the next one gathers. Histories are filled up with padding to the longest of their batch, which
 * changes no answer; signatures whose answer is as wide as the request asks are answered one by
 * one.
 *
 * <p>Safe for use by many threads.
 */
final class Batcher implements AutoCloseable {
  /**
   * Values, padding included, in one run: bounds what a few very long histories cost the others.
   */
  private static final int LARGEST_INPUT = 100_000;

  /** Values that one run may give: bounds the memory that is held until all have their own. */
  private static final int LARGEST_OUTPUT = 1_000_000;

  private final int capacity;
  private final int largestBatch;
  private final ServerMetrics metrics;
  private final Deque<Call> waiting = new ArrayDeque<>();
  private final List<Thread> threads = new ArrayList<>();
  private boolean closed;

  /** A call and whoever waits for its answer. */
  private record Call(
      Visit.Answering version,
      ServedSignature signature,
      Map<String, TensorRows> inputs,
      CompletableFuture<Map<String, TensorRows>> answer) {
    int rows() {
      return inputs.values().iterator().next().rows();
    }

    int width() {
      int width = 0;
      for (TensorRows input : inputs.values()) {
        width = Math.max(width, input.width());
      }
      return width;
    }
  }

  /**
   * @param runs how many batches may be under way at once, at least 1
   */
  Batcher(Limits limits, int runs, ServerMetrics metrics) {
    this.capacity = limits.waiting();
    this.largestBatch = limits.batch();
    this.metrics = metrics;
    for (int i = 0; i < runs; i++) {
      Thread thread = new Thread(this::work, "vaecf-batch-" + i);
      threads.add(thread);
      thread.start();
    }
  }

  /**
   * Calls a signature, with others that wait for the same.
   *
   * @param version whose signature it is
   * @param inputs as for {@link ServedSignature#call}
   * @return what the signature gives; completed by a thread of the batcher, which should not be
   *     kept
   * @throws RequestException if too many wait already, or the server is stopping
   */
  CompletableFuture<Map<String, TensorRows>> call(
      Visit.Answering version, ServedSignature signature, Map<String, TensorRows> inputs) {
    Call call = new Call(version, signature, inputs, new CompletableFuture<>());
    synchronized (this) {
      if (closed) {
        throw new RequestException(
            HttpStatus.SERVICE_UNAVAILABLE_503, "the server is about to stop");
      }
      if (waiting.size() >= capacity) {
        throw new RequestException(
            HttpStatus.SERVICE_UNAVAILABLE_503,
            "too many requests: " + capacity + " wait already; try again later");
      }
      waiting.add(call);
      notifyAll();
    }
    return call.answer();
  }

  /** How many calls wait. */
  synchronized int waiting() {
    return waiting.size();
  }

  private void work() {
    for (List<Call> batch = next(); !batch.isEmpty(); batch = next()) {
      answer(batch);
    }
  }

  /** The calls to be answered together; none when all is done. */
  private synchronized List<Call> next() {
    while (waiting.isEmpty() && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        closed = true;
      }
    }
    List<Call> batch = new ArrayList<>();
    if (waiting.isEmpty()) {
      return batch;
    }
    Call first = waiting.remove();
    batch.add(first);
    if (!canShare(first.signature())) {
      return batch;
    }
    int rows = first.rows();
    int width = first.width();
    int largestRun = Math.min(largestBatch, LARGEST_OUTPUT / outputWidth(first.signature()));
    Iterator<Call> others = waiting.iterator();
    while (others.hasNext() && rows < largestRun) {
      Call other = others.next();
      int together = rows + other.rows();
      int widest = Math.max(width, other.width());
      if (other.signature() == first.signature()
          && together <= largestRun
          && (long) together * widest <= LARGEST_INPUT) {
        others.remove();
        batch.add(other);
        rows = together;
        width = widest;
      }
    }
    return batch;
  }

  /** Whether an answer does not depend on what else is in its batch. */
  private static boolean canShare(ServedSignature signature) {
    for (TensorSpec output : signature.outputs()) {
      if (output.width() < 0) {
        return false;
      }
    }
    return true;
  }

  /** Values that a signature whose answers have a fixed width gives for a row. */
  private static int outputWidth(ServedSignature signature) {
    return Math.max(1, signature.outputs().stream().mapToInt(TensorSpec::width).sum());
  }

  private void answer(List<Call> batch) {
    // Whoever asked may have given up meanwhile.
    batch.removeIf(call -> call.answer().isDone());
    if (batch.isEmpty()) {
      return;
    }
    try {
      ServedSignature signature = batch.get(0).signature();
      Map<String, TensorRows> inputs = new LinkedHashMap<>();
      for (TensorSpec input : signature.inputs()) {
        inputs.put(
            input.name(),
            TensorRows.join(batch.stream().map(call -> call.inputs().get(input.name())).toList()));
      }
      long start = System.nanoTime();
      Map<String, TensorRows> outputs = signature.call(inputs);
      int from = 0;
      for (Call call : batch) {
        int to = from + call.rows();
        Map<String, TensorRows> own = new LinkedHashMap<>();
        for (Map.Entry<String, TensorRows> output : outputs.entrySet()) {
          TensorRows all = output.getValue();
          own.put(output.getKey(), batch.size() == 1 ? all : all.slice(from, to));
        }
        call.answer().complete(own);
        from = to;
      }
      metrics.batchAnswered(
          batch.get(0).version(), signature.name(), from, System.nanoTime() - start);
    } catch (RuntimeException | Error failure) {
      batch.forEach(call -> call.answer().completeExceptionally(failure));
    }
  }

  /** Answers what waits, and ends. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
