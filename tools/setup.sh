#!/bin/bash
# Installs what the build and the tests need and the machine does not have: Debian packages by apt, prebuilt libraries
# and test peers by npm lock file. It changes nothing else, says what it does, and is done at once when nothing is missing.
#
#   tools/setup.sh [build|test|lint|fuzz]...       (default: build)
#
#   build  compilers, libraries, mosquitto, DuckDB, the tools that build the screen (web)
#   test   build, and the foreign programs that tests run against (Go, tests/npm, Chromium)
#   lint   build, and clang-tidy, clang-format
#   fuzz   build, and clang with its sanitizer runtime
#
# Reference platform: Debian 13. On Debian 12 it adds Debian 13, from the mirror that the machine already uses, as a
# source of such low priority that nothing but the listed packages (and what they depend on) ever comes from it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly release=trixie
readonly older=bookworm
readonly source_name=millwright-$release
readonly state=build/setup
readonly duckdb_header=third_party/node_modules/duckdb/src/duckdb/src/include/duckdb.h
# A derived source needs all three: fixes of the stable release arrive by -updates and -security first.
readonly release_pattern="/^$release(|-updates|-security)\$/"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# --- what is wanted ---------------------------------------------------------------------------------------------------
lists=(build)
with_peers=no
for group in "${@:-build}"; do
  case $group in
    build) ;;
    test) with_peers=yes; lists+=(test) ;;
    lint | fuzz) lists+=("$group") ;;
    *) fail "unknown group '$group'; known: build test lint fuzz" ;;
  esac
done

wanted=()
declare -A least=()
for list in "${lists[@]}"; do
  while read -r package version _; do
    case $package in '' | '#'*) continue ;; esac
    wanted+=("$package")
    least[$package]=$version
  done <"tools/packages/$list"
done

node_is_good() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    [ "$(node -p 'const [major, minor] = process.versions.node.split(".").map(Number);
      major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)')" = true ]
}

# --- Debian packages --------------------------------------------------------------------------------------------------
# Sets missing to the wanted packages that are absent or too old.
find_missing() {
  missing=()
  local -A have=()
  local package status version
  while read -r package status version; do
    if [ "$status" = installed ]; then have[$package]=$version; fi
  done < <(dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' "${wanted[@]}" 2>/dev/null || true)
  for package in "${wanted[@]}"; do
    version=${have[$package]-}
    if [ -z "$version" ] ||
      { [ -n "${least[$package]}" ] && dpkg --compare-versions "$version" lt "${least[$package]}"; }; then
      missing+=("$package")
    fi
  done
  if ! node_is_good; then missing+=(nodejs npm); fi
}

# Runs apt-get with its output in the log and one line each tenth of the way.
apt_get() {
  local log=$1
  shift
  if ! as_root sh -c 'log=$1; shift
      DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C.UTF-8 \
        apt-get -y -o APT::Status-Fd=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" \
        3>&1 >>"$log" 2>&1 </dev/null' sh "$log" "$@" | show_progress; then
    tail -n 25 "$log" >&2
    fail "apt-get $1 failed; the whole output is in $log"
  fi
}

show_progress() {
  local kind percent step last=
  while IFS=: read -r kind _ percent _; do
    case $kind in dlstatus) kind=downloaded ;; pmstatus) kind=installed ;; *) continue ;; esac
    step=${percent%%.*}
    step="$kind $((step / 10 * 10)) %"
    if [ "$step" != "$last" ]; then say "  $step"; last=$step; fi
  done
}

# Lines "repository-uri|suite|component|sources-entry" of Debian's own archive for one release, -updates and -security.
debian_sources_of() {
  apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)' \
    'Created-By: Packages' | sed -n -E "s/^Debian\|$1(-updates|-security)?\|//p" | sort -u
}

# The keyring that the sources entry "file:number" (line of a .list, stanza of a .sources) names, if it names one.
keyring_of() {
  local file=${1%:*} number=${1##*:}
  case $file in
    *.sources) awk -v want="$number" 'BEGIN { RS = ""; FS = "\n" }
        { stanza = 0; for (i = 1; i <= NF; i++) if ($i ~ /^[A-Za-z-]+:/) stanza = 1; n += stanza }
        stanza && n == want { for (i = 1; i <= NF; i++) if ($i ~ /^[Ss]igned-[Bb]y:/) {
          sub(/^[^:]*:[ \t]*/, "", $i); print $i } }' "$file" ;;
    *) sed -n "${number}s/.*\[[^]]*signed-by=\([^] ]*\).*/\1/p" "$file" ;;
  esac
}

add_release_source() {
  local uri suite component entry keyring text=
  while IFS='|' read -r uri suite component entry; do
    case $suite in $older | $older-updates | $older-security | oldstable*) ;; *) continue ;; esac
    if [ "$component" != main ]; then continue; fi
    case $suite in *-updates) suite=$release-updates ;; *-security) suite=$release-security ;; *) suite=$release ;; esac
    keyring=$(keyring_of "$entry")
    text+="Types: deb"$'\n'"URIs: $uri"$'\n'"Suites: $suite"$'\n'"Components: main"$'\n'
    if [ "${keyring#/}" != "$keyring" ]; then text+="Signed-By: $keyring"$'\n'; fi
    text+=$'\n'
    say "  Debian 13 source: $uri $suite main"
  done < <(debian_sources_of $older)
  if [ -z "$text" ]; then
    fail "this Debian 12 has no apt source of Debian itself from which a Debian 13 source could be derived"
  fi
  say "  written to /etc/apt/sources.list.d/$source_name.sources, priority 50 (/etc/apt/preferences.d/$source_name):"
  say "  only the packages asked for here, and what they depend on, come from it (libc and libstdc++ are upgraded)"
  as_root mkdir -p /etc/apt/sources.list.d /etc/apt/preferences.d
  printf 'Package: *\nPin: release n=%s*\nPin-Priority: 50\n' $release |
    as_root tee "/etc/apt/preferences.d/$source_name" >/dev/null
  printf '%s' "$text" | as_root tee "/etc/apt/sources.list.d/$source_name.sources" >/dev/null
}

# A broker that was not on this machine must not run on it, or start with it, because it was built here.
hold_services() {
  mosquitto_was=$(dpkg-query -W -f '${db:Status-Status}' mosquitto 2>/dev/null || true)
  policy=
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    trap release_services EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
  fi
}

release_services() {
  if [ -n "$policy" ]; then as_root rm -f "$policy"; policy=; fi
  if [ "$mosquitto_was" != installed ] && [ -e /lib/systemd/system/mosquitto.service ] &&
    command -v systemctl >/dev/null; then
    as_root systemctl disable --quiet mosquitto.service 2>/dev/null || true
    say "  the service mosquitto.service is installed but disabled; Millwright starts brokers of its own"
  fi
}

# Debian 13 renamed many libraries (libssl3 is libssl3t64 now), so the old name goes when the new one comes. Anything
# beyond that is not ours to remove.
refuse_removals() {
  local removed
  removed=$(apt-get -s install --no-install-recommends "$@" 2>/dev/null |
    sed -n 's/^Remv \([^ ]*\).*/\1/p' | grep -v -E '^lib.*[0-9]' | tr '\n' ' ' || true)
  if [ -n "$removed" ]; then
    fail "the installation would remove: $removed- remove them by hand if you do not need them, then try again"
  fi
}

install_packages() {
  local log=$state/apt.log from=() begun=$SECONDS
  command -v apt-get >/dev/null || fail "apt-get is not here; install by hand: ${missing[*]}"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    fail "packages are missing and neither root nor sudo is there; as root run: tools/setup.sh"
  fi
  say "${#missing[@]} Debian packages are missing or too old: ${missing[*]}"
  : >"$log"
  say "  reading package lists"
  apt_get "$log" update
  if [ -n "$(debian_sources_of $older)" ]; then
    if [ -z "$(debian_sources_of $release)" ]; then
      add_release_source
      apt_get "$log" update
    fi
    from=(-t "$release_pattern")
  fi
  # On the older release every listed package is taken from the newer one, so that all fit together.
  local names=("${missing[@]}")
  if [ ${#from[@]} != 0 ]; then names=("${wanted[@]}"); node_is_good || names+=(nodejs npm); fi
  refuse_removals "${from[@]}" "${names[@]}"
  hold_services
  apt_get "$log" install --no-install-recommends "${from[@]}" "${names[@]}"
  release_services
  trap - EXIT
  find_missing
  if [ ${#missing[@]} != 0 ]; then fail "still missing or too old: ${missing[*]} (see $log)"; fi
  say "  packages are installed ($((SECONDS - begun)) s)"
}

# --- npm --------------------------------------------------------------------------------------------------------------
hash_of() { cat "$@" | sha256sum | cut -c 1-64; }

# A folder is up to date when the mark in its node_modules is the hash of its lock file.
npm_is_current() {
  [ -e "$1/node_modules/.millwright" ] && [ "$(cat "$1/node_modules/.millwright")" = "$(lock_hash "$1")" ]
}

lock_hash() {
  local files=("$1/package-lock.json")
  if [ "$1" = third_party ]; then files+=(third_party/duckdb-source.lock); fi
  hash_of "${files[@]}"
}

install_npm() {
  local folder=$1 begun=$SECONDS
  if npm_is_current "$folder"; then return; fi
  if [ -L "$folder/node_modules" ]; then
    say "$folder/node_modules is a link and is left as it is"
    return
  fi
  say "$folder: npm ci by lock file"
  if ! npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error \
    >"$state/npm.log" 2>&1 </dev/null; then
    tail -n 25 "$state/npm.log" >&2
    fail "npm ci in $folder failed"
  fi
  if [ "$folder" = third_party ]; then install_duckdb_header; fi
  lock_hash "$folder" >"$folder/node_modules/.millwright"
  say "  done ($((SECONDS - begun)) s)"
}

# DuckDB's C header comes from its source package, checked against the hash in duckdb-source.lock. The package is not a
# dependency in package.json because it would drag its build tools (119 packages) along.
install_duckdb_header() {
  local package integrity folder
  read -r package integrity <third_party/duckdb-source.lock
  folder=$(mktemp -d "$state/pack.XXXXXX")
  if ! npm pack "$package" --silent --ignore-scripts --pack-destination "$folder" >"$state/npm.log" 2>&1 </dev/null; then
    tail -n 25 "$state/npm.log" >&2
    fail "npm pack $package failed"
  fi
  local archive=("$folder"/*.tgz)
  if [ "sha512-$(openssl dgst -sha512 -binary "${archive[0]}" | base64 -w0)" != "$integrity" ]; then
    fail "$package does not have the hash that third_party/duckdb-source.lock names"
  fi
  mkdir -p "$(dirname $duckdb_header)"
  tar -xzOf "${archive[0]}" package/src/duckdb/src/include/duckdb.h >$duckdb_header
  rm -r "$folder"
}

# --- run --------------------------------------------------------------------------------------------------------------
mkdir -p $state
find_missing
if [ ${#missing[@]} != 0 ]; then install_packages; fi
install_npm third_party
install_npm web
if [ $with_peers = yes ]; then install_npm tests/npm; fi
