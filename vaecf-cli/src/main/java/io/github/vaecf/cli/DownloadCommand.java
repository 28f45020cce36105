package io.github.vaecf.cli;

import io.github.vaecf.data.published.Downloader;
import io.github.vaecf.data.published.PublishedDataSet;
import java.nio.file.Path;
import java.util.Iterator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vaecf download}: a public data set into the cache. */
@Command(
    name = "download",
    header = "Fetch a public data set into the cache, checked.",
    description = {
      "",
      "Says licence and citation, goes on with what broke off, and fetches nothing twice.",
      ""
    },
    footer = {"", "Example:", "  vaecf download ml-20m"})
final class DownloadCommand extends Subcommand {
  @Parameters(
      paramLabel = "NAME",
      completionCandidates = Names.class,
      description = "Which: ${COMPLETION-CANDIDATES}.")
  private String name;

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      defaultValue = "${sys:user.home}/.cache/vaecf",
      description = "Where data sets are kept; default ~/.cache/vaecf.")
  private Path cache;

  /** The names of the data sets. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PublishedDataSet.downloadable().stream().map(PublishedDataSet::name).iterator();
    }
  }

  @Override
  void run() {
    PublishedDataSet dataSet = fromOptions(() -> PublishedDataSet.of(name));
    out().println("Licence:  " + dataSet.licence());
    out().println("Citation: " + dataSet.citation());
    Path path;
    try (DownloadDisplay display = new DownloadDisplay(err())) {
      path = new Downloader(cache, display).fetch(dataSet);
    }
    out().println("In the cache: " + path);
  }
}
