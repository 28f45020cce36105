package io.github.vaecf.core.training;

import io.github.vaecf.core.model.Autoencoder;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.model.TensorFlowLayers.Initials;
import io.github.vaecf.core.model.TrainingSettings;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The TensorFlow graph of one model: its variables and the way from histories to scores and
 * rankings, as the model describes it.
 *
 * <p>A batch of B users over I items is given by the coordinates of its ones ({@link #indices}), so
 * that nothing of size B × I is built on the host.
 */
final class NetworkGraph {
  final Graph graph;
  final Ops tf;
  final int items;
  final Variables variables;

  /** Whether weights over the items are kept so that a step can take some rows of them. */
  final boolean byRows;

  // Inputs, narrow since a GPU gets them by a slow way: coordinates of the batch's ones [n, 2]; of
  // each row 1 / √(ones in it) [B]; [B, I].
  final Placeholder<TInt32> fedIndices;
  final Placeholder<TFloat32> rowValues;
  final Placeholder<TInt64> shape;

  // What is made of them: the coordinates [n, 2], and the entry of each [n].
  final Operand<TInt64> indices;
  final Operand<TFloat32> values;

  final Operand<TFloat32> latent; // null where the model has none
  final Operand<TFloat32> scores;
  final Optional<TensorFlowLayers.ItemKernel> itemKernel;
  final Optional<TensorFlowLayers.Products> products; // where the scores are such
  final Placeholder<TInt32> k;
  final Operand<TFloat32> topScores;
  final Operand<TInt32> topItems;

  NetworkGraph(Graph graph, Settings settings, int items) {
    this(graph, settings, items, false);
  }

  /** One that a training step is to be added to. */
  static NetworkGraph forTraining(Graph graph, Settings settings, int items) {
    return new NetworkGraph(
        graph, settings, items, settings.get(TrainingSettings.ITEMS_PER_STEP) > 0);
  }

  private NetworkGraph(Graph graph, Settings settings, int items, boolean byRows) {
    this.graph = graph;
    this.items = items;
    this.byRows = byRows;
    tf = Ops.create(graph);
    variables = new Variables(tf);
    fedIndices =
        tf.withName("indices").placeholder(TInt32.class, Placeholder.shape(Shape.of(-1, 2)));
    rowValues =
        tf.withName("row_values").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
    indices = tf.dtypes.cast(fedIndices, TInt64.class);
    Operand<TInt32> first = tf.constant(0);
    values =
        tf.withName("values").gather(rowValues, tf.gather(indices, first, tf.constant(1)), first);
    shape = tf.withName("shape").placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
    TensorFlowLayers layers =
        new TensorFlowLayers(
            tf, items, histories(values), variables.learning(), initials(settings)) {
          @Override
          public Operand<TFloat32> items(String name, Operand<TFloat32> input) {
            keepItemsInRows(name);
            return super.items(name, input);
          }
        };
    if (settings.model() instanceof Autoencoder autoencoder) {
      latent = autoencoder.encode(settings, layers);
      scores = autoencoder.decode(settings, layers, latent);
    } else {
      latent = null;
      scores = settings.model().scores(settings, layers);
    }
    itemKernel = layers.itemKernel();
    products = layers.products(scores);
    k = tf.withName("k").placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
    // A score that is no number must not be ranked; the check costs one read, by one thread of a
    // CPU.
    Operand<TFloat32> checkedScores = tf.debugging.checkNumerics(scores, "scores");
    Operand<TInt32> seenCount =
        tf.slice(tf.shape(indices), tf.constant(new int[] {0}), tf.constant(new int[] {1}));
    Operand<TFloat32> unseen =
        tf.tensorScatterNdUpdate(
            checkedScores, indices, tf.fill(seenCount, tf.constant(Float.NEGATIVE_INFINITY)));
    TopK<TFloat32, TInt32> top = tf.nn.topK(unseen, k, TInt32.class, TopK.sorted(true));
    topScores = top.values();
    topItems = top.indices();
  }

  /** Where the layers begin; what is in closed form has values before anything is asked of it. */
  private static Initials initials(Settings settings) {
    return settings.model() instanceof GradientModel model ? model.initials() : Initials.glorot();
  }

  /** Said of each layer over the items before its weights are asked for. */
  void keepItemsInRows(String layer) {
    if (byRows) {
      variables.keepItemsInRows(layer + "/kernel");
    }
  }

  /** The batch's histories with these values in the place of their ones. */
  TensorFlowLayers.Histories histories(Operand<TFloat32> entries) {
    return new TensorFlowLayers.Histories(indices, entries, shape);
  }
}
