package io.github.vaecf.eval.search;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The settings that a search varies, and the values that each may take. A combination is a value
 * for each setting, by the settings' names; what the names mean is the caller's affair.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class SearchSpace {
  /** Digits of a number drawn from a range: enough to tell trials apart, few enough to read. */
  private static final MathContext DIGITS = new MathContext(4);

  /** Draws for each combination asked for, after which a small space counts as exhausted. */
  private static final int DRAWS = 100;

  private final Map<String, Choice> choices;

  /** One setting's values: some, or those of a range. */
  private sealed interface Choice {
    String draw(SplittableRandom random);
  }

  private record Values(List<String> values) implements Choice {
    @Override
    public String draw(SplittableRandom random) {
      return values.get(random.nextInt(values.size()));
    }
  }

  private record Range(double low, double high, boolean whole) implements Choice {
    @Override
    public String draw(SplittableRandom random) {
      double share = random.nextDouble();
      double number = low > 0 ? low * Math.pow(high / low, share) : low + share * (high - low);
      return whole
          ? Long.toString(Math.round(number))
          : new BigDecimal(number).round(DIGITS).stripTrailingZeros().toPlainString();
    }
  }

  private SearchSpace(Map<String, Choice> choices) {
    this.choices = choices;
  }

  /**
   * A space of no setting, whose only combination is the empty one.
   *
   * @return the space to start from
   */
  public static SearchSpace empty() {
    return new SearchSpace(Map.of());
  }

  /**
   * This space and one setting more, which takes some values.
   *
   * @param setting the setting's name
   * @param values its values, at least one
   * @return a new space
   * @throws IllegalArgumentException if there is no value or the setting is varied already
   */
  public SearchSpace withValues(String setting, List<String> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException(setting + ": expected at least one value, found none");
    }
    return with(setting, new Values(List.copyOf(values)));
  }

  /**
   * This space and one setting more, which takes the numbers of a range: drawn evenly by factors
   * where both ends are above 0, else evenly, and rounded to four digits.
   *
   * @param setting the setting's name
   * @param low lower end
   * @param high upper end
   * @return a new space
   * @throws IllegalArgumentException if the ends are not finite numbers, the lower first, or the
   *     setting is varied already
   */
  public SearchSpace withNumbers(String setting, double low, double high) {
    return with(setting, range(setting, low, high, false));
  }

  /**
   * This space and one setting more, which takes the whole numbers of a range, drawn as by {@link
   * #withNumbers}.
   *
   * @param setting the setting's name
   * @param low lower end
   * @param high upper end
   * @return a new space
   * @throws IllegalArgumentException if the ends are not finite numbers, the lower first, or the
   *     setting is varied already
   */
  public SearchSpace withWholeNumbers(String setting, double low, double high) {
    return with(setting, range(setting, low, high, true));
  }

  private static Range range(String setting, double low, double high, boolean whole) {
    if (!(low < high) || Double.isInfinite(low) || Double.isInfinite(high)) {
      throw new IllegalArgumentException(
          setting + ": expected the lower end of a range first, found " + low + " and " + high);
    }
    return new Range(low, high, whole);
  }

  private SearchSpace with(String setting, Choice choice) {
    Map<String, Choice> more = new LinkedHashMap<>(choices);
    if (more.put(setting, choice) != null) {
      throw new IllegalArgumentException(setting + ": is varied twice");
    }
    return new SearchSpace(more);
  }

  /**
   * Every combination, the last setting changing fastest.
   *
   * @return the combinations, at least one
   * @throws IllegalArgumentException if a setting takes the numbers of a range
   */
  public List<Map<String, String>> grid() {
    List<Map<String, String>> combinations = new ArrayList<>();
    combinations.add(new LinkedHashMap<>());
    choices.forEach(
        (setting, choice) -> {
          if (!(choice instanceof Values some)) {
            throw new IllegalArgumentException(
                setting + ": a grid needs values, a range is for combinations drawn at random");
          }
          List<Map<String, String>> shorter = List.copyOf(combinations);
          combinations.clear();
          for (Map<String, String> combination : shorter) {
            for (String value : some.values()) {
              Map<String, String> longer = new LinkedHashMap<>(combination);
              longer.put(setting, value);
              combinations.add(longer);
            }
          }
        });
    return List.copyOf(combinations);
  }

  /**
   * Combinations drawn at random, each different from those before.
   *
   * <p>Bergstra, Bengio: Random Search for Hyper-Parameter Optimization, JMLR 13, 2012.
   *
   * @param count how many, at least 1
   * @param seed where the random numbers start
   * @return the combinations, fewer than asked for if there are no more; for one seed a smaller
   *     count gives the first of those of a larger one
   * @throws IllegalArgumentException if the count is below 1
   */
  public List<Map<String, String>> random(int count, long seed) {
    if (count < 1) {
      throw new IllegalArgumentException("the number of trials must be at least 1, found " + count);
    }
    SplittableRandom random = new SplittableRandom(seed);
    Set<Map<String, String>> combinations = new LinkedHashSet<>();
    int repeated = 0;
    while (combinations.size() < count && repeated < DRAWS) {
      Map<String, String> combination = new LinkedHashMap<>();
      choices.forEach((setting, choice) -> combination.put(setting, choice.draw(random)));
      repeated = combinations.add(combination) ? 0 : repeated + 1;
    }
    return List.copyOf(combinations);
  }
}
