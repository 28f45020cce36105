#!/usr/bin/env bash
# Makes models of many items of a trained one (SYNTHETIC: its items again and again, with noise), exports
# them with an index, and prints how long one user's best 100 take by the index and by TensorFlow's
# product with all items, the recall of the one against the other, and their memory. On an otherwise idle
# machine:
#
#   docs/measure-index.sh RUN DATA [FOLDER]
#
#   RUN     run folder of a model whose scores are inner products, such as Mult-VAE
#   DATA    the prepared folder that it was trained on, whose test users are asked for
#   FOLDER  where models and exports go (10 GB at a million items); default a new one, removed at the end
#   ITEMS   default "200000 1000000"
#   HEAP    of the export, default 4g; outside it the export takes three times the weights
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 2 ] || { echo 'usage: docs/measure-index.sh RUN DATA [FOLDER]' >&2; exit 2; }
run=$(realpath "$1")
data=$(realpath "$2")
[ $# -lt 3 ] || mkdir -p "$3"
folder=$(realpath "${3:-$(mktemp -d)}")
trap '[ $# -ge 3 ] || rm -rf "$folder"' EXIT
"$home/vaecf" --version >/dev/null # builds it where that is needed
libraries="$home/vaecf-cli/target/vaecf.jar:$home/vaecf-cli/target/lib/*"
classes=$folder/classes
mkdir -p "$classes"
javac -cp "$libraries" -d "$classes" "$home/docs/ManyItems.java" "$home/docs/MeasureIndex.java"
java=(java -XX:+UseSerialGC "-Xmx${HEAP:-4g}" -Dorg.bytedeco.javacpp.maxPhysicalBytes=0
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$classes:$libraries")
for items in ${ITEMS:-200000 1000000}; do
  model=$folder/$items.safetensors
  version=$folder/$items/1
  [ -f "$model" ] || "${java[@]}" io.github.vaecf.core.training.ManyItems "$run" "$items" "$model"
  if [ ! -d "$version" ]; then
    /usr/bin/time -f "export: %e s, at most %M kB" \
      "${java[@]}" io.github.vaecf.cli.Vaecf export --run "$model" --index always --out "$version"
  fi
  "${java[@]}" io.github.vaecf.eval.export.MeasureIndex "$version" "$data"
done
