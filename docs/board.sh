#!/usr/bin/env bash
# The board: prepares nine real data sets and runs auto on each, one after the other; docs/board.py makes
# the tables of docs/results/board.md of what comes out. On an otherwise idle machine:
#
#   docs/board.sh SOURCES OUT [SET...]
#
#   SOURCES   the folder with the files named below: board/, ml-latest-small/, gowalla/
#   OUT       where everything goes; what is there is gone on with
#   SET       which ones; default all nine
#   MINUTES   for each set in place of those below
#
# Every event is a like; items of fewer than 5 users are left out, then users of fewer than 5 items;
# seed 98765; users are held out for validation and again for test (strong generalisation). The sample is
# quickstart's, MovieLens as published (at least 4 of 5 stars), Gowalla in LightGCN's split, where the
# validation is a fifth of each user's training pairs.
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 2 ] || { echo 'usage: docs/board.sh SOURCES OUT [SET...]' >&2; exit 2; }
sources=$1
out=$2
shift 2
[ $# -ge 1 ] || set -- lastfm foursquare steam sample movielens-small citeulike sports beauty gowalla
mkdir -p "$out"

prepare() { # SET OPTION...
  local set=$1
  shift
  [ -d "$out/$set/data" ] || "$home/vaecf" prepare "$@" --out "$out/$set/data"
}
five=(--min-user-items 5 --min-item-users 5 --seed 98765)
pairs=(--format csv --separator ' ' --no-header --value-column none "${five[@]}")

for set in "$@"; do
  mkdir -p "$out/$set"
  minutes=6
  case $set in
    lastfm)
      prepare "$set" --format tsv --no-header --value-column none "${five[@]}" --heldout-users 200 \
        --input "$sources/board/lastfm-hetrec.tsv.gz"
      ;;
    foursquare)
      prepare "$set" "${pairs[@]}" --heldout-users 250 \
        --input "$sources/board/foursquare-train.txt.gz" --input "$sources/board/foursquare-test.txt.gz"
      ;;
    steam)
      prepare "$set" --format tsv --value-column none "${five[@]}" --heldout-users 500 \
        --input "$sources/board/steam-purchases.tsv.gz" --titles "$sources/board/steam-games.tsv.gz"
      ;;
    sample)
      [ -d "$out/sample/data" ] || "$home/vaecf" quickstart --epochs 1 --out "$out/sample/quickstart"
      [ -d "$out/sample/data" ] || cp -r "$out/sample/quickstart/data" "$out/sample/data"
      ;;
    movielens-small)
      prepare "$set" --format movielens --seed 98765 --heldout-users 100 --input "$sources/ml-latest-small"
      ;;
    citeulike)
      minutes=10
      prepare "$set" --format citeulike "${five[@]}" --heldout-users 500 \
        --input "$sources/board/citeulike-a.dat.gz"
      ;;
    sports)
      minutes=12
      # A line is a user and the user's items.
      [ -f "$out/sports/pairs.txt" ] || zcat "$sources/board/amazon-sports.txt.gz" |
        awk '{ for (i = 2; i <= NF; i++) print $1 " " $i }' >"$out/sports/pairs.txt"
      prepare "$set" "${pairs[@]}" --heldout-users 2000 --input "$out/sports/pairs.txt"
      ;;
    beauty)
      minutes=12
      prepare "$set" "${pairs[@]}" --heldout-users 2000 --input "$sources/board/amazon-beauty.txt.gz"
      ;;
    gowalla)
      minutes=20
      prepare "$set" --format lightgcn --input "$sources/gowalla"
      ;;
    *)
      echo "$set: no set of the board" >&2
      exit 2
      ;;
  esac
  minutes=${MINUTES:-$minutes}
  echo "$set: $minutes minutes"
  # The most memory that was resident at once, in KB, goes beside the outcome.
  command time -f %M -o "$out/$set/memory" "$home/vaecf" auto --data "$out/$set/data" \
    --out "$out/$set/auto" --minutes "$minutes" --json "$out/$set/auto.json" \
    >"$out/$set/auto.txt" 2>"$out/$set/auto.log"
done
