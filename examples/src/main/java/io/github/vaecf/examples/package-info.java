/**
 * The command line, {@link io.github.vaecf.examples.Vaecf}, and short programs that each show one
 * typical use of the library.
 */
package io.github.vaecf.examples;
