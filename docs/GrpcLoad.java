import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Asks by gRPC for recommendations, so many calls at a time, and prints what wrk prints of REST. Run by
 * measure-serve.sh.
 *
 * <p>Arguments: the port, the model's name, the file of its items, calls at a time, seconds. A
 * connection carries a hundred calls at a time.
 */
public final class GrpcLoad {
  private static final int CALLS_EACH = 100;

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream in) {
          try {
            return in.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private static final MethodDescriptor<byte[], byte[]> PREDICT =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("tensorflow.serving.PredictionService/Predict")
          .setRequestMarshaller(BYTES)
          .setResponseMarshaller(BYTES)
          .build();

  private static final AtomicInteger NEXT = new AtomicInteger();
  private static final Map<Status.Code, Integer> ERRORS = new ConcurrentHashMap<>();
  private static int[] micros = new int[1 << 16];
  private static int answers;

  private GrpcLoad() {}

  public static void main(String[] args) throws Exception {
    String model = args[1];
    List<String> ids = Files.readAllLines(Path.of(args[2]));
    int calls = Integer.parseInt(args[3]);
    long seconds = Long.parseLong(args[4]);
    List<byte[]> messages = new ArrayList<>();
    Random random = new Random(1);
    for (int user = 0; user < 300; user++) {
      List<String> history = new ArrayList<>();
      for (int left = 20 + random.nextInt(97); left > 0; left--) {
        history.add(ids.get(random.nextInt(ids.size())));
      }
      messages.add(message(model, history));
    }
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < calls; i += CALLS_EACH) {
      channels.add(
          NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(args[0]))
              .usePlaintext()
              .directExecutor()
              .build());
    }
    long start = System.nanoTime();
    long end = start + seconds * 1_000_000_000L;
    CountDownLatch done = new CountDownLatch(calls);
    for (int i = 0; i < calls; i++) {
      call(channels.get(i / CALLS_EACH), messages, end, done);
    }
    done.await();
    double took = (System.nanoTime() - start) / 1e9;
    channels.forEach(ManagedChannel::shutdownNow);
    Arrays.sort(micros, 0, answers);
    System.out.printf(
        Locale.ROOT,
        "%d answers in %.1f s, %.0f requests/s, p50 %.1f ms, p99 %.1f ms, longest %.1f ms%nerrors: %s%n",
        answers,
        took,
        answers / took,
        micros[answers / 2] / 1e3,
        micros[answers * 99 / 100] / 1e3,
        micros[Math.max(0, answers - 1)] / 1e3,
        ERRORS.isEmpty() ? "none" : new TreeMap<>(ERRORS));
  }

  /** Calls again and again until the time is over. */
  private static void call(
      ManagedChannel channel, List<byte[]> messages, long end, CountDownLatch done) {
    long start = System.nanoTime();
    if (start >= end) {
      done.countDown();
      return;
    }
    ClientCall<byte[], byte[]> call = channel.newCall(PREDICT, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            if (status.isOk()) {
              answered((int) ((System.nanoTime() - start) / 1000));
            } else {
              ERRORS.merge(status.getCode(), 1, Integer::sum);
            }
            call(channel, messages, end, done);
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage(messages.get(NEXT.getAndIncrement() % messages.size()));
    call.halfClose();
  }

  private static synchronized void answered(int micro) {
    if (answers == micros.length) {
      micros = Arrays.copyOf(micros, 2 * answers);
    }
    micros[answers++] = micro;
  }

  /** A PredictRequest: model_spec is 1, inputs are 2. */
  private static byte[] message(String model, List<String> history) throws IOException {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDimBuilder().setSize(1);
    shape.addDimBuilder().setSize(history.size());
    TensorProto.Builder items =
        TensorProto.newBuilder().setDtype(DataType.DT_STRING).setTensorShape(shape);
    history.forEach(id -> items.addStringVal(ByteString.copyFromUtf8(id)));
    ByteArrayOutputStream spec = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(spec);
    out.writeString(1, model);
    out.flush();
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    out = CodedOutputStream.newInstance(entry);
    out.writeString(1, "items");
    out.writeMessage(2, items.build());
    out.flush();
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    out = CodedOutputStream.newInstance(request);
    out.writeByteArray(1, spec.toByteArray());
    out.writeByteArray(2, entry.toByteArray());
    out.flush();
    return request.toByteArray();
  }
}
