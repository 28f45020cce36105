#!/usr/bin/env bash
# Recommends to a million made-up users on Spark, to Parquet, beside the same by `recommend --all` in the
# same run. On an otherwise idle machine:
#
#   docs/measure-spark.sh [FOLDER]
#
#   FOLDER  where data, models and files go (6 GB); default a new one under /tmp, removed at the end; that of
#           measure-batch.sh has data and model already
#   USERS   default 1000000
#   ITEMS   default 20108
#   EVENTS  default 50000000
#   MODEL   default dae; trained for one epoch on a tenth of the users
#   TOP_K   default 100
#   MASTER  default local[*]: this machine's cores, in one process
#   HEAP    default 4g
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

vaecf=${VAECF:-$home/vaecf}
[ -d "$folder/few" ] || "$vaecf" generate --shape "$((users / 10))x${items}x$((events / 10))" --out "$folder/few" >"$folder/few.log"
[ -d "$folder/all" ] || "$vaecf" generate --shape "${users}x${items}x$events" --heldout-users 1000 --seed 2 --out "$folder/all" >"$folder/all.log"
[ -d "$folder/run" ] || "$vaecf" train --data "$folder/few" --model "$model" --epochs 1 --out "$folder/run" >"$folder/train.log" 2>&1
[ -d "$folder/export/1" ] || "$vaecf" export --run "$folder/run" --out "$folder/export/1" >"$folder/export.log" 2>&1

if [ -z "${SPARK_CLASSPATH_FILE:-}" ]; then
  SPARK_CLASSPATH_FILE=$folder/classpath
  (cd "$home" && mvn -B -q -Pspark -pl examples/spark -am -DskipTests -Djacoco.skip=true -Dmaven.javadoc.skip=true package \
    dependency:build-classpath -Dmdep.outputFile="$folder/classpath.jars" >"$folder/maven.log" 2>&1)
  echo "$(echo "$home"/examples/spark/target/vaecf-example-spark-*.jar | cut -d' ' -f1):$(cat "$folder/classpath.jars")" >"$SPARK_CLASSPATH_FILE"
fi
on_spark() { # an example, with its arguments
  java -Xmx"${HEAP:-4g}" --add-opens=java.base/sun.nio.ch=ALL-UNNAMED -Dspark.master="${MASTER:-local[*]}" \
    -Dspark.driver.bindAddress=127.0.0.1 -Dspark.driver.host=127.0.0.1 -Dspark.ui.enabled=false \
    -cp "$(cat "$SPARK_CLASSPATH_FILE")" "io.github.vaecf.examples.spark.$1" "${@:2}"
}

# The pairs with raw ids, as a log would have them.
[ -f "$folder/pairs.csv" ] || awk -F, '
  FILENAME == ARGV[1] { user[FNR - 1] = $1; next }
  FILENAME == ARGV[2] { item[FNR - 1] = $1; next }
  FNR == 1 { if (!header++) print "user,item"; next }
  { print user[$1] "," item[$2] }' "$folder"/all/unique_uid.txt "$folder"/all/unique_sid.txt \
  "$folder"/all/train.csv "$folder"/all/validation_t?.csv "$folder"/all/test_t?.csv >"$folder/pairs.csv"
rm -rf "$folder/model" "$folder/lists.parquet" "$folder/all.parquet"
start=$(date +%s.%N)
on_spark TakeExportToSpark "$folder/export/1" "$folder/pairs.csv" "$folder/model" >"$folder/save.log" 2>&1
saved=$(date +%s.%N)

/usr/bin/time -o "$folder/time.local" -f '%e %M' "$vaecf" recommend --model "$folder/run" --data "$folder/all" --all -k "$k" \
  --out "$folder/all.parquet" >"$folder/local.log" 2>&1
export -f on_spark
export MASTER HEAP SPARK_CLASSPATH_FILE
/usr/bin/time -o "$folder/time.spark" -f '%e %M' bash -c 'on_spark "$@"' _ RecommendToEverybody \
  "$folder/model" "$k" "$folder/lists.parquet" >"$folder/spark.log" 2>&1
read -r seconds memory <"$folder/time.local"
read -r spark_seconds spark_memory <"$folder/time.spark"
awk -v users="$users" -v items="$items" -v k="$k" -v model="$model" -v cores="$(nproc)" -v master="${MASTER:-local[*]}" \
  -v s="$seconds" -v m="$memory" -v ss="$spark_seconds" -v sm="$spark_memory" -v save="$(echo "$saved $start" | awk '{print $1 - $2}')" \
  -v bytes="$(du -sb "$folder/lists.parquet" | cut -f1)" -v lb="$(stat -c %s "$folder/all.parquet")" 'BEGIN {
    printf "%d users x %d items (SYNTHETIC), %s, top %d, %d cores, %s\n", users, items, model, k, cores, master
    printf "histories made of the log and saved on Spark: %.0f s\n", save
    printf "recommend --all to Parquet (%.0f MB): %.0f s, %.0f users/s, peak memory %.0f MiB\n", lb / 1e6, s, users / s, m / 1024
    printf "Spark to Parquet (%.0f MB): %.0f s, %.0f users/s, %.2f of it, peak memory %.0f MiB\n", \
      bytes / 1e6, ss, users / ss, s / ss, sm / 1024 }'
