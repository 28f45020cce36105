/** Placeholder. */
package io.github.vaecf.eval;
