/** Made-up logs in the shape of published data sets, for measuring speed only. */
package io.github.vaecf.data.synthetic;
