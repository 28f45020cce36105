import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.reading.PreparedFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.stream.Stream;
import org.tensorflow.types.TFloat32;

/**
 * Fits EASE to the training users of a prepared folder and says how long that took and how much memory
 * the process had at most. Run by measure-ease.sh.
 *
 * <p>Arguments: the folder, λ, threads, and where the item weights go, as float32 by rows.
 */
public final class MeasureEase {
  private MeasureEase() {}

  public static void main(String[] args) throws Exception {
    CsrMatrix train = PreparedFolder.read(Path.of(args[0])).train();
    LinearAutoencoder.Ease ease = new LinearAutoencoder.Ease();
    Settings settings =
        Settings.published(ease)
            .with(LinearAutoencoder.LAMBDA, Double.valueOf(args[1]))
            .with(TrainingSettings.THREADS, Integer.valueOf(args[2]));
    // Libraries are loaded once in a process, by the first fit of any size.
    CsrMatrix small = CsrMatrix.of(1, 2, pairs -> pairs.accept(0, 1));
    ease.fit(small, settings).values().forEach(TFloat32::close);

    long start = System.nanoTime();
    try (ClosedFormModel.Shared shared = new ClosedFormModel.Shared()) {
      TFloat32 weights = ease.fit(train, settings, shared).get("weights/kernel");
      double first = (System.nanoTime() - start) / 1e9;
      long memory = memory();
      start = System.nanoTime();
      Settings another = settings.with(LinearAutoencoder.LAMBDA, 2 * Double.parseDouble(args[1]));
      ease.fit(train, another, shared)
          .values()
          .forEach(TFloat32::close);
      double second = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "vaecf   %8.2f s, another lambda %8.2f s  %6d MiB at most%n",
          first,
          second,
          memory);
      write(weights, Path.of(args[3]));
      weights.close();
    }
  }

  /** The most memory that the process had, in MiB, as Linux counts it. */
  private static long memory() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      String line = lines.filter(one -> one.startsWith("VmHWM")).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
    }
  }

  private static void write(TFloat32 weights, Path file) throws IOException {
    float[] row = new float[(int) weights.shape().get(1)];
    ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (long item = 0; item < row.length; item++) {
        weights.asRawTensor().data().asFloats().offset(item * row.length).read(row);
        bytes.clear().asFloatBuffer().put(row);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
    }
  }
}
