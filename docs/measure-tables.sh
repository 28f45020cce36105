#!/usr/bin/env bash
# Prepares the same made-up ratings from CSV, from Parquet and from a table in PostgreSQL, beside the
# published preprocessing in Python; says time and peak memory of each, and that the folders are the
# same byte for byte. On an otherwise idle machine, with Debian's package postgresql:
#
#   docs/measure-tables.sh PREPARE_PY [FOLDER]
#
#   PREPARE_PY  the preprocessing in pandas: called with RATINGS OUT_DIR HELDOUT_USERS, where RATINGS is
#               ratings.csv or ratings.parquet
#   FOLDER      where ratings and results go (6 GB); default a new one under /tmp, removed at the end
#   PYTHON      which Python, with pandas and pyarrow; default python3
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
db=
[ $# -lt 2 ] || mkdir -p "$2"
folder=$(realpath "${2:-$(mktemp -d)}")
stop() {
  [ -z "$db" ] || (cd / && "${as[@]}" "$bin/pg_ctl" -D "$db/data" -m immediate stop >/dev/null)
  rm -rf "$db"
}
trap '[ $# -ge 2 ] || rm -rf "$folder"; stop' EXIT

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
[ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb || echo /none/initdb)")
[ -x "$bin/initdb" ] || { echo 'measure-tables: PostgreSQL is not installed (Debian: apt install postgresql)' >&2; exit 3; }
as=()
[ "$(id -u)" != 0 ] || as=(runuser -u postgres --)
db=$(mktemp -d /tmp/measure-tables.XXXXXX)
[ "$(id -u)" != 0 ] || chown postgres "$db"
port=$((20000 + RANDOM % 20000))
(cd / && "${as[@]}" "$bin/initdb" -D "$db/data" -U shop -A trust >"$folder/postgres.log")
(cd / && "${as[@]}" "$bin/pg_ctl" -D "$db/data" -w -l "$db/log" -o "-p $port -c listen_addresses=127.0.0.1 -k $db -c fsync=off" start >>"$folder/postgres.log")
sql() { psql -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U shop -d postgres "$@"; }

csv=$folder/raw/ratings.csv
parquet=$folder/raw/ratings.parquet
[ -f "$csv" ] || "$home/vaecf" generate --shape "$shape" --raw --out "$folder/raw" >"$folder/generate.log"
[ -f "$parquet" ] || "$python" -c "
import pandas
pandas.read_csv('$csv').to_parquet('$parquet', compression='zstd', index=False)"
sql -c 'CREATE TABLE ratings (at int GENERATED ALWAYS AS IDENTITY, "user" int, item int, rating real, time bigint)' \
  -c "\\copy ratings (\"user\", item, rating, time) FROM '$csv' CSV HEADER" -c 'VACUUM ANALYZE ratings'

# Runs a command $runs times into a fresh folder; says the least seconds and the most MiB of memory.
measure() {
  local name=$1 out=$2
  shift 2
  rm -f "$folder/$name.times"
  for _ in $(seq "$runs"); do
    rm -rf "$out"
    /usr/bin/time -a -o "$folder/$name.times" -f '%e %M' "$@" >"$folder/$name.log"
  done
  awk -v name="$name" '
    NR == 1 || $1 < seconds { seconds = $1 }
    $2 > memory { memory = $2 }
    END { printf "%-22s %7.2f s  %6.0f MiB\n", name, seconds, memory / 1024 }' "$folder/$name.times"
}
from() { # name, then what is read
  local name=$1
  shift
  measure "$name" "$folder/$name" "$home/vaecf" prepare --heldout-users "$heldout" --out "$folder/$name" "$@"
}
query='SELECT "user", item, rating, time FROM ratings'
url=jdbc:postgresql://127.0.0.1:$port/postgres

printf '%s ratings (SYNTHETIC): CSV %s MB, Parquet %s MB; %s cores, fastest of %s\n' "$(($(wc -l <"$csv") - 1))" \
  "$(($(stat -c %s "$csv") / 1000000))" "$(($(stat -c %s "$parquet") / 1000000))" "$(nproc)" "$runs"
from vaecf-csv --input "$csv"
from vaecf-parquet --input "$parquet"
from vaecf-postgresql --jdbc "$url" --jdbc-user shop --sql "$query ORDER BY at"
measure floor-copy "$folder/none" psql -q -h 127.0.0.1 -p "$port" -U shop -d postgres -o /dev/null -c "COPY ($query ORDER BY at) TO STDOUT"
measure python-csv "$folder/python" env OMP_WAIT_POLICY=PASSIVE "$python" "$prepare_py" "$csv" "$folder/python" "$heldout"
measure python-parquet "$folder/python" env OMP_WAIT_POLICY=PASSIVE "$python" "$prepare_py" "$parquet" "$folder/python" "$heldout"
ratio() { awk 'NR == FNR { if (!a || $1 < a) a = $1; next } { if (!b || $1 < b) b = $1 } END { printf "%.1f", b / a }' "$folder/$1.times" "$folder/$2.times"; }
printf 'Parquet is prepared %s times as fast as by pandas, CSV %s times; PostgreSQL takes %s times its floor\n' \
  "$(ratio vaecf-parquet python-parquet)" "$(ratio vaecf-csv python-csv)" "$(ratio floor-copy vaecf-postgresql)"
for file in train.csv validation_tr.csv validation_te.csv test_tr.csv test_te.csv unique_sid.txt unique_uid.txt; do
  for other in vaecf-parquet vaecf-postgresql python; do
    cmp "$folder/vaecf-csv/$file" "$folder/$other/$file"
  done
done
diff -r "$folder/vaecf-csv" "$folder/vaecf-parquet"
diff -r "$folder/vaecf-csv" "$folder/vaecf-postgresql"
echo 'the seven files are the same'
