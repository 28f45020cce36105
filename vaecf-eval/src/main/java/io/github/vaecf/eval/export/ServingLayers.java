package io.github.vaecf.eval.export;

import io.github.vaecf.core.DenseLayer;
import io.github.vaecf.core.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What of a network serving needs: the layers from the items to the latent mean, and those back. Of
 * a variational encoder's last layer only the half that gives the mean is left.
 *
 * @param meanIsLinear whether the latent vector is the encoder's last output as it is, or its tanh
 */
record ServingLayers(boolean meanIsLinear, List<DenseLayer> encoder, List<DenseLayer> decoder) {
  static ServingLayers of(Network network) {
    List<DenseLayer> encoder = new ArrayList<>(network.encoder());
    if (network.variational()) {
      encoder.add(firstOutputs(encoder.remove(encoder.size() - 1), network.latent()));
    }
    requireFinite("encoder", encoder);
    requireFinite("decoder", network.decoder());
    return new ServingLayers(network.variational(), encoder, network.decoder());
  }

  int items() {
    return encoder.get(0).inputs();
  }

  int latent() {
    return decoder.get(0).inputs();
  }

  DenseLayer outermost() {
    return decoder.get(decoder.size() - 1);
  }

  private static DenseLayer firstOutputs(DenseLayer layer, int outputs) {
    float[] kernel = new float[layer.inputs() * outputs];
    for (int input = 0; input < layer.inputs(); input++) {
      System.arraycopy(layer.kernel(), input * layer.outputs(), kernel, input * outputs, outputs);
    }
    return new DenseLayer(layer.inputs(), outputs, kernel, Arrays.copyOf(layer.bias(), outputs));
  }

  private static void requireFinite(String side, List<DenseLayer> layers) {
    for (int i = 0; i < layers.size(); i++) {
      requireFinite(side + "/" + i + "/kernel", layers.get(i).kernel());
      requireFinite(side + "/" + i + "/bias", layers.get(i).bias());
    }
  }

  private static void requireFinite(String name, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new ArithmeticException(
            "weights '" + name + "' hold " + value + ": such a model cannot be served");
      }
    }
  }
}
