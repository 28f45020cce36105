package io.github.vaecf.spark;

import io.github.vaecf.core.training.RunFolder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.TaskKilledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.runtime.AbstractFunction1;

/**
 * The task of a barrier stage that has a {@link WorkerProcess} for the time of a training. Gives
 * what kept the training from being done, one of all, or an empty text; where a worker was lost it
 * fails, so that Spark starts the stage again.
 */
final class WorkerTask extends AbstractFunction1<Iterator<Integer>, Iterator<String>>
    implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private static final Logger LOG = LoggerFactory.getLogger(WorkerTask.class);

  private static final String DONE = "done";
  private static final long POLL_MILLIS = 100;

  private final WorkerOrder order;

  WorkerTask(WorkerOrder order) {
    this.order = order;
  }

  @Override
  public Iterator<String> apply(Iterator<Integer> none) {
    BarrierTaskContext context = BarrierTaskContext.get();
    int rank = context.partitionId();
    Process process = start();
    try {
      Said said = new Said(process, rank);
      said.start();
      String port = said.port(context);
      // A run may be there from an attempt before; the first looks, for all.
      String goOn = Boolean.toString(rank == 0 && RunFolder.isRun(Path.of(order.run())));
      String address = context.getTaskInfos()[rank].address();
      String host = address.substring(0, address.lastIndexOf(':'));
      List<String> addresses = new ArrayList<>();
      boolean resume = false;
      for (String other : context.allGather(host + ":" + port + " " + goOn)) {
        int blank = other.indexOf(' ');
        addresses.add(other.substring(0, blank));
        resume |= Boolean.parseBoolean(other.substring(blank + 1));
      }
      tell(process, order.of(addresses, rank, resume));
      String end = said.end(context);
      return single(decide(context.allGather(end)));
    } catch (IOException e) {
      throw new UncheckedIOException("worker " + rank + " could not be told what to do", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * What a refusal is by one is one by all; of a worker that was lost a new attempt may be free.
   */
  static String decide(String... ends) {
    for (String end : ends) {
      if (end.startsWith(WorkerProcess.REFUSED)) {
        return end.substring(WorkerProcess.REFUSED.length());
      }
    }
    for (String end : ends) {
      if (!end.equals(DONE) && !end.startsWith(WorkerProcess.BROKEN)) {
        throw new IllegalStateException(end); // what others say is what came of it
      }
    }
    for (String end : ends) {
      if (!end.equals(DONE)) {
        throw new IllegalStateException(end.substring(WorkerProcess.BROKEN.length()));
      }
    }
    return "";
  }

  private static Iterator<String> single(String text) {
    return Iterator$.MODULE$.single(text);
  }

  private Process start() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(order.javaOptions());
    command.add("-cp");
    command.add(classPath());
    command.add(WorkerProcess.class.getName());
    try {
      return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new UncheckedIOException("the process of a worker could not be started", e);
    }
  }

  /** This process's own, with what Spark has added to it since, such as by --jars. */
  private static String classPath() {
    Set<String> entries = new LinkedHashSet<>();
    entries.add(System.getProperty("java.class.path"));
    for (ClassLoader loader = Thread.currentThread().getContextClassLoader();
        loader != null;
        loader = loader.getParent()) {
      if (loader instanceof URLClassLoader added) {
        for (URL url : added.getURLs()) {
          try {
            if (url.getProtocol().equals("file")) {
              entries.add(Path.of(url.toURI()).toString());
            }
          } catch (URISyntaxException e) {
            throw new IllegalStateException("a class path with " + url, e);
          }
        }
      }
    }
    entries.remove("");
    return String.join(System.getProperty("path.separator"), entries);
  }

  private static void tell(Process process, WorkerOrder order) throws IOException {
    // Stays open: that it is closed tells the process to end.
    ObjectOutputStream orders = new ObjectOutputStream(process.getOutputStream());
    orders.writeObject(order);
    orders.flush();
  }

  /** What a process says, read by a thread, since reading cannot be interrupted. */
  private static final class Said extends Thread {
    private final Process process;
    private final int rank;
    private String port; // null until it is said
    private String end; // likewise

    Said(Process process, int rank) {
      super("vaecf-worker-" + rank);
      setDaemon(true);
      this.process = process;
      this.rank = rank;
    }

    @Override
    public void run() {
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith(WorkerProcess.TO_TASK)) {
            hear(line.substring(WorkerProcess.TO_TASK.length()));
          }
        }
      } catch (IOException e) {
        LOG.debug("worker {} is no longer heard", rank, e);
      }
    }

    private synchronized void hear(String line) {
      if (line.startsWith(WorkerProcess.PORT)) {
        port = line.substring(WorkerProcess.PORT.length());
      } else if (line.startsWith(WorkerProcess.MESSAGE)) {
        LOG.info("worker {}: {}", rank, line.substring(WorkerProcess.MESSAGE.length()));
      } else {
        end = line;
      }
    }

    private synchronized String heardPort() {
      return port;
    }

    private synchronized String heardEnd() {
      return end;
    }

    String port(BarrierTaskContext context) {
      while (heardPort() == null) {
        if (!process.isAlive() && !isAlive()) {
          throw new IllegalStateException(
              "worker " + rank + " ended with status " + process.exitValue() + " as it began");
        }
        pause(context);
      }
      return heardPort();
    }

    /** How the process ended, once it has. */
    String end(BarrierTaskContext context) {
      while (process.isAlive() || isAlive()) {
        pause(context);
      }
      String said = heardEnd();
      if (said != null) {
        return said;
      }
      int status = process.exitValue();
      return status == 0 ? DONE : "worker " + rank + " ended with status " + status;
    }

    private void pause(BarrierTaskContext context) {
      if (context.isInterrupted()) {
        throw new TaskKilledException("the stage was ended");
      }
      try {
        process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS);
        if (!process.isAlive()) {
          join(POLL_MILLIS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new TaskKilledException("the stage was ended");
      }
    }
  }
}
