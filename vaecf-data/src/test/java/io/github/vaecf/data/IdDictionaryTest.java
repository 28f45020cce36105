package io.github.vaecf.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class IdDictionaryTest {
  /** Numbers near and far, what looks like the same number, and what is none. */
  private static final List<String> FORMS =
      List.of("%d", "0%d", "00%d", "-%d", "+%d", "%d.0", "x%d", "%d ", "9999%d", "99999999%d", "");

  /** The id with which the table grows must not push another out of the place that it leaves. */
  @Test
  void anIdThatIsForgottenWhenTheTableHasGrownTakesNoOtherWithIt() {
    int full = 512;
    for (int draw = 0; draw < 40_000; draw++) {
      IdDictionary ids = new IdDictionary();
      int base = draw / 1000 * 1_000_000;
      for (int id = 0; id < full; id++) {
        byte[] bytes = Integer.toString(base + id).getBytes(UTF_8);
        ids.indexOf(bytes, 0, bytes.length);
      }
      byte[] refused = ("x" + draw).getBytes(UTF_8);
      assertThat(ids.indexOf(refused, 0, refused.length)).isEqualTo(full);
      ids.forgetLast();
      for (int id = 0; id < full; id++) {
        byte[] bytes = Integer.toString(base + id).getBytes(UTF_8);
        if (ids.indexOf(bytes, 0, bytes.length) != id) {
          fail(base + id + " got another index after " + new String(refused, UTF_8));
        }
      }
    }
  }

  @Property(tries = 200)
  void idsAreNumberedAsAMapWouldNumberThem(
      @ForAll @Size(min = 1, max = 3000) List<Integer> draws, @ForAll int spread) {
    IdDictionary ids = new IdDictionary();
    Map<String, Integer> expected = new LinkedHashMap<>();
    int range = 1 + Math.floorMod(spread, 20_000);
    for (int draw : draws) {
      String form = FORMS.get(Math.floorMod(draw, FORMS.size()));
      String id = String.format(form, Math.floorMod(draw / FORMS.size(), range));
      byte[] bytes = ("," + id + ",").getBytes(UTF_8);
      int known = ids.size();
      int index = ids.indexOf(bytes, 1, bytes.length - 1);
      if (index == known && Math.floorMod(draw, 7) == 0) {
        ids.forgetLast();
        assertThat(ids.size()).isEqualTo(expected.size());
      } else {
        int size = expected.size();
        assertThat(index).isEqualTo(expected.computeIfAbsent(id, added -> size));
      }
    }
    IdDictionary other = new IdDictionary();
    int[] indices = other.indicesOf(ids);
    for (int index = 0; index < indices.length; index++) {
      assertThat(indices[index]).isEqualTo(index);
    }

    IdIndex index = ids.toIndex();
    assertThat(index.ids()).isEqualTo(new ArrayList<>(expected.keySet()));
    expected.forEach((id, itsIndex) -> assertThat(index.indexOf(id)).isEqualTo(itsIndex));
  }

  @Test
  void bytesThatAreNoUtf8MakeNoIndex() {
    IdDictionary ids = new IdDictionary();
    byte[] text = "aä".getBytes(UTF_8);
    ids.indexOf(text, 0, 1);
    ids.indexOf(text, 1, 3);
    ids.indexOf(text, 1, 2); // half of a letter
    assertThatIllegalArgumentException()
        .isThrownBy(ids::toIndex)
        .withMessage("the id at index 2 is no UTF-8");
  }

  @Test
  void whereThereIsNoIdNoneIsForgotten() {
    assertThatIllegalStateException()
        .isThrownBy(new IdDictionary()::forgetLast)
        .withMessage("there is no id to forget");
  }
}
