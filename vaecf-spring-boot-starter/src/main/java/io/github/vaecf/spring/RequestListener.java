package io.github.vaecf.spring;

/** Is told of every request to a {@link RecommendationService} when it has ended. */
@FunctionalInterface
interface RequestListener {
  /** Nobody listens. */
  RequestListener NONE = (method, nanos, exception) -> {};

  /**
   * A request has ended.
   *
   * @param method the service's method that was called
   * @param nanos how long it took
   * @param exception the simple name of the class of what it failed with, or {@code none}
   */
  void ended(String method, long nanos, String exception);
}
