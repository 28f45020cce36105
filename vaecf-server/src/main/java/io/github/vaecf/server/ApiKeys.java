package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.vaecf.data.DataException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The keys by which clients are known. A line for each: {@code NAME:KEY} or {@code
 * NAME:sha256:HEX}, then, where wanted, {@code rate=}, {@code burst=} and {@code expires=}; empty
 * lines and those that begin with {@code #} say nothing. A name may have several keys, so that one
 * can be replaced by another while both are valid.
 *
 * <p>Only hashes of keys are kept. A plain SHA-256 is enough for them, as keys are random and long:
 * nothing shorter than 128 bits can be tried out, and so nothing need make that slow. No message
 * repeats anything of a line that could be a key.
 */
final class ApiKeys {
  private static final Pattern LINE =
      Pattern.compile(
          "(?<name>[A-Za-z0-9._-]{1,64}):(sha256:(?<hash>[0-9A-Fa-f]{64})|(?<key>[^\\s:]+))"
              + "(?<options>(\\s+\\S+)*)");

  /** What RFC 6750 has a bearer token be, at least as long as 128 bits in base64. */
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9._~+/-]{22,512}=*");

  private static final Pattern BEARER = Pattern.compile("(?i)bearer +(?<token>\\S+)\\s*");
  private static final String LARGEST_RATE = "1e6";

  private final List<Key> keys;

  private record Key(
      String name, Hash hash, Optional<Instant> expires, Optional<RateLimit> limit) {}

  private ApiKeys(List<Key> keys) {
    this.keys = List.copyOf(keys);
  }

  /** A key's SHA-256. Equality takes the same time wherever two differ. */
  private static final class Hash {
    private final byte[] bytes;

    private Hash(byte[] bytes) {
      this.bytes = bytes;
    }

    static Hash of(String key) {
      try {
        return new Hash(MessageDigest.getInstance("SHA-256").digest(key.getBytes(US_ASCII)));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JVM has SHA-256", e);
      }
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Hash hash && MessageDigest.isEqual(bytes, hash.bytes);
    }

    @Override
    public int hashCode() {
      return bytes[0];
    }
  }

  /**
   * Reads keys.
   *
   * @param where they are from, to begin messages with
   * @param text the lines
   * @param before the keys until now: those whose limit stays the same go on with what is left of
   *     it
   * @throws DataException if a line is none, a key comes twice, or there is none
   */
  static ApiKeys parse(String where, String text, Optional<ApiKeys> before) {
    List<Key> keys = new ArrayList<>();
    Map<Hash, Integer> lines = new HashMap<>();
    int number = 0;
    for (String line : text.split("\r\n|\r|\n", -1)) {
      number++;
      String plain = line.strip();
      if (plain.isEmpty() || plain.startsWith("#")) {
        continue;
      }
      String place = where + ", line " + number + ": ";
      Key key = key(place, plain, before);
      Integer other = lines.put(key.hash, number);
      if (other != null) {
        throw new DataException(
            place + "expected another key than that of line " + other + ", found the same one");
      }
      keys.add(key);
    }
    if (keys.isEmpty()) {
      throw new DataException(where + ": expected a line NAME:KEY for each key, found none");
    }
    return new ApiKeys(keys);
  }

  private static Key key(String place, String line, Optional<ApiKeys> before) {
    Matcher parts = LINE.matcher(line);
    if (!parts.matches()) {
      throw new DataException(
          place
              + "expected NAME:KEY or NAME:sha256:HEX with 64 hexadecimal digits, and then perhaps"
              + " rate=, burst= and expires=; a name has up to 64 letters, digits and . _ - (what was"
              + " found is not repeated, as it may be a key)");
    }
    Hash hash;
    if (parts.group("hash") != null) {
      hash = new Hash(HexFormat.of().parseHex(parts.group("hash")));
    } else if (KEY.matcher(parts.group("key")).matches()) {
      hash = Hash.of(parts.group("key"));
    } else {
      throw new DataException(
          place
              + "expected a key of 22 to 512 letters, digits and - . _ ~ + /, such as one that"
              + " 'openssl rand -hex 32' makes, found "
              + parts.group("key").length()
              + " characters");
    }
    Map<String, String> options = options(place, parts.group("options").strip());
    Optional<Instant> expires =
        Optional.ofNullable(options.get("expires")).map(text -> expiry(place, text));
    Optional<RateLimit> limit = limit(place, options);
    Optional<RateLimit> known =
        before.stream()
            .flatMap(old -> old.keys.stream())
            .filter(old -> old.hash.equals(hash))
            .flatMap(old -> old.limit.stream())
            .findFirst();
    if (limit.isPresent() && known.isPresent() && known.get().isLike(limit.get())) {
      limit = known;
    }
    return new Key(parts.group("name"), hash, expires, limit);
  }

  private static Map<String, String> options(String place, String text) {
    Map<String, String> options = new HashMap<>();
    for (String option : text.isEmpty() ? new String[0] : text.split("\\s+")) {
      int at = option.indexOf('=');
      String name = at < 0 ? "" : option.substring(0, at);
      if (!List.of("rate", "burst", "expires").contains(name)) {
        throw new DataException(
            place
                + "expected rate=, burst= or expires= after the key, found something else (which is"
                + " not repeated, as it may be a key)");
      }
      if (options.put(name, option.substring(at + 1)) != null) {
        throw new DataException(place + "expected " + name + "= once, found it twice");
      }
    }
    return options;
  }

  private static Optional<RateLimit> limit(String place, Map<String, String> options) {
    String rateText = options.get("rate");
    String burstText = options.get("burst");
    if (rateText == null && burstText == null) {
      return Optional.empty();
    }
    if (rateText == null) {
      throw new DataException(place + "expected rate= too, as burst= is for limited rates");
    }
    double most = Double.parseDouble(LARGEST_RATE);
    double rate = number(rateText);
    if (!(rate > 0 && rate <= most)) {
      throw new DataException(
          place + "expected rate= with requests a second, above 0 and up to " + LARGEST_RATE);
    }
    double burst = burstText == null ? Math.max(1, Math.ceil(rate)) : number(burstText);
    if (!(burst >= 1 && burst <= most && burst == Math.rint(burst))) {
      throw new DataException(
          place + "expected burst= with a whole number of requests, from 1 to " + LARGEST_RATE);
    }
    return Optional.of(new RateLimit(rate, burst, System.nanoTime()));
  }

  private static double number(String text) {
    return text.matches("[0-9]{1,9}(\\.[0-9]{1,9})?") ? Double.parseDouble(text) : Double.NaN;
  }

  private static Instant expiry(String place, String text) {
    try {
      return text.contains("T")
          ? Instant.parse(text)
          : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeException e) {
      throw new DataException(
          place
              + "expected expires= with the day from whose beginning (UTC) the key is not valid any"
              + " more, such as 2027-01-31, or a time, such as 2027-01-31T12:00:00Z",
          e);
    }
  }

  /** How many there are. */
  int count() {
    return keys.size();
  }

  /** The names of those that are not valid any more. */
  Set<String> expired(Instant now) {
    Set<String> names = new TreeSet<>();
    keys.stream().filter(key -> isExpired(key, now)).forEach(key -> names.add(key.name));
    return names;
  }

  private static boolean isExpired(Key key, Instant now) {
    return key.expires.isPresent() && !now.isBefore(key.expires.get());
  }

  /**
   * Looks up who asks, in the same time whichever key it is, and takes the request from the key's
   * limit.
   *
   * @param authorization what the request has under {@code Authorization}
   * @return the key's name
   * @throws RequestException with 401, the same for whatever is wrong, if there is no valid key;
   *     with 429 if its limit is reached
   */
  String admit(List<String> authorization, Instant now, long nanos) {
    Key found = null;
    Matcher bearer =
        authorization.size() == 1 ? BEARER.matcher(authorization.get(0)) : BEARER.matcher("");
    if (bearer.matches()) {
      Hash hash = Hash.of(bearer.group("token"));
      for (Key key : keys) {
        found = key.hash.equals(hash) ? key : found;
      }
    }
    if (found == null || isExpired(found, now)) {
      throw RequestException.unauthorized();
    }
    long seconds = found.limit.isPresent() ? found.limit.get().take(nanos) : 0;
    if (seconds > 0) {
      throw RequestException.tooMany(found.name, seconds);
    }
    return found.name;
  }
}
