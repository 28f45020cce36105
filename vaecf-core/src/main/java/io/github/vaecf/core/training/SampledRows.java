package io.github.vaecf.core.training;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.tensorflow.Operand;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The part of a training step's graph that takes an {@link ItemSample}: of each weight that has a
 * row for every item the rows of the sample, gathered before the step and put back after it, so
 * that the step costs what it touches and not what there is. The variables themselves are never
 * read here: a variable that rows were put back into is copied whenever it is read whole, unless
 * {@link #readInPlace} was run since.
 */
final class SampledRows {
  private final Ops tf;
  private final Variables variables;
  private final Map<String, Rows> taken = new LinkedHashMap<>();

  // What is fed: the items, its own first; how many are its own; what each of the others counts;
  // of each one of the batch its user and the place of its item among the items.
  private final Placeholder<TInt32> items;
  private final Placeholder<TInt32> own;
  private final Placeholder<TFloat32> weight;
  private final Placeholder<TInt32> fedPlaces;

  /** Of each one of the batch its user and the place of its item among the sampled, [n, 2]. */
  final Operand<TInt64> places;

  private final Operand<TInt32> ownItems;
  private final Operand<TInt32> otherItems;

  /**
   * Rows of a weight.
   *
   * @param items whose rows they are
   * @param values their values, items × any width, or [items]
   */
  record Rows(Operand<TInt32> items, Operand<TFloat32> values) {}

  SampledRows(Ops tf, Variables variables) {
    this.tf = tf;
    this.variables = variables;
    items = tf.withName("sampled").placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
    own = tf.withName("own").placeholder(TInt32.class, Placeholder.shape(Shape.of(1)));
    weight = tf.withName("weight").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    fedPlaces = tf.withName("places").placeholder(TInt32.class, Placeholder.shape(Shape.of(-1, 2)));
    places = tf.dtypes.cast(fedPlaces, TInt64.class);
    Operand<TInt32> first = tf.constant(new int[] {0});
    Operand<TInt32> toTheEnd = tf.constant(new int[] {-1});
    ownItems = tf.slice(items, first, own);
    otherItems = tf.slice(items, own, toTheEnd);
  }

  /** The operations by which all variables are read in place until rows are put back again. */
  List<Op> readInPlace() {
    return variables.all().stream()
        .map(variable -> (Op) tf.io.disableCopyOnRead(variable.handle()))
        .toList();
  }

  /** What is fed for a sample. */
  Map<Operand<?>, Tensor> feeds(Batch.Sample sample) {
    return Map.of(
        items,
        sample.items(),
        own,
        sample.own(),
        weight,
        sample.weight(),
        fedPlaces,
        sample.places());
  }

  /** The sampled items, the batch's own first. */
  Operand<TInt32> items() {
    return items;
  }

  /** Users × own items, given one number a user. */
  Operand<TInt64> ownShape(Operand<TFloat32> perUser) {
    return tf.dtypes.cast(tf.concat(List.of(tf.shape(perUser), own), tf.constant(0)), TInt64.class);
  }

  /** What each of the sampled items counts in a sum over all, [items]. */
  Operand<TFloat32> weights() {
    return perItem(tf.constant(1f), weight);
  }

  /** The logarithm of it, which makes of a logit one that counts so. */
  Operand<TFloat32> logWeights() {
    return perItem(tf.constant(0f), tf.math.log(weight));
  }

  private Operand<TFloat32> perItem(Operand<TFloat32> ofOwn, Operand<TFloat32> ofOthers) {
    return tf.concat(
        List.of(tf.fill(own, ofOwn), tf.fill(tf.shape(otherItems), ofOthers)), tf.constant(0));
  }

  /** The rows of all sampled items. */
  Rows all(String weight) {
    return taken.computeIfAbsent(weight, name -> rows(name, items));
  }

  /** The rows of the batch's own items, which are the first of the sampled. */
  Rows own(String weight) {
    return taken.computeIfAbsent(weight, name -> rows(name, ownItems));
  }

  /** The rows of the sampled items that are not the batch's own. */
  Rows others(String weight) {
    return rows(weight, otherItems);
  }

  private Rows rows(String weight, Operand<TInt32> which) {
    return new Rows(which, gather(variables.named(weight), which));
  }

  private Operand<TFloat32> gather(Variables.Variable variable, Operand<TInt32> which) {
    return tf.resourceGather(variable.handle(), which, TFloat32.class);
  }

  /**
   * Updates rows of some variables: they are gathered into variables of the step's own, updated
   * there as whole variables are, and put back.
   *
   * @param updated a weight and its moments
   * @param rows which rows, and the weight's values
   * @param readers what must have been done before
   * @param update the update, given the operations and the variables of the step's own
   * @return what is to be run
   */
  List<Op> update(
      List<Variables.Variable> updated,
      Rows rows,
      List<Op> readers,
      BiFunction<Ops, List<Operand<?>>, Op> update) {
    List<Operand<?>> held = new ArrayList<>();
    List<Op> before = new ArrayList<>(readers);
    for (Variables.Variable variable : updated) {
      VarHandleOp handle =
          tf.varHandleOp(
              TFloat32.class,
              Shape.unknown(),
              VarHandleOp.sharedName("sampled/" + variable.name()));
      Operand<TFloat32> values = held.isEmpty() ? rows.values() : gather(variable, rows.items());
      held.add(handle);
      before.add(tf.assignVariableOp(handle, values));
    }
    Op done = update.apply(tf.withControlDependencies(before), held);
    Ops after = tf.withControlDependencies(List.of(done));
    List<Op> putBack = new ArrayList<>();
    for (int i = 0; i < held.size(); i++) {
      putBack.add(
          tf.resourceScatterUpdate(
              updated.get(i).handle(),
              rows.items(),
              after.readVariableOp(held.get(i), TFloat32.class)));
    }
    return putBack;
  }
}
