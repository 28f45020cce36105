package io.github.vaecf.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
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

  @Test
  void halfACharacterIsFoundNowhereAlsoNotWhereAQuestionMarkIs() {
    IdIndex index = IdIndex.of(List.of("?", "a?"));
    assertThat(index.indexOf("\ud83d")).isEqualTo(-1);
    assertThat(index.indexOf("a\ude00")).isEqualTo(-1);
    assertThat(index.indexOf("a?")).isEqualTo(1);
  }

  @Test
  void anIdIsThereAsTextAndAsUtf8() {
    IdIndex index = IdIndex.of(List.of("", "ä\ud83d\ude00", "42"));
    assertThat(index.utf8(0)).isEmpty();
    assertThat(index.utf8(1)).isEqualTo("ä\ud83d\ude00".getBytes(UTF_8));
    assertThat(index.select(2, 1).id(1)).isEqualTo("ä\ud83d\ude00");
    assertThat(index.select(2, 0).utf8(0)).isEqualTo("42".getBytes(UTF_8));
    assertThat(index.ids()).containsExactly("", "ä\ud83d\ude00", "42");
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> index.utf8(3));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> index.id(-1));
  }

  /** One after another they read the same. */
  @Test
  void idsThatAreCutElsewhereMakeAnotherIndex() {
    assertThat(IdIndex.of(List.of("ab", "c"))).isNotEqualTo(IdIndex.of(List.of("a", "bc")));
    assertThat(IdIndex.of(List.of("ab", "c")))
        .isEqualTo(IdIndex.of(List.of("c", "x", "ab")).select(2, 0))
        .hasSameHashCodeAs(IdIndex.of(List.of("c", "x", "ab")).select(2, 0));
  }

  /** Ids of a file and ids of a list are kept in different ways. */
  @Test
  void idsOfADictionaryAreThoseOfAList() {
    IdDictionary dictionary = new IdDictionary();
    List<String> ids = List.of("b", "", "ä\ud83d\ude00", "longer than seven bytes");
    for (String id : ids) {
      byte[] text = id.getBytes(UTF_8);
      dictionary.indexOf(text, 0, text.length);
    }
    IdIndex ofDictionary = dictionary.toIndex();
    IdIndex ofList = IdIndex.of(ids);
    assertThat(ofDictionary).isEqualTo(ofList).hasSameHashCodeAs(ofList);
    assertThat(ofList).isEqualTo(ofDictionary);
    assertThat(ofDictionary).isEqualTo(dictionary.toIndex());
    assertThat(ofDictionary.ids()).isEqualTo(ids);
    for (int index = 0; index < ids.size(); index++) {
      assertThat(ofDictionary.indexOf(ids.get(index))).isEqualTo(index);
      assertThat(ofDictionary.utf8(index)).isEqualTo(ofList.utf8(index));
    }
    assertThat(ofDictionary.indexOf("a")).isEqualTo(-1);
    assertThat(ofDictionary.select(3, 1)).isEqualTo(ofList.select(3, 1));
    assertThat(ofDictionary.select(3, 1)).isNotEqualTo(ofList.select(1, 3));
  }

  /** As part of what Spark sends to others. */
  @Test
  void theListOfIdsIsSerializable() throws IOException, ClassNotFoundException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
      objects.writeObject(IdIndex.of(List.of("a", "b")).ids());
    }
    try (ObjectInputStream objects =
        new ObjectInputStream(new ByteArrayInputStream(out.toByteArray()))) {
      assertThat(objects.readObject()).isEqualTo(List.of("a", "b"));
    }
  }
}
