#!/usr/bin/env bash
# Prints how large the forms are in which an export is served, how long they take from `java -jar` to the first answer,
# cold and warm, and what memory they hold after many requests; then what a start is made of, and the launcher's times.
# On an otherwise idle machine, after `mvn -B -Prelease package -pl vaecf-cli -am -DskipTests`:
#
#   docs/measure-start.sh [FOLDER]
#
#   FOLDER     where data, model and exports go; default a new one under /tmp, removed at the end
#   SHAPE      USERSxITEMSxEVENTS of the made-up data; default 5000x20108x340000, the catalogue of MovieLens 20M
#   REQUESTS   before the memory is read; default 10000
#   REPEATS    of each warm start, of which the median is printed; default 5
#   PORT       default 18501
#
# Cold: the first start after the jar, the model and the unpacked libraries were dropped from the page cache, which only root
# can (without, only what was unpacked is removed).
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
shape=${SHAPE:-5000x20108x340000}
requests=${REQUESTS:-10000}
repeats=${REPEATS:-5}
port=${PORT:-18501}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
target=$home/vaecf-cli/target
[ -f "$target/vaecf-server.jar" ] || { echo "no $target/vaecf-server.jar; mvn -B -Prelease package -pl vaecf-cli -am -DskipTests" >&2; exit 1; }
if [ $# -ge 1 ]; then
  folder=$1
  mkdir -p "$folder"
else
  folder=$(mktemp -d)
fi
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ $# -ge 1 ] || rm -rf "$folder"
}
trap 'cleanup "$@"' EXIT

vaecf=$home/vaecf
[ -d "$folder/data" ] || "$vaecf" generate --shape "$shape" --out "$folder/data" >&2
[ -d "$folder/run" ] || "$vaecf" train --data "$folder/data" --model vae --out "$folder/run" --epochs 1 >&2
[ -d "$folder/saved/m" ] || "$vaecf" export --run "$folder/run" --out "$folder/saved/m/1" >&2
[ -d "$folder/onnx/m" ] || "$vaecf" export --run "$folder/run" --format onnx --out "$folder/onnx/m/1" >&2
rm -rf "$folder/natives"
mkdir -p "$folder/natives"

body='{"instances": [{"items": ["'$(head -n 30 "$folder/data/unique_sid.txt" | paste -sd, | sed 's/,/","/g')'"]}]}'
url=http://127.0.0.1:$port/v1/models/m:predict
now() { date +%s%N; }

# start JAR MODEL JVMOPTION...: sets $ms, the time until the first answer was there.
start() {
  local jar=$1 model=$2 begin
  shift 2
  begin=$(now)
  "$java" -XX:+UseSerialGC -XX:MaxRAMPercentage=50 -Dorg.bytedeco.javacpp.cachedir="$folder/natives" "$@" \
    -jar "$jar" --model "$model" --port "$port" >"$folder/serve.log" 2>&1 &
  server=$!
  until curl -sf -o "$folder/answer" -d "$body" "$url"; do
    kill -0 "$server" || { cat "$folder/serve.log" >&2; exit 1; }
    sleep 0.01
  done
  ms=$((($(now) - begin) / 1000000))
}
stop() {
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
}
median() { sort -n | awk '{ all[NR] = $1 } END { printf "%.2f", all[int((NR + 1) / 2)] / 1000 }'; }
# warm JAR MODEL JVMOPTION...: the median of some starts, in seconds.
warm() {
  for _ in $(seq "$repeats"); do
    start "$@" >&2
    stop
    echo "$ms"
  done | median
}
kb() { awk -v name="$1:" '$1 == name { print int($2 / 1024) }' "/proc/$server/status"; }

echo "$("$java" -version 2>&1 | sed -n '1s/.*version //p'), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg)"
echo
echo '| form | jar | model | cold, s | warm, s | warm with shared classes, s | memory after '"$requests"' requests |'
echo '|---|--:|--:|--:|--:|--:|--:|'
for form in server:saved server:onnx server-onnx:onnx; do
  jar=$target/vaecf-${form%:*}.jar
  model=$folder/${form#*:}/m
  rm -rf "$folder/natives" "$folder/shared.jsa"
  { sync && echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null || true
  start "$jar" "$model" && stop
  cold=$ms
  plain=$(warm "$jar" "$model")
  # Lays the classes down when it ends.
  start "$jar" "$model" -XX:ArchiveClassesAtExit="$folder/shared.jsa" -Xlog:disable && stop
  shared=$(warm "$jar" "$model" -XX:SharedArchiveFile="$folder/shared.jsa")
  start "$jar" "$model"
  # One connection, one request after the other.
  curl -sf -o /dev/null -d "$body" "$url?[1-$requests]"
  memory="$(kb VmRSS) MB, at most $(kb VmHWM) MB"
  stop
  printf '| %s | %s MB | %s MB | %s | %s | %s | %s |\n' "vaecf-${form%:*}.jar, ${form#*:}" \
    "$(($(stat -c %s "$jar") / 1000000))" "$(du -sLBM "$model" | sed 's/M.*//')" \
    "$(echo "$cold" | median)" "$plain" "$shared" "$memory"
done

echo
echo 'What a warm start is made of, ms since the JVM began (Java log of classes; first class of each part):'
for form in server:saved server-onnx:onnx; do
  start "$target/vaecf-${form%:*}.jar" "$folder/${form#*:}/m" -Xlog:class+load:file="$folder/classes.log":uptime
  stop
  awk -v form="vaecf-${form%:*}.jar, ${form#*:}" -v ms="$ms" '
    function at(name) { return name in first ? int(first[name] * 1000) : "-" }
    { sub(/s\].*/, "", $1); sub(/\[/, "", $1) }
    function see(name, pattern) { if (!(name in first) && $2 ~ pattern) first[name] = $1 }
    { see("main", "^io.github.vaecf.cli.ServerMain$"); see("options", "^io.github.vaecf.cli.ServeCommand$")
      see("open", "^io.github.vaecf.eval.export.ServedVersions$")
      see("natives", "^ai.onnxruntime.OnnxRuntime$|^org.bytedeco.javacpp.Loader$")
      see("loaded", "^io.github.vaecf.eval.export.WarmupRequests$")
      see("http", "^org.eclipse.jetty.util.thread.QueuedThreadPool$"); see("request", "^io.github.vaecf.server.PredictRequest$") }
    END {
      printf "%s: main %s, options %s, versions %s, natives %s, model loaded %s, HTTP %s, first request %s, answered %s; %d classes\n",
        form, at("main"), at("options"), at("open"), at("natives"), at("loaded"), at("http"), at("request"), ms, NR
    }' "$folder/classes.log"
done

echo
echo "The launcher, medians of $repeats, s:"
timed() {
  local name=$1
  shift
  "$@" >/dev/null 2>&1
  local with without
  with=$(for _ in $(seq "$repeats"); do begin=$(now); "$@" >/dev/null; echo $((($(now) - begin) / 1000000)); done | median)
  without=$(export VAECF_JAVA_OPTS=-Xshare:auto; for _ in $(seq "$repeats"); do begin=$(now); "$@" >/dev/null; echo $((($(now) - begin) / 1000000)); done | median)
  echo "$name: $with, without shared classes $without"
}
timed '--help' "$vaecf" --help
timed 'recommend, ONNX file' "$vaecf" recommend --model "$folder/onnx/m" --items 1,2 -k 3
timed 'recommend, SavedModel' "$vaecf" recommend --model "$folder/saved/m" --items 1,2 -k 3
