package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says what a database refused, on one line and without what is secret: drivers put the URL, and
 * with it passwords, into their messages.
 */
final class SqlFailures {
  private static final String HIDDEN = "***";
  private static final int MOST_CAUSES = 10;

  /** Parameters whose values are secret: {@code password=…}, {@code trustStorePassword=…}. */
  private static final Pattern PARAMETER =
      Pattern.compile(
          "(?i)[\\w.-]*(?:password\\d?|passwd|pwd|passphrase|pass|secret|token)\\s*=\\s*([^&;,)]+)");

  /** {@code user:password@host}, and Oracle's {@code user/password@host}. */
  private static final Pattern USER_INFO =
      Pattern.compile("(?://[^?]*?:|^jdbc:oracle:[^@/]*/)([^@?]+)@");

  private final String url;
  private final List<String> secrets;

  private SqlFailures(String url, Set<String> secrets) {
    this.url = url;
    this.secrets = new ArrayList<>(secrets);
    this.secrets.sort(Comparator.comparingInt(String::length).reversed());
  }

  /** Of a connection that the caller made: nothing is known of it. */
  static SqlFailures unknown() {
    return new SqlFailures("", Set.of());
  }

  /** Of a connection that is made with these. */
  static SqlFailures of(String url, Properties properties) {
    Set<String> secrets = new LinkedHashSet<>();
    secretsIn(url).forEach(secret -> add(secrets, secret));
    for (String key : properties.stringPropertyNames()) {
      if (PARAMETER.matcher(key + "=x").matches()) {
        add(secrets, properties.getProperty(key));
      }
    }
    return new SqlFailures(url, secrets);
  }

  /** Adds a secret as it stands, and as it is once it was decoded. */
  private static void add(Set<String> secrets, String secret) {
    if (!secret.isEmpty()) {
      secrets.add(secret);
      try {
        secrets.add(URLDecoder.decode(secret, StandardCharsets.UTF_8));
      } catch (IllegalArgumentException e) {
        return; // A per cent sign that encodes nothing.
      }
    }
  }

  /** What of a URL is secret. */
  static List<String> secretsIn(String url) {
    List<String> secrets = new ArrayList<>();
    for (Pattern pattern : List.of(PARAMETER, USER_INFO)) {
      Matcher matcher = pattern.matcher(url);
      while (matcher.find()) {
        secrets.add(matcher.group(1));
      }
    }
    return secrets;
  }

  /** The beginning of a URL, which says which driver it is for. */
  static String kind(String url) {
    Matcher kind = Pattern.compile("(?i)^jdbc:[a-z0-9+.-]+:").matcher(url);
    return kind.find() ? kind.group().toLowerCase(Locale.ROOT) : "no URL of JDBC";
  }

  /**
   * A failure for a person to read.
   *
   * @param where what was done
   * @param failure what the driver threw
   */
  DataException explain(String where, Exception failure) {
    StringBuilder message = new StringBuilder(where).append(": ");
    Set<String> said = new LinkedHashSet<>();
    Throwable at = failure;
    for (int i = 0; at != null && i < MOST_CAUSES; i++, at = at.getCause()) {
      String text = at.getMessage() == null ? at.getClass().getSimpleName() : at.getMessage();
      said.add(
          oneLine(at instanceof SQLException ? text : at.getClass().getSimpleName() + ": " + text));
    }
    message.append(String.join("; ", said));
    return new DataException(withoutSecrets(message.toString()), copy(failure, 0));
  }

  private static String oneLine(String text) {
    return text.replaceAll("[\\s^]*\\R[\\s^]*", " ").strip();
  }

  /** The same failure, for a trace, without what is secret. */
  private SQLException copy(Throwable failure, int depth) {
    SQLException sql = failure instanceof SQLException one ? one : null;
    SQLException copy =
        new SQLException(
            withoutSecrets(failure.getClass().getName() + ": " + failure.getMessage()),
            sql == null ? null : sql.getSQLState(),
            sql == null ? 0 : sql.getErrorCode());
    copy.setStackTrace(failure.getStackTrace());
    if (failure.getCause() != null && depth < MOST_CAUSES) {
      copy.initCause(copy(failure.getCause(), depth + 1));
    }
    return copy;
  }

  private String withoutSecrets(String text) {
    String clean = url.isEmpty() ? text : text.replace(url, kind(url) + "…");
    for (String secret : secrets) {
      clean = clean.replace(secret, HIDDEN);
    }
    return clean;
  }
}
