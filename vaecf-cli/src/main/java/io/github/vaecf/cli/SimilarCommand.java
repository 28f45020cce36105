package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.Recommenders;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vaecf similar}: what is like an item. */
@Command(
    name = "similar",
    header = "Show the items that are most like an item.",
    description = {
      "",
      "By the cosine of the model's embeddings of the items: what the 'similar_items' signature of an"
          + " export answers.",
      ""
    },
    footer = {"", "Example:", "  vaecf similar 260 --model models/movies -k 5"})
final class SimilarCommand extends Subcommand {
  @Parameters(paramLabel = "ITEM", description = "The item's raw id.")
  private String item;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "An exported version, its base folder, or a run folder.")
  private Path model;

  @Option(
      names = {"-k", "--top-k"},
      paramLabel = "N",
      defaultValue = "10",
      description =
          "How many items; default ${DEFAULT-VALUE}, and of an export no more than its --top-k.")
  private int k;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the list as JSON too; - for standard output.")
  private OutputFile json;

  @Override
  void run() throws Exception {
    if (k < 1) {
      throw wrongUsage("-k: expected at least 1, found " + k);
    }
    try (Recommender opened = Recommenders.open(model)) {
      if (opened.items().indexOf(item) < 0) {
        throw new DataException(
            model
                + ": knows no item '"
                + DataException.excerpt(item)
                + "'; it has "
                + opened.itemCount()
                + ", such as '"
                + opened.items().id(0)
                + "'");
      }
      List<Recommendation> similar = similar(opened);
      ObjectNode answer = jsonObject().put("item", item);
      out()
          .print(
              RankedItems.show(
                  similar, Recommenders.titles(opened), "cosine", answer.putArray("similar")));
      writeJson(json, answer);
    }
  }

  private List<Recommendation> similar(Recommender opened) {
    try {
      return Recommenders.similar(opened, item, k);
    } catch (IllegalArgumentException e) {
      throw new DataException(model + ": " + e.getMessage(), e);
    }
  }
}
