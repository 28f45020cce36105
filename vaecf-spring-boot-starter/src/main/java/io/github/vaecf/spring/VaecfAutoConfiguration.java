package io.github.vaecf.spring;

import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.ServedVersions;
import io.micrometer.core.instrument.MeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The beans of an application that has {@code vaecf.model}: its {@link ServedVersions}, closed with
 * the application, and the {@link RecommendationService} on them; with Micrometer its meters, and
 * with Spring Boot's health its health. A bean of the application's own takes the place of one.
 */
@AutoConfiguration
@ConditionalOnProperty("vaecf.model")
@EnableConfigurationProperties(VaecfProperties.class)
public final class VaecfAutoConfiguration {
  private static final Logger LOG = LoggerFactory.getLogger(VaecfAutoConfiguration.class);

  private VaecfAutoConfiguration() {}

  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  static ServedVersions vaecfVersions(VaecfProperties properties) {
    try {
      ServedVersions versions =
          ServedVersions.open(properties.model(), properties.refresh(), LOG::info);
      LOG.info("Version {} of {} answers", versions.version(), properties.model());
      return versions;
    } catch (DataException e) {
      throw new UnusablePropertyException(
          "vaecf.model",
          e,
          "Name the base folder of an exported model: BASE of what was exported to BASE/1, say by"
              + " ./vaecf export --run RUN --out BASE/1");
    } catch (IllegalArgumentException e) {
      throw new UnusablePropertyException(
          "vaecf.refresh", e, "Give a time above 0, such as 2s, or leave it out");
    } catch (LinkageError e) {
      throw new UnusablePropertyException(
          "vaecf.model",
          e,
          "The native TensorFlow is missing: add org.tensorflow:tensorflow-core-native with the"
              + " classifier of the machine, such as linux-x86_64, at run time");
    }
  }

  @Bean
  @ConditionalOnMissingBean
  static RecommendationService recommendationService(
      ServedVersions versions, ObjectProvider<RequestListener> listener) {
    return new RecommendationService(versions, listener.getIfAvailable(() -> RequestListener.NONE));
  }

  /** Where the application has Micrometer. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(MeterRegistry.class)
  static class Meters {
    @Bean
    static RequestListener vaecfRequestTimers(ObjectProvider<MeterRegistry> registry) {
      // Asked for here and not before: whoever makes it may be configured later than this.
      MeterRegistry meters = registry.getIfUnique();
      return meters == null ? RequestListener.NONE : new RequestTimers(meters);
    }

    @Bean
    static VersionMeters vaecfVersionMeters(ServedVersions versions) {
      return new VersionMeters(versions);
    }
  }

  /** Where the application has the health of Spring Boot 3.5. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(org.springframework.boot.actuate.health.HealthIndicator.class)
  static class Health3 {
    @Bean
    @org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator(
        "vaecf")
    @ConditionalOnMissingBean(name = "vaecfHealthIndicator")
    static org.springframework.boot.actuate.health.HealthIndicator vaecfHealthIndicator(
        ServedVersions versions) {
      return () ->
          ModelHealth.of(versions)
              .as(
                  details ->
                      org.springframework.boot.actuate.health.Health.up()
                          .withDetails(details)
                          .build(),
                  failure -> org.springframework.boot.actuate.health.Health.down(failure).build());
    }
  }

  /** Where the application has the health of Spring Boot 4. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(org.springframework.boot.health.contributor.HealthIndicator.class)
  static class Health4 {
    @Bean
    @org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator(
        "vaecf")
    @ConditionalOnMissingBean(name = "vaecfHealthIndicator")
    static org.springframework.boot.health.contributor.HealthIndicator vaecfHealthIndicator(
        ServedVersions versions) {
      return () ->
          ModelHealth.of(versions)
              .as(
                  details ->
                      org.springframework.boot.health.contributor.Health.up()
                          .withDetails(details)
                          .build(),
                  failure ->
                      org.springframework.boot.health.contributor.Health.down(failure).build());
    }
  }
}
