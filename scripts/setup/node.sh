#!/bin/sh
# Makes node_modules complete, Node 24 included (it is an npm dependency, so the machine's own Node may be older).
# Idempotent: with an unchanged package-lock.json the second run does nothing.
set -eu
cd "$(dirname "$0")/../.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=
command -v npm >/dev/null 2>&1 || missing="nodejs npm"
command -v git >/dev/null 2>&1 || missing="$missing git"
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 || { echo "setup: please install:$missing (this machine has no apt-get)" >&2; exit 1; }
  echo "setup: installing $missing"
  as_root apt-get update -qq
  # shellcheck disable=SC2086 # a list of packages
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends $missing ca-certificates >/dev/null
fi

# npm leaves out what says that it is not for the Node that npm runs on, native parts of the test runner among them. An older Node (Debian
# 12 has 18) therefore only fetches the one that installs the rest.
with_current_node() {
  [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -lt 20 ] || return 0
  package=node-linux-$(node -p process.arch)
  echo "setup: fetching Node 24; this machine's own is $(node --version)"
  npm install --prefix .cache/node --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
    "$package@$(sed -n "s/.*\"$package\": \"\(.*\)\".*/\1/p" package.json)" >/dev/null
  PATH=$PWD/.cache/node/node_modules/$package/bin:$PATH
}

stamp=node_modules/.setup-stamp
want=$(cksum package-lock.json)
if [ "$(cat $stamp 2>/dev/null || true)" != "$want" ]; then
  with_current_node
  echo "setup: installing the npm packages"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  printf '%s\n' "$want" >$stamp
fi

# npm 9, Debian 12's, does not link it.
for binary in node_modules/node-linux-*/bin/node; do
  [ -e node_modules/.bin/node ] || [ ! -x "$binary" ] || ln -s "../${binary#node_modules/}" node_modules/.bin/node
done

version=$(node_modules/.bin/node --version 2>/dev/null || echo none)
case $version in
  v24.* | v25.* | v26.*) ;;
  *) echo "setup: node_modules/.bin/node is $version, but Node >= 24 is needed; remove node_modules and run again" >&2; exit 1 ;;
esac
