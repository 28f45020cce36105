/**
 * Many trainings, told apart by their settings and by what a validation says of each: search over
 * settings, and series of experiments.
 *
 * <p>{@link io.github.vaecf.eval.search.SearchSpace} makes combinations of settings, a grid or
 * drawn at random; {@link io.github.vaecf.eval.search.Trials} runs a training for each and can be
 * stopped, or killed, and run again.
 */
package io.github.vaecf.eval.search;
