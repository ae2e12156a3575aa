#!/bin/sh
# Brings `docker-registry` (the Distribution registry) for the tests that push and pull with accounts. The tests start it themselves.
set -eu
command -v docker-registry >/dev/null 2>&1 && exit 0
if [ -x /usr/bin/docker-registry ]; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: no docker-registry here and no apt-get to install it: registry tests are skipped" >&2
  exit 0
fi
echo "setup: installing docker-registry"
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends docker-registry >/dev/null
