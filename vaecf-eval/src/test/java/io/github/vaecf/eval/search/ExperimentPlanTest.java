package io.github.vaecf.eval.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExperimentPlanTest {
  private static final List<Settings> BOTH = List.of(MultVae.published(), MultDae.published());

  @Test
  void aTrialOfSeveralSeriesIsTrainedOnce() {
    ExperimentPlan full = ExperimentPlan.of(BOTH, false);
    assertThat(full.series()).hasSize(6);
    int rows = full.series().stream().mapToInt(series -> series.rows().size()).sum();
    assertThat(rows).isEqualTo(3 + 6 + 10 + 4 + 4 + 8);
    // Rows whose value is that of the published settings are the two models as published.
    assertThat(full.whole()).hasSize(3 + 4 + 9 + 2 + 6);
    assertThat(full.whole().stream().map(Trial::settings)).doesNotHaveDuplicates();
    assertThat(full.undersampled()).hasSize(2);
    assertThat(full.whole())
        .allMatch(
            trial ->
                trial.settings().get(TrainingSettings.EPOCHS) == 200
                    || trial.name().endsWith("epochs-10"));
  }

  @Test
  void allTrialsDepartFromTheGivenSettings() {
    Settings vae = MultVae.published().with(TrainingSettings.EPOCHS, 6).with(MultVae.LATENT, 7);
    ExperimentPlan plan = ExperimentPlan.of(List.of(vae, MultDae.published()), true);
    assertThat(plan.base().get(0).settings()).isEqualTo(vae);
    assertThat(plan.whole())
        .filteredOn(trial -> trial.settings().model().name().equals("vae"))
        .allMatch(trial -> trial.settings().get(MultVae.LATENT) == 7);
    assertThat(plan.series())
        .filteredOn(series -> series.title().equals("Epochs"))
        .flatExtracting(ExperimentPlan.Series::rows)
        .extracting(ExperimentPlan.Row::value)
        .containsExactly("3", "6", "10", "200");
  }

  @Test
  void aSettingIsVariedForTheModelsThatHaveItAndItsPublishedValuesAreNamed() {
    assertThat(ExperimentPlan.of(List.of(MultDae.published()), false).series())
        .extracting(ExperimentPlan.Series::title)
        .containsExactly("Models", "Learning rate", "Epochs", "Undersampling", "L2");
    assertThat(ExperimentPlan.of(BOTH, false).series())
        .extracting(ExperimentPlan.Series::question)
        .contains(
            "What does a penalty on the squared weights do? Published: 0 for Mult-VAE, 0.00002 for"
                + " Mult-DAE.",
            "How large may Adam's steps be? Published: 0.001 for Mult-VAE and Mult-DAE.");
  }

  @Test
  void noModelOrOneTwiceIsRefused() {
    assertThatThrownBy(() -> ExperimentPlan.of(List.of(), true))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> ExperimentPlan.of(List.of(MultVae.published(), MultVae.published()), true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[vae, vae]");
  }
}
