package io.github.vaecf.server;

/**
 * So many requests a second, and so many at once after a pause: a token bucket, which is filled
 * with {@code rate} tokens a second up to {@code burst}, and of which each request takes one. Safe
 * for use by many threads.
 */
final class RateLimit {
  private static final double NANOS = 1e9;

  private final double rate;
  private final double burst;
  private double tokens;
  private long filled;

  /**
   * @param rate requests a second, above 0
   * @param burst requests at once, at least 1
   * @param now of {@link System#nanoTime}
   */
  RateLimit(double rate, double burst, long now) {
    this.rate = rate;
    this.burst = burst;
    this.tokens = burst;
    this.filled = now;
  }

  /**
   * Takes a request.
   *
   * @return 0 if it may be answered, or after how many seconds another one may, at least 1
   */
  synchronized long take(long now) {
    tokens = Math.min(burst, tokens + rate * Math.max(0, now - filled) / NANOS);
    filled = now;
    if (tokens >= 1) {
      tokens--;
      return 0;
    }
    return (long) Math.max(1, Math.ceil((1 - tokens) / rate));
  }

  boolean isLike(RateLimit other) {
    return rate == other.rate && burst == other.burst;
  }
}
