/** Filters over an interaction log, and its division for training, validation and test. */
package io.github.vaecf.data.splitting;
