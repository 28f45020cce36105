package io.github.vaecf.data.reading;

import io.github.vaecf.data.Interactions;
import java.util.function.IntUnaryOperator;

/** The events of a log by user or by item, each key's in the order of the log. */
final class EventsByKey {
  private final int[] starts;
  private final int[] events;

  private EventsByKey(int[] counts, IntUnaryOperator key) {
    starts = new int[counts.length + 1];
    for (int at = 0; at < counts.length; at++) {
      starts[at + 1] = starts[at] + counts[at];
    }
    events = new int[starts[counts.length]];
    int[] next = starts.clone();
    for (int event = 0; event < events.length; event++) {
      events[next[key.applyAsInt(event)]++] = event;
    }
  }

  static EventsByKey byUser(Interactions log) {
    return new EventsByKey(log.userCounts(), log::user);
  }

  static EventsByKey byItem(Interactions log) {
    return new EventsByKey(log.itemCounts(), log::item);
  }

  int size(int key) {
    return starts[key + 1] - starts[key];
  }

  int event(int key, int place) {
    return events[starts[key] + place];
  }
}
