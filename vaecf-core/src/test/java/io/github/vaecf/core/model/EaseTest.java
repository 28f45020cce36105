package io.github.vaecf.core.model;

import static io.github.vaecf.core.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

class EaseTest {
  @Test
  void theScoresAreThoseOfTheClosedFormInDoublePrecision() {
    CsrMatrix train = new Groups(300, 6, 20, 5).matrix();
    CsrMatrix users = new Groups(20, 6, 20, 6).matrix();
    int items = train.columns();
    double lambda = 20;
    RealMatrix dense = new Array2DRowRealMatrix(train.rows(), items);
    for (int user = 0; user < train.rows(); user++) {
      for (int item : train.row(user)) {
        dense.setEntry(user, item, 1);
      }
    }
    RealMatrix gram = dense.transpose().multiply(dense);
    for (int item = 0; item < items; item++) {
      gram.addToEntry(item, item, lambda);
    }
    RealMatrix inverse = new LUDecomposition(gram).getSolver().getInverse();

    try (TrainedModel ease = fit(train, lambda)) {
      Rankings rankings = ease.rank(users, 0, 20, items);

      for (int user = 0; user < 20; user++) {
        for (int rank = 0; rank < items && rankings.item(user, rank) >= 0; rank++) {
          int item = rankings.item(user, rank);
          double expected = 0;
          for (int other : users.row(user)) {
            expected -= inverse.getEntry(other, item) / inverse.getEntry(item, item);
          }
          assertThat(rankings.score(user, rank)).isCloseTo((float) expected, within(1e-4f));
        }
      }
    }
  }

  @Test
  void tooManyItemsAreRefusedBeforeAnythingIsComputed() {
    assertThatThrownBy(() -> Ease.requireMemory(50_000, 16_000_000_000L))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "EASE over 50000 items needs 40000 MB of memory, and this machine has 16000 MB:"
                + " leave out rare items or take item-kNN");
  }

  @Test
  void aPenaltyThatIsNotAboveZeroIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fit(Rows.of(2, row(0)), 0))
        .withMessage("lambda: expected a number above 0, found '0.0'");
  }

  @Test
  void theItemKernelIsTheMatrixOfItemWeightsWithZerosOnItsDiagonal() {
    CsrMatrix train = new Groups(60, 2, 5, 5).matrix();
    try (TrainedModel ease = fit(train, 3)) {
      Weight kernel = ease.itemKernel().orElseThrow();

      assertThat(kernel.shape()).containsExactly(10L, 10L);
      for (int item = 0; item < 10; item++) {
        assertThat(kernel.values()[item * 10 + item]).isZero();
      }
      float[] scores = ease.scores(Rows.of(10, row(2)), 0, 1);
      assertThat(scores).containsExactly(Arrays.copyOfRange(kernel.values(), 20, 30));
    }
  }

  @Test
  void fittingManyTimesKeepsNoMemory() {
    CsrMatrix train = new Groups(300, 4, 100, 5).matrix(); // 640 kB a matrix of item weights
    Settings settings = Settings.published(new Ease());
    long before = 0;
    for (int time = 0; time < 120; time++) {
      if (time == 20) {
        before = Pointer.physicalBytes();
      }
      new Ease().fit(train, settings).values().forEach(TFloat32::close);
    }
    // 100 matrices that were not given back would be 64 MB.
    assertThat(Pointer.physicalBytes() - before).isLessThan(32_000_000);
  }

  /**
   * Begins with a session, before there is any tensor, and then asks for an empty history, with so
   * much memory in use as the argument says.
   */
  public static void main(String[] arguments) {
    CsrMatrix train = new Groups(60, 2, 5, 5).matrix();
    new Ease().fit(train, Settings.published(new Ease())).values().forEach(TFloat32::close);
    int used = arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]) / Float.BYTES;
    try (TFloat32 memory = TFloat32.tensorOf(Shape.of(used));
        TrainedModel ease = fit(train, 3)) {
      for (int i = 0; i < used; i += 512) {
        memory.setFloat(1, i); // a page that is not touched is not used
      }
      new Ease().fit(train, Settings.published(new Ease())).values().forEach(TFloat32::close);
      System.out.println("recommended " + ease.recommend(List.of(), 3).size());
    }
  }

  @Test
  void anEmptyHistoryIsAnsweredInAProcessThatBeginsWithASession() throws Exception {
    assertThat(mainInAProcessOfItsOwn(List.of())).contains("recommended 3");
  }

  @Test
  void whatLiesOutsideTheHeapMayBeMuchMoreThanTheHeap() throws Exception {
    // JavaCPP would stop at four times the heap.
    long bytes = 8 * (32L << 20);
    assertThat(mainInAProcessOfItsOwn(List.of("-Xmx32m"), Long.toString(bytes)))
        .contains("recommended 3");
  }

  private static String mainInAProcessOfItsOwn(List<String> options, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), EaseTest.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static TrainedModel fit(CsrMatrix train, double lambda) {
    return Trainer.builder()
        .settings(Settings.published(new Ease()).with(Ease.LAMBDA, lambda))
        .build()
        .train(train, Rows.ids(train.columns()));
  }
}
