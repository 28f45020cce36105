package io.github.vaecf.eval;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** A model whose weights are given and not fitted: it is for its way from histories to scores. */
public abstract class GivenWeights implements ClosedFormModel {
  private final List<Weight> weights;

  protected GivenWeights(Weight... weights) {
    this.weights = List.of(weights);
  }

  /** The model with its weights, over these items. */
  public TrainedModel over(IdIndex items) {
    return Trainer.builder()
        .settings(Settings.published(this))
        .build()
        .train(Rows.of(items.size(), new int[] {0}), items);
  }

  @Override
  public Map<String, TFloat32> fit(CsrMatrix train, Settings settings) {
    Map<String, TFloat32> tensors = new HashMap<>();
    for (Weight weight : weights) {
      Shape shape = Shape.of(weight.shape().stream().mapToLong(Long::longValue).toArray());
      tensors.put(
          weight.name(), TFloat32.tensorOf(shape, DataBuffers.of(weight.values(), true, false)));
    }
    return tensors;
  }

  @Override
  public String name() {
    return "given";
  }

  @Override
  public String title() {
    return "Given";
  }

  @Override
  public String summary() {
    return "weights that a test gives";
  }

  @Override
  public List<Setting<?>> settings() {
    return TrainingSettings.ofRuntime();
  }
}
