package io.github.vaecf.data.download;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A data set, where it is published, and on what terms.
 *
 * @param name what it is called here
 * @param files what to fetch; the reader takes the only file, or the folder of several
 * @param licence the terms of use in a sentence
 * @param citation what to cite
 */
public record PublishedDataSet(
    String name, List<RemoteFile> files, String licence, String citation) {
  /**
   * Copies the list.
   *
   * @param name what it is called here
   * @param files what to fetch
   * @param licence the terms of use
   * @param citation what to cite
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

  private static final String GROUPLENS = "https://files.grouplens.org/datasets/movielens/";
  private static final String GROUPLENS_LICENCE =
      "Research use; no commercial use without permission of GroupLens; the README inside says all.";
  private static final String GROUPLENS_CITATION =
      "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context."
          + " ACM Transactions on Interactive Intelligent Systems 5, 4: 19:1-19:19."
          + " https://doi.org/10.1145/2827872";

  /** All data sets that have a name here. */
  private static final List<PublishedDataSet> ALL =
      List.of(
          movieLens("ml-latest-small", Optional.empty()),
          movieLens("ml-1m", Optional.of("c4d9eecfca2ab87c1945afe126590906")),
          movieLens("ml-20m", Optional.of("cd245b17a1ae2cc31bb14903e1204af3")),
          movieLens("ml-25m", Optional.of("6b51fb2759a8657d3bfcbfc42b592ada")),
          movieLens("ml-32m", Optional.empty()),
          new PublishedDataSet(
              "msd",
              List.of(
                  plain(
                      "http://millionsongdataset.com/sites/default/files/challenge/",
                      "train_triplets.txt.zip")),
              "Non-commercial research use, as the Echo Nest Taste Profile's page says.",
              "Thierry Bertin-Mahieux, Daniel P.W. Ellis, Brian Whitman and Paul Lamere. 2011. The"
                  + " Million Song Dataset. ISMIR 2011."),
          new PublishedDataSet(
              "gowalla",
              List.of(
                  plain(
                      "https://raw.githubusercontent.com/kuandeng/LightGCN/master/Data/gowalla/",
                      "train.txt"),
                  plain(
                      "https://raw.githubusercontent.com/kuandeng/LightGCN/master/Data/gowalla/",
                      "test.txt")),
              "Published for research with the paper; the check-ins are from SNAP, Stanford.",
              "Xiangnan He et al. 2020. LightGCN: Simplifying and Powering Graph Convolution Network"
                  + " for Recommendation. SIGIR 2020. https://doi.org/10.1145/3397271.3401063"));

  private static PublishedDataSet movieLens(String name, Optional<String> md5) {
    String file = name + ".zip";
    return new PublishedDataSet(
        name,
        List.of(new RemoteFile(URI.create(GROUPLENS + file), file, md5, true)),
        GROUPLENS_LICENCE,
        GROUPLENS_CITATION);
  }

  private static RemoteFile plain(String folder, String name) {
    return new RemoteFile(URI.create(folder + name), name, Optional.empty(), false);
  }

  /**
   * The data set of a name.
   *
   * @param name one of {@link #names()}
   * @return the data set
   * @throws IllegalArgumentException if there is none of this name
   */
  public static PublishedDataSet of(String name) {
    for (PublishedDataSet dataSet : ALL) {
      if (dataSet.name.equals(name)) {
        return dataSet;
      }
    }
    throw new IllegalArgumentException(
        "a data set must be one of " + String.join(", ", names()) + ", found '" + name + "'");
  }

  /**
   * The names that {@link #of} knows.
   *
   * @return the names
   */
  public static List<String> names() {
    List<String> names = new ArrayList<>();
    for (PublishedDataSet dataSet : ALL) {
      names.add(dataSet.name);
    }
    return names;
  }
}
