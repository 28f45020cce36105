package io.github.vaecf.core.training;

import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.model.TensorFlowLayers.Initial;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * The variables of a graph, in the order in which they are asked for: the model's weights, frozen
 * copies of them, and the optimiser's moments.
 */
final class Variables {
  private static final String FROZEN = "frozen/";

  private final Ops tf;
  private final Map<String, Variable> weights = new LinkedHashMap<>();
  private final Map<String, Variable> frozen = new LinkedHashMap<>();
  private final Map<String, Variable> moments = new LinkedHashMap<>();
  private final Set<String> itemsInRows = new HashSet<>();

  /**
   * Where 0 is fed, so that the dimensions of first values are no constants: of these TensorFlow
   * would make the values before the graph is run, beside those that it makes then.
   */
  final Placeholder<TInt64> zero;

  /**
   * A resource variable with the operations to read and to set it, all of which are of the
   * dimensions here, also where it is kept transposed.
   */
  record Variable(
      String name,
      Shape dimensions,
      boolean transposed,
      Initial initial,
      Operand<?> handle,
      Operand<TFloat32> value,
      Placeholder<TFloat32> fed,
      Op assign) {
    /** The dimensions that it is kept in. */
    Shape kept() {
      return Variables.kept(dimensions, transposed);
    }
  }

  Variables(Ops tf) {
    this.tf = tf;
    zero = tf.withName("zero").placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
  }

  /** A weight of the model, made where it is new. */
  Operand<TFloat32> weight(String name, Shape shape, Initial initial) {
    return find(weights, name, shape, initial).value();
  }

  /** The frozen copy of a weight of the model. */
  Operand<TFloat32> frozen(String name, Shape shape, Initial initial) {
    weight(name, shape, initial); // a copy needs an original
    return find(frozen, FROZEN + name, shape, initial).value();
  }

  /**
   * Has a kernel width × items kept as items × width, so that what an item has lies together and
   * can be read and written by itself. Said before the weight is asked for; nothing else changes.
   */
  void keepItemsInRows(String name) {
    itemsInRows.add(name);
  }

  /** One of the moments of a weight; 0 at first, and kept as the weight is. */
  Variable moment(Variable weight, String which) {
    String name = weight.name() + "/" + which;
    if (weight.transposed()) {
      keepItemsInRows(name);
    }
    return find(moments, name, weight.dimensions(), Initial.constant(0));
  }

  private Variable find(Map<String, Variable> among, String name, Shape shape, Initial initial) {
    Variable known = among.get(name);
    if (known == null) {
      known = define(name, shape, initial);
      among.put(name, known);
    } else if (!known.dimensions().equals(shape)) {
      throw new IllegalArgumentException(
          "weight " + name + " has shape " + known.dimensions() + " and is used with " + shape);
    }
    return known;
  }

  private Variable define(String name, Shape shape, Initial initial) {
    boolean transposed = itemsInRows.contains(name);
    // Without a shared name all variables of a session would be one.
    VarHandleOp handle =
        tf.varHandleOp(TFloat32.class, kept(shape, transposed), VarHandleOp.sharedName(name));
    Operand<TFloat32> value = turned(tf.readVariableOp(handle, TFloat32.class), transposed);
    Placeholder<TFloat32> fed = tf.placeholder(TFloat32.class, Placeholder.shape(shape));
    Op assign = tf.assignVariableOp(handle, turned(fed, transposed));
    return new Variable(name, shape, transposed, initial, handle, value, fed, assign);
  }

  private static Shape kept(Shape shape, boolean transposed) {
    return transposed ? Shape.of(shape.get(1), shape.get(0)) : shape;
  }

  private Operand<TFloat32> turned(Operand<TFloat32> matrix, boolean transposed) {
    return transposed ? tf.linalg.transpose(matrix, tf.constant(new int[] {1, 0})) : matrix;
  }

  /** A weight of the model that was asked for before. */
  Variable named(String name) {
    return weights.get(name);
  }

  /** A second reading of a weight, for a path whose gradient is found by itself. */
  Operand<TFloat32> readAgain(String name) {
    return tf.readVariableOp(weights.get(name).handle(), TFloat32.class);
  }

  /** The weights of the model. */
  List<Variable> weights() {
    return List.copyOf(weights.values());
  }

  /** Whether a variable is one of the moments. */
  boolean isMoment(Variable variable) {
    return moments.containsKey(variable.name());
  }

  /** All variables: weights, frozen copies, moments. */
  List<Variable> all() {
    List<Variable> all = new ArrayList<>(weights.values());
    all.addAll(frozen.values());
    all.addAll(moments.values());
    return all;
  }

  /**
   * The operations that give weights and moments their first values, given {@link #zero}. Each
   * weight has a random stream of its own, numbered in the order of the weights.
   */
  Map<Variable, Op> initialisers(long seed) {
    Map<Variable, Op> operations = new LinkedHashMap<>();
    long stream = 0;
    for (Variable weight : weights.values()) {
      operations.put(weight, initialiser(weight, Streams.seed(seed, Streams.WEIGHTS, stream)));
      stream++;
    }
    for (Variable moment : moments.values()) {
      operations.put(
          moment,
          tf.assignVariableOp(
              moment.handle(), tf.fill(dimensions(moment.kept()), tf.constant(0f))));
    }
    return operations;
  }

  private Op initialiser(Variable variable, long seed) {
    return tf.assignVariableOp(
        variable.handle(),
        turned(
            variable
                .initial()
                .draw(tf, variable.dimensions(), dimensions(variable.dimensions()), seed),
            variable.transposed()));
  }

  private Operand<TInt64> dimensions(Shape shape) {
    return tf.math.add(tf.constant(shape.asArray()), zero);
  }

  /** The operations that make the frozen weights copies of the present ones; may be none. */
  List<Op> refreshFrozen() {
    List<Op> operations = new ArrayList<>();
    for (Variable copy : frozen.values()) {
      Variable original = weights.get(copy.name().substring(FROZEN.length()));
      operations.add(
          tf.assignVariableOp(copy.handle(), turned(original.value(), copy.transposed())));
    }
    return operations;
  }

  /** The source of weights for layers that learn. */
  TensorFlowLayers.Weights learning() {
    return this::weight;
  }
}
