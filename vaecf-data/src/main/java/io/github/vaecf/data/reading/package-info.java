/** Files to interactions, titles and prepared folders, and prepared folders back to files. */
package io.github.vaecf.data.reading;
