package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedVersions;
import java.util.OptionalLong;
import org.eclipse.jetty.http.HttpStatus;

/** The model that is served, by its name and its versions. Safe for use by many threads. */
final class Models {
  private final String name;
  private final ServedVersions versions;

  Models(String name, ServedVersions versions) {
    this.name = name;
    this.versions = versions;
  }

  /**
   * Takes the version that a request is for.
   *
   * @return to be closed when the request has ended
   * @throws RequestException if there is no such model or version
   */
  ServedVersions.Lease lease(ModelSpec spec) {
    if (!spec.name().equals(name)) {
      throw new RequestException(
          HttpStatus.NOT_FOUND_404,
          "there is no model \"" + spec.name() + "\" here, only \"" + name + "\"");
    }
    ServedVersions.Lease lease = versions.lease();
    String version = spec.version().orElse(null);
    if (version != null
        && !ServedVersions.number(version).equals(OptionalLong.of(lease.version()))) {
      long served = lease.version();
      lease.close();
      throw new RequestException(
          HttpStatus.NOT_FOUND_404,
          "version " + version + " of \"" + name + "\" is not served, only " + served);
    }
    return lease;
  }
}
