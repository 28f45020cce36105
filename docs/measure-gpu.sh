#!/usr/bin/env bash
# Measures training on a GPU: 200 steps at batch 500 and 24,576 on data of ML-20M's shape, in float32
# and in TF32, with their floors, what runs on which device, the most memory; PyTorch on the same card
# where there is one; and that a training there comes to what one on the CPU comes to, and its export
# answers on the CPU as the run does. What fails is said, and the rest goes on. Prints a table.
#
#   docs/measure-gpu.sh OUT
#
#   OUT      a new folder, for figures.jsonl (a line of JSON a measurement) and all logs
#   VAECF    the command line; default: the vaecf beside this folder, with VAECF_NATIVES=cuda
#   PYTHON   a Python with PyTorch to time beside it; default: none
#   DATA     a prepared folder; default: one of ML-20M's shape is made up
#   SAMPLE   a small prepared folder to train on to the end; default: one is made up
#   STEPS    default 200
#   DEVICE   default gpu; cpu tries all this without one
#   ONLY     which parts, of "steps torch training"; default: all
set -uo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
[ $# -eq 1 ] || { echo 'usage: docs/measure-gpu.sh OUT' >&2; exit 2; }
out=$1
mkdir "$out" || exit 2
out=$(cd "$out" && pwd)
: "${DEVICE:=gpu}" "${VAECF:=$home/vaecf}" "${STEPS:=200}" "${ONLY:=steps torch training}" "${DATA:=$out/data}" "${SAMPLE:=$out/sample}"
export VAECF_NATIVES=${VAECF_NATIVES:-cuda}
figures=$out/figures.jsonl
: >"$figures"

say() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

# Runs a command with its output in a log; where it fails, says so with the log's end.
try() {
  local name=$1
  shift
  "$@" >"$out/$name.log" 2>&1 && return 0
  printf 'FAILED: %s: %s\n' "$name" "$*"
  tail -n 15 "$out/$name.log"
  return 1
}

memory_in_use() { nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits | head -n 1; }

# The most memory of the GPU in use while a command runs, in MiB, into a file.
watched() {
  local file=$1 most=0 used watcher
  shift
  (while used=$(memory_in_use); do
    [ "$used" -gt "$most" ] && most=$used && echo "$most" >"$file"
    sleep 0.2
  done) &
  watcher=$!
  "$@"
  local status=$?
  kill "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  return $status
}

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || echo 'FAILED: nvidia-smi'
card=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -n 1)
[ -d "$DATA" ] || { say 'data of the shape of ML-20M'; try generate "$VAECF" generate --shape ml-20m --out "$DATA"; }

case " $ONLY " in *' steps '*)
  for batch in 500 24576; do
    for tf32 in 0 1; do
      name=steps-$batch-tf32-$tf32
      say "$STEPS steps, batch $batch, TF32 $tf32"
      NVIDIA_TF32_OVERRIDE=$tf32 watched "$out/$name.memory" try "$name" "$VAECF" benchmark --data "$DATA" --device "$DEVICE" \
        --batch-size $batch --steps "$STEPS" --operations 14 --json "$out/$name.json" || continue
      grep -v -E '^ *[0-9.]+ ms |^read |WARNING|I0000' "$out/$name.log" | grep -E '^(training|evaluation|recommendation|operations|  )'
      printf '{"card":"%s","program":"vaecf","batch":%s,"tf32":%s,"memory_mebibytes":%s,"figures":%s}\n' "$card" $batch $tf32 \
        "$(cat "$out/$name.memory" 2>/dev/null || echo null)" "$(tr -d '\n' <"$out/$name.json")" >>"$figures"
    done
  done ;;
esac

case " $ONLY " in *' torch '*)
  if [ -n "${PYTHON:-}" ]; then
    for batch in 500 24576; do
      for form in --dense-feed '' --tf32 '--tf32 --compile'; do
        [ "$batch$form" = 24576--dense-feed ] && continue # minutes, of copying zeros
        name=torch-$batch$(printf %s "$form" | tr -d ' ')
        say "PyTorch, batch $batch $form"
        # shellcheck disable=SC2086 # options are words
        try "$name" "$PYTHON" "$home/docs/torch_step.py" "$DATA" --batch $batch --steps "$STEPS" $form || continue
        grep '^{' "$out/$name.log"
        printf '{"card":"%s","program":"torch","figures":%s}\n' "$card" "$(grep '^{' "$out/$name.log")" >>"$figures"
      done
    done
  fi ;;
esac

case " $ONLY " in *' training '*)
  [ -d "$SAMPLE" ] || try sample "$VAECF" generate --shape 6000x3500x570000 --out "$SAMPLE"
  for device in $(printf "%s\n" "$DEVICE" cpu | uniq); do
    say "training to the end on $device"
    try "train-$device" "$VAECF" train --data "$SAMPLE" --model vae --epochs 20 --device $device --out "$out/run-$device" &&
      try "evaluate-$device" "$VAECF" evaluate --data "$SAMPLE" --model "$out/run-$device" --split validation &&
      grep -i ndcg "$out/evaluate-$device.log"
  done
  say 'the export of the run on the GPU, on the CPU'
  try export "$VAECF" export --run "$out/run-$DEVICE" --out "$out/export/1" &&
    try all-run "$VAECF" recommend --model "$out/run-$DEVICE" --data "$SAMPLE" --all -k 20 --out "$out/run.csv" &&
    CUDA_VISIBLE_DEVICES='' try all-export "$VAECF" recommend --model "$out/export" --data "$SAMPLE" --all -k 20 --out "$out/export.csv" &&
    # Places in the lists where both have the same item, of all places; and the largest relative difference there.
    paste -d, "$out/run.csv" "$out/export.csv" | awk -F, 'NR > 1 { n++; if ($2 == $6) { same++; d = ($3 - $7) / ($3 == 0 ? 1 : $3); if (d < 0) d = -d; if (d > most) most = d } }
      END { printf "%d of %d places have the same item; largest relative difference of a score %.1e\n", same, n, most }' ;;
esac

say 'all'
printf '%-8s %6s %5s %8s %7s %12s %10s %10s %10s\n' program batch tf32 compile feed users/s step,ms floor,ms memory,MiB
value() { sed -n "s/.*\"$1\" *: *\([^,}]*\).*/\1/p" <<<"$2" | head -n 1; }
while read -r line; do
  training=${line#*\"training\"}
  training=${training%%\}*}
  floor=
  [[ $line != *floor_products* ]] || floor=$(awk -v a="$(value floor_products_millis "$training")" -v b="$(value floor_adam_millis "$training")" 'BEGIN { printf "%.2f", a + b }')
  feed=sparse
  case $line in *'"dense_feed": true'*) feed=dense ;; esac
  printf '%-8s %6s %5s %8s %7s %12.0f %10.2f %10s %10s\n' "$(value program "$line" | tr -d '"')" "$(value batch "$line")" \
    "$(value tf32 "$line")" "$(value compile "$line")" $feed "$(value users_per_second "$training")" "$(value step_millis "$training")" "$floor" \
    "$(value memory_mebibytes "$line")"
done <"$figures"
