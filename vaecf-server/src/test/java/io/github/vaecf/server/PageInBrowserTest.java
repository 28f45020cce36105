package io.github.vaecf.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.core.GroupStrategy;
import io.github.vaecf.core.Query;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Reason;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.eval.export.ServedVersions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The page in a real browser, headless Chromium, where there is one; else skipped. With {@code
 * -Dvaecf.picture=FILE} it leaves a picture of the page, such as the one in docs/images.
 */
class PageInBrowserTest {
  private static final String READY = "document.body?.dataset.ready === 'yes'";

  @TempDir static Path folder;
  private static ServedVersions versions;
  private static ModelServer server;

  @BeforeAll
  static void serve() throws Exception {
    assumeTrue(Browser.chromium().isPresent(), "no chromium in PATH");
    versions = ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
    server =
        ModelServer.start(
            versions,
            "debian",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            Limits.defaults());
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
      versions.close();
    }
  }

  /**
   * The page shows no scores: each item that it shows is compared by the score that the model gives
   * it. Where there is a title, the id stands beside it.
   */
  private static void assertRecommended(Browser browser, String... history) throws Exception {
    List<String> ids = recommended(browser);
    List<String> titles = browser.texts("#recommended .title");
    versions.answer(
        model -> {
          List<Recommendation> all = model.recommend(List.of(history), model.itemCount());
          List<Recommendation> shown =
              ids.stream()
                  .map(id -> all.stream().filter(one -> one.item().equals(id)).findFirst())
                  .map(Optional::orElseThrow)
                  .toList();
          assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(all.subList(0, 20), shown))
              .isEmpty();
          assertThat(titles)
              .isEqualTo(ids.stream().map(id -> model.titles().getOrDefault(id, id)).toList());
          return shown;
        });
  }

  private static List<String> recommended(Browser browser) throws Exception {
    List<String> ids = new ArrayList<>();
    browser
        .evaluate(
            "[...document.querySelectorAll('#recommended li')]"
                + ".map(e => (e.querySelector('.id') || e.querySelector('.title')).textContent)")
        .forEach(id -> ids.add(id.textValue()));
    return ids;
  }

  @Test
  void moreIsShownAndWhatIsLikedAmongTheRest() throws Exception {
    try (Browser browser = Browser.open(server.uri(), folder.resolve("more"))) {
      browser.await(READY);
      browser.evaluate("location.hash = '#libwww-perl,perl'");
      browser.await("document.querySelectorAll('#liked button').length === 2");
      List<String> first = recommended(browser);
      browser.evaluate("more.click()");
      browser.await("recommended.children.length === 40");
      List<String> both = recommended(browser);
      assertThat(both).startsWith(first.toArray(String[]::new)).doesNotContain("perl");
      assertThat(both).doesNotHaveDuplicates();

      browser.evaluate("again.click()");
      browser.await("recommended.innerText.includes('libwww-perl')");
      Query query =
          Query.builder().history(List.of("libwww-perl", "perl")).withHistory().k(40).build();
      List<String> expected =
          versions.answer(
              model -> model.recommend(query).stream().map(Recommendation::item).toList());
      // The last ones may have nearly equal scores.
      assertThat(recommended(browser)).hasSize(40).contains("perl", "libwww-perl");
      assertThat(recommended(browser).subList(0, 10))
          .containsExactlyElementsOf(expected.subList(0, 10));
      assertThat(browser.evaluate("recommended.querySelectorAll('button').length").asInt())
          .isEqualTo(38);
    }
  }

  @Test
  void whoeverWantsVarietyGetsTheDiverseListWithWhatCarriesEachItem() throws Exception {
    List<String> liked = List.of("libwww-perl", "python3-flask");
    try (Browser browser = Browser.open(server.uri(), folder.resolve("varied"))) {
      browser.await(READY);
      browser.evaluate("location.hash = '#libwww-perl,python3-flask'");
      browser.await("document.querySelectorAll('#liked button').length === 2");
      List<String> plain = recommended(browser);
      Query query = Query.builder().history(liked).marginalRelevance(0.7f).k(20).build();
      List<String> expected =
          versions.answer(
              model -> model.recommend(query).stream().map(Recommendation::item).toList());
      String other =
          expected.stream().filter(item -> !plain.contains(item)).findFirst().orElseThrow();
      browser.evaluate("varied.click()");
      browser.await("recommended.innerText.includes(" + quoted(other) + ")");
      assertThat(recommended(browser)).containsExactlyElementsOf(expected).isNotEqualTo(plain);

      Reason most =
          versions.answer(model -> model.because(liked, expected.subList(0, 1)).get(0).get(0));
      String title = versions.answer(model -> model.titles().get(most.item()));
      assertThat(browser.texts("#recommended li:first-child .why").get(0))
          .startsWith("because you like " + title);
    }
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "\\'") + "'";
  }

  @Test
  void aPersonFindsTitlesLikesThemAndIsToldWhatIsRecommendedAndWhy() throws Exception {
    try (Browser browser = Browser.open(server.uri(), folder.resolve("profile"))) {
      browser.await(READY);
      assertThat(browser.texts("h2")).containsExactly("What most people like");
      assertRecommended(browser);
      assertThat(browser.texts("#recommended .why")).isEmpty();

      browser.evaluate("document.getElementById('search').focus()");
      browser.type("libwww-p");
      browser.await("document.querySelectorAll('[role=option]').length > 0");
      assertThat(browser.evaluate("search.getAttribute('aria-expanded')").asText())
          .isEqualTo("true");
      assertThat(browser.texts("[role=option] .id")).first().isEqualTo("libwww-perl");
      browser.press("ArrowDown");
      assertThat(browser.evaluate("search.getAttribute('aria-activedescendant')").asText())
          .isEqualTo("choice-0");
      browser.press("Enter");
      browser.await("document.querySelectorAll('#liked button').length === 1");
      assertThat(browser.evaluate("location.hash").asText()).isEqualTo("#libwww-perl");
      assertThat(browser.evaluate("search.value").asText()).isEmpty();

      browser.evaluate("location.hash = '#libwww-perl,python3-flask,no-such-package'");
      browser.await("document.querySelectorAll('#liked button').length === 2");
      assertRecommended(browser, "libwww-perl", "python3-flask");
      assertThat(browser.texts("#recommended .why"))
          .hasSizeGreaterThan(10)
          .allMatch(why -> why.startsWith("because you like "))
          .anyMatch(why -> why.contains("world-wide web"))
          .anyMatch(why -> why.contains("micro web framework"));
      assertThat(browser.texts("[role=status]")).containsExactly("Not known here: no-such-package");
      assertThat(browser.evaluate("document.documentElement.scrollWidth <= innerWidth").asBoolean())
          .as("fits the width of a phone")
          .isTrue();
      keepPicture(browser);

      browser.evaluate("document.querySelector('#liked button').click()");
      browser.await("document.querySelectorAll('#liked button').length === 1");
      assertThat(browser.evaluate("location.hash").asText()).isEqualTo("#python3-flask");
      browser.evaluate("document.querySelector('#recommended button').click()");
      browser.await("document.querySelectorAll('#liked button').length === 2");
    }
  }

  @Test
  void severalPeopleGetTheListOfTheGroupAndAreToldWhoseLikesCarryIt() throws Exception {
    try (Browser browser = Browser.open(server.uri(), folder.resolve("group"))) {
      browser.await(READY);
      assertThat(browser.evaluate("people.length + ' ' + choosers.hidden").asText())
          .isEqualTo("1 true");
      browser.evaluate("location.hash = '#libwww-perl,perl'");
      browser.await("document.querySelectorAll('#liked button').length === 2");
      List<String> alone = recommended(browser);

      browser.evaluate("join.focus()");
      browser.evaluate("join.click()");
      assertThat(browser.evaluate("document.activeElement.id").asText()).isEqualTo("search");
      browser.await("document.querySelectorAll('#liked button').length === 0");
      assertThat(browser.texts("label[for=search]"))
          .containsExactly("Something that Person 2 likes");
      assertThat(browser.evaluate("choosers.innerText.trim()").asText())
          .matches("Person 1\\s+Person 2");
      browser.type("python3-fl");
      browser.await("document.querySelectorAll('[role=option]').length > 0");
      browser.press("Enter");
      browser.await("document.querySelectorAll('#liked button').length === 1");
      assertThat(browser.evaluate("location.hash").asText())
          .isEqualTo("#libwww-perl,perl;python3-flask");
      assertThat(browser.texts("h2")).containsExactly("Recommendations for all of you");
      List<String> average = group(GroupStrategy.AVERAGE);
      assertThat(recommended(browser)).isEqualTo(average).isNotEqualTo(alone);
      assertThat(browser.texts("#recommended .why"))
          .allMatch(why -> why.startsWith("because Person "))
          .anyMatch(why -> why.startsWith("because Person 1 likes"))
          .anyMatch(why -> why.startsWith("because Person 2 likes"));

      List<String> spared = group(GroupStrategy.LEAST_MISERY);
      String other =
          spared.stream().filter(item -> !average.contains(item)).findFirst().orElseThrow();
      browser.evaluate("misery.click()");
      browser.await("recommended.innerText.includes(" + quoted(other) + ")");
      assertThat(recommended(browser)).isEqualTo(spared);

      browser.evaluate("document.querySelector('#people input').click()");
      browser.await("document.querySelectorAll('#liked button').length === 2");
      assertThat(browser.texts("#leave")).containsExactly("Remove Person 1");
      browser.evaluate("leave.focus()");
      browser.evaluate("leave.click()");
      assertThat(browser.evaluate("document.activeElement.id").asText()).isEqualTo("join");
      browser.await("document.querySelectorAll('#liked button').length === 1");
      assertThat(browser.evaluate("location.hash").asText()).isEqualTo("#python3-flask");
      assertThat(browser.texts("label[for=search]")).containsExactly("Something that you like");
      assertRecommended(browser, "python3-flask");
    }
  }

  private static List<String> group(GroupStrategy strategy) {
    Query query =
        Query.builder()
            .group(List.of(List.of("libwww-perl", "perl"), List.of("python3-flask")), strategy)
            .k(20)
            .build();
    return versions.answer(
        model -> model.recommend(query).stream().map(Recommendation::item).toList());
  }

  @Test
  void aModelWithoutSignaturesForThemIsOfferedToOnePersonAlone() throws Exception {
    try (Browser browser = Browser.open(server.uri(), folder.resolve("alone"))) {
      browser.await(READY);
      assertThat(browser.evaluate("group.hidden").asBoolean()).isFalse();
      browser.evaluate(
          """
          const before = window.ask;
          window.ask = async (address, body) => {
            const answer = await before(address, body);
            if (address.endsWith('/metadata')) {
              const {serving_default} = answer.metadata.signature_def.signature_def;
              answer.metadata.signature_def.signature_def = {serving_default};
            }
            return answer;
          };
          location.hash = '#perl,libwww-perl;libwww-perl';
          """);
      browser.await("group.hidden && document.querySelectorAll('#liked button').length === 2");
      assertThat(
              browser
                  .evaluate(
                      "[...document.querySelectorAll('label')].filter(e => e.checkVisibility())"
                          + ".map(e => e.innerText).join()")
                  .asText())
          .isEqualTo("Something that you like");
      assertRecommended(browser, "perl", "libwww-perl");
    }
  }

  @Test
  void whoeverLikesByTheKeyboardGoesOnAtTheSamePlace() throws Exception {
    try (Browser browser = Browser.open(server.uri(), folder.resolve("keyboard"))) {
      browser.await(READY);
      for (int likes = 1; likes <= 2; likes++) {
        browser.evaluate("document.querySelectorAll('#recommended button')[3].focus()");
        browser.evaluate("document.activeElement.click()");
        browser.await("document.querySelectorAll('#liked button').length === " + likes);
        assertThat(
                browser
                    .evaluate(
                        "[...document.querySelectorAll('#recommended button')]"
                            + ".indexOf(document.activeElement)")
                    .asInt())
            .isEqualTo(3);
      }
      browser.evaluate("document.querySelector('#liked button').focus()");
      browser.evaluate("location.hash = '#python3-flask'");
      browser.await("document.querySelectorAll('#liked button').length === 1");
      assertThat(browser.evaluate("document.activeElement.id").asText()).isEqualTo("search");
    }
  }

  @Test
  void thePageAsksForAKeyWhereTheServerDoesAndGoesOnWithIt() throws Exception {
    String key = "0123456789abcdef0123456789abcdef";
    try (ModelServer keyed =
            ModelServer.builder()
                .model("debian", versions)
                .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .apiKeys("people:" + key)
                .start();
        Browser browser = Browser.open(keyed.uri(), folder.resolve("key"))) {
      browser.await("document.getElementById('access')?.hidden === false");
      browser.evaluate("key.focus()");
      browser.type("0000000000000000000000");
      browser.evaluate("access.requestSubmit()");
      // Hidden by now, until the answer comes.
      browser.await("access.hidden === false");
      assertThat(browser.evaluate("recommended.children.length").asInt()).isZero();
      browser.evaluate("key.focus()");
      browser.type(key);
      browser.evaluate("access.requestSubmit()");
      browser.await(READY);
      assertThat(browser.evaluate("access.hidden").asBoolean()).isTrue();
      assertRecommended(browser);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"keydown", "blur"})
  void anAnswerThatComesLateDoesNotOpenTheListAgain(String closing) throws Exception {
    try (Browser browser = Browser.open(server.uri(), folder.resolve(closing))) {
      browser.await(READY);
      browser.evaluate(
          """
          const now = window.fetch;
          window.fetch = (address, options) => !String(address).startsWith('titles?query')
            ? now(address, options)
            : new Promise(resolve => window.release = () => now(address, options).then(answer => {
                setTimeout(() => window.late = true, 200);
                resolve(answer);
              }));
          """);
      browser.evaluate("search.focus()");
      browser.type("perl");
      browser.await("window.release !== undefined");
      if (closing.equals("blur")) {
        browser.evaluate("search.blur()");
      } else {
        browser.press("Escape");
      }
      browser.evaluate("window.release()");
      browser.await("window.late === true");
      assertThat(browser.evaluate("found.hidden").asBoolean()).isTrue();
      assertThat(browser.evaluate("search.getAttribute('aria-expanded')").asText())
          .isEqualTo("false");
    }
  }

  @Test
  void manyLongIdsInALetterOfManyBytesAreLookedUp() throws Exception {
    try (Browser browser = Browser.open(server.uri(), folder.resolve("long"))) {
      browser.await(READY);
      browser.evaluate(
          "location.hash = [...Array(28).keys()].map(n => 'фильм'.repeat(12) + n)"
              + ".concat('python3-flask').map(encodeURIComponent).join(',')");
      browser.await("document.querySelectorAll('#liked button').length === 1");
      assertThat(browser.texts("[role=status]").get(0)).startsWith("Not known here: фильмфильм");
    }
  }

  private static void keepPicture(Browser browser) throws Exception {
    String file = System.getProperty("vaecf.picture");
    if (file != null) {
      browser.evaluate("location.hash = '#libwww-perl,python3-flask'");
      browser.await("document.querySelector('[role=status]').innerText === ''");
      Files.write(Path.of(file), browser.picture());
    }
  }
}
