package io.github.vaecf.core;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.Arrays;
import java.util.function.IntFunction;

/** A model over the items of a catalogue that is not its own. */
final class OtherCatalogue extends Recommender {
  private final Recommender model;
  private final int[] toModel; // -1 for an item that it does not know
  private final int[] toCatalogue; // -1 for an item that is not in the catalogue
  private final int missing; // how many of the model's items are not in the catalogue

  OtherCatalogue(Recommender model, IdIndex catalogue) {
    super(catalogue);
    this.model = model;
    toModel = new int[catalogue.size()];
    toCatalogue = new int[model.itemCount()];
    int known = 0;
    for (int item = 0; item < toModel.length; item++) {
      toModel[item] = model.items().indexOf(catalogue.id(item));
      known += toModel[item] >= 0 ? 1 : 0;
    }
    for (int item = 0; item < toCatalogue.length; item++) {
      toCatalogue[item] = catalogue.indexOf(model.items().id(item));
    }
    missing = toCatalogue.length - known;
  }

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    CsrMatrix known = known(histories, from, to);
    copy(model.rank(known, 0, to - from, wanted(rankings)), rankings, firstUser);
  }

  @Override
  public boolean scoresAllItems() {
    return model.scoresAllItems();
  }

  @Override
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    CsrMatrix known = known(histories, from, to);
    float[] ofModel = model.whileOpen(() -> model.scoreAll(known, 0, to - from));
    float[] scores = new float[(to - from) * itemCount()];
    Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    for (int user = 0; user < to - from; user++) {
      for (int item = 0; item < toModel.length; item++) {
        if (toModel[item] >= 0) {
          scores[user * toModel.length + item] = ofModel[user * toCatalogue.length + toModel[item]];
        }
      }
    }
    return scores;
  }

  @Override
  public boolean comparesItems() {
    return model.comparesItems();
  }

  @Override
  protected IntFunction<float[]> cosines(int[] pool) {
    // What is ranked is known to the model.
    int[] known = Arrays.stream(pool).map(item -> toModel[item]).toArray();
    IntFunction<float[]> cosines = model.whileOpen(() -> model.cosines(known));
    return place -> model.whileOpen(() -> cosines.apply(place));
  }

  /** So many that enough are left where all that are not in the catalogue come first. */
  private int wanted(Rankings rankings) {
    return (int) Math.min(model.itemCount(), (long) rankings.k() + missing);
  }

  private CsrMatrix known(CsrMatrix histories, int from, int to) {
    return CsrMatrix.of(
        to - from,
        model.itemCount(),
        pairs -> {
          for (int row = from; row < to; row++) {
            int user = row - from;
            histories
                .row(row)
                .forEach(
                    (int item) -> {
                      if (toModel[item] >= 0) {
                        pairs.accept(user, toModel[item]);
                      }
                    });
          }
        });
  }

  private void copy(Rankings ofModel, Rankings rankings, int firstUser) {
    for (int user = 0; user < ofModel.users(); user++) {
      int next = 0;
      for (int rank = 0; rank < ofModel.k() && next < rankings.k(); rank++) {
        int item = ofModel.item(user, rank);
        if (item < 0) {
          break;
        }
        if (toCatalogue[item] >= 0) {
          rankings.set(firstUser + user, next++, toCatalogue[item], ofModel.score(user, rank));
        }
      }
    }
  }

  @Override
  protected void release() {
    model.close();
  }
}
