package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.vaecf.core.GroupStrategy;
import io.github.vaecf.core.Query;
import io.github.vaecf.core.Reason;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.reading.ReadOptions;
import io.github.vaecf.data.reading.SqlTable;
import io.github.vaecf.eval.batch.BatchRecommender;
import io.github.vaecf.eval.batch.UserHistories;
import io.github.vaecf.eval.export.Recommenders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf recommend}: from what users have to the best others, for one user or for all. */
@Command(
    name = "recommend",
    header = "Recommend items to a user, from the items that the user likes, or to everybody.",
    description = {
      "",
      "For one user: --items, --items-file, or --user of a prepared folder; for several people who"
          + " want one list, --user repeated. For many, into a file (--out) or a table (--out-jdbc):"
          + " --all users of a prepared folder, or those of --histories or --histories-sql. What the"
          + " model does not know is counted, said and left out.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf recommend --model models/movies --items 260,1196,1210 -k 5",
      "  vaecf recommend --model run --data data --user 42",
      "  vaecf recommend --model run --data data --user 42 --user 43 --allow in-stock.txt",
      "  vaecf recommend --model run --data data --all --out all.parquet",
      "  vaecf recommend --model run --histories likes.csv --exclude gone.txt --out a.csv",
      "  vaecf recommend --model models/shop --data data --all \\",
      "    --out-jdbc jdbc:postgresql://db/shop --jdbc-user shop --out-table best"
    })
final class RecommendCommand extends Subcommand {
  private static final int SHORT_LIST = 10;
  private static final int LONG_LIST = 100;

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
      names = "--data",
      paramLabel = "DIR",
      description = "A prepared folder: whose users --user and --all are.")
  private Path data;

  @Option(
      names = "--user",
      paramLabel = "ID",
      description =
          "The raw id of a user of the prepared folder. Repeated: one list for all of them, without"
              + " what anybody of them has.")
  private List<String> users = List.of();

  @Option(
      names = "--group",
      paramLabel = "STRATEGY",
      defaultValue = "average",
      completionCandidates = GroupStrategies.class,
      description =
          "How the standardised scores of several users become one: ${COMPLETION-CANDIDATES};"
              + " default ${DEFAULT-VALUE}.")
  private String group;

  /** Names of the strategies. */
  static final class GroupStrategies implements Iterable<String> {
    private static String name(GroupStrategy strategy) {
      return strategy.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(GroupStrategy.values()).map(GroupStrategies::name).iterator();
    }
  }

  @Option(
      names = "--all",
      description =
          "Every user of the prepared folder, with all that is known: of users held out for"
              + " validation and test what is told the model and what is held out.")
  private boolean all;

  @Option(
      names = "--histories",
      paramLabel = "FILE",
      description =
          "Every user of a CSV file (.tsv: with tabs) of pairs of a user and an item, a user's pairs"
              + " together or not; read as 'prepare' reads it, - for standard input.")
  private Path histories;

  @Option(
      names = "--histories-sql",
      paramLabel = "QUERY",
      description =
          "Every user of the rows of a query: SELECT user, item FROM …; read as 'prepare --sql' reads"
              + " it.")
  private String historiesQuery;

  @Mixin private DatabaseOptions database;

  @Option(
      names = {"-k", "--top-k"},
      paramLabel = "N",
      description = "How many items to recommend; default 10 to one user, 100 to many.")
  private Integer k;

  @Option(
      names = "--offset",
      paramLabel = "N",
      defaultValue = "0",
      description = "Leave out the N best, for the next page of one user's list.")
  private int offset;

  @Option(
      names = "--mmr",
      paramLabel = "LAMBDA",
      defaultValue = "1",
      description =
          "A more diverse list, by maximal marginal relevance: the weight of the scores, from 1 for"
              + " nothing else to 0 for items as unlike each other as can be; for one user.")
  private double lambda;

  @Option(
      names = "--because",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Show with each item the N items of the user's history that carry it most, with how much"
              + " lower its score were without them; for one user.")
  private int because;

  @Option(
      names = "--exclude",
      paramLabel = "FILE",
      description = "Items that nobody is to get, a raw id a line; - for standard input.")
  private Path exclude;

  @Option(
      names = "--allow",
      paramLabel = "FILE",
      description = "The only items that anybody is to get, a raw id a line; - for standard input.")
  private Path allow;

  @Option(
      names = "--with-history",
      description =
          "Recommend items too that a user has already; takes a run folder or a SavedModel. Default:"
              + " leave them out.")
  private boolean withHistory;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Where everybody's recommendations go, whole or not at all; - for standard output.")
  private OutputFile out;

  @Option(
      names = "--out-format",
      paramLabel = "FORM",
      completionCandidates = RecommendationForm.Names.class,
      description =
          "The form of --out: ${COMPLETION-CANDIDATES}; default: what its ending says. csv and"
              + " parquet have user, item, score, rank, a row an item; jsonl has a line a user.")
  private String formName;

  @Option(
      names = "--out-jdbc",
      paramLabel = "URL",
      description =
          "The database with a table for everybody's recommendations, in place of --out; without a"
              + " password, as --jdbc.")
  private String outUrl;

  @Option(
      names = "--out-table",
      paramLabel = "TABLE",
      defaultValue = "recommendations",
      description =
          "The table of --out-jdbc, as SQL writes it; default ${DEFAULT-VALUE}. Its first four"
              + " columns are for user, item, score and rank. Its rows are replaced, all in one"
              + " transaction.")
  private String outTable;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the list as JSON too, of many users the counts; - for standard output.")
  private OutputFile json;

  @Override
  void run() throws Exception {
    if (k != null && k < 1) {
      throw wrongUsage("-k: expected at least 1, found " + k);
    }
    if (offset < 0) {
      throw wrongUsage("--offset: expected at least 0, found " + offset);
    }
    if (!(lambda >= 0 && lambda <= 1)) {
      throw wrongUsage("--mmr: expected 0 to 1, found " + lambda);
    }
    if (because < 0) {
      throw wrongUsage("--because: expected at least 0, found " + because);
    }
    requireOneSource();
    fromOptions(
        () -> {
          database.check("--out-jdbc", outUrl);
          return database;
        });
    if (historiesQuery == null) {
      refuse("goes with --histories-sql", "--jdbc");
    }
    if (!many()) {
      refuse(
          "is for many users: --all, --histories or --histories-sql",
          "--out",
          "--out-format",
          "--out-jdbc",
          "--out-table");
    } else {
      requireOneTarget();
      refuse("is for one user: --items, --items-file or --user", "--offset", "--mmr", "--because");
    }
    if (users.size() < 2) {
      refuse("is for several users: --user repeated", "--group");
    } else {
      refuse("is for one user, found " + users.size(), "--because");
    }
    GroupStrategy strategy = strategy();
    RecommendationForm form = many() && out != null ? form() : null;
    List<String> items = users.isEmpty() && !many() ? items() : List.of();
    try (Recommender opened = Recommenders.open(model)) {
      Filters filters = filters(opened);
      if (many()) {
        recommendToMany(opened, filters, form);
      } else if (!users.isEmpty()) {
        recommendToUsers(opened, filters, strategy);
      } else {
        recommendFor(opened, filters, items);
      }
    }
  }

  private boolean many() {
    return all || histories != null || historiesQuery != null;
  }

  private void requireOneTarget() {
    if (out == null && outUrl == null) {
      throw wrongUsage(
          "--out: expected a file for everybody's recommendations, or --out-jdbc, found none");
    }
    if (out != null && outUrl != null) {
      throw wrongUsage("--out and --out-jdbc: expected one of them, found both");
    }
    if (outUrl == null) {
      refuse("goes with --out-jdbc", "--out-table");
    } else {
      refuse("is the form of the file of --out", "--out-format");
    }
  }

  private void requireOneSource() {
    List<String> sources = new ArrayList<>();
    for (String name : List.of("--user", "--all", "--histories", "--histories-sql")) {
      if (isGiven(name)) {
        sources.add(name);
      }
    }
    if (isGiven("--items") || isGiven("--items-file")) {
      sources.add(isGiven("--items") ? "--items" : "--items-file");
    }
    if (sources.isEmpty()) {
      throw wrongUsage(
          "expected at least one item, in --items or in --items-file; or --user or --all with"
              + " --data, or --histories or --histories-sql");
    }
    if (sources.size() > 1) {
      throw wrongUsage(
          sources.get(0) + " and " + sources.get(1) + ": expected one of them, found both");
    }
    boolean needsData = all || !users.isEmpty();
    if (needsData && data == null) {
      throw wrongUsage("--data: " + sources.get(0) + " is of a prepared folder, found none");
    }
    if (!needsData) {
      refuse("is for --user and --all", "--data");
    }
  }

  private GroupStrategy strategy() {
    for (GroupStrategy one : GroupStrategy.values()) {
      if (GroupStrategies.name(one).equals(group)) {
        return one;
      }
    }
    throw wrongUsage(
        "--group: expected one of "
            + String.join(", ", new GroupStrategies())
            + ", found "
            + group);
  }

  private RecommendationForm form() {
    RecommendationForm form =
        formName == null
            ? RecommendationForm.ofEnding(out.path()).orElse(null)
            : fromOption("--out-format", () -> RecommendationForm.named(formName));
    if (form == null) {
      throw wrongUsage(
          "--out: expected a name that ends with one of "
              + RecommendationForm.allEndings()
              + ", or --out-format, found "
              + out);
    }
    if (form == RecommendationForm.PARQUET && out.isStandardOutput()) {
      throw wrongUsage("--out: Parquet takes a file, found standard output");
    }
    return form;
  }

  private List<String> items() throws IOException {
    List<String> items = new ArrayList<>();
    for (String list : lists) {
      items.addAll(fromOptions(() -> ids(list)));
    }
    if (itemsFile != null) {
      items.addAll(lines(itemsFile));
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

  /** The ids of a file, one a line. */
  private static List<String> lines(Path file) throws IOException {
    String text;
    try {
      text =
          file.toString().equals("-")
              ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
              : Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new DataException(
          file + ": expected an id a line in UTF-8, found other bytes; convert the file", e);
    }
    return text.lines().filter(id -> !id.isEmpty()).toList();
  }

  /** The ids that the model knows of --exclude, and of --allow where it is given. */
  private record Filters(List<String> excluded, Optional<List<String>> allowed) {}

  private Filters filters(Recommender opened) throws IOException {
    List<String> excluded = exclude == null ? List.of() : known(opened, exclude);
    Optional<List<String>> allowed = Optional.empty();
    if (allow != null) {
      allowed = Optional.of(known(opened, allow));
      if (allowed.get().isEmpty()) {
        throw new DataException(
            allow
                + ": expected an item of the model, found none; it has "
                + opened.itemCount()
                + ", such as '"
                + opened.items().id(0)
                + "'");
      }
    }
    if (withHistory && !opened.scoresAllItems()) {
      throw new DataException(
          model
              + ": an ONNX file leaves the items of a history out by itself; for --with-history name"
              + " the run folder or a SavedModel");
    }
    if (lambda < 1 && !opened.comparesItems()) {
      throw new DataException(
          model
              + ": has no vectors of its items to compare; for --mmr name an autoencoder, a"
              + " factorization or a linear model, as a run folder or an export of this version");
    }
    return new Filters(excluded, allowed);
  }

  /** The ids of a file that the model knows; the others are said. */
  private List<String> known(Recommender opened, Path file) throws IOException {
    List<String> ids = lines(file);
    List<String> unknown = ids.stream().filter(id -> opened.items().indexOf(id) < 0).toList();
    if (!unknown.isEmpty()) {
      err()
          .printf(
              Locale.ROOT,
              "vaecf recommend: %s: the model does not know %,d of %,d items, such as '%s';"
                  + " ignored%n",
              file,
              unknown.size(),
              ids.size(),
              DataException.excerpt(unknown.get(0)));
    }
    return ids.stream().filter(id -> opened.items().indexOf(id) >= 0).toList();
  }

  private void recommendToMany(Recommender opened, Filters filters, RecommendationForm form)
      throws IOException {
    BatchRecommender.Builder batch =
        BatchRecommender.builder(opened).k(k == null ? LONG_LIST : k).exclude(filters.excluded());
    filters.allowed().ifPresent(batch::allow);
    if (withHistory) {
      batch.withHistory();
    }
    UserHistories users =
        all
            ? UserHistories.of(PreparedFolder.read(data), opened)
            : UserHistories.of(readHistories(), opened);
    sayUnknown(users, opened);
    long start = System.nanoTime();
    long rows;
    try (BatchDisplay display = new BatchDisplay(err(), users.users().size())) {
      BatchRecommender recommender = batch.progress(display).build();
      rows = form == null ? writeTable(recommender, users) : form.write(recommender, users, out);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    out()
        .printf(
            Locale.ROOT,
            "%,d users, %,d recommendations, %.1f s (%,.0f users/s): %s%n",
            users.users().size(),
            rows,
            seconds,
            users.users().size() / seconds,
            outUrl == null ? out : "table " + outTable);
    ObjectNode answer =
        jsonObject()
            .put("users", users.users().size())
            .put("recommendations", rows)
            .put("unknown_items", users.unknownItems().size())
            .put("unknown_pairs", users.unknownPairs())
            .put("seconds", seconds)
            .put("out", outUrl == null ? out.toString() : outTable);
    writeJson(json, answer);
  }

  private long writeTable(BatchRecommender recommender, UserHistories users) throws IOException {
    try (SqlTable table = database.table(outUrl, outTable, BatchRecommender.COLUMNS)) {
      return recommender.writeTable(users, table);
    }
  }

  private Interactions readHistories() {
    if (historiesQuery != null) {
      return database.read(reader -> reader.read(historiesQuery, ReadOptions.ALL, out()::println));
    }
    boolean tabs = histories.toString().toLowerCase(Locale.ROOT).endsWith(".tsv");
    return DelimitedReader.builder()
        .separator(tabs ? "\t" : ",")
        .notes(out()::println)
        .build()
        .read(histories);
  }

  /** Says what of the histories the model does not know. */
  private void sayUnknown(UserHistories users, Recommender opened) {
    List<String> unknown = users.unknownItems();
    if (unknown.isEmpty()) {
      return;
    }
    if (users.unknownPairs() == users.pairs()) {
      throw new DataException(
          model
              + ": knows none of the items; it has "
              + opened.itemCount()
              + " others, such as '"
              + opened.items().id(0)
              + "'");
    }
    err()
        .printf(
            Locale.ROOT,
            "vaecf recommend: the model does not know %,d of the users' items, such as '%s': %,d of"
                + " %,d pairs left out%n",
            unknown.size(),
            DataException.excerpt(unknown.get(0)),
            users.unknownPairs(),
            users.pairs());
  }

  private void recommendToUsers(Recommender opened, Filters filters, GroupStrategy strategy)
      throws IOException {
    UserHistories everybody = UserHistories.of(PreparedFolder.read(data), opened);
    List<List<String>> histories = new ArrayList<>();
    Set<String> unknown = new LinkedHashSet<>();
    for (String user : users) {
      int index = everybody.users().indexOf(user);
      if (index < 0) {
        throw new DataException(
            data
                + ": has no user '"
                + DataException.excerpt(user)
                + "'; it has "
                + everybody.users().size()
                + ", such as '"
                + everybody.users().id(0)
                + "'");
      }
      UserHistories own = everybody.only(index);
      sayUnknown(own, opened);
      unknown.addAll(own.unknownItems());
      histories.add(opened.items().ids(own.rows(0, 1).row(0)));
    }
    ObjectNode answer = jsonObject();
    Query.Builder query = Query.builder();
    if (users.size() == 1) {
      answer.put("user", users.get(0));
      query.history(histories.get(0));
    } else {
      users.forEach(answer.putArray("users")::add);
      answer.put("group", group);
      query.group(histories, strategy);
    }
    unknown.forEach(answer.putArray("unknown")::add);
    show(opened, filters, query, answer);
  }

  private void recommendFor(Recommender opened, Filters filters, List<String> items)
      throws IOException {
    List<String> unknown = items.stream().filter(id -> opened.items().indexOf(id) < 0).toList();
    if (unknown.size() == items.size()) {
      sayUnknown(UserHistories.of(Map.of("", items), opened), opened);
    }
    unknown.forEach(
        id -> err().println("vaecf recommend: the model knows no item '" + id + "'; ignored"));
    ObjectNode answer = jsonObject();
    items.forEach(answer.putArray("items")::add);
    unknown.forEach(answer.putArray("unknown")::add);
    show(opened, filters, Query.builder().history(items), answer);
  }

  /** Shows one list. */
  private void show(Recommender opened, Filters filters, Query.Builder whose, ObjectNode answer)
      throws IOException {
    whose
        .k(k == null ? SHORT_LIST : k)
        .offset(offset)
        .exclude(filters.excluded())
        .marginalRelevance(lambda);
    filters.allowed().ifPresent(whose::allow);
    if (withHistory) {
      whose.withHistory();
    }
    Query query = whose.build();
    List<Recommendation> best = opened.recommend(query);
    List<List<Reason>> reasons =
        because == 0
            ? List.of()
            : opened
                .because(query.history(), best.stream().map(Recommendation::item).toList())
                .stream()
                .map(all -> all.subList(0, Math.min(because, all.size())))
                .toList();
    out()
        .print(
            RankedItems.show(
                best,
                Recommenders.titles(opened),
                "score",
                answer.putArray("recommendations"),
                reasons));
    writeJson(json, answer);
  }
}
