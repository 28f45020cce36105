package io.github.vaecf.core.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.model.Setting.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Several models as one: the weighted sum of their scores, each user's scores of each model less
 * their mean over the items and divided by their standard deviation before. What one model scores
 * in logits and another in counts is then of one size.
 *
 * <p>It is made of models that were fitted ({@code TrainedModel.blend}), or a {@code Trainer} fits
 * its members. Its weights are theirs, those of member n under {@code n/}, counted from 1.
 */
public final class Blend implements Model {
  /** The models that it is made of. */
  public static final Setting<Members> MEMBERS =
      Setting.written(
          "members",
          Members::parse,
          Members::format,
          "a JSON array of models with their weights",
          new Members(List.of()),
          "The models that it is made of, with their weights and settings.");

  /** Has no state. */
  public Blend() {}

  @Override
  public String name() {
    return "blend";
  }

  @Override
  public String title() {
    return "blend";
  }

  @Override
  public String summary() {
    return "the weighted sum of several models' standardised scores";
  }

  @Override
  public List<Setting<?>> settings() {
    return List.of(MEMBERS);
  }

  @Override
  public <T> T scores(Settings settings, Layers<T> layers) {
    T sum = null;
    List<Member> members = settings.get(MEMBERS).list();
    for (int number = 1; number <= members.size(); number++) {
      Member member = members.get(number - 1);
      Settings own = member.settings();
      T scores = own.model().scores(own, layers.within(prefix(number)));
      T part = layers.scale(layers.standardise(scores), (float) member.weight());
      sum = sum == null ? part : layers.add(sum, part);
    }
    if (sum == null) {
      throw new IllegalArgumentException("a blend without members has no scores");
    }
    return sum;
  }

  /**
   * What the names of a member's weights begin with.
   *
   * @param number the member's number, from 1
   * @return such as {@code 1/}
   */
  public static String prefix(int number) {
    return number + "/";
  }

  /**
   * A model that a blend is made of.
   *
   * @param weight what its standardised scores are multiplied by, above 0
   * @param settings the model's settings, to fit it as it was fitted
   */
  public record Member(double weight, Settings settings) {
    private static final Range WEIGHTS = Range.above(0);

    /**
     * Checks the weight.
     *
     * @param weight above 0
     * @param settings the model's settings
     * @throws IllegalArgumentException if the weight is not such a number
     */
    public Member {
      if (!WEIGHTS.contains(weight)) {
        throw new IllegalArgumentException(
            "the weight of "
                + settings.model().title()
                + " must be "
                + WEIGHTS
                + ", found "
                + weight);
      }
    }
  }

  /**
   * The models that a blend is made of.
   *
   * @param list the members, in the order of their numbers
   */
  public record Members(List<Member> list) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MODEL = "model";
    private static final String WEIGHT = "weight";
    private static final String SETTINGS = "settings";

    /**
     * Copies the list.
     *
     * @param list the members
     */
    public Members {
      list = List.copyOf(list);
    }

    private static Members parse(String text) {
      try {
        JsonNode array = JSON.readTree(text);
        if (!array.isArray()) {
          throw new IllegalArgumentException(text);
        }
        List<Member> members = new ArrayList<>();
        for (JsonNode member : array) {
          Map<String, String> values = new LinkedHashMap<>();
          member
              .path(SETTINGS)
              .properties()
              .forEach(value -> values.put(value.getKey(), value.getValue().asText()));
          Model model = Model.named(member.path(MODEL).asText());
          members.add(
              new Member(member.path(WEIGHT).asDouble(), Settings.published(model).with(values)));
        }
        return new Members(members);
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(text, e);
      }
    }

    private String format() {
      ArrayNode array = JSON.createArrayNode();
      for (Member member : list) {
        ObjectNode one = array.addObject();
        one.put(MODEL, member.settings().model().name()).put(WEIGHT, member.weight());
        ObjectNode values = one.putObject(SETTINGS);
        member.settings().toText().forEach(values::put);
      }
      return array.toString();
    }
  }
}
