/**
 * The matrix of who touched what, the ids of its rows and columns, and data sets that are split and
 * ready for training.
 */
package io.github.vaecf.data;
