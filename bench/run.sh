#!/bin/bash
# Every comparison and measurement of docs/benchmarks.md, one after the other, as Markdown on standard output. About ten
# minutes on two cores. Working files go to $TMPDIR, the historian's and the edge's to the build folder, so that they
# lie on a disk and not in memory.
#
#   bench/run.sh BIN_FOLDER
set -euo pipefail
[ $# = 1 ] || { echo "usage: bench/run.sh BIN_FOLDER" >&2; exit 2; }
bin=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
for program in wire_bench bench_historian bench_end_to_end bench_edge millwright millwright-edge; do
  [ -x "$bin/$program" ] || { echo "bench: $bin/$program is missing; run 'make build'" >&2; exit 1; }
done
scratch=$(mktemp -d "$bin/../bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch

echo "# Benchmarks"
echo
echo "$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
  "$(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
  "$(. /etc/os-release; echo "$PRETTY_NAME"), Linux $(uname -r)," \
  "load before $(cut -d ' ' -f 1 /proc/loadavg)"
printf '\n## Decoding\n\n'
node bench/codec.mjs "$bin"
printf '\n## Historian: durable ingest\n\n'
mkdir "$scratch/historian"
"$bin/bench_historian" 30000000 "$scratch/historian"
printf '\n## End to end\n\n'
"$bin/bench_end_to_end" 60
printf '\n## Edge\n\n'
"$bin/bench_edge" examples/demo site-a edge-a1 "$scratch"
