package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.events;
import static io.github.vaecf.data.reading.Fixtures.gzip;
import static io.github.vaecf.data.reading.Fixtures.utf8;
import static io.github.vaecf.data.reading.Fixtures.zip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignContentTest {
  private static final DelimitedReader READER = DelimitedReader.builder().build();

  @TempDir Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("log"), content);
  }

  /** The first bytes of real files, as the programs of each form write them. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "text compressed by xz, fd377a585a000004e6d6b446, xz -dc FILE | vaecf prepare --input -",
    "text compressed by Zstandard, 28b52ffd2418c10000, zstd -dc FILE | vaecf prepare --input -",
    "text compressed by LZ4, 04224d186440a7, lz4 -dc FILE |",
    "text compressed by lzip, 4c5a49500114003, lzip -dc FILE |",
    "text compressed by compress, 1f9d9061, zcat FILE |",
    "a 7z archive, 377abcaf271c0004, 7z x -so FILE MEMBER |",
    "a RAR archive, 526172211a0701003392b5e5, unrar p -inul FILE MEMBER |",
    "a Parquet file, 5041523115041548154c, pandas.read_parquet('FILE').to_csv",
    "an ORC file, 4f524308031000, pandas.read_orc('FILE').to_csv",
    "an Arrow file, 4152524f573100000000, pandas.read_feather('FILE').to_csv",
    "an HDF5 file, 894844460d0a1a0a00, pandas.read_hdf('FILE').to_csv",
    "an Excel workbook, d0cf11e0a1b11ae100, pandas.read_excel('FILE').to_csv",
    "an Avro file, 4f626a010416, write it as CSV first",
    "an SQLite database, 53514c69746520666f726d6174203300, sqlite3 -csv FILE",
    "a NumPy array, 934e554d50590100, numpy.savetxt",
    "a Python pickle, 80049595000000, pandas.read_pickle('FILE').to_csv",
    "a Python pickle, 8002636e756d7079, pandas.read_pickle('FILE').to_csv",
    "an R data file, 524458330a580a00000003, write.csv(readRDS",
    "a PDF, 255044462d312e370a25e2e3cfd30a00, give the log itself",
    "binary data, 0102030405060708090a0b0c, give the log as text",
  })
  void whatIsNoTextIsNamedWithItsCure(String name, String head, String cure) throws IOException {
    byte[] bytes = HexFormat.of().parseHex(head.length() % 2 == 0 ? head : head + "0");
    for (byte[] content : new byte[][] {bytes, gzip(bytes)}) {
      Path file = file(content);
      assertThatThrownBy(() -> READER.read(file))
          .isInstanceOf(DataException.class)
          .hasMessageStartingWith(file + ": expected text in UTF-8, found " + name + "; ")
          .hasMessageContaining(cure);
    }
  }

  @Test
  void linesOfOldMacsAreNamedAndBlankOnesAreNoData() throws IOException {
    byte[] mac = "user,item\r1,a\r2,b\r".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> READER.read(file(mac)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("lines that end with a carriage return alone, as on old Macs; tr ");
    byte[] blank = "\n\r\n\n".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> READER.read(file(blank)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected data, found blank lines only");
    byte[] one = "1,a\r".getBytes(StandardCharsets.UTF_8);
    assertThat(READER.read(file(one)).size()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-16", "UTF-32"})
  void otherEncodingsAreNamed(String encoding) throws IOException {
    byte[] content = "user,item\nmüller,äpfel\n".getBytes(encoding);
    assertThatThrownBy(() -> READER.read(file(content)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(encoding.equals("UTF-32") ? "binary data" : "iconv -f UTF-16");
    byte[] marked = "\ufeffuser,item\na,x\n".getBytes(StandardCharsets.UTF_16LE);
    assertThatThrownBy(() -> READER.read(file(marked)))
        .hasMessageContaining("found text in UTF-16; iconv -f UTF-16 -t UTF-8 FILE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"user\":1,\"item\":2}\n{\"user\":1,\"item\":3}\n",
        "[{\"user\":1}]",
        "[\n  [1,2],\n",
        "[\"a\"]"
      })
  void jsonIsNamedWithTheWayToMakeLinesOfIt(String content) {
    assertThatThrownBy(() -> READER.read(file(utf8(content))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("found JSON; jq -r '[.user, .item] | @csv' FILE |");
  }

  @Test
  void otherTextsAreNamed() throws IOException {
    assertThatThrownBy(() -> READER.read(file(utf8("<!DOCTYPE html><title>404</title>\n"))))
        .hasMessageContaining("found HTML or XML");
    assertThatThrownBy(
            () -> READER.read(file(utf8("version https://git-lfs.github.com/spec/v1\noid x\n"))))
        .hasMessageContaining("Git LFS; git lfs pull");
  }

  @Test
  void zipsThatAreDocumentsAreNamed() throws IOException {
    byte[] excel =
        zip(Map.of("[Content_Types].xml", utf8("<x/>"), "xl/workbook.xml", utf8("<x/>")));
    assertThatThrownBy(() -> READER.read(file(excel)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("found an Excel workbook; ");
    assertThatThrownBy(
            () -> READER.read(file(zip(Map.of("mimetype", utf8("x"), "content.xml", utf8("x"))))))
        .hasMessageContaining("found an OpenDocument table; ");
    assertThatThrownBy(() -> READER.read(file(zip(Map.of("data.npy", utf8("x"))))))
        .hasMessageContaining("found NumPy arrays (npz); ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PAR1,x\n",
        "ORC,x\n",
        "{3F2504E0-4F89},x\n",
        "BZh9,x\n",
        "[1],x\n",
        "(µ/,x\n",
        "LZIP,x\n",
        "RDX,x\n",
        "Rar!,x\n",
        "%PDF-,x\n",
        "7z,x\n"
      })
  void idsThatBeginLikeSomethingElseAreText(String content) throws IOException {
    assertThat(events(READER.read(file(utf8(content))))).hasSize(1);
  }
}
