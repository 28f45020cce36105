/**
 * Writing trained models in the forms that other programs serve: a SavedModel for TensorFlow
 * Serving with raw ids in and out.
 */
package io.github.vaecf.eval.export;
