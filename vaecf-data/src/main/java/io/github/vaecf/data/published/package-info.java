/** Published data sets: what each is, how it was prepared, and how to fetch it. */
package io.github.vaecf.data.published;
