package io.github.vaecf.core.training;

import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;

/**
 * Where a training begins that goes on from a model of other data: with that model's weights. Items
 * are matched by their raw ids; those that are gone leave. An item that is new is given, in each
 * weight that has a vector for every item, the mean of the vectors of the known items that users
 * have beside it, weighted by how often they have them, over the root of how often anybody does; in
 * each weight that has a number for every item, the mean of the known items that about as many
 * users have. An item that nobody has beside a known one begins at the mean of all. Weights that
 * only a training has, which a model does not keep, are drawn as ever.
 */
final class FirstWeights {
  /** How many known items of about the same popularity a new one is likened to. */
  private static final int ALIKE = 25;

  private final TrainedModel from;
  private final int[] known; // of each item its index in that model, or -1
  private final int[] counts; // of each item the number of users
  private final Map<Integer, Map<Integer, Double>> beside; // of a new item the known ones, weighed

  private FirstWeights(TrainedModel from, CsrMatrix users, IdIndex items) {
    this.from = from;
    known = IntStream.range(0, items.size()).map(i -> from.items().indexOf(items.id(i))).toArray();
    counts = users.columnCounts();
    beside = beside(users);
  }

  /**
   * The weights to begin with.
   *
   * @param from a model of the same settings but for those of the schedule
   * @param settings of the training
   * @param users training users × items
   * @param items raw ids
   * @return the weights by their names
   * @throws IllegalArgumentException if the weights of the model are not those of the settings, or
   *     no item is one that the model knows
   */
  static Map<String, float[]> of(
      TrainedModel from, Settings settings, CsrMatrix users, IdIndex items) {
    FirstWeights first = new FirstWeights(from, users, items);
    Require.that(
        Arrays.stream(first.known).anyMatch(item -> item >= 0),
        "the items",
        "some that the model to go on from knows, as '" + from.items().id(0) + "'",
        "'" + items.id(0) + "' and others, none of which it does");
    Map<String, Shape> now = shapes(settings, items.size());
    Map<String, Shape> wider = shapes(settings, items.size() + 1);
    Map<String, Weight> before = new LinkedHashMap<>();
    from.weights().forEach(weight -> before.put(weight.name(), weight));
    Map<String, float[]> weights = new LinkedHashMap<>();
    before.forEach(
        (name, weight) -> {
          Shape shape = now.get(name);
          int axis = shape == null ? -1 : differing(shape, wider.get(name));
          Require.that(
              shape != null && fits(weight.shape(), shape, axis, from.itemCount()),
              "the weight " + name + " of the model to go on from",
              shape == null ? "none" : "of the shape " + shape + " but for its items",
              weight.shape());
          weights.put(name, axis < 0 ? weight.values() : first.moved(weight, shape, axis));
        });
    return weights;
  }

  /** The shapes of a model's weights over so many items. */
  private static Map<String, Shape> shapes(Settings settings, int items) {
    try (Graph graph = new Graph()) {
      NetworkGraph network = new NetworkGraph(graph, settings, items);
      new TrainingStep(network, settings, null); // which may ask for more
      Map<String, Shape> shapes = new LinkedHashMap<>();
      network.variables.weights().forEach(one -> shapes.put(one.name(), one.dimensions()));
      return shapes;
    }
  }

  /** The dimension that is the number of items; -1 where none is. */
  private static int differing(Shape shape, Shape wider) {
    for (int axis = 0; axis < shape.numDimensions(); axis++) {
      if (shape.get(axis) != wider.get(axis)) {
        return axis;
      }
    }
    return -1;
  }

  private static boolean fits(List<Long> before, Shape shape, int axis, int itemsBefore) {
    if (before.size() != shape.numDimensions()) {
      return false;
    }
    for (int one = 0; one < before.size(); one++) {
      if (before.get(one) != (one == axis ? itemsBefore : shape.get(one))) {
        return false;
      }
    }
    return true;
  }

  /** A weight with its vectors at the places of today's items. */
  private float[] moved(Weight weight, Shape shape, int axis) {
    int blocks = 1; // what stands before the axis
    for (int one = 0; one < axis; one++) {
      blocks *= Math.toIntExact(shape.get(one));
    }
    int items = known.length;
    int width = Math.toIntExact(shape.size() / blocks / items); // what stands after it
    int itemsBefore = from.itemCount();
    float[] values = weight.values();
    float[] moved = new float[Math.toIntExact(shape.size())];
    boolean numbers = blocks * width == 1;
    double[] mean = new double[blocks * width];
    int knownItems = 0;
    for (int item = 0; item < items; item++) {
      if (known[item] < 0) {
        continue;
      }
      knownItems++;
      for (int block = 0; block < blocks; block++) {
        int source = (block * itemsBefore + known[item]) * width;
        System.arraycopy(values, source, moved, (block * items + item) * width, width);
        for (int place = 0; place < width; place++) {
          mean[block * width + place] += values[source + place];
        }
      }
    }
    Integer[] byCount = numbers ? knownByCount() : new Integer[0];
    for (int item = 0; item < items; item++) {
      if (known[item] >= 0) {
        continue;
      }
      Map<Integer, Double> others =
          numbers ? aboutAsPopular(byCount, counts[item]) : beside.getOrDefault(item, Map.of());
      double sum = others.values().stream().mapToDouble(Double::doubleValue).sum();
      for (int block = 0; block < blocks; block++) {
        for (int place = 0; place < width; place++) {
          double value = mean[block * width + place] / knownItems;
          if (sum > 0) {
            value = 0;
            for (Map.Entry<Integer, Double> other : others.entrySet()) {
              int source = (block * itemsBefore + known[other.getKey()]) * width + place;
              value += other.getValue() / sum * values[source];
            }
          }
          moved[(block * items + item) * width + place] = (float) value;
        }
      }
    }
    return moved;
  }

  private Integer[] knownByCount() {
    return IntStream.range(0, known.length)
        .filter(item -> known[item] >= 0)
        .boxed()
        .sorted(Comparator.comparingInt(item -> counts[item]))
        .toArray(Integer[]::new);
  }

  /** The known items whose numbers of users are nearest to one, alike. */
  private Map<Integer, Double> aboutAsPopular(Integer[] byCount, int count) {
    int from = 0;
    while (from < byCount.length && counts[byCount[from]] < count) {
      from++;
    }
    int to = from;
    while (to - from < Math.min(ALIKE, byCount.length)) {
      boolean lower =
          to == byCount.length
              || (from > 0 && count - counts[byCount[from - 1]] <= counts[byCount[to]] - count);
      if (lower) {
        from--;
      } else {
        to++;
      }
    }
    Map<Integer, Double> alike = new TreeMap<>();
    for (int place = from; place < to; place++) {
      alike.put(byCount[place], 1.0);
    }
    return alike;
  }

  private Map<Integer, Map<Integer, Double>> beside(CsrMatrix users) {
    Map<Integer, Map<Integer, Double>> sums = new TreeMap<>();
    for (int user = 0; user < users.rows(); user++) {
      List<Integer> fresh = new ArrayList<>();
      List<Integer> old = new ArrayList<>();
      users.row(user).forEach((int item) -> (known[item] < 0 ? fresh : old).add(item));
      for (int item : fresh) {
        Map<Integer, Double> others = sums.computeIfAbsent(item, one -> new TreeMap<>());
        old.forEach(other -> others.merge(other, 1 / Math.sqrt(counts[other]), Double::sum));
      }
    }
    return sums;
  }
}
