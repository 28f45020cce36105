#!/usr/bin/env bash
# Two nights of a shop whose events are in PostgreSQL, from the table to everybody's recommendations
# in another table. Starts a PostgreSQL of its own (Debian's package) and stops it at the end.
#
#   docs/every-night.sh WORK
#
#   WORK    a new folder, for all that is made
#   SHAPE   users × items × events of the made-up shop; default 3000x800x90000
#   EPOCHS  of the first training; default 40
#   VAECF   the program; default vaecf of this checkout
#
# Each night: prepare from the table, split by time; go on from yesterday's model; publish it unless
# it is worse than the version in service; see the server change over to it by itself; write everybody's
# recommendations back. At the end SQL finds the best items by the vectors of users and items.
set -euo pipefail

home=$(cd "$(dirname "$0")/.." && pwd)
[ $# -eq 1 ] || { echo 'usage: docs/every-night.sh WORK' >&2; exit 2; }
mkdir "$1"
work=$(cd "$1" && pwd)
shape=${SHAPE:-3000x800x90000}
vaecf=${VAECF:-$home/vaecf}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1) # Debian has the server's programs on no PATH
[ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb || echo /none/initdb)")
psql=$bin/psql
[ -x "$psql" ] || psql=$(command -v psql)
[ -x "$bin/initdb" ] || { echo 'every-night: PostgreSQL is not installed (Debian: apt install postgresql)' >&2; exit 3; }

# PostgreSQL does not run as root: then as its own user. Only a socket in a folder of ours is listened on, and a port for JDBC.
as=()
[ "$(id -u)" != 0 ] || as=(runuser -u postgres --)
db=$(mktemp -d /tmp/every-night.XXXXXX)
[ "$(id -u)" != 0 ] || chown postgres "$db"
port=$((20000 + RANDOM % 20000))
VAECF_JDBC_PASSWORD=${VAECF_JDBC_PASSWORD:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
export VAECF_JDBC_PASSWORD
(umask 077 && printf '%s\n' "$VAECF_JDBC_PASSWORD" >"$db/password")
[ "$(id -u)" != 0 ] || chown postgres "$db/password"
(cd / && "${as[@]}" "$bin/initdb" -D "$db/data" -U shop --pwfile="$db/password" -A scram-sha-256 >"$work/postgres.log")
(cd / && "${as[@]}" "$bin/pg_ctl" -D "$db/data" -w -l "$db/log" -o "-p $port -c listen_addresses=127.0.0.1 -k $db" start >>"$work/postgres.log")
server=
trap '[ -z "$server" ] || kill "$server"; (cd / && "${as[@]}" "$bin/pg_ctl" -D "$db/data" -m fast stop >/dev/null); rm -rf "$db"' EXIT
sql() { PGPASSWORD=$VAECF_JDBC_PASSWORD "$psql" -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U shop -d postgres "$@"; }

# The shop so far: made-up ratings, as events in an order of time (they are made a customer after the other).
"$vaecf" generate --shape "$shape" --raw movielens --out "$work/raw" >/dev/null
sql -c 'CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, customer text, article text, stars real, happened timestamptz)' \
  -c 'CREATE TABLE recommendations (customer text, article text, score real, rank int)' \
  -c 'CREATE TEMP TABLE raw (customer text, article text, stars real, moment bigint)' \
  -c "\\copy raw FROM '$work/raw/ratings.csv' CSV HEADER" \
  -c "INSERT INTO events (customer, article, stars, happened)
      SELECT customer, article, stars, timestamp '2026-01-01' + interval '1 hour' * row_number() OVER (ORDER BY md5(customer || ' ' || article)) FROM raw"

# Waits until the server, which the first night starts, has changed over to a version.
serves() {
  local status=
  if [ -z "$server" ]; then
    "$vaecf" serve --model "$work/models/shop" --port "$((port + 1))" >"$work/serve.log" 2>&1 &
    server=$!
  fi
  for _ in $(seq 120); do
    if exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))"; then
      printf 'GET /v1/models/shop HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
      status=$(tr -d ' \r\n' <&3)
      exec 3>&-
      case $status in *'"version":"'"$1"'","state":"AVAILABLE"'*) echo "the server answers with version $1"; return ;; esac
    fi 2>/dev/null
    kill -0 "$server"
    sleep 0.5
  done
  echo "every-night: the server did not change over to version $1: $status" >&2
  return 1
}

# One night: what is known until then, and the run that yesterday left, if any.
night() {
  local name=$1 until=$2 from=${3:-}
  echo "== $name, events until $until"
  "$vaecf" prepare --jdbc "jdbc:postgresql://127.0.0.1:$port/postgres" --jdbc-user shop \
    --sql "SELECT customer AS user, article AS item, stars AS rating, happened AS time FROM events WHERE happened < '$until' ORDER BY id" \
    --split time --validation-share 0.05 --test-share 0.05 --out "$work/data-$name"
  if [ -z "$from" ]; then
    "$vaecf" train --data "$work/data-$name" --model dae --epochs "${EPOCHS:-40}" --batch-size 200 --out "$work/run-$name"
  else
    "$vaecf" train --data "$work/data-$name" --from "$from" --out "$work/run-$name"
  fi
  local status=0
  "$vaecf" publish --data "$work/data-$name" --run "$work/run-$name" --base "$work/models/shop" --keep 3 || status=$?
  [ $status = 0 ] || { [ $status = 3 ] && return 0 || return $status; } # 3: yesterday's version stays in service
  serves "$(ls "$work/models/shop" | sort -n | tail -n 1)"
  "$vaecf" recommend --model "$work/models/shop" --data "$work/data-$name" --all -k 20 \
    --out-jdbc "jdbc:postgresql://127.0.0.1:$port/postgres" --jdbc-user shop --out-table recommendations
  sql -c 'SELECT count(DISTINCT customer) AS customers, count(DISTINCT article) AS articles, count(*) AS rows FROM recommendations'
}

days=$(sql -At -c "SELECT max(happened)::date - 1 FROM events")
before=$(sql -At -c "SELECT (min(happened) + (max(happened) - min(happened)) * 0.9)::date FROM events")
night monday "$before"
night tuesday "$days" "$work/run-monday"

echo '== the best articles of one customer by SQL, over vectors'
"$vaecf" vectors --model "$work/run-tuesday" --data "$work/data-tuesday" --items "$work/items.jsonl" --users "$work/users.jsonl"
sql -c 'CREATE TABLE vectors (kind text, id text, vector float8[])' \
  -c 'CREATE TEMP TABLE lines (line jsonb)' \
  -c "\\copy lines FROM '$work/items.jsonl' CSV QUOTE E'\\x01' DELIMITER E'\\x02'" \
  -c "INSERT INTO vectors SELECT 'article', line->>'id', ARRAY(SELECT jsonb_array_elements_text(line->'vector')::float8) FROM lines" \
  -c 'TRUNCATE lines' \
  -c "\\copy lines FROM '$work/users.jsonl' CSV QUOTE E'\\x01' DELIMITER E'\\x02'" \
  -c "INSERT INTO vectors SELECT 'customer', line->>'id', ARRAY(SELECT jsonb_array_elements_text(line->'vector')::float8) FROM lines" \
  -c "WITH one AS (SELECT customer FROM recommendations ORDER BY customer LIMIT 1),
           scored AS (
             SELECT a.id AS article, (SELECT sum(x * y) FROM unnest(a.vector, c.vector) AS v (x, y)) AS product
             FROM vectors a, vectors c, one
             WHERE a.kind = 'article' AND c.kind = 'customer' AND c.id = one.customer
               AND NOT EXISTS (SELECT FROM events e WHERE e.customer = c.id AND e.article = a.id AND e.stars >= 4)),
           best AS (SELECT article, product, row_number() OVER (ORDER BY product DESC) AS rank FROM scored LIMIT 10)
      SELECT b.rank, b.article, round(b.product::numeric, 4) AS product, r.article AS recommended, round(r.score::numeric, 4) AS score
      FROM best b JOIN recommendations r ON r.rank = b.rank AND r.customer = (SELECT customer FROM one) ORDER BY rank"
