package io.github.vaecf.eval.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.DenseLayer;
import io.github.vaecf.core.Network;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.data.IdIndex;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The model card of an export, as JSON: what the model is, how it was trained, what wrote it, and a
 * fingerprint of its weights and items that is the same in every form of the export.
 */
final class ModelCard {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ModelCard() {}

  static String text(TrainedModel model, Network network, String form, Map<String, Object> facts) {
    ObjectNode card = JSON.createObjectNode();
    card.put("form", form);
    card.put("created", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    card.put("items", network.items());
    card.put("latent", network.latent());
    card.set("model", JSON.valueToTree(model.config()));
    card.set("training", JSON.valueToTree(model.training()));
    card.put("epoch", model.epoch());
    if (!Double.isNaN(model.validation())) {
      card.put("validation", model.validation());
    }
    card.put("fingerprint", "sha256:" + fingerprint(network, model.items()));
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

  private static String fingerprint(Network network, IdIndex items) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (String id : items.ids()) {
      digest.update(id.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) '\n');
    }
    Stream.concat(network.encoder().stream(), network.decoder().stream())
        .forEach(
            layer -> {
              update(digest, layer, layer.kernel());
              update(digest, layer, layer.bias());
            });
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, DenseLayer layer, float[] values) {
    ByteBuffer row = ByteBuffer.allocate(layer.outputs() * Float.BYTES);
    for (int from = 0; from < values.length; from += layer.outputs()) {
      row.clear();
      row.asFloatBuffer().put(values, from, layer.outputs());
      digest.update(row);
    }
  }
}
