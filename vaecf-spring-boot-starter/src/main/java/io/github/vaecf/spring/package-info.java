/**
 * Recommendations in an application of Spring Boot, 3.5 or 4.0: {@code vaecf.model} names the
 * folder of an exported model, and the application has a bean {@link
 * io.github.vaecf.spring.RecommendationService}.
 */
package io.github.vaecf.spring;
