package io.github.vaecf.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.eval.export.ServedVersions;
import io.github.vaecf.spring.RecommendationService;
import io.github.vaecf.spring.VaecfAutoConfiguration;
import io.github.vaecf.spring.VaecfProperties;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What the starter configures, and when. */
class StarterTest {
  private static final String HEALTH = "vaecfHealthIndicator";

  private static TwoVersions versions;

  @BeforeAll
  static void export() {
    versions = TwoVersions.make();
  }

  private final ApplicationContextRunner empty =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(VaecfAutoConfiguration.class));

  private ApplicationContextRunner withModel() {
    return empty.withPropertyValues("vaecf.model=" + versions.base());
  }

  @Test
  void withoutAModelThereIsNothing() {
    empty.run(
        context ->
            assertThat(context)
                .hasNotFailed()
                .doesNotHaveBean(RecommendationService.class)
                .doesNotHaveBean(VaecfProperties.class));
  }

  @Test
  void theModelAloneIsEnough() {
    withModel()
        .withClassLoader(
            new FilteredClassLoader(
                "io.micrometer",
                "org.springframework.boot.actuate",
                "org.springframework.boot.health"))
        .run(
            context -> {
              assertThat(context).hasNotFailed().doesNotHaveBean(HEALTH);
              assertThat(context.getBean(VaecfProperties.class).refresh())
                  .isEqualTo(Duration.ofSeconds(2));
              RecommendationService service = context.getBean(RecommendationService.class);
              assertThat(service.recommend(TwoVersions.HISTORY, TwoVersions.K))
                  .hasSize(TwoVersions.K);
              assertThat(service.recommendAll(List.of(List.of(), TwoVersions.HISTORY), 2))
                  .hasSize(2)
                  .allSatisfy(list -> assertThat(list).hasSize(2));
              assertThat(service.similar("item 1", 3)).hasSize(3);
              assertThat(service.titles()).containsEntry("item 7", "Seven");
              assertThat(service.<Integer>answer(model -> model.itemCount())).isEqualTo(40);
            });
  }

  @Test
  void eachMethodHasATimer() {
    withModel()
        .withBean(SimpleMeterRegistry.class)
        .run(
            context -> {
              RecommendationService service = context.getBean(RecommendationService.class);
              service.recommend(List.of(), 1);
              service.recommendAll(List.of(), 1);
              service.similar("item 1", 1);
              service.answer(model -> model.itemCount());
              SimpleMeterRegistry meters = context.getBean(SimpleMeterRegistry.class);
              assertThat(meters.get("vaecf.requests").timers())
                  .extracting(timer -> timer.getId().getTag("method"))
                  .containsExactlyInAnyOrder("recommend", "recommendAll", "similar", "answer");
              assertThat(context).hasSingleBean(MeterBinder.class);
            });
  }

  @Test
  void healthCanBeTurnedOff() {
    withModel().run(context -> assertThat(context).hasBean(HEALTH));
    withModel()
        .withPropertyValues("management.health.vaecf.enabled=false")
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(HEALTH));
    withModel()
        .withPropertyValues("management.health.defaults.enabled=false")
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(HEALTH));
  }

  @Test
  void versionsOfTheApplicationsOwnTakeThePlaceOfTheStarters() {
    try (ServedVersions own =
        ServedVersions.open(versions.base(), Duration.ofDays(1), sentence -> {})) {
      withModel()
          .withBean("own", ServedVersions.class, () -> own)
          .run(context -> assertThat(context).hasSingleBean(ServedVersions.class).hasBean("own"));
    }
  }

  @Test
  void everyPropertyIsDescribedForEditors() throws IOException {
    try (InputStream in =
        VaecfProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
      JsonNode properties = new ObjectMapper().readTree(in).path("properties");
      assertThat(properties.findValuesAsText("name"))
          .containsExactlyInAnyOrder("vaecf.model", "vaecf.refresh");
      assertThat(properties)
          .allSatisfy(one -> assertThat(one.path("description").asText()).endsWith("."));
    }
  }
}
