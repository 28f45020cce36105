package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.RecommenderContract;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.HierarchicalVampVae;
import io.github.vaecf.core.model.ImplicitAls;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.RecVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.VampVae;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of {@link Recommender}, kept by every model of this module. */
class TrainedModelContractTest {
  @TempDir static Path folder;

  private static Settings vae() {
    return MultVae.published().with(MultVae.HIDDEN, List.of(16)).with(MultVae.LATENT, 8);
  }

  @Nested
  class OfMultVae extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(vae());
    }
  }

  @Nested
  class OfMultDae extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(MultDae.published().with(MultDae.LATENT, 12));
    }
  }

  @Nested
  class OfRecVae extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(
          RecVae.published().with(RecVae.WIDTH, 16).with(RecVae.LATENT, 8));
    }
  }

  @Nested
  class OfVampVae extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(vamp(VampVae.published()));
    }
  }

  @Nested
  class OfHierarchicalVampVae extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(vamp(HierarchicalVampVae.published()));
    }
  }

  private static Settings vamp(Settings published) {
    return published
        .with(VampVae.HIDDEN, List.of(16, 12))
        .with(VampVae.LATENT, 8)
        .with(VampVae.PSEUDO_INPUTS, 10);
  }

  @Nested
  class OfEase extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(Settings.published(new LinearAutoencoder.Ease()));
    }
  }

  @Nested
  class OfElsa extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(Settings.published(new Elsa()).with(Elsa.FACTORS, 8));
    }
  }

  @Nested
  class OfItemKnn extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(
          Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, 7));
    }
  }

  @Nested
  class OfImplicitAls extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(
          Settings.published(new ImplicitAls()).with(ImplicitAls.FACTORS, 8));
    }
  }

  @Nested
  class OfMostPopular extends RecommenderContract {
    @Override
    protected Recommender open() {
      return TrainedModels.withEqualScores(Settings.published(new MostPopular()));
    }
  }

  @Nested
  class OfAModelFromTheDisk extends RecommenderContract {
    @Override
    protected Recommender open() {
      Path file = folder.resolve("model.safetensors");
      try (TrainedModel model = TrainedModels.withEqualScores(vae())) {
        model.save(file);
      }
      return TrainedModel.load(file);
    }
  }

  static List<Model> models() {
    return Model.all();
  }

  @ParameterizedTest
  @MethodSource("models")
  void scoresThatAreNoNumbersAreRefused(Model model) {
    try (TrainedModel trained = TrainedModels.withEqualScores(Settings.published(model))) {
      List<Weight> weights = trained.weights();
      for (Weight weight : weights) {
        if (!weight.name().matches("nearest/(items|lengths)")) {
          Arrays.fill(weight.values(), Float.NaN);
        }
      }
      try (TrainedModel broken = TrainedModels.with(trained, weights)) {
        String known = trained.items().id(0);
        assertThatThrownBy(() -> broken.recommend(List.of(known), 3))
            .isInstanceOf(ArithmeticException.class)
            .hasMessageContaining("not numbers");
      }
      assertThat(trained.recommend(List.of(), 3)).hasSize(3);
    }
  }

  /** Of items in the kernel's columns, in its rows, in those of directions, and of none. */
  @ParameterizedTest
  @ValueSource(strings = {"dae", "ials", "elsa", "knn"})
  void itemsAreComparedByTheirEmbeddings(String name) {
    Settings settings = Settings.published(Model.named(name));
    try (TrainedModel trained = TrainedModels.withEqualScores(settings)) {
      assertThat(trained.comparesItems())
          .isEqualTo(trained.itemKernel().isPresent())
          .isEqualTo(!name.equals("knn"));
      if (trained.comparesItems()) {
        Weight kernel = trained.itemKernel().get();
        float[] found = trained.cosines(new int[] {7, 30, 0, 30}).apply(0);
        double[] expected = {1, cosine(kernel, 7, 30), cosine(kernel, 7, 0), cosine(kernel, 7, 30)};
        for (int i = 0; i < expected.length; i++) {
          assertThat((double) found[i]).isCloseTo(expected[i], within(1e-5));
        }
      }
    }
  }

  private static double cosine(Weight kernel, int a, int b) {
    int items = kernel.shape().get(1).intValue();
    double product = 0;
    double squares = 0;
    double others = 0;
    for (int row = 0; row < kernel.shape().get(0); row++) {
      double one = kernel.values()[row * items + a];
      double other = kernel.values()[row * items + b];
      product += one * other;
      squares += one * one;
      others += other * other;
    }
    return product / Math.sqrt(squares * others);
  }

  @Test
  void whatIsClosedGivesNoScoresAndNoWeights() {
    TrainedModel closed = TrainedModels.withEqualScores(vae());
    closed.close();
    CsrMatrix nobody = CsrMatrix.of(1, closed.itemCount(), pairs -> {});
    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            () -> closed.scores(nobody, 0, 1),
            () -> closed.encode(nobody, 0, 1),
            closed::weights,
            closed::itemKernel,
            () -> closed.save(folder.resolve("closed.safetensors")))) {
      assertThatThrownBy(use).isInstanceOf(IllegalStateException.class);
    }
    assertThat(folder.resolve("closed.safetensors")).doesNotExist();
  }
}
