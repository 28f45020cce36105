package io.github.vaecf.data.splitting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.SharedData;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.DelimitedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrongGeneralizationSplitterTest {
  /** Users "u0" …, each with so many items, the items "i0" … from 0 on. */
  private static Interactions log(int... itemsPerUser) {
    List<String> users = new ArrayList<>();
    List<String> items = new ArrayList<>();
    List<int[]> events = new ArrayList<>();
    for (int user = 0; user < itemsPerUser.length; user++) {
      users.add("u" + user);
      for (int item = 0; item < itemsPerUser[user]; item++) {
        events.add(new int[] {user, item});
        if (items.size() <= item) {
          items.add("i" + item);
        }
      }
    }
    float[] values = new float[events.size()];
    Arrays.fill(values, 1);
    return Interactions.of(
        IdIndex.of(users),
        IdIndex.of(items),
        events.stream().mapToInt(event -> event[0]).toArray(),
        events.stream().mapToInt(event -> event[1]).toArray(),
        values,
        new long[0]);
  }

  @Test
  void noEventLeftAfterFilteringIsReported() {
    StrongGeneralizationSplitter split =
        StrongGeneralizationSplitter.builder().minRating(4).heldOutUsers(1).build();
    Interactions log = log(6, 6, 6);
    assertThatThrownBy(() -> split.split(log))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "no event is left after filtering: read: 18, value at least 4: 0,"
                + " users with at least 5 items: 0 events; the values lie within 1 and 1: lower the"
                + " least rating (--min-rating), or read none where they are no ratings"
                + " (--value-column none)");
    Interactions empty = log();
    assertThatThrownBy(() -> split.split(empty))
        .hasMessage("no event is left after filtering: the log is empty");
  }

  @Test
  void noEventLeftIsReportedWithTheFilterThatDroppedThem() {
    Interactions log = log(6, 3, 2);
    assertThatThrownBy(() -> builder().minUserItems(9).build().split(log))
        .hasMessage(
            "no event is left after filtering: read: 11, users with at least 9 items: 0 events; the"
                + " most items that a user has are 6: ask for fewer (--min-user-items)");
    assertThatThrownBy(() -> builder().minItemUsers(4).build().split(log))
        .hasMessage(
            "no event is left after filtering: read: 11, items of at least 4 users: 0, users with"
                + " at least 5 items: 0 events; the most users that an item has are 3: ask for"
                + " fewer (--min-item-users)");
    assertThatThrownBy(() -> builder().minItemUsers(3).untilStable(true).build().split(log))
        .hasMessageEndingWith(
            "; ask for fewer users of an item (--min-item-users) or fewer items of a user"
                + " (--min-user-items)");
  }

  private static StrongGeneralizationSplitter.Builder builder() {
    return StrongGeneralizationSplitter.builder().heldOutUsers(1);
  }

  @Test
  void moreHeldOutUsersThanUsersAreReported() {
    StrongGeneralizationSplitter split =
        StrongGeneralizationSplitter.builder().heldOutUsers(2).build();
    Interactions log = log(6, 6, 6, 6);
    assertThatThrownBy(() -> split.split(log))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "cannot hold out 2 users for validation and 2 for test: after filtering there are 4"
                + " users, and at least one must be left for training; hold out at most 1"
                + " (--heldout-users), or filter less (--min-user-items, --min-item-users,"
                + " --min-rating)");
  }

  @Test
  void usersWithFewerThanFiveItemsAreFoldInOnly() {
    Split split =
        StrongGeneralizationSplitter.builder()
            .minUserItems(0)
            .heldOutUsers(2)
            .build()
            .split(log(4, 4, 4, 4, 4));
    for (HeldOut part : List.of(split.validation(), split.test())) {
      assertThat(part.users()).isEqualTo(2);
      assertThat(part.foldIn().entries()).isEqualTo(8);
      assertThat(part.heldOut().entries()).isZero();
    }
  }

  @Test
  void itemsAreFilteredBeforeUsersAsPublishedForMsd() {
    // Items i4 and i5 have one user each; without them, user u1 has too few items.
    Split split =
        StrongGeneralizationSplitter.builder()
            .minItemUsers(2)
            .minUserItems(4)
            .heldOutUsers(1)
            .build()
            .split(log(4, 4, 3, 6, 4));
    assertThat(split.users().ids()).containsExactlyInAnyOrder("u0", "u1", "u3", "u4");
    assertThat(split.items().ids()).containsExactly("i0", "i1", "i2", "i3");
    assertThat(split.stages())
        .extracting(Split.Stage::name, Split.Stage::users, Split.Stage::items, Split.Stage::events)
        .containsExactly(
            tuple("read", 5L, 6L, 21L),
            tuple("items of at least 2 users", 5L, 4L, 19L),
            tuple("users with at least 4 items", 4L, 4L, 16L),
            tuple("items of training users", 4L, 4L, 16L));
  }

  @Test
  void repeatedFilteringLeavesOnlyUsersAndItemsWithEnough() {
    Split split =
        StrongGeneralizationSplitter.builder()
            .minItemUsers(3)
            .minUserItems(3)
            .untilStable(true)
            .heldOutUsers(1)
            .build()
            .split(log(3, 3, 3, 4, 5, 2));
    Split.Stage stable = split.stages().get(1);
    assertThat(stable.items()).isEqualTo(3);
    assertThat(stable.users()).isEqualTo(5);
  }

  @Test
  void aRepeatedPairCountsOnce() {
    Interactions once = log(5, 5, 5);
    int size = once.size();
    int[] users = new int[2 * size];
    int[] items = new int[2 * size];
    float[] values = new float[2 * size];
    for (int event = 0; event < 2 * size; event++) {
      users[event] = once.user(event % size);
      items[event] = once.item(event % size);
      values[event] = 1;
    }
    Interactions twice =
        Interactions.of(once.users(), once.items(), users, items, values, new long[0]);
    StrongGeneralizationSplitter splitting =
        StrongGeneralizationSplitter.builder().heldOutUsers(1).build();
    Split split = splitting.split(twice);
    assertThat(split.train().entries()).isEqualTo(5);
    assertThat(split.stages().get(1).name()).isEqualTo("each user and item once");
    assertThat((Object) split.test().heldOut().row(0))
        .isEqualTo(splitting.split(once).test().heldOut().row(0));
  }

  @Test
  void idsThatAreNumbersAreSortedAsNumbersOthersAsText() {
    int[] indices = {0, 1, 2, 3, 4};
    IdOrder.sort(IdIndex.of(List.of("10", "9", "007", "-3", "7")), indices);
    assertThat(indices).containsExactly(3, 2, 4, 1, 0);
    int[] mixed = {0, 1, 2};
    IdOrder.sort(IdIndex.of(List.of("9", "10", "x")), mixed);
    assertThat(mixed).containsExactly(1, 0, 2);
    int[] long19Digits = {0, 1};
    IdOrder.sort(IdIndex.of(List.of("9999999999999999999", "10")), long19Digits);
    assertThat(long19Digits).containsExactly(1, 0);
    int[] dash = {0, 1};
    IdOrder.sort(IdIndex.of(List.of("-", "10")), dash);
    assertThat(dash).containsExactly(0, 1);
  }

  @Test
  void wrongSettingsAreRefused() {
    StrongGeneralizationSplitter.Builder builder = StrongGeneralizationSplitter.builder();
    assertThatIllegalArgumentException().isThrownBy(() -> builder.minRating(Double.NaN));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.minUserItems(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.minItemUsers(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.heldOutUsers(0));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.heldOutShare(1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.seed(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.seed(1L << 32));
  }

  @Test
  void aTenthOfTheUsersThatAreLeftIsHeldOutUnlessSaidOtherwise() {
    int[] sizes = new int[46];
    Arrays.fill(sizes, 6);
    Arrays.fill(sizes, 0, 7, 1);

    Split split = StrongGeneralizationSplitter.builder().minUserItems(2).build().split(log(sizes));

    assertThat(split.validation().users()).isEqualTo(3);
    assertThat(split.test().users()).isEqualTo(3);
    assertThat(split.train().rows()).isEqualTo(33);
  }

  @Test
  void theDebianSampleFilteredUntilStableHasItsKnownCounts() {
    Path file = SharedData.folder().resolve("data/debian-dependencies/dependencies.tsv.gz");
    assumeTrue(Files.exists(file), () -> file + " is not there");
    Interactions log = DelimitedReader.builder().separator("\t").build().read(file);
    Split split =
        StrongGeneralizationSplitter.builder()
            .minItemUsers(5)
            .minUserItems(5)
            .untilStable(true)
            .heldOutUsers(1500)
            .build()
            .split(log);
    assertThat(split.stages().get(0)).isEqualTo(new Split.Stage("read", 29877, 26083, 192268));
    Split.Stage stable = split.stages().get(1);
    assertThat(List.of(stable.users(), stable.items(), stable.events()))
        .containsExactly(10842L, 3739L, 115848L);
  }
}
