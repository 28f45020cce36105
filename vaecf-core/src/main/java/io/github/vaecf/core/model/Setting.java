package io.github.vaecf.core.model;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Something about a model or its training that may be chosen: its name, its type, the range of its
 * values, the published value, and a line of help. The command line, the search, files and reports
 * know a setting from here. Immutable and safe for use by many threads; two settings of one name
 * are equal.
 *
 * @param <T> type of the values
 */
public final class Setting<T> {
  private final String name;
  private final String placeholder;
  private final boolean whole;
  private final List<String> choices;
  private final Function<String, T> parser;
  private final Function<T, String> formatter;
  private final Predicate<T> range;
  private final String rangeInWords;
  private final T published;
  private final String help;
  private final String alternative;
  private final List<T> tried;

  private Setting(Builder<T> builder) {
    name = builder.name;
    placeholder = builder.placeholder;
    whole = builder.whole;
    choices = builder.choices;
    parser = builder.parser;
    formatter = builder.formatter;
    range = builder.range;
    rangeInWords = builder.rangeInWords;
    published = builder.published;
    help = builder.help;
    alternative = builder.alternative;
    tried = builder.tried;
    require(published);
    for (T value : tried) {
      require(value);
    }
  }

  private static final class Builder<T> {
    private String name;
    private String placeholder;
    private boolean whole;
    private List<String> choices = List.of();
    private Function<String, T> parser;
    private Function<T, String> formatter = Object::toString;
    private Predicate<T> range = value -> true;
    private String rangeInWords;
    private T published;
    private String help;
    private String alternative;
    private List<T> tried = List.of();
  }

  private Builder<T> copy() {
    Builder<T> copy = new Builder<>();
    copy.name = name;
    copy.placeholder = placeholder;
    copy.whole = whole;
    copy.choices = choices;
    copy.parser = parser;
    copy.formatter = formatter;
    copy.range = range;
    copy.rangeInWords = rangeInWords;
    copy.published = published;
    copy.help = help;
    copy.alternative = alternative;
    copy.tried = tried;
    return copy;
  }

  private static <T> Builder<T> named(String name, T published, String help) {
    Builder<T> builder = new Builder<>();
    builder.name = name;
    builder.published = published;
    builder.help = help;
    return builder;
  }

  /**
   * A whole number.
   *
   * @param name lower-case words with hyphens between
   * @param least the smallest value
   * @param published the published value
   * @param help one sentence
   * @return the setting
   */
  public static Setting<Integer> integer(String name, int least, int published, String help) {
    Builder<Integer> builder = named(name, published, help);
    builder.placeholder = "N";
    builder.whole = true;
    builder.parser = Integer::valueOf;
    builder.range = value -> value >= least;
    builder.rangeInWords = "a whole number of at least " + least;
    return new Setting<>(builder);
  }

  /**
   * A whole number of any size.
   *
   * @param name lower-case words with hyphens between
   * @param least the smallest value
   * @param published the published value
   * @param help one sentence
   * @return the setting
   */
  public static Setting<Long> wholeNumber(String name, long least, long published, String help) {
    Builder<Long> builder = named(name, published, help);
    builder.placeholder = "N";
    builder.whole = true;
    builder.parser = Long::valueOf;
    builder.range = value -> value >= least;
    builder.rangeInWords =
        least == Long.MIN_VALUE ? "a whole number" : "a whole number of at least " + least;
    return new Setting<>(builder);
  }

  /**
   * A finite number.
   *
   * @param name lower-case words with hyphens between
   * @param range the values that it may take
   * @param published the published value
   * @param help one sentence
   * @return the setting
   */
  public static Setting<Double> number(String name, Range range, double published, String help) {
    Builder<Double> builder = named(name, published, help);
    builder.placeholder = "X";
    builder.parser = Double::valueOf;
    builder.range = range::contains;
    builder.rangeInWords = range.toString();
    return new Setting<>(builder);
  }

  /**
   * Widths of layers, as many as wanted; written with commas or x between, 0 for none.
   *
   * @param name lower-case words with hyphens between
   * @param published the published widths, each at least 1; may be empty
   * @param help one sentence
   * @return the setting
   */
  public static Setting<List<Integer>> widths(String name, List<Integer> published, String help) {
    Builder<List<Integer>> builder = named(name, List.copyOf(published), help);
    builder.placeholder = "N,N";
    builder.parser =
        text -> {
          List<Integer> widths = new ArrayList<>();
          for (String part : text.split("[,x]", -1)) {
            widths.add(Integer.valueOf(part.strip()));
          }
          return widths.equals(List.of(0)) ? List.of() : List.copyOf(widths);
        };
    builder.formatter =
        widths ->
            widths.isEmpty()
                ? "0"
                : widths.stream().map(String::valueOf).collect(Collectors.joining(","));
    builder.range = widths -> widths.stream().allMatch(width -> width >= 1);
    builder.rangeInWords = "widths of at least 1 with commas between, or 0 for none";
    return new Setting<>(builder);
  }

  /**
   * One of some words.
   *
   * @param <E> an enumeration, whose constants are written in lower case
   * @param name lower-case words with hyphens between
   * @param published the published value
   * @param help one sentence
   * @return the setting
   */
  public static <E extends Enum<E>> Setting<E> choice(String name, E published, String help) {
    Class<E> type = published.getDeclaringClass();
    Builder<E> builder = named(name, published, help);
    builder.placeholder = name.toUpperCase(Locale.ROOT);
    builder.choices = Arrays.stream(type.getEnumConstants()).map(one -> lowerCase(one)).toList();
    builder.parser = text -> Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
    builder.formatter = Setting::lowerCase;
    builder.rangeInWords = String.join(" or ", builder.choices);
    return new Setting<>(builder);
  }

  /**
   * Something that is so or not; published is that it is not.
   *
   * @param name lower-case words with hyphens between
   * @param help one sentence
   * @return the setting
   */
  public static Setting<Boolean> flag(String name, String help) {
    Builder<Boolean> builder = named(name, false, help);
    builder.placeholder = "BOOLEAN";
    builder.choices = List.of("true", "false");
    builder.parser =
        text -> {
          if (!builder.choices.contains(text)) {
            throw new IllegalArgumentException(text);
          }
          return Boolean.valueOf(text);
        };
    builder.rangeInWords = "true or false";
    return new Setting<>(builder);
  }

  /**
   * Something of a model's own, written as a text.
   *
   * @param parser throws an {@link IllegalArgumentException} for what is none
   * @param formatter gives what the parser reads
   */
  static <T> Setting<T> written(
      String name,
      Function<String, T> parser,
      Function<T, String> formatter,
      String rangeInWords,
      T published,
      String help) {
    Builder<T> builder = named(name, published, help);
    builder.placeholder = "TEXT";
    builder.parser = parser;
    builder.formatter = formatter;
    builder.rangeInWords = rangeInWords;
    return new Setting<>(builder);
  }

  private static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /**
   * The same setting with another published value: that of another model.
   *
   * @param value the value
   * @return a setting of the same name
   */
  public Setting<T> published(T value) {
    Builder<T> copy = copy();
    copy.published = value;
    return new Setting<>(copy);
  }

  /**
   * The same setting with the values that are worth trying where the published one may not be best:
   * an automatic search goes from one to its neighbours.
   *
   * @param values in an order in which neighbours are alike, such as from small to large, each in
   *     the range
   * @return a setting of the same name
   */
  public Setting<T> tried(List<T> values) {
    Builder<T> copy = copy();
    copy.tried = List.copyOf(values);
    return new Setting<>(copy);
  }

  /**
   * The values that are worth trying.
   *
   * @return in an order in which neighbours are alike; empty for a setting that is not searched
   *     over unless asked for
   */
  public List<T> tried() {
    return tried;
  }

  /**
   * The same setting as an alternative to another: of the two only one holds. Where one is given,
   * the other takes its off value, which is 0.
   *
   * @param other the other setting's name
   * @return a setting of the same name
   */
  public Setting<T> insteadOf(String other) {
    Builder<T> copy = copy();
    copy.alternative = other;
    return new Setting<>(copy);
  }

  /**
   * The name, by which everything knows it.
   *
   * @return lower-case words with hyphens between
   */
  public String name() {
    return name;
  }

  /**
   * What stands for a value in help.
   *
   * @return such as N for a whole number
   */
  public String placeholder() {
    return placeholder;
  }

  /**
   * The value of the published program.
   *
   * @return a value in the range
   */
  public T published() {
    return published;
  }

  /**
   * The published value for a person to read, a fraction to three digits.
   *
   * @return such as 0.00002; none for no widths
   */
  public String publishedInWords() {
    if (published instanceof Double number) {
      return BigDecimal.valueOf(number)
          .round(new MathContext(3))
          .stripTrailingZeros()
          .toPlainString();
    }
    return published.equals(List.of()) ? "none" : format(published);
  }

  /**
   * Whether it holds only where it is given, in the place of another.
   *
   * @return true for an alternative
   */
  public boolean isAlternative() {
    return alternative != null;
  }

  /**
   * What it does.
   *
   * @return one sentence, or a few
   */
  public String help() {
    return help;
  }

  /**
   * The values that it may take.
   *
   * @return in words, to follow "expected"
   */
  public String range() {
    return rangeInWords;
  }

  /**
   * Whether it takes whole numbers only.
   *
   * @return true for a whole number
   */
  public boolean isWhole() {
    return whole;
  }

  /**
   * The words that it may take.
   *
   * @return the words; empty where it takes numbers
   */
  public List<String> choices() {
    return choices;
  }

  /** Whether this and another setting are alternatives. */
  boolean excludes(Setting<?> other) {
    return other.name.equals(alternative) || name.equals(other.alternative);
  }

  /** The value that says that the alternative holds. */
  T off() {
    return parser.apply("0");
  }

  /**
   * Reads a value.
   *
   * @param text as a person writes it
   * @return the value
   * @throws IllegalArgumentException if it is none, or out of the range
   */
  public T parse(String text) {
    T value;
    try {
      value = parser.apply(text.strip());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(refusal(text), e);
    }
    if (!range.test(value)) {
      throw new IllegalArgumentException(refusal(text));
    }
    return value;
  }

  /**
   * Writes a value so that {@link #parse} reads the same again.
   *
   * @param value a value
   * @return the text
   */
  public String format(T value) {
    return formatter.apply(value);
  }

  T require(T value) {
    Objects.requireNonNull(value, name);
    if (!range.test(value)) {
      throw new IllegalArgumentException(refusal(format(value)));
    }
    return value;
  }

  private String refusal(String found) {
    return name + ": expected " + rangeInWords + ", found '" + found + "'";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Setting<?> that && name.equals(that.name);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }

  /**
   * Finite numbers between two ends.
   *
   * @param low the lower end
   * @param lowIncluded whether it belongs to the range
   * @param high the upper end, infinite for none
   * @param highIncluded whether it belongs to the range
   */
  public record Range(double low, boolean lowIncluded, double high, boolean highIncluded) {
    /**
     * Numbers from one on.
     *
     * @param low the smallest
     * @return the range
     */
    public static Range atLeast(double low) {
      return new Range(low, true, Double.POSITIVE_INFINITY, false);
    }

    /**
     * Numbers above one.
     *
     * @param low the number
     * @return the range
     */
    public static Range above(double low) {
      return new Range(low, false, Double.POSITIVE_INFINITY, false);
    }

    /**
     * Those of this range up to one.
     *
     * @param end the largest
     * @return the range
     */
    public Range atMost(double end) {
      return new Range(low, lowIncluded, end, true);
    }

    /**
     * Those of this range below one.
     *
     * @param end the number
     * @return the range
     */
    public Range below(double end) {
      return new Range(low, lowIncluded, end, false);
    }

    boolean contains(double value) {
      return Double.isFinite(value)
          && (lowIncluded ? value >= low : value > low)
          && (highIncluded ? value <= high : value < high);
    }

    @Override
    public String toString() {
      return "a number "
          + (lowIncluded ? "of at least " : "above ")
          + end(low)
          + (Double.isInfinite(high) ? "" : (highIncluded ? ", at most " : ", below ") + end(high));
    }

    private static String end(double value) {
      return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
  }
}
