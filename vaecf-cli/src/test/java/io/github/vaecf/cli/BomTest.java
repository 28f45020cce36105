package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The BOM and the projects downstream have no parent, so that they could be of other versions. */
class BomTest {
  private static final String PARENT = "../pom.xml";
  private static final String BOM = "../vaecf-bom/pom.xml";
  private static final Pattern PROPERTY = Pattern.compile("<([a-z.]+\\.version)>([^<]+)</\\1>");

  @Test
  void librariesHaveTheVersionsThatWeBuildWith() throws IOException {
    Map<String, String> ofBom = properties(BOM);
    assertThat(ofBom).isNotEmpty();
    assertThat(properties(PARENT)).containsAllEntriesOf(ofBom);
  }

  @Test
  void allAreOfOneVersion() throws IOException {
    for (String pom :
        List.of(BOM, "../downstream/class-path/pom.xml", "../downstream/module-path/pom.xml")) {
      assertThat(version(pom)).as(pom).isEqualTo(version(PARENT));
    }
  }

  /** Of the modules that a program may depend on: those that come with sources. */
  @Test
  void everyModuleIsInIt() throws IOException {
    List<String> modules =
        Pattern.compile("<module>(vaecf-(?!bom|cli)[^<]+)</module>")
            .matcher(Files.readString(Path.of(PARENT)))
            .results()
            .map(module -> module.group(1))
            .toList();
    assertThat(modules).hasSizeGreaterThan(3);
    assertThat(Files.readString(Path.of(BOM)))
        .contains(modules.stream().map(one -> "<artifactId>" + one + "</artifactId>").toList());
  }

  private static Map<String, String> properties(String pom) throws IOException {
    Map<String, String> properties = new TreeMap<>();
    PROPERTY
        .matcher(Files.readString(Path.of(pom)))
        .results()
        .forEach(one -> properties.put(one.group(1), one.group(2)));
    return properties;
  }

  /** The first version in a POM is its own. */
  private static String version(String pom) throws IOException {
    String text = Files.readString(Path.of(pom));
    int from = text.indexOf("<version>");
    return text.substring(from, text.indexOf("</version>", from));
  }
}
