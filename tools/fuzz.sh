#!/bin/bash
# Builds every fuzzer and runs each for a while. Seeds are the folders src/**/NAME_corpus; what a run finds on the way is
# kept in BUILD_FOLDER/corpus and used by the next one. A crash ends with the file that causes it and the command to repeat.
#
#   tools/fuzz.sh BUILD_FOLDER JOBS SECONDS_EACH
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 jobs=$2 seconds=$3
tools/ninja_progress.sh "$build" "$jobs" millwright_fuzzers
fuzzers=("$build"/bin/*_fuzz)
[ -x "${fuzzers[0]}" ] || { echo "fuzz: there is no fuzzer" >&2; exit 1; }
failed=()
for fuzzer in "${fuzzers[@]}"; do
  name=$(basename "$fuzzer")
  corpus="$build/corpus/$name" found="$build/findings/$name-"
  mkdir -p "$corpus" "$build/findings"
  mapfile -t seeds < <(find src tests -type d -name "${name}_corpus")
  echo "fuzz: $name for $seconds s, $(find "$corpus" "${seeds[@]}" -type f | wc -l) inputs to begin with"
  if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$found" -print_final_stats=1 \
    "$corpus" "${seeds[@]}" >"$build/$name.log" 2>&1 </dev/null; then
    grep -E 'DONE|number_of_executed_units' "$build/$name.log" | sed 's/^/fuzz:   /'
  else
    failed+=("$name")
    tail -n 40 "$build/$name.log"
    echo "fuzz: $name failed; repeat with: $fuzzer ${found}…"
  fi
done
if [ ${#failed[@]} != 0 ]; then echo "fuzz: ${#failed[@]} of ${#fuzzers[@]} failed: ${failed[*]}" >&2; exit 1; fi
echo "fuzz: ${#fuzzers[@]} fuzzers found nothing in $seconds s each"
