package io.github.vaecf.data.published;

import io.github.vaecf.data.reading.LogFormat;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A published data set: all that is known of it stands in one entry of the list here. Immutable and
 * safe for use by many threads.
 *
 * @param name what it is called on the command line
 * @param title what it is called in a text
 * @param format the form that it was published in
 * @param files what to fetch; the reader takes the only file, or the folder of several; empty where
 *     nobody offers it any more
 * @param licence the terms of use in a sentence
 * @param citation what to cite
 * @param prepared how large it is as it was prepared for published results
 * @param preset how it was filtered and divided for published results; empty where nobody has
 *     published that, or it was published divided
 */
public record PublishedDataSet(
    String name,
    String title,
    LogFormat format,
    List<RemoteFile> files,
    String licence,
    String citation,
    Optional<Shape> prepared,
    Optional<Preset> preset) {
  /**
   * Copies the list.
   *
   * @param name what it is called on the command line
   * @param title what it is called in a text
   * @param format the form that it was published in
   * @param files what to fetch
   * @param licence the terms of use
   * @param citation what to cite
   * @param prepared how large it is as prepared
   * @param preset how it was filtered and divided
   */
  public PublishedDataSet {
    files = List.copyOf(files);
  }

  /**
   * A file of a data set.
   *
   * @param address where it is published
   * @param name its name in the cache
   * @param md5 its checksum, if it is known beforehand
   * @param checksumBeside whether the publisher keeps a checksum at the same address with {@code
   *     .md5} at its end
   */
  public record RemoteFile(
      URI address, String name, Optional<String> md5, boolean checksumBeside) {}

  /**
   * The settings of a published strong-generalization split.
   *
   * @param minRating the least value of an event that takes part; negative infinity if all do
   * @param minUserItems the least number of items of a user
   * @param minItemUsers the least number of users of an item
   * @param heldOutUsers how many users are held out for validation, and as many again for test
   */
  public record Preset(double minRating, int minUserItems, int minItemUsers, int heldOutUsers) {
    /**
     * The splitter with these settings, drawing with the published seed.
     *
     * @return a new builder
     */
    public StrongGeneralizationSplitter.Builder splitter() {
      return StrongGeneralizationSplitter.builder()
          .minRating(minRating)
          .minUserItems(minUserItems)
          .minItemUsers(minItemUsers)
          .heldOutUsers(heldOutUsers);
    }
  }

  private static final String GROUPLENS = "https://files.grouplens.org/datasets/movielens/";
  private static final String LIGHTGCN =
      "https://raw.githubusercontent.com/kuandeng/LightGCN/master/Data/";

  // Sizes and presets are those of Liang et al. (WWW 2018), table 1 and section 4.1; that of
  // Gowalla
  // is from He et al. (SIGIR 2020), table 2.
  private static final List<PublishedDataSet> ALL =
      List.of(
          movieLens("ml-latest-small", "MovieLens latest small", Optional.empty()),
          movieLens("ml-1m", "MovieLens 1M", Optional.of("c4d9eecfca2ab87c1945afe126590906")),
          movieLens("ml-20m", "MovieLens 20M", Optional.of("cd245b17a1ae2cc31bb14903e1204af3"))
              .with(new Shape(136_677, 20_108, 9_990_682), new Preset(4, 5, 0, 10_000)),
          movieLens("ml-25m", "MovieLens 25M", Optional.of("6b51fb2759a8657d3bfcbfc42b592ada")),
          movieLens("ml-32m", "MovieLens 32M", Optional.empty()),
          new PublishedDataSet(
              "netflix",
              "Netflix Prize",
              LogFormat.of("netflix"),
              List.of(),
              "No longer offered by Netflix; who has it is bound by the README inside.",
              "James Bennett and Stan Lanning. 2007. The Netflix Prize. KDD Cup and Workshop 2007.",
              Optional.of(new Shape(463_435, 17_769, 56_880_037)),
              Optional.of(new Preset(4, 5, 0, 40_000))),
          new PublishedDataSet(
              "msd",
              "Million Song Dataset",
              LogFormat.of("msd"),
              List.of(
                  plain(
                      "http://millionsongdataset.com/sites/default/files/challenge/",
                      "train_triplets.txt.zip")),
              "Non-commercial research use, as the Echo Nest Taste Profile's page says.",
              "Thierry Bertin-Mahieux, Daniel P.W. Ellis, Brian Whitman and Paul Lamere. 2011. The"
                  + " Million Song Dataset. ISMIR 2011.",
              Optional.of(new Shape(571_355, 41_140, 33_633_450)),
              Optional.of(new Preset(Double.NEGATIVE_INFINITY, 20, 200, 50_000))),
          new PublishedDataSet(
              "gowalla",
              "Gowalla",
              LogFormat.of("lightgcn"),
              List.of(
                  plain(LIGHTGCN + "gowalla/", "train.txt"),
                  plain(LIGHTGCN + "gowalla/", "test.txt")),
              "Published for research with the paper; the check-ins are from SNAP, Stanford.",
              "Xiangnan He et al. 2020. LightGCN: Simplifying and Powering Graph Convolution"
                  + " Network for Recommendation. SIGIR 2020."
                  + " https://doi.org/10.1145/3397271.3401063",
              Optional.of(new Shape(29_858, 40_981, 1_027_370)),
              Optional.empty()));

  private static PublishedDataSet movieLens(String name, String title, Optional<String> md5) {
    String file = name + ".zip";
    return new PublishedDataSet(
        name,
        title,
        LogFormat.of("movielens"),
        List.of(new RemoteFile(URI.create(GROUPLENS + file), file, md5, true)),
        "Research use; no commercial use without permission of GroupLens; the README inside says"
            + " all.",
        "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and"
            + " Context. ACM Transactions on Interactive Intelligent Systems 5, 4: 19:1-19:19."
            + " https://doi.org/10.1145/2827872",
        Optional.empty(),
        Optional.empty());
  }

  private static RemoteFile plain(String folder, String name) {
    return new RemoteFile(URI.create(folder + name), name, Optional.empty(), false);
  }

  private PublishedDataSet with(Shape shape, Preset settings) {
    return new PublishedDataSet(
        name, title, format, files, licence, citation, Optional.of(shape), Optional.of(settings));
  }

  /**
   * All data sets that have a name here.
   *
   * @return at least one
   */
  public static List<PublishedDataSet> all() {
    return ALL;
  }

  /**
   * The data set of a name, if there is one.
   *
   * @param name the name of one of {@link #all()}; whether letters are capital does not matter
   * @return the data set, or empty
   */
  public static Optional<PublishedDataSet> find(String name) {
    return ALL.stream().filter(dataSet -> dataSet.name.equalsIgnoreCase(name)).findFirst();
  }

  /**
   * The data set of a name.
   *
   * @param name the name of one of {@link #all()}; whether letters are capital does not matter
   * @return the data set
   * @throws IllegalArgumentException if there is none of this name
   */
  public static PublishedDataSet of(String name) {
    return find(name).orElseThrow(() -> none("a data set", ALL, name));
  }

  /**
   * The data sets that can be fetched.
   *
   * @return those with files
   */
  public static List<PublishedDataSet> downloadable() {
    return ALL.stream().filter(dataSet -> !dataSet.files.isEmpty()).toList();
  }

  /**
   * The splitter with the published settings of a data set, to be changed or built.
   *
   * @return a new builder
   * @throws IllegalArgumentException if none were published
   */
  public StrongGeneralizationSplitter.Builder splitter() {
    List<PublishedDataSet> others =
        ALL.stream().filter(dataSet -> dataSet.preset.isPresent()).toList();
    return preset
        .orElseThrow(() -> none("a data set with published settings", others, name))
        .splitter();
  }

  private static IllegalArgumentException none(
      String what, List<PublishedDataSet> choices, String found) {
    List<String> names = new ArrayList<>();
    for (PublishedDataSet choice : choices) {
      names.add(choice.name);
    }
    return new IllegalArgumentException(
        what + " must be one of " + String.join(", ", names) + ", found '" + found + "'");
  }
}
