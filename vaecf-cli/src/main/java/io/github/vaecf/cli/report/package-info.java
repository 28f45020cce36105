/** Pages for a browser: text, tables and plots in one HTML file that needs nothing else. */
package io.github.vaecf.cli.report;
