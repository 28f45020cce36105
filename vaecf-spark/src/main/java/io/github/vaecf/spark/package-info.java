/**
 * The library on Spark: an estimator and a model of Spark ML. Works with Spark 3.5 and 4, of either
 * Scala, which are the application's.
 */
package io.github.vaecf.spark;
