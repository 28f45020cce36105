package io.github.vaecf.core;

/**
 * How the scores of several people become one list for all of them. Scores of different people are
 * of different size, so each person's are standardised first: less their mean over the items that
 * nobody of the group has, or over all where there are none, divided by their standard deviation
 * over these. Whoever likes all of them alike has no say.
 *
 * <p>The names are those of Judith Masthoff, "Group Modeling: Selecting a Sequence of Television
 * Items to Suit a Group of Viewers", User Modeling and User-Adapted Interaction 14 (2004).
 */
public enum GroupStrategy {
  /** The mean of the people's standardised scores. */
  AVERAGE,
  /** The lowest of them: an item is as good as it is for whoever likes it least. */
  LEAST_MISERY
}
