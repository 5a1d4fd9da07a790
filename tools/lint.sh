#!/bin/bash
# Format, order, headers that compile alone, clang-tidy: everything that reads the source without running it. Goes on to
# the next check after a failure, so that one run shows all; the last line names what failed.
#
#   tools/lint.sh BUILD_FOLDER JOBS [FILE]...       (FILE...: clang-tidy of these sources only)
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1 jobs=$2
shift 2
failed=()
log=$(mktemp -d)
trap 'rm -r "$log"' EXIT

step() {
  local name=$1 begun=$SECONDS
  shift
  echo "lint: $name"
  if "$@"; then echo "lint: $name: fine ($((SECONDS - begun)) s)"; else failed+=("$name"); fi
}

# Sources that this build compiles, so that clang-tidy knows their flags; tests and benchmarks only by name (FILE...),
# because the macros of their frameworks take most of the time and give most of the noise.
compiled_sources() {
  node -e '
    const { relative, resolve } = require("node:path");
    const commands = JSON.parse(require("node:fs").readFileSync(process.argv[1]));
    const sources = commands.map(({ directory, file }) => relative(".", resolve(directory, file)));
    console.log([...new Set(sources)].filter((file) => /^src\/.*(?<!_test|_bench|_fuzz)\.cpp$/.test(file)).sort().join("\n"));
  ' "$build/compile_commands.json"
}

check_format() {
  git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' |
    xargs -0 -r -n 20 -P "$jobs" clang-format-19 --dry-run --Werror
}

check_order() { node tools/order/check.mjs --build "$build"; }

check_headers() { tools/ninja_progress.sh "$build" "$jobs" all_verify_interface_header_sets; }

# One process a file; what it says is printed whole when it fails, and the number of files done every ten.
check_tidy() {
  local files=("$@") count
  if [ ${#files[@]} = 0 ]; then mapfile -t files < <(compiled_sources); fi
  count=${#files[@]}
  printf '%s\n' "${files[@]}" | xargs -P "$jobs" -I{} bash -c '
    out=$(clang-tidy-19 --quiet -p "$1" --extra-arg=-Wno-unknown-warning-option "$2" 2>/dev/null) || {
      printf "%s\n" "$out"; echo "$2" >>"$3/failed"; }
    echo "$2" >>"$3/done"
    n=$(wc -l <"$3/done")
    if [ $((n % 10)) = 0 ]; then echo "lint: clang-tidy $n/$4"; fi' tidy "$build" {} "$log" "$count"
  [ ! -e "$log/failed" ]
}

# Generated headers must be there before anything reads them.
generate() {
  local targets
  targets=$(ninja -C "$build" -t targets all | sed -n 's/^\([^:]*\.pb\.h\): .*/\1/p' | sort -u)
  [ -z "$targets" ] || ninja -C "$build" $targets >/dev/null
}

if [ $# = 0 ]; then
  step format check_format
  step order check_order
  step "headers alone" check_headers
fi
generate
step clang-tidy check_tidy "$@"

if [ ${#failed[@]} != 0 ]; then
  printf 'lint: failed: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
echo "lint: everything is fine"
