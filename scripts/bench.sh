#!/bin/sh
# Each benchmark in a process of its own; ratios compare with something real in the same run.
set -eu
cd "$(dirname "$0")/.."
eval "$(scripts/setup/docker.sh env)"
for bench in ${1:-plan api fleet trigger}; do
  echo
  echo "== $bench"
  node_modules/.bin/node --expose-gc --disable-warning=ExperimentalWarning "test/bench/$bench.ts"
done
