package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.github.vaecf.data.DataException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The certificate by which the server shows who it is, with those that vouch for it, and its
 * private key; from PEM files (RFC 7468).
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TlsIdentity(X509Certificate[] chain, PrivateKey key) {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PRIVATE_KEY = "PRIVATE KEY";
  private static final String ENCRYPTED = "ENCRYPTED";

  private static final byte[] ANY = {1, 2, 3};

  private static final int SEQUENCE = 0x30;
  private static final int INTEGER = 0x02;
  private static final int OCTET_STRING = 0x04;

  private record Block(String type, String text) {
    byte[] bytes(Path file) {
      try {
        return Base64.getDecoder().decode(text.replaceAll("\\s", ""));
      } catch (IllegalArgumentException e) {
        throw new DataException(
            file + ": the block BEGIN " + type + " is damaged (it is no base64)", e);
      }
    }
  }

  /**
   * Reads an identity.
   *
   * @param certificates the server's own certificate first, then those between it and one that
   *     clients know
   * @param key the private key in PKCS#8, PKCS#1 (RSA) or SEC 1 (EC), not encrypted
   * @throws DataException if a file is of another kind or damaged, or they do not belong together
   */
  static TlsIdentity parse(Path certificateFile, byte[] certificates, Path keyFile, byte[] key) {
    X509Certificate[] chain = chain(certificateFile, certificates);
    PrivateKey own = key(keyFile, key, chain[0].getPublicKey());
    requirePair(certificateFile, chain, keyFile, own);
    for (int i = 0; i + 1 < chain.length; i++) {
      if (!chain[i].getIssuerX500Principal().equals(chain[i + 1].getSubjectX500Principal())) {
        throw new DataException(
            certificateFile
                + ": expected after each certificate that of its issuer, found after that of "
                + name(chain[i])
                + ", issued by "
                + chain[i].getIssuerX500Principal().getName()
                + ", that of "
                + name(chain[i + 1]));
      }
    }
    return new TlsIdentity(chain, own);
  }

  private static String name(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().getName();
  }

  private static List<Block> blocks(Path file, byte[] bytes, String wanted) {
    String text = new String(bytes, ISO_8859_1);
    Matcher matcher = BLOCK.matcher(text);
    List<Block> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(new Block(matcher.group(1), matcher.group(2)));
    }
    if (text.split("-----BEGIN ", -1).length - 1 != blocks.size()) {
      throw new DataException(
          file + ": a block that begins has no end (-----END …-----); is the file cut short?");
    }
    if (blocks.isEmpty()) {
      throw new DataException(
          file
              + ": expected PEM, -----BEGIN "
              + wanted
              + "-----, found "
              + (bytes.length == 0 ? "an empty file" : "something else")
              + (wanted.equals(CERTIFICATE)
                  ? "; from DER: openssl x509 -inform der -in FILE -out NEW, from PKCS#12: openssl"
                      + " pkcs12 -in FILE -nokeys -out NEW"
                  : "; from DER: openssl pkey -inform der -in FILE -out NEW, from PKCS#12: openssl"
                      + " pkcs12 -in FILE -nocerts -nodes -out NEW"));
    }
    return blocks;
  }

  private static DataException missing(Path file, String wanted, List<Block> blocks) {
    return new DataException(
        file
            + ": expected a block BEGIN "
            + wanted
            + ", found "
            + String.join(", ", blocks.stream().map(block -> "BEGIN " + block.type()).toList()));
  }

  private static X509Certificate[] chain(Path file, byte[] bytes) {
    List<Block> blocks = blocks(file, bytes, CERTIFICATE);
    List<X509Certificate> chain = new ArrayList<>();
    for (Block block : blocks) {
      if (!block.type().equals(CERTIFICATE)) {
        continue;
      }
      try {
        chain.add(
            (X509Certificate)
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(block.bytes(file))));
      } catch (CertificateException e) {
        throw new DataException(
            file + ": certificate " + (chain.size() + 1) + " is damaged or none", e);
      }
    }
    if (chain.isEmpty()) {
      throw missing(file, CERTIFICATE, blocks);
    }
    return chain.toArray(X509Certificate[]::new);
  }

  private static PrivateKey key(Path file, byte[] bytes, PublicKey certified) {
    List<Block> blocks = blocks(file, bytes, PRIVATE_KEY);
    Block block =
        blocks.stream()
            .filter(one -> one.type().endsWith(PRIVATE_KEY))
            .findFirst()
            .orElseThrow(() -> missing(file, PRIVATE_KEY, blocks));
    if (block.type().startsWith(ENCRYPTED) || block.text().contains(ENCRYPTED)) {
      throw new DataException(
          file
              + ": the key is encrypted, and there is nobody to ask for its passphrase; decrypt it to"
              + " a file that only the server can read: openssl pkey -in "
              + file
              + " -out NEW");
    }
    byte[] der = block.bytes(file);
    String algorithm = certified.getAlgorithm();
    try {
      return KeyFactory.getInstance(algorithm)
          .generatePrivate(
              new PKCS8EncodedKeySpec(
                  block.type().equals(PRIVATE_KEY) ? der : pkcs8(block, der, certified)));
    } catch (InvalidKeySpecException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new DataException(
          file
              + ": BEGIN "
              + block.type()
              + " is damaged, or no key of the certificate's kind, "
              + algorithm
              + "; 'openssl pkey -in "
              + file
              + " -noout -text' tells what it is",
          e);
    } catch (GeneralSecurityException e) {
      throw new DataException(
          file + ": this JVM knows no keys of the certificate's kind, " + algorithm, e);
    }
  }

  /**
   * A key of PKCS#1 or SEC 1 in PKCS#8 (RFC 5958): a version, the algorithm, which is written as it
   * is before the certificate's public key, and the key.
   */
  private static byte[] pkcs8(Block block, byte[] key, PublicKey certified) {
    byte[] info = certified.getEncoded();
    int algorithm = content(info, 0);
    byte[] own = key;
    if (block.type().startsWith("EC ")) {
      // Of version, key, curve and public key the JVM takes the first two only.
      int version = content(key, 0);
      own = der(SEQUENCE, Arrays.copyOfRange(key, version, end(key, end(key, version))));
    }
    ByteArrayOutputStream parts = new ByteArrayOutputStream();
    parts.writeBytes(der(INTEGER, new byte[] {0}));
    parts.write(info, algorithm, end(info, algorithm) - algorithm);
    parts.writeBytes(der(OCTET_STRING, own));
    return der(SEQUENCE, parts.toByteArray());
  }

  /** Where the content of a value in DER begins. */
  private static int content(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
  }

  /** Where the value ends. */
  private static int end(byte[] der, int at) {
    int content = content(der, at);
    int length = content == at + 2 ? der[at + 1] : 0;
    for (int i = at + 2; i < content; i++) {
      length = (length << 8) | (der[i] & 0xff);
    }
    return content + length;
  }

  private static byte[] der(int tag, byte[] content) {
    ByteArrayOutputStream der = new ByteArrayOutputStream();
    der.write(tag);
    if (content.length < 0x80) {
      der.write(content.length);
    } else {
      der.write(0x82); // two octets: no key is longer
      der.write(content.length >> 8);
      der.write(content.length);
    }
    der.writeBytes(content);
    return der.toByteArray();
  }

  private static void requirePair(
      Path certificateFile, X509Certificate[] chain, Path keyFile, PrivateKey key) {
    if (isPair(chain[0], key)) {
      return;
    }
    for (X509Certificate other : chain) {
      if (isPair(other, key)) {
        throw new DataException(
            certificateFile
                + ": expected the certificate of the key in "
                + keyFile
                + " first, that of "
                + name(other)
                + ", found that of "
                + name(chain[0]));
      }
    }
    throw new DataException(
        keyFile
            + ": the key is not that of the certificate in "
            + certificateFile
            + " (of "
            + name(chain[0])
            + "); do both files belong together?");
  }

  /** Whether what the one signs the other takes. */
  private static boolean isPair(X509Certificate certificate, PrivateKey key) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(ANY);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(ANY);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Whose certificate it is, and until when. */
  @Override
  public String toString() {
    return name(chain[0]) + ", valid until " + chain[0].getNotAfter().toInstant();
  }
}
