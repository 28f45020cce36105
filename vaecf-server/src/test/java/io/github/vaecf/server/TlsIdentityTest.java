package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Certificates and keys as OpenSSL writes them, and what is none. */
class TlsIdentityTest {
  /** Files of the tests' resources one after the other, of which "FILE:N" is N bytes. */
  static byte[] bytes(String files) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String file : files.isEmpty() ? new String[0] : files.split("\\+", -1)) {
      String[] parts = file.split(":", -1);
      try (InputStream in = TlsIdentityTest.class.getResourceAsStream("/tls/" + parts[0])) {
        all.writeBytes(
            in == null
                ? file.getBytes(UTF_8)
                : parts.length == 1
                    ? in.readAllBytes()
                    : in.readNBytes(Integer.parseInt(parts[1])));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return all.toByteArray();
  }

  static TlsIdentity identity(String certificates, String key) {
    return TlsIdentity.parse(
        Path.of("chain.pem"), bytes(certificates), Path.of("key.pem"), bytes(key));
  }

  @ParameterizedTest
  @CsvSource({
    "rsa.pem, rsa.key, 2",
    "rsa.pem, rsa-pkcs1.key, 2",
    "ec.pem, ec.key, 1",
    "ec.pem, ec-sec1.key, 1",
    "ec.pem+ca.pem, ec.key, 2",
    "ed25519.pem, ed25519.key, 1",
    "ec.key+ec.pem, ec.key+ec.pem, 1" // both in one file, as some proxies have it
  })
  void whatOpenSslWritesIsRead(String certificates, String key, int length) {
    TlsIdentity identity = identity(certificates, key);
    assertThat(identity.chain()).hasSize(length);
    assertThat(identity.toString()).contains("of vaecf's tests, valid until 2126-");
    assertThat(Tls.untimely(identity, Instant.now())).isEmpty();
    assertThat(Tls.untimely(identity, Instant.parse("2200-01-01T00:00:00Z")).orElseThrow())
        .startsWith("WARNING: clients will refuse the certificate of ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ec.der | ec.key | chain.pem: expected PEM, -----BEGIN CERTIFICATE-----, found something else;"
            + " from DER: openssl x509",
        "'' | ec.key | chain.pem: expected PEM, -----BEGIN CERTIFICATE-----, found an empty file",
        "ec.pem | nonsense | key.pem: expected PEM, -----BEGIN PRIVATE KEY-----, found something else;"
            + " from DER: openssl pkey",
        "ec.key | ec.key | chain.pem: expected a block BEGIN CERTIFICATE, found BEGIN PRIVATE KEY",
        "ec.pem | ec.pem | key.pem: expected a block BEGIN PRIVATE KEY, found BEGIN CERTIFICATE",
        "ec.pem:400 | ec.key | chain.pem: a block that begins has no end",
        "ec.pem | ec.key:100 | key.pem: a block that begins has no end",
        "rsa.pem | rsa-encrypted.key | key.pem: the key is encrypted",
        "rsa.pem | rsa-pkcs1-encrypted.key | key.pem: the key is encrypted",
        "rsa.pem | ec.key | key.pem: BEGIN PRIVATE KEY is damaged, or no key of the certificate's kind,"
            + " RSA",
        "rsa.pem | ec-sec1.key | key.pem: BEGIN EC PRIVATE KEY is damaged, or no key of the",
        "ec.pem | rsa-pkcs1.key | key.pem: BEGIN RSA PRIVATE KEY is damaged, or no key of the",
        "ca.pem | rsa.key | key.pem: the key is not that of the certificate in chain.pem (of CN=vaecf"
            + " test authority)",
        "ca.pem+rsa.pem | rsa.key | chain.pem: expected the certificate of the key in key.pem first,"
            + " that of CN=rsa of vaecf's tests, found that of CN=vaecf test authority",
        "rsa.pem+ec.pem | rsa.key | chain.pem: expected after each certificate that of its issuer"
      })
  void whatIsNoneIsToldWithTheFileAndWhatIsWrong(String certificates, String key, String problem) {
    assertThatThrownBy(() -> identity(certificates == null ? "" : certificates, key))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(problem);
  }

  @Test
  void damagedBlocksAreTold() {
    byte[] certificate = bytes("ec.pem");
    byte[] key = bytes("ec.key");
    byte[] noBase64 = new String(key, UTF_8).replaceFirst("M", "?").getBytes(UTF_8);
    byte[] otherBytes = new String(certificate, UTF_8).replaceFirst("MII", "AAA").getBytes(UTF_8);
    assertThatThrownBy(() -> TlsIdentity.parse(Path.of("c"), certificate, Path.of("k"), noBase64))
        .isInstanceOf(DataException.class)
        .hasMessage("k: the block BEGIN PRIVATE KEY is damaged (it is no base64)");
    assertThatThrownBy(() -> TlsIdentity.parse(Path.of("c"), otherBytes, Path.of("k"), key))
        .isInstanceOf(DataException.class)
        .hasMessage("c: certificate 1 is damaged or none");
  }
}
