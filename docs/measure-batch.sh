#!/usr/bin/env bash
# Recommends to a million made-up users, to Parquet, and measures it beside the ranking of `benchmark`
# in the same run; then kills such a run in the middle and looks for what it left. On an otherwise idle
# machine:
#
#   docs/measure-batch.sh [FOLDER]
#
#   FOLDER  where data, model and files go (3 GB); default a new one under /tmp, removed at the end
#   USERS   default 1000000
#   ITEMS   default 20108
#   EVENTS  default 50000000
#   MODEL   default dae; trained for one epoch on a tenth of the users
#   TOP_K   default 100
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
users=${USERS:-1000000}
items=${ITEMS:-20108}
events=${EVENTS:-50000000}
model=${MODEL:-dae}
k=${TOP_K:-100}
[ $# -lt 1 ] || mkdir -p "$1"
folder=$(realpath "${1:-$(mktemp -d)}")
trap '[ $# -ge 1 ] || rm -rf "$folder"' EXIT

vaecf=$home/vaecf
[ -d "$folder/few" ] || "$vaecf" generate --shape "$((users / 10))x${items}x$((events / 10))" --out "$folder/few" >"$folder/few.log"
[ -d "$folder/all" ] || "$vaecf" generate --shape "${users}x${items}x$events" --heldout-users 1000 --seed 2 --out "$folder/all" >"$folder/all.log"
[ -d "$folder/run" ] || "$vaecf" train --data "$folder/few" --model "$model" --epochs 1 --out "$folder/run" >"$folder/train.log" 2>&1

ranking() { # users/s that the evaluation ranks
  "$vaecf" benchmark --data "$folder/few" --model "$model" --steps 5 --json - 2>/dev/null |
    tr -d '\n' | sed -n 's/.*"evaluation" *: *{[^}]*"users_per_second" *: *\([0-9.]*\).*/\1/p'
}
before=$(ranking)
/usr/bin/time -o "$folder/time" -f '%e %M' "$vaecf" recommend --model "$folder/run" --data "$folder/all" --all -k "$k" \
  --out "$folder/all.parquet" >"$folder/batch.log" 2>&1
after=$(ranking)
read -r seconds memory <"$folder/time"
awk -v users="$users" -v items="$items" -v k="$k" -v model="$model" -v cores="$(nproc)" -v s="$seconds" -v m="$memory" \
  -v before="$before" -v after="$after" -v bytes="$(stat -c %s "$folder/all.parquet")" 'BEGIN {
    printf "%d users x %d items (SYNTHETIC), %s, top %d, %d cores\n", users, items, model, k, cores
    printf "benchmark ranks %.0f and %.0f users/s before and after\n", before, after
    printf "to Parquet (%.0f MB): %.0f s from start to end, %.0f users/s, %.2f of the ranking; peak memory %.0f MiB\n", \
      bytes / 1e6, s, users / s, users / s / ((before + after) / 2), m / 1024 }'

# Killed in the middle: what was there stays, and nothing that one could take for whole is left beside it.
before=$(sha256sum <"$folder/all.parquet")
"$vaecf" recommend --model "$folder/run" --data "$folder/all" --all -k "$k" --out "$folder/all.parquet" >"$folder/killed.log" 2>&1 &
sleep "$(awk -v s="$seconds" 'BEGIN { print s / 4 }')"
kill -9 $!
wait $! 2>/dev/null || true
[ "$before" = "$(sha256sum <"$folder/all.parquet")" ] && echo 'killed in the middle: the file of the run before is untouched'
"$vaecf" recommend --model "$folder/run" --data "$folder/all" --all -k "$k" --out "$folder/new.parquet" >"$folder/killed.log" 2>&1 &
sleep "$(awk -v s="$seconds" 'BEGIN { print s / 4 }')"
kill -9 $!
wait $! 2>/dev/null || true
[ ! -e "$folder/new.parquet" ] && echo 'killed in the middle: there is no file under the new name; beside it:' && ls "$folder"
