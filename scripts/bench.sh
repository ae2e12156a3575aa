#!/bin/sh
# Each benchmark in a process of its own; ratios compare with something real in the same run.
#   bench.sh [--brief] [NAME...]   --brief: see that they run; the figures mean nothing
set -eu
cd "$(dirname "$0")/.."
sizes_of_files='1000 10000 50000'
sizes_of_fleet='1000 10000'
if [ "${1:-}" = --brief ]; then
  shift
  export BENCH_BRIEF=1
  sizes_of_files=1000
  sizes_of_fleet=20
fi
eval "$(scripts/setup/docker.sh env)"
for bench in ${*:-plan files live-plan api fleet syncs trigger}; do
  echo
  echo "== $bench"
  # Words of their own, each a size.
  case $bench in files) set -- $sizes_of_files ;; fleet) set -- $sizes_of_fleet ;; *) set -- ;; esac
  node_modules/.bin/node --disable-warning=ExperimentalWarning "test/bench/$bench.ts" "$@"
done
