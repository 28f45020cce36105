package io.github.vaecf.eval.batch;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Users and what is known of each, over the items of a model: items are matched by their raw ids,
 * and those that the model does not know are counted and left out. A user of whom nothing is left
 * stays, and gets what the model recommends to an empty history.
 *
 * <p>Rows are made when they are asked for, so that this takes no memory beside what it was made
 * of. Immutable and safe for use by many threads.
 */
public final class UserHistories {
  private final IdIndex users;
  private final IdIndex items;
  private final IdIndex modelItems;
  private final List<Part> parts;
  private final int[] modelIndices; // of the items; null where they are the model's

  /** Pairs of the users from a number on. */
  private record Part(CsrMatrix rows, int firstUser) {}

  private UserHistories(IdIndex users, IdIndex items, IdIndex modelItems, List<Part> parts) {
    this.users = users;
    this.items = items;
    this.modelItems = modelItems;
    this.parts = List.copyOf(parts);
    this.modelIndices =
        items.equals(modelItems)
            ? null
            : items.ids().stream().mapToInt(modelItems::indexOf).toArray();
  }

  /**
   * All users of a split with all that is known of them: of users that are held out the fold-in and
   * the held-out items, as a model in service is told everything.
   *
   * @param split the users: those of training, then of validation, then of test
   * @param model whose items count
   * @return the histories
   */
  public static UserHistories of(Split split, Recommender model) {
    List<Part> parts = new ArrayList<>();
    parts.add(new Part(split.train(), 0));
    for (HeldOut part : List.of(split.validation(), split.test())) {
      parts.add(new Part(part.foldIn(), part.firstUser()));
      parts.add(new Part(part.heldOut(), part.firstUser()));
    }
    return new UserHistories(split.users(), split.items(), model.items(), parts);
  }

  /**
   * The users of a log, in the order of their first events; every event counts, whatever its value,
   * and a pair that comes again counts once.
   *
   * @param log the events, of each user together or not
   * @param model whose items count
   * @return the histories
   */
  public static UserHistories of(Interactions log, Recommender model) {
    CsrMatrix rows =
        CsrMatrix.of(
            log.users().size(),
            log.items().size(),
            pairs -> {
              for (int event = 0; event < log.size(); event++) {
                pairs.accept(log.user(event), log.item(event));
              }
            });
    return new UserHistories(log.users(), log.items(), model.items(), List.of(new Part(rows, 0)));
  }

  /**
   * Users given one by one.
   *
   * @param histories raw ids of each user's items, in any order, by the user's raw id
   * @param model whose items count
   * @return the histories, in the order of the map
   */
  public static UserHistories of(Map<String, List<String>> histories, Recommender model) {
    IdIndex items =
        IdIndex.of(histories.values().stream().flatMap(List::stream).distinct().toList());
    List<List<String>> lists = List.copyOf(histories.values());
    CsrMatrix rows =
        CsrMatrix.of(
            lists.size(),
            items.size(),
            pairs -> {
              for (int user = 0; user < lists.size(); user++) {
                for (String id : lists.get(user)) {
                  pairs.accept(user, items.indexOf(id));
                }
              }
            });
    return new UserHistories(
        IdIndex.of(histories.keySet()), items, model.items(), List.of(new Part(rows, 0)));
  }

  /**
   * The users' raw ids, in their order.
   *
   * @return the index
   */
  public IdIndex users() {
    return users;
  }

  /**
   * One of the users alone.
   *
   * @param user the user's index
   * @return a history
   * @throws IndexOutOfBoundsException if there is no such user
   */
  public UserHistories only(int user) {
    List<Part> own = new ArrayList<>();
    for (Part part : parts) {
      int row = user - part.firstUser();
      if (row >= 0 && row < part.rows().rows()) {
        own.add(new Part(part.rows().selectRows(row), 0));
      }
    }
    return new UserHistories(IdIndex.of(List.of(users.id(user))), items, modelItems, own);
  }

  /**
   * The items that the users have and the model does not know.
   *
   * @return raw ids, in the order of the users' items
   */
  public List<String> unknownItems() {
    if (modelIndices == null) {
      return List.of();
    }
    boolean[] touched = new boolean[items.size()];
    for (Part part : parts) {
      int[] counts = part.rows().columnCounts();
      for (int item = 0; item < counts.length; item++) {
        touched[item] |= counts[item] > 0;
      }
    }
    return IntStream.range(0, items.size())
        .filter(item -> touched[item] && modelIndices[item] < 0)
        .mapToObj(items::id)
        .toList();
  }

  /**
   * The pairs of a user and an item that the model does not know.
   *
   * @return at least 0
   */
  public long unknownPairs() {
    long pairs = 0;
    for (Part part : parts) {
      int[] counts = modelIndices == null ? new int[0] : part.rows().columnCounts();
      for (int item = 0; item < counts.length; item++) {
        pairs += modelIndices[item] < 0 ? counts[item] : 0;
      }
    }
    return pairs;
  }

  /**
   * All pairs of a user and an item, those with unknown items among them.
   *
   * @return at least 0
   */
  public long pairs() {
    return parts.stream().mapToLong(part -> part.rows().entries()).sum();
  }

  /** The raw ids of the items that {@link #rows} is over. */
  IdIndex modelItems() {
    return modelItems;
  }

  /**
   * What the model knows of the users from one to another.
   *
   * @param from the first user's index
   * @param to the index after the last
   * @return a new matrix of these users over the model's items
   */
  public CsrMatrix rows(int from, int to) {
    return CsrMatrix.of(
        to - from,
        modelItems.size(),
        pairs -> {
          for (Part part : parts) {
            forEach(part, from, to, pairs);
          }
        });
  }

  private void forEach(Part part, int from, int to, CsrMatrix.PairConsumer pairs) {
    int first = Math.max(from, part.firstUser());
    int end = Math.min(to, part.firstUser() + part.rows().rows());
    for (int user = first; user < end; user++) {
      int row = user - part.firstUser();
      int[] own = new int[part.rows().rowSize(row)];
      part.rows().copyRow(row, own, 0);
      for (int item : own) {
        int index = modelIndices == null ? item : modelIndices[item];
        if (index >= 0) {
          pairs.accept(user - from, index);
        }
      }
    }
  }
}
