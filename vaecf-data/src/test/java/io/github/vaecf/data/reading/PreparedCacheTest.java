package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.Split;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedCacheTest {
  @TempDir Path folder;
  private Path prepared;
  private Path cache;

  @BeforeEach
  void prepare() {
    prepared = folder.resolve("prepared");
    cache = prepared.resolve(".vaecf-cache");
    PreparedFolder.write(
        StrongGeneralizationSplitter.builder()
            .heldOutUsers(100)
            .build()
            .split(SyntheticLog.generate(new Shape(1000, 300, 20_000), 1)),
        prepared);
  }

  private static void assertSame(Split actual, Split expected) {
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void theSecondReadingComesFromTheCacheAndIsTheSame() throws IOException {
    Split first = PreparedFolder.read(prepared);
    assertThat(cache).exists();
    byte[] written = Files.readAllBytes(cache);
    assertSame(PreparedFolder.read(prepared), first);
    assertThat(cache).hasBinaryContent(written);
  }

  @Test
  void aChangedFileMakesANewCache() throws IOException {
    Split first = PreparedFolder.read(prepared);
    Path train = prepared.resolve("train.csv");
    String content = Files.readString(train);
    Files.writeString(
        train, content.substring(0, content.lastIndexOf('\n', content.length() - 2) + 1));
    Split second = PreparedFolder.read(prepared);
    assertThat(second.train().entries()).isEqualTo(first.train().entries() - 1);
    assertSame(PreparedFolder.read(prepared), second);
  }

  @Test
  void aDamagedCacheIsPassedOver() throws IOException {
    Split first = PreparedFolder.read(prepared);
    byte[] good = Files.readAllBytes(cache);
    for (int at = 0; at < good.length; at += 1 + good.length / 200) {
      byte[] damaged = good.clone();
      damaged[at] ^= 0x41;
      Files.write(cache, damaged);
      assertSame(PreparedFolder.read(prepared), first);
    }
    for (int length = 0; length < good.length; length += 1 + good.length / 20) {
      Files.write(cache, Arrays.copyOf(good, length));
      assertSame(PreparedFolder.read(prepared), first);
    }
  }

  @Test
  void withoutPermissionToWriteTheFolderIsReadAllTheSame() throws IOException {
    Split first = PreparedFolder.read(prepared);
    Files.delete(cache);
    // A folder in the cache's place cannot be replaced, whoever asks.
    Files.createDirectories(cache.resolve("in the way"));
    assertSame(PreparedFolder.read(prepared), first);
    try (var files = Files.list(prepared)) {
      assertThat(files.filter(file -> file.toString().endsWith(".partial"))).isEmpty();
    }
  }
}
