package io.github.vaecf.data.reading;

import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;

/** Reads bzip2 by Commons Compress; a class of its own for the reason that {@link Tar} is. */
final class Bzip2 {
  private Bzip2() {}

  /** A stream without its compression, of as many parts as it has. */
  static InputStream decompressed(InputStream in) throws IOException {
    return new BZip2CompressorInputStream(in, true);
  }
}
