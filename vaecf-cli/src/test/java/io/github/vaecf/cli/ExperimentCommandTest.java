package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentCommandTest {
  @TempDir Path folder;

  @Test
  void everySettingIsVariedAndMeasuredOnTheTestUsersInOneReport() throws IOException {
    Path data = folder.resolve("data");
    Path out = folder.resolve("out");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
    Object[] command = {
      "experiment", "--data", data, "--out", out, "--quick", "--epochs=2", "--batch-size=100"
    };
    Outcome outcome = Outcome.of(command);
    assertThat(outcome.status()).as(outcome.err()).isZero();

    List<String> table = Files.readAllLines(out.resolve("experiment.csv"));
    assertThat(table.get(0))
        .isEqualTo(
            "series,model,value,trial,end,best_epoch,epochs,seconds,validation,"
                + "validation_metric,recall@20,recall@20_standard_error,recall@50,recall@50_standard_error,"
                + "ndcg@100,ndcg@100_standard_error");
    assertThat(table)
        .anyMatch(row -> row.startsWith("Both models,dae,layers of Mult-VAE,dae-same-layers,"))
        .anyMatch(row -> row.startsWith("Learning rate,vae,0.3,vae-learning-rate-0.3,"))
        .anyMatch(row -> row.startsWith("Learning rate,dae,0.001,dae,"))
        .anyMatch(row -> row.startsWith("Cap of the annealing,vae,1.0,vae-beta-cap-1.0,"))
        .anyMatch(row -> row.startsWith("Epochs,vae,1,vae-epochs-1,done,1,1,"))
        .anyMatch(row -> row.startsWith("Undersampling,dae,popular items,dae-undersampled,"))
        .anyMatch(row -> row.startsWith("L2,vae,0.001,vae-l2-0.001,"));
    assertThat(table.stream().skip(1).filter(row -> row.contains(",done,")))
        .allMatch(row -> row.split(",", -1)[14].matches("0\\.[0-9]+"));
    assertThat(out.resolve("report.html"))
        .content()
        .contains(
            "<h1>Experiment on " + data + "</h1>", "Differences, user by user", "most popular")
        .contains("Learning rate", "Undersampled data", "Example recommendations", "Settings")
        .doesNotContain("Beside the published results");

    Outcome again = Outcome.of(command);
    assertThat(again.out()).as("nothing is trained again").isEqualTo(outcome.out());
    assertThat(again.err()).doesNotContain("loss");
    Outcome search =
        Outcome.of(
            "search", "--data", data, "--model=dae", "--out", out, "--try=latent=2", "--epochs=1");
    assertThat(search.status()).isEqualTo(1);
    assertThat(search.err()).contains("was begun as 'experiment' and cannot go on as 'search'");
  }

  @Test
  void oneModelAloneIsComparedWithItself() throws IOException {
    Path data = folder.resolve("data");
    Path out = folder.resolve("out");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
    Outcome outcome =
        Outcome.of(
            "experiment",
            "--data",
            data,
            "--out",
            out,
            "--quick",
            "--models=dae",
            "--epochs=1",
            "--latent=4");
    assertThat(outcome.status()).as(outcome.err()).isZero();
    List<String> table = Files.readAllLines(out.resolve("experiment.csv"));
    assertThat(table.subList(1, table.size()))
        .allMatch(row -> row.split(",", -1)[1].equals("dae"))
        .noneMatch(row -> row.startsWith("Cap of the annealing"));
  }
}
