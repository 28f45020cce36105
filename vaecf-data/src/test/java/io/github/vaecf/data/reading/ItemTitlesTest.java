package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ItemTitlesTest {
  @TempDir Path folder;

  @Test
  void titlesMayHoldCommasQuotesAndAccents() throws IOException {
    Path file = folder.resolve("movies.csv");
    Files.writeString(
        file, "\ufeffmovieId,title,genres\n1,\"Misérables, Les (1995)\",Drama\n2,Léon,Crime\n");
    assertThat(ItemTitles.read(file, ",", "movieId", "title"))
        .containsEntry("1", "Misérables, Les (1995)")
        .containsEntry("2", "Léon");
  }

  @Test
  void aCompressedTableSeparatedByTabsKeepsItsQuotes() throws IOException {
    Path file = folder.resolve("packages.tsv.gz");
    Files.write(
        file,
        Fixtures.gzip(
            Fixtures.utf8("package\tsection\tdescription\nfont\tfonts\t\"AR PL\" font\n")));
    assertThat(ItemTitles.read(file, "\t", "1", "description"))
        .containsOnlyKeys("font")
        .containsValue("\"AR PL\" font");
  }

  @Test
  void ofAnIdThatComesTwiceTheFirstTitleCounts() throws IOException {
    Path file = Files.writeString(folder.resolve("titles.csv"), "id,title\n1,first\n1,second\n");
    assertThat(ItemTitles.read(file, ",", "id", "title")).containsEntry("1", "first");
  }

  @Test
  void aShortLineAndAnUnknownColumnAreReported() throws IOException {
    Path file = Files.writeString(folder.resolve("titles.csv"), "id,title\n1,first\n2\n");
    assertThatThrownBy(() -> ItemTitles.read(file, ",", "id", "title"))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ", line 3: expected at least 2 fields, found 1");
    assertThatThrownBy(() -> ItemTitles.read(file, ",", "id", "name"))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ", line 1: there is no column 'name': the header names id, title");
  }

  @Test
  void aMissingFileIsReported() {
    Path missing = folder.resolve("titles.csv");
    assertThatThrownBy(() -> ItemTitles.read(missing, ",", "id", "title"))
        .isInstanceOf(DataException.class)
        .hasMessage(missing + ": there is no such file");
  }
}
