package io.github.vaecf.core;

/** Where the graph runs. */
public enum Device {
  /** On the GPU where the natives and the machine have one, else on the CPU. */
  AUTO,
  /** On the CPU, also where there is a GPU. */
  CPU,
  /** On the GPU; it is an error if there is none. */
  GPU
}
