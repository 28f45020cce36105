package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.reading.SqlReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line: {@code vaecf COMMAND …}. Exit status 0 means done, 1 failed (one line on the
 * error stream says what, where and what to do), 2 wrong usage, 3 not published by {@code publish}.
 */
@Command(
    name = "vaecf",
    header = "Recommendations by autoencoders: trained, measured, exported, served.",
    description = {
      "",
      "Start with 'vaecf quickstart'. 'vaecf COMMAND --help' explains each command.",
      ""
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Vaecf.Version.class,
    scope = ScopeType.INHERIT)
public final class Vaecf implements Runnable {
  /** What Java makes of a byte that has no meaning in the locale's encoding. */
  private static final char UNREADABLE = '\ufffd';

  /** The commands, in the order of the help. */
  private static final List<Class<? extends Subcommand>> COMMANDS =
      List.of(
          QuickstartCommand.class,
          PrepareCommand.class,
          GenerateCommand.class,
          DownloadCommand.class,
          TrainCommand.class,
          EvaluateCommand.class,
          ExportCommand.class,
          PublishCommand.class,
          RecommendCommand.class,
          SimilarCommand.class,
          VectorsCommand.class,
          ServeCommand.class,
          CompareCommand.class,
          SearchCommand.class,
          AutoCommand.class,
          BlendCommand.class,
          ExperimentCommand.class,
          ReproduceCommand.class,
          ReportCommand.class,
          BenchmarkCommand.class);

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "On failure print the whole stack trace too; log more.")
  private boolean debug;

  private final String[] arguments;

  private Vaecf(String... arguments) {
    this.arguments = arguments;
  }

  /**
   * Runs one command and ends the JVM with its exit status.
   *
   * @param arguments the command and its options
   */
  public static void main(String[] arguments) {
    if (Arrays.asList(arguments).contains("--debug")) {
      // Read when the first logger is made, so before any class of the library is loaded.
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
    }
    EmbeddedEngine engine = EmbeddedEngine.loadAhead(arguments);
    StandardOutput standard = new StandardOutput();
    PrintWriter err = writer(System.err);
    if (String.join("", arguments).indexOf(UNREADABLE) >= 0
        && !System.getProperty("sun.jnu.encoding", "UTF-8").equals("UTF-8")) {
      err.println(
          "vaecf: an argument has letters that Java cannot read in this locale; set LC_ALL=C.UTF-8,"
              + " or run ./vaecf, which does");
      System.exit(CommandLine.ExitCode.USAGE);
    }
    int status = run(writer(standard), err, arguments);
    if (standard.failure != null && status == CommandLine.ExitCode.OK) {
      status = CommandLine.ExitCode.SOFTWARE;
      if (!standard.isUnread()) {
        err.println("vaecf: standard output cannot be written, " + standard.failure.getMessage());
      }
    }
    Interruption.settle();
    engine.settle();
    System.exit(status);
  }

  private static PrintWriter writer(OutputStream stream) {
    return new PrintWriter(stream, true, StandardCharsets.UTF_8);
  }

  /** Remembers what a writer keeps to itself: that the disk is full, or nobody reads on. */
  private static final class StandardOutput extends FilterOutputStream {
    private IOException failure;

    StandardOutput() {
      super(new FileOutputStream(FileDescriptor.out));
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        out.write(bytes, from, length);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }

    /** Whether the reader, such as {@code head}, has seen enough. */
    boolean isUnread() {
      return "Broken pipe".equals(failure.getMessage());
    }
  }

  /**
   * Runs one command.
   *
   * @param out receives what the command has to say
   * @param err receives progress and failures
   * @param arguments the command and its options
   * @return the exit status: 0, 1 or 2
   */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    Vaecf vaecf = new Vaecf(arguments);
    CommandLine line = new CommandLine(vaecf);
    addCommands(line, Arrays.asList(arguments));
    line.setOut(out);
    line.setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.registerConverter(Path.class, Vaecf::path);
    line.registerConverter(EvaluateCommand.Part.class, EvaluateCommand.Part::named);
    whole(line, Integer.class, Integer::valueOf);
    whole(line, int.class, Integer::valueOf);
    whole(line, long.class, Long::valueOf);
    number(line, Double.class);
    number(line, double.class);
    line.registerConverter(OutputFile.class, text -> new OutputFile(path(text)));
    line.getSubcommands()
        .values()
        .forEach(
            command ->
                command.getCommandSpec().usageMessage().sortOptions(false).sortSynopsis(false));
    line.setParameterExceptionHandler((wrong, given) -> vaecf.explainUsage(wrong));
    line.setExecutionExceptionHandler(
        (failure, failed, parsed) -> vaecf.explain(failure, failed.getCommandSpec()));
    try {
      return line.execute(arguments);
    } catch (OutOfMemoryError | LinkageError failure) {
      return vaecf.explain(failure, line.getCommandSpec());
    } finally {
      out.flush();
      err.flush();
    }
  }

  /**
   * Adds the commands whose names are among the arguments, and of the others what the help says of
   * them: to find out the options of all takes longer than many a command.
   */
  private static void addCommands(CommandLine line, List<String> arguments) {
    for (Class<? extends Subcommand> type : COMMANDS) {
      Command command = type.getAnnotation(Command.class);
      if (arguments.contains(command.name())) {
        line.addSubcommand(command.name(), type);
        // Once more, so that they stand at the end of the help.
        CommandSpec added = line.getSubcommands().get(command.name()).getCommandSpec();
        added.mixinStandardHelpOptions(false).mixinStandardHelpOptions(true);
      } else {
        CommandSpec named = CommandSpec.create();
        named.usageMessage().header(command.header());
        line.addSubcommand(command.name(), named);
      }
    }
  }

  private static <T> void whole(CommandLine line, Class<T> type, Function<String, T> parser) {
    line.registerConverter(type, text -> parsed(text, "a whole number", parser));
  }

  private static void number(CommandLine line, Class<Double> type) {
    line.registerConverter(type, text -> parsed(text, "a number", Double::valueOf));
  }

  private static <T> T parsed(String text, String expected, Function<String, T> parser) {
    try {
      return parser.apply(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("expected " + expected + ", found '" + text + "'");
    }
  }

  /** A path as it was written; the empty one, which would be the working folder, is a slip. */
  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("expected a path, found none");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + text + "' is no path (" + e.getReason() + ")");
    }
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private int explain(Throwable failure, CommandSpec failed) {
    PrintWriter err = spec.commandLine().getErr();
    if (debug) {
      StringWriter trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace, true));
      err.print(withoutPasswords(trace.toString()));
    }
    err.println(failed.qualifiedName() + ": " + shown(Failures.explain(failure)));
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** A message as it may stand at a terminal and in a log. */
  private String shown(String message) {
    return DataException.printable(withoutPasswords(message));
  }

  /** Hides what arguments have of passwords, also where they were given to the wrong option. */
  private String withoutPasswords(String text) {
    String clean = text;
    for (String argument : arguments) {
      if (clean != null && argument.contains("jdbc:")) {
        for (String password : SqlReader.passwordsIn(argument)) {
          clean = clean.replace(password, "***");
        }
      }
    }
    return clean;
  }

  private int explainUsage(ParameterException wrong) {
    CommandLine line = wrong.getCommandLine();
    String name = line.getCommandSpec().qualifiedName();
    ParameterException reason = wrong;
    List<String> unknown = OptionNames.unknown(line);
    if (!unknown.isEmpty()
        && (wrong instanceof MissingParameterException
            || wrong instanceof UnmatchedArgumentException)) {
      // An option that is missing is often one that was written another way, and what follows an
      // unknown one is its value.
      reason = new UnmatchedArgumentException(line, unknown);
    }
    line.getErr().println(name + ": " + shown(reason.getMessage()));
    if (!(reason instanceof UnmatchedArgumentException) || unknown.isEmpty()) {
      UnmatchedArgumentException.printSuggestions(reason, line.getErr());
    } else {
      List<String> meant = OptionNames.meant(line, unknown);
      if (!meant.isEmpty()) {
        line.getErr().println("Did you mean " + String.join(", ", meant) + "?");
      }
    }
    line.getErr().println("See '" + name + " --help'.");
    return CommandLine.ExitCode.USAGE;
  }

  /** The version that the jar's manifest names. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Vaecf.class.getPackage().getImplementationVersion();
      return new String[] {"vaecf " + (version == null ? "(not from a jar)" : version)};
    }
  }
}
