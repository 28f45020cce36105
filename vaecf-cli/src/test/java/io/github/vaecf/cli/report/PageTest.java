package io.github.vaecf.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.cli.report.Plot.Point;
import io.github.vaecf.cli.report.Plot.Scale;
import io.github.vaecf.cli.report.Plot.Series;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class PageTest {
  private static final Plot PLOT =
      new Plot(
          "Two <series> & more.",
          "x",
          "y",
          Scale.LINEAR,
          List.of(
              new Series("a", true, List.of(new Point(1, 2), new Point(2, 3))),
              new Series("b", true, List.of(new Point(1, 1, 0.5), new Point(2, 2, 0.5)))));

  @Test
  void whatIsWrittenIsShownAndNotRun() {
    String html =
        new Page("A & B")
            .section("<script>")
            .paragraph("1 < 2")
            .numbers("", List.of("\"n\""), List.of(List.of("<td>")))
            .toHtml();
    assertThat(html)
        .contains("<h1>A &amp; B</h1>", "&lt;script&gt;", "1 &lt; 2", "&quot;n&quot;", "&lt;td&gt;")
        .doesNotContain("<script");
  }

  @Test
  void nothingIsFetchedFromElsewhere() {
    String html = new Page("plots").plot(PLOT).toHtml();
    assertThat(html.replaceAll("xmlns(:xlink)?=\"[^\"]*\"", ""))
        .doesNotContain("http", "src=", "href=", "url(//", "@import");
  }

  @Test
  void theLegendNamesEachSeriesByItsColor() {
    assertThat(new Page("plots").plot(PLOT).toHtml())
        .contains(
            "<span style=\"--line: #1b6ca8\">a</span>", "<span style=\"--line: #d1660d\">b</span>");
  }

  @Test
  void aPlotIsAnSvgElementThatTakesTheWidthItIsGiven() throws Exception {
    Document svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(PLOT.toSvg())));
    assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
    assertThat(svg.getDocumentElement().getAttribute("viewBox")).isEqualTo("0 0 560 300");
    assertThat(svg.getDocumentElement().hasAttribute("width")).isFalse();
    assertThat(svg.getElementsByTagName("path").getLength()).isPositive();
  }

  @Test
  void valuesThatAreAllTheSameHaveAPlaceToo() {
    Series same = new Series("a", true, List.of(new Point(0, 1, 0), new Point(1, 1, 0)));
    assertThat(new Plot("", "x", "y", Scale.LINEAR, List.of(same)).toSvg()).doesNotContain("NaN");
  }

  /** Letters are drawn as outlines, so that each name can be seen by what changes with it. */
  @Test
  void eachGroupIsNamedBelowItsPoint() {
    List<String> names = List.of("4", "5-6", "7-8", "9-12", "1300-72000");
    String svg = grouped(names).toSvg();
    for (int i = 0; i < names.size(); i++) {
      List<String> others = new ArrayList<>(names);
      others.set(i, "0");
      assertThat(grouped(others).toSvg()).as(names.get(i)).isNotEqualTo(svg);
    }
    assertThat(grouped(names).toSvg()).isEqualTo(svg);
  }

  private static Plot grouped(List<String> names) {
    List<Point> points =
        IntStream.range(0, names.size()).mapToObj(i -> new Point(i, 0.5 - 0.1 * i, 0.01)).toList();
    Series series = new Series("model", true, points);
    return new Plot("", "items", "ndcg", Scale.LINEAR, names, List.of(series));
  }

  @Test
  void plotsThatFollowOneAnotherStandTogether() {
    String html = new Page("plots").plot(PLOT).plot(PLOT).paragraph("text").plot(PLOT).toHtml();
    assertThat(html.split("<div class=\"figures\">", -1)).hasSize(3);
    assertThat(html.split("<figure ", -1)).hasSize(4);
    assertThat(html).contains("aria-label=\"Two &lt;series&gt; &amp; more.\"");
  }
}
