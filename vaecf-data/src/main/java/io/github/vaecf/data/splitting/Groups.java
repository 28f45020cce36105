package io.github.vaecf.data.splitting;

/** Numbers 0 … n − 1 grouped by a key that each has; within a group they ascend. */
final class Groups {
  private final int[] starts;
  private final int[] members;

  private Groups(int[] starts, int[] members) {
    this.starts = starts;
    this.members = members;
  }

  /**
   * Groups by keys.
   *
   * @param keys the key of each number; a negative one belongs to no group
   * @param keyCount keys are less than this
   */
  static Groups of(int[] keys, int keyCount) {
    int[] starts = new int[keyCount + 1];
    for (int key : keys) {
      if (key >= 0) {
        starts[key + 1]++;
      }
    }
    for (int key = 0; key < keyCount; key++) {
      starts[key + 1] += starts[key];
    }
    int[] members = new int[starts[keyCount]];
    int[] next = starts.clone();
    for (int i = 0; i < keys.length; i++) {
      if (keys[i] >= 0) {
        members[next[keys[i]]++] = i;
      }
    }
    return new Groups(starts, members);
  }

  int size(int key) {
    return starts[key + 1] - starts[key];
  }

  int member(int key, int place) {
    return members[starts[key] + place];
  }
}
