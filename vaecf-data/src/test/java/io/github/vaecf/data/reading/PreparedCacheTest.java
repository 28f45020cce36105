package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.Split;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
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
  void aFileOfTheSameSizeAndTimeWithOtherPairsMakesANewCache() throws IOException {
    Path train = prepared.resolve("train.csv");
    String content = Files.readString(train);
    FileTime time = Files.getLastModifiedTime(train);
    Split first = PreparedFolder.read(prepared);
    // Another item of the same user, with as many digits.
    int line = content.indexOf("\n", content.indexOf(",100\n") - 6);
    int user = Integer.parseInt(content.substring(line + 1, content.indexOf(",100\n", line)));
    int other = 101;
    while (first.train().contains(user, other)) {
      other++;
    }
    Files.writeString(
        train, content.replaceFirst("\n" + user + ",100\n", "\n" + user + "," + other + "\n"));
    Files.setLastModifiedTime(train, time);
    assertThat(Files.size(train)).isEqualTo(content.length());
    Split second = PreparedFolder.read(prepared);
    assertThat(first.train().contains(user, 100)).isTrue();
    assertThat(second.train().contains(user, 100)).isFalse();
    assertThat(second.train().contains(user, other)).isTrue();
  }

  @Test
  void aCacheStaysGoodWhenTheFolderIsCopiedOrTouched() throws IOException {
    Split first = PreparedFolder.read(prepared);
    byte[] written = Files.readAllBytes(cache);
    Files.setLastModifiedTime(prepared.resolve("train.csv"), FileTime.fromMillis(0));
    FileTime before = Files.getLastModifiedTime(cache);
    assertSame(PreparedFolder.read(prepared), first);
    assertThat(Files.getLastModifiedTime(cache)).isEqualTo(before);
    assertThat(cache).hasBinaryContent(written);
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
