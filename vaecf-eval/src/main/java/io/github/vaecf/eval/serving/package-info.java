/** Exported models reloaded on the JVM: recommendations from the export alone. */
package io.github.vaecf.eval.serving;
