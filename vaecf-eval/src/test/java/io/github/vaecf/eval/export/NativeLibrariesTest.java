package io.github.vaecf.eval.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.SmallModels;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads exports in JVMs that can unpack no native library, or have none. */
class NativeLibrariesTest {
  @TempDir static Path folder;

  /** Loads what its arguments name, and prints why it cannot be. */
  static final class Loads {
    private Loads() {}

    public static void main(String[] paths) {
      for (String path : paths) {
        try (ServedModel model = ServedModel.load(Path.of(path))) {
          System.out.println("loaded " + model.itemCount());
        } catch (DataException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  /** What a JVM prints with an export, once more loaded after the first try has failed. */
  private static List<String> load(Path export, boolean withNatives, String... options)
      throws Exception {
    String libraries =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(
                one ->
                    withNatives
                        || !one.matches(".*(onnxruntime-[0-9]|tensorflow-core-native.*x86_64).*"))
            .reduce((one, other) -> one + File.pathSeparator + other)
            .orElseThrow();
    List<String> command =
        new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xmx256m"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", libraries, Loads.class.getName()));
    command.addAll(List.of(export.toString(), export.toString()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return out.lines().toList();
  }

  @Test
  void whatCannotBeUnpackedOrIsNotThereIsSaidWithWhatToDo() throws Exception {
    Path saved = folder.resolve("saved/1");
    Path onnx = folder.resolve("onnx/1");
    try (TrainedModel model = SmallModels.vae()) {
      SavedModelExporter.export(model, saved);
      OnnxExporter.export(model, onnx);
    }
    String nowhere = folder.resolve("no such folder").toString();

    assertThat(load(onnx, true, "-Djava.io.tmpdir=" + nowhere))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .startsWith(onnx + ": an ONNX file needs ONNX Runtime's native library, which")
                    .contains("-Djava.io.tmpdir=DIR"))
        .first()
        .asString()
        .contains(nowhere);
    assertThat(load(onnx, false))
        .containsOnly(
            onnx
                + ": to load an ONNX file, com.microsoft.onnxruntime:onnxruntime must be among the"
                + " program's dependencies");

    Path file = folder.resolve("a file");
    Files.createFile(file);
    assertThat(
            load(
                saved,
                true,
                "-Dorg.bytedeco.javacpp.cachedir=" + file.resolve("a"),
                "-Duser.home=" + file,
                "-Djava.io.tmpdir=" + file.resolve("b")))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .startsWith(saved + ": a SavedModel needs TensorFlow's native library, which")
                    .contains("-Dorg.bytedeco.javacpp.cachedir=DIR"));
    assertThat(load(saved, false))
        .first()
        .asString()
        .isEqualTo(
            saved
                + ": a SavedModel needs TensorFlow's native library, which is not among the"
                + " program's libraries; take those that have it, or an export to ONNX");
  }
}
