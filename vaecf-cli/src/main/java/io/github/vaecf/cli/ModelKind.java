package io.github.vaecf.cli;

import java.util.Locale;

/** Which autoencoder to train. */
enum ModelKind {
  /** Mult-VAE. */
  VAE("Mult-VAE"),
  /** Mult-DAE. */
  DAE("Mult-DAE");

  private final String title;

  ModelKind(String title) {
    this.title = title;
  }

  /**
   * The model of a name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static ModelKind of(String name) {
    for (ModelKind kind : values()) {
      if (kind.toString().equalsIgnoreCase(name)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        "--model: expected vae, dae or a baseline (" + Baseline.NAMES + "), found '" + name + "'");
  }

  /** The model's name in tables. */
  String title() {
    return title;
  }

  /** The model's name on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
