package io.github.vaecf.examples;

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
