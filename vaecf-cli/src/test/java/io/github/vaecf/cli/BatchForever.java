package io.github.vaecf.cli;

import java.nio.file.Path;

/** Writes everybody's recommendations again and again, and says so, until it is killed. */
final class BatchForever {
  private BatchForever() {}

  public static void main(String[] arguments) {
    while (true) {
      for (int i = 2; i < arguments.length; i++) {
        Outcome outcome =
            Outcome.of(
                "recommend",
                "--model",
                Path.of(arguments[0], "run"),
                "--data",
                Path.of(arguments[0], "data"),
                "--all",
                "-k=20",
                "--out",
                Path.of(arguments[1], arguments[i]));
        System.out.println(outcome.err() + arguments[i]);
      }
    }
  }
}
