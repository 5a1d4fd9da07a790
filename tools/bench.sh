#!/bin/bash
# Runs every benchmark that lies beside the code (one program a folder) and then bench/run.sh, which compares with other
# software and prints the tables of docs/benchmarks.md. The machine is printed first, because a number without it says nothing.
#
#   tools/bench.sh BUILD_FOLDER [FILTER]
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 filter=${2-.}
echo "bench: $(nproc) × $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr)"
shopt -s nullglob
programs=("$build"/bin/*_bench)
for program in "${programs[@]}"; do
  echo "bench: $(basename "$program")"
  "$program" --benchmark_filter="$filter" --benchmark_color=false
done
if [ -x bench/run.sh ]; then
  bench/run.sh "$build/bin"
elif [ ${#programs[@]} = 0 ]; then
  echo "bench: there is neither a *_bench program in $build/bin nor bench/run.sh" >&2
  exit 1
else
  echo "bench: bench/run.sh is missing; the comparisons with other software did not run" >&2
  exit 1
fi
