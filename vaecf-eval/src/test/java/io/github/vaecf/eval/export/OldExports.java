package io.github.vaecf.eval.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes exports look like those of older versions of this project. */
final class OldExports {
  private static final ObjectMapper JSON = new ObjectMapper();

  private OldExports() {}

  /** Takes what the card says of the other files, and of itself, out of it. */
  static void forgetFiles(Path version) throws IOException {
    Path file = version.resolve("model.json");
    ObjectNode card = (ObjectNode) JSON.readTree(Files.readString(file));
    card.remove("files");
    card.remove("checksum");
    Files.writeString(file, card.toString());
  }
}
