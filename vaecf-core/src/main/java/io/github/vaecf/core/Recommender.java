package io.github.vaecf.core;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import it.unimi.dsi.fastutil.ints.IntList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Whoever ranks items for a history: a trained network, a closed form, a model reloaded from its
 * export. What is the same for all of them stands here once: arguments are checked, k is bounded by
 * the catalogue, raw ids are looked up, and a model that is closed is never asked.
 *
 * <p>Safe for use by many threads at once. What an implementation owns is given back by {@link
 * #close}: calls that are running end properly before that, later ones are refused with an {@link
 * IllegalStateException}. Closing twice does nothing.
 */
public abstract class Recommender implements AutoCloseable {
  /** Users that are ranked in one go, as many as a training batch has: bounds the memory. */
  private static final int LARGEST_BATCH = 500;

  /** Scores, or places of rankings, that are held in one go where items are filtered. */
  private static final int MOST_SCORES = 1 << 22;

  /** Scores that are made in one go where only the best are kept: 134 MB of native memory. */
  private static final int MOST_RANKED = 1 << 25;

  private final IdIndex items;
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();
  private boolean closed;

  /**
   * A recommender of these items.
   *
   * @param items raw ids of the items, in the order of their indices
   */
  protected Recommender(IdIndex items) {
    this.items = Objects.requireNonNull(items, "items");
  }

  /**
   * The raw ids of the items, in the order of their indices.
   *
   * @return the index; {@link IdIndex#indexOf} tells whether an id is known
   */
  public final IdIndex items() {
    return items;
  }

  /**
   * The number of items that are ranked: the columns that histories must have.
   *
   * @return at least 1
   */
  public final int itemCount() {
    return items.size();
  }

  /**
   * The best items for each of some users, without those of the user's own history. Equal scores
   * are ordered by item index, the lower first.
   *
   * @param histories users × items, what is known of each user; a row may be empty
   * @param from first row to rank for
   * @param to row after the last
   * @param k largest length of a ranking, at least 1; where a user has fewer unseen items the rest
   *     of the ranking stays empty
   * @return rankings of {@code to − from} users, the first for row {@code from}, each min(k, {@link
   *     #itemCount()}) long
   * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items, or k
   *     is below 1
   * @throws IndexOutOfBoundsException if there are no such rows
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final Rankings rank(CsrMatrix histories, int from, int to, int k) {
    return rank(histories, from, to, k, this::rank);
  }

  /**
   * The best of the items that a filter lets pass, for each of some users: what is left of all
   * items, in the order of their scores. Otherwise as {@link #rank(CsrMatrix, int, int, int)}.
   *
   * @param histories users × items, what is known of each user; a row may be empty
   * @param from first row to rank for
   * @param to row after the last
   * @param filter which items may come, the same for all
   * @param k largest length of a ranking, at least 1; where fewer items are left the rest of the
   *     ranking stays empty
   * @return rankings of {@code to − from} users, each min(k, {@link #itemCount()}) long
   * @throws IllegalArgumentException if the histories or the filter are not over the model's items,
   *     or k is below 1
   * @throws UnsupportedOperationException if items of the histories may come and this cannot
   *     {@linkplain #scoresAllItems score} them
   */
  public final Rankings rank(CsrMatrix histories, int from, int to, ItemFilter filter, int k) {
    if (!filter.items().equals(items)) {
      throw new IllegalArgumentException(
          "filter: expected one of the model's items, found " + filter.items());
    }
    return filter.isPlain()
        ? rank(histories, from, to, k)
        : rank(histories, from, to, k, filtered(row -> filter));
  }

  /** Ranks for a few users. */
  @FunctionalInterface
  private interface FewUsers {
    void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser);
  }

  private Rankings rank(CsrMatrix histories, int from, int to, int k, FewUsers few) {
    if (histories.columns() != itemCount()) {
      throw new IllegalArgumentException(
          "histories must be over the model's " + itemCount() + " items, found " + histories);
    }
    Query.requireK(k);
    Objects.checkFromToIndex(from, to, histories.rows());
    Rankings rankings = Rankings.empty(to - from, Math.min(k, itemCount()));
    int some = Math.max(1, Math.min(LARGEST_BATCH, MOST_RANKED / itemCount()));
    return whileOpen(
        () -> {
          for (int start = from; start < to; start += some) {
            few.rank(histories, start, Math.min(to, start + some), rankings, start - from);
          }
          return rankings;
        });
  }

  /**
   * The one way of filtering: what is left of all items is ranked. Whoever cannot score ranks so
   * deep that enough is left even if all that is left out comes first.
   *
   * @param filters the filter of each row
   */
  private FewUsers filtered(IntFunction<ItemFilter> filters) {
    return (histories, from, to, rankings, firstUser) -> {
      if (scoresAllItems()) {
        rankAmong(
            histories,
            from,
            to,
            row -> left(filters.apply(row), histories, row),
            rankings,
            firstUser);
        return;
      }
      int width = depth(filters, from, to, rankings.k());
      int some = Math.max(1, MOST_SCORES / width);
      for (int start = from; start < to; start += some) {
        int end = Math.min(to, start + some);
        selectByRank(histories, start, end, filters, width, rankings, firstUser + start - from);
      }
    };
  }

  /** What a filter leaves of all items to a row. */
  private static BitSet left(ItemFilter filter, CsrMatrix histories, int row) {
    BitSet candidates = filter.candidates();
    if (!filter.keepsHistory()) {
      histories.row(row).forEach(candidates::clear);
    }
    return candidates;
  }

  private int depth(IntFunction<ItemFilter> filters, int from, int to, int k) {
    int leftOut = 0;
    for (int row = from; row < to; row++) {
      if (filters.apply(row).keepsHistory()) {
        throw leavesHistoriesOut();
      }
      leftOut = Math.max(leftOut, filters.apply(row).leftOut());
    }
    return (int) Math.min(itemCount(), (long) k + leftOut);
  }

  private void selectByRank(
      CsrMatrix histories,
      int from,
      int to,
      IntFunction<ItemFilter> filters,
      int depth,
      Rankings rankings,
      int firstUser) {
    Rankings all = Rankings.empty(to - from, depth);
    rank(histories, from, to, all, 0);
    for (int user = 0; user < all.users(); user++) {
      ItemFilter filter = filters.apply(from + user);
      int found = 0;
      for (int rank = 0;
          rank < depth && found < rankings.k() && all.item(user, rank) >= 0;
          rank++) {
        int item = all.item(user, rank);
        if (filter.allows(item)) {
          rankings.set(firstUser + user, found++, item, all.score(user, rank));
        }
      }
    }
  }

  /**
   * Asks for something that closing must wait for.
   *
   * @param <T> what is asked for
   * @param question is not asked once this is closed
   * @return the answer
   * @throws IllegalStateException if this is closed
   */
  protected final <T> T whileOpen(Supplier<T> question) {
    inUse.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the model is closed");
      }
      return question.get();
    } finally {
      inUse.readLock().unlock();
    }
  }

  /**
   * The best items for one user, without those of the user's own history.
   *
   * @param history raw ids of items that the user touched, in any order; repeated ones count once,
   *     unknown ones are ignored ({@link #items()} tells which are known); may be empty
   * @param k largest number of items to recommend, at least 1
   * @return at most k recommendations, best first
   * @throws IllegalArgumentException if k is below 1
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final List<Recommendation> recommend(List<String> history, int k) {
    return recommendAll(List.of(history), k).get(0);
  }

  /**
   * The best of the items that a question lets come: all items, less what it leaves out, in the
   * order of their scores, from its offset on.
   *
   * @param query what is asked
   * @return as many recommendations as were asked for, best first; fewer only where no more are
   *     left
   * @throws UnsupportedOperationException if items of the history are to come too and this cannot
   *     {@linkplain #scoresAllItems score} them
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final List<Recommendation> recommend(Query query) {
    return recommendAll(List.of(query)).get(0);
  }

  /**
   * The best items for each of many users: faster than one user after the other, because the
   * weights are read once for all of them.
   *
   * @param histories the users' histories, as in {@link #recommend}
   * @param k largest number of items to recommend to each, at least 1
   * @return a list for each user, in the order of the histories
   * @throws IllegalArgumentException if k is below 1
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final List<List<Recommendation>> recommendAll(List<List<String>> histories, int k) {
    Query.requireK(k);
    return recommendAll(
        histories.stream().map(one -> Query.builder().history(one).k(k).build()).toList());
  }

  /**
   * Answers many questions at once, each as {@link #recommend(Query)} does.
   *
   * @param queries what is asked
   * @return a list for each, in their order
   * @throws UnsupportedOperationException as for {@link #recommend(Query)}
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final List<List<Recommendation>> recommendAll(List<Query> queries) {
    List<Query> alone = queries.stream().filter(one -> one.group().isEmpty()).toList();
    Iterator<List<Recommendation>> lists = recommendToEach(alone).iterator();
    return queries.stream()
        .map(one -> one.group().isEmpty() ? lists.next() : recommendToGroup(one))
        .toList();
  }

  private List<List<Recommendation>> recommendToEach(List<Query> queries) {
    CsrMatrix rows = histories(queries.stream().map(Query::history).toList());
    List<ItemFilter> filters = queries.stream().map(this::filter).toList();
    boolean plain = filters.stream().allMatch(ItemFilter::isPlain);
    int deepest = queries.stream().mapToInt(this::depth).max().orElse(1);
    Rankings rankings =
        rank(rows, 0, rows.rows(), deepest, plain ? this::rank : filtered(filters::get));
    List<List<Recommendation>> lists = new ArrayList<>(queries.size());
    for (int user = 0; user < queries.size(); user++) {
      lists.add(list(rankings, user, queries.get(user)));
    }
    return lists;
  }

  private List<Recommendation> recommendToGroup(Query query) {
    ItemFilter filter = filter(query);
    if (filter.keepsHistory() && !scoresAllItems()) {
      throw leavesHistoriesOut();
    }
    CsrMatrix people = histories(query.histories());
    BitSet nobodys = ItemFilter.of(items).candidates();
    people.pairs().forEach((person, item) -> nobodys.clear(item));
    GroupScores group =
        new GroupScores(
            query.group().orElseThrow(),
            nobodys.isEmpty() ? ItemFilter.of(items).candidates() : nobodys,
            itemCount(),
            people.rows());
    int some = Math.max(1, Math.min(LARGEST_BATCH, MOST_SCORES / itemCount()));
    for (int from = 0; from < people.rows(); from += some) {
      int first = from;
      int end = Math.min(people.rows(), from + some);
      float[] scores = whileOpen(() -> allScores(people, first, end));
      for (int person = 0; person < end - first; person++) {
        group.add(scores, person * itemCount());
      }
    }
    BitSet candidates = filter.candidates();
    if (!filter.keepsHistory()) {
      candidates.and(nobodys);
    }
    Rankings ranking = Rankings.empty(1, depth(query));
    new TopItems(ranking.k()).select(group.scores(), 0, candidates, ranking, 0);
    return list(ranking, 0, query);
  }

  /** How deep a ranking must be to have what is asked for. */
  private int depth(Query query) {
    long asked = (long) query.offset() + query.k();
    return (int)
        Math.min(itemCount(), query.lambda() < 1 ? Math.max(asked, MarginalRelevance.POOL) : asked);
  }

  /**
   * Which items of a history carry recommendations, by what the model itself says: the score of the
   * recommended item with the whole history, less its score with the history without that one item.
   * Exact for any model; of a linear model it is the weight from the one item to the other. Costs a
   * ranking for as many users as the history has items, and one more.
   *
   * @param history raw ids of items that the user touched; unknown ones are ignored
   * @param recommended raw ids of the items to be explained, such as those of a list that was
   *     recommended
   * @return for each of these the items of the history, the one that carries it most first
   * @throws IllegalArgumentException if the model does not score one of them
   * @throws UnsupportedOperationException if one is of the history itself and this cannot
   *     {@linkplain #scoresAllItems score} that
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final List<List<Reason>> because(List<String> history, List<String> recommended) {
    IntList seen = histories(List.of(history)).row(0);
    // A row without each item, and the whole one at the end.
    CsrMatrix rows =
        CsrMatrix.of(
            seen.size() + 1,
            itemCount(),
            pairs -> {
              for (int row = 0; row <= seen.size(); row++) {
                for (int i = 0; i < seen.size(); i++) {
                  if (i != row) {
                    pairs.accept(row, seen.getInt(i));
                  }
                }
              }
            });
    int[] asked = recommended.stream().mapToInt(this::known).toArray();
    if (!scoresAllItems() && Arrays.stream(asked).anyMatch(seen::contains)) {
      throw leavesHistoriesOut();
    }
    float[][] scores = whileOpen(() -> scores(rows, asked));
    List<List<Reason>> reasons = new ArrayList<>();
    for (int item = 0; item < asked.length; item++) {
      float whole = scores[seen.size()][item];
      if (whole == Float.NEGATIVE_INFINITY) {
        throw new IllegalArgumentException(
            "recommended: the model has no score for '" + recommended.get(item) + "'");
      }
      List<Reason> all = new ArrayList<>();
      for (int i = 0; i < seen.size(); i++) {
        all.add(new Reason(items.id(seen.getInt(i)), whole - scores[i][item]));
      }
      all.sort(Comparator.comparing((Reason one) -> -one.contribution()));
      reasons.add(List.copyOf(all));
    }
    return reasons;
  }

  private int known(String id) {
    int index = items.indexOf(id);
    if (index < 0) {
      throw new IllegalArgumentException("recommended: the model knows no item '" + id + "'");
    }
    return index;
  }

  /** The scores of some items, a row a user. */
  private float[][] scores(CsrMatrix histories, int[] some) {
    float[][] scores = new float[histories.rows()][some.length];
    int rows = Math.max(1, Math.min(LARGEST_BATCH, MOST_SCORES / itemCount()));
    for (int from = 0; from < scores.length; from += rows) {
      int to = Math.min(scores.length, from + rows);
      float[] all = allScores(histories, from, to);
      for (int row = from; row < to; row++) {
        for (int i = 0; i < some.length; i++) {
          scores[row][i] = all[(row - from) * itemCount() + some[i]];
          if (Float.isNaN(scores[row][i])) {
            throw new ArithmeticException("the score of item " + some[i] + " is not a number");
          }
        }
      }
    }
    return scores;
  }

  /** The scores of all items; of whoever only ranks, −∞ for those of a row's own history. */
  private float[] allScores(CsrMatrix histories, int from, int to) {
    if (scoresAllItems()) {
      return scoreAll(histories, from, to);
    }
    float[] scores = new float[(to - from) * itemCount()];
    Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    Rankings all = Rankings.empty(to - from, itemCount());
    rank(histories, from, to, all, 0);
    for (int user = 0; user < all.users(); user++) {
      for (int rank = 0; rank < all.k() && all.item(user, rank) >= 0; rank++) {
        scores[user * itemCount() + all.item(user, rank)] = all.score(user, rank);
      }
    }
    return scores;
  }

  private CsrMatrix histories(List<? extends List<String>> histories) {
    // Looked up once: a matrix asks for its pairs twice.
    List<int[]> known = histories.stream().map(this::indices).toList();
    return CsrMatrix.of(
        known.size(),
        itemCount(),
        pairs -> {
          for (int row = 0; row < known.size(); row++) {
            for (int index : known.get(row)) {
              pairs.accept(row, index);
            }
          }
        });
  }

  private int[] indices(List<String> ids) {
    return ids.stream().mapToInt(items::indexOf).filter(index -> index >= 0).toArray();
  }

  private ItemFilter filter(Query query) {
    ItemFilter filter = ItemFilter.of(items);
    if (query.allowed().isPresent()) {
      filter = filter.allow(query.allowed().get());
    }
    if (!query.excluded().isEmpty()) {
      filter = filter.exclude(query.excluded());
    }
    return query.withHistory() ? filter.withHistory() : filter;
  }

  private List<Recommendation> list(Rankings rankings, int user, Query query) {
    long asked = (long) query.offset() + query.k();
    int depth = Math.min(depth(query), rankings.k());
    int size = 0;
    while (size < depth && rankings.item(user, size) >= 0) {
      size++;
    }
    int end = (int) Math.min(asked, size);
    int[] order =
        query.lambda() < 1 ? diversified(rankings, user, size, end, query.lambda()) : null;
    List<Recommendation> list = new ArrayList<>();
    for (int rank = query.offset(); rank < end; rank++) {
      int place = order != null && rank < order.length ? order[rank] : rank;
      list.add(
          new Recommendation(items.id(rankings.item(user, place)), rankings.score(user, place)));
    }
    return list;
  }

  /** The places of a ranking in the order of marginal relevance. */
  private int[] diversified(Rankings rankings, int user, int size, int wanted, double lambda) {
    if (!comparesItems()) {
      throw noVectors();
    }
    int[] pool = new int[Math.min(size, MarginalRelevance.POOL)];
    float[] scores = new float[pool.length];
    for (int place = 0; place < pool.length; place++) {
      pool[place] = rankings.item(user, place);
      scores[place] = rankings.score(user, place);
    }
    IntFunction<float[]> cosines = whileOpen(() -> cosines(pool));
    return MarginalRelevance.order(
        scores,
        lambda,
        Math.min(wanted, pool.length),
        place -> whileOpen(() -> cosines.apply(place)));
  }

  /**
   * This model as one of other items: to measure a model of yesterday on the data of today. What it
   * does not know of a history it is not told, and what the catalogue does not have it does not
   * recommend. Equal scores are ordered as this model orders them.
   *
   * @param catalogue raw ids of the items that histories and rankings are over
   * @return this where its items are the same, in this order; else one that, closed, closes this
   */
  public final Recommender over(IdIndex catalogue) {
    return catalogue.equals(items) ? this : new OtherCatalogue(this, catalogue);
  }

  /**
   * Ranks for a few users, with arguments that were checked.
   *
   * @param histories users × {@link #itemCount()}
   * @param from first row to rank for
   * @param to row after the last; at least one row, at most some hundred
   * @param rankings receives the rankings ({@link Rankings#set}), which are at most {@link
   *     #itemCount()} long; places that are not set stay empty
   * @param firstUser the user of the rankings that row {@code from} stands for
   * @throws ArithmeticException if a score is not a number
   */
  protected abstract void rank(
      CsrMatrix histories, int from, int to, Rankings rankings, int firstUser);

  /**
   * Whether this can score all items, those of a history too, and so recommend them again. Trained
   * models and SavedModels can; an ONNX file only ranks, without the history.
   *
   * @return false unless {@link #scoreAll} is overridden
   */
  public boolean scoresAllItems() {
    return false;
  }

  /**
   * Scores all items for a few users, those of their histories too, with arguments that were
   * checked. Whoever overrides it says so by {@link #scoresAllItems}.
   *
   * @param histories users × {@link #itemCount()}
   * @param from first row to score for
   * @param to row after the last; at least one row, at most some hundred
   * @return {@code to − from} users × items, row-major; −∞ for an item that is not to be ranked
   * @throws UnsupportedOperationException if this only ranks
   */
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    throw leavesHistoriesOut();
  }

  /**
   * Ranks some of the items for a few users, with arguments that were checked. Asked only of one
   * that {@linkplain #scoresAllItems scores all items}; one that finds the best without that
   * overrides this.
   *
   * @param histories users × {@link #itemCount()}
   * @param from first row to rank for
   * @param to row after the last; at least one row, at most some hundred
   * @param candidates gives the indices of the items that a row may get, those of its history or
   *     not; asked once a row, perhaps by several threads
   * @param rankings receives the rankings; places that are not set stay empty
   * @param firstUser the user of the rankings that row {@code from} stands for
   * @throws ArithmeticException if a score is not a number
   */
  protected void rankAmong(
      CsrMatrix histories,
      int from,
      int to,
      IntFunction<BitSet> candidates,
      Rankings rankings,
      int firstUser) {
    int some = Math.max(1, MOST_SCORES / itemCount());
    TopItems best = new TopItems(rankings.k());
    for (int start = from; start < to; start += some) {
      int end = Math.min(to, start + some);
      float[] scores = scoreAll(histories, start, end);
      for (int row = start; row < end; row++) {
        best.select(
            scores,
            (row - start) * itemCount(),
            candidates.apply(row),
            rankings,
            firstUser + row - from);
      }
    }
  }

  /**
   * Whether this has vectors of its items by which it can say how much they are alike. Trained
   * models and exports of autoencoders, factorizations and linear models have them.
   *
   * @return false unless {@link #cosines} is overridden
   */
  public boolean comparesItems() {
    return false;
  }

  /**
   * The cosines of items' vectors. Whoever overrides it says so by {@link #comparesItems}.
   *
   * @param pool indices of items
   * @return gives for a place in the pool the cosines of its item and each item of the pool
   * @throws UnsupportedOperationException if there are no vectors
   */
  protected IntFunction<float[]> cosines(int[] pool) {
    throw noVectors();
  }

  private static UnsupportedOperationException noVectors() {
    return new UnsupportedOperationException("this model has no vectors of its items to compare");
  }

  private static UnsupportedOperationException leavesHistoriesOut() {
    return new UnsupportedOperationException(
        "this model leaves the items of a history out by itself");
  }

  /** Gives back what this owns; called once, when no call is running and none will come. */
  protected void release() {}

  /** Waits for the calls that are running, and gives the memory back. */
  @Override
  public final void close() {
    inUse.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        release();
      }
    } finally {
      inUse.writeLock().unlock();
    }
  }
}
