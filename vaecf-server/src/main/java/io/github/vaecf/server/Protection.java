package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.vaecf.data.DataException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** What protects the server from others: keys and encryption, from files that may change. */
final class Protection implements AutoCloseable {
  private final WatchedFiles files;
  private final Consumer<String> log;
  private Optional<Admission> admission = Optional.empty();
  private Optional<Tls> tls = Optional.empty();

  /**
   * @param every how often files are looked at
   * @param log gets sentences about them
   */
  Protection(Duration every, Consumer<String> log) {
    this.files = new WatchedFiles(every, log);
    this.log = log;
  }

  /**
   * Takes keys from a file.
   *
   * @throws DataException if it cannot be used
   */
  void useKeys(Path file) {
    files.use(
        contents -> {
          int count = useKeys(file.toString(), new String(contents.get(0), UTF_8));
          return file + ": " + count + (count == 1 ? " key" : " keys") + " from now on";
        },
        file);
  }

  /**
   * Takes keys from lines.
   *
   * @param where they are from
   * @return how many there are
   * @throws DataException if they cannot be used
   */
  int useKeys(String where, String lines) {
    ApiKeys keys = ApiKeys.parse(where, lines, admission.map(Admission::keys));
    Set<String> expired = keys.expired(Instant.now());
    if (!expired.isEmpty()) {
      log.accept(where + ": no longer valid are keys of " + String.join(", ", expired));
    }
    if (admission.isPresent()) {
      admission.get().replace(keys);
    } else {
      admission = Optional.of(new Admission(keys));
    }
    return keys.count();
  }

  /**
   * Encrypts with an identity from files.
   *
   * @throws DataException if they cannot be used
   */
  void useIdentity(Path certificate, Path key) {
    Tls used = new Tls();
    files.use(
        contents -> {
          TlsIdentity identity =
              TlsIdentity.parse(certificate, contents.get(0), key, contents.get(1));
          used.use(identity);
          Tls.untimely(identity, Instant.now()).ifPresent(log);
          return "new connections get the certificate of " + identity + ", from now on";
        },
        certificate,
        key);
    tls = Optional.of(used);
  }

  /** Looks from now on whether files have changed. */
  void start() {
    files.start();
  }

  /** Who is answered; all are where it is empty. */
  Optional<Admission> admission() {
    return admission;
  }

  /** How what is sent is encrypted, if it is. */
  Optional<Tls> tls() {
    return tls;
  }

  /**
   * What lacks where other machines reach the server.
   *
   * @param grpc where it listens for gRPC; null for nowhere
   * @return a sentence
   */
  Optional<String> lacking(InetSocketAddress http, InetSocketAddress grpc) {
    boolean keys = admission.isPresent();
    boolean encrypted = tls.isPresent();
    if ((!isReached(http) && !isReached(grpc)) || (keys && encrypted)) {
      return Optional.empty();
    }
    return Optional.of(
        "WARNING: other machines reach this server, and "
            + (keys
                ? "what they send, their keys too, is not encrypted: give it a certificate (--tls-certificate, --tls-key)"
                : encrypted
                    ? "whoever does can ask it: give it keys (--api-keys)"
                    : "neither keys nor encryption protect it: whoever reaches it can ask it, and"
                        + " whoever is on the way can read it. Give it keys (--api-keys) and a certificate"
                        + " (--tls-certificate, --tls-key)")
            + ", let it listen to this machine alone (127.0.0.1), or put a proxy before it");
  }

  private static boolean isReached(InetSocketAddress address) {
    return address != null
        && address.getAddress() != null
        && !address.getAddress().isLoopbackAddress();
  }

  @Override
  public void close() {
    files.close();
  }
}
