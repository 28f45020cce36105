package io.github.vaecf.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
  @TempDir Path folder;

  /** Writes half a folder, says so and waits until it is killed. */
  public static void main(String... place) {
    WholeFile.make(
        Path.of(place[0]),
        partial -> {
          Files.writeString(Files.createDirectory(partial).resolve("half"), "half");
          System.out.println("writing");
          System.in.read();
        });
  }

  private static Process writer(Path place) throws IOException {
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                WholeFileTest.class.getName(),
                place.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(process.inputReader().readLine()).isEqualTo("writing");
    return process;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static WholeFile.Content text(String text) {
    return out -> out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static final WholeFile.Content BROKEN =
      out -> {
        out.write(new byte[10_000_000]);
        throw new IOException("the disk is full");
      };

  @Test
  void aFileAndItsFolderAppearWithNothingBesideThem() throws IOException {
    WholeFile.create(folder.resolve("new/file"), text("content"));
    assertThat(folder.resolve("new/file")).hasContent("content");
    WholeFile.replace(folder.resolve("new/file"), text("other"));
    assertThat(folder.resolve("new/file")).hasContent("other");
    WholeFile.replace(folder.resolve("new/file"), "third – in UTF-8");
    assertThat(folder.resolve("new/file")).hasContent("third – in UTF-8");
    WholeFile.remake(folder.resolve("new/file"), partial -> Files.writeString(partial, "fourth"));
    assertThat(folder.resolve("new/file")).hasContent("fourth");
    assertThat(folder.resolve("new")).isDirectoryContaining("glob:**/file");
    assertThat(names()).containsExactly("new");
    try (Stream<Path> inside = Files.list(folder.resolve("new"))) {
      assertThat(inside).hasSize(1);
    }
  }

  @Test
  void whatIsThereStaysAfterAFailureAndNothingIsLeftBeside() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "before");
    assertThatThrownBy(() -> WholeFile.replace(file, BROKEN))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ": cannot be written (the disk is full)");
    IllegalStateException own = new IllegalStateException("the content's own");
    assertThatThrownBy(
            () ->
                WholeFile.remake(
                    file,
                    partial -> {
                      Files.writeString(partial, "half");
                      throw own;
                    }))
        .isSameAs(own);
    assertThat(file).hasContent("before");
    assertThat(names()).containsExactly("file");
  }

  @Test
  void aLinkIsFollowedAndStays() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "before");
    Path deep = Files.createDirectory(folder.resolve("deep"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("deep", "..", "file"));
    Path second = Files.createSymbolicLink(deep.resolve("second"), Path.of("..", "link"));
    WholeFile.replace(second, "after");
    assertThat(file).hasContent("after").isRegularFile();
    WholeFile.remake(second, partial -> Files.writeString(partial, "made"));
    assertThat(file).hasContent("made");
    assertThat(List.of(link, second)).allMatch(Files::isSymbolicLink);
    assertThat(names()).containsExactly("deep", "file", "link");
  }

  @Test
  void aLinkToNothingMakesWhatItNames() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("new", "file"));
    WholeFile.requireReplaceable(link);
    WholeFile.replace(link, "text");
    assertThat(link).isSymbolicLink();
    assertThat(folder.resolve("new/file")).hasContent("text");
  }

  @Test
  void linksInACircleAreRefused() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("a"), Path.of("b"));
    Files.createSymbolicLink(folder.resolve("b"), Path.of("a"));
    assertThatThrownBy(() -> WholeFile.replace(link, "text"))
        .hasMessage(link + ": cannot be written (its links lead in a circle)");
  }

  @Test
  void aFolderIsNotReplacedHoweverEmpty() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), empty);
    for (Path target : List.of(empty, link)) {
      String message = target + ": cannot be written (it is a folder)";
      assertThatThrownBy(() -> WholeFile.requireReplaceable(target)).hasMessage(message);
      assertThatThrownBy(() -> WholeFile.replace(target, "text")).hasMessage(message);
      assertThatThrownBy(() -> WholeFile.remake(target, partial -> {})).hasMessage(message);
    }
    assertThat(empty).isEmptyDirectory();
    assertThat(link).isSymbolicLink();
  }

  @Test
  void aPipeIsWrittenIntoAndStays() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    WholeFile.requireReplaceable(pipe); // and opens it not, which would wait for a reader
    ExecutorService reader = Executors.newSingleThreadExecutor();
    try {
      Future<String> read = reader.submit(() -> Files.readString(pipe));
      WholeFile.replace(pipe, "text");
      assertThat(read.get()).isEqualTo("text");
    } finally {
      reader.shutdownNow();
    }
    assertThat(names()).containsExactly("pipe");
    assertThat(Files.isRegularFile(pipe)).isFalse();
    assertThatThrownBy(() -> WholeFile.remake(pipe, partial -> {}))
        .hasMessage(pipe + ": is no regular file, expected one or none");
  }

  @Test
  void aDeviceIsWrittenIntoAndStays() throws IOException {
    Path device = Path.of("/dev/null");
    Object before = Files.getAttribute(device, "unix:rdev");
    Path link = Files.createSymbolicLink(folder.resolve("link"), device);
    WholeFile.requireReplaceable(link);
    WholeFile.replace(link, "text");
    assertThat(Files.getAttribute(device, "unix:rdev")).isEqualTo(before);
    Path full = Path.of("/dev/full");
    assertThatThrownBy(() -> WholeFile.replace(full, "text"))
        .hasMessage(full + ": cannot be written (No space left on device)");
  }

  /** As {@code >file} and then {@code /dev/fd/3}: who opened it goes on with the same file. */
  @Test
  void anOpenFileOfTheProcessIsWrittenBehindWhatItHas() throws IOException {
    Path file = folder.resolve("file");
    try (OutputStream open = Files.newOutputStream(file)) {
      open.write("first ".getBytes(StandardCharsets.UTF_8));
      Object number = Files.getAttribute(file, "unix:ino");
      Path descriptor = null;
      try (Stream<Path> descriptors = Files.list(Path.of("/dev/fd/"))) {
        for (Path one : (Iterable<Path>) descriptors::iterator) {
          if (Files.exists(one) && Files.isSameFile(one, file)) {
            descriptor = one;
          }
        }
      }
      WholeFile.requireReplaceable(descriptor);
      WholeFile.replace(descriptor, "second");
      assertThat(file).hasContent("first second");
      assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(number);
    }
    assertThat(names()).containsExactly("file");
  }

  @Test
  void permissionsStayAndOtherNamesOfTheFileKeepWhatTheyHave() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "before");
    Path other = Files.createLink(folder.resolve("other"), file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw---x"));
    WholeFile.replace(file, "after");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-rw---x");
    assertThat(other).hasContent("before");
  }

  @Test
  void whatCannotBeWrittenIsSaidBeforeAnythingIs() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "before");
    assertThatThrownBy(() -> WholeFile.requireReplaceable(file.resolve("deep/x.json")))
        .hasMessage(
            file.resolve("deep/x.json") + ": cannot be written (" + file + " is no folder)");
    Path proc = Path.of("/proc/x.json"); // not even root can
    assertThatThrownBy(() -> WholeFile.requireReplaceable(proc))
        .hasMessageStartingWith(proc + ": cannot be written (");
    Path longName = folder.resolve("x".repeat(250));
    assertThatThrownBy(() -> WholeFile.requireReplaceable(longName))
        .hasMessage(longName + ": cannot be written (File name too long)");
    WholeFile.requireReplaceable(folder.resolve("new/x.json"));
    WholeFile.requireReplaceable(file);
    assertThat(file).hasContent("before");
    assertThat(names()).containsExactly("file");
  }

  @Test
  void nothingIsLeftAfterAFailure() throws IOException {
    assertThatThrownBy(() -> WholeFile.create(folder.resolve("file"), BROKEN))
        .isInstanceOf(DataException.class);
    assertThatThrownBy(
            () ->
                WholeFile.make(
                    folder.resolve("tree"),
                    partial -> {
                      Files.createDirectories(partial.resolve("deep/deeper"));
                      Files.writeString(partial.resolve("deep/file"), "half");
                      throw new IOException();
                    }))
        .hasMessage(folder.resolve("tree") + ": cannot be written (IOException)");
    assertThat(names()).isEmpty();
  }

  @Test
  void anExistingTargetIsRefusedAndItsWriterNeverAsked() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "before");
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.createFile(full.resolve("mine"));
    Path nowhere = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    for (Path target : List.of(file, full, nowhere)) {
      assertThatThrownBy(
              () ->
                  WholeFile.make(
                      target,
                      partial -> {
                        throw new AssertionError("asked");
                      }))
          .isInstanceOf(DataException.class)
          .hasMessage(target + ": already exists; choose another place or remove it first");
    }
    assertThat(file).hasContent("before");
    assertThat(names()).containsExactly("file", "full", "link");
  }

  @Test
  void whatComesIntoTheWayMeanwhileIsNotReplaced() throws IOException {
    Path file = folder.resolve("file");
    assertThatThrownBy(
            () ->
                WholeFile.create(
                    file,
                    out -> {
                      Files.writeString(file, "faster");
                      out.write(1);
                    }))
        .hasMessageContaining("already exists");
    assertThat(file).hasContent("faster");
    Path tree = folder.resolve("tree");
    assertThatThrownBy(
            () ->
                WholeFile.make(
                    tree,
                    partial -> {
                      Files.createDirectory(partial);
                      Files.writeString(Files.createDirectory(tree).resolve("faster"), "faster");
                    }))
        .hasMessageContaining("already exists");
    assertThat(tree.resolve("faster")).hasContent("faster");
    assertThat(names()).containsExactly("file", "tree");
  }

  @Test
  void aFolderAppearsWhole() throws IOException {
    Path tree = folder.resolve("tree");
    WholeFile.make(
        tree,
        partial -> {
          Files.createDirectory(partial);
          Files.writeString(partial.resolve("first"), "1");
          assertThat(tree).doesNotExist();
          assertThat(WholeFile.isPartial(partial)).isTrue();
          assertThat(partial.resolveSibling("tree")).isEqualTo(tree);
          Files.writeString(partial.resolve("second"), "2");
        });
    assertThat(tree.resolve("first")).hasContent("1");
    assertThat(tree.resolve("second")).hasContent("2");
    assertThat(names()).containsExactly("tree");
  }

  @Test
  void aFolderTakesThePlaceOfAnEmptyOneAndItsPermissions() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Files.setPosixFilePermissions(empty, PosixFilePermissions.fromString("rwx------"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), empty);
    WholeFile.requireVacant(empty);
    WholeFile.make(link, partial -> Files.writeString(tree(partial).resolve("first"), "1"));
    assertThat(empty.resolve("first")).hasContent("1");
    assertThat(link).isSymbolicLink();
    assertThat(Files.getPosixFilePermissions(empty))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    String message = empty + ": already exists; choose another place or remove it first";
    assertThatThrownBy(() -> WholeFile.requireVacant(empty)).hasMessage(message);
    assertThatThrownBy(() -> WholeFile.make(empty, WholeFileTest::tree)).hasMessage(message);
    assertThat(empty.resolve("first")).hasContent("1");
    assertThat(names()).containsExactly("empty", "link");
  }

  @Test
  void aFileTakesThePlaceOfNoFolder() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    String message = empty + ": already exists; choose another place or remove it first";
    assertThatThrownBy(() -> WholeFile.create(empty, text("text"))).hasMessage(message);
    assertThatThrownBy(() -> WholeFile.make(empty, partial -> Files.writeString(partial, "text")))
        .hasMessage(message);
    assertThat(empty).isEmptyDirectory();
    assertThat(names()).containsExactly("empty");
  }

  private static Path tree(Path partial) throws IOException {
    return Files.createDirectory(partial);
  }

  @Test
  void whatAKilledWriterLeftIsRemovedButNotWhatALivingOneWorksOn() throws Exception {
    Path place = folder.resolve("place");
    Path bystander = Files.writeString(folder.resolve(".place.notes.partial"), "somebody's");
    Process living = writer(place);
    Process killed = writer(place);
    try {
      assertThat(names()).filteredOn(name -> name.startsWith(".place.")).hasSize(5);
      killed.destroyForcibly().waitFor();
      WholeFile.create(folder.resolve("other"), text("not the same place"));
      assertThat(names()).filteredOn(name -> name.startsWith(".place.")).hasSize(5);
      WholeFile.create(place, text("faster"));
      assertThat(names()).filteredOn(name -> name.startsWith(".place.")).hasSize(3);
    } finally {
      living.destroyForcibly().waitFor();
      killed.destroyForcibly().waitFor();
    }
    WholeFile.replace(place, text("last"));
    assertThat(place).hasContent("last");
    assertThat(bystander).hasContent("somebody's");
    assertThat(names()).containsExactly(".place.notes.partial", "other", "place");
  }

  @Test
  void aWriterInTheSameJvmIsNotTakenForAKilledOneByAnyProcess() throws Exception {
    Path place = folder.resolve("place");
    WholeFile.remake(
        place,
        partial -> {
          Files.writeString(partial, "outer");
          WholeFile.replace(place, "inner"); // looks for leftovers
          assertThat(partial).hasContent("outer");
          // Another process looks for leftovers too: the lock must still be held.
          Path elsewhere = folder.resolve("elsewhere");
          Files.move(place, elsewhere);
          Process other = writer(place);
          try {
            assertThat(partial).hasContent("outer");
          } finally {
            other.destroyForcibly().onExit().join();
          }
        });
    assertThat(place).hasContent("outer");
  }

  @Test
  void ofManyThreadsThatCreateTheSameExactlyOneWins() throws Exception {
    int threads = 4;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 25; round++) {
        Path place = folder.resolve("round" + round);
        boolean asFolder = round % 2 == 1;
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Future<Boolean>> results = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
          String mine = "thread " + thread;
          results.add(
              executor.submit(
                  () -> {
                    together.await();
                    try {
                      if (asFolder) {
                        WholeFile.make(
                            place,
                            partial ->
                                Files.writeString(
                                    Files.createDirectory(partial).resolve("file"), mine));
                      } else {
                        WholeFile.create(place, text(mine));
                      }
                    } catch (DataException e) {
                      assertThat(e).hasMessageContaining("already exists");
                      return false;
                    }
                    assertThat(asFolder ? place.resolve("file") : place).hasContent(mine);
                    return true;
                  }));
        }
        int won = 0;
        for (Future<Boolean> result : results) {
          won += result.get() ? 1 : 0;
        }
        assertThat(won).isEqualTo(1);
      }
    } finally {
      executor.shutdownNow();
    }
    assertThat(names()).hasSize(25).allMatch(name -> name.startsWith("round"));
  }

  @Test
  void aFileWrittenOverSeveralRunsIsMovedIntoPlace() throws IOException {
    Path partial = Files.writeString(folder.resolve("file.partial"), "whole at last");
    Path target = Files.writeString(folder.resolve("file"), "before");
    WholeFile.moveIntoPlace(partial, target);
    assertThat(target).hasContent("whole at last");
    assertThat(names()).containsExactly("file");
    Files.writeString(partial, "again");
    assertThatThrownBy(() -> WholeFile.moveIntoPlace(partial, folder.resolve("no/such/folder")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be written (");
    assertThat(partial).hasContent("again");
  }

  @Test
  void whatIsDeletedIsGoneWithAllThatIsInIt() throws IOException {
    Path tree = Files.createDirectories(folder.resolve("tree/deep/deeper")).getParent().getParent();
    Path target = Files.writeString(folder.resolve("target"), "stays");
    Files.createSymbolicLink(tree.resolve("deep/link"), target);
    WholeFile.delete(tree);
    WholeFile.delete(tree);
    assertThat(names()).containsExactly("target");
    WholeFile.delete(target);
    assertThat(names()).isEmpty();
  }

  @Test
  void whatCannotBeWrittenIsSaidInASentence() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "a file");
    Path under = file.resolve("under");
    assertThatThrownBy(() -> WholeFile.replace(under, "text"))
        .isInstanceOf(DataException.class)
        .hasMessage(under + ": cannot be written (" + file + " is in the way)");
    assertThatThrownBy(() -> WholeFile.replace(folder, "text"))
        .hasMessageStartingWith(folder + ": cannot be written (");
    assertThatThrownBy(() -> WholeFile.replace(Path.of("/"), "text"))
        .hasMessage("/: cannot be written (it is a folder)");
    assertThat(names()).containsExactly("file");
  }

  @Test
  void filesAndFoldersHaveThePermissionsThatAnyOtherHas() throws IOException {
    Set<PosixFilePermission> files =
        Files.getPosixFilePermissions(Files.writeString(folder.resolve("any"), "any"));
    Set<PosixFilePermission> folders =
        Files.getPosixFilePermissions(Files.createDirectory(folder.resolve("folder")));
    WholeFile.create(folder.resolve("file"), text("text"));
    WholeFile.make(folder.resolve("tree"), Files::createDirectory);
    assertThat(Files.getPosixFilePermissions(folder.resolve("file"))).isEqualTo(files);
    assertThat(Files.getPosixFilePermissions(folder.resolve("tree"))).isEqualTo(folders);
  }
}
