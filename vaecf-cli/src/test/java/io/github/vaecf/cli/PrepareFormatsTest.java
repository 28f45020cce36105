package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each published form of ratings, by its name on the command line. */
class PrepareFormatsTest {
  @TempDir Path folder;

  private Outcome prepare(String format, Object... more) {
    Object[] arguments = new Object[5 + more.length];
    Object[] first = {"prepare", "--format", format, "--out", folder.resolve("data")};
    System.arraycopy(first, 0, arguments, 0, first.length);
    System.arraycopy(more, 0, arguments, first.length, more.length);
    return Outcome.of(arguments);
  }

  private List<String> lines(String file) throws IOException {
    return Files.readAllLines(folder.resolve("data").resolve(file));
  }

  private void assertDone(Outcome outcome) {
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.status()).isZero();
  }

  /** Ten users, each with the items 1 … 8, in lines made by a pattern of user, item and place. */
  private Path log(String name, String header, String line) throws IOException {
    StringBuilder text = new StringBuilder(header);
    for (int user = 1; user <= 10; user++) {
      for (int item = 1; item <= 8; item++) {
        text.append(String.format(line, user, item, 1_000_000 + item * user % 11));
      }
    }
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void movieLensComesWithItsTitles() throws IOException {
    log("ml/ratings.dat", "", "%d::%d::5::%d\n");
    Files.writeString(folder.resolve("ml/movies.dat"), "1::Toy Story (1995)::Animation\n");
    assertDone(prepare("movielens", "--input", folder.resolve("ml"), "--heldout-users", 2));
    assertThat(lines("titles.tsv")).contains("1\tToy Story (1995)");
  }

  @Test
  void netflixIsReadByMovie() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int movie = 1; movie <= 8; movie++) {
      text.append(movie).append(":\n");
      for (int user = 1; user <= 10; user++) {
        text.append(user).append(",4,2005-09-06\n");
      }
    }
    Path file = Files.writeString(folder.resolve("combined_data_1.txt"), text);
    assertDone(prepare("netflix", "--input", file, "--heldout-users", 2));
    assertThat(lines("train.csv")).hasSize(1 + 6 * 8);
  }

  @Test
  void kaggleFilesAreFound() throws IOException {
    log("kaggle/rating.csv", "User_ID,Movie_ID,Rating\n", "%d,%d,4%n".replace("%n", "\n"));
    assertDone(prepare("kaggle", "--input", folder.resolve("kaggle"), "--heldout-users", 2));
    assertThat(lines("unique_uid.txt")).hasSize(10);
  }

  @Test
  void playCountsNeedNoRating() throws IOException {
    Path file = log("train_triplets.txt", "", "u%d\tSO%d\t1\n");
    assertDone(prepare("msd", "--input", file, "--heldout-users", 2));
    assertThat(lines("unique_sid.txt")).hasSize(8);
  }

  @Test
  void optionsForColumnsAreRefusedWhereTheFormHasItsOwn() {
    for (String option : new String[] {"--value-column=2", "--no-header", "--skip-bad-lines=5"}) {
      Outcome outcome = prepare("movielens", "--input", folder, "--heldout-users", 2, option);
      assertThat(outcome.status()).isEqualTo(2);
      assertThat(outcome.err())
          .contains(
              " goes with --format csv or tsv; in a log of movielens it is known what stands");
    }
  }

  @Test
  void citeULikeLinesAreUsers() throws IOException {
    Path file = folder.resolve("users.dat");
    Files.writeString(file, "8 1 2 3 4 5 6 7 8\n".repeat(10));
    assertDone(prepare("citeulike", "--input", file, "--heldout-users", 2));
    assertThat(lines("unique_uid.txt")).hasSize(10).contains("1", "10");
  }

  @Test
  void aFolderOfLightGcnBringsItsSplit() throws IOException {
    Path both = lightGcnFolder();
    assertDone(prepare("lightgcn", "--input", both, "--validation-share", 0.5));
    assertThat(lines("test_te.csv")).containsExactly("uid,sid", "0,10", "0,11", "1,9");
    assertThat(lines("validation_te.csv")).hasSize(1 + 10);
    assertThat(lines("train.csv")).hasSize(1 + 10);
  }

  @Test
  void aFolderOfLightGcnIsNotSplitAnotherWay() throws IOException {
    Outcome outcome = prepare("lightgcn", "--input", lightGcnFolder(), "--split", "weak");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("--split:").contains("only 'given' fits");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void withoutValidationUsersTheLastEpochIsKept() throws IOException {
    assertDone(prepare("lightgcn", "--input", lightGcnFolder(), "--validation-share", 0));
    Path run = folder.resolve("run");
    Outcome trained =
        Outcome.of(
            "train",
            "--data",
            folder.resolve("data"),
            "--model",
            "vae",
            "--epochs",
            3,
            "--hidden",
            0,
            "--latent",
            2,
            "--out",
            run,
            "--json",
            folder.resolve("run.json"));
    assertThat(trained.status()).isZero();
    assertThat(folder.resolve("run.json")).content().contains("\"validation\" : null");
    assertThat(trained.out()).startsWith("Mult-VAE: epoch 3, in ");
    assertThat(trained.err()).contains("no validation users").doesNotContain("NaN");
    assertThat(Outcome.of("evaluate", "--data", folder.resolve("data"), "--model", run).status())
        .isZero();
    Path popular = folder.resolve("popular");
    assertThat(
            Outcome.of(
                    "train", "--data", folder.resolve("data"), "--model=popular", "--out", popular)
                .out())
        .startsWith("most popular: no validation users, in ");
  }

  private Path lightGcnFolder() throws IOException {
    Path both = Files.createDirectory(folder.resolve("gowalla"));
    Files.writeString(
        both.resolve("train.txt"),
        "0 10 11 12 13 14 15 16 17 18 19\n1 10 11 12 13 14 15 16 17 18 20\n");
    Files.writeString(both.resolve("test.txt"), "0 20 21\n1 19\n");
    return both;
  }
}
