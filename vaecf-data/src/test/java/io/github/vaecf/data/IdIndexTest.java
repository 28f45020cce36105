package io.github.vaecf.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class IdIndexTest {
  @Test
  void halfACharacterIsNoId() {
    for (String half : List.of("\ud83d", "a\ude00", "\ude00\ud83d", "\ud83d\ud83d\ude00")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> IdIndex.of(List.of("x", half)))
          .withMessageEndingWith("at index 1 is no Unicode text");
    }
    assertThat(IdIndex.of(List.of("\ud83d\ude00", "ä\ud83d\ude00")).size()).isEqualTo(2);
  }

  @Test
  void anIdThatComesTwiceIsReportedWithBothPlaces() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdIndex.of(List.of("a", "b", "a")))
        .withMessage("id 'a' stands at index 0 and at 2");
  }
}
