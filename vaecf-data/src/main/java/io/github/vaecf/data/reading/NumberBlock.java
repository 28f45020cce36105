package io.github.vaecf.data.reading;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * Rows of which all but the value are whole numbers, as a database gives them: nothing is looked up
 * yet.
 */
final class NumberBlock {
  private final SqlColumns columns;
  private final long[] users;
  private final long[] items;
  private final float[] values; // ones where there are none
  private final long[] times; // empty where none are read
  private final int[] userIndices;
  private final int[] itemIndices;
  private final FieldBytes field = new FieldBytes();
  private int size;

  NumberBlock(int rows, SqlColumns columns, boolean withTimes) {
    this.columns = columns;
    users = new long[rows];
    items = new long[rows];
    values = new float[rows];
    if (columns.value() == null) {
      Arrays.fill(values, 1);
    }
    times = new long[withTimes ? rows : 0];
    userIndices = new int[rows];
    itemIndices = new int[rows];
  }

  /** Takes rows in place of those that were here, as many as fit; whether there were any. */
  boolean fill(ResultSet rows) throws SQLException, LineException {
    SqlColumn user = columns.user();
    SqlColumn item = columns.item();
    SqlColumn value = columns.value();
    size = 0;
    while (size < users.length && rows.next()) {
      int row = size + 1;
      users[size] = user.number(rows, "user", row);
      items[size] = item.number(rows, "item", row);
      if (value != null) {
        values[size] = value.value(rows, field, row);
      }
      if (times.length > 0) {
        times[size] = columns.time().number(rows, "time", row);
      }
      size = row;
    }
    return size > 0;
  }

  int size() {
    return size;
  }

  /**
   * Adds the rows as events.
   *
   * @param block gets them
   * @param userIds the users' indices in the block
   * @param itemIds the items' indices in the block
   * @param time reads their times, or null where none are read
   */
  void addTo(EventBlock block, NumberedIds userIds, NumberedIds itemIds, EventTime time) {
    userIds.indicesOf(users, size, userIndices);
    itemIds.indicesOf(items, size, itemIndices);
    if (time == null) {
      block.add(userIndices, itemIndices, values, size);
      return;
    }
    for (int row = 0; row < size; row++) {
      block.nextLine();
      time.takeNumber(times[row]);
      block.add(userIndices[row], itemIndices[row], values[row], time);
    }
  }
}
