#!/usr/bin/env bash
# Loads `vaecf serve` with many connections at once, changes the version in the middle, and prints
# errors, requests a second, p50 and p99; then the same by gRPC; then one user at a time by REST, by
# gRPC and in process, with the machine's floor beside them. On an otherwise idle machine:
#
#   docs/measure-serve.sh [FOLDER]
#
#   FOLDER       where data, model and results go; default a new one under /tmp, removed at the end
#   SHAPE        USERSxITEMSxEVENTS of the made-up data; default 5000x20108x340000, the catalogue of
#                MovieLens 20M
#   CONNECTIONS  kept open, each with one request at a time; default 1000
#   SECONDS_EACH how long; default 60
#   PORT         default 18501; gRPC has the one below it
#
# Needs wrk (Debian: apt-get install wrk). The model is trained for one epoch: how good it is does not
# matter here. wrk, and what calls by gRPC, run on the same machine and take their share of it.
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
shape=${SHAPE:-5000x20108x340000}
connections=${CONNECTIONS:-1000}
seconds=${SECONDS_EACH:-60}
port=${PORT:-18501}
command -v wrk >/dev/null || { echo 'wrk is not installed' >&2; exit 1; }
ulimit -n 8192
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
[ -d "$folder/data" ] || "$vaecf" generate --shape "$shape" --out "$folder/data"
if [ ! -d "$folder/run" ]; then
  "$vaecf" train --data "$folder/data" --model vae --out "$folder/run" --epochs 1
fi
rm -rf "$folder/models"
"$vaecf" export --run "$folder/run" --out "$folder/models/made-up/1"

# A few hundred different histories of 20 to 116 items, 68 on average.
awk -v seed=1 '
  { id[NR] = $0 }
  END {
    srand(seed)
    print "local bodies = {"
    for (user = 0; user < 300; user++) {
      row = ""
      for (i = 20 + int(97 * rand()); i > 0; i--) row = row "\\\"" id[1 + int(NR * rand())] "\\\"" (i > 1 ? "," : "")
      print "\"{\\\"instances\\\":[{\\\"items\\\":[" row "]}]}\","
    }
    print "}"
  }' "$folder/data/unique_sid.txt" >"$folder/load.lua"
cat >>"$folder/load.lua" <<'LUA'
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[n])
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    "%d answers in %.1f s, %.0f requests/s, p50 %.0f ms, p99 %.0f ms, longest %.0f ms\n",
    summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
  io.write(string.format(
    "errors: connect %d, read %d, write %d, timeout %d, status other than 2xx %d\n",
    e.connect, e.read, e.write, e.timeout, e.status))
end
LUA

"$vaecf" serve --model "$folder/models/made-up" --port "$port" --grpc-port "$((port - 1))" --refresh 1 >"$folder/serve.log" 2>&1 &
server=$!
until grep -q '^Serving' "$folder/serve.log"; do
  kill -0 "$server" || { cat "$folder/serve.log" >&2; exit 1; }
  sleep 0.2
done
url=http://127.0.0.1:$port
load() {
  wrk -t 1 -c "$1" -d "$2s" --timeout 30s -s "$folder/load.lua" "$url/v1/models/made-up:predict"
}
grpc() {
  java -cp "$home/vaecf-cli/target/lib/*" "$home/docs/GrpcLoad.java" \
    "$((port - 1))" made-up "$folder/data/unique_sid.txt" "$1" "$2"
}
load 8 5 >/dev/null # to warm up
grpc 8 5 >/dev/null

echo "$connections connections for $seconds s, a new version after half of it ($(nproc) cores, shared with wrk):"
(
  sleep $((seconds / 2))
  cp -r "$folder/models/made-up/1" "$folder/models/made-up/.copying"
  mv "$folder/models/made-up/.copying" "$folder/models/made-up/2"
) &
load "$connections" "$seconds" | tail -n 2
wait $!
curl -sf "$url/v1/models/made-up" | grep -q '"version":"2"' && echo 'version 2 took over'
curl -s "$url/metrics" | awk '
  /^vaecf_batch_rows_count/ { batches += $2 } /^vaecf_batch_rows_sum/ { rows += $2 }
  /^vaecf_batch_seconds_sum/ { busy += $2 }
  END { printf "%.0f rows a batch, %.1f ms a batch\n", rows / batches, 1e3 * busy / batches }'
sleep 3 # what wrk left waiting when its time was up is still answered
echo "$connections calls at a time by gRPC for $seconds s:"
grpc "$connections" "$seconds"
sleep 3
echo 'one user at a time, by REST, by gRPC and in process:'
load 1 10 | tail -n 2 | head -n 1
grpc 1 10 | head -n 1
kill "$server"
wait "$server" || true
server=
grep '^vaecf' "$folder/serve.log" || true
HISTORY=68 "$home/docs/measure-blend.sh" "$folder/models/made-up/1"

echo 'the floor (decoder read once for a user; one product for a batch of 500):'
"$vaecf" benchmark --data "$folder/data" --steps 2 | grep -E '^(evaluation|recommendation)'
