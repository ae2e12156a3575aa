#!/usr/bin/env bash
# A Docker Engine with Compose v2 and buildx for this project.
#
#   scripts/setup/docker.sh          makes one available and says how (a second run does nothing)
#   scripts/setup/docker.sh env      prints shell lines to eval: DOCKER_HOST, DOCKER_CONFIG, PATH
#   scripts/setup/docker.sh down     stops the private engine that `up` started, if it did, and undoes its network rules
#
# A Docker Engine that already answers (DOCKER_HOST, /var/run/docker.sock) is used as it is. Otherwise, as root on Debian, an engine
# is unpacked under .cache/docker/engine (not installed) and started with all its data under .cache/docker and its sockets under
# /run/komodo-operator; only the packages runc, tini, iptables and iproute2 are installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD cache=$PWD/.cache/docker engine=$PWD/.cache/docker/engine
state=$cache/env # what the last `up` decided; sourced by tests, too

say() { printf 'docker: %s\n' "$*"; }
fail() { printf 'docker: %s\n' "$*" >&2; exit 1; }

answers() { DOCKER_HOST=${1:-} docker version --format '{{.Server.Version}}' 2>/dev/null; }

# shellcheck disable=SC1090
load() { [ -f "$state" ] && . "$state" && PATH=$KOMODO_DOCKER_PATH${KOMODO_DOCKER_PATH:+:}$PATH && export PATH DOCKER_HOST DOCKER_CONFIG; }

save() { # mode, docker host, config directory, directories before PATH
  umask 077
  printf "export KOMODO_DOCKER_MODE='%s'\nexport DOCKER_HOST='%s'\nexport DOCKER_CONFIG='%s'\nexport KOMODO_DOCKER_PATH='%s'\n" "$@" >"$state.new"
  mv "$state.new" "$state"
}

debian() { # major version, or nothing when this is not Debian as root
  [ "$(id -u)" = 0 ] && [ -r /etc/os-release ] && (. /etc/os-release && [ "$ID" = debian ] && printf %s "${VERSION_ID%%.*}") || true
}

unpack() { # packages of Debian 13, into .cache/docker/engine
  local package missing=()
  for package; do [ -f "$engine/.unpacked-$package" ] || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "downloading ${missing[*]} to .cache/docker/engine (not installed; up to 90 MB)"
  "$root/scripts/setup/debs.sh" "$engine" "${missing[@]}" >/dev/null || fail "could not download ${missing[*]}: check the machine's network and APT sources"
  for package in "${missing[@]}"; do touch "$engine/.unpacked-$package"; done
}

plugins() { # makes compose and buildx plugins of the CLI configuration $1
  mkdir -p "$1/cli-plugins"
  ln -sf "$engine"/usr/libexec/docker/cli-plugins/docker-{compose,buildx} "$1/cli-plugins/"
}

use_running() { # the engine that DOCKER_HOST or the default socket names, when there is one
  local version
  command -v docker >/dev/null && version=$(answers "${DOCKER_HOST:-}") && [ -n "$version" ] || return 1
  local host=${DOCKER_HOST:-}
  [ -n "$host" ] || host=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) || host=unix:///var/run/docker.sock
  if docker compose version >/dev/null 2>&1; then
    save user "$host" "${DOCKER_CONFIG:-$HOME/.docker}" ''
  elif [ -n "$(debian)" ]; then
    unpack docker-compose docker-buildx
    plugins "$cache/config"
    save user "$host" "$cache/config" ''
  else
    fail "Docker Engine $version answers, but 'docker compose' (v2) is missing: install the Compose plugin and run this again"
  fi
  say "using the running Docker Engine $version at $host"
}

use_private() {
  case $(debian) in
  12 | 13) ;;
  *) fail "no Docker Engine answers. Install and start Docker Engine with the Compose plugin (or run this as root on Debian 12 or 13), then again" ;;
  esac
  local package need=()
  for package in runc tini iptables iproute2 ca-certificates; do dpkg -s "$package" >/dev/null 2>&1 || need+=("$package"); done
  if [ ${#need[@]} -gt 0 ]; then
    say "installing ${need[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}"; } >"$cache/apt.log" 2>&1 ||
      fail "could not install ${need[*]}: see $cache/apt.log"
  fi
  unpack docker.io docker-cli containerd docker-compose docker-buildx
  rm -f "$engine"/usr/{sbin,bin}/runc # the system's runc matches the system's C library
  plugins "$cache/config"
  local name=main-$(printf %s "$root" | cksum | cut -d' ' -f1)
  "$root/scripts/setup/dockerd.sh" start "$name"
  save private "unix:///run/komodo-operator/$name/docker.sock" "$cache/config" "$engine/usr/sbin:$engine/usr/bin"
  printf %s "$name" >"$cache/private"
}

case ${1:-up} in
up)
  if load && version=$(answers "$DOCKER_HOST") && [ -n "$version" ]; then
    say "Docker Engine $version is ready at $DOCKER_HOST"
    exit 0
  fi
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  ! command -v flock >/dev/null || flock 9
  # Another run may have finished meanwhile.
  if load && version=$(answers "$DOCKER_HOST") && [ -n "$version" ]; then say "Docker Engine $version is ready at $DOCKER_HOST"; exit 0; fi
  if [ "${KOMODO_DOCKER_MODE:-}" = private ]; then unset DOCKER_HOST DOCKER_CONFIG; fi
  use_running || use_private
  load && say "$(docker compose version) is ready"
  ;;
env)
  load || fail "run scripts/setup/docker.sh first"
  cat "$state"
  printf 'export PATH="${KOMODO_DOCKER_PATH}${KOMODO_DOCKER_PATH:+:}$PATH"\n'
  ;;
down)
  if [ -f "$cache/private" ]; then
    "$root/scripts/setup/dockerd.sh" stop "$(cat "$cache/private")"
    rm -f "$cache/private" "$state"
  else
    rm -f "$state"
    say 'no private engine was started'
  fi
  ;;
*) fail "usage: $0 [up|env|down]" ;;
esac
