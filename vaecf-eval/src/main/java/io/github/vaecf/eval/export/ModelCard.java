package io.github.vaecf.eval.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.training.TrainedModel.Weight;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Map;

/**
 * The model card of an export, as JSON: what the model is, how it was trained, what wrote it, and a
 * fingerprint of its weights and items that is the same in every form of the export.
 */
final class ModelCard {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Floats that are turned into bytes at once: large weights are not there twice. */
  private static final int CHUNK = 1 << 16;

  private ModelCard() {}

  static String text(ModelSnapshot model, String form, Map<String, Object> facts) {
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
    try {
      return JSON.writeValueAsString(card);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of values could not be written as JSON", e);
    }
  }

  /** Over the ids, a line each, and the weights in the model's order, as big-endian floats. */
  private static String fingerprint(ModelSnapshot model) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (String id : model.items().ids()) {
      digest.update(id.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) '\n');
    }
    for (Weight weight : model.weights().values()) {
      update(digest, weight.values());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, float[] values) {
    ByteBuffer some = ByteBuffer.allocate(CHUNK * Float.BYTES);
    for (int from = 0; from < values.length; from += CHUNK) {
      int size = Math.min(CHUNK, values.length - from);
      some.clear().limit(size * Float.BYTES);
      some.asFloatBuffer().put(values, from, size);
      digest.update(some);
    }
  }
}
