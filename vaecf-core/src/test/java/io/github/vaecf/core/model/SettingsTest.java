package io.github.vaecf.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.model.TrainingSettings.Device;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SettingsTest {
  static List<Model> models() {
    return Model.all();
  }

  @Test
  void thePublishedSettingsAreThoseOfThePaper() {
    Settings vae = MultVae.published();
    assertThat(vae.get(MultVae.HIDDEN)).containsExactly(600);
    assertThat(vae.get(MultVae.LATENT)).isEqualTo(200);
    assertThat(vae.get(MultVae.KEEP_PROBABILITY)).isEqualTo(0.5);
    assertThat(vae.get(MultVae.L2)).isZero();
    assertThat(vae.get(MultVae.BETA_CAP)).isEqualTo(0.2);
    assertThat(vae.get(MultVae.ANNEAL_SHARE)).isEqualTo(40_000.0 / 46_800);
    assertThat(vae.get(MultVae.ANNEAL_STEPS)).isZero();
    Settings dae = MultDae.published();
    assertThat(dae.get(MultDae.HIDDEN)).isEmpty();
    assertThat(dae.get(MultDae.LATENT)).isEqualTo(200);
    assertThat(dae.get(MultDae.KEEP_PROBABILITY)).isEqualTo(0.5);
    assertThat(dae.get(MultDae.L2)).isEqualTo(0.01 / 500);
    for (Settings settings : List.of(vae, dae)) {
      assertThat(settings.get(TrainingSettings.EPOCHS)).isEqualTo(200);
      assertThat(settings.get(TrainingSettings.BATCH_SIZE)).isEqualTo(500);
      assertThat(settings.get(TrainingSettings.LEARNING_RATE)).isEqualTo(1e-3);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void theSettingsOfAModelHaveNamesThatDifferAndSayWhatTheyAre(Model model) {
    Set<String> names = new HashSet<>();
    for (Setting<?> setting : model.settings()) {
      assertThat(names.add(setting.name())).as(setting.name()).isTrue();
      assertThat(setting.name()).matches("[a-z0-9]+(-[a-z0-9]+)*");
      assertThat(setting.help()).isNotBlank().endsWith(".");
      assertThat(setting.range()).isNotBlank();
      assertThat(setting.placeholder()).isNotBlank();
      assertThat(Settings.published(model).get(setting)).isEqualTo(setting.published());
    }
  }

  @Test
  void aNameStandsForTheSameKindOfValueInEveryModel() {
    Map<String, Setting<?>> first = new HashMap<>();
    for (Model model : Model.all()) {
      for (Setting<?> setting : model.settings()) {
        Setting<?> other = first.computeIfAbsent(setting.name(), name -> setting);
        String as = setting.name() + " of " + model.name();
        assertThat(setting.placeholder()).as(as).isEqualTo(other.placeholder());
        assertThat(setting.isWhole()).as(as).isEqualTo(other.isWhole());
        assertThat(setting.choices()).as(as).isEqualTo(other.choices());
        assertThat(setting.range()).as(as).isEqualTo(other.range());
        // A list is of one class or another, as long as it is a list.
        assertThat(List.class.isInstance(setting.published()))
            .as(as)
            .isEqualTo(List.class.isInstance(other.published()));
        if (!List.class.isInstance(setting.published())) {
          assertThat(setting.published().getClass()).as(as).isEqualTo(other.published().getClass());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void settingsAreTheSameAfterTheWayThroughText(Model model) {
    Settings published = Settings.published(model);
    assertThat(Settings.published(model).with(published.toText())).isEqualTo(published);
    List<String> names = model.settings().stream().map(Setting::name).toList();
    assertThat(published.toText().keySet()).isSubsetOf(names);
    assertThat(names.stream().filter(published.toText()::containsKey))
        .as("in the order of the settings")
        .containsExactlyElementsOf(published.toText().keySet());
  }

  @ParameterizedTest
  @MethodSource("models")
  void fromFiftyThousandItemsOnAStepDrawsSomeOfThem(Model model) {
    Settings published = Settings.published(model);
    assertThat(TrainingSettings.forCatalogue(published, 49_999)).isEqualTo(published);
    Settings large = TrainingSettings.forCatalogue(published, 50_000);
    assertThat(large)
        .isEqualTo(
            model instanceof GradientModel
                ? published.with(TrainingSettings.ITEMS_PER_STEP, 2000)
                : published);
  }

  @Property(tries = 200)
  void changedSettingsAreTheSameAfterTheWayThroughText(
      @ForAll @Size(max = 4) List<@IntRange(min = 1) Integer> hidden,
      @ForAll @IntRange(min = 1) int latent,
      @ForAll @DoubleRange(min = 1e-15, max = 1) @Scale(17) double keep,
      @ForAll boolean inSteps,
      @ForAll @IntRange(min = 1) int steps,
      @ForAll @DoubleRange(min = 1e-15, max = 1) @Scale(17) double share,
      @ForAll long seed,
      @ForAll Device device,
      @ForAll TrainingSettings.Schedule schedule) {
    Settings settings =
        MultVae.published()
            .with(MultVae.HIDDEN, hidden)
            .with(MultVae.LATENT, latent)
            .with(MultVae.KEEP_PROBABILITY, keep)
            .with(TrainingSettings.SEED, seed)
            .with(TrainingSettings.DEVICE, device)
            .with(TrainingSettings.SCHEDULE, schedule);
    settings =
        inSteps
            ? settings.with(MultVae.ANNEAL_STEPS, (long) steps)
            : settings.with(MultVae.ANNEAL_SHARE, share);
    Settings again = MultVae.published().with(settings.toText());
    assertThat(again).isEqualTo(settings).hasSameHashCodeAs(settings);
    assertThat(again.toText()).isEqualTo(settings.toText());
    // In any order.
    Map<String, String> backwards = new LinkedHashMap<>();
    List<String> names = List.copyOf(settings.toText().keySet());
    for (int i = names.size() - 1; i >= 0; i--) {
      backwards.put(names.get(i), settings.toText().get(names.get(i)));
    }
    assertThat(MultVae.published().with(backwards)).isEqualTo(settings);
  }

  @Test
  void ofTwoAlternativesTheOneThatIsGivenHolds() {
    Settings inSteps = MultVae.published().with(MultVae.ANNEAL_STEPS, 7L);
    assertThat(inSteps.get(MultVae.ANNEAL_STEPS)).isEqualTo(7);
    assertThat(inSteps.get(MultVae.ANNEAL_SHARE)).isZero();
    assertThat(MultVae.published().with(Map.of("anneal-steps", "7"))).isEqualTo(inSteps);
    Settings asAShare = inSteps.with(MultVae.ANNEAL_SHARE, 0.5);
    assertThat(asAShare.get(MultVae.ANNEAL_STEPS)).isZero();
    assertThat(asAShare.get(MultVae.ANNEAL_SHARE)).isEqualTo(0.5);
    assertThat(inSteps.with(Map.of("anneal-share", "0.5"))).isEqualTo(asAShare);
  }

  @Test
  void twoAlternativesAtOnceAreRefusedAndSoIsNeither() {
    Map<String, String> both = new LinkedHashMap<>();
    both.put("anneal-steps", "7");
    both.put("anneal-share", "0.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultVae.published().with(both))
        .withMessage("anneal-steps and anneal-share exclude each other: give one of them");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultVae.published().with(MultVae.ANNEAL_SHARE, 0.0))
        .withMessageContaining("expected anneal-share or anneal-steps above 0, one of them");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultVae.published().with(MultVae.ANNEAL_STEPS, 0L))
        .withMessageContaining("expected anneal-share or anneal-steps above 0, one of them");
  }

  @Test
  void ofTwoAlternativesOnlyTheOneThatHoldsIsWritten() {
    assertThat(MultVae.published().toText())
        .containsKey("anneal-share")
        .doesNotContainKey("anneal-steps");
    assertThat(MultVae.published().with(MultVae.ANNEAL_STEPS, 7L).toText())
        .containsEntry("anneal-steps", "7")
        .doesNotContainKey("anneal-share");
  }

  @Test
  void aSettingThatTheModelDoesNotHaveIsRefusedWithThoseThatItHas() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultDae.published().with(Map.of("beta-cap", "0.1")))
        .withMessageStartingWith("beta-cap: no setting of dae, which has epochs, batch-size,")
        .withMessageContaining("l2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultDae.published().with(MultVae.BETA_CAP, 0.1))
        .withMessageStartingWith("beta-cap: no setting of dae");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultDae.published().get(MultVae.BETA_CAP))
        .withMessageStartingWith("beta-cap: no setting of dae");
    assertThat(MultDae.published().has(MultVae.BETA_CAP)).isFalse();
    assertThat(MultVae.published().has(MultVae.BETA_CAP)).isTrue();
  }

  @Test
  void settingsOutOfTheirRangeAreRefusedByName() {
    Settings vae = MultVae.published();
    Settings dae = MultDae.published();
    refused("latent", () -> vae.with(MultVae.LATENT, 0));
    refused("hidden", () -> dae.with(MultDae.HIDDEN, List.of(3, 0)));
    refused("keep-probability", () -> vae.with(MultVae.KEEP_PROBABILITY, 0.0));
    refused("keep-probability", () -> dae.with(MultDae.KEEP_PROBABILITY, 1.1));
    refused("l2", () -> vae.with(MultVae.L2, -1.0));
    refused("l2", () -> dae.with(MultDae.L2, Double.NaN));
    refused("beta-cap", () -> vae.with(MultVae.BETA_CAP, -0.1));
    refused("anneal-share", () -> vae.with(MultVae.ANNEAL_SHARE, 1.5));
    refused("anneal-steps", () -> vae.with(MultVae.ANNEAL_STEPS, -1L));
    refused("epochs", () -> vae.with(TrainingSettings.EPOCHS, 0));
    refused("batch-size", () -> vae.with(TrainingSettings.BATCH_SIZE, 0));
    refused("learning-rate", () -> vae.with(TrainingSettings.LEARNING_RATE, 0.0));
    refused(
        "learning-rate", () -> vae.with(TrainingSettings.LEARNING_RATE, Double.POSITIVE_INFINITY));
    refused("gradient-clip", () -> vae.with(TrainingSettings.GRADIENT_CLIP, -1.0));
    refused("patience", () -> vae.with(TrainingSettings.PATIENCE, -1));
    refused("minimum-epochs", () -> vae.with(TrainingSettings.MINIMUM_EPOCHS, -1));
    refused("threads", () -> vae.with(TrainingSettings.THREADS, -1));
    refused("warm-up-share", () -> vae.with(TrainingSettings.WARM_UP_SHARE, 1.0));
    refused("epochs", () -> vae.with(Map.of("epochs", "many")));
    assertThatThrownBy(() -> vae.with(MultVae.LATENT, null)).hasMessageContaining("latent");
  }

  private static void refused(String name, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(name + ": expected ")
        .hasMessageContaining(", found '");
  }

  @Test
  void modelsAreFoundByTheirNamesInAnyCase() {
    assertThat(Model.names()).containsSubsequence("vae", "dae", "ease", "knn", "popular");
    for (Model model : Model.all()) {
      assertThat(Model.named(model.name().toUpperCase(java.util.Locale.ROOT))).isSameAs(model);
      assertThat(model.name()).matches("[a-z0-9-]+");
      assertThat(model.title()).isNotBlank();
      assertThat(model.summary()).isNotBlank().doesNotContain("\n");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Model.named("svd"))
        .withMessageStartingWith("no model has the name 'svd', expected one of vae, dae, ");
  }
}
