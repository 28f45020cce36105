/**
 * Exported models, written and reloaded: SavedModels for TensorFlow Serving, with raw ids in and
 * out, and ONNX files; and both as recommenders on the JVM without anything of the training.
 */
package io.github.vaecf.eval.export;
