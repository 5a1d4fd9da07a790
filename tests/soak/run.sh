#!/bin/bash
# The long simulation: a large world twice, in two processes, with equal traces and no violation.
# usage: run.sh BIN_DIRECTORY [EDGES] [HOURS] [SEED]
set -euo pipefail

bin=$1
edges=${2:-1000}
hours=${3:-24}
seed=${4:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for round in 1 2; do
  echo "soak: round $round: $edges edges, $hours h, seed $seed" >&2
  "$bin/millwright" sim --seed "$seed" --edges "$edges" --hours "$hours" -o json >"$work/$round.json"
  grep -E '"(trace_hash|samples_[a-z]+|scheduler_events|violations_total|wall_s|real_time_factor)"' \
    "$work/$round.json"
done

hash_of() { grep -o '"trace_hash": "[0-9a-f]*"' "$1"; }
if [ "$(hash_of "$work/1.json")" != "$(hash_of "$work/2.json")" ]; then
  echo "soak: the two rounds of one seed differ" >&2
  exit 1
fi
echo "soak: equal traces"
