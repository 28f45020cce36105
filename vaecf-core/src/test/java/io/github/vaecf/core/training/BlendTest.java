package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Blend;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.data.CsrMatrix;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlendTest {
  private static final Groups DATA = Groups.small();
  private static final CsrMatrix USERS = DATA.matrix();

  private static TrainedModel vae;
  private static TrainedModel dae;
  private static TrainedModel popular;

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    vae =
        TrainedModels.withEqualScores(
            MultVae.published().with(MultVae.HIDDEN, List.of(16)).with(MultVae.LATENT, 8));
    dae = TrainedModels.withEqualScores(MultDae.published().with(MultDae.LATENT, 12));
    popular = TrainedModels.withEqualScores(Settings.published(new MostPopular()));
  }

  @AfterAll
  static void close() {
    List.of(vae, dae, popular).forEach(TrainedModel::close);
  }

  private static TrainedModel blend(List<TrainedModel> members, List<Double> weights) {
    return TrainedModel.blend(members, weights, "ndcg@100", model -> 0.5);
  }

  @Test
  void scoresAreTheWeightedSumOfTheMembersStandardisedScores() {
    List<TrainedModel> members = List.of(vae, dae, popular);
    double[] weights = {0.5, 0.3, 1.7};
    int items = DATA.items();
    double[] expected = new double[20 * items];
    for (int m = 0; m < weights.length; m++) {
      float[] scores = members.get(m).scores(USERS, 0, 20);
      for (int user = 0; user < 20; user++) {
        double mean = 0;
        for (int item = 0; item < items; item++) {
          mean += scores[user * items + item] / items;
        }
        double variance = 0;
        for (int item = 0; item < items; item++) {
          variance += Math.pow(scores[user * items + item] - mean, 2) / items;
        }
        for (int item = 0; item < items; item++) {
          expected[user * items + item] +=
              weights[m] * (scores[user * items + item] - mean) / Math.sqrt(variance);
        }
      }
    }
    try (TrainedModel blend = blend(members, List.of(0.5, 0.3, 1.7))) {
      float[] found = blend.scores(USERS, 0, 20);
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) found[i]).isCloseTo(expected[i], within(1e-5));
      }
      assertThat(blend.validation()).isEqualTo(0.5);
      assertThat(blend.validationMetric()).contains("ndcg@100");
      assertThat(blend.itemKernel()).isPresent();
    }
  }

  @Test
  void aBlendOfOneModelIsThatModel() {
    try (TrainedModel blend = blend(List.of(vae), List.of(0.7))) {
      assertThat(blend.scores(USERS, 0, 20)).isEqualTo(vae.scores(USERS, 0, 20));
      assertThat(blend.settings()).isEqualTo(vae.settings());
      assertThat(blend.encode(USERS, 0, 3)).isEqualTo(vae.encode(USERS, 0, 3));
    }
  }

  @Test
  void aBlendIsSavedWithItsMembersAndItsTitles() {
    Map<String, String> titles = Map.of(vae.items().id(0), "the first");
    try (TrainedModel titled = TrainedModels.with(vae, vae.weights()).withTitles(titles);
        TrainedModel blend = blend(List.of(titled, popular), List.of(0.25, 0.75))) {
      blend.saveIn(folder.resolve("blend"));
      try (TrainedModel loaded = TrainedModel.load(folder.resolve("blend"))) {
        assertThat(loaded.scores(USERS, 0, 20)).isEqualTo(blend.scores(USERS, 0, 20));
        assertThat(loaded.settings()).isEqualTo(blend.settings());
        assertThat(loaded.settings().get(Blend.MEMBERS).list())
            .extracting(Blend.Member::weight)
            .containsExactly(0.25, 0.75);
        assertThat(loaded.titles()).isEqualTo(titles);
        assertThat(loaded.validation()).isEqualTo(0.5);
      }
    }
  }

  @Test
  void aBlendMayBeMadeOfBlends() {
    try (TrainedModel inner = blend(List.of(vae, dae), List.of(1.0, 2.0));
        TrainedModel outer = blend(List.of(inner, popular), List.of(3.0, 1.0))) {
      outer.save(folder.resolve("outer.safetensors"));
      try (TrainedModel loaded = TrainedModel.load(folder.resolve("outer.safetensors"))) {
        assertThat(loaded.scores(USERS, 0, 5)).isEqualTo(outer.scores(USERS, 0, 5));
      }
    }
  }

  @Test
  void theMembersStayTheCallers() {
    try (TrainedModel blend = blend(List.of(vae, dae), List.of(1.0, 1.0))) {
      assertThat(blend.recommend(List.of(), 3)).hasSize(3);
    }
    assertThat(vae.recommend(List.of(), 3)).hasSize(3);
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() {
    Groups fewer = new Groups(50, 2, 5, 1);
    Settings knn = Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, 3);
    try (TrainedModel other =
        Trainer.builder().settings(knn).build().train(fewer.matrix(), Rows.ids(fewer.items()))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> blend(List.of(vae, other), List.of(1.0, 1.0)))
          .withMessage(
              "the items of a blend's members must be the same for all, found others for item-kNN");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> blend(List.of(), List.of()))
        .withMessageContaining("at least one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> blend(List.of(vae, dae), List.of(1.0)))
        .withMessageContaining("the number of weights must be that of the members, 2, found 1");
    for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> blend(List.of(vae, dae), List.of(1.0, weight)))
          .withMessageContaining("the weight of Mult-DAE must be a number above 0");
    }
  }

  @Test
  void aBlendHasANameButIsNoneOfTheModelsThatAreFitted() {
    assertThat(Model.named("blend")).isInstanceOf(Blend.class);
    assertThat(Model.names()).doesNotContain("blend");
  }
}
