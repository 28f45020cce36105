package io.github.vaecf.eval;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Ease;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.ImplicitAls;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
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

  public static TrainedModel ease() {
    return train(Settings.published(new Ease()).with(Ease.LAMBDA, 20.0));
  }

  public static TrainedModel elsa() {
    return network(Settings.published(new Elsa()).with(Elsa.FACTORS, 16));
  }

  public static TrainedModel implicitAls() {
    return train(Settings.published(new ImplicitAls()).with(ImplicitAls.FACTORS, 12));
  }

  public static TrainedModel itemKnn() {
    return train(Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, 10));
  }

  public static TrainedModel mostPopular() {
    return train(Settings.published(new MostPopular()));
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
