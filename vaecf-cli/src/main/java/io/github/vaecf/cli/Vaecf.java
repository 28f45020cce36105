package io.github.vaecf.cli;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line: {@code vaecf COMMAND …}. Exit status 0 means done, 1 failed (one line on the
 * error stream says what, where and what to do), 2 wrong usage.
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
    scope = ScopeType.INHERIT,
    subcommands = {
      QuickstartCommand.class,
      PrepareCommand.class,
      GenerateCommand.class,
      DownloadCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      ExportCommand.class,
      RecommendCommand.class,
      ServeCommand.class,
      CompareCommand.class,
      SearchCommand.class,
      ExperimentCommand.class,
      ReproduceCommand.class,
      ReportCommand.class,
      BenchmarkCommand.class
    })
public final class Vaecf implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "On failure print the whole stack trace too; log more.")
  private boolean debug;

  private Vaecf() {}

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
    int status = run(writer(System.out), writer(System.err), arguments);
    Interruption.settle();
    System.exit(status);
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
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
    Vaecf vaecf = new Vaecf();
    CommandLine line = new CommandLine(vaecf);
    line.setOut(out);
    line.setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.getSubcommands()
        .values()
        .forEach(
            command ->
                command.getCommandSpec().usageMessage().sortOptions(false).sortSynopsis(false));
    line.setParameterExceptionHandler(Vaecf::explainUsage);
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

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private int explain(Throwable failure, CommandSpec failed) {
    PrintWriter err = spec.commandLine().getErr();
    if (debug) {
      failure.printStackTrace(err);
    }
    err.println(failed.qualifiedName() + ": " + Failures.explain(failure));
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static int explainUsage(ParameterException wrong, String[] arguments) {
    CommandLine line = wrong.getCommandLine();
    String name = line.getCommandSpec().qualifiedName();
    line.getErr().println(name + ": " + wrong.getMessage());
    UnmatchedArgumentException.printSuggestions(wrong, line.getErr());
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
