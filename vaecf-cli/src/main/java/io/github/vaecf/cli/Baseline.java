package io.github.vaecf.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.DataFingerprint;
import io.github.vaecf.core.Scorer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.baseline.Ease;
import io.github.vaecf.eval.baseline.ItemKnn;
import io.github.vaecf.eval.baseline.MostPopular;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A baseline as the command line names it: {@code popular}, {@code knn} or {@code knn:NEIGHBOURS},
 * {@code ease} or {@code ease:LAMBDA}.
 *
 * <p>Its run folder holds its name and what its data was like, no more: it is computed from the
 * training users in a moment, and the item weights of EASE may take gigabytes.
 *
 * @param name as on the command line
 * @param kind what comes before the colon
 * @param setting what comes after it, or what is usual; 0 where there is no setting
 */
record Baseline(String name, Kind kind, double setting) {
  /** How the command line lists them. */
  static final String NAMES = "popular, knn[:NEIGHBOURS], ease[:LAMBDA]";

  private static final String FILE = "baseline.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  enum Kind {
    POPULAR,
    KNN,
    EASE
  }

  /** What a baseline's run folder holds. */
  private record Kept(String baseline, DataFingerprint data) {}

  /** Whether a model's name is that of a baseline. */
  static boolean isNamed(String model) {
    return model.matches("(popular|knn|ease)(:.*)?");
  }

  /**
   * The baseline of a name.
   *
   * @throws DataException if its setting cannot be used
   */
  static Baseline parse(String model) {
    String[] parts = model.split(":", 2);
    boolean set = parts.length == 2;
    return switch (parts[0]) {
      case "knn" -> new Baseline(model, Kind.KNN, set ? number(model, parts[1]) : 100);
      case "ease" -> new Baseline(model, Kind.EASE, set ? number(model, parts[1]) : 200);
      case "popular" -> {
        if (set) {
          throw new DataException("model '" + model + "': popular has no setting");
        }
        yield new Baseline(model, Kind.POPULAR, 0);
      }
      default -> throw new DataException("model '" + model + "': expected " + NAMES);
    };
  }

  private static double number(String model, String text) {
    try {
      double number = Double.parseDouble(text);
      if (number > 0 && Double.isFinite(number) && (!model.startsWith("knn") || number >= 1)) {
        return number;
      }
    } catch (NumberFormatException e) {
      // What follows says it.
    }
    throw new DataException(
        "model '"
            + model
            + "': expected a number above 0 after the colon, as in knn:100 or ease:200");
  }

  /** Computes the baseline; EASE is to be closed. */
  Scorer of(CsrMatrix train) {
    return switch (kind) {
      case POPULAR -> MostPopular.of(train);
      case KNN -> ItemKnn.of(train, (int) setting);
      case EASE -> Ease.of(train, setting);
    };
  }

  /** Gives the memory of a computed baseline back. */
  static void close(Scorer computed) {
    if (computed instanceof Ease ease) {
      ease.close();
    }
  }

  /** Whether a folder is the run folder of a baseline. */
  static boolean isRun(Path folder) {
    return Files.exists(folder.resolve(FILE));
  }

  /**
   * Writes a run folder.
   *
   * @throws DataException if there is something in it already
   */
  void save(Path folder, Split split) throws IOException {
    if (Files.exists(folder)) {
      throw new DataException(folder + ": already exists; choose another place or remove it first");
    }
    Kept kept = new Kept(name, DataFingerprint.of(split.train(), split.items()));
    Subcommand.writeJson(folder.resolve(FILE), JSON.valueToTree(kept));
  }

  /**
   * Reads a run folder.
   *
   * @throws DataException if it is damaged, or the baseline was made from other data
   */
  static Baseline load(Path folder, Split split, Path data) {
    Path file = folder.resolve(FILE);
    Kept kept;
    try {
      kept = JSON.readValue(file.toFile(), Kept.class);
    } catch (JsonProcessingException e) {
      throw new DataException(file + ": not a baseline, " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read (" + e.getMessage() + ")", e);
    }
    if (!DataFingerprint.of(split.train(), split.items()).equals(kept.data())) {
      throw new DataException(
          folder
              + ": the baseline "
              + kept.baseline()
              + " was made from other training users than those of "
              + data
              + "; name the data that it was trained on");
    }
    return parse(kept.baseline());
  }
}
