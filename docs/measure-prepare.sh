#!/usr/bin/env bash
# Times `vaecf prepare` beside the published preprocessing in Python on the same made-up ratings, and
# compares the seven files. On an otherwise idle machine:
#
#   docs/measure-prepare.sh PREPARE_PY [FOLDER]
#
#   PREPARE_PY  the preprocessing in pandas: called with RATINGS_CSV OUT_DIR HELDOUT_USERS
#   FOLDER      where ratings and results go (4 GB); default a new one under /tmp, removed at the end
#   PYTHON      which Python, with numpy and pandas; default python3
#   SHAPE       USERSxITEMSxEVENTS; default that of MovieLens 20M, 138493x26744x20000263
#   HELDOUT     users held out twice; default 10000
#   RUNS        how often each is run; default 3, the fastest counts
set -euo pipefail

prepare_py=$(realpath "${1:?the path of prepare.py}")
home=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
shape=${SHAPE:-138493x26744x20000263}
heldout=${HELDOUT:-10000}
runs=${RUNS:-3}
if [ $# -ge 2 ]; then
  folder=$2
  mkdir -p "$folder"
else
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi

ratings=$folder/raw/ratings.csv
[ -f "$ratings" ] || "$home/vaecf" generate --shape "$shape" --raw --out "$folder/raw"

# Runs a command $runs times into a fresh folder; says the least seconds and the most MiB of memory.
measure() {
  local name=$1 out=$2
  shift 2
  for _ in $(seq "$runs"); do
    rm -rf "$out"
    /usr/bin/time -a -o "$folder/$name.times" -f '%e %M' "$@" >"$folder/$name.log"
  done
  awk -v name="$name" '
    NR == 1 || $1 < seconds { seconds = $1 }
    $2 > memory { memory = $2 }
    END { printf "%-8s %7.2f s  %6.0f MiB\n", name, seconds, memory / 1024 }' "$folder/$name.times"
}

rm -f "$folder"/*.times
printf '%s ratings (SYNTHETIC), %s cores, fastest of %s\n' "$(($(wc -l <"$ratings") - 1))" "$(nproc)" "$runs"
measure vaecf "$folder/vaecf" \
  "$home/vaecf" prepare --format csv --input "$ratings" --heldout-users "$heldout" --out "$folder/vaecf"
measure python "$folder/python" \
  env OMP_WAIT_POLICY=PASSIVE "$python" "$prepare_py" "$ratings" "$folder/python" "$heldout"
awk 'NR == FNR { if (!a || $1 < a) a = $1; next } { if (!b || $1 < b) b = $1 }
  END { printf "vaecf is %.1f times as fast\n", b / a }' "$folder/vaecf.times" "$folder/python.times"
for file in train validation_tr validation_te test_tr test_te; do
  cmp "$folder/vaecf/$file.csv" "$folder/python/$file.csv"
done
for file in unique_sid unique_uid; do
  cmp "$folder/vaecf/$file.txt" "$folder/python/$file.txt"
done
echo 'the seven files are the same'
