package io.github.vaecf.core.model;

/**
 * The words in which a model says how a history becomes scores. A model says it once, by calling
 * these methods one after the other; who implements them builds from that a graph of TensorFlow,
 * for training and for the SavedModel, or one of ONNX.
 *
 * <p>All tensors are matrices with a row a user, unless a method says otherwise. Weights are named
 * by the model; a name that is used again stands for the same weights. A dense layer {@code name}
 * has the weights {@code name/kernel} and {@code name/bias}.
 *
 * @param <T> a tensor of the graph that is built
 */
public interface Layers<T> {
  /**
   * The number of items.
   *
   * @return at least 1
   */
  int items();

  /**
   * The same words over the weights of one of several models: those whose names begin with a
   * prefix. For inference alone: the engine trains one model at a time.
   *
   * @param prefix what every name of a weight begins with, such as {@code 1/}
   * @return the layers of that model, of the same graph
   */
  Layers<T> within(String prefix);

  /**
   * The first layer of an autoencoder: x / ‖x‖₂ · kernel + bias for the binary row x of a history;
   * the bias alone for an empty one. The engine multiplies sparsely, and takes the gradient so.
   *
   * @param name of the layer; its kernel is items × width
   * @param width width of the output, at least 1
   * @return users × width
   */
  T history(String name, int width);

  /**
   * The sum of the rows of a kernel that belong to the items of the history: x · kernel for the
   * binary row x. For models in closed form: the engine takes no gradient of it.
   *
   * @param name of the layer, which has a kernel, items × width, and no bias
   * @param width width of the output, at least 1; {@link #items()} for a linear model that gives
   *     scores at once
   * @return users × width
   */
  T sum(String name, int width);

  /**
   * The same, for models in closed form too, for a kernel items × items that is mostly zeros, of
   * which only some entries are kept, row after row. The weights are {@code name/lengths}, how many
   * entries each row has; {@code name/items}, the column of each entry, in any order within a row;
   * and {@code name/weights}, its value. Lengths and columns are whole numbers below 2²⁴ held as
   * floats. There is room for a fixed number of entries, and what no row has is not looked at.
   *
   * @param name of the layer
   * @param entries room for entries in all, at least 1
   * @return users × items
   */
  T sparseSum(String name, int entries);

  /**
   * The scores x · (ÂÂᵀ − I) of a linear model whose item weights are of low rank but for their
   * diagonal, which is 0: the rows of Â are those of the weight {@code name/directions}, items ×
   * rank, at unit length. The engine takes its gradient with {@link Objective#cosine} alone. Row i
   * is item i's embedding, by which items are compared.
   *
   * @param name of the layer
   * @param rank width of the rows, at least 1
   * @return users × items
   */
  T lowRankSum(String name, int rank);

  /**
   * The same score for everybody: one weight an item, named {@code name}. For models in closed
   * form.
   *
   * @param name of the weights
   * @return users × items, every row the same
   */
  T constantScores(String name);

  /**
   * A user's factors in a factorization of implicit feedback, given the items' factors, which are
   * the rows y of a kernel: with the n rows Y that belong to the history,
   *
   * <pre>x = (D + α YᵀY + λ n^ν I)⁻¹ (1 + α) Σ y</pre>
   *
   * <p>(Hu, Koren, Volinsky, ICDM 2008, equation 4; the penalty scaled by counts). The Gram matrix
   * of all rows must be the diagonal D: that is so where the axes are the principal ones. Zeros for
   * an empty history. For models in closed form.
   *
   * <p>Solved by conjugate gradients, preconditioned with the diagonal, which needs no matrix a
   * user: the memory is entries of the histories × width.
   *
   * @param name of the layer; its kernel is items × width, and {@code name/gram} has D
   * @param width number of factors, at least 1
   * @param alpha α, at least 0
   * @param lambda λ, above 0
   * @param exponent ν, 0 … 1
   * @param steps of conjugate gradients, at least 1
   * @return users × width
   */
  T foldIn(String name, int width, double alpha, double lambda, double exponent, int steps);

  /**
   * A last layer that shares its kernel with a first one: input · kernelᵀ, a score for every item,
   * without bias. For models in closed form. Row i of the kernel is item i's embedding, by which
   * items are compared.
   *
   * @param name of the layer; its kernel is items × width
   * @param input users × width
   * @return users × items
   */
  T tied(String name, T input);

  /**
   * The last layer of an autoencoder: input · kernel + bias, a score for every item. The engine's
   * gradient of it is written by hand. Column i of the kernel is item i's embedding, by which items
   * are compared.
   *
   * @param name of the layer; its kernel is width × items
   * @param input users × width
   * @return users × items
   */
  T items(String name, T input);

  /**
   * A dense layer: input · kernel + bias.
   *
   * @param name of the layer; its kernel is the input's width × width
   * @param input users × any width
   * @param width width of the output, at least 1
   * @return users × width
   */
  T dense(String name, T input, int width);

  /**
   * Each row less its mean, divided by √(variance + epsilon), times {@code name/scale} plus {@code
   * name/shift}, one entry a column each (Ba, Kiros, Hinton: Layer Normalization, 2016).
   *
   * @param name of the layer
   * @param input users × width
   * @param epsilon above 0
   * @return users × width
   */
  T layerNorm(String name, T input, float epsilon);

  /**
   * Each row less its mean, divided by its standard deviation; a row whose entries are all the
   * same, to within rounding, becomes zeros.
   *
   * @param input users × width
   * @return users × width
   */
  T standardise(T input);

  /**
   * The hyperbolic tangent of each entry.
   *
   * @param input any shape
   * @return the same shape
   */
  T tanh(T input);

  /**
   * 1 / (1 + e^−x) of each entry.
   *
   * @param input any shape
   * @return the same shape
   */
  T sigmoid(T input);

  /**
   * The sum, entry by entry.
   *
   * @param a any shape
   * @param b the same shape
   * @return the same shape
   */
  T add(T a, T b);

  /**
   * The product, entry by entry: what a gate does.
   *
   * @param a any shape
   * @param b the same shape
   * @return the same shape
   */
  T multiply(T a, T b);

  /**
   * Each entry times a number.
   *
   * @param input any shape
   * @param factor the number
   * @return the same shape
   */
  T scale(T input, float factor);

  /**
   * The columns of both, those of the first in front.
   *
   * @param a users × any width
   * @param b users × any width
   * @return users × the sum of the widths
   */
  T concatenate(T a, T b);

  /**
   * Some columns.
   *
   * @param input users × width
   * @param from the first column
   * @param width how many
   * @return users × width
   */
  T slice(T input, int from, int width);
}
