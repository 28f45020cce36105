package io.github.vaecf.eval.published;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.published.PublishedDataSet;
import io.github.vaecf.data.reading.LogFormat;
import io.github.vaecf.data.reading.ReadOptions;
import io.github.vaecf.data.splitting.GivenSplitter;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.Recall;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Results that were published on a data set: by which metrics, with which outcome, and with which
 * settings they are reproduced. Immutable and safe for use by many threads.
 *
 * @param dataSet the data set, prepared as published
 * @param citation where the results were published
 * @param metrics what they were measured by, in the order of the values
 * @param validation what decides on the epoch, on validation users; it is not among the metrics in
 *     every case
 * @param values of each model, by its name, the published mean of each metric
 * @param settings of each model, by its name, the settings in which a reproduction departs from
 *     those of Liang et al., by the names that training gives them; a model without any has none
 */
public record PublishedResult(
    PublishedDataSet dataSet,
    String citation,
    List<RankingMetric> metrics,
    RankingMetric validation,
    Map<String, List<Double>> values,
    Map<String, Map<String, String>> settings) {
  private static final String VAE = "vae";
  private static final String DAE = "dae";

  private static final String LIANG =
      "Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW"
          + " 2018, table 2";

  private static final String LATER =
      "; EASE, RecVAE and H+Vamp as in Vančura, Kordík: Deep Variational Autoencoder with Shallow"
          + " Parallel Path for Top-N Recommendation, 2021, table III";

  /**
   * Share of each user's training pairs that is held back to choose the epoch by: as large as that
   * of the test, so that users with few items take part.
   */
  private static final double VALIDATION_SHARE = 0.2;

  private static final List<PublishedResult> ALL =
      List.of(
          strong(
              "ml-20m",
              LIANG + LATER,
              Map.of(
                  VAE,
                  List.of(0.395, 0.537, 0.426),
                  DAE,
                  List.of(0.387, 0.524, 0.419),
                  "ease",
                  List.of(0.391, 0.521, 0.420),
                  "recvae",
                  List.of(0.414, 0.553, 0.442),
                  "hvamp",
                  List.of(0.413, 0.551, 0.445))),
          strong(
              "netflix",
              LIANG + LATER,
              Map.of(
                  VAE,
                  List.of(0.351, 0.444, 0.386),
                  DAE,
                  List.of(0.344, 0.438, 0.380),
                  "ease",
                  List.of(0.362, 0.445, 0.393),
                  "recvae",
                  List.of(0.361, 0.452, 0.394),
                  "hvamp",
                  List.of(0.376, 0.463, 0.409))),
          strong(
              "msd",
              LIANG,
              Map.of(VAE, List.of(0.266, 0.364, 0.316), DAE, List.of(0.266, 0.363, 0.313))),
          new PublishedResult(
              PublishedDataSet.of("gowalla"),
              "He, Deng, Wang, Li, Zhang, Wang: LightGCN, SIGIR 2020, table 4",
              List.of(RankingMetric.parse("recall_of_all@20"), Ndcg.at(20)),
              Ndcg.at(20),
              Map.of(VAE, List.of(0.1641, 0.1335)), // Mult-DAE is not among the models there.
              // β's rise is given in steps, so that it takes the same course on all pairs as on the
              // part that found the number of epochs; how these were chosen stands in
              // docs/results/gowalla.md.
              Map.of(
                  VAE,
                  Map.of(
                      "epochs", "20",
                      "learning-rate", "0.002",
                      "schedule", "cosine",
                      "keep-probability", "0.7",
                      "l2", "0.00007",
                      "beta-cap", "0.5",
                      "anneal-steps", "360"))));

  /**
   * Copies lists and maps.
   *
   * @param dataSet the data set
   * @param citation where the results were published
   * @param metrics what they were measured by
   * @param validation what decides on the epoch
   * @param values by the model's name, a mean of each metric
   * @param settings by the model's name, what departs from the published settings
   * @throws IllegalArgumentException if a model has more or fewer values than there are metrics
   */
  public PublishedResult {
    metrics = List.copyOf(metrics);
    values = Map.copyOf(values);
    settings = Map.copyOf(settings);
    for (Map.Entry<String, List<Double>> row : values.entrySet()) {
      if (row.getValue().size() != metrics.size()) {
        throw new IllegalArgumentException(
            row.getKey() + " must have " + metrics.size() + " values, found " + row.getValue());
      }
    }
  }

  private static PublishedResult strong(
      String name, String citation, Map<String, List<Double>> values) {
    return new PublishedResult(
        PublishedDataSet.of(name),
        citation,
        List.of(Recall.at(20), Recall.at(50), Ndcg.at(100)),
        Ndcg.at(100),
        values,
        Map.of());
  }

  /**
   * All results that are known here.
   *
   * @return at least one, each of another data set
   */
  public static List<PublishedResult> all() {
    return ALL;
  }

  /**
   * The results on a data set.
   *
   * @param name the data set's name; whether letters are capital does not matter
   * @return the results
   * @throws IllegalArgumentException if none are known here
   */
  public static PublishedResult of(String name) {
    for (PublishedResult result : ALL) {
      if (result.name().equalsIgnoreCase(name)) {
        return result;
      }
    }
    List<String> names = ALL.stream().map(PublishedResult::name).toList();
    throw new IllegalArgumentException(
        "a data set with published results must be one of "
            + String.join(", ", names)
            + ", found '"
            + name
            + "'");
  }

  /**
   * The published results for prepared data of this size, which is taken for the data set itself.
   *
   * @param split prepared data, not made up
   * @return the results; empty if no such data set has as many users and items
   */
  public static Optional<PublishedResult> of(Split split) {
    return ALL.stream()
        .filter(
            result ->
                result
                    .dataSet
                    .prepared()
                    .filter(shape -> shape.users() == split.users().size())
                    .filter(shape -> shape.items() == split.items().size())
                    .isPresent())
        .findFirst();
  }

  /**
   * The data set's name.
   *
   * @return what {@link #of(String)} takes
   */
  public String name() {
    return dataSet.name();
  }

  /**
   * A published mean.
   *
   * @param model the model's name, such as {@code vae}
   * @param metric the metric
   * @return the mean; empty where none was published
   */
  public OptionalDouble value(String model, RankingMetric metric) {
    int column = metrics.indexOf(metric);
    return column < 0 || !values.containsKey(model)
        ? OptionalDouble.empty()
        : OptionalDouble.of(values.get(model).get(column));
  }

  /**
   * The settings in which a reproduction departs from those of Liang et al.
   *
   * @param model the model's name, such as {@code vae}
   * @return values by the settings' names; empty if all are as there
   */
  public Map<String, String> settings(String model) {
    return settings.getOrDefault(model, Map.of());
  }

  /**
   * Whether the test is on the items of the training users, of whom validation pairs are training
   * pairs that are held back: then the last training is on all of them.
   *
   * @return whether it is weak generalization
   */
  public boolean testsTrainingUsers() {
    return dataSet.preset().isEmpty();
  }

  /**
   * Reads raw data and prepares it as published.
   *
   * @param input the data set as published
   * @param heldOutUsers users to hold out for validation, and again for test, in place of the
   *     published number
   * @return the split
   * @throws DataException if it cannot be read or divided
   */
  public Split prepare(Path input, OptionalInt heldOutUsers) {
    LogFormat format = dataSet.format();
    ReadOptions untimed = ReadOptions.ALL.withoutTimes();
    if (testsTrainingUsers()) {
      LogFormat.TrainAndTest divided =
          format
              .trainAndTest(input)
              .orElseThrow(
                  () -> new DataException(input + ": expected a folder of training and test"));
      return GivenSplitter.builder()
          .validationShare(VALIDATION_SHARE)
          .build()
          .split(format.read(divided.train(), untimed), format.read(divided.test(), untimed));
    }
    StrongGeneralizationSplitter.Builder splitter = dataSet.splitter();
    heldOutUsers.ifPresent(splitter::heldOutUsers);
    return splitter.build().split(format.read(input, untimed));
  }
}
