package io.github.vaecf.spark;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * What a worker is told.
 *
 * @param model the model's name
 * @param settings values by their names, as a person writes them
 * @param metric what the best epoch is chosen by; empty for none
 * @param data the prepared folder
 * @param run the run folder
 * @param resume whether that holds a run to go on from
 * @param checkpointMillis time between two checkpoints
 * @param limitMillis how long workers wait for each other
 * @param javaOptions of the process
 * @param addresses of all workers; none before they are known
 * @param rank which of them this is
 */
record WorkerOrder(
    String model,
    Map<String, String> settings,
    String metric,
    String data,
    String run,
    boolean resume,
    long checkpointMillis,
    long limitMillis,
    List<String> javaOptions,
    List<String> addresses,
    int rank)
    implements Serializable {

  /** The same for one of the workers. */
  WorkerOrder of(List<String> all, int one, boolean goOn) {
    return new WorkerOrder(
        model,
        settings,
        metric,
        data,
        run,
        goOn,
        checkpointMillis,
        limitMillis,
        javaOptions,
        all,
        one);
  }
}
