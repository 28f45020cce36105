/** Placeholder. */
package io.github.vaecf.examples;
