package io.github.vaecf.eval.export;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.RecommenderContract;
import io.github.vaecf.core.model.ImplicitAls;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModels;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contract of {@link Recommender}, kept by every form of an export and every kind of sum. */
class ServedModelContractTest {
  @TempDir static Path folder;

  private static Settings dae() {
    return MultDae.published().with(MultDae.LATENT, 12);
  }

  private static Settings itemKnn() {
    return Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, 7);
  }

  private static ServedModel savedModel(Settings settings) throws Exception {
    Path base = Files.createTempDirectory(folder, "saved");
    try (TrainedModel model = TrainedModels.withEqualScores(settings)) {
      SavedModelExporter.export(model, base.resolve("1"));
    }
    return ServedModel.load(base);
  }

  private static ServedModel onnx(Settings settings, boolean rawIds) throws Exception {
    Path file = Files.createTempDirectory(folder, "onnx").resolve("model.onnx");
    try (TrainedModel model = TrainedModels.withEqualScores(settings)) {
      OnnxExporter.builder().rawIds(rawIds).export(model, file);
    }
    return ServedModel.load(file);
  }

  @Nested
  class OfASavedModel extends RecommenderContract {
    @Override
    protected Recommender open() throws Exception {
      return savedModel(dae());
    }
  }

  @Nested
  class OfASavedModelOfSparseRows extends RecommenderContract {
    @Override
    protected Recommender open() throws Exception {
      return savedModel(itemKnn());
    }
  }

  @Nested
  class OfAnOnnxFile extends RecommenderContract {
    @Override
    protected Recommender open() throws Exception {
      return onnx(dae(), true);
    }
  }

  @Nested
  class OfAnOnnxFileOverIndices extends RecommenderContract {
    @Override
    protected Recommender open() throws Exception {
      return onnx(Settings.published(new LinearAutoencoder.Ease()), false);
    }
  }

  @Nested
  class OfAnOnnxFileOfSparseRows extends RecommenderContract {
    @Override
    protected Recommender open() throws Exception {
      return onnx(itemKnn(), true);
    }
  }

  @Nested
  class OfAnOnnxFileOfFactors extends RecommenderContract {
    @Override
    protected Recommender open() throws Exception {
      return onnx(Settings.published(new ImplicitAls()).with(ImplicitAls.FACTORS, 8), true);
    }
  }

  @Nested
  class OfAnOnnxFileOfWhatIsMostPopular extends RecommenderContract {
    @Override
    protected Recommender open() throws Exception {
      return onnx(Settings.published(new MostPopular()), true);
    }
  }
}
