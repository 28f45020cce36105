#!/usr/bin/env bash
# Times EASE's fit beside NumPy and SciPy on the same made-up data, says how much memory each had at
# most, and compares the item weights. On an otherwise idle machine:
#
#   docs/measure-ease.sh [FOLDER]
#
#   FOLDER   where data and weights go; default a new one under /tmp, removed at the end
#   SHAPE    USERSxITEMSxEVENTS of the made-up data; default 136677x20108x9990682, that of MovieLens 20M
#   LAMBDA   default 500
#   THREADS  of both; default all cores
#   PYTHON   which Python, with numpy and scipy; default python3
#   RUNS     how often each is run; default 3
#
# A fit is all between the training matrix, compressed by rows, and the item weights in float32. Both
# programs count XᵀX, factor and invert it in float64 with LAPACK's dpotrf and dpotri, in place.
# Needs 20 bytes of memory and 8 of the disk for each pair of items: 8 GB and 3.3 GB for 20,108.
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
lambda=${LAMBDA:-500}
threads=${THREADS:-$(nproc)}
if [ $# -ge 1 ]; then
  folder=$1
  mkdir -p "$folder"
else
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi
[ -d "$folder/data" ] || "$home/vaecf" generate --shape "${SHAPE:-136677x20108x9990682}" --out "$folder/data"

cat >"$folder/ease.py" <<'PYTHON'
import resource, sys, time
import numpy as np
from scipy import sparse
from scipy.linalg.lapack import dpotrf, dpotri

folder, lam, out = sys.argv[1], float(sys.argv[2]), sys.argv[3]
pairs = np.loadtxt(folder + "/train.csv", dtype=np.int32, delimiter=",", skiprows=1)
with open(folder + "/unique_sid.txt") as lines:
    items = sum(1 for _ in lines)
ones = np.ones(len(pairs), dtype=np.float32)
x = sparse.csr_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(pairs[:, 0].max() + 1, items))
del pairs, ones

start = time.perf_counter()
p = (x.T @ x).toarray().astype(np.float64).T  # symmetric, and by columns as LAPACK wants it
p[np.diag_indices(items)] += lam
p, info = dpotrf(p, lower=1, overwrite_a=1, clean=0)
assert info == 0
p, info = dpotri(p, lower=1, overwrite_c=1)
assert info == 0
diagonal = p.diagonal().copy()
for at in range(0, items, 512):  # what is above the diagonal is XᵀX still
    end = min(items, at + 512)
    below = np.tril(p[at:end, at:end])
    p[at:end, at:end] = below + np.tril(below, -1).T
    p[at:end, end:] = p[end:, at:end].T
b = np.empty((items, items), dtype=np.float32, order="F")
np.divide(p, -diagonal, out=b, casting="same_kind")
np.fill_diagonal(b, 0)
seconds = time.perf_counter() - start
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f"python  {seconds:8.2f} s  {memory:6d} MiB at most, {items} items")
b.tofile(out)
PYTHON

classes="$home/vaecf-cli/target/vaecf.jar:$home/vaecf-cli/target/lib/*"
for _ in $(seq "${RUNS:-3}"); do
  OPENBLAS_NUM_THREADS=$threads OMP_NUM_THREADS=$threads \
    "$python" "$folder/ease.py" "$folder/data" "$lambda" "$folder/python.bin"
  java -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$classes" \
    "$home/docs/MeasureEase.java" "$folder/data" "$lambda" "$threads" "$folder/vaecf.bin"
done
"$python" - "$folder/vaecf.bin" "$folder/python.bin" <<'PYTHON'
import sys
import numpy as np

vaecf, python = (np.memmap(file, dtype=np.float32, mode="r") for file in sys.argv[1:])
print("largest difference of an item weight", max(
    float(np.abs(vaecf[at : at + 10**7] - python[at : at + 10**7]).max()) for at in range(0, len(python), 10**7)))
PYTHON
