package io.github.vaecf.core.model;

import io.github.vaecf.data.CsrMatrix;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.types.TFloat32;

/**
 * Recommends to everybody the items that most training users have, without those that the user has
 * already. The score is the number of these users.
 */
public final class MostPopular implements ClosedFormModel {
  private static final String COUNTS = "popularity";

  /** For {@link java.util.ServiceLoader}. */
  public MostPopular() {}

  @Override
  public String name() {
    return "popular";
  }

  @Override
  public String title() {
    return "most popular";
  }

  @Override
  public String summary() {
    return "the items that most users have, the same for everybody";
  }

  @Override
  public List<Setting<?>> settings() {
    return TrainingSettings.ofRuntime();
  }

  @Override
  public Map<String, TFloat32> fit(CsrMatrix train, Settings settings) {
    int[] counts = train.columnCounts();
    float[] popularity = new float[counts.length];
    for (int item = 0; item < counts.length; item++) {
      popularity[item] = counts[item];
    }
    return Map.of(COUNTS, TFloat32.tensorOf(NdArrays.vectorOf(popularity)));
  }

  @Override
  public <T> T scores(Settings settings, Layers<T> layers) {
    return layers.constantScores(COUNTS);
  }
}
