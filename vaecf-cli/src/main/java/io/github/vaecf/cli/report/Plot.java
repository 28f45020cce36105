package io.github.vaecf.cli.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A plot of one or more series over a common axis.
 *
 * @param caption what the plot shows, in one sentence
 * @param xAxis what lies to the right
 * @param yAxis what lies upwards
 * @param scale how the axes grow
 * @param names what stands below x = 0, 1, … in place of numbers; empty for numbers
 * @param series what is drawn, at least one
 */
public record Plot(
    String caption,
    String xAxis,
    String yAxis,
    Scale scale,
    List<String> names,
    List<Series> series) {
  /** More than ticks that are told apart need, and less than what arithmetic leaves behind. */
  private static final int DIGITS = 6;

  // Told apart also by those who see no red or no green, and in grey.
  private static final Color[] COLORS = {
    new Color(0x1b6ca8), new Color(0xd1660d), new Color(0x2f8f6b), new Color(0x8a4fa3),
    new Color(0x6b6b6b), new Color(0xb83b5e), new Color(0x9a8a1c), new Color(0x4a4a9c)
  };

  /** How the axes grow. */
  public enum Scale {
    /** Both evenly. */
    LINEAR,
    /** Both by factors. */
    LOG,
    /** The one to the right by factors, the one upwards evenly. */
    LOG_X
  }

  /**
   * A point of a series.
   *
   * @param x to the right
   * @param y upwards; NaN leaves a gap
   * @param error half length of the error bar; NaN where there is none
   */
  public record Point(double x, double y, double error) {
    /**
     * A point without an error bar.
     *
     * @param x to the right
     * @param y upwards; NaN leaves a gap
     */
    public Point(double x, double y) {
      this(x, y, Double.NaN);
    }
  }

  /**
   * Points that belong together.
   *
   * @param name name in the legend
   * @param connected whether lines join the points
   * @param points at least one; either all have error bars or none
   */
  public record Series(String name, boolean connected, List<Point> points) {
    /**
     * Copies the list.
     *
     * @param name name in the legend
     * @param connected whether lines join the points
     * @param points at least one
     */
    public Series {
      points = List.copyOf(points);
    }

    private boolean hasErrors() {
      return !Double.isNaN(points.get(0).error());
    }
  }

  /**
   * Copies the lists.
   *
   * @param caption what the plot shows
   * @param xAxis what lies to the right
   * @param yAxis what lies upwards
   * @param scale how the axes grow
   * @param names what stands below x = 0, 1, …
   * @param series what is drawn
   */
  public Plot {
    names = List.copyOf(names);
    series = List.copyOf(series);
  }

  /**
   * A plot over numbers.
   *
   * @param caption what the plot shows
   * @param xAxis what lies to the right
   * @param yAxis what lies upwards
   * @param scale how the axes grow
   * @param series what is drawn
   */
  public Plot(String caption, String xAxis, String yAxis, Scale scale, List<Series> series) {
    this(caption, xAxis, yAxis, scale, List.of(), series);
  }

  /** The plot as an SVG element that takes the width it is given. */
  String toSvg() {
    XYChart chart =
        new XYChartBuilder().width(560).height(300).xAxisTitle(xAxis).yAxisTitle(yAxis).build();
    Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    XYStyler styler = chart.getStyler();
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotBackgroundColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    styler.setPlotGridLinesColor(new Color(0xe3e7ec));
    styler.setPlotGridLinesStroke(new BasicStroke(1f));
    styler.setLegendVisible(false); // below the picture, where it may take several lines
    styler.setAxisTitleFont(font);
    styler.setAxisTickLabelsFont(font);
    styler.setXAxisMaxLabelCount(12);
    styler.setXAxisLogarithmic(scale != Scale.LINEAR && !overLogarithms());
    styler.setYAxisLogarithmic(scale == Scale.LOG);
    styler.setxAxisTickLabelsFormattingFunction(
        overLogarithms() ? x -> number(Math.pow(10, x), 2) : x -> number(x, DIGITS));
    styler.setyAxisTickLabelsFormattingFunction(y -> number(y, DIGITS));
    styler.setMarkerSize(6);
    DoubleSummaryStatistics range =
        series.stream()
            .flatMap(one -> one.points().stream())
            .mapToDouble(Point::y)
            .filter(Double::isFinite)
            .summaryStatistics();
    if (range.getMin() == range.getMax() && scale != Scale.LOG) {
      // An axis of no length has no place for anything.
      styler.setYAxisMin(range.getMin() - 0.5);
      styler.setYAxisMax(range.getMax() + 0.5);
    }
    if (!names.isEmpty()) {
      styler.setPlotContentSize(0.8); // leaves room below the first and the last point
      styler.setxAxisTickLabelsFormattingFunction(this::name);
    }
    for (int i = 0; i < series.size(); i++) {
      draw(chart, series.get(i), color(i), overLogarithms());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      VectorGraphicsEncoder.saveVectorGraphic(chart, bytes, VectorGraphicsFormat.SVG);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String svg = bytes.toString(StandardCharsets.UTF_8);
    // Inside a page there is no document of its own, and the size is the page's affair.
    return svg.substring(svg.indexOf("<svg"))
        .replaceFirst(" height=\"[0-9.]*px\"", "")
        .replaceFirst(" width=\"[0-9.]*px\"", "");
  }

  /**
   * Whether the axis to the right is drawn evenly over logarithms: one that grows by factors has
   * labels at powers of ten alone, and needs two of them.
   */
  private boolean overLogarithms() {
    DoubleSummaryStatistics range =
        series.stream()
            .flatMap(one -> one.points().stream())
            .mapToDouble(Point::x)
            .summaryStatistics();
    return scale == Scale.LOG_X
        && Math.floor(Math.log10(range.getMax())) <= Math.ceil(Math.log10(range.getMin()));
  }

  /** A number below an axis: 0 before the point, no zeros at the end. */
  static String number(double value, int digits) {
    if (value == 0) {
      return "0"; // of any sign
    }
    BigDecimal rounded =
        new BigDecimal(value, new MathContext(digits, RoundingMode.HALF_EVEN)).stripTrailingZeros();
    return Math.abs(value) < 1 ? rounded.toString() : rounded.toPlainString();
  }

  private String name(double x) {
    return x == Math.rint(x) && x >= 0 && x < names.size() ? names.get((int) x) : "";
  }

  private static Color color(int index) {
    return COLORS[index % COLORS.length];
  }

  /** The color of a series, as style sheets write it. */
  String cssColor(int index) {
    return String.format(Locale.ROOT, "#%06x", color(index).getRGB() & 0xffffff);
  }

  private static void draw(XYChart chart, Series one, Color color, boolean overLogarithms) {
    double[] x =
        one.points().stream()
            .mapToDouble(point -> overLogarithms ? Math.log10(point.x()) : point.x())
            .toArray();
    double[] y = one.points().stream().mapToDouble(Point::y).toArray();
    double[] errors = one.points().stream().mapToDouble(Point::error).toArray();
    XYSeries drawn =
        one.hasErrors()
            ? chart.addSeries(one.name(), x, y, errors)
            : chart.addSeries(one.name(), x, y);
    drawn.setLineColor(color);
    drawn.setMarkerColor(color);
    drawn.setLineWidth(2f);
    boolean line = one.connected() && !one.hasErrors() && x.length > 1;
    drawn.setMarker(line ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE);
    if (!one.connected()) {
      drawn.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    }
  }
}
