package io.github.vaecf.eval.export;

import io.github.vaecf.core.model.Setting;

/**
 * Whether a SavedModel gets an index of its items, by which the best of many are found without
 * scoring all. It is for models whose scores are inner products of vectors: autoencoders, iALS,
 * ELSA.
 */
public enum Indexing {
  /** Where the model is one of those, has many items, and its weights are exported as trained. */
  AUTO,

  /** In any case; a model that has no such vectors is refused. */
  ALWAYS,

  /** Never: all items are scored for every answer. */
  NEVER;

  /** By which a person chooses. */
  static final Setting<Indexing> SETTING =
      Setting.choice(
          "index",
          AUTO,
          "Whether the export gets an index by which the JVM finds the best of many items without"
              + " scoring all; auto: from 100,000 items on.");

  /** Items from which on {@link #AUTO} makes an index. */
  static final int MANY_ITEMS = 100_000;
}
