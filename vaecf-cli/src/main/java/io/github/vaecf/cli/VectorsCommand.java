package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.batch.UserHistories;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf vectors}: vectors whose inner products are the scores. */
@Command(
    name = "vectors",
    header = "Write the vectors of items and users whose inner products are the scores.",
    description = {
      "",
      "For databases and search engines that look for the nearest items by themselves"
          + " (docs/batch.md). The ending of a file says its form: .npy (float32, with an id a line"
          + " in a .txt beside), .parquet (id, vector) or .jsonl. Autoencoders, iALS and ELSA have"
          + " such vectors; EASE and its kin, item-kNN, most popular and blends have none.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf vectors --model run --items items.parquet",
      "  vaecf vectors --model run --data data --items items.npy --users users.npy"
    })
final class VectorsCommand extends Subcommand {
  /** Users that are encoded in one go. */
  private static final int BATCH = 500;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "RUN",
      description = "A run folder, or a model's file.")
  private Path model;

  @Option(
      names = "--items",
      paramLabel = "FILE",
      description = "Where the items' vectors go: .npy, .parquet or .jsonl.")
  private OutputFile items;

  @Option(
      names = "--users",
      paramLabel = "FILE",
      description = "Where the users' vectors go: .npy, .parquet or .jsonl; takes --data.")
  private OutputFile users;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "A prepared folder: whose users --users are, each with all that is known, as for"
              + " 'recommend --all'.")
  private Path data;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the counts as JSON too; - for standard output.")
  private OutputFile json;

  @Override
  void run() throws Exception {
    if (items == null && users == null) {
      throw wrongUsage("expected a file to write, --items or --users, found neither");
    }
    VectorForm itemForm = form("--items", items);
    VectorForm userForm = form("--users", users);
    if (users != null && data == null) {
      throw wrongUsage("--users: expected the folder that they are of, --data, found none");
    }
    if (users == null) {
      refuse("is for --users", "--data");
    }
    if (!TrainedModel.isAt(model)) {
      throw new DataException(
          model
              + ": not a run folder with a trained model; an export has no vectors to give, name the"
              + " run that it was exported from");
    }
    try (TrainedModel trained = TrainedModel.load(model)) {
      TrainedModel.InnerProducts vectors = trained.innerProducts().orElseThrow(() -> none(trained));
      ObjectNode answer = jsonObject().put("width", vectors.width());
      if (items != null) {
        itemForm.write(items.path(), itemVectors(trained, vectors));
        say(trained.itemCount(), "items", vectors, items);
        answer.put("items", trained.itemCount());
      }
      if (users != null) {
        UserHistories histories = UserHistories.of(PreparedFolder.read(data), trained);
        userForm.write(users.path(), userVectors(histories, vectors));
        say(histories.users().size(), "users", vectors, users);
        answer.put("users", histories.users().size());
      }
      writeJson(json, answer);
    }
  }

  private VectorForm form(String option, OutputFile file) {
    if (file == null) {
      return null;
    }
    if (file.isStandardOutput()) {
      throw wrongUsage(option + ": vectors go to a file, found standard output");
    }
    return VectorForm.ofEnding(file.path())
        .orElseThrow(
            () ->
                wrongUsage(
                    option
                        + ": expected a name that ends with one of "
                        + VectorForm.allEndings()
                        + ", found "
                        + file));
  }

  private DataException none(TrainedModel trained) {
    return new DataException(
        model
            + ": the scores of "
            + trained.settings().model().title()
            + " are no inner products of a user's and an item's vector, so that there are none to"
            + " write; take an autoencoder, iALS or ELSA, or write the recommendations themselves"
            + " ('vaecf recommend --all')");
  }

  private void say(int count, String what, TrainedModel.InnerProducts vectors, OutputFile file) {
    out().printf(Locale.ROOT, "%,d %s, vectors of %d: %s%n", count, what, vectors.width(), file);
  }

  private static VectorForm.Vectors itemVectors(
      TrainedModel trained, TrainedModel.InnerProducts vectors) {
    return new VectorForm.Vectors() {
      @Override
      public List<String> ids() {
        return trained.items().ids();
      }

      @Override
      public int width() {
        return vectors.width();
      }

      @Override
      public void forEach(VectorForm.Some some) throws IOException {
        some.take(vectors.items());
      }
    };
  }

  private static VectorForm.Vectors userVectors(
      UserHistories histories, TrainedModel.InnerProducts vectors) {
    return new VectorForm.Vectors() {
      @Override
      public List<String> ids() {
        return histories.users().ids();
      }

      @Override
      public int width() {
        return vectors.width();
      }

      @Override
      public void forEach(VectorForm.Some some) throws IOException {
        for (int from = 0; from < ids().size(); from += BATCH) {
          int to = Math.min(ids().size(), from + BATCH);
          some.take(vectors.users(histories.rows(from, to), 0, to - from));
        }
      }
    };
  }
}
