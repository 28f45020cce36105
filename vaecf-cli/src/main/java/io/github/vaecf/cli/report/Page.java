package io.github.vaecf.cli.report;

import java.util.List;

/**
 * One self-contained HTML page: no script, no font, no picture from elsewhere; readable on a phone
 * and on paper. Not safe for use by many threads.
 */
public final class Page {
  private static final String STYLE =
      """
      :root { color-scheme: light; }
      body { font: 16px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff;
             max-width: 60rem; margin: 0 auto; padding: 1rem; }
      h1 { font-size: 1.6rem; margin: .5rem 0; }
      h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #ccd3dc; }
      p { margin: .5rem 0; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums;
              margin: .5rem 0; }
      .caption { color: #56606e; margin-bottom: 0; }
      th, td { padding: .25rem .75rem .25rem 0; text-align: right; vertical-align: top; }
      th:first-child, td:first-child { text-align: left; }
      td { white-space: nowrap; }
      .words th, .words td { text-align: left; white-space: normal; }
      thead th { border-bottom: 1px solid #1c2430; font-weight: 600; }
      tbody tr:nth-child(even) { background: #f5f7fa; }
      .figures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
      figure { margin: 0; max-width: 36rem; break-inside: avoid; }
      figure svg { width: 100%; height: auto; display: block; }
      figcaption { color: #56606e; font-size: .9rem; }
      .legend { font-size: .85rem; line-height: 1.4; text-align: center; margin-bottom: .3rem; }
      .legend span { display: inline-block; margin: 0 .5rem; }
      .legend span::before { content: ""; display: inline-block; width: 1.5em; margin-right: .4em;
              border-top: 2px solid var(--line); vertical-align: middle; }
      /* On a phone a row is a block, its cells below one another, each with its column's name. */
      @media screen and (max-width: 40rem) {
        .scroll, table, tbody, tr { display: block; }
        thead { display: none; }
        tbody tr { padding: .4rem .5rem; border-bottom: 1px solid #ccd3dc; }
        td, .words td { display: flex; justify-content: space-between; gap: 1rem; padding: .1rem 0;
                        white-space: normal; overflow-wrap: anywhere; }
        td::before { content: attr(data-label); color: #56606e; text-align: left; flex: none;
                     max-width: 45%; }
        td:first-child { font-weight: 600; }
      }
      @media print { body { max-width: none; font-size: 11px; } h2 { break-after: avoid; } }
      """;

  private final StringBuilder body = new StringBuilder();
  private final String title;
  private boolean inFigures;

  /**
   * An empty page.
   *
   * @param title what the page is about, its first heading too
   */
  public Page(String title) {
    this.title = title;
  }

  /**
   * Begins a section.
   *
   * @param heading its heading
   * @return this page
   */
  public Page section(String heading) {
    endFigures();
    body.append("<h2>").append(escaped(heading)).append("</h2>\n");
    return this;
  }

  /**
   * Adds a paragraph.
   *
   * @param text plain text
   * @return this page
   */
  public Page paragraph(String text) {
    endFigures();
    body.append("<p>").append(escaped(text)).append("</p>\n");
    return this;
  }

  /**
   * Adds a table of numbers: the first column to the left, the others to the right.
   *
   * @param caption what the table shows; may be empty
   * @param header one cell a column
   * @param rows rows of as many cells
   * @return this page
   */
  public Page numbers(String caption, List<String> header, List<List<String>> rows) {
    return table("", caption, header, rows);
  }

  /**
   * Adds a table of words, all columns to the left.
   *
   * @param caption what the table shows; may be empty
   * @param header one cell a column
   * @param rows rows of as many cells
   * @return this page
   */
  public Page words(String caption, List<String> header, List<List<String>> rows) {
    return table(" class=\"words\"", caption, header, rows);
  }

  private Page table(String kind, String caption, List<String> header, List<List<String>> rows) {
    endFigures();
    if (!caption.isEmpty()) {
      // Before the table, not in it: a table may be wider than a phone, and its caption would be
      // too.
      body.append("<p class=\"caption\">").append(escaped(caption)).append("</p>\n");
    }
    body.append("<div class=\"scroll\"><table").append(kind).append(">\n");
    body.append("<thead><tr>");
    header.forEach(cell -> body.append("<th>").append(escaped(cell)).append("</th>"));
    body.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      body.append("<tr>");
      for (int column = 0; column < row.size(); column++) {
        body.append("<td data-label=\"")
            .append(escaped(header.get(column)))
            .append("\">")
            .append(escaped(row.get(column)))
            .append("</td>");
      }
      body.append("</tr>\n");
    }
    body.append("</tbody></table></div>\n");
    return this;
  }

  /**
   * Adds a plot; plots that follow one another stand side by side where the page is wide enough.
   *
   * @param plot the plot
   * @return this page
   */
  public Page plot(Plot plot) {
    if (!inFigures) {
      body.append("<div class=\"figures\">\n");
      inFigures = true;
    }
    body.append("<figure role=\"img\" aria-label=\"")
        .append(escaped(plot.caption()))
        .append("\">\n")
        .append(plot.toSvg());
    if (plot.series().size() > 1) {
      body.append("<div class=\"legend\">");
      for (int i = 0; i < plot.series().size(); i++) {
        body.append("<span style=\"--line: ")
            .append(plot.cssColor(i))
            .append("\">")
            .append(escaped(plot.series().get(i).name()))
            .append("</span>");
      }
      body.append("</div>\n");
    }
    body.append("<figcaption>")
        .append(escaped(plot.caption()))
        .append("</figcaption>\n</figure>\n");
    return this;
  }

  private void endFigures() {
    if (inFigures) {
      body.append("</div>\n");
      inFigures = false;
    }
  }

  /**
   * The page as HTML.
   *
   * @return the whole document
   */
  public String toHtml() {
    endFigures();
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
        + escaped(title)
        + "</title>\n<style>\n"
        + STYLE
        + "</style>\n</head>\n<body>\n<h1>"
        + escaped(title)
        + "</h1>\n"
        + body
        + "</body>\n</html>\n";
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
