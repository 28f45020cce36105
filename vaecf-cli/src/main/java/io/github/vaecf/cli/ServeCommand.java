package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.ServedVersions;
import io.github.vaecf.server.Limits;
import io.github.vaecf.server.ModelConfig;
import io.github.vaecf.server.ModelServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf serve}: an export over HTTP and gRPC, as TensorFlow Serving answers. */
@Command(
    name = "serve",
    header = "Serve exports over HTTP and gRPC, as TensorFlow Serving does.",
    description = {
      "",
      "Answers TensorFlow Serving's REST requests (GET /v1/models/NAME, POST"
          + " /v1/models/NAME:predict), GET /livez, /readyz and /metrics (Prometheus), and shows a page"
          + " at / where a person types what they like. With --grpc-port it answers TensorFlow Serving's"
          + " gRPC requests too. A newer version in the base folder takes over"
          + " without a lost request, once it is whole; one that is not is said and passed over."
          + " Ctrl-C or SIGTERM ends it when what is under way is done. Where other machines are to"
          + " reach it, give it --api-keys, --tls-certificate and --tls-key.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf serve --model models/movies",
      "  vaecf serve --model movies=models/movies --model books=models/books --label"
          + " movies:stable=3",
      "  vaecf serve --model models/movies --host 0.0.0.0 --api-keys keys.txt \\",
      "    --tls-certificate tls.crt --tls-key tls.key --access-log access.log"
    })
final class ServeCommand extends Subcommand {
  private static final int LARGEST_PORT = 65_535;

  private static final String KEYS_VARIABLE = "VAECF_API_KEYS";

  private static final Pattern LABEL =
      Pattern.compile("((?<name>[^:]+):)?(?<label>[^:/=]+)=(?<version>[0-9]+)");

  /** Held, as the JDK forgets the level of a logger that nobody holds. */
  private static final Logger GRPC_LOG = Logger.getLogger("io.grpc");

  @Option(
      names = "--model",
      paramLabel = "[NAME=]BASE",
      description =
          "The folder with the exported versions, BASE/<number>; repeat it for more models, each with"
              + " the name that requests have for it, the folder's unless given.")
  private List<String> models = List.of();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The model's name in requests where there is one; default the folder's.")
  private String name;

  @Option(
      names = "--label",
      paramLabel = "[NAME:]LABEL=N",
      description =
          "Lets requests ask for version N of a model by a label, such as stable=3; it is served"
              + " beside the newest. Repeat it for more.")
  private List<String> labels = List.of();

  @Option(
      names = "--models-file",
      paramLabel = "FILE",
      description =
          "In place of --model: TensorFlow Serving's file of models, versions and labels"
              + " (model_config_list). What it says takes over whenever it changes.")
  private Path modelsFile;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description = "Where to listen; default ${DEFAULT-VALUE}, this machine alone.")
  private String host;

  @Option(
      names = "--allowed-host",
      paramLabel = "NAME",
      description =
          "Another name by which it may be asked for, such as a proxy's; repeat it for more. By"
              + " default this machine's own names are enough where it listens to this machine"
              + " alone, and any name elsewhere.")
  private Set<String> allowedHosts = Set.of();

  @Option(
      names = "--allowed-origin",
      paramLabel = "ORIGIN",
      description =
          "Another site whose pages may ask, such as https://shop.example (CORS), or * for any; repeat"
              + " it for more; default none.")
  private Set<String> allowedOrigins = Set.of();

  @Option(
      names = "--api-keys",
      paramLabel = "FILE",
      description =
          "Answers only requests with a key of this file, Authorization: Bearer KEY: a line for each,"
              + " NAME:KEY or NAME:sha256:HEX, then perhaps rate=N (requests/s), burst=N and"
              + " expires=DATE. It is read again when it changes. Default: such lines, divided by ;,"
              + " in "
              + KEYS_VARIABLE
              + " of the environment, or anybody is answered.")
  private Path apiKeys;

  @Option(
      names = "--tls-certificate",
      paramLabel = "FILE",
      description =
          "Encrypts HTTP and gRPC (TLS 1.3 and 1.2): a PEM file with the certificate and those of its"
              + " issuers. It is read again, with the key, when they change.")
  private Path tlsCertificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "A PEM file with the certificate's private key, not encrypted.")
  private Path tlsKey;

  @Option(
      names = "--access-log",
      paramLabel = "FILE",
      description =
          "Appends a line for each request, in the combined log format with the seconds it took; -"
              + " for standard output. When the file is moved away a new one is begun.")
  private OutputFile accessLog;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8501",
      description = "Port; 0 for any that is free; default ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--grpc-port",
      paramLabel = "N",
      description =
          "Port for gRPC too, as TensorFlow Serving speaks it (there 8500); 0 for any that is free;"
              + " without it there is no gRPC.")
  private Integer grpcPort;

  @Option(
      names = "--refresh",
      paramLabel = "SECONDS",
      defaultValue = "2",
      description =
          "How often to look for other versions, keys and certificates; default ${DEFAULT-VALUE}.")
  private int refresh;

  @Option(
      names = "--max-body",
      paramLabel = "BYTES",
      description = "Largest body of a request; default 1048576.")
  private int bodyBytes = Limits.defaults().bodyBytes();

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      description = "Most rows in a request; default 1000.")
  private int rows = Limits.defaults().rows();

  @Option(
      names = "--max-values",
      paramLabel = "N",
      description = "Most ids or numbers in a request, and in its answer; default 1000000.")
  private int values = Limits.defaults().values();

  @Option(
      names = "--max-waiting",
      paramLabel = "N",
      description = "Requests that may wait; more get status 503; default 2048.")
  private int waiting = Limits.defaults().waiting();

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      description = "Most rows of waiting requests that are answered together; default 128.")
  private int batch = Limits.defaults().batch();

  @Option(
      names = "--max-memory",
      paramLabel = "BYTES",
      description =
          "Heap that all requests under way may hold, with answers that clients have not taken yet;"
              + " more get status 503; default a quarter of the heap.")
  private long memoryBytes = Limits.defaults().memoryBytes();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description =
          "For a request to arrive, for its answer, and for the client to take it; default 30.")
  private int timeout = (int) Limits.defaults().time().toSeconds();

  @Option(
      names = "--shutdown-delay",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description =
          "How long requests are still taken after Ctrl-C or SIGTERM, while /readyz says already that"
              + " it is not ready; default ${DEFAULT-VALUE}.")
  private int shutdownDelay;

  @Override
  void run() throws Exception {
    Limits limits =
        fromOptions(
            () ->
                new Limits(
                    bodyBytes,
                    rows,
                    values,
                    waiting,
                    batch,
                    memoryBytes,
                    Duration.ofSeconds(timeout)));
    if (refresh < 1) {
      throw wrongUsage("--refresh must be at least 1, found " + refresh);
    }
    if (shutdownDelay < 0) {
      throw wrongUsage("--shutdown-delay must be at least 0, found " + shutdownDelay);
    }
    if ((tlsCertificate == null) != (tlsKey == null)) {
      throw wrongUsage(
          "--tls-certificate and --tls-key go together, found "
              + (tlsKey == null ? "--tls-certificate" : "--tls-key")
              + " alone");
    }
    requirePort("--port", port);
    if (grpcPort != null) {
      requirePort("--grpc-port", grpcPort);
      if (port > 0 && grpcPort == port) {
        throw wrongUsage("--port and --grpc-port must not be the same, found " + port + " twice");
      }
    }
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw wrongUsage("--host: there is no machine '" + host + "'");
    }
    ModelServer.Builder builder = builder(address, limits);
    String file = modelsFile == null ? null : text(modelsFile);
    List<ModelConfig> wanted = file == null ? configured() : ModelConfig.parse(modelsFile, file);
    try (Interruption interruption = Interruption.watch();
        ServedModels served = ServedModels.open(wanted, Duration.ofSeconds(refresh), this::say);
        ModelServer server = start(served, builder)) {
      if (file != null) {
        served.follow(modelsFile, file, server);
      }
      List<String> names = new ArrayList<>();
      served
          .versions()
          .forEach((name, versions) -> names.add(name + ", version " + versions.version()));
      String grpc =
          server.grpcPort().isPresent()
              ? " and by gRPC at " + host + ":" + server.grpcPort().getAsInt()
              : "";
      out()
          .printf(
              "Serving %s, at %s%s (Ctrl-C ends it)%n",
              String.join("; ", names), server.uri(), grpc);
      interruption.await();
      err().println("vaecf serve: finishing what is under way …");
    }
  }

  private String text(Path file) {
    if (!models.isEmpty() || name != null || !labels.isEmpty()) {
      throw wrongUsage("--models-file says which models there are: no --model, --name, --label");
    }
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read as text (" + e + ")", e);
    }
  }

  /** What --model, --name and --label say. */
  private List<ModelConfig> configured() {
    if (models.isEmpty()) {
      throw wrongUsage("expected --model BASE or --models-file FILE");
    }
    if (name != null && models.size() > 1) {
      throw wrongUsage("--name is for one model; with more write --model NAME=BASE");
    }
    Map<String, Path> bases = new LinkedHashMap<>();
    for (String model : models) {
      int at = model.indexOf('=');
      boolean named = at > 0 && !Files.isDirectory(Path.of(model));
      Path base = Path.of(named ? model.substring(at + 1) : model);
      String called = named ? model.substring(0, at) : name == null ? folderName(base) : name;
      if (bases.put(called, base) != null) {
        throw wrongUsage(
            "--model: two models have the name '" + called + "'; write --model NAME=BASE");
      }
    }
    Map<String, Map<String, Long>> labelled = new LinkedHashMap<>();
    bases.keySet().forEach(model -> labelled.put(model, new TreeMap<>()));
    for (String label : labels) {
      Matcher parts = LABEL.matcher(label);
      if (!parts.matches()) {
        throw wrongUsage("--label: expected NAME:LABEL=N such as movies:stable=3, found " + label);
      }
      String model = parts.group("name");
      if (model == null && bases.size() > 1) {
        throw wrongUsage("--label " + label + ": expected the model's name, as there are several");
      }
      Map<String, Long> own =
          labelled.get(model == null ? bases.keySet().iterator().next() : model);
      if (own == null) {
        throw wrongUsage(
            "--label " + label + ": there is no model '" + model + "', only " + bases.keySet());
      }
      own.put(
          parts.group("label"),
          ServedVersions.number(parts.group("version"))
              .orElseThrow(() -> wrongUsage("--label " + label + ": no version is so large")));
    }
    List<ModelConfig> wanted = new ArrayList<>();
    bases.forEach(
        (model, base) -> wanted.add(new ModelConfig(model, base, Set.of(), labelled.get(model))));
    return wanted;
  }

  private void say(String sentence) {
    err().println("vaecf serve: " + sentence);
  }

  private ModelServer.Builder builder(InetSocketAddress address, Limits limits) {
    ModelServer.Builder builder =
        ModelServer.builder()
            .http(address)
            .hosts(allowedHosts)
            .limits(limits)
            .refresh(Duration.ofSeconds(refresh))
            .shutdownDelay(Duration.ofSeconds(shutdownDelay))
            .log(this::say);
    fromOption("--allowed-origin", () -> builder.origins(allowedOrigins));
    if (grpcPort != null) {
      // It has a page to say about each client that goes away before its answer.
      GRPC_LOG.setLevel(Level.SEVERE);
      builder.grpc(new InetSocketAddress(host, grpcPort));
    }
    String keys = System.getenv(KEYS_VARIABLE);
    if (apiKeys != null) {
      builder.apiKeys(apiKeys);
    } else if (keys != null && !keys.isBlank()) {
      builder.apiKeys(keys);
    }
    if (tlsCertificate != null) {
      builder.tls(tlsCertificate, tlsKey);
    }
    if (accessLog != null) {
      if (accessLog.isStandardOutput()) {
        PrintWriter lines = standardOutput();
        builder.accessLog(lines::println);
      } else {
        builder.accessLog(accessLog.path());
      }
    }
    return builder;
  }

  private ModelServer start(ServedModels served, ModelServer.Builder builder) {
    try {
      served.versions().forEach(builder::model);
      return builder.start();
    } catch (IllegalArgumentException e) {
      throw wrongUsage(e.getMessage() + "; choose another with --name");
    } catch (IOException e) {
      throw new DataException(
          e.getMessage()
              + "; choose another port with "
              + (grpcPort == null ? "--port" : "--port or --grpc-port")
              + " (0 for any that is free) or another address with --host",
          e);
    }
  }

  private void requirePort(String option, int port) {
    if (port < 0 || port > LARGEST_PORT) {
      throw wrongUsage(option + " must be from 0 to " + LARGEST_PORT + ", found " + port);
    }
  }

  private static String folderName(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "" : last.toString();
  }
}
