#!/usr/bin/env bash
# Lets many clients ask `vaecf serve`, with a small heap, for the scores of all items and take a byte of
# the answer now and then, and counts what others lose meanwhile.
#
#   docs/measure-slow-readers.sh [FOLDER]
#
#   FOLDER       where data, model and log go; default a new one under /tmp, removed at the end
#   SHAPE        USERSxITEMSxEVENTS of the made-up data; default 2000x100000x300000
#   HEAP         of the server; default 512m
#   READERS      connections that take no answer; default 120
#   ROWS         that each of them asks for; default 10, the most that 1,000,000 values allow
#   SECONDS_EACH how long; default 90, so that readers are cut off twice and come again
#   PORT         default 18502
#
# Exits with 1 if others lost anything.
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
port=${PORT:-18502}
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
[ -d "$folder/data" ] || "$vaecf" generate --shape "${SHAPE:-2000x100000x300000}" --out "$folder/data"
if [ ! -d "$folder/models/made-up/1" ]; then
  "$vaecf" train --data "$folder/data" --model vae --out "$folder/run" --epochs 1
  "$vaecf" export --run "$folder/run" --out "$folder/models/made-up/1"
fi

VAECF_JAVA_OPTS="-Xmx${HEAP:-512m} -XX:+ExitOnOutOfMemoryError" \
  "$vaecf" serve --model "$folder/models/made-up" --port "$port" >"$folder/serve.log" 2>&1 &
server=$!
until grep -q '^Serving' "$folder/serve.log"; do
  kill -0 "$server" || { cat "$folder/serve.log" >&2; exit 1; }
  sleep 0.2
done

java "$home/docs/SlowReaders.java" "http://127.0.0.1:$port/v1/models/made-up" \
  "${READERS:-120}" "${ROWS:-10}" "${SECONDS_EACH:-90}" | tee "$folder/result"
SECONDS=0
kill "$server"
wait "$server" || true
server=
echo "the server ended $SECONDS s after SIGTERM"
grep -v '^Serving' "$folder/serve.log" || true
grep -q ' lost 0,' "$folder/result"
