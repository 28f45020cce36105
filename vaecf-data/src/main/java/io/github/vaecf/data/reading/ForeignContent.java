package io.github.vaecf.data.reading;

import java.io.IOException;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Content that is no delimited text, recognised by its first bytes: what it is and how to give it.
 */
final class ForeignContent extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** How many bytes are looked at. */
  static final int HEAD = 1024;

  private static final int TAR_MAGIC_AT = 257;
  private static final String PIPE = " | vaecf prepare --input - …";
  private static final String AS_TEXT = "write it as CSV first, for example with Python's pandas: ";

  /**
   * A form that begins with certain bytes.
   *
   * @param name with its article
   * @param cure what to do
   * @param magic the bytes, as Latin-1
   */
  private record Form(String name, String cure, String magic) {
    /** Text may begin with the same letters, but goes on as text. */
    boolean begins(byte[] head) {
      if (head.length < magic.length()) {
        return false;
      }
      boolean text = true;
      for (int i = 0; i < magic.length(); i++) {
        char c = magic.charAt(i);
        if ((byte) c != head[i]) {
          return false;
        }
        text &= c >= ' ' && c < 0x7f;
      }
      return !text || controls(head) > 0;
    }
  }

  private static final List<Form> BINARY =
      List.of(
          unpacked("xz", "xz -dc FILE", "\u00fd7zXZ\0"),
          unpacked("Zstandard", "zstd -dc FILE", "(\u00b5/\u00fd"),
          unpacked("LZ4", "lz4 -dc FILE", "\u0004\"M\u0018"),
          unpacked("lzip", "lzip -dc FILE", "LZIP"),
          unpacked("lzop", "lzop -dc FILE", "\u0089LZO\0"),
          unpacked("LZMA", "xz -dc --format=lzma FILE", "]\0\0"),
          unpacked("compress", "zcat FILE", "\u001f\u009d"),
          unpacked("Snappy", "snzip -dc FILE", "\u00ff\u0006\0\0sNaPpY"),
          unpacked("gzip, twice", "zcat FILE | zcat", "\u001f\u008b"),
          unpacked("bzip2, twice", "bzcat FILE | bzcat", "BZh91AY&SY"),
          new Form("a 7z archive", "7z x -so FILE MEMBER" + PIPE, "7z\u00bc\u00af'\u001c"),
          new Form("a RAR archive", "unrar p -inul FILE MEMBER" + PIPE, "Rar!\u001a\u0007"),
          table("a Parquet file", "read_parquet", "PAR1"),
          table("an encrypted Parquet file", "read_parquet", "PARE"),
          table("an ORC file", "read_orc", "ORC"),
          table("an Arrow file", "read_feather", "ARROW1"),
          table("a Feather file", "read_feather", "FEA1"),
          table("an HDF5 file", "read_hdf", "\u0089HDF\r\n\u001a\n"),
          table(
              "an Excel workbook",
              "read_excel",
              "\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1"),
          new Form(
              "an Avro file", "write it as CSV first, for example with DuckDB's avro", "Obj\u0001"),
          new Form(
              "an SQLite database",
              "sqlite3 -csv FILE 'SELECT user, item FROM log'" + PIPE,
              "SQLite format 3\0"),
          new Form(
              "a NumPy array",
              AS_TEXT + "numpy.savetxt('log.csv', numpy.load('FILE'), '%s', ',')",
              "\u0093NUMPY"),
          pickle(2),
          pickle(3),
          pickle(4),
          pickle(5),
          new Form(
              "an R data file",
              "write it as CSV first: write.csv(readRDS('FILE'), 'log.csv')",
              "RDX"),
          new Form(
              "an R data file",
              "write it as CSV first: write.csv(readRDS('FILE'), 'log.csv')",
              "X\n\0\0"),
          new Form("a PDF", "give the log itself", "%PDF-"),
          utf("UTF-32", "\u00ff\u00fe\0\0"),
          utf("UTF-32", "\0\0\u00fe\u00ff"),
          utf("UTF-16", "\u00ff\u00fe"),
          utf("UTF-16", "\u00fe\u00ff"));

  private ForeignContent(String what, String cure) {
    super("expected text in UTF-8, found " + what + "; " + cure);
  }

  private static Form unpacked(String compression, String command, String magic) {
    return new Form("text compressed by " + compression, command + PIPE, magic);
  }

  private static Form table(String name, String function, String magic) {
    return new Form(
        name, AS_TEXT + "pandas." + function + "('FILE').to_csv('log.csv', index=False)", magic);
  }

  private static Form pickle(int protocol) {
    return table("a Python pickle", "read_pickle", "\u0080" + (char) protocol);
  }

  private static Form utf(String encoding, String magic) {
    return new Form("text in " + encoding, "iconv -f " + encoding + " -t UTF-8 FILE" + PIPE, magic);
  }

  /**
   * Refuses what is neither text nor an archive.
   *
   * @param head the first {@link #HEAD} bytes, or all if there are fewer
   */
  static void refuseBinary(byte[] head) throws ForeignContent {
    for (Form form : BINARY) {
      if (form.begins(head)) {
        throw new ForeignContent(form.name, form.cure);
      }
    }
    if (isZip(head) || isTar(head)) {
      return;
    }
    // Without a byte-order mark: of Latin letters every second byte is 0.
    int[] zeros = new int[2];
    for (int i = 0; i < head.length; i++) {
      zeros[i % 2] += head[i] == 0 ? 1 : 0;
    }
    int most = Math.max(zeros[0], zeros[1]);
    if (head.length >= 8 && most > head.length / 3 && Math.min(zeros[0], zeros[1]) < most / 8) {
      String encoding = zeros[0] > zeros[1] ? "UTF-16BE" : "UTF-16LE";
      throw new ForeignContent(
          "text in " + encoding, "iconv -f " + encoding + " -t UTF-8 FILE" + PIPE);
    }
    if (head.length >= 8 && controls(head) > head.length / 10) {
      throw new ForeignContent("binary data", "give the log as text");
    }
  }

  /**
   * Refuses what is no log of lines.
   *
   * @param bytes begins with the text's beginning
   * @param from where the text begins
   * @param to where the bytes end
   */
  static void refuseOtherText(byte[] bytes, int from, int to) throws ForeignContent {
    byte[] head = Arrays.copyOfRange(bytes, from, Math.min(to, from + HEAD));
    if (isZip(head)) {
      throw new ForeignContent("a zip within another file", "unzip -p FILE MEMBER" + PIPE);
    }
    if (isTar(head)) {
      throw new ForeignContent("a tar within another file", "tar -xOf FILE MEMBER" + PIPE);
    }
    String text = new String(head, StandardCharsets.ISO_8859_1).stripLeading();
    if (text.matches("(?s)\\{\\s*(\"|\\}).*") || text.matches("(?s)\\[\\s*[\\[{\"].*")) {
      throw new ForeignContent(
          "JSON",
          "jq -r '[.user, .item] | @csv' FILE | vaecf prepare --format csv --no-header --input - …,"
              + " with the names that the fields have");
    }
    if (text.regionMatches(true, 0, "<!doctype", 0, 9)
        || text.regionMatches(true, 0, "<html", 0, 5)
        || text.startsWith("<?xml")) {
      throw new ForeignContent("HTML or XML", "download or export the log itself");
    }
    if (hasOldMacLines(bytes, from, to)) {
      throw new ForeignContent(
          "lines that end with a carriage return alone, as on old Macs",
          "tr '\\r' '\\n' < FILE" + PIPE);
    }
    if (text.startsWith("version https://git-lfs.github.com/spec/")) {
      throw new ForeignContent("the pointer of a file kept by Git LFS", "git lfs pull");
    }
  }

  /** Whether no line ends as lines do, and yet there are several. */
  private static boolean hasOldMacLines(byte[] bytes, int from, int to) {
    boolean returns = false;
    for (int i = from; i < to; i++) {
      if (bytes[i] == '\n') {
        return false;
      }
      returns |= bytes[i] == '\r' && i + 1 < to;
    }
    return returns;
  }

  /** Whether a zip begins here. */
  static boolean isZip(byte[] head) {
    return head.length >= 4
        && head[0] == 'P'
        && head[1] == 'K'
        && ((head[2] == 3 && head[3] == 4) || (head[2] == 5 && head[3] == 6));
  }

  /** Whether a tar begins here. */
  static boolean isTar(byte[] head) {
    return head.length >= TAR_MAGIC_AT + 5
        && new String(head, TAR_MAGIC_AT, 5, StandardCharsets.ISO_8859_1).equals("ustar");
  }

  /** What a zip is when it is no archive of files; passes over what is one. */
  static void refuseDocument(List<String> members) throws ForeignContent {
    if (members.contains("xl/workbook.xml") || members.contains("xl/workbook.bin")) {
      throw document("an Excel workbook", "pandas.read_excel('FILE')");
    }
    if (members.contains("mimetype") && members.contains("content.xml")) {
      throw document("an OpenDocument table", "pandas.read_excel('FILE')");
    }
    if (members.stream().anyMatch(member -> member.endsWith(".npy"))) {
      throw new ForeignContent(
          "NumPy arrays (npz)", "write them as lines of a user and an item first");
    }
  }

  private static ForeignContent document(String what, String frame) {
    return new ForeignContent(what, AS_TEXT + frame + ".to_csv('log.csv', index=False)");
  }

  /** How many bytes no text has. */
  private static int controls(byte[] head) {
    int controls = 0;
    for (byte b : head) {
      controls += (b >= 0 && b < ' ' && b != '\t' && b != '\n' && b != '\r') || b == 0x7f ? 1 : 0;
    }
    return controls;
  }
}
