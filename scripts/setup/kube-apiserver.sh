#!/usr/bin/env bash
# Brings a real kube-apiserver and kube-controller-manager (built from their Go module, see test/conformance/kube) and etcd to .cache/kube.
# Only the conformance suite uses them. The build takes some minutes once; the second run does nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$PWD/.cache/kube
module=test/conformance/kube
version=v1.34.4

mkdir -p "$dir"
want="$(cat "$module"/go.mod "$module"/go.sum "$module"/*/main.go | cksum) $version"
up_to_date() {
  [ -x "$dir/etcd" ] && [ -x "$dir/kube-apiserver" ] && [ -x "$dir/kube-controller-manager" ] && [ "$(cat "$dir/.stamp" 2>/dev/null)" = "$want" ]
}
up_to_date && exit 0
exec 9>"$dir/.lock"; flock 9
up_to_date && exit 0

if ! [ -x "$dir/etcd" ]; then
  case $(etcd --version 2>/dev/null | head -1) in
    'etcd Version: 3.5.'* | 'etcd Version: 3.6.'*) echo "setup: using this machine's etcd"; ln -sf "$(command -v etcd)" "$dir/etcd" ;;
    *) scripts/setup/debs.sh "$dir/debs" etcd-server; ln -sf debs/usr/bin/etcd "$dir/etcd" ;;
  esac
fi

# Any Go >= 1.24 will do; Debian 12's own is older.
go=$(command -v go || true)
minor=$([ -n "$go" ] && "$go" env GOVERSION 2>/dev/null | sed -nE 's/^go1\.([0-9]+).*/\1/p' || true)
if [ "${minor:-0}" -lt 24 ]; then
  [ -x "$dir/debs/usr/lib/go-1.24/bin/go" ] || scripts/setup/debs.sh "$dir/debs" golang-1.24-go golang-1.24-src
  go=$dir/debs/usr/lib/go-1.24/bin/go
  export GOROOT=$dir/debs/usr/lib/go-1.24
fi

echo "setup: building kube-apiserver and kube-controller-manager $version (about 5 minutes on 2 cores, once)"
stamp=k8s.io/component-base/version
for command in kube-apiserver kube-controller-manager; do
  (cd "$module" && CGO_ENABLED=0 GOTOOLCHAIN=local nice -n 10 "$go" build -trimpath \
    -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=34" -o "$dir/$command.new" "./$command")
  mv "$dir/$command.new" "$dir/$command"
done
printf '%s\n' "$want" >"$dir/.stamp"
