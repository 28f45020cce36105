/**
 * Recommenders without a neural network, to compare an autoencoder with. Each is a {@link
 * io.github.vaecf.core.Scorer} and is evaluated like one.
 */
package io.github.vaecf.eval.baseline;
