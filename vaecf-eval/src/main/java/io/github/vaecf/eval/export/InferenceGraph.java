package io.github.vaecf.eval.export;

import io.github.vaecf.core.model.Autoencoder;
import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.model.TensorFlowLayers.Histories;
import io.github.vaecf.core.model.TensorFlowLayers.ItemKernel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.HashTable;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.ReduceAny;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * The graph that answers requests: the model as it describes itself, and around it what turns raw
 * ids into histories and scores into a ranking. Nothing of the training is in it.
 *
 * <p>A history is a set: its indices are sorted, which puts duplicates side by side, and
 * duplicates, unknown ids and padding are left out. Sorting also makes the answer independent, to
 * the last bit, of the order of the items. The first layer multiplies sparsely, so that one request
 * reads only the rows of the encoder that its items need.
 */
final class InferenceGraph implements AutoCloseable {
  /** The constant that the loader replaces by the path of the vocabulary. */
  static final String VOCABULARY = "vocabulary";

  /** The operation that the loader runs once to fill the tables. */
  static final String MAIN_OP = "fill_tables";

  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph);
  private final ModelSnapshot model;
  private final int items;
  private final int topK;
  private final ExportedWeights weights;
  private final Map<String, Variable> variables = new LinkedHashMap<>();
  private final Map<String, SignatureDef> signatures = new LinkedHashMap<>();
  private final HashTable indexOfId;
  private final HashTable idOfIndex;
  private final SaverDef saver;
  private ItemProducts products; // null where the scores are no such

  /**
   * A weight: its values, how the checkpoint holds them, its handle in the graph, and the operation
   * that reads it.
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Variable(
      String name,
      Shape shape,
      float[] values,
      ExportedWeights form,
      VarHandleOp handle,
      Operand<TFloat32> read) {}

  /**
   * The graph of a model.
   *
   * @param topK length of the rankings whose length is fixed, at most the number of items
   * @param weights how the checkpoint holds the matrices
   */
  InferenceGraph(ModelSnapshot model, int topK, ExportedWeights weights) {
    this.model = model;
    this.weights = weights;
    this.items = model.items().size();
    this.topK = topK;

    Operand<TString> vocabulary = tf.withName(VOCABULARY).constant("");
    indexOfId =
        tf.withName("index_of_id")
            .hashTable(TString.class, TInt64.class, HashTable.sharedName("index_of_id"));
    idOfIndex =
        tf.withName("id_of_index")
            .hashTable(TInt64.class, TString.class, HashTable.sharedName("id_of_index"));
    // Of each line of the file, −2 stands for the text and −1 for the number, counted from 0.
    Op fillIndices = tf.initializeTableFromTextFile(indexOfId, vocabulary, -2L, -1L);
    Op fillIds = tf.initializeTableFromTextFile(idOfIndex, vocabulary, -1L, -2L);
    tf.withControlDependencies(fillIndices, fillIds).withName(MAIN_OP).noOp();

    TensorFlowLayers layers = addSignaturesOverIds();
    addSignaturesOverIndices();
    addGroups();
    addBecause();
    model.autoencoder().ifPresent(this::addDecode);
    layers.itemKernel().ifPresent(this::addSimilarItems);
    saver = addSaver();
  }

  /** Gives the layers, which know the item kernel now. */
  private TensorFlowLayers addSignaturesOverIds() {
    Placeholder<TString> rawItems =
        placeholder(ExportFormat.ITEMS, TString.class, Shape.of(-1, -1));
    Placeholder<TString> rawExcluded =
        placeholder(ExportFormat.EXCLUDE, TString.class, Shape.of(-1, -1));
    Operand<TInt64> history = sorted(indices(rawItems));
    TensorFlowLayers layers = layers(histories(history));
    ModelSnapshot.Answer<Operand<TFloat32>> answer = model.answer(layers);
    Operand<TFloat32> scores = answer.scores();

    TopK<TFloat32, TInt32> best = best(scores, history, tf.constant(topK));
    add(
        new SignatureBuilder(ExportFormat.RECOMMEND)
            .input(ExportFormat.ITEMS, rawItems, DataType.DT_STRING, -1, -1)
            .output(ExportFormat.ITEMS, ids(best), DataType.DT_STRING, -1, topK)
            .output(ExportFormat.SCORES, best.values(), DataType.DT_FLOAT, -1, topK));

    Operand<TInt64> leftOut = tf.concat(List.of(history, indices(rawExcluded)), tf.constant(1));
    TopK<TFloat32, TInt32> rest = best(scores, leftOut, tf.constant(topK));
    add(
        new SignatureBuilder(ExportFormat.RECOMMEND_EXCLUDING)
            .input(ExportFormat.ITEMS, rawItems, DataType.DT_STRING, -1, -1)
            .input(ExportFormat.EXCLUDE, rawExcluded, DataType.DT_STRING, -1, -1)
            .output(ExportFormat.ITEMS, ids(rest), DataType.DT_STRING, -1, topK)
            .output(ExportFormat.SCORES, rest.values(), DataType.DT_FLOAT, -1, topK));
    addFiltered(rawItems, rawExcluded, history, scores);

    add(
        new SignatureBuilder(ExportFormat.SCORE)
            .input(ExportFormat.ITEMS, rawItems, DataType.DT_STRING, -1, -1)
            .output(ExportFormat.SCORES, scores, DataType.DT_FLOAT, -1, items));
    answer
        .latent()
        .ifPresent(
            latent ->
                add(
                    new SignatureBuilder(ExportFormat.ENCODE)
                        .input(ExportFormat.ITEMS, rawItems, DataType.DT_STRING, -1, -1)
                        .output(
                            ExportFormat.LATENT,
                            latent,
                            DataType.DT_FLOAT,
                            -1,
                            model.latentWidth())));
    return layers;
  }

  /** The best of what each request lets come, as many and from the place on that it asks for. */
  private void addFiltered(
      Placeholder<TString> rawItems,
      Placeholder<TString> rawExcluded,
      Operand<TInt64> history,
      Operand<TFloat32> scores) {
    Placeholder<TString> rawAllowed =
        placeholder(ExportFormat.ALLOW, TString.class, Shape.of(-1, -1));
    Placeholder<TInt32> lengths = placeholder("filtered_k", TInt32.class, Shape.of(-1));
    Placeholder<TInt32> offsets = placeholder(ExportFormat.OFFSET, TInt32.class, Shape.of(-1));
    Placeholder<TInt32> withHistory =
        placeholder(ExportFormat.WITH_HISTORY, TInt32.class, Shape.of(-1));

    Operand<TInt64> seen =
        tf.select(
            tf.math.greater(column(withHistory), tf.constant(0)),
            tf.constant(ExportFormat.NO_INDEX),
            history);
    Operand<TInt64> leftOut = tf.concat(List.of(seen, indices(rawExcluded)), tf.constant(1));
    Operand<TInt32> length = withinItems(lengths);
    Operand<TInt32> first = withinItems(offsets);
    Operand<TInt32> depth = withinItems(tf.reduceMax(tf.math.add(first, length), tf.constant(0)));
    TopK<TFloat32, TInt32> best = best(allowed(scores, rawAllowed), leftOut, depth);

    Page page = page(best, first, length, depth);
    add(
        new SignatureBuilder(ExportFormat.RECOMMEND_FILTERED)
            .input(ExportFormat.ITEMS, rawItems, DataType.DT_STRING, -1, -1)
            .input(ExportFormat.EXCLUDE, rawExcluded, DataType.DT_STRING, -1, -1)
            .input(ExportFormat.ALLOW, rawAllowed, DataType.DT_STRING, -1, -1)
            .input(ExportFormat.K, lengths, DataType.DT_INT32, -1)
            .input(ExportFormat.OFFSET, offsets, DataType.DT_INT32, -1)
            .input(ExportFormat.WITH_HISTORY, withHistory, DataType.DT_INT32, -1)
            .output(ExportFormat.ITEMS, ids(page.items()), DataType.DT_STRING, -1, -1)
            .output(ExportFormat.SCORES, page.scores(), DataType.DT_FLOAT, -1, -1));
  }

  /** A part of each row's ranking. */
  private record Page(Operand<TInt64> items, Operand<TFloat32> scores) {}

  /**
   * Each row's page, as wide as the longest one.
   *
   * @param first how many of the best each row passes over
   * @param length how many it has
   * @param depth of the rankings
   */
  private Page page(
      TopK<TFloat32, TInt32> best,
      Operand<TInt32> first,
      Operand<TInt32> length,
      Operand<TInt32> depth) {
    Operand<TInt32> place =
        tf.range(tf.constant(0), tf.reduceMax(length, tf.constant(0)), tf.constant(1));
    Operand<TInt32> at = tf.math.add(column(first), place);
    Operand<TBool> asked =
        tf.math.logicalAnd(tf.math.less(place, column(length)), tf.math.less(at, depth));
    Operand<TInt64> inDepth =
        places(
            tf.dtypes.cast(tf.math.minimum(at, tf.math.sub(depth, tf.constant(1))), TInt64.class));
    Operand<TFloat32> values =
        tf.select(asked, tf.gatherNd(best.values(), inDepth), tf.constant(ExportFormat.LEFT_OUT));
    return new Page(ranked(values, tf.gatherNd(best.indices(), inDepth)), values);
  }

  /**
   * One list for several people, each row a group: scores standardised by person over the items
   * that nobody of the group has, then their mean or least, in float64 as on the JVM.
   */
  private void addGroups() {
    Placeholder<TString> rawItems = placeholder("group_items", TString.class, Shape.of(-1, -1));
    Placeholder<TInt32> persons = placeholder(ExportFormat.PERSON, TInt32.class, Shape.of(-1, -1));
    Placeholder<TInt32> leastMisery =
        placeholder(ExportFormat.LEAST_MISERY, TInt32.class, Shape.of(-1));
    Placeholder<TString> rawExcluded =
        placeholder("group_exclude", TString.class, Shape.of(-1, -1));
    Placeholder<TString> rawAllowed = placeholder("group_allow", TString.class, Shape.of(-1, -1));
    Placeholder<TInt32> lengths = placeholder("group_k", TInt32.class, Shape.of(-1));

    Operand<TInt64> known = indices(rawItems);
    Operand<TInt64> groups = size(known, 0);
    Operand<TInt64> width = size(known, 1);
    Operand<TInt32> whole = tf.range(tf.constant(0), tf.constant(2), tf.constant(1));
    // As many as are numbered, but no more than there are places, whatever a request says.
    Operand<TInt32> people =
        tf.math.maximum(
            tf.constant(1),
            tf.math.minimum(
                tf.math.add(tf.reduceMax(persons, whole), tf.constant(1)),
                tf.dtypes.cast(width, TInt32.class)));
    Operand<TInt32> numbers = tf.range(tf.constant(0), people, tf.constant(1));
    Operand<TInt64> peopleSize = tf.dtypes.cast(people, TInt64.class);
    // [groups, people, places]: whose place it is.
    Operand<TBool> theirs =
        tf.math.equal(
            tf.expandDims(persons, tf.constant(1)), tf.expandDims(numbers, tf.constant(1)));
    Operand<TInt64> histories =
        tf.reshape(
            tf.select(
                theirs, tf.expandDims(known, tf.constant(1)), tf.constant(ExportFormat.NO_INDEX)),
            tf.stack(List.of(tf.math.mul(groups, peopleSize), width)));
    Operand<TFloat32> all = model.answer(layers(histories(sorted(histories)))).scores();
    Operand<TFloat64> scores =
        tf.reshape(
            tf.dtypes.cast(all, TFloat64.class),
            tf.stack(List.of(groups, peopleSize, tf.constant((long) items))));

    // [groups, people]: who there is; in a group of nobody somebody of whom nothing is known.
    Operand<TBool> there = tf.reduceAny(theirs, tf.constant(2));
    Operand<TBool> nobody =
        tf.math.logicalNot(tf.reduceAny(there, tf.constant(1), ReduceAny.keepDims(true)));
    there =
        tf.math.logicalOr(there, tf.math.logicalAnd(nobody, tf.math.less(numbers, tf.constant(1))));

    Operand<TInt64> seen =
        tf.select(tf.reduceAny(theirs, tf.constant(1)), known, tf.constant(ExportFormat.NO_INDEX));
    Operand<TFloat64> measured = measured(seen);
    Operand<TFloat64> zero = tf.constant(0.0);
    Operand<TFloat64> count = tf.reduceSum(measured, tf.constant(2), ReduceSum.keepDims(true));
    Operand<TFloat64> mean =
        tf.math.div(
            tf.reduceSum(tf.math.mul(scores, measured), tf.constant(2), ReduceSum.keepDims(true)),
            count);
    Operand<TFloat64> centred = tf.math.sub(scores, mean);
    Operand<TFloat64> deviation =
        tf.math.sqrt(
            tf.math.div(
                tf.reduceSum(
                    tf.math.mul(tf.math.square(centred), measured),
                    tf.constant(2),
                    ReduceSum.keepDims(true)),
                count));
    Operand<TBool> says =
        tf.math.logicalAnd(tf.expandDims(there, tf.constant(2)), tf.math.greater(deviation, zero));
    Operand<TFloat64> standardised =
        tf.math.div(centred, tf.select(tf.math.greater(deviation, zero), deviation, one()));
    Operand<TFloat64> number =
        tf.reduceSum(
            tf.dtypes.cast(there, TFloat64.class), tf.constant(1), ReduceSum.keepDims(true));
    Operand<TFloat64> average =
        tf.reduceSum(
            tf.select(says, tf.math.div(standardised, tf.expandDims(number, tf.constant(2))), zero),
            tf.constant(1));
    Operand<TFloat64> least =
        tf.reduceMin(
            tf.select(says, standardised, tf.constant(Double.POSITIVE_INFINITY)), tf.constant(1));
    least = tf.select(tf.math.isInf(least), zero, least); // where nobody has a say
    Operand<TFloat32> together =
        tf.dtypes.cast(
            tf.select(tf.math.greater(column(leastMisery), tf.constant(0)), least, average),
            TFloat32.class);

    Operand<TInt32> length = withinItems(lengths);
    Operand<TInt32> depth = tf.reduceMax(length, tf.constant(0));
    Operand<TInt64> leftOut =
        tf.concat(List.of(padded(seen), indices(rawExcluded)), tf.constant(1));
    Page page =
        page(
            best(allowed(together, rawAllowed), leftOut, depth),
            tf.zerosLike(length),
            length,
            depth);
    add(
        new SignatureBuilder(ExportFormat.RECOMMEND_GROUP)
            .input(ExportFormat.ITEMS, rawItems, DataType.DT_STRING, -1, -1)
            .input(ExportFormat.PERSON, persons, DataType.DT_INT32, -1, -1)
            .input(ExportFormat.LEAST_MISERY, leastMisery, DataType.DT_INT32, -1)
            .input(ExportFormat.EXCLUDE, rawExcluded, DataType.DT_STRING, -1, -1)
            .input(ExportFormat.ALLOW, rawAllowed, DataType.DT_STRING, -1, -1)
            .input(ExportFormat.K, lengths, DataType.DT_INT32, -1)
            .output(ExportFormat.ITEMS, ids(page.items()), DataType.DT_STRING, -1, -1)
            .output(ExportFormat.SCORES, page.scores(), DataType.DT_FLOAT, -1, -1));
  }

  private Operand<TFloat64> one() {
    return tf.constant(1.0);
  }

  /**
   * 1 for each item over which a group's scores are standardised, [groups, 1, items]: those that
   * nobody has, or all where there are none.
   *
   * @param seen indices [groups, places] of what anybody has, −1 where there is none
   */
  private Operand<TFloat64> measured(Operand<TInt64> seen) {
    Operand<TInt64> highest = highest(seen);
    Operand<TFloat64> update =
        tf.select(tf.math.greaterEqual(highest, tf.constant(0L)), tf.constant(0.0), one());
    Operand<TInt64> shape = tf.stack(List.of(size(seen, 0), tf.constant((long) items)));
    Operand<TFloat64> nobodys =
        tf.tensorScatterNdUpdate(
            tf.fill(shape, one()),
            places(written(seen, highest)),
            tf.broadcastTo(update, tf.shape(seen, TInt64.class)));
    Operand<TFloat64> count = tf.reduceSum(nobodys, tf.constant(1), ReduceSum.keepDims(true));
    return tf.expandDims(
        tf.select(tf.math.greater(count, tf.constant(0.0)), nobodys, one()), tf.constant(1));
  }

  /**
   * What each place of a history does for an item: its score less that without the place's item.
   */
  private void addBecause() {
    Placeholder<TString> rawItem = placeholder("carried", TString.class, Shape.of(-1));
    Placeholder<TString> rawItems = placeholder("carrying", TString.class, Shape.of(-1, -1));
    Operand<TInt64> item = indices(rawItem);
    Operand<TInt64> known = indices(rawItems);
    Operand<TInt64> rows = size(known, 0);
    Operand<TInt64> width = size(known, 1);
    Operand<TInt64> across = tf.expandDims(known, tf.constant(1));
    // [rows, places + 1, places]: the history without the item of each place, and the whole one.
    Operand<TInt64> without =
        tf.select(
            tf.math.equal(tf.expandDims(known, tf.constant(2)), across),
            tf.constant(ExportFormat.NO_INDEX),
            across);
    Operand<TInt64> each = tf.math.add(width, tf.constant(1L));
    Operand<TInt64> histories =
        tf.reshape(
            tf.concat(List.of(without, across), tf.constant(1)),
            tf.stack(List.of(tf.math.mul(rows, each), width)));
    Operand<TFloat32> scores = model.answer(layers(histories(sorted(histories)))).scores();
    Operand<TInt64> columns =
        tf.reshape(
            tf.broadcastTo(
                column(tf.math.maximum(item, tf.constant(0L))), tf.stack(List.of(rows, each))),
            tf.stack(List.of(tf.math.mul(rows, each), tf.constant(1L))));
    Operand<TFloat32> ofItem =
        tf.reshape(tf.gatherNd(scores, places(columns)), tf.stack(List.of(rows, each)));
    Operand<TFloat32> whole =
        tf.slice(
            ofItem, tf.stack(List.of(tf.constant(0L), width)), tf.constant(new long[] {-1, 1}));
    Operand<TFloat32> less =
        tf.slice(
            ofItem, tf.constant(new long[] {0, 0}), tf.stack(List.of(tf.constant(-1L), width)));
    Operand<TFloat32> contributions =
        tf.select(
            tf.math.greaterEqual(known, tf.constant(0L)),
            tf.math.sub(whole, less),
            tf.constant(0f));
    add(
        new SignatureBuilder(ExportFormat.BECAUSE)
            .input(ExportFormat.ITEM, rawItem, DataType.DT_STRING, -1)
            .input(ExportFormat.ITEMS, rawItems, DataType.DT_STRING, -1, -1)
            .output(
                ExportFormat.CONTRIBUTIONS,
                tf.select(
                    tf.math.greaterEqual(column(item), tf.constant(0L)),
                    contributions,
                    tf.constant(ExportFormat.LEFT_OUT)),
                DataType.DT_FLOAT,
                -1,
                -1));
  }

  /**
   * The scores [batch, items] with {@link ExportFormat#LEFT_OUT} in the place of those that a row
   * of ids does not have. A row of nothing but padding lets all items come, one of unknown ids
   * none.
   */
  private Operand<TFloat32> allowed(Operand<TFloat32> scores, Operand<TString> rawAllowed) {
    Operand<TInt64> allow = padded(indices(rawAllowed));
    Operand<TInt64> highest = highest(allow);
    Operand<TInt64> target = places(written(allow, highest));
    Operand<TFloat32> updates =
        tf.select(
            tf.math.greaterEqual(highest, tf.constant(0L)),
            tf.gatherNd(scores, target),
            tf.constant(ExportFormat.LEFT_OUT));
    Operand<TFloat32> none =
        tf.fill(tf.shape(scores, TInt64.class), tf.constant(ExportFormat.LEFT_OUT));
    Operand<TBool> chosen =
        tf.reduceAny(
            tf.math.notEqual(rawAllowed, tf.constant(ExportFormat.NO_ID)),
            tf.constant(1),
            ReduceAny.keepDims(true));
    return tf.select(chosen, tf.tensorScatterNdUpdate(none, target, updates), scores);
  }

  private Operand<TInt32> withinItems(Operand<TInt32> numbers) {
    return tf.math.minimum(tf.math.maximum(numbers, tf.constant(0)), tf.constant(items));
  }

  private <T extends TType> Operand<T> column(Operand<T> vector) {
    return tf.expandDims(vector, tf.constant(1));
  }

  private void addSignaturesOverIndices() {
    Placeholder<TInt64> indices = placeholder("indices", TInt64.class, Shape.of(-1, -1));
    Placeholder<TInt32> lengths = placeholder(ExportFormat.K, TInt32.class, Shape.of(-1));
    Operand<TInt64> inRange =
        tf.select(
            tf.math.less(indices, tf.constant((long) items)),
            indices,
            tf.constant(ExportFormat.NO_INDEX));
    Operand<TInt64> history = sorted(inRange);
    TensorFlowLayers layers = layers(histories(history));
    Operand<TFloat32> scores = model.answer(layers).scores();
    layers.products(scores).ifPresent(this::addUserVectors);
    // No signature, as it takes a reader in the same process to make something of so much.
    tf.withName(ExportFormat.ALL_SCORES).identity(scores);

    TopK<TFloat32, TInt32> best = best(scores, history, tf.constant(topK));
    add(
        new SignatureBuilder(ExportFormat.RECOMMEND_INDICES)
            .input(ExportFormat.ITEMS, indices, DataType.DT_INT64, -1, -1)
            .output(ExportFormat.ITEMS, indices(best), DataType.DT_INT64, -1, topK)
            .output(ExportFormat.SCORES, best.values(), DataType.DT_FLOAT, -1, topK));

    Operand<TInt32> longest =
        tf.math.minimum(tf.reduceMax(lengths, tf.constant(0)), tf.constant(items));
    TopK<TFloat32, TInt32> ranking = best(scores, history, longest);
    add(
        new SignatureBuilder(ExportFormat.RANK_INDICES)
            .input(ExportFormat.ITEMS, indices, DataType.DT_INT64, -1, -1)
            .input(ExportFormat.K, lengths, DataType.DT_INT32, -1)
            .output(ExportFormat.ITEMS, indices(ranking), DataType.DT_INT64, -1, -1)
            .output(ExportFormat.SCORES, ranking.values(), DataType.DT_FLOAT, -1, -1));
  }

  /** No signature, as only who has an index of the items can make something of it. */
  private void addUserVectors(TensorFlowLayers.Products scores) {
    tf.withName(ExportFormat.USER_VECTORS).identity(scores.users());
    Variable kernel = variable(scores.items());
    products =
        new ItemProducts(
            items,
            kernel.values(),
            scores.inRows(),
            scores.bias() == null ? null : variable(scores.bias()).values(),
            kernel.name().endsWith(TensorFlowLayers.DIRECTIONS) ? 1 : 0);
  }

  private Variable variable(Operand<TFloat32> read) {
    return variables.values().stream()
        .filter(variable -> variable.read() == read)
        .findFirst()
        .orElseThrow();
  }

  private void addDecode(Autoencoder autoencoder) {
    Placeholder<TFloat32> vector =
        placeholder(ExportFormat.LATENT, TFloat32.class, Shape.of(-1, model.latentWidth()));
    // A decoder sees the latent vector only, so there are no histories.
    Operand<TFloat32> scores = autoencoder.decode(model.settings(), layers(null), vector);
    add(
        new SignatureBuilder(ExportFormat.DECODE)
            .input(ExportFormat.LATENT, vector, DataType.DT_FLOAT, -1, model.latentWidth())
            .output(ExportFormat.SCORES, scores, DataType.DT_FLOAT, -1, items));
  }

  private TensorFlowLayers layers(Histories histories) {
    return new TensorFlowLayers(
        tf, items, histories, (name, shape, initial) -> weight(name, shape)) {
      @Override
      protected Operand<TFloat32> unit(Operand<TFloat32> directions) {
        return directions; // the snapshot has them at unit length
      }
    };
  }

  /** What is like an item, and how much like it some items are. */
  private void addSimilarItems(ItemKernel kernel) {
    Placeholder<TString> rawItem = placeholder(ExportFormat.ITEM, TString.class, Shape.of(-1));
    Placeholder<TString> rawOthers = placeholder("others", TString.class, Shape.of(-1, -1));
    Operand<TInt64> item = tf.expandDims(indices(rawItem), tf.constant(1));
    Operand<TFloat32> cosines = cosines(kernel, item);

    TopK<TFloat32, TInt32> similar = best(cosines, item, tf.constant(topK));
    add(
        new SignatureBuilder(ExportFormat.SIMILAR_ITEMS)
            .input(ExportFormat.ITEM, rawItem, DataType.DT_STRING, -1)
            .output(ExportFormat.ITEMS, ids(similar), DataType.DT_STRING, -1, topK)
            .output(ExportFormat.SCORES, similar.values(), DataType.DT_FLOAT, -1, topK));

    Operand<TInt64> others = indices(rawOthers);
    Operand<TInt64> known = tf.math.maximum(others, tf.constant(0L));
    Operand<TFloat32> compared =
        tf.select(
            tf.math.greaterEqual(others, tf.constant(0L)),
            tf.gatherNd(cosines, places(known)),
            tf.constant(ExportFormat.LEFT_OUT));
    add(
        new SignatureBuilder(ExportFormat.SIMILARITY)
            .input(ExportFormat.ITEM, rawItem, DataType.DT_STRING, -1)
            .input(ExportFormat.ITEMS, rawOthers, DataType.DT_STRING, -1, -1)
            .output(ExportFormat.SCORES, compared, DataType.DT_FLOAT, -1, -1));
  }

  /**
   * The cosines [batch, items] between an item's embedding and every other's; {@link
   * ExportFormat#LEFT_OUT} for an unknown item.
   *
   * @param embeddings the kernel that has them
   * @param item index [batch, 1]
   */
  private Operand<TFloat32> cosines(ItemKernel embeddings, Operand<TInt64> item) {
    Operand<TInt64> known =
        tf.squeeze(tf.math.maximum(item, tf.constant(0L)), Squeeze.axis(List.of(1L)));
    Weight weight = model.weight(embeddings.name());
    Operand<TFloat32> kernel = weight(embeddings.name(), shape(weight));
    Operand<TFloat32> inverseNorms =
        variable(
                "similar/inverse_norms",
                Shape.of(items),
                inverseNorms(weight, embeddings.inRows() ? 0 : 1))
            .read();
    Operand<TFloat32> products =
        embeddings.inRows()
            ? tf.linalg.matMul(
                tf.gather(kernel, known, tf.constant(0)), kernel, MatMul.transposeB(true))
            : tf.linalg.matMul(
                tf.gather(kernel, known, tf.constant(1)), kernel, MatMul.transposeA(true));
    Operand<TFloat32> norms = tf.gather(inverseNorms, known, tf.constant(0));
    Operand<TFloat32> cosines =
        tf.math.mul(tf.math.mul(products, inverseNorms), tf.expandDims(norms, tf.constant(1)));
    return tf.select(
        tf.math.greaterEqual(item, tf.constant(0L)), cosines, tf.constant(ExportFormat.LEFT_OUT));
  }

  /** The index of each raw id, −1 for an unknown one and for padding. */
  private Operand<TInt64> indices(Operand<TString> rawIds) {
    return tf.lookupTableFind(indexOfId, rawIds, tf.constant(ExportFormat.NO_INDEX));
  }

  /** Indices with a −1 at each row's end, which makes an empty row one entry long. */
  private Operand<TInt64> padded(Operand<TInt64> indices) {
    Operand<TInt64> shape = tf.stack(List.of(size(indices, 0), tf.constant(1L)));
    return tf.concat(
        List.of(indices, tf.fill(shape, tf.constant(ExportFormat.NO_INDEX))), tf.constant(1));
  }

  /** Indices, {@link #padded}, [batch, length + 1] from high to low. */
  private Operand<TInt64> sorted(Operand<TInt64> indices) {
    Operand<TInt64> padded = padded(indices);
    return tf.nn.topK(padded, tf.dtypes.cast(size(padded, 1), TInt32.class), TInt32.class).values();
  }

  /** What of sorted histories [batch, length + 1] counts, as the layers take it. */
  private Histories histories(Operand<TInt64> history) {
    Operand<TInt64> batch = size(history, 0);
    Operand<TInt64> length = size(history, 1);
    Operand<TInt64> start = tf.constant(new long[] {0, 0});
    Operand<TInt64> before =
        tf.concat(
            List.of(
                tf.fill(
                    tf.stack(List.of(batch, tf.constant(1L))), tf.constant(ExportFormat.NO_INDEX)),
                tf.slice(
                    history,
                    start,
                    tf.stack(List.of(batch, tf.math.sub(length, tf.constant(1L)))))),
            tf.constant(1));
    Operand<TBool> counts =
        tf.math.logicalAnd(
            tf.math.greaterEqual(history, tf.constant(0L)), tf.math.notEqual(history, before));
    Operand<TFloat32> ones = tf.dtypes.cast(counts, TFloat32.class);
    Operand<TFloat32> size = tf.reduceSum(ones, tf.constant(1), ReduceSum.keepDims(true));
    // Row / √size is the row at unit length, as all its entries are 1.
    Operand<TFloat32> row = tf.math.div(ones, tf.math.sqrt(tf.math.maximum(size, tf.constant(1f))));

    // Only what counts is multiplied, however much padding the longest history of a batch causes.
    Operand<TInt64> counting = tf.where(counts);
    Operand<TInt64> rows = tf.gather(counting, tf.constant(0), tf.constant(1));
    Operand<TInt64> entries =
        tf.stack(List.of(rows, tf.gatherNd(history, counting)), Stack.axis(1L));
    return new Histories(
        entries, tf.gatherNd(row, counting), tf.stack(List.of(batch, tf.constant((long) items))));
  }

  /**
   * The best k items without those left out, which come last with the score {@link
   * ExportFormat#LEFT_OUT}.
   *
   * @param scores [batch, items]
   * @param leftOut indices [batch, length], length at least 1, −1 where there is none
   */
  private TopK<TFloat32, TInt32> best(
      Operand<TFloat32> scores, Operand<TInt64> leftOut, Operand<TInt32> k) {
    Operand<TInt64> highest = highest(leftOut);
    Operand<TFloat32> firstScore =
        tf.slice(scores, tf.constant(new long[] {0, 0}), tf.constant(new long[] {-1, 1}));
    Operand<TFloat32> update =
        tf.select(
            tf.math.greaterEqual(highest, tf.constant(0L)),
            tf.constant(ExportFormat.LEFT_OUT),
            firstScore);
    Operand<TFloat32> updates = tf.broadcastTo(update, tf.shape(leftOut, TInt64.class));
    return tf.nn.topK(
        tf.tensorScatterNdUpdate(scores, places(written(leftOut, highest)), updates),
        k,
        TInt32.class);
  }

  /** Each row's highest index [batch, 1], −1 where it has none. */
  private Operand<TInt64> highest(Operand<TInt64> indices) {
    return tf.reduceMax(indices, tf.constant(1), ReduceMax.keepDims(true));
  }

  /**
   * The columns that indices write to. Every place must be written to somewhere: a −1 writes what
   * its row's highest index writes too, or, in a row without any, what item 0 has over itself.
   *
   * @param indices [batch, length], length at least 1, −1 where there is none
   * @param highest of them
   */
  private Operand<TInt64> written(Operand<TInt64> indices, Operand<TInt64> highest) {
    return tf.select(
        tf.math.greaterEqual(indices, tf.constant(0L)),
        indices,
        tf.math.maximum(highest, tf.constant(0L)));
  }

  /** The places (row, column) [batch, length, 2] of columns [batch, length]. */
  private Operand<TInt64> places(Operand<TInt64> columns) {
    Operand<TInt64> rows =
        tf.expandDims(tf.range(tf.constant(0L), size(columns, 0), tf.constant(1L)), tf.constant(1));
    return tf.stack(
        List.of(tf.broadcastTo(rows, tf.shape(columns, TInt64.class)), columns), Stack.axis(2L));
  }

  private Operand<TInt64> indices(TopK<TFloat32, TInt32> best) {
    return ranked(best.values(), best.indices());
  }

  /** Items with −1 at the places of what is left out. */
  private Operand<TInt64> ranked(Operand<TFloat32> scores, Operand<TInt32> items) {
    return tf.select(
        tf.math.greater(scores, tf.constant(ExportFormat.LEFT_OUT)),
        tf.dtypes.cast(items, TInt64.class),
        tf.constant(ExportFormat.NO_INDEX));
  }

  private Operand<TString> ids(TopK<TFloat32, TInt32> best) {
    return ids(indices(best));
  }

  private Operand<TString> ids(Operand<TInt64> ranked) {
    return tf.lookupTableFind(idOfIndex, ranked, tf.constant(ExportFormat.NO_ID));
  }

  private Operand<TInt64> size(Operand<? extends TType> tensor, int axis) {
    return tf.gather(tf.shape(tensor, TInt64.class), tf.constant(axis), tf.constant(0));
  }

  private <T extends TType> Placeholder<T> placeholder(String name, Class<T> type, Shape shape) {
    return tf.withName(name).placeholder(type, Placeholder.shape(shape));
  }

  /** A weight of the model, the same one when it is asked for again. */
  private Operand<TFloat32> weight(String name, Shape shape) {
    Variable known = variables.get(name);
    if (known != null) {
      return known.read();
    }
    Weight weight = model.weight(name);
    if (!shape(weight).equals(shape)) {
      throw new IllegalStateException(
          name + ": expected weights of shape " + shape + ", found " + weight.shape());
    }
    return variable(name, shape, weight.values()).read();
  }

  private static Shape shape(Weight weight) {
    return Shape.of(weight.shape().stream().mapToLong(Long::longValue).toArray());
  }

  private Variable variable(String name, Shape shape, float[] values) {
    String node = "weight_" + name.replace('/', '_');
    VarHandleOp handle =
        tf.withName(node).varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(name));
    Operand<TFloat32> read = tf.withName(node + "_read").readVariableOp(handle, TFloat32.class);
    ExportedWeights form =
        ExportedWeights.concerns(shape.toListOrNull()) ? weights : ExportedWeights.FLOAT32;
    Variable variable = new Variable(name, shape, values, form, handle, read);
    variables.put(name, variable);
    return variable;
  }

  /** 1 / ‖embedding‖₂ of each item, 0 for zeros; the items stand along an axis of the kernel. */
  private static float[] inverseNorms(Weight kernel, int axis) {
    double[] squares = new double[kernel.shape().get(axis).intValue()];
    int columns = kernel.shape().get(1).intValue();
    for (int place = 0; place < kernel.values().length; place++) {
      double weight = kernel.values()[place];
      squares[axis == 0 ? place / columns : place % columns] += weight * weight;
    }
    float[] inverse = new float[squares.length];
    for (int item = 0; item < inverse.length; item++) {
      inverse[item] = squares[item] == 0 ? 0 : (float) (1 / Math.sqrt(squares[item]));
    }
    return inverse;
  }

  private void add(SignatureBuilder signature) {
    signatures.put(signature.name(), signature.build());
  }

  /** Adds what the loader runs to read the weights from the checkpoint beside the graph. */
  private SaverDef addSaver() {
    Operand<TString> file =
        tf.withName("save_file").placeholderWithDefault(tf.constant("model"), Shape.scalar());
    Checkpoint checkpoint = new Checkpoint(tf);
    for (Variable variable : variables.values()) {
      checkpoint.add(variable.name(), variable.form(), variable.read());
    }
    Op save = checkpoint.save(file);
    tf.withControlDependencies(save).withName("save_saved").identity(file);
    Iterator<Operand<?>> restored = checkpoint.restore(file).iterator();
    List<Op> assigned = new ArrayList<>();
    for (Variable variable : variables.values()) {
      assigned.add(tf.assignVariableOp(variable.handle(), restored.next()));
    }
    tf.withControlDependencies(assigned).withName("save_restored").noOp();
    return SaverDef.newBuilder()
        .setFilenameTensorName("save_file:0")
        .setSaveTensorName("save_saved:0")
        .setRestoreOpName("save_restored")
        .setVersion(SaverDef.CheckpointFormatVersion.V2)
        .build();
  }

  GraphDef definition() {
    return graph.toGraphDef();
  }

  SaverDef saver() {
    return saver;
  }

  List<Variable> variables() {
    return List.copyOf(variables.values());
  }

  Map<String, SignatureDef> signatures() {
    return signatures;
  }

  /** The items' vectors, where the scores are their products with the users'. */
  Optional<ItemProducts> products() {
    return Optional.ofNullable(products);
  }

  @Override
  public void close() {
    graph.close();
  }
}
