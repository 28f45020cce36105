#!/usr/bin/env bash
# Writes down which classes the help, `prepare`, `train`, `recommend` and `serve` load, the latter by SavedModels and by ONNX files:
# vaecf-cli/src/assembly/start-classes.txt, from which ./vaecf makes the file that it starts faster with. To be run now and
# then; a list that is behind the code costs speed only.
#
#   docs/start-classes.sh BASE ONNX PARQUET
#
#   BASE, ONNX   base folders of the same model, with versions that are SavedModels and ONNX files
#   PARQUET      a file of ratings, of at least 200 users
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
saved=$1
onnx=$2
parquet=$3
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT

number=0
record() {
  number=$((number + 1))
  VAECF_JAVA_OPTS="-XX:DumpLoadedClassList=$folder/$number.list -Xshare:auto" "$home/vaecf" "$@" >"$folder/out"
}
record --help
record serve --help
record generate --shape 300x200x9000 --raw --out "$folder/raw"
record prepare --input "$folder/raw/ratings.csv" --out "$folder/data" --heldout-users 50
record prepare --sql "SELECT userId AS user_id, movieId AS item_id, rating AS stars FROM '$folder/raw/ratings.csv'" --out "$folder/sql" --heldout-users 50
record prepare --input "$parquet" --out "$folder/parquet" --heldout-users 50
record train --data "$folder/data" --model vae --epochs 1 --out "$folder/run"
for model in "$saved" "$onnx"; do
  record recommend --model "$model" --items 1 -k 3
  record serve --model "$model" --name m --port 18731 --grpc-port 18730 &
  server=$!
  for _ in $(seq 100); do
    curl -sf -d '{"instances": [{"items": ["1"]}]}' http://127.0.0.1:18731/v1/models/m:predict >/dev/null && break
    sleep 0.2
  done
  kill "$(pgrep -P "$server" || echo "$server")"
  wait "$server" || true
  server=
  number=$((number + 1))
done
# Of classes that are made at run time the list has a way to make them again; the numbers say nothing without loaders of ours.
cat "$folder"/*.list | grep -v '^#' | sed 's/ id: [0-9]*$//' | LC_ALL=C sort -u >"$folder/all"
mv "$folder/all" "$home/vaecf-cli/src/assembly/start-classes.txt"
wc -l "$home/vaecf-cli/src/assembly/start-classes.txt"
