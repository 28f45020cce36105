/** Short programs that each show one typical use of the library. */
package io.github.vaecf.examples;
