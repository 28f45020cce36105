package io.github.vaecf.server;

import java.time.Instant;
import java.util.List;

/** Whose requests are answered, by REST and by gRPC alike. Safe for use by many threads. */
final class Admission {
  private volatile ApiKeys keys;

  Admission(ApiKeys keys) {
    this.keys = keys;
  }

  ApiKeys keys() {
    return keys;
  }

  /** Takes other keys from now on. */
  void replace(ApiKeys keys) {
    this.keys = keys;
  }

  /**
   * Lets a request pass.
   *
   * @param authorization what it has under {@code Authorization}
   * @param visit is told the key's name
   * @throws RequestException if it may not pass: 401 or 429
   */
  void admit(List<String> authorization, Visit visit) {
    try {
      visit.by(keys.admit(authorization, Instant.now(), System.nanoTime()));
    } catch (RequestException e) {
      visit.by(e.key());
      throw e;
    }
  }
}
