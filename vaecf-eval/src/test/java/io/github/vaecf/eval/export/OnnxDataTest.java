package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.SmallModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exports of more than one ONNX file may hold, with a lower bound than the format's. */
class OnnxDataTest {
  /** Enough for the ids and not for the weights as well. */
  private static final long MOST_BYTES = 9_000;

  @TempDir Path folder;
  private static TrainedModel model;

  @BeforeAll
  static void train() {
    model = SmallModels.ease();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static OnnxExporter.Builder inTwoFiles() {
    return OnnxExporter.builder().mostBytes(MOST_BYTES);
  }

  private Path exported() {
    Path file = folder.resolve("model.onnx");
    inTwoFiles().export(model, file);
    return file;
  }

  static List<Supplier<TrainedModel>> everyModelWithLargeWeights() {
    return List.of(SmallModels::vae, SmallModels::ease, SmallModels::itemKnn);
  }

  @ParameterizedTest
  @MethodSource("everyModelWithLargeWeights")
  void twoFilesHoldWhatOneHoldsAndAnswerAlike(Supplier<TrainedModel> training) throws IOException {
    CsrMatrix users = SmallModels.users(50, 4);
    try (TrainedModel trained = training.get()) {
      for (ExportedWeights form : ExportedWeights.values()) {
        Path one = folder.resolve(form + "-one.onnx");
        Path two = folder.resolve(form + "-two.onnx");
        OnnxExporter.builder().weights(form).export(trained, one);
        inTwoFiles().weights(form).export(trained, two);

        Map<String, TensorProto> expected = tensors(one);
        byte[] data = Files.readAllBytes(folder.resolve(form + "-two.onnx.data"));
        long outside = 0;
        for (TensorProto tensor : tensors(two).values()) {
          byte[] values = expected.remove(tensor.getName()).getRawData().toByteArray();
          if (tensor.getDataLocation() != TensorProto.DataLocation.EXTERNAL) {
            assertThat(tensor.getRawData().toByteArray()).isEqualTo(values);
            continue;
          }
          Map<String, String> place =
              tensor.getExternalDataList().stream()
                  .collect(
                      Collectors.toMap(
                          StringStringEntryProto::getKey, StringStringEntryProto::getValue));
          int offset = Integer.parseInt(place.get("offset"));
          int length = Integer.parseInt(place.get("length"));
          assertThat(place.get("location")).isEqualTo(form + "-two.onnx.data");
          assertThat(offset % 65_536).isZero();
          assertThat(Arrays.copyOfRange(data, offset, offset + length)).isEqualTo(values);
          outside += length;
        }
        assertThat(expected).isEmpty();
        assertThat(outside).isGreaterThan(0);
        assertThat(rankings(two, users)).isEqualTo(rankings(one, users));
      }
    }
  }

  private static Map<String, TensorProto> tensors(Path file) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(file)).getGraph().getInitializerList().stream()
        .collect(Collectors.toMap(TensorProto::getName, tensor -> tensor));
  }

  /** Items and scores of all users, as text. */
  private static String rankings(Path file, CsrMatrix users) {
    StringBuilder text = new StringBuilder();
    try (ServedModel served = ServedModel.load(file)) {
      Rankings rankings = served.rank(users, 0, users.rows(), 20);
      for (int user = 0; user < users.rows(); user++) {
        for (int rank = 0; rank < 20; rank++) {
          text.append(rankings.item(user, rank)).append(' ').append(rankings.score(user, rank));
          text.append('\n');
        }
      }
    }
    return text.toString();
  }

  @Test
  void weightsThatOneFileHoldsMakeNoSecond() {
    OnnxExporter.export(model, folder.resolve("model.onnx"));

    assertThat(folder.toFile().list()).containsExactly("model.onnx");
  }

  @Test
  void theTwoFilesLoadElsewhereTogetherAndUnderAnotherNameOfTheFirst() throws IOException {
    Path file = exported();
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.copy(file, elsewhere.resolve("other.onnx"));
    Files.copy(OnnxData.beside(file), elsewhere.resolve("model.onnx.data"));

    try (ServedModel served = ServedModel.load(elsewhere.resolve("other.onnx"))) {
      assertThat(served.recommend(List.of(), 3)).hasSize(3);
    }
  }

  @Test
  void aMissingSecondFileIsNamed() throws IOException {
    Path file = exported();
    Files.delete(OnnxData.beside(file));

    assertThatThrownBy(() -> ServedModel.load(file))
        .isInstanceOf(DataException.class)
        .hasMessage(
            file
                + ": its weights are in a file model.onnx.data, expected beside it under this name,"
                + " found none: copy it too, or export again");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut", "longer", "empty"})
  void aSecondFileOfAnotherSizeIsRefused(String damage) throws IOException {
    Path file = exported();
    Path data = OnnxData.beside(file);
    int size = (int) Files.size(data);
    int found = damage.equals("cut") ? size - 1 : damage.equals("longer") ? size + 1 : 0;
    Files.write(data, Arrays.copyOf(Files.readAllBytes(data), found));

    assertThatThrownBy(() -> ServedModel.load(file))
        .isInstanceOf(DataException.class)
        .hasMessage(
            data
                + ": expected "
                + size
                + " bytes, as the export wrote, found "
                + found
                + ": it is not whole yet, or was damaged; copy it again, or export again");
  }

  @Test
  void aSecondFileOfWhichABitIsAnotherIsRefused() throws IOException {
    Path file = exported();
    Path data = OnnxData.beside(file);
    byte[] whole = Files.readAllBytes(data);
    Random random = new Random(3);
    for (int attempt = 0; attempt < 50; attempt++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(data, damaged);
      assertThatThrownBy(() -> ServedModel.load(file))
          .isInstanceOf(DataException.class)
          .hasMessage(
              data
                  + ": its bytes are not those that the export wrote (their SHA-256 is not that of"
                  + " the card in model.onnx): it is not whole yet, or was damaged; copy it again,"
                  + " or export again");
    }
  }

  @Test
  void theSecondFileOfAnotherModelIsRefused() throws IOException {
    Path file = exported();
    Path other = folder.resolve("other.onnx");
    try (TrainedModel shuffled =
        SmallModels.train(model.settings().with(LinearAutoencoder.LAMBDA, 300.0))) {
      inTwoFiles().export(shuffled, other);
    }
    Files.delete(OnnxData.beside(file));
    Files.move(OnnxData.beside(other), OnnxData.beside(file));

    assertThatThrownBy(() -> ServedModel.load(file))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(OnnxData.beside(file) + ": its bytes are not those");
  }

  /** What a card says of the second file cannot be changed unnoticed either. */
  @Test
  void aFirstFileOfWhichABitIsAnotherIsRefused() throws IOException {
    Path file = exported();
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 200] ^= 1;
    Files.write(file, bytes);

    assertThatThrownBy(() -> ServedModel.load(file))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(file + ": its bytes are not those");
  }

  @Test
  void aSecondFileThatIsThereIsLeftAsItIs() throws IOException {
    Path file = folder.resolve("model.onnx");
    Path data = Files.writeString(OnnxData.beside(file), "somebody's");

    assertThatThrownBy(() -> inTwoFiles().export(model, file))
        .isInstanceOf(DataException.class)
        .hasMessage(data + ": already exists; choose another place or remove it first");

    assertThat(folder.toFile().list()).containsExactly("model.onnx.data");
    assertThat(data).hasContent("somebody's");
  }

  /** Facts that put a file at a place when they are written on the card. */
  private static List<String> intruder(Path place) {
    return new AbstractList<>() {
      @Override
      public String get(int index) {
        try {
          Files.writeString(place, "another's");
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        return "fact";
      }

      @Override
      public int size() {
        return 1;
      }
    };
  }

  @Test
  void anExportThatFailsAtItsEndTakesItsSecondFileAway() {
    Path file = folder.resolve("model.onnx");

    assertThatThrownBy(
            () -> inTwoFiles().facts(Map.of("intruder", intruder(file))).export(model, file))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ": already exists; choose another place or remove it first");

    assertThat(folder.toFile().list()).containsExactly("model.onnx");
    assertThat(file).hasContent("another's");
  }

  @Test
  void anExportThatFailsAtItsBeginningLeavesNothing() {
    Path file = folder.resolve("model.onnx");

    assertThatThrownBy(() -> inTwoFiles().facts(Map.of("fact", new Object())).export(model, file))
        .isInstanceOf(IllegalArgumentException.class);

    assertThat(folder.toFile().list()).isEmpty();
  }

  @Test
  void idsThatOneFileDoesNotHoldAreRefused() {
    Path file = folder.resolve("model.onnx");

    assertThatThrownBy(() -> OnnxExporter.builder().mostBytes(5_000).export(model, file))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(file + ": the ids of 120 items take ")
        .hasMessageEndingWith(
            " bytes, and an ONNX file holds at most 2 GB: give the items shorter ids, or export a"
                + " SavedModel, which has no such limit");

    assertThat(folder.toFile().list()).isEmpty();
  }
}
