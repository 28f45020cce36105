package io.github.vaecf.spring;

import io.github.vaecf.eval.export.ServedVersions;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Which version answers, and how many could not be served. */
final class VersionMeters implements MeterBinder {
  private final ServedVersions versions;

  VersionMeters(ServedVersions versions) {
    this.versions = versions;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("vaecf.model.version", versions, ServedVersions::version)
        .description("The version that is served.")
        .register(registry);
    FunctionCounter.builder("vaecf.failed.loads", versions, ServedVersions::failedLoads)
        .description("Versions that were tried and could not be served.")
        .register(registry);
  }
}
