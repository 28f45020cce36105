package io.github.vaecf.cli;

import java.util.Arrays;
import java.util.stream.Stream;

/** The entry of the jars that serve and do nothing else: {@code vaecf serve} with its options. */
final class ServerMain {
  private ServerMain() {}

  /**
   * Serves.
   *
   * @param options those of {@code vaecf serve}
   */
  public static void main(String[] options) {
    Vaecf.main(Stream.concat(Stream.of("serve"), Arrays.stream(options)).toArray(String[]::new));
  }
}
