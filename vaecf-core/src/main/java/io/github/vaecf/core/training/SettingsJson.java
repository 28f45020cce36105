package io.github.vaecf.core.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Settings as JSON: an object with a member for each, numbers as numbers. */
final class SettingsJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SettingsJson() {}

  static ObjectNode write(Settings settings) {
    ObjectNode object = JSON.createObjectNode();
    settings
        .toText()
        .forEach(
            (name, text) -> {
              Setting<?> setting = settings.named(name);
              Object value = settings.get(setting);
              boolean asItIs =
                  value instanceof Number || value instanceof Boolean || value instanceof List;
              object.set(name, JSON.valueToTree(asItIs ? value : text));
            });
    return object;
  }

  /**
   * Reads settings of a model.
   *
   * @throws IllegalArgumentException if they are none
   */
  static Settings read(Model model, JsonNode object) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      texts.put(entry.getKey(), text(entry.getValue()));
    }
    return Settings.published(model).with(texts);
  }

  private static String text(JsonNode value) {
    if (!value.isArray()) {
      return value.asText();
    }
    List<String> parts = new ArrayList<>();
    value.forEach(part -> parts.add(part.asText()));
    return parts.isEmpty() ? "0" : String.join(",", parts);
  }
}
