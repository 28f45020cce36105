package io.github.vaecf.data.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.splitting.Splitter;
import io.github.vaecf.data.synthetic.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublishedDataSetTest {
  @Test
  void dataSetsHaveNamesTitlesLicencesAndCitations() {
    assertThat(PublishedDataSet.all())
        .extracting(PublishedDataSet::name)
        .doesNotHaveDuplicates()
        .contains("ml-latest-small", "ml-20m", "netflix", "msd", "gowalla");
    for (PublishedDataSet dataSet : PublishedDataSet.all()) {
      assertThat(dataSet.title()).isNotBlank();
      assertThat(dataSet.licence()).endsWith(".");
      assertThat(dataSet.citation()).isNotBlank();
      assertThat(PublishedDataSet.of(dataSet.name())).isSameAs(dataSet);
    }
    assertThat(PublishedDataSet.of("ML-20M")).isSameAs(PublishedDataSet.of("ml-20m"));
    assertThat(PublishedDataSet.find("ml-2m")).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PublishedDataSet.of("ml-2m"))
        .withMessageStartingWith("a data set must be one of ml-latest-small, ")
        .withMessageEndingWith(", found 'ml-2m'");
  }

  @Test
  void thoseWithFilesCanBeFetched() {
    assertThat(PublishedDataSet.downloadable())
        .extracting(PublishedDataSet::name)
        .contains("ml-latest-small", "ml-1m", "ml-20m", "ml-25m", "ml-32m", "msd", "gowalla")
        .doesNotContain("netflix");
  }

  /** Liang et al. (2018), table 1; He et al. (2020), table 2. */
  @ParameterizedTest
  @CsvSource({
    "ml-20m, 136677, 20108, 9990682",
    "netflix, 463435, 17769, 56880037",
    "msd, 571355, 41140, 33633450",
    "gowalla, 29858, 40981, 1027370"
  })
  void preparedTheyAreAsLargeAsPublished(String name, int users, int items, int events) {
    assertThat(PublishedDataSet.of(name).prepared()).contains(new Shape(users, items, events));
  }

  @ParameterizedTest
  @CsvSource({"ml-20m, 10000", "netflix, 40000", "msd, 50000"})
  void thePublishedSplittersHaveThePublishedSettings(String name, int heldOutUsers) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      ids.add("id" + i);
    }
    int[] items = new int[20];
    float[] likes = new float[20];
    for (int i = 0; i < 20; i++) {
      items[i] = i;
      likes[i] = 4;
    }
    Interactions log =
        Interactions.of(
            IdIndex.of(List.of("a")), IdIndex.of(ids), new int[20], items, likes, new long[0]);
    // That number shows in what a log of one user lacks.
    Splitter splitter = PublishedDataSet.of(name).splitter().minItemUsers(0).build();
    assertThatThrownBy(() -> splitter.split(log))
        .hasMessageContaining("cannot hold out " + heldOutUsers + " users");
    PublishedDataSet.Preset preset = PublishedDataSet.of(name).preset().orElseThrow();
    assertThat(preset.heldOutUsers()).isEqualTo(heldOutUsers);
    boolean songs = name.equals("msd");
    assertThat(preset.minRating()).isEqualTo(songs ? Double.NEGATIVE_INFINITY : 4);
    assertThat(preset.minUserItems()).isEqualTo(songs ? 20 : 5);
    assertThat(preset.minItemUsers()).isEqualTo(songs ? 200 : 0);
  }

  @Test
  void whereNoSettingsWerePublishedThatIsSaid() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PublishedDataSet.of("gowalla").splitter())
        .withMessage(
            "a data set with published settings must be one of ml-20m, netflix, msd, found"
                + " 'gowalla'");
  }
}
