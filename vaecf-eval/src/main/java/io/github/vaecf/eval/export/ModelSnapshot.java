package io.github.vaecf.eval.export;

import io.github.vaecf.core.model.Autoencoder;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.IdIndex;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What of a trained model an export is made of: a copy of its weights, read once, every one of them
 * a finite number; where only the directions of a weight's rows count, at unit length.
 */
final class ModelSnapshot {
  private final Settings settings;
  private final IdIndex items;
  private final int epoch;
  private final double validation;
  private final Map<String, Weight> weights = new LinkedHashMap<>();

  /** A graph's latent vector, where the model has one, and its scores. */
  record Answer<T>(Optional<T> latent, T scores) {}

  private ModelSnapshot(
      Settings settings, IdIndex items, int epoch, double validation, List<Weight> weights) {
    this.settings = settings;
    this.items = items;
    this.epoch = epoch;
    this.validation = validation;
    for (Weight weight : weights) {
      requireFinite(weight);
      if (weight.name().endsWith(TensorFlowLayers.DIRECTIONS)) {
        bringToUnitLength(weight); // once, so that no request has to
      }
      this.weights.put(weight.name(), weight);
    }
  }

  /**
   * Copies a model's weights.
   *
   * @throws ArithmeticException if a weight is not a finite number
   */
  static ModelSnapshot of(TrainedModel model) {
    return new ModelSnapshot(
        model.settings(), model.items(), model.epoch(), model.validation(), model.weights());
  }

  private static void bringToUnitLength(Weight rows) {
    int width = rows.shape().get(1).intValue();
    float[] values = rows.values();
    for (int from = 0; from < values.length; from += width) {
      double squares = 0;
      for (int i = from; i < from + width; i++) {
        squares += (double) values[i] * values[i];
      }
      for (int i = from; i < from + width && squares > 0; i++) {
        values[i] = (float) (values[i] / Math.sqrt(squares));
      }
    }
  }

  private static void requireFinite(Weight weight) {
    for (float value : weight.values()) {
      if (!Float.isFinite(value)) {
        throw new ArithmeticException(
            "weights '" + weight.name() + "' hold " + value + ": such a model cannot be served");
      }
    }
  }

  /** The way from histories to scores, as the model describes it. */
  <T> Answer<T> answer(Layers<T> layers) {
    return answer(layers, UnaryOperator.identity());
  }

  /** The same, with something in the place of the latent vector, where there is one. */
  <T> Answer<T> answer(Layers<T> layers, UnaryOperator<T> replacement) {
    Optional<Autoencoder> autoencoder = autoencoder();
    if (autoencoder.isEmpty()) {
      return new Answer<>(Optional.empty(), settings.model().scores(settings, layers));
    }
    T latent = replacement.apply(autoencoder.get().encode(settings, layers));
    return new Answer<>(Optional.of(latent), autoencoder.get().decode(settings, layers, latent));
  }

  /** The model, where it has a latent vector. */
  Optional<Autoencoder> autoencoder() {
    return settings.model() instanceof Autoencoder autoencoder
        ? Optional.of(autoencoder)
        : Optional.empty();
  }

  /** The width of the latent vector that the model has. */
  int latentWidth() {
    return autoencoder().orElseThrow().latentWidth(settings);
  }

  Weight weight(String name) {
    Weight weight = weights.get(name);
    if (weight == null) {
      throw new IllegalStateException(
          settings.model().name() + " has no weights of the name " + name);
    }
    return weight;
  }

  /** In the order in which the model asks for them. */
  Map<String, Weight> weights() {
    return Collections.unmodifiableMap(weights);
  }

  Settings settings() {
    return settings;
  }

  IdIndex items() {
    return items;
  }

  int epoch() {
    return epoch;
  }

  double validation() {
    return validation;
  }
}
