package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.Recommenders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
      paramLabel = "IDS",
      description =
          "Raw ids of what the user likes, with commas between; an id with a comma or a quote in it"
              + " as in CSV: in double quotes, a quote in it doubled. May be repeated.")
  private List<String> lists = List.of();

  @Option(
      names = "--items-file",
      paramLabel = "FILE",
      description = "A file with a raw id a line, as they are; - for standard input.")
  private Path itemsFile;

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

  private List<String> items() throws IOException {
    List<String> items = new ArrayList<>();
    for (String list : lists) {
      items.addAll(fromOptions(() -> ids(list)));
    }
    if (itemsFile != null) {
      String text =
          itemsFile.toString().equals("-")
              ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
              : Files.readString(itemsFile);
      text.lines().filter(id -> !id.isEmpty()).forEach(items::add);
    }
    if (items.isEmpty()) {
      throw wrongUsage("expected at least one item, in --items or in --items-file");
    }
    return items;
  }

  /** The ids of a list, which is a line of CSV. */
  private static List<String> ids(String list) {
    List<String> ids = new ArrayList<>();
    try (CsvReader<CsvRecord> csv = CsvReader.builder().ofCsvRecord(list)) {
      csv.forEach(line -> ids.addAll(line.getFields()));
    } catch (CsvParseException e) {
      throw new IllegalArgumentException(
          "--items: expected ids with commas between, each with a quote at its beginning in double"
              + " quotes, found "
              + list,
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ids;
  }

  @Override
  void run() throws Exception {
    if (k < 1) {
      throw wrongUsage("-k: expected at least 1, found " + k);
    }
    List<String> items = items();
    try (Recommender opened = Recommenders.open(model)) {
      Map<String, String> titles = Recommenders.titles(opened);
      List<String> unknown = items.stream().filter(id -> opened.items().indexOf(id) < 0).toList();
      if (unknown.size() == items.size()) {
        throw new DataException(
            model
                + ": knows none of the items; it has "
                + opened.itemCount()
                + " others, such as '"
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
