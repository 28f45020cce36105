package io.github.vaecf.eval;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.HierarchicalVampVae;
import io.github.vaecf.core.model.ImplicitAls;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.RecVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.VampVae;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Models that train in a second, over users who prefer one of a few groups of items. */
public final class SmallModels {
  public static final int ITEMS = 120;
  private static final int GROUPS = 6;

  private SmallModels() {}

  public static TrainedModel vae() {
    return network(MultVae.published().with(MultVae.HIDDEN, List.of(24)).with(MultVae.LATENT, 8));
  }

  public static TrainedModel dae() {
    return network(MultDae.published().with(MultDae.LATENT, 12));
  }

  public static TrainedModel deepVae() {
    return network(
        MultVae.published().with(MultVae.HIDDEN, List.of(24, 16)).with(MultVae.LATENT, 4));
  }

  public static TrainedModel recVae() {
    return network(RecVae.published().with(RecVae.WIDTH, 16).with(RecVae.LATENT, 8));
  }

  public static TrainedModel vamp() {
    return network(vamp(VampVae.published()));
  }

  public static TrainedModel hierarchicalVamp() {
    return network(vamp(HierarchicalVampVae.published()));
  }

  private static Settings vamp(Settings published) {
    return published
        .with(VampVae.HIDDEN, List.of(24, 16))
        .with(VampVae.LATENT, 8)
        .with(VampVae.PSEUDO_INPUTS, 10);
  }

  public static TrainedModel ease() {
    return train(
        Settings.published(new LinearAutoencoder.Ease()).with(LinearAutoencoder.LAMBDA, 20.0));
  }

  public static TrainedModel elsa() {
    return network(Settings.published(new Elsa()).with(Elsa.FACTORS, 16));
  }

  public static TrainedModel implicitAls() {
    return train(Settings.published(new ImplicitAls()).with(ImplicitAls.FACTORS, 12));
  }

  /** Of each item the ten largest weights. */
  public static TrainedModel sparseEase() {
    return train(
        Settings.published(new LinearAutoencoder.Ease())
            .with(LinearAutoencoder.LAMBDA, 20.0)
            .with(LinearAutoencoder.WEIGHTS_PER_ITEM, 10));
  }

  public static TrainedModel itemKnn() {
    return train(Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, 10));
  }

  public static TrainedModel mostPopular() {
    return train(Settings.published(new MostPopular()));
  }

  /** Of a model of every kind of words. */
  public static TrainedModel blend() {
    List<TrainedModel> members =
        List.of(vae(), recVae(), ease(), elsa(), implicitAls(), itemKnn(), mostPopular());
    TrainedModel blend =
        TrainedModel.blend(
            members, List.of(1.0, 0.5, 0.75, 0.5, 1.25, 0.25, 0.125), "ndcg@100", model -> 0);
    members.forEach(TrainedModel::close);
    return blend;
  }

  private static TrainedModel network(Settings settings) {
    return train(
        settings
            .with(TrainingSettings.EPOCHS, 12)
            .with(TrainingSettings.BATCH_SIZE, 50)
            .with(TrainingSettings.LEARNING_RATE, 0.01));
  }

  public static TrainedModel train(Settings settings) {
    return Trainer.builder().settings(settings).build().train(users(400, 1), ids());
  }

  /** Ids that are not their indices, with characters of two and more bytes, tabs and commas. */
  public static IdIndex ids() {
    List<String> ids = new ArrayList<>();
    for (int item = 0; item < ITEMS; item++) {
      ids.add("ü, " + (item * 7 + 3) + "\t№" + item);
    }
    return IdIndex.of(ids);
  }

  /** Users with 0 to 14 items, most of them from one group. */
  public static CsrMatrix users(int count, long seed) {
    Random random = new Random(seed);
    int[][] rows = new int[count][];
    for (int user = 0; user < count; user++) {
      int group = random.nextInt(GROUPS);
      rows[user] = new int[random.nextInt(15)];
      for (int i = 0; i < rows[user].length; i++) {
        int item = random.nextInt(ITEMS);
        rows[user][i] = random.nextInt(5) == 0 ? item : item / GROUPS * GROUPS + group;
      }
    }
    return Rows.of(ITEMS, rows);
  }

  /** The raw ids of a row. */
  public static List<String> history(CsrMatrix users, int row) {
    IdIndex ids = ids();
    return users.row(row).intStream().mapToObj(ids::id).toList();
  }
}
