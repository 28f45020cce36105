package io.github.vaecf.examples.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Answers {@code POST /recommendations} with what the newest version of an exported model
 * recommends. {@code --vaecf.model=models/movies} names the model.
 */
@SpringBootApplication
public class RecommendationApplication {
  /**
   * Starts the application.
   *
   * @param arguments properties, such as {@code --vaecf.model=models/movies}
   */
  public static void main(String[] arguments) {
    SpringApplication.run(RecommendationApplication.class, arguments);
  }
}
