package io.github.vaecf.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in two sentences, in place of a trace, why an application does not start. */
final class UnusablePropertyAnalyzer extends AbstractFailureAnalyzer<UnusablePropertyException> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, UnusablePropertyException cause) {
    return new FailureAnalysis(cause.getMessage(), cause.action(), cause);
  }
}
