package io.github.vaecf.data.reading;

import java.nio.charset.StandardCharsets;

/** A field as it would stand in a file, in bytes that are used again for the next one. */
final class FieldBytes {
  private byte[] bytes = new byte[32];
  private int from;
  private int to;

  byte[] bytes() {
    return bytes;
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  /** Takes the digits of a whole number, without making an object. */
  void take(long number) {
    if (bytes.length < 20) {
      bytes = new byte[32];
    }
    to = 20;
    from = to;
    long rest = number;
    do {
      // Remainders of negative numbers are negative, so that the least one needs no case of its
      // own.
      bytes[--from] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    } while (rest != 0);
    if (number < 0) {
      bytes[--from] = '-';
    }
  }

  /** The field as text. */
  String text() {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  void take(String text) {
    bytes = text.getBytes(StandardCharsets.UTF_8);
    from = 0;
    to = bytes.length;
  }
}
