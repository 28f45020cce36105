package io.github.vaecf.eval.search;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * How a training went: {@code metrics.csv} of a run folder.
 *
 * @param epochs one entry an epoch, in order; none if the first has not ended
 */
public record TrainingCurve(List<Epoch> epochs) {
  /**
   * What an epoch came to.
   *
   * @param number from 1
   * @param loss what was minimised
   * @param negativeLogLikelihood its first part
   * @param kl the divergence, before it is weighted
   * @param beta its weight
   * @param validation what the validation measured; NaN where there was none
   * @param seconds how long it took, validation included
   */
  public record Epoch(
      int number,
      double loss,
      double negativeLogLikelihood,
      double kl,
      double beta,
      double validation,
      double seconds) {}

  /**
   * Copies the list.
   *
   * @param epochs one entry an epoch
   */
  public TrainingCurve {
    epochs = List.copyOf(epochs);
  }

  /**
   * Reads the curve of a run.
   *
   * @param runFolder the run folder
   * @return the curve
   * @throws DataException if the folder holds no run, or its curve cannot be read
   */
  public static TrainingCurve read(Path runFolder) {
    Path file = runFolder.resolve("metrics.csv");
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          runFolder + ": not a run folder, expected a file metrics.csv in it and found none");
    }
    List<Epoch> epochs = new ArrayList<>();
    try (CsvReader<NamedCsvRecord> rows = CsvReader.builder().ofNamedCsvRecord(file)) {
      for (NamedCsvRecord row : rows) {
        epochs.add(epoch(file, row));
      }
    } catch (IOException | UncheckedIOException e) {
      throw new DataException(file + ": cannot be read (" + e.getMessage() + ")", e);
    }
    return new TrainingCurve(epochs);
  }

  /**
   * The first epoch that no other has a better validation than; without a validation the last one.
   *
   * @return the epoch whose weights were kept
   * @throws NoSuchElementException if no epoch ended
   */
  public Epoch best() {
    if (epochs.isEmpty()) {
      throw new NoSuchElementException("no epoch has ended");
    }
    Epoch best = epochs.get(0);
    for (Epoch epoch : epochs) {
      if (epoch.validation() > best.validation() || Double.isNaN(epoch.validation())) {
        best = epoch;
      }
    }
    return best;
  }

  /** The best validation up to an epoch; 0, the least that a metric can be, if none ended. */
  double bestUntil(int epoch) {
    double best = 0;
    for (Epoch one : epochs) {
      if (one.number() <= epoch) {
        best = Math.max(best, one.validation());
      }
    }
    return best;
  }

  /**
   * How long the training took, pauses apart.
   *
   * @return seconds
   */
  public double seconds() {
    double sum = 0;
    for (Epoch epoch : epochs) {
      sum += epoch.seconds();
    }
    return sum;
  }

  private static Epoch epoch(Path file, NamedCsvRecord row) {
    try {
      String validation = row.getField("validation");
      return new Epoch(
          Integer.parseInt(row.getField("epoch")),
          Double.parseDouble(row.getField("loss")),
          Double.parseDouble(row.getField("negative_log_likelihood")),
          Double.parseDouble(row.getField("kl")),
          Double.parseDouble(row.getField("beta")),
          validation.isEmpty() ? Double.NaN : Double.parseDouble(validation),
          Double.parseDouble(row.getField("seconds")));
    } catch (NoSuchElementException | NumberFormatException e) {
      throw new DataException(file, row.getStartingLineNumber(), e.getMessage());
    }
  }
}
