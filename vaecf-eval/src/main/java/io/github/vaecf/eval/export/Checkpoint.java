package io.github.vaecf.eval.export;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.Restore;
import org.tensorflow.op.train.Save;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * What a SavedModel's checkpoint holds, and how float32 weights become it and are made of it again.
 * Smaller weights become float32 when they are loaded, once: to do so with every request would take
 * many times as long as the request itself.
 */
final class Checkpoint {
  /** What stands for 0: TensorFlow for Java has whole numbers of a byte without a sign only. */
  private static final float ZERO = 128;

  private static final float LARGEST = 127;

  private final Ops tf;
  private final List<ExportedWeights> forms = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<Operand<?>> tensors = new ArrayList<>();
  private final List<Class<? extends TType>> types = new ArrayList<>();

  Checkpoint(Ops tf) {
    this.tf = tf;
  }

  /** Adds a weight, in one tensor or two. */
  void add(String name, ExportedWeights form, Operand<TFloat32> value) {
    forms.add(form);
    switch (form) {
      case FLOAT32 -> add(name, TFloat32.class, value);
      case FLOAT16 -> add(name, TFloat16.class, tf.dtypes.cast(value, TFloat16.class));
      case INT8 -> {
        Operand<TFloat32> largest = tf.reduceMax(tf.math.abs(value), tf.constant(0));
        Operand<TFloat32> scales =
            tf.select(
                tf.math.greater(largest, tf.constant(0f)),
                tf.math.div(largest, tf.constant(LARGEST)),
                tf.constant(1f));
        Operand<TFloat32> whole = tf.math.round(tf.math.div(value, scales));
        add(
            name,
            TUint8.class,
            tf.dtypes.cast(tf.math.add(whole, tf.constant(ZERO)), TUint8.class));
        add(name + "/scales", TFloat32.class, scales);
      }
    }
  }

  private void add(String name, Class<? extends TType> type, Operand<?> tensor) {
    names.add(name);
    types.add(type);
    tensors.add(tensor);
  }

  /** What writes all that was added. */
  Save save(Operand<TString> file) {
    return tf.train.save(file, names(), whole(), tensors);
  }

  /** The weights as they are in a file, in the order in which they were added. */
  List<Operand<?>> restore(Operand<TString> file) {
    Restore restored = tf.train.restore(file, names(), whole(), types);
    Iterator<Output<?>> parts = restored.tensors().iterator();
    List<Operand<?>> weights = new ArrayList<>();
    for (ExportedWeights form : forms) {
      Operand<?> first = parts.next();
      weights.add(
          switch (form) {
            case FLOAT32 -> first;
            case FLOAT16 -> tf.dtypes.cast(first, TFloat32.class);
            case INT8 ->
                tf.math.mul(
                    tf.math.sub(tf.dtypes.cast(first, TFloat32.class), tf.constant(ZERO)),
                    parts.next().expect(TFloat32.class));
          });
    }
    return weights;
  }

  private Operand<TString> names() {
    return tf.array(names.toArray(String[]::new));
  }

  /** Nothing is said of parts of tensors. */
  private Operand<TString> whole() {
    String[] whole = new String[names.size()];
    Arrays.fill(whole, "");
    return tf.array(whole);
  }
}
