package io.github.vaecf.core.model;

import java.util.List;

/**
 * ELSA, the scalable linear autoencoder: scores x(ÂÂᵀ − I) for the binary row x, where the rows of
 * Â, items × factors, have unit length, so that no item speaks for itself. Trained by gradient on
 * ‖scores / ‖scores‖ − x / ‖x‖‖², averaged over the users. Its size grows with the number of items,
 * not with its square as EASE's does.
 *
 * <p>Vančura, Alves, Kasalický, Kordík: Scalable Linear Shallow Autoencoder for Collaborative
 * Filtering, RecSys 2022.
 */
public final class Elsa implements GradientModel {
  /** Width of an item's vector. */
  public static final Setting<Integer> FACTORS =
      Setting.integer("factors", 1, 256, "Width of an item's vector.")
          .tried(List.of(64, 128, 256, 512));

  private static final String NAME = "items";

  /** For {@link java.util.ServiceLoader}. */
  public Elsa() {}

  @Override
  public String name() {
    return "elsa";
  }

  @Override
  public String title() {
    return "ELSA";
  }

  @Override
  public String summary() {
    return "linear autoencoder of low rank (Vančura et al., RecSys 2022)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings =
        TrainingSettings.allWith(
            List.of(
                TrainingSettings.EPOCHS.published(20),
                TrainingSettings.BATCH_SIZE.published(128),
                TrainingSettings.LEARNING_RATE.published(0.01)));
    settings.add(FACTORS);
    return settings;
  }

  @Override
  public <T> T scores(Settings settings, Layers<T> layers) {
    return layers.lowRankSum(NAME, settings.get(FACTORS));
  }

  @Override
  public Objective objective(Settings settings, TrainingGraph graph) {
    return Objective.cosine(scores(settings, graph.layers(graph.history())));
  }
}
