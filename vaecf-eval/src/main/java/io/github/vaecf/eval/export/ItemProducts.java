package io.github.vaecf.eval.export;

/**
 * The items' vectors of a model whose scores are their products with the users': a kernel, and the
 * bias as one entry more, for which a user has 1.
 *
 * @param items how many
 * @param kernel width × items, or items × width
 * @param inRows whether it is items × width
 * @param bias of each item; null where there is none
 * @param own how much less than its product the score of an item of the user's own is
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ItemProducts(int items, float[] kernel, boolean inRows, float[] bias, float own)
    implements ItemIndexFile.Vectors {
  @Override
  public int width() {
    return kernel.length / items + (bias == null ? 0 : 1);
  }

  @Override
  public void copy(int item, float[] into) {
    int entries = kernel.length / items;
    if (inRows) {
      System.arraycopy(kernel, item * entries, into, 0, entries);
    } else {
      for (int i = 0; i < entries; i++) {
        into[i] = kernel[i * items + item];
      }
    }
    if (bias != null) {
      into[entries] = bias[item];
    }
  }
}
