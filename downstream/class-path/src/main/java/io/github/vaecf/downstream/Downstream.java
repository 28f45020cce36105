package io.github.vaecf.downstream;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.export.SavedModelExporter;
import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What somebody does who has vaecf-eval and a native TensorFlow: from a log to an answer of the
 * export. Ends with status 1 where something is not as it should be.
 */
public final class Downstream {
  private static final int USERS = 200;
  private static final int GROUPS = 4;

  private Downstream() {}

  /**
   * Goes the whole way.
   *
   * @param arguments a folder to write into; the name of the module that this is to run in, or null
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    String module = Downstream.class.getModule().getName();
    require("module " + arguments[1], "module " + module);
    String data = Split.class.getModule().getName();
    require(module == null ? "null" : "io.github.vaecf.data", "" + data);

    Split split =
        StrongGeneralizationSplitter.builder()
            .heldOutUsers(20)
            .build()
            .split(
                DelimitedReader.builder()
                    .separator(",")
                    .userColumn("user")
                    .itemColumn("item")
                    .build()
                    .read(log(folder.resolve("log.csv"))));
    Path base = folder.resolve("model");
    WholeFile.delete(base);
    Settings vae =
        MultVae.published()
            .with(MultVae.HIDDEN, List.of(16))
            .with(MultVae.LATENT, 8)
            .with(TrainingSettings.EPOCHS, 5)
            .with(TrainingSettings.BATCH_SIZE, 50);
    int version = 1;
    for (Settings settings : List.of(vae, Settings.published(new ItemKnn()))) {
      try (TrainedModel model =
          Trainer.builder().settings(settings).build().train(split.train(), split.items())) {
        double ndcg =
            RankingEvaluator.of(Ndcg.at(10)).evaluate(model, split.test()).mean(Ndcg.at(10));
        SavedModelExporter.export(model, base.resolve("" + version));
        List<Recommendation> expected = model.recommend(List.of("item 0", "item 4"), 3);
        try (ServedVersions served =
            ServedVersions.open(base, Duration.ofSeconds(1), System.err::println)) {
          require("version " + version, "version " + served.version());
          List<Recommendation> found =
              served.answer(one -> one.recommend(List.of("item 0", "item 4"), 3));
          require("" + items(expected), "" + items(found));
          System.out.printf(
              "%s: %s, ndcg@10 %.3f, recommends %s%n",
              module == null ? "class path" : "module path",
              model.settings().model().name(),
              ndcg,
              found);
        }
      }
      version++;
    }

    // A form that needs a library of its own, which is not here.
    Path bzip2 = folder.resolve("log.csv.bz2");
    Files.writeString(bzip2, "BZh91AY&SY and more");
    try {
      DelimitedReader.builder().userColumn("user").itemColumn("item").build().read(bzip2);
      throw new IllegalStateException("bzip2 was read without Commons Compress");
    } catch (DataException e) {
      require(
          bzip2
              + ": cannot be read (it is bzip2: add org.apache.commons:commons-compress to the class"
              + " path)",
          e.getMessage());
    }
  }

  private static List<String> items(List<Recommendation> list) {
    return list.stream().map(Recommendation::item).toList();
  }

  /** Users who like the items of one group each. */
  private static Path log(Path file) throws IOException {
    StringBuilder lines = new StringBuilder("user,item\n");
    for (int user = 0; user < USERS; user++) {
      for (int liked = 0; liked < 8; liked++) {
        int item = (user * 7 + liked * liked * 3) % 10 * GROUPS + user % GROUPS;
        lines.append("user ").append(user).append(",item ").append(item).append('\n');
      }
    }
    return Files.writeString(file, lines);
  }

  private static void require(String expected, String found) {
    if (!expected.equals(found)) {
      throw new IllegalStateException("expected " + expected + ", found " + found);
    }
  }
}
