package io.github.vaecf.eval.batch;

import io.github.vaecf.core.ItemFilter;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.reading.SqlTable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Recommends to many users: each gets the list that {@link Recommender#recommend} gives for the
 * user's history alone, to within rounding. Users are ranked in batches, on all cores, and while
 * the model works on a batch the lists of the one before are handed on. Memory does not grow with
 * the number of users.
 *
 * <pre>{@code
 * try (Recommender model = Recommenders.open(run)) {
 *   UserHistories everybody = UserHistories.of(PreparedFolder.read(data), model);
 *   BatchRecommender batch = BatchRecommender.builder(model).k(100).build();
 *   WholeFile.replace(file, out -> batch.writeCsv(everybody, out));
 * }
 * }</pre>
 *
 * <p>Immutable, and safe for use by many threads as far as what {@link Builder#progress} was given
 * is. Does not close the model.
 */
public final class BatchRecommender {
  /** What a row of a table of recommendations has, in this order. */
  public static final List<String> COLUMNS = List.of("user", "item", "score", "rank");

  /** Users that are ranked in one go, as many as a training batch has. */
  private static final int BATCH = 500;

  private final Recommender model;
  private final int k;
  private final ItemFilter filter;
  private final IntConsumer progress;

  private BatchRecommender(Builder builder) {
    this.model = builder.model;
    this.k = builder.k;
    this.filter = builder.filter;
    this.progress = builder.progress;
  }

  /**
   * The settings, starting from: 100 items a user, of all items but those of the user's history.
   *
   * @param model who recommends; stays open
   * @return a new builder
   */
  public static Builder builder(Recommender model) {
    return new Builder(model);
  }

  /** What is to be recommended. Not safe for use by many threads. */
  public static final class Builder {
    private final Recommender model;
    private int k = 100;
    private ItemFilter filter;
    private IntConsumer progress = users -> {};

    private Builder(Recommender model) {
      this.model = Objects.requireNonNull(model, "model");
      this.filter = ItemFilter.of(model.items());
    }

    /**
     * How many items each user gets.
     *
     * @param most at least 1; a user to whom fewer are left gets those
     * @return this
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder k(int most) {
      if (most < 1) {
        throw new IllegalArgumentException("k must be at least 1, found " + most);
      }
      k = most;
      return this;
    }

    /**
     * Items that nobody is to get. What was {@link #allow}ed may be excluded too.
     *
     * @param items raw ids; those that the model does not know change nothing
     * @return this
     */
    public Builder exclude(Collection<String> items) {
      filter = filter.exclude(items);
      return this;
    }

    /**
     * The only items that anybody is to get. Asked for twice, those of both lists are.
     *
     * @param items raw ids; those that the model does not know change nothing
     * @return this
     */
    public Builder allow(Collection<String> items) {
      filter = filter.allow(items);
      return this;
    }

    /**
     * Lets users get items of their own histories too. Of a model that only ranks without them, as
     * an ONNX file does ({@link Recommender#scoresAllItems}), the batch fails.
     *
     * @return this
     */
    public Builder withHistory() {
      filter = filter.withHistory();
      return this;
    }

    /**
     * Who is told how far a batch has come.
     *
     * @param usersDone receives how many users' lists were handed on, from time to time and at last
     * @return this
     */
    public Builder progress(IntConsumer usersDone) {
      progress = Objects.requireNonNull(usersDone, "usersDone");
      return this;
    }

    /**
     * Makes it.
     *
     * @return who recommends so
     */
    public BatchRecommender build() {
      return new BatchRecommender(this);
    }
  }

  /**
   * Writes the lists as CSV: a line {@code user,item,score,rank}, then a line for each item of each
   * user, best first, ranks from 1. A score is written so that it reads back as the same float.
   *
   * @param users for whom
   * @param out where to, in UTF-8; flushed, not closed
   * @return how many lines there are beside the first
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the histories are over other items than the model's
   * @throws ArithmeticException if a score is not a number
   */
  public long writeCsv(UserHistories users, OutputStream out) throws IOException {
    CsvRecommendations csv = new CsvRecommendations(out);
    long rows = recommend(users, csv);
    csv.finish();
    return rows;
  }

  /**
   * Writes the lists as JSON lines, one a user: {@code {"user":"7","items":["3","9"],
   * "scores":[2.5,1.75]}}, best first.
   *
   * @param users for whom
   * @param out where to, in UTF-8; flushed, not closed
   * @return how many items were recommended to all users together
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the histories are over other items than the model's
   * @throws ArithmeticException if a score is not a number
   */
  public long writeJsonLines(UserHistories users, OutputStream out) throws IOException {
    JsonLinesRecommendations lines = new JsonLinesRecommendations(out);
    long rows = recommend(users, lines);
    lines.finish();
    return rows;
  }

  /**
   * Writes the lists into a table of a database, in place of the rows that are there, a row an
   * item: user, item, score, and rank from 1. Others see all the new rows at once.
   *
   * @param users for whom
   * @param table of {@link #COLUMNS}; it is finished if nothing fails, and left open
   * @return how many rows there are
   * @throws IOException if this thread is interrupted
   * @throws io.github.vaecf.data.DataException if the database refuses the rows
   * @throws IllegalArgumentException if the histories are over other items than the model's
   * @throws ArithmeticException if a score is not a number
   */
  public long writeTable(UserHistories users, SqlTable table) throws IOException {
    recommend(
        users,
        (user, best) -> {
          int rank = 1;
          for (Recommendation one : best) {
            table.add(user, one.item(), one.score(), rank++);
          }
        });
    return table.finish();
  }

  /**
   * Recommends to all users.
   *
   * @param users for whom
   * @param sink receives the lists in the order of the users
   * @return how many items were recommended to all users together
   * @throws IOException what the sink threw
   * @throws IllegalArgumentException if the histories are over other items than the model's
   * @throws ArithmeticException if a score is not a number
   * @throws UnsupportedOperationException if items of the histories are asked for and the model
   *     only ranks without them
   */
  public long recommend(UserHistories users, RecommendationSink sink) throws IOException {
    if (!users.modelItems().equals(model.items())) {
      throw new IllegalArgumentException(
          "the histories must be over the model's items; make them with this model");
    }
    ExecutorService taker = Executors.newSingleThreadExecutor(BatchRecommender::daemon);
    try {
      long rows = 0;
      int done = 0;
      Future<Long> before = null;
      for (int from = 0; from < users.users().size(); from += BATCH) {
        int first = from;
        int end = Math.min(users.users().size(), from + BATCH);
        Rankings rankings = model.rank(users.rows(first, end), 0, end - first, filter, k);
        // One batch is handed on at a time: lists do not pile up when the sink is the slower.
        if (before != null) {
          rows += taken(before);
          done = first;
          progress.accept(done);
        }
        before = taker.submit(() -> handOn(users, first, rankings, sink));
      }
      if (before != null) {
        rows += taken(before);
        progress.accept(users.users().size());
      }
      return rows;
    } finally {
      end(taker);
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "vaecf-batch");
    thread.setDaemon(true);
    return thread;
  }

  /** Lets the sink come to an end: its file is about to be closed. */
  private static void end(ExecutorService taker) {
    taker.shutdown();
    try {
      taker.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for a batch and throws what its sink threw. */
  private static long taken(Future<Long> batch) throws IOException {
    try {
      return batch.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private long handOn(UserHistories users, int first, Rankings rankings, RecommendationSink sink)
      throws IOException {
    long rows = 0;
    for (int user = 0; user < rankings.users(); user++) {
      List<Recommendation> best = new ArrayList<>(rankings.k());
      for (int rank = 0; rank < rankings.k() && rankings.item(user, rank) >= 0; rank++) {
        best.add(
            new Recommendation(
                model.items().id(rankings.item(user, rank)), rankings.score(user, rank)));
      }
      sink.accept(users.users().id(first + user), best);
      rows += best.size();
    }
    return rows;
  }
}
