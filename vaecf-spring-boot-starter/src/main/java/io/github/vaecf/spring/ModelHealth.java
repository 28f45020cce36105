package io.github.vaecf.spring;

import io.github.vaecf.eval.export.ServedVersions;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Whether a model answers, and which version. Spring Boot 3.5 and 4 have a class each to say so.
 *
 * @param details what is known of a model that answers
 * @param failure why it does not, or null
 */
record ModelHealth(Map<String, Object> details, RuntimeException failure) {
  /** Asks the model for somebody of whom nothing is known. */
  static ModelHealth of(ServedVersions versions) {
    try (ServedVersions.Lease lease = versions.lease()) {
      lease.model().recommend(List.of(), 1);
      return new ModelHealth(
          Map.of("version", lease.version(), "failedLoads", versions.failedLoads()), null);
    } catch (RuntimeException e) {
      return new ModelHealth(Map.of(), e);
    }
  }

  <H> H as(Function<Map<String, Object>, H> up, Function<RuntimeException, H> down) {
    return failure == null ? up.apply(details) : down.apply(failure);
  }
}
