package io.github.vaecf.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * What a call of the command line came to.
 *
 * @param status exit status
 * @param out what it said
 * @param err what it said on the error stream
 */
record Outcome(int status, String out, String err) {
  /** Calls the command line in this JVM. */
  static Outcome of(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    int status = Vaecf.run(new PrintWriter(out, true), new PrintWriter(err, true), words);
    return new Outcome(status, out.toString(), err.toString());
  }
}
