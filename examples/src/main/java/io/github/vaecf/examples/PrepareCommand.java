package io.github.vaecf.examples;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.ItemTitles;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplit;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf prepare}: raw data to a prepared folder. */
@Command(
    name = "prepare",
    header = "Turn raw data into a prepared folder: filtered, indexed and split.",
    description = {
      "",
      "Reads who touched what, keeps what is liked and frequent enough, holds out users for"
          + " validation and test, and writes the seven files of the published layout.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vaecf prepare --format csv --input ratings.csv --heldout-users 50 --out data"
    })
final class PrepareCommand extends Subcommand {
  enum Format {
    CSV,
    TSV;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--format",
      required = true,
      paramLabel = "FORMAT",
      description = "Form of the input: ${COMPLETION-CANDIDATES}.")
  private Format format;

  @Option(
      names = "--input",
      required = true,
      arity = "1..*",
      paramLabel = "PATH",
      description = "Files, read in this order as one log; gzip is recognised.")
  private List<Path> input;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The prepared folder to write; must not exist.")
  private Path out;

  @Option(
      names = "--separator",
      paramLabel = "TEXT",
      description = "What stands between fields, instead of the format's comma or tab.")
  private String separator;

  @Option(names = "--no-header", description = "The first line is data already.")
  private boolean noHeader;

  @Option(
      names = "--user-column",
      paramLabel = "COLUMN",
      defaultValue = "1",
      description = "The users' column: name or number; default ${DEFAULT-VALUE}.")
  private String userColumn;

  @Option(
      names = "--item-column",
      paramLabel = "COLUMN",
      defaultValue = "2",
      description = "The items' column: name or number; default ${DEFAULT-VALUE}.")
  private String itemColumn;

  @Option(
      names = "--value-column",
      paramLabel = "COLUMN",
      defaultValue = "3",
      description =
          "The ratings' column: name, number, or 'none' where every line is a like; default"
              + " ${DEFAULT-VALUE}.")
  private String valueColumn;

  @Option(
      names = "--titles",
      paramLabel = "FILE",
      description =
          "What to call items: a file with a header and the same separator, first column the"
              + " item's id, second its title (or see --title-columns).")
  private Path titles;

  @Option(
      names = "--title-columns",
      paramLabel = "ID,TITLE",
      defaultValue = "1,2",
      description = "Columns of the titles file: names or numbers; default ${DEFAULT-VALUE}.")
  private String titleColumns;

  @Option(
      names = "--min-rating",
      paramLabel = "X",
      description =
          "Least rating that counts as a like; default 4, or none where there are no ratings.")
  private Double minRating;

  @Option(
      names = "--min-user-items",
      paramLabel = "N",
      defaultValue = "5",
      description = "Least number of items a user must have; default ${DEFAULT-VALUE}.")
  private int minUserItems;

  @Option(
      names = "--min-item-users",
      paramLabel = "N",
      defaultValue = "0",
      description = "Least number of users an item must have; default ${DEFAULT-VALUE}.")
  private int minItemUsers;

  @Option(
      names = "--until-stable",
      description = "Repeat both filters until nothing changes; published splits filter once.")
  private boolean untilStable;

  @Option(
      names = "--heldout-users",
      required = true,
      paramLabel = "N",
      description = "Users held out for validation, and as many again for test.")
  private int heldOutUsers;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "98765",
      description = "Where the split's random numbers start; default ${DEFAULT-VALUE}.")
  private long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the counts as JSON too.")
  private Path json;

  @Override
  void run() throws Exception {
    boolean valued = !valueColumn.equals("none");
    StrongGeneralizationSplit splitting =
        fromOptions(
            () -> {
              StrongGeneralizationSplit.Builder builder =
                  StrongGeneralizationSplit.builder()
                      .minUserItems(minUserItems)
                      .minItemUsers(minItemUsers)
                      .untilStable(untilStable)
                      .heldOutUsers(heldOutUsers)
                      .seed(seed);
              if (minRating != null || valued) {
                builder.minRating(minRating == null ? 4 : minRating);
              }
              return builder.build();
            });
    String[] columns = titleColumns.split(",", -1);
    if (columns.length != 2) {
      throw wrongUsage(
          "--title-columns: expected two columns, as in movieId,title, found " + titleColumns);
    }
    DelimitedReader reader = fromOptions(() -> reader(valued));
    Interactions log = reader.read(input.toArray(Path[]::new));
    if (titles != null) {
      log = log.withTitles(ItemTitles.read(titles, fieldSeparator(), columns[0], columns[1]));
    }
    Split split = splitting.split(log);
    PreparedFolder.write(split, out);
    out().print(SplitSummary.stages(split));
    out().println();
    out().print(SplitSummary.parts(split));
    out().println();
    out().println("Written to " + out);
    writeJson(json, toJson(split));
  }

  private String fieldSeparator() {
    if (separator != null) {
      return separator.equals("\\t") ? "\t" : separator;
    }
    return format == Format.TSV ? "\t" : ",";
  }

  private DelimitedReader reader(boolean valued) {
    DelimitedReader.Builder builder =
        DelimitedReader.builder()
            .separator(fieldSeparator())
            .header(!noHeader)
            .userColumn(userColumn)
            .itemColumn(itemColumn);
    if (valued) {
      builder.valueColumn(valueColumn);
    }
    return builder.build();
  }

  private ObjectNode toJson(Split split) {
    ObjectNode root = jsonObject();
    root.put("folder", out.toString());
    ArrayNode stages = root.putArray("stages");
    for (Split.Stage stage : split.stages()) {
      stages
          .addObject()
          .put("name", stage.name())
          .put("users", stage.users())
          .put("items", stage.items())
          .put("events", stage.events());
    }
    root.put("items", split.items().size());
    root.put("training_users", split.train().rows());
    root.put("training_events", split.train().entries());
    root.put("validation_users", split.validation().users());
    root.put("test_users", split.test().users());
    return root;
  }
}
