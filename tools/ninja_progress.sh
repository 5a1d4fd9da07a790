#!/bin/bash
# Builds one target and says how far it is: ninja's own rewriting line on a terminal, a line each ten seconds elsewhere
# (a log does not want one line a file), and the whole message of whatever fails.
#
#   tools/ninja_progress.sh BUILD_FOLDER JOBS TARGET...
set -euo pipefail
folder=$1 jobs=$2
shift 2

if [ -t 1 ]; then exec cmake --build "$folder" --parallel "$jobs" --target "$@"; fi

cmake --build "$folder" --parallel "$jobs" --target "$@" </dev/null | {
  last=-10 line='' said=''
  while IFS= read -r line; do
    if [[ $line =~ ^\[[0-9]+/[0-9]+\  ]]; then
      if ((SECONDS - last >= 10)); then echo "$line"; last=$SECONDS said=$line; fi
      progress=$line
    else
      echo "$line"
    fi
  done
  if [ "${progress-}" != "$said" ]; then echo "${progress-}"; fi
}
