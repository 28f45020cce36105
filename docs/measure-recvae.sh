#!/usr/bin/env bash
# Trains RecVAE here and in PyTorch (docs/recvae.py) on the same made-up data, one after the other, both
# on the CPU with all cores, and prints the seconds of an epoch of each and their ratio. On an otherwise
# idle machine:
#
#   docs/measure-recvae.sh [FOLDER]
#
#   FOLDER   where data, runs and logs go; default a new one under /tmp, removed at the end
#   SHAPE    USERSxITEMSxEVENTS of the made-up data; default 6000x3500x570000, as MovieLens 1M
#   ROUNDS   rounds of 3 + 1 epochs; the first is not counted; default 4
#   REPEATS  how often both are measured, in turn; the ratio is that of the medians; default 3
#   PYTHON   a Python with torch, numpy and scipy; default python3
#
# An epoch is one pass over the training users, without validation. Both compute the gradients of that
# half alone which learns.
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
shape=${SHAPE:-6000x3500x570000}
rounds=${ROUNDS:-4}
repeats=${REPEATS:-3}
python=${PYTHON:-python3}
"$python" -c 'import numpy, scipy, torch' || { echo "$python has no torch, numpy, scipy" >&2; exit 1; }
[ "$rounds" -ge 2 ] || { echo "ROUNDS must be at least 2, found $rounds" >&2; exit 1; }
if [ $# -ge 1 ]; then
  folder=$1
  mkdir -p "$folder"
else
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi

vaecf=$home/vaecf
[ -d "$folder/data" ] || "$vaecf" generate --shape "$shape" --out "$folder/data" >"$folder/generate.log"

median() {
  sort -n | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'
}

: >"$folder/ours"
: >"$folder/theirs"
for repeat in $(seq "$repeats"); do
  rm -rf "$folder/run"
  "$vaecf" train --data "$folder/data" --model recvae --device cpu --epochs $((4 * rounds)) \
    --checkpoint-minutes 0 --out "$folder/run" >"$folder/train.log" 2>&1
  users=$(tail -n 1 "$folder/data/train.csv" | cut -d, -f1)
  # users_per_second is that of the steps alone, without the validation.
  awk -F, -v users=$((users + 1)) '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == "users_per_second") column = i; next }
    NR > 5 { seconds += users / $column; epochs++ }
    END { printf "%.4f\n", seconds / epochs }' "$folder/run/metrics.csv" >>"$folder/ours"
  "$python" "$home/docs/recvae.py" "$folder/data" --rounds "$rounds" >"$folder/torch.log"
  sed -n 's/^seconds per epoch: //p' "$folder/torch.log" >>"$folder/theirs"
  echo "$repeat: here $(tail -n 1 "$folder/ours") s, PyTorch $(tail -n 1 "$folder/theirs") s an epoch"
done
ours=$(median <"$folder/ours")
theirs=$(median <"$folder/theirs")
version=$("$python" -c 'import torch; print(torch.__version__, "with", torch.get_num_threads(), "threads")')
echo "RecVAE, $shape, $(nproc) cores, median of $repeats: here $ours s an epoch," \
  "PyTorch $version $theirs s, $(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.2f", a / b }') times as long"
