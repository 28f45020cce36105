package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs a copy of the launcher in a small project of its own, with a JDK and a Maven that only say
 * what they were asked for.
 */
class LauncherTest {
  private static final Path LAUNCHER = Path.of("..", "vaecf");

  /** What Maven does. */
  private static final String BUILD =
      "mkdir -p vaecf-cli/target/lib && : > vaecf-cli/target/vaecf.jar";

  @TempDir Path folder;
  private Path project;
  private Path jdk;
  private Path bin;

  @BeforeEach
  void layOutProject() throws IOException {
    project = folder.resolve("a project");
    write(project.resolve("pom.xml"), "");
    write(project.resolve("vaecf-cli/pom.xml"), "");
    write(project.resolve("vaecf-cli/src/main/java/Some.java"), "");
    Files.copy(LAUNCHER, project.resolve("vaecf"));
    makeExecutable(project.resolve("vaecf"));

    jdk = folder.resolve("jdk");
    write(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\n");
    script(jdk.resolve("bin/java"), "echo \"java ${TF_ENABLE_ONEDNN_OPTS:-unset} $*\"; exit 7");
    script(jdk.resolve("bin/javac"), "exit 1");
    bin = folder.resolve("bin");
    maven(BUILD);
  }

  @Test
  void theFirstCallBuildsAndSaysSoAndLaterOnesDoNot() throws Exception {
    Outcome first = run();
    assertThat(first.err()).contains("vaecf: building (first use");
    assertThat(first.status()).as("the status of java").isEqualTo(7);
    assertThat(run().err()).isEmpty();
    assertThat(builds()).hasSize(1);
    assertThat(builds().get(0)).contains("-P launcher ").contains("-Dmaven.test.skip=true");
  }

  @Test
  void javaGetsTheArgumentsAsTheyAreAndTensorFlowsSettingsAreLeftToTheLibrary() throws Exception {
    assertThat(run("train", "--data", "a folder").out())
        .startsWith("java unset -XX:+UseSerialGC -XX:MaxRAMPercentage=50")
        .endsWith("io.github.vaecf.cli.Vaecf train --data a folder\n");
  }

  @Test
  void aCollectorOfTheCallersTakesThePlaceOfTheLaunchers() throws Exception {
    assertThat(run(Map.of("VAECF_JAVA_OPTS", "-XX:+UseG1GC"), "train").out())
        .contains(" -XX:+UseG1GC ")
        .doesNotContain("SerialGC");
  }

  @Test
  void jarsOfTheCallersAreOnTheClassPathToo() throws Exception {
    assertThat(run(Map.of("VAECF_CLASSPATH", "my drivers/a.jar:b.jar"), "train").out())
        .contains("/vaecf-cli/target/lib/*:my drivers/a.jar:b.jar io.github");
    assertThat(run("train").out()).contains("/vaecf-cli/target/lib/* io.github");
  }

  @Test
  void oneDnnAndTheHeapCanBeSetByTheCaller() throws Exception {
    Outcome outcome =
        run(Map.of("TF_ENABLE_ONEDNN_OPTS", "0", "VAECF_JAVA_OPTS", "-Xmx1g -Da=b"), "prepare");
    assertThat(outcome.out()).startsWith("java 0 ").contains(" -Xmx1g -Da=b -cp ");
  }

  @Test
  void anotherSourceBuildsAgainHoweverOldItIs() throws Exception {
    run();
    Path source = project.resolve("vaecf-cli/src/main/java/Some.java");
    write(source, "class Some {}");
    Files.setLastModifiedTime(source, FileTime.from(Instant.EPOCH));
    assertThat(run().err()).contains("vaecf: building again");
    write(project.resolve("vaecf-cli/src/main/java/Other.java"), "");
    assertThat(run().err()).contains("vaecf: building again");
    Files.delete(source);
    assertThat(run().err()).contains("vaecf: building again");
    assertThat(run().err()).isEmpty();
    assertThat(builds()).hasSize(4);
  }

  /** As {@code cp -r} makes it: elsewhere, all times new. */
  @Test
  void aCopyOfABuiltFolderRunsAsItIs() throws Exception {
    run();
    Path copy = folder.resolve("the copy");
    assertThat(
            new ProcessBuilder("cp", "-r", project.toString(), copy.toString()).start().waitFor())
        .isZero();
    for (String newer : List.of("pom.xml", "vaecf-cli/pom.xml", "vaecf-cli/src/main/java")) {
      Files.setLastModifiedTime(copy.resolve(newer), FileTime.from(Instant.now().plusSeconds(5)));
    }
    Outcome outcome = finish(start(copy.resolve("vaecf"), Map.of()));
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).contains("-cp " + copy + "/vaecf-cli/target/vaecf.jar:");
    assertThat(builds()).hasSize(1);
  }

  @Test
  void anUnpackedReleaseRunsItsOwnJarsAndNeedsNoMaven() throws Exception {
    Path release = folder.resolve("vaecf-1.0");
    write(release.resolve("vaecf.jar"), "");
    write(release.resolve("lib/some.jar"), "");
    Path launcher = Files.copy(LAUNCHER, release.resolve("vaecf"));
    Files.delete(bin.resolve("mvn"));
    Files.delete(jdk.resolve("bin/javac"));
    Outcome outcome =
        finish(start(launcher, Map.of("PATH", bin + ":" + onlyTools()), "serve", "--model", "a b"));
    assertThat(outcome.err()).isEmpty(); // it has no list of classes for a faster start
    assertThat(outcome.out())
        .contains("-cp " + release + "/vaecf.jar:" + release + "/lib/* io.github")
        .endsWith("io.github.vaecf.cli.Vaecf serve --model a b\n");
    assertThat(finish(start(launcher, Map.of("VAECF_NATIVES", "gpu"))).err())
        .contains("a release has its natives in lib; unset it");
  }

  @Test
  void aBuildWhoseJarIsGoneIsDoneAgain() throws Exception {
    run();
    Files.delete(project.resolve("vaecf-cli/target/vaecf.jar"));
    assertThat(run().err()).contains("vaecf: building again");
  }

  @Test
  void javaGetsALocaleOfUtf8WhereThereIsNone() throws Exception {
    script(jdk.resolve("bin/java"), "printf '%s|' \"${LC_ALL:-}\" \"${LANG:-}\" \"$*\"");
    Map<String, String> none = Map.of("LC_ALL", "", "LC_CTYPE", "", "LANG", "");
    assertThat(run(none).out()).startsWith("C.UTF-8||").contains(" -Dfile.encoding=UTF-8 ");
    for (String locale : List.of("C", "POSIX", "xx_YY.UTF-8")) { // the last is not installed
      Map<String, String> environment = new HashMap<>(none);
      environment.put("LC_ALL", locale);
      assertThat(run(environment).out()).as(locale).startsWith("C.UTF-8|");
    }
    Map<String, String> utf8 = new HashMap<>(none);
    utf8.put("LANG", "C.UTF-8");
    assertThat(run(utf8).out()).as("what is good stays").startsWith("|C.UTF-8|");
  }

  @Test
  void aBuildWritesNoColoursIntoAFile() throws Exception {
    maven("printf '%s' \"$MAVEN_OPTS\" > ../maven-opts; " + BUILD);
    run(Map.of("MAVEN_OPTS", "-Xmx1g"));
    assertThat(builds().get(0)).contains("-B -Dstyle.color=never");
    assertThat(folder.resolve("maven-opts")).hasContent("-Xmx1g -Djansi.noreset=true");
  }

  @Test
  void otherNativesBuildAgain() throws Exception {
    run();
    run(Map.of("VAECF_NATIVES", "gpu"));
    assertThat(builds()).hasSize(2);
    assertThat(builds().get(1)).contains("-P launcher,gpu ");
    run(Map.of("VAECF_NATIVES", "cuda"));
    assertThat(builds().get(2)).contains("-P launcher,gpu,cuda ");
  }

  @Test
  void unknownNativesAreRefused() throws Exception {
    Outcome outcome = run(Map.of("VAECF_NATIVES", "tpu"));
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .isEqualTo("vaecf: VAECF_NATIVES must be cpu, gpu or cuda, found 'tpu'\n");
  }

  @Test
  void aFailedBuildFailsAndTheNextCallBuildsAgain() throws Exception {
    maven("echo '[ERROR] broken'; exit 1");
    Outcome outcome = run();
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("[ERROR] broken").contains("the build failed");
    maven(BUILD);
    assertThat(run().status()).isEqualTo(7);
  }

  @Test
  void aBuildThatWasKilledIsDoneAgain() throws Exception {
    // The lock is a link to the number of the launcher's process.
    maven("kill -9 $(readlink .vaecf/build.lock); exit 1");
    assertThat(run().status()).isNotZero();
    maven(BUILD);
    assertThat(run().status()).isEqualTo(7);
  }

  @Test
  void twoCallsAtOnceBuildOnce() throws Exception {
    maven("sleep 2; " + BUILD);
    Process first = start(Map.of());
    Process second = start(Map.of());
    assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(List.of(first.exitValue(), second.exitValue())).containsOnly(7);
    assertThat(builds()).hasSize(1);
  }

  @Test
  void itRunsThroughSymbolicLinks() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), project.resolve("vaecf"));
    Path relative = Files.createDirectories(folder.resolve("deep")).resolve("again");
    Files.createSymbolicLink(relative, Path.of("..", "link"));
    assertThat(link).isSymbolicLink();
    assertThat(finish(start(relative, Map.of())).status()).isEqualTo(7);
    assertThat(project.resolve("vaecf-cli/target/vaecf.stamp")).exists();
  }

  @Test
  void anOldJavaIsRefused() throws Exception {
    write(jdk.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    Outcome outcome = run();
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("Java 17 or newer is needed").contains("is Java 11");
  }

  @Test
  void aMissingMavenIsNamed() throws Exception {
    Files.delete(bin.resolve("mvn"));
    Outcome outcome = run(Map.of("PATH", bin + ":" + onlyTools()));
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("no mvn was found in PATH; install Maven");
  }

  @Test
  void aMissingJavaIsNamed() throws Exception {
    Outcome outcome = run(Map.of("JAVA_HOME", "", "PATH", onlyTools().toString()));
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("no java found in PATH; install a JDK 17");
  }

  @Test
  void aJreWithoutCompilerIsNamed() throws Exception {
    Files.delete(jdk.resolve("bin/javac"));
    Outcome outcome = run();
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("belongs to no JDK (no javac beside it)");
  }

  @Test
  void newerJavasAreKeptFromWarningAboutNativeCode() throws Exception {
    write(jdk.resolve("release"), "JAVA_VERSION=\"25\"\n");
    assertThat(run().out())
        .contains("--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow");
    write(jdk.resolve("release"), "JAVA_VERSION=\"21.0.1\"\n");
    assertThat(run().out()).doesNotContain("--enable-native-access");
  }

  /** What Java does where it lays classes down: the file is there, and nothing is said. */
  private static final String LAYS_DOWN =
      """
      for a; do case $a in -XX:SharedArchiveFile=*) file=${a#*=} ;; esac; done
      case "$*" in *-Xshare:dump*) echo "$*" >> "$0.dumps"; echo x > "$file"; echo noise; exit 0 ;; esac
      echo "java $*"
      """;

  private Path release(String javaDoes) throws IOException {
    Path release = folder.resolve("a release");
    write(release.resolve("vaecf.jar"), "");
    write(release.resolve("start-classes.txt"), "java/lang/Object\n");
    script(jdk.resolve("bin/java"), javaDoes);
    return Files.copy(LAUNCHER, release.resolve("vaecf"));
  }

  private List<String> dumps() throws IOException {
    Path dumps = jdk.resolve("bin/java.dumps");
    return Files.exists(dumps) ? Files.readAllLines(dumps, UTF_8) : List.of();
  }

  @Test
  void classesAreLaidDownOnceForEachJdkAndMappedFromThenOn() throws Exception {
    Path launcher = release(LAYS_DOWN);
    Outcome first = finish(start(launcher, Map.of(), "serve", "a b"));
    assertThat(first.err()).startsWith("vaecf: first use with this Java: preparing");
    assertThat(first.out())
        .startsWith("java ")
        .contains(" -XX:SharedArchiveFile=" + launcher.getParent() + "/vaecf-")
        .endsWith("Vaecf serve a b\n");
    assertThat(dumps()).hasSize(1);
    assertThat(dumps().get(0)).contains("-cp " + launcher.getParent() + "/vaecf.jar:");
    Outcome second = finish(start(launcher, Map.of(), "serve", "a b"));
    assertThat(second.err()).isEmpty();
    assertThat(second.out()).isEqualTo(first.out());
    assertThat(dumps()).hasSize(1);
    write(jdk.resolve("release"), "JAVA_VERSION=\"17.0.16\"\n");
    assertThat(finish(start(launcher, Map.of())).out()).isNotEqualTo(first.out());
    assertThat(dumps()).as("for the other JDK").hasSize(2);
  }

  @Test
  void nativesThatDriversUnpackAreStoredAsTheyAreAndFoundFirst() throws Exception {
    Path launcher =
        release("case \"$3\" in *StoredNatives) echo x > \"$4\"; exit 0 ;; esac\n" + LAYS_DOWN);
    String first = launcher.getParent() + "/natives.jar:" + launcher.getParent() + "/vaecf.jar:";
    assertThat(finish(start(launcher, Map.of(), "serve")).out()).contains(" -cp " + first);
    assertThat(dumps().get(0)).contains("-cp " + first);
    write(launcher.resolveSibling("natives.jar"), "");
    assertThat(finish(start(launcher, Map.of(), "serve")).out())
        .as("where none could be stored")
        .contains(" -cp " + launcher.getParent() + "/vaecf.jar:");
  }

  @Test
  void aTrainingStartsWithASmallHeapAndTheCallersOptionsWin() throws Exception {
    assertThat(run(Map.of("VAECF_JAVA_OPTS", "-XX:InitialRAMPercentage=7"), "train").out())
        .containsSubsequence("-XX:InitialRAMPercentage=0.25 ", "-XX:InitialRAMPercentage=7 ");
    assertThat(run("serve").out()).doesNotContain("InitialRAMPercentage");
    assertThat(run(Map.of("VAECF_JAVA_OPTS", "-XX:MinHeapFreeRatio=40"), "train").out())
        .as("which Java refuses beside a smaller MaxHeapFreeRatio")
        .contains("-XX:MinHeapFreeRatio=40")
        .doesNotContain("MaxHeapFreeRatio");
  }

  @Test
  void whoeverSaysHowClassesAreSharedIsNotInterferedWith() throws Exception {
    Path launcher = release(LAYS_DOWN);
    Outcome outcome = finish(start(launcher, Map.of("VAECF_JAVA_OPTS", "-Xshare:off"), "serve"));
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).contains(" -Xshare:off ").doesNotContain("SharedArchiveFile");
    assertThat(dumps()).isEmpty();
  }

  @Test
  void aJavaThatLaysNoClassesDownIsAskedOnceAndRuns() throws Exception {
    Path launcher = release("echo \"java $*\" | tee -a \"$0.dumps\"; exit 7");
    for (int run = 0; run < 2; run++) {
      Outcome outcome = finish(start(launcher, Map.of(), "serve"));
      assertThat(outcome.status()).isEqualTo(7);
      assertThat(outcome.out()).doesNotContain("SharedArchiveFile").endsWith("Vaecf serve\n");
    }
    assertThat(dumps()).filteredOn(line -> line.contains("-Xshare:dump")).hasSize(1);
  }

  /** A folder with the tools that the launcher calls, but neither Java nor Maven. */
  private Path onlyTools() throws IOException {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    for (String tool :
        List.of(
            "sh",
            "dirname",
            "readlink",
            "sed",
            "head",
            "cat",
            "find",
            "ln",
            "rm",
            "mkdir",
            "sort",
            "mv",
            "cksum")) {
      for (String place : List.of("/usr/bin", "/bin")) {
        Path real = Path.of(place, tool);
        if (Files.exists(real) && Files.notExists(tools.resolve(tool))) {
          script(tools.resolve(tool), "exec " + real + " \"$@\"");
        }
      }
    }
    return tools;
  }

  private void maven(String command) throws IOException {
    script(bin.resolve("mvn"), "echo \"$*\" >> '" + folder.resolve("builds") + "'\n" + command);
  }

  private List<String> builds() throws IOException {
    return Files.readAllLines(folder.resolve("builds"), UTF_8);
  }

  private Outcome run(String... arguments) throws Exception {
    return run(Map.of(), arguments);
  }

  private Outcome run(Map<String, String> environment, String... arguments) throws Exception {
    return finish(start(environment, arguments));
  }

  private Process start(Map<String, String> environment, String... arguments) throws IOException {
    return start(project.resolve("vaecf"), environment, arguments);
  }

  private Process start(Path launcher, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("VAECF_"));
    builder.environment().remove("TF_ENABLE_ONEDNN_OPTS");
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().put("PATH", bin + ":" + System.getenv("PATH"));
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static Outcome finish(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Outcome(process.exitValue(), out, err);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void script(Path file, String text) throws IOException {
    write(file, "#!/bin/sh\n" + text + "\n");
    makeExecutable(file);
  }

  private static void makeExecutable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
