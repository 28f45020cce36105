package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedVersions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;
import org.eclipse.jetty.http.HttpStatus;

/** The models that are served, by their names. Safe for use by many threads. */
final class Models {
  private volatile Map<String, ServedVersions> byName;

  Models(Map<String, ServedVersions> byName) {
    this.byName = inOrder(byName);
  }

  private static Map<String, ServedVersions> inOrder(Map<String, ServedVersions> byName) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(byName));
  }

  /** Serves these from now on. */
  void replace(Map<String, ServedVersions> byName) {
    this.byName = inOrder(byName);
  }

  /** The name of the first of them. */
  String first() {
    return byName.keySet().iterator().next();
  }

  boolean has(String name) {
    return byName.containsKey(name);
  }

  /** Whether each has a version that answers. */
  boolean allAvailable() {
    return byName.values().stream().allMatch(Models::isAvailable);
  }

  private static boolean isAvailable(ServedVersions versions) {
    try {
      return !versions.served().isEmpty();
    } catch (IllegalStateException e) {
      return false; // closed
    }
  }

  /** Tells a number of each. */
  void forEach(ToDoubleFunction<ServedVersions> number, BiConsumer<String, Double> told) {
    byName.forEach((name, versions) -> told.accept(name, number.applyAsDouble(versions)));
  }

  private ServedVersions versions(String name) {
    Map<String, ServedVersions> all = byName;
    ServedVersions versions = all.get(name);
    if (versions == null) {
      throw new RequestException(
          HttpStatus.NOT_FOUND_404,
          "there is no model \""
              + name
              + "\" here, only "
              + String.join(", ", all.keySet().stream().map(one -> '"' + one + '"').toList()));
    }
    return versions;
  }

  /**
   * Takes the version that a request is for.
   *
   * @return to be closed when the request has ended
   * @throws RequestException if there is no such model, version or label
   */
  ServedVersions.Lease lease(ModelSpec spec) {
    while (true) {
      ServedVersions versions = versions(spec.name());
      try {
        return lease(spec, versions);
      } catch (IllegalStateException e) {
        // Closed, which happens to those that are replaced in between.
        if (byName.get(spec.name()) == versions) {
          throw e;
        }
      }
    }
  }

  private static ServedVersions.Lease lease(ModelSpec spec, ServedVersions versions) {
    if (spec.version().isEmpty() && spec.label().isEmpty()) {
      return versions.lease();
    }
    if (spec.label().isPresent()) {
      return labelled(versions, spec.name(), spec.label().get());
    }
    String version = spec.version().get();
    OptionalLong number = ServedVersions.number(version);
    Optional<ServedVersions.Lease> lease =
        number.isPresent() ? versions.lease(number.getAsLong()) : Optional.empty();
    return lease.orElseThrow(
        () ->
            new RequestException(
                HttpStatus.NOT_FOUND_404,
                "version "
                    + version
                    + " of \""
                    + spec.name()
                    + "\" is not served, only "
                    + String.join(", ", versions.served().stream().map(String::valueOf).toList())));
  }

  private static ServedVersions.Lease labelled(ServedVersions versions, String name, String label) {
    while (true) {
      Long number = versions.labels().get(label);
      if (number == null) {
        throw new RequestException(
            HttpStatus.NOT_FOUND_404,
            "no version of \""
                + name
                + "\" has the label \""
                + label
                + "\"; there are "
                + new TreeSet<>(versions.labels().keySet()));
      }
      Optional<ServedVersions.Lease> lease = versions.lease(number);
      if (lease.isPresent()) {
        return lease.get();
      }
      // The label stands for another version by now.
      Thread.onSpinWait();
    }
  }

  /**
   * The versions that a question about the status is for.
   *
   * @return their numbers: the one that is named, or all that are served, the largest first
   * @throws RequestException as for {@link #lease}
   */
  List<Long> numbers(ModelSpec spec) {
    if (spec.version().isEmpty() && spec.label().isEmpty()) {
      return new ArrayList<>(versions(spec.name()).served());
    }
    try (ServedVersions.Lease lease = lease(spec)) {
      return List.of(lease.version());
    }
  }
}
