package io.github.vaecf.eval.export;

import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Puts a signature together as TF Serving wants it: with a method name, and with every dimension
 * that is known (the library's own builder leaves the method name empty, and shapes that the
 * graph's inference cannot tell unknown).
 */
final class SignatureBuilder {
  private final String name;
  private final SignatureDef.Builder signature =
      SignatureDef.newBuilder().setMethodName(ExportFormat.METHOD);

  SignatureBuilder(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  SignatureBuilder input(String input, Operand<?> tensor, DataType type, long... dimensions) {
    signature.putInputs(input, info(tensor, type, dimensions));
    return this;
  }

  SignatureBuilder output(String output, Operand<?> tensor, DataType type, long... dimensions) {
    signature.putOutputs(output, info(tensor, type, dimensions));
    return this;
  }

  SignatureDef build() {
    return signature.build();
  }

  private static TensorInfo info(Operand<?> tensor, DataType type, long... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dimension : dimensions) {
      shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(dimension));
    }
    Output<?> output = tensor.asOutput();
    return TensorInfo.newBuilder()
        .setName(output.op().name() + ":" + output.index())
        .setDtype(type)
        .setTensorShape(shape)
        .build();
  }
}
