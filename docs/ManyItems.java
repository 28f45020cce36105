package io.github.vaecf.core.training; // that of the weights

import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.IdIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A model of many items made of one of few, SYNTHETIC; see measure-index.sh. Items beyond those
 * that there are have the weights of one of these, drawn at random, with normal noise of half the
 * standard deviation that the weight has over the items.
 */
public final class ManyItems {
  private static final double NOISE = 0.5;

  private ManyItems() {}

  /** Arguments: a run folder, how many items, the file to write. */
  public static void main(String[] arguments) {
    int items = Integer.parseInt(arguments[1]);
    try (TrainedModel model = TrainedModel.load(Path.of(arguments[0]))) {
      int known = model.itemCount();
      int[] source = new int[items];
      Random random = new Random(1);
      for (int item = 0; item < items; item++) {
        source[item] = item < known ? item : random.nextInt(known);
      }
      List<String> ids = new ArrayList<>();
      for (int item = 0; item < items; item++) {
        ids.add(Integer.toString(item));
      }
      List<Weight> weights = new ArrayList<>();
      for (Weight weight : model.weights()) {
        weights.add(widened(weight, known, source, random));
      }
      TrainedModel.Description description =
          new TrainedModel.Description(model.settings(), IdIndex.of(ids), model.epoch(), 0, "");
      NetworkSession session = NetworkSession.forInference(model.settings(), description.items());
      while (!weights.isEmpty()) {
        Weight weight = weights.remove(0);
        session.set(weight.name(), weight.values());
      }
      try (TrainedModel wide = new TrainedModel(description, session)) {
        wide.save(Path.of(arguments[2]));
      }
    }
  }

  /** What has an axis of the items, with that axis as long as there are sources. */
  private static Weight widened(Weight weight, int known, int[] source, Random random) {
    int axis = weight.shape().indexOf((long) known);
    if (axis < 0) {
      return weight;
    }
    int width = weight.values().length / known;
    List<Long> shape = new ArrayList<>(weight.shape());
    shape.set(axis, (long) source.length);
    float[] values = new float[Math.multiplyExact(width, source.length)];
    boolean inRows = axis == 0;
    for (int entry = 0; entry < width; entry++) {
      double sum = 0;
      double squares = 0;
      for (int item = 0; item < known; item++) {
        double value = weight.values()[inRows ? item * width + entry : entry * known + item];
        sum += value;
        squares += value * value;
      }
      double mean = sum / known;
      double deviation = Math.sqrt(Math.max(0, squares / known - mean * mean));
      for (int item = 0; item < source.length; item++) {
        int from = source[item];
        float value = weight.values()[inRows ? from * width + entry : entry * known + from];
        double noise = item < known ? 0 : NOISE * deviation * random.nextGaussian();
        values[inRows ? item * width + entry : entry * source.length + item] =
            (float) (value + noise);
      }
    }
    return new Weight(weight.name(), shape, values);
  }
}
