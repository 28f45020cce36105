package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against files that SciPy 1.17.1 wrote of the matrix in golden/scipy/dense.csv. */
class NpzMatrixTest {
  @TempDir Path folder;

  private static Path golden(String name) throws URISyntaxException {
    return Path.of(NpzMatrixTest.class.getResource("/golden/scipy/" + name).toURI());
  }

  private static CsrMatrix dense() throws IOException, URISyntaxException {
    List<String> lines = Files.readAllLines(golden("dense.csv"));
    return CsrMatrix.of(
        lines.size(),
        (lines.get(0).length() + 1) / 2,
        consumer -> {
          for (int row = 0; row < lines.size(); row++) {
            for (int column = 0; 2 * column < lines.get(row).length(); column++) {
              if (lines.get(row).charAt(2 * column) == '1') {
                consumer.accept(row, column);
              }
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "csr_float64.npz",
        "csr_bool_stored.npz",
        "csc_int32.npz",
        "coo_float32.npz",
        "csr_int64_indices.npz"
      })
  void filesOfScipyLoad(String name) throws IOException, URISyntaxException {
    assertThat(NpzMatrix.read(golden(name))).isEqualTo(dense());
  }

  @Test
  void aFormatThatIsNotKnownIsReported() throws URISyntaxException {
    Path file = golden("bsr.npz");
    assertThatThrownBy(() -> NpzMatrix.read(file))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ", format: expected csr, csc or coo, found 'bsr'");
  }

  @Test
  void aFileThatIsThereIsNotOverwritten() throws IOException, URISyntaxException {
    Path file = Files.writeString(folder.resolve("matrix.npz"), "keep");
    CsrMatrix matrix = dense();
    assertThatThrownBy(() -> NpzMatrix.write(matrix, file)).isInstanceOf(DataException.class);
    assertThat(file).hasContent("keep");
    Path nowhere = file.resolve("under/a/file/matrix.npz");
    assertThatThrownBy(() -> NpzMatrix.write(matrix, nowhere))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void filesThatHoldNoMatrixAreReported() throws IOException {
    Path missing = folder.resolve("missing.npz");
    assertThatThrownBy(() -> NpzMatrix.read(missing))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("there is no such file");
    assertThatThrownBy(() -> NpzMatrix.read(folder)).hasMessageContaining("found a directory");
    Path noZip = Files.writeString(folder.resolve("no.npz"), "text");
    assertThatThrownBy(() -> NpzMatrix.read(noZip))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("damaged");
    Path other =
        Files.write(
            folder.resolve("other.npz"), Fixtures.zip(Map.of("format.npy", Fixtures.utf8("x"))));
    assertThatThrownBy(() -> NpzMatrix.read(other)).isInstanceOf(DataException.class);
    Path none = Files.write(folder.resolve("none.npz"), Fixtures.zip(Map.of("a.npy", new byte[0])));
    assertThatThrownBy(() -> NpzMatrix.read(none))
        .isInstanceOf(DataException.class)
        .hasMessage(none + ", format: expected an array of this name, found none");
  }
}
