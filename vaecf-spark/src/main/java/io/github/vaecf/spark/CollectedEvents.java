package io.github.vaecf.spark;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntArrays;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * The events of a table on the driver, as numbers: 12 bytes each, 20 with times, half as much again
 * for the room that arrays grow into, as much once more while they are put in order, and the ids.
 * Executors turn ids into numbers, a block of events at a time, so that an id travels once a block;
 * one partition at a time is on its way.
 *
 * <p>A table has no order, so the events get one of their own: users by id as text, of a user items
 * by id, of a pair by time, then by value. The same rows are thus the same log, however they are
 * partitioned.
 */
final class CollectedEvents {
  private final Ids users = new Ids();
  private final Ids items = new Ids();
  private final IntArrayList userOf = new IntArrayList();
  private final IntArrayList itemOf = new IntArrayList();
  private final IntArrayList valueOf = new IntArrayList(); // bits of floats
  private final LongArrayList timeOf = new LongArrayList();
  private final boolean timed;
  private final long[] without = new long[4];

  private CollectedEvents(boolean timed) {
    this.timed = timed;
  }

  /**
   * Collects a table.
   *
   * @param events columns: user and item as text, value as float, and if timed the time as long
   * @param names what the user calls these columns
   * @throws DataException if a row lacks one of them
   */
  static Interactions of(Dataset<Row> events, boolean timed, List<String> names) {
    CollectedEvents collected = new CollectedEvents(timed);
    // Shuffled once, then fetched: what comes before is not computed one partition after another.
    Iterator<byte[]> blocks =
        events
            .repartition(events.col("user"))
            .mapPartitions(new Packer(timed), Encoders.BINARY())
            .toLocalIterator();
    while (blocks.hasNext()) {
      collected.add(blocks.next());
    }
    for (int column = 0; column < names.size(); column++) {
      if (collected.without[column] > 0) {
        throw new DataException(
            "column '"
                + names.get(column)
                + "': expected a value in every row, found none in "
                + collected.without[column]
                + " rows; drop them (na().drop())");
      }
    }
    return collected.inOrder();
  }

  /** Ids in the order in which they come. */
  private static final class Ids {
    private final Object2IntOpenHashMap<String> indices = new Object2IntOpenHashMap<>();
    private final List<String> ids = new ArrayList<>();

    int add(String id) {
      int index = indices.putIfAbsent(id, ids.size());
      if (indices.size() == ids.size()) {
        return index;
      }
      ids.add(id);
      return ids.size() - 1;
    }

    /** The places of the ids when they are sorted as text. */
    int[] places() {
      Integer[] order = new Integer[ids.size()];
      Arrays.setAll(order, index -> index);
      Arrays.parallelSort(order, (a, b) -> ids.get(a).compareTo(ids.get(b)));
      int[] places = new int[order.length];
      for (int place = 0; place < order.length; place++) {
        places[order[place]] = place;
      }
      return places;
    }

    IdIndex sorted() {
      String[] sorted = ids.toArray(String[]::new);
      Arrays.parallelSort(sorted);
      return IdIndex.of(Arrays.asList(sorted));
    }
  }

  /** Turns events into blocks; runs on executors. */
  private static final class Packer implements MapPartitionsFunction<Row, byte[]> {
    @Serial private static final long serialVersionUID = 1L;

    private static final int BLOCK = 1 << 16;

    private final boolean timed;

    Packer(boolean timed) {
      this.timed = timed;
    }

    @Override
    public Iterator<byte[]> call(Iterator<Row> rows) {
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return rows.hasNext();
        }

        @Override
        public byte[] next() {
          try {
            return block(rows);
          } catch (IOException e) {
            throw new UncheckedIOException(e); // not in memory
          }
        }
      };
    }

    private byte[] block(Iterator<Row> rows) throws IOException {
      Ids users = new Ids();
      Ids items = new Ids();
      int[] without = new int[4];
      ByteArrayOutputStream eventBytes = new ByteArrayOutputStream();
      DataOutputStream events = new DataOutputStream(eventBytes);
      int size = 0;
      for (; size < BLOCK && rows.hasNext(); ) {
        Row row = rows.next();
        boolean whole = true;
        for (int column = 0; column < (timed ? 4 : 3); column++) {
          if (row.isNullAt(column) || (column == 2 && !Float.isFinite(row.getFloat(2)))) {
            without[column]++;
            whole = false;
          }
        }
        if (whole) {
          events.writeInt(users.add(row.getString(0)));
          events.writeInt(items.add(row.getString(1)));
          events.writeInt(Float.floatToIntBits(row.getFloat(2)));
          if (timed) {
            events.writeLong(row.getLong(3));
          }
          size++;
        }
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      for (int none : without) {
        out.writeInt(none);
      }
      write(users, out);
      write(items, out);
      out.writeInt(size);
      eventBytes.writeTo(out);
      return bytes.toByteArray();
    }

    private static void write(Ids ids, DataOutputStream out) throws IOException {
      out.writeInt(ids.ids.size());
      for (String id : ids.ids) {
        byte[] text = id.getBytes(StandardCharsets.UTF_8);
        out.writeInt(text.length);
        out.write(text);
      }
    }
  }

  private void add(byte[] block) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(block))) {
      for (int column = 0; column < without.length; column++) {
        without[column] += in.readInt();
      }
      int[] blockUsers = read(users, in);
      int[] blockItems = read(items, in);
      int size = in.readInt();
      if (userOf.size() > Integer.MAX_VALUE - 8 - size) {
        throw new DataException("more events than 2,147,483,639, which is all that a fit can hold");
      }
      for (int event = 0; event < size; event++) {
        userOf.add(blockUsers[in.readInt()]);
        itemOf.add(blockItems[in.readInt()]);
        valueOf.add(in.readInt());
        if (timed) {
          timeOf.add(in.readLong());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not in memory
    }
  }

  private static int[] read(Ids ids, DataInputStream in) throws IOException {
    int[] indices = new int[in.readInt()];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = ids.add(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
    }
    return indices;
  }

  private Interactions inOrder() {
    int size = userOf.size();
    int[] userPlaces = users.places();
    int[] itemPlaces = items.places();
    int[] ends = new int[userPlaces.length + 1];
    for (int event = 0; event < size; event++) {
      ends[userPlaces[userOf.getInt(event)] + 1]++;
    }
    for (int user = 0; user < userPlaces.length; user++) {
      ends[user + 1] += ends[user];
    }
    int[] starts = ends.clone();
    int[] order = new int[size];
    for (int event = 0; event < size; event++) {
      order[starts[userPlaces[userOf.getInt(event)]]++] = event;
    }
    for (int user = 0; user < userPlaces.length; user++) {
      IntArrays.quickSort(order, ends[user], ends[user + 1], (a, b) -> compare(a, b, itemPlaces));
    }
    int[] eventUsers = new int[size];
    int[] eventItems = new int[size];
    float[] values = new float[size];
    long[] times = new long[timed ? size : 0];
    for (int event = 0; event < size; event++) {
      int from = order[event];
      eventUsers[event] = userPlaces[userOf.getInt(from)];
      eventItems[event] = itemPlaces[itemOf.getInt(from)];
      values[event] = Float.intBitsToFloat(valueOf.getInt(from));
      if (timed) {
        times[event] = timeOf.getLong(from);
      }
    }
    return Interactions.of(users.sorted(), items.sorted(), eventUsers, eventItems, values, times);
  }

  /** Of two events of a user. */
  private int compare(int a, int b, int[] itemPlaces) {
    int byItem = Integer.compare(itemPlaces[itemOf.getInt(a)], itemPlaces[itemOf.getInt(b)]);
    if (byItem != 0) {
      return byItem;
    }
    int byTime = timed ? Long.compare(timeOf.getLong(a), timeOf.getLong(b)) : 0;
    return byTime != 0
        ? byTime
        : Float.compare(
            Float.intBitsToFloat(valueOf.getInt(a)), Float.intBitsToFloat(valueOf.getInt(b)));
  }
}
