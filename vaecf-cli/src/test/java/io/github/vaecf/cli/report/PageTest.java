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

  @Test
  void numbersBelowAnAxisHaveAZeroBeforeThePointAndNoneAtTheEnd() {
    assertThat(Plot.number(0.05, 6)).isEqualTo("0.05");
    assertThat(Plot.number(0.1, 6)).isEqualTo("0.1");
    assertThat(Plot.number(-0.0, 6)).isEqualTo("0");
    assertThat(Plot.number(0.30000000000000004, 6)).isEqualTo("0.3");
    assertThat(Plot.number(20_000, 6)).isEqualTo("20000");
    assertThat(Plot.number(Math.pow(10, -2.5), 2)).isEqualTo("0.0032");
    assertThat(Plot.number(1e-7, 6)).isEqualTo("1E-7");
  }

  /** Letters are outlines: the picture of other numbers of one shape is another one. */
  @Test
  void theNumbersOfAPlotAreWrittenThisWay() {
    Plot plot = overX(Scale.LINEAR, 1, 2);
    assertThat(plot.toSvg()).isNotEqualTo(overX(Scale.LINEAR, 0.1, 0.2).toSvg());
  }

  /** An axis by factors alone would have no number here. */
  @Test
  void anAxisByFactorsHasNumbersAlsoBetweenTwoPowersOfTen() {
    String without = overX(Scale.LOG_X, 0.002, 0.003).toSvg();
    String other = overX(Scale.LOG_X, 0.004, 0.006).toSvg(); // the same shape, other numbers
    assertThat(without).isNotEqualTo(other);
  }

  private static Plot overX(Scale scale, double... x) {
    List<Point> points = IntStream.range(0, x.length).mapToObj(i -> new Point(x[i], i)).toList();
    return new Plot("", "x", "y", scale, List.of(new Series("a", true, points)));
  }

  @Test
  void onAPhoneEachCellHasItsColumnsName() {
    String html =
        new Page("A")
            .numbers("", List.of("model", "recall@\"20\""), List.of(List.of("vae", "0.5")))
            .toHtml();
    assertThat(html)
        .contains(
            "<td data-label=\"model\">vae</td><td data-label=\"recall@&quot;20&quot;\">0.5</td>")
        .containsPattern(
            "@media screen and \\(max-width: 40rem\\) \\{[^@]*content: attr\\(data-label\\)");
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
