package io.github.vaecf.server;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.Int64Value;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.WireFormat;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import io.github.vaecf.eval.export.ServedVersions;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpStatus;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * TensorFlow Serving's gRPC methods: {@code Predict} and {@code GetModelMetadata} of {@code
 * PredictionService}, {@code GetModelStatus} of {@code ModelService}.
 */
final class GrpcServices {
  private static final Descriptor SPEC = ServingProtocol.message("ModelSpec");
  private static final String SIGNATURES = "signature_def";

  private final Models models;
  private final ModelCalls calls;
  private final Limits limits;

  GrpcServices(Models models, ModelCalls calls, Limits limits) {
    this.models = models;
    this.calls = calls;
    this.limits = limits;
  }

  /**
   * The services.
   *
   * @param executor reads messages and writes answers
   */
  List<ServerServiceDefinition> definitions(Executor executor) {
    return List.of(
        ServingProtocol.service(
            "PredictionService",
            Map.of(
                "Predict", new GrpcHandler(this::predict, executor),
                "GetModelMetadata", new GrpcHandler(atOnce(this::metadata), executor))),
        ServingProtocol.service(
            "ModelService",
            Map.of("GetModelStatus", new GrpcHandler(atOnce(this::status), executor))));
  }

  private static GrpcHandler.Method atOnce(BiFunction<byte[], GrpcCall, DynamicMessage> method) {
    return (message, call) -> {
      DynamicMessage answer = method.apply(message, call);
      return CompletableFuture.completedFuture(() -> answer);
    };
  }

  /** A {@code PredictRequest}, its tensors not looked at yet. */
  private record Predict(
      DynamicMessage spec, Map<String, TensorProto> inputs, Set<String> outputs) {
    private static final Descriptor TYPE = ServingProtocol.message("PredictRequest");
    private static final int MODEL_SPEC = TYPE.findFieldByName("model_spec").getNumber();
    private static final int INPUTS = TYPE.findFieldByName("inputs").getNumber();
    private static final int OUTPUT_FILTER = TYPE.findFieldByName("output_filter").getNumber();
    private static final int KEY = 1;
    private static final int VALUE = 2;

    /**
     * Reads one field by field: a message of many empty entries would become much larger than
     * itself as objects.
     */
    static Predict parse(byte[] message) {
      DynamicMessage.Builder spec = DynamicMessage.newBuilder(SPEC);
      Map<String, TensorProto> inputs = new LinkedHashMap<>();
      Set<String> outputs = new LinkedHashSet<>();
      try {
        CodedInputStream in = CodedInputStream.newInstance(message);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
          int field = WireFormat.getTagFieldNumber(tag);
          if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
            in.skipField(tag);
          } else if (field == MODEL_SPEC) {
            spec.mergeFrom(in.readByteArray());
          } else if (field == INPUTS) {
            readEntry(in.readBytes().newCodedInput(), inputs);
          } else if (field == OUTPUT_FILTER) {
            outputs.add(in.readStringRequireUtf8());
          } else {
            in.skipField(tag);
          }
        }
      } catch (IOException e) {
        throw malformed(TYPE, e);
      }
      return new Predict(spec.build(), inputs, outputs);
    }

    private static void readEntry(CodedInputStream in, Map<String, TensorProto> inputs)
        throws IOException {
      String key = "";
      ByteString value = ByteString.EMPTY;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        int field = WireFormat.getTagFieldNumber(tag);
        if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED
            && (field == KEY || field == VALUE)) {
          if (field == KEY) {
            key = in.readStringRequireUtf8();
          } else {
            value = in.readBytes();
          }
        } else {
          in.skipField(tag);
        }
      }
      inputs.put(key, TensorProto.parseFrom(value, ExtensionRegistryLite.getEmptyRegistry()));
    }

    PredictRequest request(ServedModel model, Limits limits) {
      ServedSignature signature =
          PredictRequest.signature((String) field(spec, "signature_name"), model);
      PredictRequest.requireNames("inputs", signature, inputs.keySet());
      Map<String, TensorRows> rows = new LinkedHashMap<>();
      for (TensorSpec input : signature.inputs()) {
        rows.put(input.name(), TensorMessage.rows(input, inputs.get(input.name()), limits));
      }
      for (String output : outputs) {
        if (signature.outputs().stream().noneMatch(spec -> spec.name().equals(output))) {
          throw malformed(
              "output_filter: signature \""
                  + signature.name()
                  + "\" gives "
                  + signature.outputs().stream().map(TensorSpec::name).toList()
                  + ", found \""
                  + output
                  + "\"");
        }
      }
      return PredictRequest.checked(signature, false, rows, model, limits);
    }
  }

  CompletableFuture<Supplier<DynamicMessage>> predict(byte[] message, GrpcCall call) {
    Predict predict = Predict.parse(message);
    ModelSpec spec = spec(predict.spec());
    CompletableFuture<ModelCalls.Answer> answer =
        calls.answer(spec, model -> predict.request(model, limits), call.share(), call.visit());
    Set<String> outputs = predict.outputs();
    CompletableFuture<Supplier<DynamicMessage>> response =
        answer.thenApply(given -> () -> response(spec, given, outputs));
    var unused =
        response.whenComplete(
            (written, failure) -> {
              if (response.isCancelled()) {
                answer.cancel(false);
              }
            });
    return response;
  }

  /** Writes what a signature gave, of all its outputs or of some. */
  private static DynamicMessage response(
      ModelSpec spec, ModelCalls.Answer answer, Set<String> wanted) {
    PredictRequest request = answer.request();
    PredictAnswer.requireNumbers(request, answer.values());
    Descriptor type = ServingProtocol.message("PredictResponse");
    DynamicMessage.Builder response = DynamicMessage.newBuilder(type);
    response.setField(
        type.findFieldByName("model_spec"),
        spec(spec.name(), answer.version(), request.signature().name()));
    for (TensorSpec output : request.signature().outputs()) {
      if (wanted.isEmpty() || wanted.contains(output.name())) {
        put(
            response,
            "outputs",
            output.name(),
            TensorMessage.message(output, answer.values().get(output.name())));
      }
    }
    return response.build();
  }

  DynamicMessage metadata(byte[] message, GrpcCall call) {
    DynamicMessage request = parse("GetModelMetadataRequest", message);
    FieldDescriptor wanted = request.getDescriptorForType().findFieldByName("metadata_field");
    List<Object> fields = new ArrayList<>();
    for (int i = 0; i < request.getRepeatedFieldCount(wanted); i++) {
      fields.add(request.getRepeatedField(wanted, i));
    }
    if (fields.isEmpty() || fields.stream().anyMatch(field -> !field.equals(SIGNATURES))) {
      throw malformed("metadata_field: expected \"" + SIGNATURES + "\", found " + fields);
    }
    ModelSpec spec = spec((Message) field(request, "model_spec"));
    try (ServedVersions.Lease lease = models.lease(spec)) {
      call.visit().answeredBy(spec.name(), lease.version());
      DynamicMessage.Builder map =
          DynamicMessage.newBuilder(ServingProtocol.message("SignatureDefMap"));
      for (ServedSignature signature : lease.model().signatures().values()) {
        put(map, SIGNATURES, signature.name(), definition(signature));
      }
      Descriptor type = ServingProtocol.message("GetModelMetadataResponse");
      DynamicMessage.Builder response = DynamicMessage.newBuilder(type);
      response.setField(type.findFieldByName("model_spec"), spec(spec.name(), lease.version(), ""));
      put(response, "metadata", SIGNATURES, Any.pack(map.build()));
      return response.build();
    }
  }

  private static SignatureDef definition(ServedSignature signature) {
    SignatureDef.Builder definition = SignatureDef.newBuilder().setMethodName(signature.method());
    signature.inputs().forEach(spec -> definition.putInputs(spec.name(), info(spec)));
    signature.outputs().forEach(spec -> definition.putOutputs(spec.name(), info(spec)));
    return definition.build();
  }

  private static TensorInfo info(TensorSpec spec) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    spec.shape().forEach(size -> shape.addDimBuilder().setSize(size));
    return TensorInfo.newBuilder()
        .setName(spec.tensor())
        .setDtype(DataType.valueOf(spec.type().tensorFlowName()))
        .setTensorShape(shape)
        .build();
  }

  DynamicMessage status(byte[] message, GrpcCall call) {
    DynamicMessage request = parse("GetModelStatusRequest", message);
    Descriptor all = ServingProtocol.message("GetModelStatusResponse");
    Descriptor type = ServingProtocol.message("ModelVersionStatus");
    FieldDescriptor state = type.findFieldByName("state");
    DynamicMessage.Builder response = DynamicMessage.newBuilder(all);
    ModelSpec spec = spec((Message) field(request, "model_spec"));
    List<Long> numbers = models.numbers(spec);
    call.visit().about(spec.name());
    for (long number : numbers) {
      response.addRepeatedField(
          all.findFieldByName("model_version_status"),
          DynamicMessage.newBuilder(type)
              .setField(type.findFieldByName("version"), number)
              .setField(state, state.getEnumType().findValueByName("AVAILABLE"))
              // There, with the code that stands for no error.
              .setField(
                  type.findFieldByName("status"),
                  DynamicMessage.getDefaultInstance(ServingProtocol.message("StatusProto")))
              .build());
    }
    return response.build();
  }

  private static DynamicMessage parse(String type, byte[] message) {
    Descriptor descriptor = ServingProtocol.message(type);
    try {
      return DynamicMessage.parseFrom(descriptor, message);
    } catch (InvalidProtocolBufferException e) {
      throw malformed(descriptor, e);
    }
  }

  private static Object field(Message message, String name) {
    return message.getField(message.getDescriptorForType().findFieldByName(name));
  }

  /** Which model a message is for. */
  private static ModelSpec spec(Message spec) {
    Optional<String> version =
        spec.hasField(SPEC.findFieldByName("version"))
            ? Optional.of(field((Message) field(spec, "version"), "value").toString())
            : Optional.empty();
    Optional<String> label =
        spec.hasField(SPEC.findFieldByName("version_label"))
            ? Optional.of((String) field(spec, "version_label"))
            : Optional.empty();
    return new ModelSpec((String) field(spec, "name"), version, label);
  }

  private static DynamicMessage spec(String name, long version, String signature) {
    return DynamicMessage.newBuilder(SPEC)
        .setField(SPEC.findFieldByName("name"), name)
        .setField(SPEC.findFieldByName("version"), Int64Value.of(version))
        .setField(SPEC.findFieldByName("signature_name"), signature)
        .build();
  }

  /** Puts an entry into a map. */
  private static void put(DynamicMessage.Builder message, String map, String key, Message value) {
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(map);
    Descriptor entry = field.getMessageType();
    message.addRepeatedField(
        field,
        DynamicMessage.newBuilder(entry)
            .setField(entry.findFieldByName("key"), key)
            .setField(entry.findFieldByName("value"), value)
            .build());
  }

  private static RequestException malformed(Descriptor type, IOException problem) {
    return malformed("the message is no " + type.getName() + ": " + problem.getMessage());
  }

  private static RequestException malformed(String problem) {
    return new RequestException(HttpStatus.BAD_REQUEST_400, problem);
  }
}
