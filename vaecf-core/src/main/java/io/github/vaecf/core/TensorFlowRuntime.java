package io.github.vaecf.core;

import static java.util.Locale.ROOT;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.NativeLongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TInt32;

/**
 * Settings that TensorFlow reads from the process environment, and the library that it is called
 * through from the system properties, once, when they are first used. They are set here so that a
 * program that uses vaecf as a library need not know of them; what the user has set is left alone.
 */
public final class TensorFlowRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(TensorFlowRuntime.class);

  private static final String LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL";

  private static final String TF32 = "NVIDIA_TF32_OVERRIDE";

  private static final Map<String, String> SETTINGS =
      Map.of(
          // oneDNN's matrix products and softmax; off by default in the Java natives.
          "TF_ENABLE_ONEDNN_OPTS",
          "1",
          // Memory of large tensors is kept and used again. Without it each tensor of users × items
          // is mapped afresh, and the page faults cost as much as the arithmetic.
          "TF_CPU_ALLOCATOR_USE_BFC",
          "1",
          // On NVIDIA GPUs products are taken in float32, as on the CPU, and not in TF32, whose
          // factors have 10 bits of mantissa; 1 allows it.
          TF32,
          "0",
          // A GPU's memory is taken as it is needed, and not all of it by the first session.
          "TF_FORCE_GPU_ALLOW_GROWTH",
          "true",
          // What a run fetches is waited for, and no more: the next step's operations are started
          // while a GPU still works on the last one's. On the CPU nothing is left to wait for.
          "TF_SYNC_ON_FINISH",
          "false",
          // Errors only: what goes wrong here is an exception with a message of its own.
          LOG_LEVEL,
          "2");

  private interface CLibrary extends Library {
    int setenv(String name, String value, int overwrite);

    Pointer open_memstream(PointerByReference text, NativeLongByReference size);

    int fflush(Pointer stream);

    int fputs(String text, Pointer stream);
  }

  /** Where what C's error stream is given while it is set aside stands; C may write there later. */
  private static final List<Object> SET_ASIDE = new CopyOnWriteArrayList<>();

  /**
   * What is no error: an informative line of Abseil's log, what stands before its first line of any
   * kind, and that parts of TensorFlow's GPU natives register the same CUDA libraries twice.
   */
  private static final Pattern INFO =
      Pattern.compile(
          "I[0-9]{4} .*|WARNING: All log messages before absl::InitializeLog.*"
              + "|.* Unable to register cu\\w+ factory: .*already been registered");

  /** How Linux names the instructions among a processor's flags. */
  private static final Pattern BFLOAT16 =
      Pattern.compile("flags\\s*:.* (avx512_bf16|amx_bf16)( .*)?");

  private static boolean hadSession;

  /**
   * JavaCPP, which TensorFlow for Java stands on, refuses native memory once the process has four
   * times the size of the Java heap. That says nothing here: weights and activations lie outside
   * the heap, and a server with a small heap may well have a large model.
   */
  private static final List<String> UNLIMITED =
      List.of("org.bytedeco.javacpp.maxBytes", "org.bytedeco.javacpp.maxPhysicalBytes");

  static {
    for (String limit : UNLIMITED) {
      if (System.getProperty(limit) == null
          && System.getProperty(limit.toLowerCase(ROOT)) == null) {
        System.setProperty(limit, "0");
      }
    }
    // One folder to choose for all that TensorFlow needs.
    String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
    if (cache != null && System.getProperty("jna.tmpdir") == null) {
      System.setProperty("jna.tmpdir", cache);
    }
    if (!Platform.isWindows()) {
      try {
        CLibrary library = Native.load("c", CLibrary.class);
        SETTINGS.forEach((name, value) -> library.setenv(name, value, 0));
        LOG.info("TensorFlow runs with {} unless the environment says otherwise", SETTINGS);
      } catch (LinkageError e) {
        LOG.warn("TensorFlow will be slower: {} could not be set ({})", SETTINGS, e.getMessage());
      }
    }
    Gpu.loadLibrariesFromClassPath();
    // The first tensor of a process decides where the memory of all tensors that are fed comes
    // from.
    // After a first session that would be an allocator that has none for an empty tensor, which the
    // Java binding does not survive: a history without items.
    Runnable first = () -> TInt32.scalarOf(0).close();
    if (System.getenv(LOG_LEVEL) == null && Platform.isLinux()) {
      withoutInfo(first);
    } else {
      first.run();
    }
  }

  private TensorFlowRuntime() {}

  /**
   * Sets them. Must be called before the first use of a TensorFlow class, its version included:
   * loaded without the settings TensorFlow takes other kernels, which are slower and differ in the
   * last bits. The classes of vaecf that use TensorFlow do so themselves. Calling it again does
   * nothing.
   */
  public static void prepare() {
    // The work is done once, by the static initialiser.
  }

  /**
   * Does what TensorFlow does once, at the first session of a process, and keeps the two lines that
   * it then writes into the error stream from there: that its own compiler is not used. They come
   * by another way than the rest of its log, which no variable silences. Where the user has set the
   * level of the log they stay, and all other lines in any case.
   *
   * @param config of the session that is to be made next, since the first one of a process decides
   *     how many threads all have
   */
  public static void prepareSession(ConfigProto config) {
    prepare();
    synchronized (TensorFlowRuntime.class) {
      if (!hadSession) {
        hadSession = true;
        if (System.getenv(LOG_LEVEL) == null && Platform.isLinux()) {
          withoutInfo(() -> runSession(config));
        }
      }
    }
  }

  private static void runSession(ConfigProto config) {
    try (Graph graph = new Graph()) {
      Operand<TInt32> one = Ops.create(graph).constant(1);
      try (Session session = new Session(graph, config);
          Result result = session.runner().fetch(one).run()) {
        LOG.debug("the first session of the process gave {}", result.get(0));
      } catch (TensorFlowException e) {
        LOG.debug("the first session of the process failed, as the next one will", e);
      }
    }
  }

  /**
   * Sets C's error stream aside meanwhile, which is not Java's, and then writes what was written
   * there but for what TensorFlow has to say that is no error.
   */
  private static void withoutInfo(Runnable work) {
    CLibrary library;
    Pointer variable;
    Pointer aside;
    PointerByReference text;
    NativeLongByReference size;
    try {
      text = new PointerByReference();
      size = new NativeLongByReference();
      SET_ASIDE.addAll(List.of(text, size));
      library = Native.load("c", CLibrary.class);
      variable = NativeLibrary.getProcess().getGlobalVariableAddress("stderr");
      aside = library.open_memstream(text, size);
    } catch (LinkageError e) {
      work.run(); // another C library, or none that can be called: the lines stay
      return;
    }
    Pointer stream = variable.getPointer(0);
    variable.setPointer(0, aside);
    try {
      work.run();
    } finally {
      variable.setPointer(0, stream);
      library.fflush(aside); // and not closed: another thread may be about to write there
      text.getValue()
          .getString(0, "UTF-8")
          .lines()
          .filter(line -> !INFO.matcher(line).matches())
          .forEach(line -> library.fputs(line + "\n", stream));
    }
  }

  /**
   * Makes sure that an operation can run on a GPU.
   *
   * @throws io.github.vaecf.data.DataException if none can, with the reason as far as it can be
   *     found out
   */
  public static void requireGpu() {
    prepare();
    Gpu.require();
  }

  /**
   * Whether operations run on a GPU unless they are told otherwise.
   *
   * @return whether one can be used; the same for as long as the process lives
   */
  public static boolean hasGpu() {
    prepare();
    return Gpu.PRESENT.get();
  }

  /**
   * Whether the processor has instructions for products of bfloat16 numbers: AVX512-BF16 or AMX.
   * Without them TensorFlow would take such products in more time than those of float32 numbers.
   *
   * @return false too where the system does not tell
   */
  public static boolean multipliesBfloat16() {
    Path description = Path.of("/proc/cpuinfo");
    try (Stream<String> lines = Files.lines(description)) {
      return lines.anyMatch(line -> BFLOAT16.matcher(line).matches());
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("{} cannot be read", description, e);
      return false;
    }
  }

  /**
   * What a GPU takes products of float32 numbers in. Unless the environment says otherwise ({@code
   * NVIDIA_TF32_OVERRIDE=1}) it is float32.
   *
   * @return {@code float32} or {@code TF32}
   */
  public static String gpuProducts() {
    return "1".equals(System.getenv(TF32)) ? "TF32" : "float32";
  }

  /**
   * TensorFlow's version, asked for without loading TensorFlow before the settings are made.
   *
   * @return for example 2.18.0
   */
  public static String version() {
    prepare();
    return TensorFlow.version();
  }
}
