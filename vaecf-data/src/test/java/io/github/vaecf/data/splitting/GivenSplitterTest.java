package io.github.vaecf.data.splitting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.SharedData;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.LogFormat;
import io.github.vaecf.data.reading.PreparedFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GivenSplitterTest {
  private static final LogFormat GOWALLA = LogFormat.of("lightgcn");

  @TempDir Path folder;

  private Interactions log(String name, String content) throws IOException {
    return GOWALLA.read(Files.writeString(folder.resolve(name), content));
  }

  @Test
  void trainingAndTestAreJoinedByTheirIds() throws IOException {
    Interactions train = log("train.txt", "0 10 20\n1 20 30\n");
    Interactions test = log("test.txt", "1 10 40\n0 30 20\n9 10\n");
    Split split = GivenSplitter.builder().build().split(train, test);
    assertThat(split.users().ids()).containsExactly("0", "1");
    assertThat(split.items().ids()).containsExactly("10", "20", "30", "40");
    assertThat(split.train().row(0).toIntArray()).containsExactly(0, 1);
    assertThat(split.test().foldIn().row(1).toIntArray()).containsExactly(1, 2);
    assertThat(split.test().heldOut().row(0).toIntArray()).containsExactly(2);
    assertThat(split.test().heldOut().row(1).toIntArray()).containsExactly(0, 3);
    assertThat(split.validation().users()).isZero();
    assertThat(split.stages())
        .extracting(Split.Stage::name, Split.Stage::events)
        .containsExactly(
            tuple("read for training", 4L),
            tuple("read for test", 5L),
            tuple("each pair once, for training if it is in both", 8L),
            tuple("users with training items", 7L));
  }

  @Test
  void aShareOfTheTrainingItemsCanBeDrawnForValidation() throws IOException {
    Interactions train = log("train.txt", "0 1 2 3 4 5 6 7 8 9 10\n1 1 2 3\n");
    Split split =
        GivenSplitter.builder()
            .validationShare(0.2)
            .seed(1)
            .build()
            .split(train, log("test.txt", "0 11\n"));
    assertThat(split.validation().heldOut().rowSize(0)).isEqualTo(2);
    assertThat(split.validation().heldOut().rowSize(1)).isZero();
    assertThat(split.train().rowSize(0)).isEqualTo(8);
    assertThat(split.test().foldIn().rowSize(0)).isEqualTo(10);
  }

  @Test
  void aGivenSplitGoesThroughAPreparedFolder() throws IOException {
    Split split =
        GivenSplitter.builder()
            .validationShare(0.5)
            .build()
            .split(log("train.txt", "0 1\n1 1 2 3\n2 1\n"), log("test.txt", "1 4\n"));
    PreparedFolder.write(split, folder.resolve("prepared"));
    Split read = PreparedFolder.read(folder.resolve("prepared"));
    assertThat(read.train().rows()).isEqualTo(3);
    assertThat(read.test().firstUser()).isZero();
    assertThat(read.test().users()).isEqualTo(3);
    assertThat(read.test().heldOut().row(1).toIntArray())
        .isEqualTo(split.test().heldOut().row(1).toIntArray());
    assertThat(read.validation().firstUser()).isZero();
    assertThat(read.validation().heldOut().entries()).isEqualTo(1);
  }

  @Test
  void whatCannotBeSplitIsReported() {
    IdIndex none = IdIndex.of(List.of());
    Interactions empty =
        Interactions.of(none, none, new int[0], new int[0], new float[0], new long[0]);
    assertThatThrownBy(() -> GivenSplitter.builder().build().split(empty, empty))
        .isInstanceOf(DataException.class)
        .hasMessage("there is no event to train on: the training log is empty");
    IdIndex one = IdIndex.of(List.of("a"));
    Interactions untimed =
        Interactions.of(one, one, new int[1], new int[1], new float[1], new long[0]);
    assertThatThrownBy(() -> LeaveLastOutSplitter.builder().build().split(untimed))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("the log has no times");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> WeakGeneralizationSplitter.builder().validationShare(0.5).testShare(0.5).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WeakGeneralizationSplitter.builder().testShare(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GivenSplitter.builder().validationShare(-0.1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LeaveLastOutSplitter.builder().mostUserItems(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LeaveLastOutSplitter.builder().popularItems(0, 0.5));
  }

  @Test
  void gowallaIsSplitAsPublished() {
    Path gowalla = SharedData.folder().resolve("data/gowalla");
    assumeTrue(Files.exists(gowalla), () -> gowalla + " is not there");
    Split split =
        GivenSplitter.builder()
            .build()
            .split(
                GOWALLA.read(gowalla.resolve("train.txt")),
                GOWALLA.read(gowalla.resolve("test.txt")));
    assertThat(split.train().rows()).isEqualTo(29_858);
    assertThat(split.train().columns()).isEqualTo(40_981);
    assertThat(split.train().entries()).isEqualTo(810_128);
    assertThat(split.test().heldOut().entries()).isEqualTo(217_242);
  }
}
