package io.github.vaecf.core.model;

import static io.github.vaecf.core.Rows.row;
import static io.github.vaecf.core.model.LinearAutoencoder.DROPOUT;
import static io.github.vaecf.core.model.LinearAutoencoder.LAMBDA;
import static io.github.vaecf.core.model.LinearAutoencoder.PRECISION;
import static io.github.vaecf.core.model.LinearAutoencoder.RELAXATION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.LinearAutoencoder.Edlae;
import io.github.vaecf.core.model.LinearAutoencoder.Precision;
import io.github.vaecf.core.model.LinearAutoencoder.Rdlae;
import io.github.vaecf.core.model.LinearAutoencoder.Rlae;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

class LinearAutoencoderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of every kind, with settings that bound some of the diagonal and not all of it. */
  private static final List<Settings> FAMILY =
      List.of(
          with(new LinearAutoencoder.Ease(), Map.of("lambda", "20")),
          with(new Edlae(), Map.of("lambda", "5", "dropout", "0.4")),
          with(new Rlae(), Map.of("lambda", "20", "relaxation", "0.5")),
          with(new Rdlae(), Map.of("lambda", "5", "dropout", "0.4", "relaxation", "0.37")));

  private static Settings with(Model model, Map<String, String> values) {
    return Settings.published(model).with(values);
  }

  static List<Settings> family() {
    return FAMILY;
  }

  static List<JsonNode> goldenCases() throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    golden().get("cases").forEach(cases::add);
    assertThat(cases).hasSize(7);
    return cases;
  }

  private static JsonNode golden() throws IOException {
    try (InputStream file =
        LinearAutoencoderTest.class.getResourceAsStream("/golden/linear.json")) {
      return JSON.readTree(file);
    }
  }

  @ParameterizedTest
  @MethodSource("goldenCases")
  void theItemWeightsAreThoseOfAnIndependentProgramInDoublePrecision(JsonNode golden)
      throws IOException {
    int[][] users = JSON.convertValue(golden().get("users"), int[][].class);
    double[][] expected = JSON.convertValue(golden.get("B"), double[][].class);
    Map<String, String> values = new HashMap<>();
    Map.of("l2", "lambda", "dropout", "dropout", "xi", "relaxation")
        .forEach(
            (theirs, ours) -> {
              if (golden.has(theirs)) {
                values.put(ours, golden.get(theirs).asText());
              }
            });
    Settings settings = with(Model.named(golden.get("model").asText()), values);

    double[][] found = itemWeights(matrix(users), settings);

    for (int item = 0; item < expected.length; item++) {
      assertThat(found[item]).containsExactly(expected[item], within(1e-12));
    }
  }

  @ParameterizedTest
  @MethodSource("family")
  void inSinglePrecisionTheItemWeightsAreTheSameAsFarAsItGoes(Settings settings) {
    CsrMatrix train = new Groups(700, 6, 90, 9).matrix();
    float[] found = weights(train, settings.with(PRECISION, Precision.FLOAT32));
    float[] exact = weights(train, settings);
    double largest = 0;
    for (int weight = 0; weight < exact.length; weight++) {
      largest = Math.max(largest, Math.abs(found[weight] - exact[weight]));
    }
    assertThat(found).hasSameSizeAs(exact);
    assertThat(largest).isPositive().isLessThan(2e-6);
  }

  private static CsrMatrix matrix(int[][] binary) {
    return CsrMatrix.of(
        binary.length,
        binary[0].length,
        pairs -> {
          for (int user = 0; user < binary.length; user++) {
            for (int item = 0; item < binary[user].length; item++) {
              if (binary[user][item] == 1) {
                pairs.accept(user, item);
              }
            }
          }
        });
  }

  private static double[][] itemWeights(CsrMatrix train, Settings settings) {
    double[][] weights = new double[train.columns()][];
    try (ClosedFormModel.Shared shared = new ClosedFormModel.Shared()) {
      GramMatrix gram =
          shared.get(train, GramMatrix.class, () -> new GramMatrix(train, Precision.FLOAT64, 2));
      LinearAutoencoder.Inverse inverse = LinearAutoencoder.invert(gram, settings);
      gram.forEachInverseRow(
          2,
          () ->
              (item, row) -> {
                inverse.toRow(item, row);
                weights[item] = row.clone();
              });
    }
    return weights;
  }

  @ParameterizedTest
  @MethodSource("family")
  void theScoresAreThoseOfTheClosedFormWithAnotherProgramsInverse(Settings settings) {
    CsrMatrix train = new Groups(300, 6, 20, 5).matrix();
    CsrMatrix users = new Groups(20, 6, 20, 6).matrix();
    int items = train.columns();
    double lambda = settings.get(LAMBDA);
    double p = settings.has(DROPOUT) ? settings.get(DROPOUT) : 0;
    double xi = settings.has(RELAXATION) ? settings.get(RELAXATION) : 0;
    RealMatrix dense = new Array2DRowRealMatrix(train.rows(), items);
    for (int user = 0; user < train.rows(); user++) {
      for (int item : train.row(user)) {
        dense.setEntry(user, item, 1);
      }
    }
    RealMatrix gram = dense.transpose().multiply(dense);
    double[] penalties = new double[items];
    for (int item = 0; item < items; item++) {
      penalties[item] = lambda + p / (1 - p) * gram.getEntry(item, item);
    }
    for (int item = 0; item < items; item++) {
      gram.addToEntry(item, item, penalties[item]);
    }
    RealMatrix inverse = new LUDecomposition(gram).getSolver().getInverse();
    int bounded = 0;

    try (TrainedModel fitted = fit(train, settings)) {
      float[] scores = fitted.scores(users, 0, users.rows());

      for (int item = 0; item < items; item++) {
        double own = inverse.getEntry(item, item);
        boolean isBounded = 1 - penalties[item] * own > xi;
        bounded += isBounded ? 1 : 0;
        double factor = isBounded ? (1 - xi) / own : penalties[item];
        for (int user = 0; user < users.rows(); user++) {
          double expected = users.contains(user, item) ? 1 : 0;
          for (int other : users.row(user)) {
            expected -= inverse.getEntry(other, item) * factor;
          }
          assertThat(scores[user * items + item]).isCloseTo((float) expected, within(1e-5f));
        }
      }
    }
    assertThat(bounded).as("bounded of %d", items).isPositive();
    assertThat(bounded == items).isEqualTo(xi == 0);
  }

  @Test
  void withoutDropoutOrRelaxationItIsTheModelThatHasNone() {
    CsrMatrix train = new Groups(200, 5, 12, 5).matrix();
    Settings whole =
        with(new Rdlae(), Map.of("lambda", "7", "dropout", "0.3", "relaxation", "0.1"));

    assertThat(weights(train, whole.with(RELAXATION, 0.0)))
        .isEqualTo(weights(train, with(new Edlae(), Map.of("lambda", "7", "dropout", "0.3"))))
        .isNotEqualTo(weights(train, whole));
    assertThat(weights(train, whole.with(DROPOUT, 0.0)))
        .isEqualTo(weights(train, with(new Rlae(), Map.of("lambda", "7", "relaxation", "0.1"))))
        .isNotEqualTo(weights(train, whole));
    assertThat(weights(train, whole.with(DROPOUT, 0.0).with(RELAXATION, 0.0)))
        .isEqualTo(weights(train, with(new LinearAutoencoder.Ease(), Map.of("lambda", "7"))));
  }

  @Test
  void relaxedEntirelyItIsRidgeRegression() {
    CsrMatrix train = new Groups(200, 5, 12, 5).matrix();
    double[][] weights =
        itemWeights(train, with(new Rlae(), Map.of("lambda", "7", "relaxation", "1")));

    // (G + λI) B = G, without the inverse.
    RealMatrix gram = new Array2DRowRealMatrix(gram(train));
    RealMatrix found =
        gram.add(identity(train.columns(), 7)).multiply(new Array2DRowRealMatrix(weights));
    for (int item = 0; item < train.columns(); item++) {
      assertThat(found.getRow(item)).containsExactly(gram.getRow(item), within(1e-9));
    }
  }

  @ParameterizedTest
  @MethodSource("family")
  void ofEachItemTheLargestWeightsAreKept(Settings settings) {
    CsrMatrix train = new Groups(300, 6, 20, 5).matrix();
    int items = train.columns();
    double[][] all = itemWeights(train, settings);
    int kept = 7;

    try (TrainedModel fitted =
        fit(train, settings.with(LinearAutoencoder.WEIGHTS_PER_ITEM, kept))) {
      float[] found = fitted.scores(CsrMatrix.of(items, items, ofOneItemEach(items)), 0, items);

      for (int item = 0; item < items; item++) {
        int column = item;
        double least =
            IntStream.range(0, items)
                .filter(other -> other != column)
                .mapToDouble(other -> -Math.abs(all[other][column]))
                .sorted()
                .skip(kept - 1L)
                .map(size -> -size)
                .findFirst()
                .orElseThrow();
        for (int other = 0; other < items; other++) {
          boolean isKept = other != item && Math.abs(all[other][item]) >= least;
          assertThat(found[other * items + item]).isEqualTo(isKept ? (float) all[other][item] : 0);
        }
      }
      assertThat(fitted.weightShapes())
          .containsExactly(
              entry("weights/lengths", List.of((long) items)),
              entry("weights/items", List.of((long) items * kept)),
              entry("weights/weights", List.of((long) items * kept)));
    }
  }

  private static CsrMatrix.Pairs ofOneItemEach(int items) {
    return pairs -> IntStream.range(0, items).forEach(item -> pairs.accept(item, item));
  }

  @Test
  void whereMoreWeightsAreKeptThanThereAreTheScoresOfOtherItemsAreTheSame() {
    CsrMatrix train = new Groups(300, 6, 20, 5).matrix();
    CsrMatrix users = new Groups(20, 6, 20, 6).matrix();
    Settings settings = FAMILY.get(0);
    try (TrainedModel whole = fit(train, settings);
        TrainedModel sparse =
            fit(train, settings.with(LinearAutoencoder.WEIGHTS_PER_ITEM, 100_000))) {
      assertThat(sparse.scores(users, 0, 20))
          .containsExactly(whole.scores(users, 0, 20), within(1e-5f));
    }
  }

  @Test
  void fewerWeightsNeedLessMemory() {
    assertThatThrownBy(
            () ->
                LinearAutoencoder.requireMemory(
                    "EASE", 50_000, 100, Precision.FLOAT64, 16_000_000_000L))
        .hasMessageContaining("EASE over 50000 items needs 20120 MB of memory");
    assertThatThrownBy(
            () ->
                LinearAutoencoder.requireMemory(
                    "EASE", 50_000, 100, Precision.FLOAT32, 10_000_000_000L))
        .hasMessageContaining("EASE over 50000 items needs 10120 MB of memory");
  }

  @Test
  void theSameSettingsGiveTheSameBits() {
    CsrMatrix train = new Groups(700, 6, 90, 9).matrix(); // wider than LAPACK's blocks
    for (Settings settings : FAMILY) {
      Settings onTwo = settings.with(TrainingSettings.THREADS, 2);
      assertThat(weights(train, onTwo)).isEqualTo(weights(train, onTwo));
    }
  }

  @Test
  void fitsThatShareWorkGiveTheBitsOfThoseThatDoNot() {
    CsrMatrix train = new Groups(700, 6, 90, 9).matrix();
    CsrMatrix another = new Groups(300, 6, 90, 8).matrix();
    List<Settings> tried = new ArrayList<>(FAMILY);
    tried.add(FAMILY.get(3).with(RELAXATION, 0.35));
    tried.add(FAMILY.get(3).with(RELAXATION, 0.9));
    tried.add(FAMILY.get(0));
    tried.add(FAMILY.get(0).with(TrainingSettings.THREADS, 1));
    tried.add(FAMILY.get(0).with(PRECISION, Precision.FLOAT32));
    tried.add(FAMILY.get(0));
    try (ClosedFormModel.Shared shared = new ClosedFormModel.Shared()) {
      for (Settings settings : tried) {
        assertThat(weights(train, settings, shared))
            .as(settings.toString())
            .isEqualTo(weights(train, settings));
      }
      assertThat(weights(another, FAMILY.get(0), shared))
          .isEqualTo(weights(another, FAMILY.get(0)));
    }
  }

  @Test
  void fitsThatDifferInTheRelaxationAloneShareTheInverse() {
    CsrMatrix train = new Groups(700, 6, 150, 9).matrix();
    try (ClosedFormModel.Shared shared = new ClosedFormModel.Shared()) {
      GramMatrix first =
          shared.get(train, GramMatrix.class, () -> new GramMatrix(train, Precision.FLOAT64, 2));
      weights(train, FAMILY.get(3), shared);
      weights(train, FAMILY.get(3).with(RELAXATION, 0.35), shared);

      assertThat(
              shared.get(
                  train, GramMatrix.class, () -> new GramMatrix(train, Precision.FLOAT64, 2)))
          .isSameAs(first);
      assertThat(first.inversions()).isEqualTo(1);
      weights(train, FAMILY.get(1).with(LAMBDA, 6.0), shared);
      assertThat(first.inversions()).isEqualTo(2);
    }
  }

  @Test
  void aMatrixThatCannotBeInvertedIsRefusedWithAWayOut() {
    CsrMatrix twins = Rows.of(3, row(0, 1), row(0, 1), row(0, 1), row(0, 1), row(2));

    assertThatThrownBy(
            () -> weights(twins, with(new LinearAutoencoder.Ease(), Map.of("lambda", "1e-30"))))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage(
            "the items' matrix XᵀX + Λ is not positive definite as far as float64 goes (row 2 of 3):"
                + " take a larger lambda");
  }

  @Test
  void whereOpenBlasHasNoNativeCodeItSaysSo() throws Exception {
    String without =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(path -> !path.matches(".*openblas-[^/]*-(linux|macosx|windows)[^/]*[.]jar"))
            .collect(Collectors.joining(File.pathSeparator));

    assertThat(output(List.of("-cp", without), List.of(), 1))
        .contains("linear models need OpenBLAS, whose native code was not found: add org.bytedeco");
  }

  private static double[][] gram(CsrMatrix train) {
    double[][] gram = new double[train.columns()][train.columns()];
    for (int user = 0; user < train.rows(); user++) {
      for (int item : train.row(user)) {
        for (int other : train.row(user)) {
          gram[item][other]++;
        }
      }
    }
    return gram;
  }

  private static RealMatrix identity(int size, double factor) {
    return MatrixUtils.createRealIdentityMatrix(size).scalarMultiply(factor);
  }

  private static float[] weights(CsrMatrix train, Settings settings) {
    return values(((ClosedFormModel) settings.model()).fit(train, settings));
  }

  private static float[] weights(
      CsrMatrix train, Settings settings, ClosedFormModel.Shared shared) {
    return values(((ClosedFormModel) settings.model()).fit(train, settings, shared));
  }

  private static float[] values(Map<String, TFloat32> weights) {
    assertThat(weights).containsOnlyKeys("weights/kernel");
    try (TFloat32 kernel = weights.get("weights/kernel")) {
      float[] values = new float[(int) kernel.size()];
      kernel.asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  @Test
  void tooManyItemsAreRefusedBeforeAnythingIsComputed() {
    assertThatThrownBy(
            () ->
                LinearAutoencoder.requireMemory(
                    "EDLAE", 50_000, 0, Precision.FLOAT64, 16_000_000_000L))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "EDLAE over 50000 items needs 30000 MB of memory, and this machine has 16000 MB:"
                + " take --precision float32, keep the largest weights only (--weights-per-item),"
                + " leave out rare items, or take elsa, ials or knn");
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
    CsrMatrix train = new Groups(100, 4, 300, 5).matrix(); // 5.8 MB a matrix of item weights
    Settings settings = Settings.published(new LinearAutoencoder.Ease());
    long before = 0;
    for (int time = 0; time < 40; time++) {
      if (time == 10) {
        before = Pointer.physicalBytes();
      }
      new LinearAutoencoder.Ease().fit(train, settings).values().forEach(TFloat32::close);
    }
    // 30 matrices that were not given back would be 173 MB; the heap may grow meanwhile too.
    assertThat(Pointer.physicalBytes() - before).isLessThan(80_000_000);
  }

  /**
   * Begins with a session, before there is any tensor, and then asks for an empty history, with so
   * much memory in use as the argument says.
   */
  public static void main(String[] arguments) {
    CsrMatrix train = new Groups(60, 2, 5, 5).matrix();
    new LinearAutoencoder.Ease()
        .fit(train, Settings.published(new LinearAutoencoder.Ease()))
        .values()
        .forEach(TFloat32::close);
    int used = arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]) / Float.BYTES;
    try (TFloat32 memory = TFloat32.tensorOf(Shape.of(used));
        TrainedModel ease = fit(train, 3)) {
      for (int i = 0; i < used; i += 512) {
        memory.setFloat(1, i); // a page that is not touched is not used
      }
      new LinearAutoencoder.Ease()
          .fit(train, Settings.published(new LinearAutoencoder.Ease()))
          .values()
          .forEach(TFloat32::close);
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
    List<String> all = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path")));
    all.addAll(options);
    return output(all, List.of(arguments), 0);
  }

  private static String output(List<String> options, List<String> arguments, int status)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add(LinearAutoencoderTest.class.getName());
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(status);
    return output;
  }

  private static TrainedModel fit(CsrMatrix train, double lambda) {
    return fit(train, Settings.published(new LinearAutoencoder.Ease()).with(LAMBDA, lambda));
  }

  private static TrainedModel fit(CsrMatrix train, Settings settings) {
    return Trainer.builder().settings(settings).build().train(train, Rows.ids(train.columns()));
  }
}
