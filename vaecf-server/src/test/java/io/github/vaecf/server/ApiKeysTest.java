package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file of keys means, and what it must not be. */
class ApiKeysTest {
  private static final String KEY = "0123456789abcdef0123456789abcdef";
  private static final String OTHER = "fedcba9876543210fedcba9876543210";
  private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");

  private static ApiKeys parse(String text) {
    return ApiKeys.parse("keys.txt", text, Optional.empty());
  }

  private static String admit(ApiKeys keys, String... authorization) {
    return keys.admit(List.of(authorization), NOW, 0);
  }

  private static void assertRefused(ApiKeys keys, int status, String... authorization) {
    assertThatThrownBy(() -> admit(keys, authorization))
        .isInstanceOfSatisfying(
            RequestException.class, e -> assertThat(e.status()).isEqualTo(status));
  }

  @Test
  void aKeyIsKnownByItselfOrByItsHash() throws Exception {
    String hash =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(OTHER.getBytes(UTF_8)));
    ApiKeys keys = parse("# who may ask\n\n  shop:" + KEY + "  \r\nnews:sha256:" + hash + "\n");
    assertThat(admit(keys, "Bearer " + KEY)).isEqualTo("shop");
    assertThat(admit(keys, "bearer   " + OTHER)).isEqualTo("news");
    assertRefused(keys, 401, "Bearer " + hash);
    assertRefused(keys, 401, "Bearer sha256:" + hash);
    assertRefused(keys, 401, "Bearer news");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Bearer",
        "Bearer ",
        KEY,
        "Basic " + KEY,
        "Bearer " + KEY + " " + KEY,
        "Bearer " + KEY + "0",
        "Bearer 0123456789ABCDEF0123456789ABCDEF",
        "Bearer shop:" + KEY,
        "Bearer \u0000"
      })
  void whatIsNoKeyIsRefused(String authorization) {
    ApiKeys keys = parse("shop:" + KEY);
    assertRefused(keys, 401, authorization);
    assertRefused(keys, 401);
    assertRefused(keys, 401, "Bearer " + KEY, "Bearer " + KEY);
  }

  @Test
  void aKeyIsValidUntilItsDayOrTimeComes() {
    assertThat(admit(parse("a:" + KEY + " expires=2026-11-27"), "Bearer " + KEY)).isEqualTo("a");
    assertRefused(parse("a:" + KEY + " expires=2026-11-26"), 401, "Bearer " + KEY);
    assertRefused(parse("a:" + KEY + " expires=2026-11-26T12:00:00Z"), 401, "Bearer " + KEY);
    ApiKeys both = parse("a:" + KEY + " expires=2026-11-26T12:00:01Z\na:" + OTHER);
    assertThat(admit(both, "Bearer " + KEY)).isEqualTo("a");
    assertThat(both.expired(NOW.plusSeconds(1))).containsExactly("a");
  }

  @Test
  void whatIsLeftOfALimitOutlivesAChangeOfTheFile() {
    long now = System.nanoTime();
    ApiKeys keys = parse("a:" + KEY + " rate=0.001 burst=2");
    keys.admit(List.of("Bearer " + KEY), NOW, now);
    keys.admit(List.of("Bearer " + KEY), NOW, now);
    ApiKeys same =
        ApiKeys.parse("f", "b:" + KEY + " burst=2 rate=0.001\nc:" + OTHER, Optional.of(keys));
    assertThatThrownBy(() -> same.admit(List.of("Bearer " + KEY), NOW, now))
        .isInstanceOfSatisfying(
            RequestException.class,
            e -> {
              assertThat(e.status()).isEqualTo(429);
              assertThat(e.retrySeconds()).isEqualTo(1000);
              assertThat(e.key()).isEqualTo("b");
            });
    ApiKeys more = ApiKeys.parse("f", "a:" + KEY + " rate=0.001 burst=3", Optional.of(keys));
    assertThat(more.admit(List.of("Bearer " + KEY), NOW, now)).isEqualTo("a");
  }

  /** Against counting: in any stretch of time no more than the burst and what the rate gives. */
  @Property(tries = 100)
  void noStretchOfTimeHasMoreThanItsLimit(
      @ForAll @DoubleRange(min = 0.5, max = 50) double rate,
      @ForAll @IntRange(min = 1, max = 20) int burst,
      @ForAll @Size(min = 1, max = 200) List<@LongRange(min = 0, max = 400_000_000) Long> pauses) {
    RateLimit limit = new RateLimit(rate, burst, 0);
    long now = 0;
    long[] passed = new long[pauses.size()];
    int count = 0;
    for (long pause : pauses) {
      now += pause;
      long seconds = limit.take(now);
      if (seconds == 0) {
        passed[count++] = now;
      } else {
        // Who comes when told to is answered, if nobody else came meanwhile.
        assertThat(seconds).isGreaterThanOrEqualTo(1);
      }
    }
    for (int from = 0; from < count; from++) {
      for (int to = from; to < count; to++) {
        assertThat((double) (to - from + 1))
            .isLessThanOrEqualTo(burst + rate * (passed[to] - passed[from]) / 1e9 + 1e-6);
      }
    }
    long wait = 0;
    for (int i = 0; i <= burst && wait == 0; i++) {
      wait = limit.take(now);
    }
    assertThat(limit.take(now + wait * 1_000_000_000)).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | keys.txt: expected a line NAME:KEY for each key, found none",
        "'# nothing' | keys.txt: expected a line NAME:KEY for each key, found none",
        "SECRET0123456789abcdef0123456789 | line 1: expected NAME:KEY or NAME:sha256:HEX",
        "shop: SECRET0123456789abcdef0123456789 | line 1: expected NAME:KEY or NAME:sha256:HEX",
        "my shop:SECRET0123456789abcdef0123456789 | line 1: expected NAME:KEY or NAME:sha256:HEX",
        "shop:sha256:SECRET | line 1: expected NAME:KEY or NAME:sha256:HEX",
        "shop:SECRET | line 1: expected a key of 22 to 512 letters, digits and - . _ ~ + /",
        "shop:SECRET0123456789abcdef012345678é | line 1: expected a key of 22 to 512 letters",
        "shop:0123456789012345678901 SECRET | expected rate=, burst= or expires= after the key",
        "shop:0123456789012345678901 SECRET=x | expected rate=, burst= or expires= after the key",
        "shop:0123456789012345678901 rate=SECRET | expected rate= with requests a second",
        "shop:0123456789012345678901 rate=0 | expected rate= with requests a second, above 0",
        "shop:0123456789012345678901 rate=1e9 | expected rate= with requests a second, above 0",
        "shop:0123456789012345678901 rate=1 rate=2 | expected rate= once, found it twice",
        "shop:0123456789012345678901 burst=5 | expected rate= too",
        "shop:0123456789012345678901 rate=1 burst=1.5 | expected burst= with a whole number",
        "shop:0123456789012345678901 expires=SECRET | expected expires= with the day",
        "shop:0123456789012345678901 expires=2026-13-01 | expected expires= with the day"
      })
  void whatIsNoKeyFileIsToldWithoutAnythingThatMayBeAKey(String text, String problem) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("keys.txt")
        .hasMessageContaining(problem)
        .message()
        .doesNotContain("SECRET");
  }

  @Test
  void oneKeyForTwoIsRefused() {
    assertThatThrownBy(() -> parse("a:" + KEY + "\n\nb:" + KEY))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "keys.txt, line 3: expected another key than that of line 1, found the same one");
  }
}
