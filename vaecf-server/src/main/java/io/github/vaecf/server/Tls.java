package io.github.vaecf.server;

import io.grpc.netty.shaded.io.netty.handler.ssl.ApplicationProtocolConfig;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.JdkSslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/**
 * Encryption for HTTP and gRPC: the JVM's own for both, with one identity, which may change while
 * connections go on. TLS 1.3, and 1.2 with forward secrecy and authenticated encryption only.
 */
final class Tls {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  /** Mozilla's "intermediate" ones, less those with Diffie-Hellman over the integers. */
  private static final List<String> CIPHERS =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  private final Identities identities = new Identities();
  private final SSLContext context;

  Tls() {
    try {
      context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {identities}, null, null);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has TLS", e);
    }
  }

  /** Shows new connections this identity; those that are there stay as they are. */
  void use(TlsIdentity identity) {
    identities.use(identity);
  }

  /** What is wrong with the time in which an identity is valid. */
  static Optional<String> untimely(TlsIdentity identity, Instant now) {
    X509Certificate own = identity.chain()[0];
    try {
      own.checkValidity(Date.from(now));
      return Optional.empty();
    } catch (CertificateException e) {
      return Optional.of(
          "WARNING: clients will refuse the certificate of "
              + own.getSubjectX500Principal().getName()
              + ", which is valid from "
              + own.getNotBefore().toInstant()
              + " to "
              + own.getNotAfter().toInstant());
    }
  }

  /** For HTTP. */
  SslContextFactory.Server forHttp() {
    SslContextFactory.Server factory = new SslContextFactory.Server();
    factory.setSslContext(context);
    factory.setIncludeProtocols(PROTOCOLS);
    factory.setExcludeProtocols();
    factory.setIncludeCipherSuites(CIPHERS.toArray(String[]::new));
    factory.setExcludeCipherSuites();
    factory.setRenegotiationAllowed(false);
    factory.setSniRequired(false);
    return factory;
  }

  /** For gRPC, which is HTTP/2 only. */
  SslContext forGrpc() {
    return new JdkSslContext(
        context,
        false,
        CIPHERS,
        SupportedCipherSuiteFilter.INSTANCE,
        new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            "h2"),
        ClientAuth.NONE,
        PROTOCOLS,
        false);
  }

  /**
   * The identity of now, and the one before, which handshakes may have begun with: the JVM asks for
   * the certificates and the key one after the other, by a name that tells which.
   */
  private static final class Identities extends X509ExtendedKeyManager {
    private record Named(String name, TlsIdentity identity, Named before) {}

    private volatile Named now;

    synchronized void use(TlsIdentity identity) {
      Named old = now == null ? null : new Named(now.name, now.identity, null);
      int number = old == null ? 0 : Integer.parseInt(old.name) + 1;
      now = new Named(Integer.toString(number), identity, old);
    }

    private TlsIdentity named(String name) {
      for (Named one = now; one != null; one = one.before) {
        if (one.name.equals(name)) {
          return one.identity;
        }
      }
      return null;
    }

    @Override
    public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
      Named current = now;
      boolean fits = current.identity.chain()[0].getPublicKey().getAlgorithm().equals(type);
      return fits ? current.name : null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String name) {
      TlsIdentity identity = named(name);
      return identity == null ? null : identity.chain().clone();
    }

    @Override
    public PrivateKey getPrivateKey(String name) {
      TlsIdentity identity = named(name);
      return identity == null ? null : identity.key();
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return null;
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return null;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return null;
    }
  }
}
