package io.github.vaecf.eval.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The model card of an export, as JSON: what the model is, how it was trained, what wrote it, and a
 * fingerprint of its weights and items that is the same in every form of the export. In a version's
 * folder it lists the other files too, and has a checksum of its own.
 */
final class ModelCard {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Floats that are turned into bytes at once: large weights are not there twice. */
  private static final int CHUNK = 1 << 16;

  /** The name of the list of a version's files. */
  static final String FILES = "files";

  /** The name of what is said of an index of the items. */
  static final String INDEX = "index";

  /** The name of the checksum of the card itself. */
  private static final String CHECKSUM = "checksum";

  private static final ObjectReader READER =
      JSON.reader()
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .with(StreamReadFeature.STRICT_DUPLICATE_DETECTION);

  private ModelCard() {}

  /**
   * The card of an export that is no folder.
   *
   * @param files what there is beside the file that the card is in
   */
  static String text(
      ModelSnapshot model,
      String form,
      Map<String, Object> facts,
      List<VersionFiles.Listed> files) {
    ObjectNode card = card(model, form, facts);
    if (!files.isEmpty()) {
      ObjectNode list = card.putObject(FILES);
      files.forEach(file -> file.addTo(list));
    }
    return text(card);
  }

  /** The values of such a card; none if the text is no card. */
  static JsonNode parse(String text) {
    try {
      return READER.readTree(text);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  /**
   * Adds the card to a version's folder, last of all: it says what else is there.
   *
   * @param index what to say of an index of the items; empty where there is none
   * @throws IOException if it cannot be written
   */
  static void write(
      Path folder,
      ModelSnapshot model,
      String form,
      Map<String, Object> index,
      Map<String, Object> facts)
      throws IOException {
    ObjectNode card = card(model, form, facts);
    if (!index.isEmpty()) {
      card.set(INDEX, JSON.valueToTree(index));
    }
    VersionFiles.list(folder, card.putObject(FILES));
    // The checksum is of what a reader makes of the text.
    card.put(CHECKSUM, checksum((ObjectNode) READER.readTree(text(card))));
    Files.writeString(folder.resolve(ExportFormat.CARD_FILE), text(card));
  }

  /**
   * Reads a card. One without a checksum, which a person may have written or changed, is taken as
   * it is.
   *
   * @throws DataException if it is none, or is another than was exported
   */
  static JsonNode read(Path file) throws IOException {
    JsonNode card;
    try {
      card = READER.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new DataException(
          file
              + ": not a model card (it is no JSON from line "
              + e.getLocation().getLineNr()
              + " on)",
          e);
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": not a model card (it is not UTF-8)", e);
    }
    if (!(card instanceof ObjectNode object)) {
      throw new DataException(file + ": not a model card (it is no JSON object)");
    }
    JsonNode checksum = object.remove(CHECKSUM);
    if (checksum != null && !checksum.asText().equals(checksum(object))) {
      throw new DataException(
          file
              + ": not the card that the export wrote (its checksum is another); whoever changes a"
              + " card removes its \""
              + CHECKSUM
              + "\"");
    }
    return object;
  }

  /** Of the values, whatever stands between them. */
  private static String checksum(ObjectNode card) {
    MessageDigest digest = sha256();
    digest.update(card.toString().getBytes(StandardCharsets.UTF_8));
    return "sha256:" + hex(digest);
  }

  private static String text(ObjectNode card) {
    try {
      return JSON.writeValueAsString(card);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of values could not be written as JSON", e);
    }
  }

  private static ObjectNode card(ModelSnapshot model, String form, Map<String, Object> facts) {
    ObjectNode card = JSON.createObjectNode();
    card.put("form", form);
    card.put("created", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    card.put("model", model.settings().model().name());
    card.put("title", model.settings().model().title());
    card.put("items", model.items().size());
    model.autoencoder().ifPresent(one -> card.put("latent", one.latentWidth(model.settings())));
    card.set("settings", JSON.valueToTree(model.settings().toText()));
    card.put("epoch", model.epoch());
    if (!Double.isNaN(model.validation())) {
      card.put("validation", model.validation());
    }
    card.put("fingerprint", "sha256:" + fingerprint(model));
    ObjectNode versions = card.putObject("versions");
    String version = ModelCard.class.getPackage().getImplementationVersion();
    if (version != null) {
      versions.put("vaecf", version);
    }
    versions.put("tensorflow", TensorFlowRuntime.version());
    versions.put("java", Runtime.version().toString());
    card.set("facts", JSON.valueToTree(facts));
    return card;
  }

  /** Over the ids, a line each, and the weights in the model's order, as big-endian floats. */
  private static String fingerprint(ModelSnapshot model) {
    MessageDigest digest = sha256();
    for (String id : model.items().ids()) {
      digest.update(id.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) '\n');
    }
    for (Weight weight : model.weights().values()) {
      update(digest, weight.values());
    }
    return hex(digest);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, float[] values) {
    ByteBuffer some = ByteBuffer.allocate(CHUNK * Float.BYTES);
    for (int from = 0; from < values.length; ) {
      int size = Math.min(CHUNK, values.length - from);
      some.clear().limit(size * Float.BYTES);
      some.asFloatBuffer().put(values, from, size);
      digest.update(some);
      from += size;
    }
  }
}
