/**
 * The example server: an export over HTTP, as TensorFlow Serving answers, and a page for people.
 */
package io.github.vaecf.server;
