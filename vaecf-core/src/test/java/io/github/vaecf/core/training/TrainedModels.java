package io.github.vaecf.core.training;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel.Weight;
import java.util.List;

/** Models for tests, fitted in a moment and kept in memory. */
public final class TrainedModels {
  private static final Groups DATA = Groups.small();

  private TrainedModels() {}

  /**
   * A model of forty items, of which 20 and 21 have the same score for everybody: what the last
   * layer has for the one it has for the other.
   *
   * @param settings of any model; those that are trained by gradient see five epochs
   * @return the model, to be closed
   */
  public static TrainedModel withEqualScores(Settings settings) {
    Settings quick =
        settings.has(TrainingSettings.EPOCHS)
            ? settings
                .with(TrainingSettings.EPOCHS, 5)
                .with(TrainingSettings.BATCH_SIZE, 50)
                .with(TrainingSettings.LEARNING_RATE, 0.01)
            : settings;
    try (TrainedModel model =
        Trainer.builder().settings(quick).build().train(DATA.matrix(), DATA.ids())) {
      List<Weight> weights = model.weights();
      String embeddings = model.itemKernel().map(Weight::name).orElse("");
      for (Weight weight : weights) {
        int width = weight.shape().get(weight.shape().size() - 1).intValue();
        if (weight.name().equals(embeddings) && width != DATA.items()) {
          System.arraycopy(weight.values(), 20 * width, weight.values(), 21 * width, width);
        }
        if (width == DATA.items()) {
          for (int row = 0; row < weight.values().length; row += DATA.items()) {
            weight.values()[row + 21] = weight.values()[row + 20];
          }
        }
      }
      return with(model, weights);
    }
  }

  /**
   * The same model with other weights.
   *
   * @param model any model
   * @param weights all that it has
   * @return a model of its own, to be closed
   */
  public static TrainedModel with(TrainedModel model, List<Weight> weights) {
    return TrainedModel.of(
        new TrainedModel.Description(
            model.settings(), model.items(), model.epoch(), model.validation(), ""),
        weights);
  }
}
