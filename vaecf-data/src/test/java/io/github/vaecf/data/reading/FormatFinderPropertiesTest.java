package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

class FormatFinderPropertiesTest {
  private static final String[] SEPARATORS = {",", ";", "\t", "|", "::", " "};
  private static final String[][] NAMES = {
    {"user", "userId", "customer_id", "visitorid"},
    {"item", "movieId", "product_id", "asin"},
    {"rating", "stars", "count", "score"},
    {"timestamp", "date", "created_at", "ts"}
  };

  /**
   * Logs of any separator, header, order of columns and kind of ids. Where no header names them,
   * users stand before items, and these before counts, which look like ids: such is the custom.
   */
  @Property(tries = 300)
  void whatIsFoundIsRightOrAskedFor(@ForAll Random random) throws IOException {
    boolean header = random.nextBoolean();
    boolean values = random.nextBoolean();
    boolean times = random.nextBoolean();
    List<Integer> order = new ArrayList<>(List.of(0, 1));
    if (values) {
      order.add(2);
    }
    if (times) {
      order.add(3);
    }
    int largest = random.nextBoolean() ? 5 : 300;
    if (random.nextBoolean()) {
      Collections.shuffle(order, random);
      if (!header && order.indexOf(1) < order.indexOf(0)) {
        Collections.swap(order, order.indexOf(0), order.indexOf(1));
      }
      if (!header && largest > 5) {
        order.removeIf(column -> column == 2);
        order.addAll(order.indexOf(1) + 1, values ? List.of(2) : List.of());
      }
    }
    String separator = SEPARATORS[random.nextInt(SEPARATORS.length)];
    String userPrefix = random.nextBoolean() ? "" : "u";
    String itemPrefix = random.nextBoolean() ? "" : "i";
    int users = 12 + random.nextInt(40);
    int items = 12 + random.nextInt(40);
    boolean milliseconds = random.nextBoolean();
    List<String> lines = new ArrayList<>();
    List<String> events = new ArrayList<>();
    for (int user = 0; user < users; user++) {
      for (int i = 0; i < 3 + random.nextInt(5); i++) {
        String item = itemPrefix + (100 + (user * 7 + i * 5) % items);
        int value = 1 + random.nextInt(largest);
        long time = (1_300_000_000L + random.nextInt(100_000_000)) * (milliseconds ? 1000 : 1);
        String[] fields = {userPrefix + (1000 + user), item, "" + value, "" + time};
        lines.add(String.join(separator, order.stream().map(column -> fields[column]).toList()));
        events.add(
            fields[0]
                + "|"
                + item
                + (values ? "|" + value + ".0" : "|1.0")
                + (times ? "|" + time : ""));
      }
    }
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      places.add(i);
    }
    if (random.nextBoolean()) {
      Collections.shuffle(places, random);
    }
    List<String> expected = places.stream().map(events::get).toList();
    StringBuilder text = new StringBuilder();
    if (header) {
      text.append(
              String.join(
                  separator,
                  order.stream().map(column -> NAMES[column][random.nextInt(4)]).toList()))
          .append('\n');
    }
    places.forEach(place -> text.append(lines.get(place)).append('\n'));
    Path file = Files.createTempFile("log", ".txt");
    try {
      Files.writeString(file, text);
      boolean byCustom = order.equals(order.stream().sorted().toList());
      try {
        LogFormat format = LogFormat.find(file);
        assertThat(format.separator()).contains(separator);
        assertThat(
                Fixtures.events(
                    format.columns().valueColumnIfAny().timeColumnIfAny().build().read(file)))
            .isEqualTo(expected);
        Statistics.collect("found");
      } catch (DataException e) {
        assertThat(e).hasMessageContaining("; --");
        assertThat(header || byCustom).as(text.substring(0, 60) + e.getMessage()).isFalse();
        Statistics.collect("asked for");
      }
    } finally {
      Files.delete(file);
    }
  }
}
