#!/bin/sh
# Each benchmark in a process of its own; ratios compare with something real in the same run.
set -eu
cd "$(dirname "$0")/.."
eval "$(scripts/setup/docker.sh env)"
for bench in ${*:-plan files live-plan api fleet syncs trigger}; do
  echo
  echo "== $bench"
  case $bench in fleet) set -- 1000 10000 ;; *) set -- ;; esac
  node_modules/.bin/node --disable-warning=ExperimentalWarning "test/bench/$bench.ts" "$@"
done
