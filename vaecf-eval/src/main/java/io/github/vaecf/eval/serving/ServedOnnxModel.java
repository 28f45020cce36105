package io.github.vaecf.eval.serving;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** An ONNX file on ONNX Runtime. */
final class ServedOnnxModel extends ServedModel {
  private static final String VOCABULARY = "vaecf.items";
  private static final String EXCLUDE = "exclude";

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final boolean takesRawIds;

  /** ONNX Runtime does not itself keep a session alive that is closed while it runs. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private boolean closed;

  private ServedOnnxModel(
      OrtEnvironment environment, OrtSession session, boolean takesRawIds, IdIndex items) {
    super(items, Map.of());
    this.environment = environment;
    this.session = session;
    this.takesRawIds = takesRawIds;
  }

  static ServedOnnxModel open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          file + (Files.exists(file) ? ": expected a file, found a folder" : ": no such file"));
    }
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      OrtSession session = environment.createSession(file.toString());
      String lines = session.getMetadata().getCustomMetadata().get(VOCABULARY);
      if (lines == null) {
        session.close();
        throw new DataException(
            file + ": not an export of vaecf, expected metadata " + VOCABULARY + ", found none");
      }
      NodeInfo input = session.getInputInfo().get("items");
      boolean takesRawIds = ((TensorInfo) input.getInfo()).type == OnnxJavaType.STRING;
      IdIndex items = IdIndex.of(lines.lines().toList());
      return new ServedOnnxModel(environment, session, takesRawIds, items);
    } catch (OrtException e) {
      throw new DataException(file + ": cannot be loaded (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public Map<String, ServedSignature> signatures() {
    return Map.of();
  }

  @Override
  Best best(long[] histories, int users, int length, int k) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the model is closed");
      }
      try (OnnxTensor input = input(histories, users, length);
          OnnxTensor nothing = nothing(users);
          OnnxTensor lengths =
              OnnxTensor.createTensor(
                  environment, LongBuffer.wrap(new long[] {k}), new long[] {1});
          OrtSession.Result result = session.run(inputs(input, nothing, lengths))) {
        OnnxTensor ranked = (OnnxTensor) result.get("items_ranked").orElseThrow();
        float[] scores = new float[users * k];
        ((OnnxTensor) result.get("scores").orElseThrow()).getFloatBuffer().get(scores);
        return new Best(k, takesRawIds ? indices(ranked, k) : copy(ranked, scores.length), scores);
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** What is to be left out beside the histories: padding. */
  private OnnxTensor nothing(int users) throws OrtException {
    long[] padding = new long[users];
    Arrays.fill(padding, -1);
    return input(padding, users, 1);
  }

  private Map<String, OnnxTensor> inputs(OnnxTensor items, OnnxTensor exclude, OnnxTensor k) {
    return session.getInputNames().contains(EXCLUDE)
        ? Map.of("items", items, EXCLUDE, exclude, "k", k)
        : Map.of("items", items, "k", k);
  }

  private OnnxTensor input(long[] histories, int users, int length) throws OrtException {
    long[] shape = {users, length};
    if (!takesRawIds) {
      return OnnxTensor.createTensor(environment, LongBuffer.wrap(histories), shape);
    }
    String[] ids = new String[histories.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = histories[i] < 0 ? "" : items().id((int) histories[i]);
    }
    return OnnxTensor.createTensor(environment, ids, shape);
  }

  private static long[] copy(OnnxTensor ranked, int size) {
    long[] indices = new long[size];
    ranked.getLongBuffer().get(indices);
    return indices;
  }

  private long[] indices(OnnxTensor ranked, int k) throws OrtException {
    String[][] ids = (String[][]) ranked.getValue();
    long[] indices = new long[ids.length * k];
    for (int user = 0; user < ids.length; user++) {
      for (int rank = 0; rank < k; rank++) {
        indices[user * k + rank] = items().indexOf(ids[user][rank]);
      }
    }
    return indices;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        session.close();
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    } finally {
      lock.writeLock().unlock();
    }
  }
}
