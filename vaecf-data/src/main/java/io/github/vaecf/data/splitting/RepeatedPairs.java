package io.github.vaecf.data.splitting;

import io.github.vaecf.data.Interactions;
import java.util.Arrays;
import java.util.BitSet;

/** Which event of a user with the same item stays, by time. */
final class RepeatedPairs {
  private RepeatedPairs() {}

  /** The latest; of several at that time the last in the log. */
  static Interactions latest(Interactions log) {
    return chosen(log, (event, before) -> log.time(event) >= log.time(before));
  }

  /** The earliest; of several at that time the first in the log. */
  static Interactions earliest(Interactions log) {
    return chosen(log, (event, before) -> log.time(event) < log.time(before));
  }

  static Groups byUser(Interactions log) {
    int[] users = new int[log.size()];
    Arrays.setAll(users, log::user);
    return Groups.of(users, log.users().size());
  }

  /** Whether an event takes the place of one that comes before it in the log. */
  private interface Choice {
    boolean replaces(int event, int before);
  }

  private static Interactions chosen(Interactions log, Choice choice) {
    Groups events = byUser(log);
    int[] chosen = new int[log.items().size()];
    Arrays.fill(chosen, -1);
    BitSet passed = new BitSet(log.size());
    for (int user = 0; user < log.users().size(); user++) {
      for (int i = 0; i < events.size(user); i++) {
        int event = events.member(user, i);
        int before = chosen[log.item(event)];
        if (before < 0 || log.user(before) != user) {
          chosen[log.item(event)] = event;
        } else if (choice.replaces(event, before)) {
          chosen[log.item(event)] = event;
          passed.set(before);
        } else {
          passed.set(event);
        }
      }
    }
    return log.select(event -> !passed.get(event));
  }
}
