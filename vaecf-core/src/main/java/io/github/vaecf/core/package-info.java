/**
 * Mult-VAE and Mult-DAE (Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for
 * Collaborative Filtering, WWW 2018): their settings, their training and the trained model.
 */
package io.github.vaecf.core;
