package io.github.vaecf.core;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What is asked of a {@link Recommender}: for whom, how many items, and which ones may come. Says
 * it by raw ids, so that it can be put to any version of a model; ids that the model does not know
 * change nothing. Immutable and safe for use by many threads.
 *
 * <pre>{@code
 * Query.Builder inStock = Query.builder().history(likes).allow(stock).k(20);
 * List<Recommendation> first = model.recommend(inStock.build());
 * List<Recommendation> next = model.recommend(inStock.offset(20).build());
 * }</pre>
 */
public final class Query {
  private final List<List<String>> histories; // one, or those of a group
  private final GroupStrategy strategy; // null where it is for one person
  private final int k;
  private final int offset;
  private final Set<String> excluded;
  private final Set<String> allowed; // null for all items
  private final boolean withHistory;
  private final double lambda;

  private Query(Builder builder) {
    this.histories = builder.histories;
    this.strategy = builder.strategy;
    this.k = builder.k;
    this.offset = builder.offset;
    this.excluded = Set.copyOf(builder.excluded);
    this.allowed = builder.allowed == null ? null : Set.copyOf(builder.allowed);
    this.withHistory = builder.withHistory;
    this.lambda = builder.lambda;
  }

  /**
   * A question, starting from: the best 10 of all items for somebody of whom nothing is known.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** What is asked. Not safe for use by many threads. */
  public static final class Builder {
    private List<List<String>> histories = List.of(List.of());
    private GroupStrategy strategy;
    private int k = 10;
    private int offset;
    private final Set<String> excluded = new LinkedHashSet<>();
    private Set<String> allowed;
    private boolean withHistory;
    private double lambda = 1;

    private Builder() {}

    /**
     * What is known of the user.
     *
     * @param ids raw ids of items that the user touched, in any order; repeated ones count once;
     *     may be empty; copied
     * @return this
     */
    public Builder history(Collection<String> ids) {
      histories = List.of(List.copyOf(ids));
      strategy = null;
      return this;
    }

    /**
     * What is known of each of several people who want one list, such as a family for an evening.
     * What anybody of them has is left out.
     *
     * @param people raw ids of what each person touched; somebody of whom nothing is known counts
     *     as one; copied
     * @param how how their scores become one
     * @return this
     * @throws IllegalArgumentException if there is nobody
     */
    public Builder group(Collection<? extends Collection<String>> people, GroupStrategy how) {
      if (people.isEmpty()) {
        throw new IllegalArgumentException("group: expected at least one person, found none");
      }
      histories = people.stream().map(List::copyOf).toList();
      strategy = Objects.requireNonNull(how, "how");
      return this;
    }

    /**
     * How many items are asked for.
     *
     * @param most at least 1; more than there are is all of them
     * @return this
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder k(int most) {
      k = requireK(most);
      return this;
    }

    /**
     * How many of the best are left out: for the next page of a list. Pages of one question and one
     * model follow upon each other without a gap or a repetition.
     *
     * @param best at least 0; 0 unless said otherwise
     * @return this
     * @throws IllegalArgumentException if it is negative
     */
    public Builder offset(int best) {
      if (best < 0) {
        throw new IllegalArgumentException("offset must be at least 0, found " + best);
      }
      offset = best;
      return this;
    }

    /**
     * Items that are not to come, beside those that were excluded before. What is {@link #allow}ed
     * may be excluded too.
     *
     * @param ids raw ids; copied
     * @return this
     */
    public Builder exclude(Collection<String> ids) {
      excluded.addAll(ids);
      return this;
    }

    /**
     * The only items that may come, such as those in stock or of a category. Asked for twice, those
     * of both lists may. An empty list allows nothing.
     *
     * @param ids raw ids; copied
     * @return this
     */
    public Builder allow(Collection<String> ids) {
      if (allowed == null) {
        allowed = new LinkedHashSet<>(ids);
      } else {
        allowed.retainAll(Set.copyOf(ids));
      }
      return this;
    }

    /**
     * Lets items of the history come too. Whoever {@link Recommender#scoresAllItems scores all
     * items} can do that.
     *
     * @return this
     */
    public Builder withHistory() {
      withHistory = true;
      return this;
    }

    /**
     * Puts the best 200 items into the order of maximal marginal relevance (Carbonell and
     * Goldstein, SIGIR 1998), by the cosines of their vectors: a more diverse list. Its scores are
     * the model's, which do not descend then. Whoever {@linkplain Recommender#comparesItems
     * compares items} can do that.
     *
     * @param weight λ, the weight of the scores, from 1 for nothing else, as unless said otherwise,
     *     to 0 for items that are as unlike each other as can be
     * @return this
     * @throws IllegalArgumentException if it is not such a number
     */
    public Builder marginalRelevance(double weight) {
      if (!(weight >= 0 && weight <= 1)) {
        throw new IllegalArgumentException("lambda must be 0 to 1, found " + weight);
      }
      lambda = weight;
      return this;
    }

    /**
     * Makes it.
     *
     * @return what is asked
     */
    public Query build() {
      return new Query(this);
    }
  }

  static int requireK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
    return k;
  }

  /**
   * What is known of the user; of a group, all that is known of anybody.
   *
   * @return raw ids
   */
  public List<String> history() {
    return histories.size() == 1
        ? histories.get(0)
        : histories.stream().flatMap(List::stream).distinct().toList();
  }

  /**
   * What is known of each person.
   *
   * @return raw ids for each; one list unless the question is for a group
   */
  public List<List<String>> histories() {
    return histories;
  }

  /**
   * How the scores of a group become one.
   *
   * @return the strategy; empty where the question is for one person
   */
  public Optional<GroupStrategy> group() {
    return Optional.ofNullable(strategy);
  }

  /**
   * How many items are asked for.
   *
   * @return at least 1
   */
  public int k() {
    return k;
  }

  /**
   * How many of the best are left out.
   *
   * @return at least 0
   */
  public int offset() {
    return offset;
  }

  /**
   * Items that are not to come.
   *
   * @return raw ids, in no order
   */
  public Set<String> excluded() {
    return excluded;
  }

  /**
   * The only items that may come.
   *
   * @return raw ids, in no order; empty where all items may
   */
  public Optional<Set<String>> allowed() {
    return Optional.ofNullable(allowed);
  }

  /**
   * Whether items of the history may come too.
   *
   * @return false unless it was asked for
   */
  public boolean withHistory() {
    return withHistory;
  }

  /**
   * The weight of the scores beside diversity.
   *
   * @return λ, 1 unless a more diverse list was asked for
   */
  public double lambda() {
    return lambda;
  }
}
