#!/usr/bin/env bash
# Goes the whole way with made-up logs of large catalogues: generate, prepare, one epoch of training on a part of the
# catalogue, evaluate, export with an index, serve; prints a row for each with its time and the most memory that was
# resident, and draws both over the number of items. On an otherwise idle machine:
#
#   docs/measure-large.sh OUT [FOLDER]
#
#   OUT      the folder for large.tsv and large.svg; rows of earlier shapes in it are kept
#   FOLDER   where data and models go (9 GB at a million items), emptied for each shape; default a new one, removed at the end
#   SHAPES   USERSxITEMSxEVENTS, default "50000x50000x2500000 200000x200000x10000000 1000000x1000000x50000000"
#   LATENT   of Mult-VAE without hidden layers, default 200
#   SAMPLED  items that a step draws, default 2000
#   BATCH    users a step, default 500
#   HELDOUT  users for validation, and as many for test, default 2000
#   REQUESTS to the server before its memory is read, default 200
#   PORT     default 18502
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { echo 'usage: docs/measure-large.sh OUT [FOLDER]' >&2; exit 2; }
mkdir -p "$1"
out=$(realpath "$1")
[ $# -lt 2 ] || mkdir -p "$2"
folder=$(realpath "${2:-$(mktemp -d)}")
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ "$1" -ge 2 ] || rm -rf "$folder"
}
trap 'cleanup $#' EXIT
vaecf=${VAECF:-$home/vaecf}
latent=${LATENT:-200}
port=${PORT:-18502}
table=$out/large.tsv
"$vaecf" --version >/dev/null # builds it where that is needed
[ -f "$table" ] || printf 'users\titems\tevents\tlatent\tcommand\tseconds\tcpu_seconds\tpeak_mb\n' >"$table"

row() { # COMMAND SECONDS CPU KILOBYTES
  awk -v OFS='\t' -v u="$users" -v i="$items" -v e="$events" -v l="$latent" -v c="$1" -v s="$2" -v cpu="$3" -v k="$4" \
    'BEGIN { print u, i, e, l, c, s, cpu, sprintf("%.0f", k * 1.024e-3) }' | tee -a "$table"
}

measured() { # COMMAND ARGUMENT...: runs it, its output beside the table
  local log=$out/$shape-$1.log measures
  if ! /usr/bin/time -q -o "$folder/time" -f '%e %U %S %M' "$vaecf" "$@" >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  read -r -a measures <"$folder/time"
  row "$1" "${measures[0]}" "$(awk -v a="${measures[1]}" -v b="${measures[2]}" 'BEGIN { print a + b }')" "${measures[3]}"
}

for shape in ${SHAPES:-50000x50000x2500000 200000x200000x10000000 1000000x1000000x50000000}; do
  IFS=x read -r users items events <<<"$shape"
  rm -rf "$folder"/{raw,data,run,models}
  measured generate --shape "$shape" --raw --out "$folder/raw"
  measured prepare --input "$folder/raw/ratings.csv" --min-rating 0.5 --heldout-users "${HELDOUT:-2000}" --out "$folder/data"
  rm -rf "$folder/raw"
  measured train --data "$folder/data" --model vae --hidden 0 --latent "$latent" --items-per-step "${SAMPLED:-2000}" \
    --batch-size "${BATCH:-500}" --epochs 1 --learning-rate 0.004 --checkpoint-epochs 0 --out "$folder/run"
  measured evaluate --data "$folder/data" --model "$folder/run"
  measured export --run "$folder/run" --index always --out "$folder/models/large/1"

  awk -F, -v most="${REQUESTS:-200}" '
    FILENAME == ARGV[1] { id[FNR - 1] = $1; next }
    FNR == 1 { next }
    $1 != user { if (line != "") print line; line = ""; user = $1; if (users++ == most) exit }
    { line = line (line == "" ? "" : ",") "\"" id[$2] "\"" }' "$folder/data/unique_sid.txt" "$folder/data/test_tr.csv" >"$folder/requests"
  start=$(date +%s%N)
  "$vaecf" serve --model "$folder/models/large" --port "$port" >"$out/$shape-serve.log" 2>&1 &
  server=$!
  url=http://127.0.0.1:$port/v1/models/large:predict
  ready=
  while read -r items_of_user; do
    until curl -sf -o "$folder/answer" -d "{\"instances\": [{\"items\": [$items_of_user]}]}" "$url"; do
      kill -0 "$server" || { cat "$out/$shape-serve.log" >&2; exit 1; }
      sleep 0.05
    done
    [ -n "$ready" ] || ready=$(date +%s%N)
  done <"$folder/requests"
  row serve "$(awk -v ns=$((ready - start)) 'BEGIN { printf "%.2f", ns / 1e9 }')" \
    "$(awk -v h="$(getconf CLK_TCK)" '{ print ($14 + $15) / h }' "/proc/$server/stat")" "$(awk '/VmHWM/ { print $2 }' "/proc/$server/status")"
  kill "$server"
  wait "$server" || true
  server=
done
python3 "$home/docs/large.py" "$table" >"$out/large.svg" || echo 'no picture: python3 draws it' >&2
