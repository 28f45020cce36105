/**
 * Fitting models, and what was fitted.
 *
 * <ul>
 *   <li>The way in: {@link io.github.vaecf.core.training.Trainer}, and what it tells ({@link
 *       io.github.vaecf.core.training.TrainingListener}, {@link
 *       io.github.vaecf.core.training.TrainingListener.StepReport}, {@link
 *       io.github.vaecf.core.training.TrainingListener.EpochReport}).
 *   <li>The way out: {@link io.github.vaecf.core.training.TrainedModel}.
 *   <li>The graph: NetworkGraph (from histories to rankings), TrainingStep (loss, gradients, Adam),
 *       Variables, and NetworkSession, which runs them.
 *   <li>The loop: TrainingRun, with BatchSource, TrainingState, LearningRate, Streams.
 *   <li>The disk: {@link io.github.vaecf.core.training.RunFolder}, with FolderLock, Safetensors and
 *       EventFile.
 * </ul>
 */
package io.github.vaecf.core.training;
