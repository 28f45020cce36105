package io.github.vaecf.cli;

import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.nio.file.Path;

/** A made-up prepared folder and a model of it that is fitted at once. */
final class BatchFixture {
  private BatchFixture() {}

  /** Makes {@code data} and {@code run} in a folder, and gives what is in the former. */
  static Split make(Path folder, int users, Settings settings) {
    Split split =
        StrongGeneralizationSplitter.builder()
            .heldOutUsers(20)
            .build()
            .split(SyntheticLog.generate(new Shape(users, 60, 8 * users), 3));
    PreparedFolder.write(split, folder.resolve("data"));
    Trainer.builder()
        .settings(settings)
        .runFolder(folder.resolve("run"))
        .build()
        .train(split.train(), split.items())
        .close();
    return split;
  }
}
