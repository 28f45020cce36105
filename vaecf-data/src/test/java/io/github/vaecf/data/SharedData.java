package io.github.vaecf.data;

import java.nio.file.Path;

/** Where data lies that may not be committed: tests that need it are skipped without it. */
public final class SharedData {
  private SharedData() {}

  /** The folder that the system property or the environment names, else the usual place. */
  public static Path folder() {
    String named = System.getProperty("vaecf.shared", System.getenv("VAECF_SHARED"));
    return named != null
        ? Path.of(named)
        : Path.of("").toAbsolutePath().getParent().resolveSibling("shared");
  }
}
