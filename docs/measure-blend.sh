#!/usr/bin/env bash
# Prints how long one user's ranking takes from an export, in process and from one thread, with the
# machine's floor beside it: the weights that the answer reads, read once. A blend of several
# models is measured by the export of each. On an otherwise idle machine:
#
#   docs/measure-blend.sh VERSION...
#
#   VERSION   folders of exported SavedModels, BASE/<number>
#   HISTORY   items that the user has; default 50
#   LENGTH    of the ranking; default 100
#
# Histories are drawn at random: how good the ranking is does not matter here.
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { echo 'usage: docs/measure-blend.sh VERSION...' >&2; exit 2; }
"$home/vaecf" --version >/dev/null # builds it where that is needed
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
libraries="$home/vaecf-cli/target/vaecf.jar:$home/vaecf-cli/target/lib/*"
javac -cp "$libraries" -d "$classes" "$home/docs/OneUser.java"
for version in "$@"; do
  java -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$classes:$libraries" \
    io.github.vaecf.cli.OneUser "$version" "${HISTORY:-50}" "${LENGTH:-100}"
done
