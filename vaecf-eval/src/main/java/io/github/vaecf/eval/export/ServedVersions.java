package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.FolderState.FileState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The newest whole version in a base folder, exchanged for another while requests go on: those that
 * have begun end on the version that they began on, later ones get the new one, and none waits for
 * the loading. Others are served beside it, by their numbers and by labels, where {@link #serve}
 * asks for them.
 *
 * <p>A thread of its own looks at the folder now and then, until this is closed. A version takes
 * over when its files have not changed between two looks, are those that were exported, and it has
 * answered its own warm-up requests. Whatever else lies in the folder, be it half copied, damaged
 * or half deleted, leaves the version that answers, is said, and is tried again when it has
 * changed. When the folder of the version that answers is gone, the newest whole one of those that
 * are left takes over; when none is, it goes on from memory.
 *
 * <p>Safe for use by many threads. Owns native memory until it is closed; closing waits for the
 * requests that have begun.
 */
public final class ServedVersions implements AutoCloseable {
  private final Path base;
  private final Consumer<String> log;
  private final AtomicLong failedLoads = new AtomicLong();
  private final CountDownLatch closing = new CountDownLatch(1);

  /** What is known of versions that do not answer, by folder. */
  private final Map<Path, Seen> seen = new HashMap<>();

  private volatile Served current;
  private String lastTrouble = "";

  /** Versions that are served beside the current one, by number. */
  private volatile Map<Long, Served> beside = Map.of();

  /** The versions that labels stand for now; each is served. */
  private volatile Map<String, Long> labels = Map.of();

  /** Versions that were said not to be there, though they should be served. */
  private final Set<Long> missing = new HashSet<>();

  private Wish wish = new Wish(Set.of(), Map.of());

  /** What is to be served: of some numbers only, or of all where there are none; and by labels. */
  private record Wish(Set<Long> only, Map<String, Long> labels) {
    boolean allows(Path version) {
      return only.isEmpty() || only.contains(VersionFolder.number(version).orElseThrow());
    }

    /** Whom labels stand for is served all the same. */
    Set<Long> named() {
      Set<Long> named = new TreeSet<>(only);
      named.addAll(labels.values());
      return named;
    }
  }

  /** A version's files at the last look, and whether they were tried and did not load. */
  private record Seen(FolderState state, boolean failed) {}

  /**
   * A loaded version, kept open as long as anybody holds it. Holding belongs to no thread: a
   * request may begin on one and end on another.
   */
  private static final class Served {
    final Path folder;
    final long number;
    final ServedModel model;
    final FolderState state;

    /** The file with titles when it was last read; guarded by the versions. */
    Optional<FileState> titles;

    /** One for being the current version, and one for each request. */
    private final AtomicInteger holders = new AtomicInteger(1);

    private final CountDownLatch closed = new CountDownLatch(1);

    Served(Path folder, FolderState state, Optional<FileState> titles, ServedModel model) {
      this.folder = folder;
      this.number = VersionFolder.number(folder).orElseThrow();
      this.state = state;
      this.titles = titles;
      this.model = model;
    }

    /** Whether it could be held: it is closed once nobody does. */
    boolean tryHold() {
      for (int held = holders.get(); held > 0; held = holders.get()) {
        if (holders.compareAndSet(held, held + 1)) {
          return true;
        }
      }
      return false;
    }

    void release() {
      if (holders.decrementAndGet() == 0) {
        try {
          model.close();
        } finally {
          closed.countDown();
        }
      }
    }
  }

  /**
   * A version in use: it stays open until the lease is closed, whichever version comes meanwhile.
   * May be closed by another thread than took it.
   */
  public static final class Lease implements AutoCloseable {
    private final Served served;
    private final AtomicBoolean ended = new AtomicBoolean();

    private Lease(Served served) {
      this.served = served;
    }

    /**
     * The version's number.
     *
     * @return the number
     */
    public long version() {
      return served.number;
    }

    /**
     * The version's model.
     *
     * @return the model, not to be used after the lease
     */
    public ServedModel model() {
      return served.model;
    }

    /** Gives the version back. Closing once more does nothing. */
    @Override
    public void close() {
      if (ended.compareAndSet(false, true)) {
        served.release();
      }
    }
  }

  private ServedVersions(Path base, Consumer<String> log) {
    this.base = base;
    this.log = log;
  }

  /**
   * Loads the newest whole version, and from now on looks for others.
   *
   * @param base the folder with the versions, {@code BASE/<number>}
   * @param lookEvery how often to look, above 0; a version that is copied there whole takes over at
   *     the second look
   * @param log is told, a sentence each, of every change, and of every version that cannot be
   *     served and why, such as {@code System.err::println}; called by the thread that looks
   * @return the versions, to be closed
   * @throws DataException if there is no version, or none that can be served; the message says of
   *     each why
   * @throws IllegalArgumentException if the time is not above 0
   */
  public static ServedVersions open(Path base, Duration lookEvery, Consumer<String> log) {
    return open(base, lookEvery, log, Set.of(), Map.of());
  }

  /**
   * Loads what {@link #serve} would ask for, and from now on looks for other versions.
   *
   * @param base as above
   * @param lookEvery as above
   * @param log as above
   * @param only numbers of the versions that are served, the largest of them to requests that name
   *     none; all where there are none
   * @param labels names for versions, by which requests may ask for them
   * @return the versions, to be closed
   * @throws DataException as above, and if a version that is named cannot be served
   * @throws IllegalArgumentException if the time is not above 0
   */
  public static ServedVersions open(
      Path base,
      Duration lookEvery,
      Consumer<String> log,
      Set<Long> only,
      Map<String, Long> labels) {
    if (lookEvery.isNegative() || lookEvery.isZero()) {
      throw new IllegalArgumentException(
          "the time between two looks must be above 0, found " + lookEvery);
    }
    ServedVersions versions = new ServedVersions(base, Objects.requireNonNull(log, "log"));
    versions.wish = new Wish(Set.copyOf(only), Map.copyOf(labels));
    try {
      versions.loadFirst();
      versions.loadNamed();
    } catch (RuntimeException | Error e) {
      versions.close();
      throw e;
    }
    Thread thread = new Thread(() -> versions.watch(lookEvery), "vaecf-versions");
    thread.setDaemon(true);
    thread.start();
    return versions;
  }

  /**
   * The number that a version's name stands for.
   *
   * @param name the last part of the path {@code BASE/<number>}
   * @return at least 0; empty if the name is no version number
   */
  public static OptionalLong number(String name) {
    return VersionFolder.number(name);
  }

  /**
   * The version that requests get now.
   *
   * @return its number
   * @throws IllegalStateException if this is closed
   */
  public long version() {
    return answering().number;
  }

  /**
   * The versions that are served now.
   *
   * @return their numbers, the largest first
   * @throws IllegalStateException if this is closed
   */
  public List<Long> served() {
    Set<Long> numbers = new TreeSet<>(Comparator.reverseOrder());
    numbers.add(answering().number);
    numbers.addAll(beside.keySet());
    return List.copyOf(numbers);
  }

  /**
   * The versions that labels stand for now.
   *
   * @return numbers by label, each of a version that is served
   */
  public Map<String, Long> labels() {
    return labels;
  }

  /**
   * Says which versions are to be served from now on. Nothing is given up for it before its
   * successor is there: a label stands for its old version until the new one is loaded, and so does
   * the version that requests get which name none. What cannot be served is said, and tried again
   * when it has changed.
   *
   * @param only numbers of the versions that are served, the largest of them to requests that name
   *     none; where there are none, the newest in the folder, and those of the labels beside it
   * @param labels names for versions, by which requests may ask for them
   */
  public void serve(Set<Long> only, Map<String, Long> labels) {
    synchronized (this) {
      wish = new Wish(Set.copyOf(only), Map.copyOf(labels));
      settle();
    }
  }

  /**
   * How often a version was tried and could not be served, for those who watch over a service.
   *
   * @return a number that never falls
   */
  public long failedLoads() {
    return failedLoads.get();
  }

  private Served answering() {
    Served served = current;
    if (served == null) {
      throw new IllegalStateException("the versions of " + base + " are closed");
    }
    return served;
  }

  /**
   * Answers a request with the current version, which stays open until the request has ended.
   *
   * @param <T> what the request gives
   * @param request what to do with the model; it must not keep it
   * @return what the request gave
   * @throws IllegalStateException if this is closed
   */
  public <T> T answer(Function<ServedModel, T> request) {
    try (Lease lease = lease()) {
      return request.apply(lease.model());
    }
  }

  /**
   * Takes the current version for a request that ends elsewhere than it begins, such as on another
   * thread; {@link #answer} is for all others.
   *
   * @return the version, to be closed when the request has ended: until then its memory is not
   *     given back, and {@link #close} does not end
   * @throws IllegalStateException if this is closed
   */
  public Lease lease() {
    while (true) {
      Served served = answering();
      if (served.tryHold()) {
        return new Lease(served);
      }
      // A version that was retired in between has a successor already.
      Thread.onSpinWait();
    }
  }

  /**
   * Takes a version by its number for a request, as {@link #lease()} takes the current one.
   *
   * @param version its number
   * @return the version, to be closed when the request has ended; empty if it is not served
   * @throws IllegalStateException if this is closed
   */
  public Optional<Lease> lease(long version) {
    while (true) {
      Served served = answering();
      if (served.number != version) {
        served = beside.get(version);
      }
      if (served == null) {
        return Optional.empty();
      }
      if (served.tryHold()) {
        return Optional.of(new Lease(served));
      }
      Thread.onSpinWait();
    }
  }

  private void loadFirst() {
    List<Path> versions =
        Files.isDirectory(base)
            ? VersionFolder.newestFirst(base).stream().filter(wish::allows).toList()
            : List.of();
    if (versions.isEmpty()) {
      throw new DataException(
          wish.only().isEmpty()
              ? base + ": expected a folder with exported versions BASE/<number>, found none"
              : base + ": expected one of the versions " + wish.only() + ", found none");
    }
    List<String> problems = new ArrayList<>();
    for (Path version : versions) {
      FolderState state = FolderState.of(version);
      try {
        take(load(version, state));
      } catch (ChangedMeanwhile e) {
        problems.add(version + ": is being written");
      } catch (RuntimeException e) {
        problems.add(failed(version, state, e));
      }
      if (current != null) {
        for (int i = 0; i < problems.size(); i++) {
          say("version " + versions.get(i).getFileName() + " is passed over: " + problems.get(i));
        }
        current.model.titlesProblem().ifPresent(this::say);
        return;
      }
    }
    throw new DataException(
        problems.size() == 1
            ? problems.get(0)
            : base + ": none of its versions can be served; " + String.join("; ", problems));
  }

  /** Loads what is served beside the first, where somebody waits for it. */
  private void loadNamed() {
    List<Path> versions = VersionFolder.newestFirst(base);
    for (long number : wish.named()) {
      if (number == current.number) {
        continue;
      }
      String who = base + ": version " + number + " is to be served" + forLabels(number);
      Path version =
          folder(versions, number).orElseThrow(() -> new DataException(who + ", but is not there"));
      FolderState state = FolderState.of(version);
      try {
        put(load(version, state));
      } catch (ChangedMeanwhile e) {
        throw new DataException(who + ", but is being written", e);
      } catch (RuntimeException e) {
        throw new DataException(who + ": " + failed(version, state, e), e);
      }
    }
    settle();
  }

  /** Such as " by the label stable"; nothing where no label stands for it. */
  private String forLabels(long number) {
    List<String> names =
        wish.labels().entrySet().stream()
            .filter(label -> label.getValue() == number)
            .map(Map.Entry::getKey)
            .sorted()
            .toList();
    return names.isEmpty() ? "" : " by the label " + String.join(", ", names);
  }

  private static Optional<Path> folder(List<Path> versions, long number) {
    return versions.stream()
        .filter(version -> VersionFolder.number(version).orElseThrow() == number)
        .findFirst();
  }

  /** Serves a version beside the current one. */
  private void put(Served next) {
    Map<Long, Served> all = new HashMap<>(beside);
    Served before = all.put(next.number, next);
    beside = Map.copyOf(all);
    seen.remove(next.folder);
    if (before != null) {
      before.release();
    }
  }

  /**
   * Lets labels stand for what they should, as far as it is served, and gives up what no longer is.
   */
  private void settle() {
    Served answering = current;
    if (answering == null) {
      return;
    }
    Map<String, Long> next = new TreeMap<>();
    wish.labels()
        .forEach(
            (label, number) -> {
              if (number == answering.number || beside.containsKey(number)) {
                next.put(label, number);
              } else if (labels.containsKey(label)) {
                next.put(label, labels.get(label));
              }
            });
    Map<String, Long> before = labels;
    labels = Map.copyOf(next);
    next.forEach(
        (label, number) -> {
          if (before.containsKey(label) && !before.get(label).equals(number)) {
            say("label " + label + " is now version " + number + ", was " + before.get(label));
          }
        });
    Set<Long> wanted = wish.named();
    wanted.addAll(next.values());
    wanted.remove(answering.number);
    Map<Long, Served> kept = new HashMap<>(beside);
    kept.keySet().retainAll(wanted);
    Map<Long, Served> all = beside;
    beside = Map.copyOf(kept);
    all.forEach(
        (number, served) -> {
          if (!kept.containsKey(number)) {
            served.release();
          }
        });
  }

  /** Looks again and again, whatever happens, until this is closed. */
  private void watch(Duration lookEvery) {
    while (true) {
      try {
        if (closing.await(lookEvery.toNanos(), TimeUnit.NANOSECONDS)) {
          return;
        }
        look();
      } catch (InterruptedException e) {
        // Nobody but close() ends this.
      } catch (Throwable e) {
        // No memory now may be memory later.
        trouble(base + ": cannot be looked through (" + e + ")");
      }
    }
  }

  /** Says once what goes wrong at every look. */
  private void trouble(String problem) {
    if (!problem.equals(lastTrouble)) {
      lastTrouble = problem;
      say(problem);
    }
  }

  private void say(String sentence) {
    try {
      log.accept(sentence);
    } catch (RuntimeException e) {
      // The log's own fault; there is nowhere to say it.
    }
  }

  /**
   * Looks through the folder once, and changes over to another version if there is one to change
   * to.
   */
  synchronized void look() {
    Served answering = current;
    if (answering == null) {
      return;
    }
    List<Path> versions;
    try {
      versions = VersionFolder.newestFirst(base);
      lastTrouble = "";
    } catch (DataException e) {
      trouble(e.getMessage());
      return;
    }
    seen.keySet().retainAll(versions);
    Map<Path, Seen> earlier = Map.copyOf(seen);
    lookForNewest(answering, versions.stream().filter(wish::allows).toList(), earlier);
    lookForNamed(versions, earlier);
    settle();
  }

  private void lookForNewest(Served answering, List<Path> versions, Map<Path, Seen> earlier) {
    for (Path version : versions) {
      boolean answers = version.equals(answering.folder);
      FolderState state = FolderState.of(version);
      if (answers && state.equals(answering.state)) {
        seen.remove(version);
        lookAtTitles(answering);
        return;
      }
      boolean ready =
          servedBeside(version, state).isPresent() || isSettled(version, state, earlier);
      if (ready && tryToTake(version, state, versions)) {
        return;
      }
      if (answers) {
        return; // damaged, or about to be deleted: it goes on from memory
      }
    }
  }

  private void lookForNamed(List<Path> versions, Map<Path, Seen> earlier) {
    for (long number : wish.named()) {
      Optional<Path> version = folder(versions, number);
      if (number == current.number || version.isEmpty()) {
        if (version.isEmpty() && number != current.number && !beside.containsKey(number)) {
          if (missing.add(number)) {
            say(base + ": version " + number + forLabels(number) + " is not there");
          }
        }
        continue; // one that is gone goes on from memory
      }
      missing.remove(number);
      FolderState state = FolderState.of(version.get());
      Served there = beside.get(number);
      if (there != null && there.state.equals(state)) {
        seen.remove(version.get());
        lookAtTitles(there);
      } else if (isSettled(version.get(), state, earlier)) {
        try {
          put(load(version.get(), state));
          say("version " + number + " is served too" + forLabels(number));
        } catch (ChangedMeanwhile e) {
          // The next look finds it changed.
        } catch (Throwable e) {
          say(
              "version "
                  + number
                  + forLabels(number)
                  + " cannot be served: "
                  + failed(version.get(), state, e));
        }
      }
    }
  }

  /** Whether a version's files are those of the last look, and were not tried yet. */
  private boolean isSettled(Path version, FolderState state, Map<Path, Seen> earlier) {
    Seen before = earlier.get(version);
    if (before != null && before.state().equals(state)) {
      Seen now = seen.get(version);
      return !before.failed() && (now == null || !now.failed());
    }
    seen.put(version, new Seen(state, false));
    return false;
  }

  /** The version as it is in its folder, where it is served beside the current one. */
  private Optional<Served> servedBeside(Path version, FolderState state) {
    return Optional.ofNullable(beside.get(VersionFolder.number(version).orElseThrow()))
        .filter(there -> there.folder.equals(version) && there.state.equals(state));
  }

  private boolean tryToTake(Path version, FolderState state, List<Path> versions) {
    Served before = current;
    try {
      // One that is served already has one more holder then.
      Optional<Served> there = servedBeside(version, state).filter(Served::tryHold);
      Served next = there.isPresent() ? there.get() : load(version, state);
      boolean stays =
          next.number != before.number
              && (wish.named().contains(before.number) || labels.containsValue(before.number));
      if (stays && before.tryHold()) {
        put(before); // first, so that nobody who asks for it finds it gone
      }
      take(next);
    } catch (ChangedMeanwhile e) {
      return false; // the next look finds it changed
    } catch (Throwable e) {
      String problem = failed(version, state, e);
      say("version " + before.number + " stays: " + problem);
      return false;
    }
    before.release();
    String gone =
        versions.contains(before.folder) ? "" : ", as " + before.folder + " is no longer there";
    say("now version " + current.number + gone);
    current.model.titlesProblem().ifPresent(this::say);
    return true;
  }

  private void take(Served next) {
    current = next;
    seen.remove(next.folder);
  }

  /** Remembers that a version does not load as it is, and gives the reason. */
  private String failed(Path version, FolderState state, Throwable reason) {
    failedLoads.incrementAndGet();
    seen.put(version, new Seen(state, true));
    return reason instanceof DataException
        ? reason.getMessage()
        : version + ": cannot be loaded (" + reason + ")";
  }

  /** A version's files have changed while they were read. */
  private static final class ChangedMeanwhile extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static Served load(Path version, FolderState state) {
    Optional<FileState> titles = FileState.of(ExportFormat.titles(version));
    ServedModel model = ServedModel.loadVersion(version);
    if (!FolderState.of(version).equals(state)) {
      model.close();
      throw new ChangedMeanwhile();
    }
    return new Served(version, state, titles, model);
  }

  /** Takes titles that came, or changed, later; those that it has stay where there are none. */
  private void lookAtTitles(Served served) {
    Path file = ExportFormat.titles(served.folder);
    Optional<FileState> state = FileState.of(file);
    if (state.isEmpty() || state.equals(served.titles)) {
      return;
    }
    served.titles = state;
    Titles.Known titles = Titles.read(file);
    if (titles.problem().isPresent()) {
      say("the titles of version " + served.number + " stay: " + titles.problem().get());
    } else {
      served.model.retitle(titles.byId());
      say("new titles for version " + served.number);
    }
  }

  /** Waits for the requests that have begun, and gives the native memory back. */
  @Override
  public void close() {
    closing.countDown();
    Set<Served> last = new HashSet<>();
    synchronized (this) {
      if (current == null) {
        return;
      }
      last.add(current);
      last.addAll(beside.values());
      current.release();
      beside.values().forEach(Served::release);
      current = null;
      beside = Map.of();
    }
    boolean interrupted = false;
    for (Served one : last) {
      while (one.closed.getCount() > 0) {
        try {
          one.closed.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
