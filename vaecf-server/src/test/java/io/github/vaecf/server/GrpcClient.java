package io.github.vaecf.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.ExtensionRegistry;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Talks to a server by gRPC as a client does that knows nothing of it: the messages are what the
 * server itself tells by reflection.
 */
final class GrpcClient implements AutoCloseable {
  static final String PREDICT = "tensorflow.serving.PredictionService/Predict";
  static final String METADATA = "tensorflow.serving.PredictionService/GetModelMetadata";
  static final String STATUS = "tensorflow.serving.ModelService/GetModelStatus";

  private final ManagedChannel channel;
  private final Map<String, FileDescriptor> files = new HashMap<>();

  GrpcClient(int port) {
    this(to(port).usePlaintext());
  }

  GrpcClient(NettyChannelBuilder builder) {
    channel = builder.maxInboundMessageSize(Integer.MAX_VALUE).build();
  }

  /** A channel to be, to a port of this machine. */
  static NettyChannelBuilder to(int port) {
    return NettyChannelBuilder.forAddress(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  ManagedChannel channel() {
    return channel;
  }

  /** What the server says to a question of reflection. */
  ServerReflectionResponse reflect(ServerReflectionRequest question) {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> questions =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    questions.onNext(question);
    ServerReflectionResponse response = answer.join();
    questions.onCompleted();
    return response;
  }

  /** A method by its whole name, as reflection tells it. */
  MethodDescriptor method(String name) {
    String service = name.substring(0, name.indexOf('/'));
    FileDescriptor file =
        file(ServerReflectionRequest.newBuilder().setFileContainingSymbol(service).build());
    return file.findServiceByName(service.substring(service.lastIndexOf('.') + 1))
        .findMethodByName(name.substring(name.indexOf('/') + 1));
  }

  private FileDescriptor file(ServerReflectionRequest question) {
    try {
      FileDescriptorProto proto = null;
      for (ByteString bytes :
          reflect(question).getFileDescriptorResponse().getFileDescriptorProtoList()) {
        FileDescriptorProto one = FileDescriptorProto.parseFrom(bytes);
        // The first is the one asked for; others may come with it.
        proto = proto == null ? one : proto;
      }
      if (!files.containsKey(proto.getName())) {
        FileDescriptor[] others = new FileDescriptor[proto.getDependencyCount()];
        for (int i = 0; i < others.length; i++) {
          String name = proto.getDependency(i);
          others[i] =
              files.containsKey(name)
                  ? files.get(name)
                  : file(ServerReflectionRequest.newBuilder().setFileByFilename(name).build());
        }
        files.put(proto.getName(), FileDescriptor.buildFrom(proto, others));
      }
      return files.get(proto.getName());
    } catch (Exception e) {
      throw new AssertionError("what reflection tells does not fit together", e);
    }
  }

  /** Messages as their bytes. */
  static final Marshaller<byte[]> BYTES =
      new Marshaller<>() {
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

  static io.grpc.MethodDescriptor<byte[], byte[]> raw(String method, MethodType type) {
    return io.grpc.MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(type)
        .setFullMethodName(method)
        .setRequestMarshaller(BYTES)
        .setResponseMarshaller(BYTES)
        .build();
  }

  /** Begins a call whose messages go as bytes. */
  ClientCall<byte[], byte[]> begin(String method, MethodType type, CallOptions options) {
    return channel.newCall(raw(method, type), options);
  }

  /** Calls a method with a message as bytes, whatever they are. */
  byte[] call(String method, byte[] message, CallOptions options) {
    return ClientCalls.blockingUnaryCall(
        channel,
        raw(method, MethodType.UNARY),
        // Waiting longer than this is as bad as any wrong status.
        options.withDeadlineAfter(60, TimeUnit.SECONDS),
        message);
  }

  byte[] call(String method, byte[] message) {
    return call(method, message, CallOptions.DEFAULT);
  }

  DynamicMessage call(String method, Message message) {
    try {
      return DynamicMessage.parseFrom(
          method(method).getOutputType(), call(method, message.toByteArray()));
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  /** How a call fails. */
  Status failure(String method, byte[] message) {
    try {
      call(method, message);
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
    throw new AssertionError("answered");
  }

  static Object get(Message message, String field) {
    return message.getField(message.getDescriptorForType().findFieldByName(field));
  }

  /** The entries of a map, the values as their bytes. */
  private static Map<String, ByteString> map(Message message, String field) {
    Map<String, ByteString> entries = new TreeMap<>();
    for (Object entry : (List<?>) get(message, field)) {
      entries.put(
          (String) get((Message) entry, "key"),
          ((Message) get((Message) entry, "value")).toByteString());
    }
    return entries;
  }

  static Map<String, ByteString> entries(Message message, String field) {
    return map(message, field);
  }

  /** A request's message of a type: for a model, a version, a signature. */
  DynamicMessage.Builder request(String method, String model, Long version, String signature) {
    Descriptor type = method(method).getInputType();
    FieldDescriptor field = type.findFieldByName("model_spec");
    Descriptor specType = field.getMessageType();
    DynamicMessage.Builder spec =
        DynamicMessage.newBuilder(specType).setField(specType.findFieldByName("name"), model);
    if (version != null) {
      FieldDescriptor number = specType.findFieldByName("version");
      spec.setField(
          number,
          DynamicMessage.newBuilder(number.getMessageType())
              .setField(number.getMessageType().findFieldByName("value"), version)
              .build());
    }
    spec.setField(specType.findFieldByName("signature_name"), signature);
    return DynamicMessage.newBuilder(type).setField(field, spec.build());
  }

  /** A {@code PredictRequest}. */
  DynamicMessage predictRequest(
      String model, Long version, String signature, Map<String, TensorProto> inputs) {
    DynamicMessage.Builder request = request(PREDICT, model, version, signature);
    FieldDescriptor field = request.getDescriptorForType().findFieldByName("inputs");
    Descriptor entry = field.getMessageType();
    inputs.forEach(
        (name, tensor) -> {
          FieldDescriptor value = entry.findFieldByName("value");
          try {
            request.addRepeatedField(
                field,
                DynamicMessage.newBuilder(entry)
                    .setField(entry.findFieldByName("key"), name)
                    .setField(
                        value,
                        DynamicMessage.parseFrom(
                            value.getMessageType(),
                            tensor.toByteString(),
                            ExtensionRegistry.getEmptyRegistry()))
                    .build());
          } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
          }
        });
    return request.build();
  }

  /** Calls a signature of the sample's model. */
  Map<String, TensorProto> predict(String signature, Map<String, TensorProto> inputs) {
    return outputs(call(PREDICT, predictRequest("debian", null, signature, inputs)));
  }

  static Map<String, TensorProto> outputs(Message response) {
    Map<String, TensorProto> outputs = new LinkedHashMap<>();
    map(response, "outputs")
        .forEach(
            (name, bytes) -> {
              try {
                outputs.put(
                    name, TensorProto.parseFrom(bytes, ExtensionRegistry.getEmptyRegistry()));
              } catch (InvalidProtocolBufferException e) {
                throw new AssertionError(e);
              }
            });
    return outputs;
  }

  private static TensorProto.Builder tensor(DataType type, int... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (int size : shape) {
      dimensions.addDimBuilder().setSize(size);
    }
    return TensorProto.newBuilder().setDtype(type).setTensorShape(dimensions);
  }

  static TensorProto strings(List<String> values, int... shape) {
    TensorProto.Builder tensor = tensor(DataType.DT_STRING, shape);
    values.forEach(value -> tensor.addStringVal(ByteString.copyFromUtf8(value)));
    return tensor.build();
  }

  static TensorProto longs(List<Long> values, int... shape) {
    return tensor(DataType.DT_INT64, shape).addAllInt64Val(values).build();
  }

  static TensorProto ints(List<Integer> values, int... shape) {
    return tensor(DataType.DT_INT32, shape).addAllIntVal(values).build();
  }

  static TensorProto floats(List<Float> values, int... shape) {
    return tensor(DataType.DT_FLOAT, shape).addAllFloatVal(values).build();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
