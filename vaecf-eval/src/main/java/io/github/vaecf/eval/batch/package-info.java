/**
 * Recommendations for many users at once: {@link io.github.vaecf.eval.batch.UserHistories} says who
 * they are, a {@link io.github.vaecf.eval.batch.BatchRecommender} ranks for them, and a {@link
 * io.github.vaecf.eval.batch.RecommendationSink} takes their lists.
 */
package io.github.vaecf.eval.batch;
