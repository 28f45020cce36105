package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Any;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Int64Value;
import com.google.protobuf.TextFormat;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;
import io.grpc.protobuf.ProtoUtils;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.Map;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.error.Code;

/**
 * The messages and services of TensorFlow Serving's gRPC interface, as far as this server speaks
 * them. They are read from a description of names and numbers in place of classes that a compiler
 * generates, as no library carries such classes; clients get the same description by reflection.
 */
final class ServingProtocol {
  /** The package of the messages, and the beginning of the services' names. */
  static final String PACKAGE = "tensorflow.serving";

  private static final FileDescriptor FILE = file();

  private ServingProtocol() {}

  private static FileDescriptor file() {
    FileDescriptorProto.Builder file = FileDescriptorProto.newBuilder();
    try (Reader in =
        new InputStreamReader(
            ServingProtocol.class.getResourceAsStream("serving.textproto"), UTF_8)) {
      TextFormat.merge(in, file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    FileDescriptor[] others = {
      TensorProto.getDescriptor().getFile(),
      SignatureDef.getDescriptor().getFile(),
      Code.getDescriptor().getFile(),
      Int64Value.getDescriptor().getFile(),
      Any.getDescriptor().getFile()
    };
    for (FileDescriptor other : others) {
      file.addDependency(other.getName());
    }
    try {
      return FileDescriptor.buildFrom(file.build(), others);
    } catch (DescriptorValidationException e) {
      throw new IllegalStateException("the messages of TensorFlow Serving do not fit together", e);
    }
  }

  /** The description of all of it. */
  static FileDescriptor descriptor() {
    return FILE;
  }

  /** A message by its name within the package. */
  static Descriptor message(String name) {
    return FILE.findMessageTypeByName(name);
  }

  /**
   * A service whose methods take one message and give one.
   *
   * @param name its name within the package
   * @param handlers what answers each of its methods
   */
  static ServerServiceDefinition service(String name, Map<String, GrpcHandler> handlers) {
    var described = FILE.findServiceByName(name);
    ServiceDescriptor.Builder service =
        ServiceDescriptor.newBuilder(described.getFullName())
            .setSchemaDescriptor((ProtoFileDescriptorSupplier) ServingProtocol::descriptor);
    Map<MethodDescriptor<GrpcBody, DynamicMessage>, GrpcHandler> methods =
        new java.util.LinkedHashMap<>();
    for (var method : described.getMethods()) {
      MethodDescriptor<GrpcBody, DynamicMessage> one =
          MethodDescriptor.<GrpcBody, DynamicMessage>newBuilder()
              .setType(MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(
                  MethodDescriptor.generateFullMethodName(
                      described.getFullName(), method.getName()))
              .setRequestMarshaller(GrpcBody.MARSHALLER)
              .setResponseMarshaller(
                  ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getOutputType())))
              .build();
      service.addMethod(one);
      methods.put(one, handlers.get(method.getName()));
    }
    ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(service.build());
    methods.forEach(definition::addMethod);
    return definition.build();
  }
}
