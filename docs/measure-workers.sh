#!/usr/bin/env bash
# Trains by one process and by two that train together, with the same number of cores in all, and prints a
# step's time, users a second, and how long the two take to sum 24 million floats. On an otherwise idle machine:
#
#   docs/measure-workers.sh DATA
#
#   DATA     a prepared folder, such as of `vaecf generate --shape ml-20m`
#   MODEL    default vae
#   STEPS    default 40
#   BATCHES  default "500 2000 8000"
#   CORES    default 2: one process has them all, each of two has half
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { echo 'usage: docs/measure-workers.sh DATA' >&2; exit 2; }
data=$(realpath "$1")
cores=${CORES:-2}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$home/vaecf" --version >/dev/null # builds it where that is needed
libraries="$home/vaecf-cli/target/vaecf.jar:$home/vaecf-cli/target/lib/*"
javac -cp "$libraries" -d "$folder" "$home/docs/Workers.java"
run=(java -XX:+UseSerialGC -Xmx3g -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$folder:$libraries"
  io.github.vaecf.core.training.Workers)
common=("$data" "${MODEL:-vae}" "${STEPS:-40}")
for batch in ${BATCHES:-500 2000 8000}; do
  echo "batch $batch, one process, $cores threads: $("${run[@]}" alone "$batch" "$cores" "${common[@]}" 2>/dev/null)"
  echo "batch $((batch / 2)), one process, $((cores / 2)) threads: $("${run[@]}" alone "$((batch / 2))" "$((cores / 2))" "${common[@]}" 2>/dev/null)"
  read -ra addresses < <("${run[@]}" ports 2)
  "${run[@]}" 1 "$batch" "$((cores / 2))" "${common[@]}" "${addresses[@]}" >/dev/null 2>&1 &
  "${run[@]}" 0 "$batch" "$((cores / 2))" "${common[@]}" "${addresses[@]}" 2>/dev/null | sed "s/^/batch $batch, two processes, $((cores / 2)) threads each: /"
  wait
done
