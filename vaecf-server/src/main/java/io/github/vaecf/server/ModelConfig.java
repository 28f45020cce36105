package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A model that is to be served, as TensorFlow Serving's configuration file says it.
 *
 * @param name its name in requests
 * @param base the folder with its versions
 * @param only the numbers of the versions that are served; where there are none, the newest and
 *     those of the labels
 * @param labels numbers of versions by their labels
 */
public record ModelConfig(String name, Path base, Set<Long> only, Map<String, Long> labels) {
  /**
   * Copies the parts.
   *
   * @param name its name in requests
   * @param base the folder with its versions
   * @param only the numbers of the versions that are served
   * @param labels numbers of versions by their labels
   */
  public ModelConfig {
    only = Set.copyOf(only);
    labels = Map.copyOf(labels);
  }

  /**
   * Reads a file in TensorFlow Serving's form, the text of a {@code ModelServerConfig} with a
   * {@code model_config_list}.
   *
   * @param file the file; folders in it that are not absolute are looked for beside it
   * @return the models, at least one, in the order of the file
   * @throws DataException if it cannot be read, has another form, or asks for what is not here; the
   *     message says where and what
   */
  public static List<ModelConfig> read(Path file) {
    try {
      return parse(file, Files.readString(file, UTF_8));
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read as text (" + e + ")", e);
    }
  }

  /**
   * Reads the text of such a file.
   *
   * @param file where it is from
   * @param text the text
   * @return as above
   * @throws DataException as above
   */
  public static List<ModelConfig> parse(Path file, String text) {
    DynamicMessage.Builder root =
        DynamicMessage.newBuilder(ServingProtocol.message("ModelServerConfig"));
    try {
      TextFormat.merge(text, root);
    } catch (TextFormat.ParseException e) {
      // It begins with line and column.
      throw new DataException(file + ":" + e.getMessage(), e);
    }
    List<ModelConfig> models = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Object config :
        (List<?>) get((Message) get(root.build(), "model_config_list"), "config")) {
      ModelConfig model = of(file, (Message) config);
      if (!names.add(model.name)) {
        throw new DataException(file + ": two models have the name '" + model.name + "'");
      }
      models.add(model);
    }
    if (models.isEmpty()) {
      throw new DataException(
          file
              + ": expected at least one model, model_config_list { config { name: \"…\" base_path:"
              + " \"…\" } }, found none");
    }
    return models;
  }

  private static Object get(Message message, String field) {
    return message.getField(message.getDescriptorForType().findFieldByName(field));
  }

  private static boolean has(Message message, String field) {
    return message.hasField(message.getDescriptorForType().findFieldByName(field));
  }

  private static ModelConfig of(Path file, Message config) {
    String name = (String) get(config, "name");
    String where = file + ": model '" + name + "': ";
    String base = (String) get(config, "base_path");
    if (name.isEmpty() || base.isEmpty()) {
      throw new DataException(where + "expected a name and a base_path");
    }
    String platform = (String) get(config, "model_platform");
    if (!platform.isEmpty() && !platform.equals("tensorflow")) {
      throw new DataException(
          where + "model_platform: expected \"tensorflow\", found \"" + platform + "\"");
    }
    Set<Long> only = new TreeSet<>();
    Message policy = (Message) get(config, "model_version_policy");
    if (has(policy, "specific")) {
      for (Object number : (List<?>) get((Message) get(policy, "specific"), "versions")) {
        only.add((Long) number);
      }
    }
    if (has(policy, "all") || latest(policy) > 1 || (has(policy, "specific") && only.isEmpty())) {
      throw new DataException(
          where
              + "model_version_policy: expected latest { num_versions: 1 }, which is the default, or"
              + " specific { versions: … }; name further versions by version_labels");
    }
    Map<String, Long> labels = new TreeMap<>();
    for (Object label : (List<?>) get(config, "version_labels")) {
      labels.put((String) get((Message) label, "key"), (Long) get((Message) label, "value"));
    }
    labels.forEach(
        (label, number) -> {
          requireLabel(where, label);
          if (!only.isEmpty() && !only.contains(number)) {
            throw new DataException(
                where
                    + "version_labels: label '"
                    + label
                    + "' is for version "
                    + number
                    + ", which is not among the specific ones, "
                    + only);
          }
        });
    Path folder = file.toAbsolutePath().resolveSibling(base).normalize();
    return new ModelConfig(name, folder, only, labels);
  }

  /**
   * Makes sure that requests can have a label.
   *
   * @param where begins the message
   * @param label the label
   * @throws DataException if not
   */
  public static void requireLabel(String where, String label) {
    if (!label.matches("[^/:\uFFFD\\p{Cs}]+")) {
      throw new DataException(
          where
              + "a label must not be empty and have neither '/' nor ':', as it is a part of the path"
              + " in requests; found '"
              + label
              + "'");
    }
  }

  private static int latest(Message policy) {
    Message latest = (Message) get(policy, "latest");
    FieldDescriptor count = latest.getDescriptorForType().findFieldByName("num_versions");
    return (Integer) latest.getField(count);
  }
}
