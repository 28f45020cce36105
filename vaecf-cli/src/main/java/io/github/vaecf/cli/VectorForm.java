package io.github.vaecf.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The forms in which vectors are written: told by the ending of the file's name. */
enum VectorForm {
  /** NumPy's matrix of float32, with an id a line in a text file beside. */
  NPY(".npy") {
    @Override
    void write(Path file, Vectors vectors) {
      // The ids first: where there is a matrix its ids are there too.
      WholeFile.replace(ids(file), out -> writeIds(vectors.ids(), out));
      WholeFile.replace(file, out -> writeMatrix(vectors, out));
    }
  },
  /** An object a vector and line: {@code {"id":"7","vector":[0.5,1.0]}}. */
  JSONL(".jsonl") {
    @Override
    void write(Path file, Vectors vectors) {
      WholeFile.replace(file, out -> writeJsonLines(vectors, out));
    }
  },
  /** Columns {@code id}, text, and {@code vector}, a list of float. */
  PARQUET(".parquet") {
    @Override
    void write(Path file, Vectors vectors) {
      WholeFile.remake(file, partial -> writeParquet(vectors, partial));
    }
  };

  private static final JsonFactory JSON = new JsonFactory();

  /** Where the matrix begins, counted in bytes: NumPy pads its headers to a multiple of this. */
  private static final int NPY_ALIGNMENT = 64;

  /** Values that are written in one go: all of them may be more than 2 GB. */
  private static final int VALUES_AT_ONCE = 1 << 10;

  private final String ending;

  VectorForm(String ending) {
    this.ending = ending;
  }

  /** Vectors with their ids, some at a time. */
  interface Vectors {
    /** The ids, in the order of the vectors. */
    List<String> ids();

    /** Entries of a vector. */
    int width();

    /** Hands all vectors over, in order. */
    void forEach(Some some) throws IOException;
  }

  /** Takes some vectors. */
  @FunctionalInterface
  interface Some {
    /**
     * Takes the next ones.
     *
     * @param vectors any number × width, row-major
     */
    void take(float[] vectors) throws IOException;
  }

  /** The form that the ending of a file's name says. */
  static Optional<VectorForm> ofEnding(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(form -> name.endsWith(form.ending)).findFirst();
  }

  /** Endings for a message. */
  static String allEndings() {
    return Arrays.stream(values()).map(form -> form.ending).collect(Collectors.joining(", "));
  }

  /** The file of the ids beside a matrix. */
  static Path ids(Path matrix) {
    String name = matrix.getFileName().toString();
    return matrix.resolveSibling(name.substring(0, name.length() - NPY.ending.length()) + ".txt");
  }

  /** Writes a file that is there whole or not at all. */
  abstract void write(Path file, Vectors vectors);

  private static void writeIds(List<String> ids, OutputStream out) throws IOException {
    BufferedWriter lines = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    for (String id : ids) {
      if (id.indexOf('\n') >= 0 || id.indexOf('\r') >= 0) {
        throw new DataException(
            "the id '"
                + id.replace("\n", "\\n").replace("\r", "\\r")
                + "' has a line break, which a file with an id a line cannot hold; write .parquet"
                + " or .jsonl");
      }
      lines.write(id);
      lines.write('\n');
    }
    lines.flush();
  }

  /** NumPy's format, version 1.0: magic, length of the header, header, values. */
  private static void writeMatrix(Vectors vectors, OutputStream out) throws IOException {
    String shape =
        "{'descr': '<f4', 'fortran_order': False, 'shape': ("
            + vectors.ids().size()
            + ", "
            + vectors.width()
            + "), }";
    int before = 10;
    int length = shape.length() + 1;
    length += Math.floorMod(-(before + length), NPY_ALIGNMENT);
    ByteBuffer header = ByteBuffer.allocate(before + length).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    header.put((byte) 1).put((byte) 0).putShort((short) length);
    header.put(shape.getBytes(StandardCharsets.US_ASCII));
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    header.put((byte) '\n');
    out.write(header.array());
    vectors.forEach(
        some -> {
          ByteBuffer bytes =
              ByteBuffer.allocate(VALUES_AT_ONCE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          for (int at = 0; at < some.length; at += VALUES_AT_ONCE) {
            int count = Math.min(VALUES_AT_ONCE, some.length - at);
            bytes.asFloatBuffer().put(some, at, count);
            out.write(bytes.array(), 0, count * Float.BYTES);
          }
        });
  }

  private static void writeJsonLines(Vectors vectors, OutputStream out) throws IOException {
    JsonGenerator json = JSON.createGenerator(out);
    json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
    int[] next = {0};
    vectors.forEach(
        some -> {
          for (int from = 0; from < some.length; from += vectors.width()) {
            json.writeStartObject();
            json.writeStringField("id", vectors.ids().get(next[0]++));
            json.writeArrayFieldStart("vector");
            for (int i = from; i < from + vectors.width(); i++) {
              json.writeNumber(some[i]);
            }
            json.writeEndArray();
            json.writeEndObject();
          }
        });
    json.writeRaw('\n');
    json.flush();
  }

  private static void writeParquet(Vectors vectors, Path file) throws IOException {
    List<ParquetWriter.Column> columns = new ArrayList<>();
    columns.add(new ParquetWriter.Column("id", ParquetWriter.Type.TEXT));
    // A column an entry, which DuckDB makes a list of: its functions in Java know no lists.
    List<ParquetWriter.Column> entries =
        IntStream.range(0, vectors.width())
            .mapToObj(i -> new ParquetWriter.Column("v" + i, ParquetWriter.Type.FLOAT32))
            .toList();
    columns.addAll(entries);
    try (ParquetWriter parquet =
        new ParquetWriter(file, columns, "id, [" + ParquetWriter.names(entries) + "] AS vector")) {
      int[] next = {0};
      vectors.forEach(
          some -> {
            for (int from = 0; from < some.length; from += vectors.width()) {
              parquet.set(0, vectors.ids().get(next[0]++));
              for (int i = 0; i < vectors.width(); i++) {
                parquet.set(1 + i, some[from + i]);
              }
              parquet.endRow();
            }
          });
      parquet.finish();
    }
  }
}
