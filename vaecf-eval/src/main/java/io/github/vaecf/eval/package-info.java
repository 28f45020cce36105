/**
 * How good a ranking of the items is: the metrics, and the evaluation of a {@link
 * io.github.vaecf.core.Recommender} on users of whom some items are held out.
 *
 * <p>The protocol is that of Liang et al. (WWW 2018): the model sees a user's fold-in items, it
 * ranks all other items, and the metrics look for the held-out items in that ranking. A user with
 * nothing held out counts nowhere. Each metric's mean comes with its standard error over the users.
 */
package io.github.vaecf.eval;
