package io.github.vaecf.examples.report;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a training went: {@code metrics.csv} of a run folder.
 *
 * @param epochs one entry an epoch, in order, at least one
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
   */
  public record Epoch(
      int number,
      double loss,
      double negativeLogLikelihood,
      double kl,
      double beta,
      double validation) {}

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
   * @throws DataException if the folder holds no run, or one that has not come to its first epoch
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
    if (epochs.isEmpty()) {
      throw new DataException(file + ": the run has not come to the end of its first epoch");
    }
    return new TrainingCurve(epochs);
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
          validation.isEmpty() ? Double.NaN : Double.parseDouble(validation));
    } catch (java.util.NoSuchElementException | NumberFormatException e) {
      throw new DataException(file, row.getStartingLineNumber(), e.getMessage());
    }
  }
}
