package io.github.vaecf.eval.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.Recall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishedResultTest {
  @TempDir Path folder;

  @Test
  void thePublishedValuesAreThoseOfThePapers() {
    assertThat(PublishedResult.of("ml-20m").value("vae", Ndcg.at(100))).hasValue(0.426);
    assertThat(PublishedResult.of("netflix").value("dae", Recall.at(50))).hasValue(0.438);
    assertThat(PublishedResult.of("msd").value("vae", Recall.at(20))).hasValue(0.266);
    assertThat(PublishedResult.of("gowalla").value("vae", RankingMetric.parse("recall_of_all@20")))
        .hasValue(0.1641);
    assertThat(PublishedResult.of("gowalla").value("dae", Ndcg.at(20))).isEmpty();
    assertThat(PublishedResult.of("ml-20m").value("vae", Ndcg.at(20))).isEmpty();
    assertThat(PublishedResult.of("ml-20m").value("ease", Ndcg.at(100))).hasValue(0.420);
    assertThat(PublishedResult.of("netflix").value("hvamp", Recall.at(20))).hasValue(0.376);
    assertThat(PublishedResult.of("ml-20m").value("ials", Ndcg.at(100))).isEmpty();
  }

  @Test
  void onlyGowallaDepartsFromThePublishedSettings() {
    for (PublishedResult result : PublishedResult.all()) {
      assertThat(PublishedResult.of(result.name())).isSameAs(result);
      boolean gowalla = result.name().equals("gowalla");
      assertThat(result.settings("vae").isEmpty()).isNotEqualTo(gowalla);
      assertThat(result.settings("dae")).isEmpty();
      assertThat(result.testsTrainingUsers()).isEqualTo(gowalla);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PublishedResult.of("ml-1m"))
        .withMessage(
            "a data set with published results must be one of ml-20m, netflix, msd, gowalla, found"
                + " 'ml-1m'");
  }

  @Test
  void aDivisionThatWasPublishedIsKeptAndAFifthHeldBackForValidation() throws IOException {
    Files.writeString(folder.resolve("train.txt"), "0 1 2 3 4 5\n1 1 2 3 4 6\n");
    Files.writeString(folder.resolve("test.txt"), "0 6\n1 5\n");
    PublishedResult gowalla = PublishedResult.of("gowalla");
    Split split = gowalla.prepare(folder, OptionalInt.empty());
    assertThat(split.train().entries()).isEqualTo(8);
    assertThat(split.validation().heldOut().entries()).isEqualTo(2);
    assertThat(split.test().heldOut().entries()).isEqualTo(2);
    assertThat(PublishedResult.of(split)).isEmpty(); // it is smaller
    Path file = folder.resolve("train.txt");
    assertThatThrownBy(() -> gowalla.prepare(file, OptionalInt.empty()))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ": expected a folder of training and test");
  }
}
