package io.github.vaecf.data.synthetic;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How large a log is.
 *
 * @param users number of users, at least 1
 * @param items number of items, at least 1
 * @param events number of events, at least 5 a user, at most half of users × items, less than 2³⁰
 */
public record Shape(int users, int items, int events) {
  private static final Pattern NUMBERS =
      Pattern.compile("([0-9]{1,9})[xX×]([0-9]{1,9})[xX×]([0-9]{1,9})");
  static final int LEAST_USER_ITEMS = 5;

  /**
   * Checks the numbers.
   *
   * @param users number of users
   * @param items number of items
   * @param events number of events
   * @throws IllegalArgumentException if there is no such log
   */
  public Shape {
    if (users < 1 || items < 1 || events < (long) LEAST_USER_ITEMS * users || events >= 1 << 30) {
      throw new IllegalArgumentException(
          "a shape must have users, items and at least "
              + LEAST_USER_ITEMS
              + " events a user, less than 2^30 together, found "
              + users
              + " users, "
              + items
              + " items and "
              + events
              + " events");
    }
    if (events > (long) users * items / 2) {
      throw new IllegalArgumentException(
          "a shape must have at most half of users x items as events, found "
              + events
              + " for "
              + users
              + " users and "
              + items
              + " items");
    }
  }

  /**
   * The shape that a text says.
   *
   * @param text three numbers as in {@code 1000x200x9000}: users, items, events
   * @return the shape
   * @throws IllegalArgumentException if it is none
   */
  public static Shape of(String text) {
    Matcher numbers = NUMBERS.matcher(text);
    if (!numbers.matches()) {
      throw new IllegalArgumentException(
          "a shape must be USERSxITEMSxEVENTS, found '" + text + "'");
    }
    return new Shape(
        Integer.parseInt(numbers.group(1)),
        Integer.parseInt(numbers.group(2)),
        Integer.parseInt(numbers.group(3)));
  }

  @Override
  public String toString() {
    return users + "x" + items + "x" + events;
  }
}
