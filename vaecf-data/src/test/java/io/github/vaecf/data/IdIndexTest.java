package io.github.vaecf.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
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

  @Test
  void selectedIdsHaveIndicesOfTheirOwn() {
    IdIndex all = IdIndex.of(List.of("a", "b", "c", "d"));
    IdIndex some = all.select(3, 0, 2);
    assertThat(some.ids()).containsExactly("d", "a", "c");
    assertThat(some.indexOf("d")).isZero();
    assertThat(some.indexOf("c")).isEqualTo(2);
    assertThat(some.indexOf("b")).isEqualTo(-1);
    assertThat(some).isEqualTo(IdIndex.of(List.of("d", "a", "c")));
    assertThat(all.select().size()).isZero();
  }

  @Test
  void anIndexThatIsSelectedTwiceOrLiesOutsideIsRefused() {
    IdIndex all = IdIndex.of(List.of("a", "b"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> all.select(1, 0, 1))
        .withMessage("index 1 comes twice");
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> all.select(2));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> all.select(-1));
  }
}
