/**
 * Whoever recommends, and the runtime beneath. {@link io.github.vaecf.core.model} has the models,
 * {@link io.github.vaecf.core.training} fits them.
 */
package io.github.vaecf.core;
