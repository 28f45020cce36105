package io.github.vaecf.eval.batch;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Users and what is known of each, over the items of a model: items are matched by their raw ids,
 * and those that the model does not know are counted and left out. A user of whom nothing is left
 * stays, and gets what the model recommends to an empty history.
 *
 * <p>Takes 4 bytes for each pair of a user and an item, and the ids. Immutable and safe for use by
 * many threads.
 */
public final class UserHistories {
  private final IdIndex users;
  private final IdIndex items;
  private final IdIndex modelItems;
  private final CsrMatrix pairs; // users × items
  private final int[] modelIndices; // of the items; null where they are the model's

  private UserHistories(IdIndex users, IdIndex items, IdIndex modelItems, CsrMatrix pairs) {
    this.users = users;
    this.items = items;
    this.modelItems = modelItems;
    this.pairs = pairs;
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
    return new UserHistories(split.users(), split.items(), model.items(), split.histories());
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
    return new UserHistories(log.users(), log.items(), model.items(), rows);
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
    return new UserHistories(IdIndex.of(histories.keySet()), items, model.items(), rows);
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
    return new UserHistories(
        IdIndex.of(List.of(users.id(user))), items, modelItems, pairs.selectRows(user));
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
    int[] counts = pairs.columnCounts();
    return IntStream.range(0, items.size())
        .filter(item -> counts[item] > 0 && modelIndices[item] < 0)
        .mapToObj(items::id)
        .toList();
  }

  /**
   * The pairs of a user and an item that the model does not know.
   *
   * @return at least 0
   */
  public long unknownPairs() {
    if (modelIndices == null) {
      return 0;
    }
    long unknown = 0;
    int[] counts = pairs.columnCounts();
    for (int item = 0; item < counts.length; item++) {
      unknown += modelIndices[item] < 0 ? counts[item] : 0;
    }
    return unknown;
  }

  /**
   * All pairs of a user and an item, those with unknown items among them.
   *
   * @return at least 0
   */
  public long pairs() {
    return pairs.entries();
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
    int[] own = new int[Math.toIntExact(pairs.entries(from, to))];
    return CsrMatrix.of(
        to - from,
        modelItems.size(),
        known -> {
          for (int user = from; user < to; user++) {
            int size = pairs.copyRow(user, own, 0);
            for (int i = 0; i < size; i++) {
              int index = modelIndices == null ? own[i] : modelIndices[own[i]];
              if (index >= 0) {
                known.accept(user - from, index);
              }
            }
          }
        });
  }
}
