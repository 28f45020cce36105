package io.github.vaecf.cli;

/**
 * The entry for {@code java -jar}, which the JVM can load without any library: where they are not
 * beside the jar, it can say so.
 */
final class Main {
  private Main() {}

  /**
   * Runs the command line.
   *
   * @param arguments the command and its options
   */
  public static void main(String[] arguments) {
    // Reports are drawn, and no screen is needed for that.
    System.setProperty("java.awt.headless", "true");
    try {
      Vaecf.main(arguments);
    } catch (NoClassDefFoundError missing) {
      System.err.println(
          "vaecf: the libraries that the jar needs are not in the folder lib beside it ("
              + missing.getMessage()
              + " is missing). Run ./vaecf once, which puts them there, or mvn -P launcher package");
      System.exit(1);
    }
  }
}
