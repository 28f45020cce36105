/** Published data sets, fetched into a cache folder for those who have a network. */
package io.github.vaecf.data.download;
