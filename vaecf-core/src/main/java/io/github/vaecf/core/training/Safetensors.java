package io.github.vaecf.core.training;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/**
 * Float tensors and strings in one file of the safetensors format, which Python reads as well: 8
 * bytes with the header's length, a JSON header, the numbers. The header's metadata has a CRC-32C
 * of the whole file, taken with the checksum's own digits as zeros, so that a change of any byte is
 * found when the file is read.
 *
 * <p>A file is written beside its place, forced to the disk and renamed: it is there whole or not
 * at all. The same content gives the same bytes. One that is being read is read to its end though
 * another takes its place meanwhile.
 */
final class Safetensors implements AutoCloseable {
  /** The ids of the items are one string: of some millions it is longer than Jackson allows. */
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
              .build());

  private static final String METADATA = "__metadata__";
  private static final String CHECKSUM = "crc32c";
  private static final String NO_CHECKSUM = "00000000";
  private static final int BUFFER_BYTES = 1 << 20;
  private static final long LARGEST_HEADER = 100_000_000; // the limit of the format's own reader

  /** A tensor to be written; its numbers are asked for when their turn comes. */
  record Source(String name, List<Long> shape, Numbers numbers) {
    static Source of(String name, List<Long> shape, Supplier<float[]> values) {
      return new Source(
          name,
          shape,
          target -> {
            float[] all = values.get();
            target.take(all, all.length, 0);
          });
    }
  }

  /** The numbers of a tensor. */
  interface Numbers {
    /** Hands them on in their order. */
    void to(Target target);
  }

  /** Takes the numbers of a tensor, some after the other. */
  interface Target {
    void take(float[] some, int length, long at);
  }

  /** A tensor in a file: where its bytes lie, counted from the end of the header. */
  private record Place(List<Long> shape, long begin, long end) {}

  private final Path file;
  private final FileChannel channel;
  private final Map<String, String> metadata;
  private final Map<String, Place> places;
  private final long dataStart;

  private Safetensors(
      Path file,
      FileChannel channel,
      Map<String, String> metadata,
      Map<String, Place> places,
      long dataStart) {
    this.file = file;
    this.channel = channel;
    this.metadata = metadata;
    this.places = places;
    this.dataStart = dataStart;
  }

  /**
   * Writes a file, in the place of one that may be there.
   *
   * @throws DataException if it cannot be written
   */
  static void write(Path file, Map<String, String> metadata, List<Source> tensors) {
    ObjectNode header = JSON.createObjectNode();
    ObjectNode strings = header.putObject(METADATA);
    strings.put(CHECKSUM, NO_CHECKSUM);
    metadata.forEach(strings::put);
    long end = 0;
    for (Source tensor : tensors) {
      long begin = end;
      end += Float.BYTES * size(tensor.shape());
      ObjectNode entry = header.putObject(tensor.name());
      entry.put("dtype", "F32");
      tensor.shape().forEach(entry.putArray("shape")::add);
      entry.putArray("data_offsets").add(begin).add(end);
    }
    byte[] json = bytes(header);
    requireRoom(json.length, file + ": settings and ids of the items");
    int padding = -json.length & 7; // the numbers start at a multiple of 8
    ByteBuffer head =
        ByteBuffer.allocate(Long.BYTES + json.length + padding).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(json.length + padding).put(json);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    head.flip();

    WholeFile.remake(file, partial -> write(partial, head, json, tensors));
  }

  /**
   * Makes sure that strings are not more than files of this kind may have.
   *
   * @param bytes how many they take
   * @param what which they are, for the message
   * @throws DataException if they are
   */
  static void requireRoom(long bytes, String what) {
    if (bytes > LARGEST_HEADER - Long.BYTES) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s take %,d bytes, and a file of weights has room for %,d; take shorter ids, such as"
                  + " numbers, or fewer items",
              what,
              bytes,
              LARGEST_HEADER));
    }
  }

  private static void write(Path partial, ByteBuffer head, byte[] json, List<Source> tensors)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      CRC32C checksum = new CRC32C();
      writeChecked(channel, head, checksum);
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (Source tensor : tensors) {
        long[] written = {0};
        tensor
            .numbers()
            .to(
                (some, length, at) -> {
                  writeChecked(channel, some, length, buffer, checksum);
                  written[0] += length;
                });
        if (written[0] != size(tensor.shape())) {
          throw new IllegalArgumentException(
              tensor.name()
                  + " must have shape "
                  + tensor.shape()
                  + ", found "
                  + written[0]
                  + " numbers");
        }
      }
      channel.write(
          ByteBuffer.wrap(hex(checksum).getBytes(StandardCharsets.US_ASCII)),
          Long.BYTES + (long) checksumPosition(json));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void writeChecked(
      FileChannel channel, float[] numbers, int count, ByteBuffer buffer, CRC32C checksum) {
    try {
      for (int at = 0; at < count; ) {
        buffer.clear();
        FloatBuffer floats = buffer.asFloatBuffer();
        int length = Math.min(floats.remaining(), count - at);
        floats.put(numbers, at, length);
        buffer.limit(length * Float.BYTES);
        writeChecked(channel, buffer, checksum);
        at += length;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // what takes numbers throws no other
    }
  }

  private static byte[] bytes(ObjectNode header) {
    try {
      return JSON.writeValueAsBytes(header);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a header that cannot be written as JSON", e);
    }
  }

  private static void writeChecked(FileChannel channel, ByteBuffer buffer, CRC32C checksum)
      throws IOException {
    checksum.update(buffer.duplicate());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static String hex(CRC32C checksum) {
    return String.format("%08x", checksum.getValue());
  }

  /** Where the checksum's digits begin in a header, or −1. It stands first, so nothing hides it. */
  private static int checksumPosition(byte[] json) {
    byte[] key =
        ("{\"" + METADATA + "\":{\"" + CHECKSUM + "\":\"").getBytes(StandardCharsets.UTF_8);
    boolean found =
        json.length >= key.length + NO_CHECKSUM.length()
            && Arrays.equals(json, 0, key.length, key, 0, key.length);
    return found ? key.length : -1;
  }

  /**
   * Opens a file and checks every byte of it; to be closed.
   *
   * @throws DataException if it is not a whole file of this kind
   */
  static Safetensors open(Path file) {
    FileChannel channel = null;
    Safetensors opened = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      opened = read(file, channel);
      return opened;
    } catch (EOFException e) {
      throw damaged(file, "it ends too early");
    } catch (JsonProcessingException e) {
      throw damaged(file, "its header is not JSON");
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read (" + e + ")", e);
    } finally {
      if (opened == null) {
        close(channel);
      }
    }
  }

  private static Safetensors read(Path file, FileChannel channel) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length);
    long headerLength = length.getLong(0);
    if (headerLength < 2
        || headerLength > LARGEST_HEADER
        || headerLength > channel.size() - Long.BYTES) {
      throw damaged(file, "its header cannot have " + headerLength + " bytes");
    }
    ByteBuffer header = ByteBuffer.allocate((int) headerLength);
    readFully(channel, header);
    byte[] json = header.array();
    int digits = checksumPosition(json);
    if (digits < 0) {
      throw damaged(file, "its header has no checksum");
    }
    String stored = new String(json, digits, NO_CHECKSUM.length(), StandardCharsets.US_ASCII);
    byte[] unsigned = json.clone();
    System.arraycopy(
        NO_CHECKSUM.getBytes(StandardCharsets.US_ASCII), 0, unsigned, digits, NO_CHECKSUM.length());
    CRC32C checksum = new CRC32C();
    checksum.update(length.array());
    checksum.update(unsigned);
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    while (channel.read(buffer.clear()) >= 0) {
      checksum.update(buffer.flip());
    }
    if (!hex(checksum).equals(stored)) {
      throw damaged(file, "its checksum is " + hex(checksum) + " and should be " + stored);
    }
    return parse(file, channel, json, Long.BYTES + headerLength, channel.size());
  }

  private static Safetensors parse(
      Path file, FileChannel channel, byte[] json, long dataStart, long fileSize)
      throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, Place> places = new LinkedHashMap<>();
    JsonNode header = JSON.readTree(json);
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      JsonNode value = entry.getValue();
      if (entry.getKey().equals(METADATA)) {
        value.properties().forEach(one -> metadata.put(one.getKey(), one.getValue().asText()));
        continue;
      }
      List<Long> shape =
          JSON.convertValue(
              value.path("shape"),
              JSON.getTypeFactory().constructCollectionType(List.class, Long.class));
      long begin = value.path("data_offsets").path(0).asLong(-1);
      long end = value.path("data_offsets").path(1).asLong(-1);
      if (!value.path("dtype").asText().equals("F32")
          || shape == null
          || begin < 0
          || end - begin != Float.BYTES * size(shape)
          || dataStart + end > fileSize) {
        throw damaged(file, "its tensor " + entry.getKey() + " is not one of floats in the file");
      }
      places.put(entry.getKey(), new Place(shape, begin, end));
    }
    return new Safetensors(file, channel, metadata, places, dataStart);
  }

  private static DataException damaged(Path file, String how) {
    return new DataException(file + ": not a whole file of weights, " + how);
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException();
      }
    }
  }

  private static long size(List<Long> shape) {
    long size = 1;
    for (long dimension : shape) {
      size = Math.multiplyExact(size, dimension);
    }
    return size;
  }

  /** A string of the metadata, or an error that names what is missing. */
  String metadata(String key) {
    String value = metadata.get(key);
    if (value == null) {
      throw damaged(file, "its header says nothing of " + key);
    }
    return value;
  }

  /** A string of the metadata, or another one where there is none of the key. */
  String metadata(String key, String otherwise) {
    return metadata.getOrDefault(key, otherwise);
  }

  /** The names of the tensors, in the order of the file. */
  List<String> names() {
    return List.copyOf(places.keySet());
  }

  /** The numbers of one tensor. */
  float[] read(String name) {
    long size = size(place(name).shape());
    float[] numbers = new float[Math.toIntExact(size)];
    read(name, size, (some, length, at) -> System.arraycopy(some, 0, numbers, (int) at, length));
    return numbers;
  }

  /** Makes sure that a tensor is there, and has so many numbers. */
  void requireSize(String name, long expected) {
    Place place = place(name);
    if (size(place.shape()) != expected) {
      throw damaged(
          file,
          "its tensor "
              + name
              + " has the shape "
              + place.shape()
              + " in place of "
              + expected
              + " numbers");
    }
  }

  /**
   * Hands the numbers of one tensor on without holding all of them.
   *
   * @param expected how many there should be
   */
  void read(String name, long expected, Target target) {
    requireSize(name, expected);
    Place place = place(name);
    try {
      channel.position(dataStart + place.begin());
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      float[] some = new float[BUFFER_BYTES / Float.BYTES];
      long size = size(place.shape());
      for (long at = 0; at < size; ) {
        int length = (int) Math.min(some.length, size - at);
        buffer.clear().limit(length * Float.BYTES);
        readFully(channel, buffer);
        buffer.flip();
        buffer.asFloatBuffer().get(some, 0, length);
        target.take(some, length, at);
        at += length;
      }
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read (" + e + ")", e);
    }
  }

  private Place place(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw damaged(file, "it has no tensor " + name);
    }
    return place;
  }

  @Override
  public void close() {
    close(channel);
  }

  private static void close(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // It was only read.
    }
  }

  @Override
  public String toString() {
    return "Safetensors[" + Objects.toString(file) + "]";
  }
}
