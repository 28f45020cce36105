/**
 * What a model is, and the models: each says its name, its settings, how a history becomes scores
 * ({@link io.github.vaecf.core.model.Layers}) and how it is fitted, by gradient or in closed form.
 */
package io.github.vaecf.core.model;
