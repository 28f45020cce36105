package io.github.vaecf.cli;

import io.github.vaecf.core.KlAnnealing;
import io.github.vaecf.core.ModelConfig;
import io.github.vaecf.core.MultDaeConfig;
import io.github.vaecf.core.MultVaeConfig;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/**
 * The options that say which network is trained on which loss; what is not given is as published.
 */
final class ModelOptions {
  @Option(
      names = "--hidden",
      paramLabel = "N",
      split = "[,x]",
      splitSynopsisLabel = ",",
      description =
          "Widths of the layers between the items and the latent layer, outermost first, with"
              + " commas or x between; 0 for none. Published: 600 for vae, none for dae.")
  private List<Integer> hidden;

  @Option(
      names = "--latent",
      paramLabel = "N",
      description = "Width of the latent layer. Published: 200.")
  private Integer latent;

  @Option(
      names = "--keep-probability",
      paramLabel = "X",
      description =
          "Probability that an input entry is kept while training (1 − dropout). Published: 0.5.")
  private Double keepProbability;

  @Option(
      names = "--l2",
      paramLabel = "X",
      description =
          "Factor of the squared weights in the loss. Published: 0 for vae, 0.00002 for dae.")
  private Double l2;

  @Option(
      names = "--beta-cap",
      paramLabel = "X",
      description = "Largest weight β of the KL term (vae). Published: 0.2.")
  private Double betaCap;

  @ArgGroup private Pace pace;

  static final class Pace {
    @Option(
        names = "--anneal-steps",
        paramLabel = "N",
        description = "β rises by 1/N each step until its cap (vae). Published: 200000.")
    private Long steps;

    @Option(
        names = "--anneal-share",
        paramLabel = "X",
        description =
            "β reaches its cap after this share of all steps (vae); the default, 0.855, is what the"
                + " published run did.")
    private Double share;
  }

  /** Whether a setting is for Mult-VAE alone. */
  static boolean isForVae(String setting) {
    return setting.equals("beta-cap") || setting.startsWith("anneal-");
  }

  /**
   * The published settings of a model with the given options in place of them.
   *
   * @throws IllegalArgumentException if a value is out of its range or not for this model
   */
  ModelConfig config(ModelKind kind) {
    return switch (kind) {
      case VAE -> vae();
      case DAE -> dae();
    };
  }

  private MultVaeConfig vae() {
    MultVaeConfig paper = MultVaeConfig.paper();
    return new MultVaeConfig(
        hidden(paper.hidden()),
        latent == null ? paper.latent() : latent,
        keepProbability == null ? paper.keepProbability() : keepProbability,
        l2 == null ? paper.l2() : l2,
        annealing(paper.annealing()));
  }

  private MultDaeConfig dae() {
    if (betaCap != null || pace != null) {
      throw new IllegalArgumentException(
          "--beta-cap, --anneal-steps and --anneal-share are for vae: dae has no KL term");
    }
    MultDaeConfig paper = MultDaeConfig.paper();
    return new MultDaeConfig(
        hidden(paper.hidden()),
        latent == null ? paper.latent() : latent,
        keepProbability == null ? paper.keepProbability() : keepProbability,
        l2 == null ? paper.l2() : l2);
  }

  private List<Integer> hidden(List<Integer> published) {
    if (hidden == null) {
      return published;
    }
    return hidden.equals(List.of(0)) ? List.of() : hidden;
  }

  private KlAnnealing annealing(KlAnnealing published) {
    double cap = betaCap == null ? published.cap() : betaCap;
    if (pace == null) {
      return KlAnnealing.overShare(cap, published.share());
    }
    return pace.steps != null
        ? KlAnnealing.overSteps(cap, pace.steps)
        : KlAnnealing.overShare(cap, pace.share);
  }
}
