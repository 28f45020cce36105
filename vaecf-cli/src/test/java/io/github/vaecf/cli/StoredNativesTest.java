package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredNativesTest {
  private static final String DUCKDB = "libduckdb_java.so_";
  private static final String ONNX = "ai/onnxruntime/native/";

  @TempDir private Path folder;

  @Test
  void theLibrariesOfThisMachineAreStoredAsTheyAreAndNothingElse() throws IOException {
    List<Path> jars =
        List.of(
            jar(
                "duckdb_jdbc-9.jar",
                DUCKDB + "linux_amd64",
                DUCKDB + "linux_arm64",
                DUCKDB + "macos_arm64",
                DUCKDB + "windows_amd64",
                "org/duckdb/DuckDBNative.class"),
            jar(
                "onnxruntime-9.jar",
                ONNX + "linux-x64/libonnxruntime.so",
                ONNX + "linux-x64/libonnxruntime4j_jni.so",
                ONNX + "linux-aarch64/libonnxruntime.so",
                ONNX + "osx-aarch64/libonnxruntime.dylib",
                ONNX + "osx-aarch64/libonnxruntime.dylib.dSYM/Contents/Info.plist",
                ONNX + "win-x64/onnxruntime.dll"),
            jar("other-9.jar", "linux-x64/libother.so"));
    assertThat(stored(jars, "Linux", "amd64"))
        .containsExactly(
            DUCKDB + "linux_amd64",
            ONNX + "linux-x64/libonnxruntime.so",
            ONNX + "linux-x64/libonnxruntime4j_jni.so");
    assertThat(stored(jars, "Linux", "aarch64"))
        .containsExactly(DUCKDB + "linux_arm64", ONNX + "linux-aarch64/libonnxruntime.so");
    assertThat(stored(jars, "Mac OS X", "aarch64"))
        .containsExactly(DUCKDB + "macos_arm64", ONNX + "osx-aarch64/libonnxruntime.dylib");
    assertThat(stored(jars, "Windows 11", "amd64"))
        .containsExactly(DUCKDB + "windows_amd64", ONNX + "win-x64/onnxruntime.dll");
    assertThat(stored(jars, "SunOS", "sparc")).isEmpty();
  }

  @Test
  void theDriversOwnJarsHaveThemUnderTheNamesThatAreLookedFor() throws Exception {
    Path jar = folder.resolve("natives.jar");
    List<Path> drivers = new ArrayList<>();
    for (Class<?> driver :
        List.of(org.duckdb.DuckDBDriver.class, ai.onnxruntime.OrtEnvironment.class)) {
      drivers.add(Path.of(driver.getProtectionDomain().getCodeSource().getLocation().toURI()));
    }
    StoredNatives.write(jar, drivers, "Linux", "amd64");
    try (ZipFile stored = new ZipFile(jar.toFile())) {
      assertThat(stored.stream().map(ZipEntry::getName))
          .containsExactlyInAnyOrder(
              DUCKDB + "linux_amd64",
              ONNX + "linux-x64/libonnxruntime.so",
              ONNX + "linux-x64/libonnxruntime4j_jni.so");
    }
  }

  private List<String> stored(List<Path> jars, String system, String processor) throws IOException {
    Path target = folder.resolve("natives.jar");
    StoredNatives.write(target, jars, system, processor);
    try (ZipFile zip = new ZipFile(target.toFile())) {
      List<String> names = new ArrayList<>();
      for (ZipEntry entry : zip.stream().toList()) {
        assertThat(entry.getMethod()).isEqualTo(ZipEntry.STORED);
        assertThat(new String(zip.getInputStream(entry).readAllBytes(), UTF_8))
            .isEqualTo("in " + entry.getName());
        names.add(entry.getName());
      }
      return names;
    }
  }

  private Path jar(String name, String... entries) throws IOException {
    Path jar = folder.resolve(name);
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (String entry : entries) {
        out.putNextEntry(new ZipEntry(entry));
        out.write(("in " + entry).getBytes(UTF_8));
        out.closeEntry();
      }
    }
    return jar;
  }
}
