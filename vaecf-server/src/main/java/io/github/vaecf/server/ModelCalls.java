package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedVersions;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Answers requests to a model's signatures, in whatever form they came: one version from the
 * reading of the request to its answer, within the limits, together with what else waits.
 */
final class ModelCalls {
  private final Models models;
  private final Batcher batcher;
  private final Limits limits;

  ModelCalls(Models models, Batcher batcher, Limits limits) {
    this.models = models;
    this.batcher = batcher;
    this.limits = limits;
  }

  /** What a version gave, and to what. */
  record Answer(long version, PredictRequest request, Map<String, TensorRows> values) {}

  /**
   * Answers a request.
   *
   * @param reading makes the request for the model that answers it; may throw a {@link
   *     RequestException}
   * @param share where the request and its answer are counted
   * @param visit is told which version answers
   * @return the answer, completed by a thread that should not be kept; whoever cancels it is no
   *     longer interested
   * @throws RequestException if the request cannot be answered
   */
  CompletableFuture<Answer> answer(
      ModelSpec spec,
      Function<ServedModel, PredictRequest> reading,
      MemoryBudget.Share share,
      Visit visit) {
    ServedVersions.Lease lease = models.lease(spec);
    try {
      long version = lease.version();
      visit.answeredBy(spec.name(), version);
      PredictRequest request = reading.apply(lease.model());
      share.resize(request.bytes(lease.model().itemCount()));
      CompletableFuture<Map<String, TensorRows>> values =
          batcher.call(visit.answering(), request.signature(), request.inputs());
      CompletableFuture<Answer> answer =
          values
              .orTimeout(limits.time().toMillis(), TimeUnit.MILLISECONDS)
              .whenComplete((given, failure) -> lease.close())
              .thenApply(given -> new Answer(version, request, given));
      var unused =
          answer.whenComplete(
              (given, failure) -> {
                if (answer.isCancelled()) {
                  values.cancel(false);
                }
              });
      return answer;
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }
}
