#!/bin/bash
# Shows that the first command after a clone works on a machine that has nothing: makes a fresh Debian root file system
# in FOLDER, clones this repository's HEAD into it and runs make targets there, one after the other, printing times.
# Needs root and mmdebstrap. Mirror, keyring and npm settings are those of this machine. FOLDER is left for a look
# around; nothing stays mounted.
#
#   tools/fresh_root.sh FOLDER 12|13 [TARGET]...       (default: setup; 'test test' shows cold and warm, each timed;
#                                                       'sh:COMMAND' runs a command in the clone instead)
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(realpath -m "$1") version=$2
shift 2
case $version in 12) release=bookworm ;; 13) release=trixie ;; *) echo "version must be 12 or 13" >&2; exit 2 ;; esac
[ "$(id -u)" = 0 ] || { echo "fresh_root: run as root" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "fresh_root: mmdebstrap is missing (apt-get install mmdebstrap)" >&2; exit 1; }
if [ -e "$root" ] && [ -n "$(ls -A "$root")" ]; then echo "fresh_root: $root is not empty" >&2; exit 1; fi

say() { printf 'fresh_root: %s\n' "$*"; }

# One-line sources of Debian itself as this machine has them, for the release wanted.
sources() {
  apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' -v release="$release" '$1 == "Debian" && $2 == "main" {
      suite = $3; sub(/^[a-z]+/, release, suite); line = "deb " $4 " " suite " main"
      if (suite ~ /^[a-z]+(-updates|-security)?$/ && !seen[line]++) print line }'
}

begun=$SECONDS
say "Debian $version into $root"
mkdir -p "$root"
sources | mmdebstrap --quiet --mode=root --variant=minbase --include=ca-certificates,git,make "$release" "$root" -
say "root file system: $((SECONDS - begun)) s, $(du -sm "$root" | cut -f1) MB"

git clone --quiet --no-local --no-hardlinks "$repository" "$root/srv/millwright"
say "clone of $(git -C "$repository" log -1 --format='%h (%s)')"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
settings=(CI=true)
if command -v npm >/dev/null; then
  registry=$(npm config get registry 2>/dev/null)
  authority=$(npm config get cafile 2>/dev/null)
  settings+=("npm_config_registry=$registry")
  if [ -f "$authority" ]; then
    cp -L "$authority" "$root/srv/npm-authorities.pem"
    settings+=(npm_config_cafile=/srv/npm-authorities.pem)
  fi
fi

run_inside() {
  # Mounts live and die with this one command's mount namespace.
  unshare --mount --propagation private sh -c '
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    exec chroot "$root" env -i -C /srv/millwright "$@"' sh "$root" \
    HOME=/srv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" "$@" </dev/null
}

if [ $# = 0 ]; then set -- setup; fi
for target in "$@"; do
  begun=$SECONDS status=0
  case $target in
    sh:*) run_inside bash -c "${target#sh:}" || status=$? ;;
    *) run_inside make "$target" || status=$? ;;
  esac
  say "$target: exit $status after $((SECONDS - begun)) s"
  if [ $status != 0 ]; then exit $status; fi
done
