#!/usr/bin/env bash
# Runs the conformance suite against the standalone API and against a real kube-apiserver: both must answer what the transcripts under
# test/conformance/testdata say. The last line sums up. REPORT=FILE also writes vitest's JSON report, both targets together.
# HISTORIES=N plays N more random histories of one object than those that each run plays.
#   --update          write the transcripts anew, from the real one
#   anything else     goes to vitest, for example the name of a file
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/node_modules/.bin:$PATH
scripts/setup/node.sh
scripts/setup/kubectl.sh
scripts/setup/kube-apiserver.sh

out=.cache/conformance
mkdir -p "$out"
rm -rf "$out/real" "$out/standalone" "$out"/*.json

suite() { # TARGET [vitest arguments]
  local target=$1 wanted=''; shift
  [ "$target" = standalone ] || wanted=real
  echo "conformance: $target"
  KOMODO_CONFORMANCE_KUBECONFIG=$wanted vitest run --project conformance --reporter=dot --reporter=json --outputFile.json="$out/$target.json" "$@"
}

if [ "${1:-}" = --update ]; then
  shift
  # Without a name of a file all are written, so those that no test writes any more must go.
  [ $# -gt 0 ] || rm -rf test/conformance/testdata
  UPDATE_GOLDENS=1 suite real "$@"
  exit
fi

status=0
suite standalone "$@" || status=1
suite real "$@" || status=1
node scripts/conformance-summary.ts "$out/standalone.json" "$out/real.json" ${REPORT:+"$REPORT"}
exit $status
