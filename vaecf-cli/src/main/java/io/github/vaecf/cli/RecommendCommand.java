package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.Recommenders;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf recommend}: a new user's items to the best others. */
@Command(
    name = "recommend",
    header = "Recommend items to a new user, from the items that the user likes.",
    description = "",
    footer = {"", "Example:", "  vaecf recommend --model models/movies --items 260,1196,1210 -k 5"})
final class RecommendCommand extends Subcommand {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "An exported version, its base folder, or a run folder.")
  private Path model;

  @Option(
      names = "--items",
      required = true,
      split = ",",
      paramLabel = "ID",
      description = "Raw ids of what the user likes, with commas between.")
  private List<String> items;

  @Option(
      names = {"-k", "--top-k"},
      paramLabel = "N",
      defaultValue = "10",
      description = "How many items to recommend; default ${DEFAULT-VALUE}.")
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
      Map<String, String> titles = Recommenders.titles(opened);
      List<String> unknown = items.stream().filter(id -> opened.items().indexOf(id) < 0).toList();
      if (unknown.size() == items.size()) {
        throw new DataException(
            "the model knows none of the items "
                + String.join(", ", unknown)
                + "; its ids are such as '"
                + opened.items().id(0)
                + "'");
      }
      unknown.forEach(
          id -> err().println("vaecf recommend: the model knows no item '" + id + "'; ignored"));
      List<Recommendation> best = opened.recommend(items, k);
      TextTable table = new TextTable("item", "score");
      for (Recommendation one : best) {
        String title = titles.getOrDefault(one.item(), "");
        table.row(
            title.isEmpty() ? one.item() : one.item() + " " + title,
            String.format(Locale.ROOT, "%.3f", one.score()));
      }
      out().print(table);
      ObjectNode answer = jsonObject();
      items.forEach(answer.putArray("items")::add);
      unknown.forEach(answer.putArray("unknown")::add);
      ArrayNode list = answer.putArray("recommendations");
      for (Recommendation one : best) {
        ObjectNode entry = list.addObject().put("item", one.item()).put("score", one.score());
        if (titles.containsKey(one.item())) {
          entry.put("title", titles.get(one.item()));
        }
      }
      writeJson(json, answer);
    }
  }
}
