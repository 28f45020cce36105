package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EmbeddedEngineTest {
  private static boolean isLoading(EmbeddedEngine engine) {
    Thread[] threads = new Thread[Thread.activeCount() + 10];
    int count = Thread.enumerate(threads);
    boolean loading =
        Arrays.stream(threads, 0, count)
            .anyMatch(thread -> thread.getName().equals("vaecf-load-duckdb"));
    engine.settle();
    return loading;
  }

  @Test
  void isLoadedAheadWhereAnArgumentNamesATable() {
    assertThat(isLoading(EmbeddedEngine.loadAhead("prepare", "--input", "Log.PARQUET"))).isTrue();
    assertThat(isLoading(EmbeddedEngine.loadAhead("prepare", "--sql=FROM 'a*.parquet'"))).isTrue();
    assertThat(isLoading(EmbeddedEngine.loadAhead("prepare", "--input", "log.csv"))).isFalse();
  }

  @Test
  void nothingIsLeftLoadingOnceItIsSettled() {
    EmbeddedEngine engine = EmbeddedEngine.loadAhead("a.parquet");
    engine.settle();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("vaecf-load-duckdb"));
  }
}
