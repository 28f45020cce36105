package io.github.vaecf.eval.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.InnerProducts;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.eval.SmallModels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InnerProductsTest {
  static List<Supplier<TrainedModel>> modelsOfProducts() {
    return List.of(
        SmallModels::vae,
        SmallModels::dae,
        SmallModels::recVae,
        SmallModels::implicitAls,
        SmallModels::elsa);
  }

  @ParameterizedTest
  @MethodSource("modelsOfProducts")
  void theProductsOfTheVectorsAreTheScoresOfWhatAUserHasNot(Supplier<TrainedModel> trained) {
    CsrMatrix users = SmallModels.users(60, 8);
    try (TrainedModel model = trained.get()) {
      InnerProducts vectors = model.innerProducts().orElseThrow();
      int width = vectors.width();
      float[] ofItems = vectors.items();
      float[] ofUsers = vectors.users(users, 10, users.rows());
      assertThat(ofItems).hasSize(model.itemCount() * width);
      assertThat(ofUsers).hasSize((users.rows() - 10) * width);
      List<List<Recommendation>> expected = new ArrayList<>();
      List<List<Recommendation>> found = new ArrayList<>();
      for (int row = 10; row < users.rows(); row++) {
        List<Recommendation> list = new ArrayList<>();
        for (int item = 0; item < model.itemCount(); item++) {
          double product = 0;
          for (int i = 0; i < width; i++) {
            product += (double) ofUsers[(row - 10) * width + i] * ofItems[item * width + i];
          }
          if (!users.contains(row, item)) {
            list.add(new Recommendation(model.items().id(item), (float) product));
          }
        }
        list.sort(Comparator.comparingDouble(one -> -one.score()));
        found.add(list.subList(0, 100));
        expected.add(model.recommend(SmallModels.history(users, row), 100));
      }
      for (int user = 0; user < expected.size(); user++) {
        assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected.get(user), found.get(user)))
            .as(model.settings().model().title())
            .isEmpty();
      }
    }
  }

  static List<Supplier<TrainedModel>> otherModels() {
    return List.of(
        SmallModels::ease,
        SmallModels::sparseEase,
        SmallModels::itemKnn,
        SmallModels::mostPopular,
        InnerProductsTest::blend);
  }

  private static TrainedModel blend() {
    try (TrainedModel first = SmallModels.implicitAls();
        TrainedModel second = SmallModels.mostPopular()) {
      return TrainedModel.blend(List.of(first, second), List.of(1.0, 0.5), "ndcg@100", one -> 0);
    }
  }

  @ParameterizedTest
  @MethodSource("otherModels")
  void aModelWhoseScoresAreNoProductsHasNoVectors(Supplier<TrainedModel> trained) {
    try (TrainedModel model = trained.get()) {
      assertThat(model.innerProducts()).as(model.settings().model().title()).isEmpty();
    }
  }

  @Test
  void whatAUserOfElsaHasAlreadyIsLargerByOneThanItsScore() {
    CsrMatrix users = SmallModels.users(5, 9);
    try (TrainedModel elsa = SmallModels.elsa()) {
      InnerProducts vectors = elsa.innerProducts().orElseThrow();
      float[] scores = elsa.scores(users, 0, users.rows());
      float[] ofItems = vectors.items();
      float[] ofUsers = vectors.users(users, 0, users.rows());
      for (int row = 0; row < users.rows(); row++) {
        for (int item : users.row(row)) {
          double product = 0;
          for (int i = 0; i < vectors.width(); i++) {
            product +=
                (double) ofUsers[row * vectors.width() + i] * ofItems[item * vectors.width() + i];
          }
          assertThat(product - 1).isCloseTo(scores[row * elsa.itemCount() + item], within(1e-4));
        }
      }
    }
  }
}
