#!/usr/bin/env bash
# One private dockerd, apart from the user's own: data under .cache/docker/NAME, sockets under /run/komodo-operator/NAME.
#
#   scripts/setup/dockerd.sh start NAME     and wait until it answers (harmless when it runs)
#   scripts/setup/dockerd.sh stop NAME      with its containers; undoes its bridge and network rules
#   scripts/setup/dockerd.sh kill NAME      SIGKILL, as a crash would (for tests)
#   scripts/setup/dockerd.sh remove NAME    stop, and delete its data
#
# NETNS=1 puts it into a network namespace of its own: several engines then do not disturb each other's rules.
# DOCKERD_ARGS adds words to the command line. Needs root and what scripts/setup/docker.sh unpacks or an installed dockerd.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command=${1:?start, stop, kill or remove} name=${2:?a name}
cache=$PWD/.cache/docker engine=$PWD/.cache/docker/engine
run=/run/komodo-operator/$name # short: a socket's path has at most 108 bytes
data=$cache/$name socket=unix://$run/docker.sock
[ -x "$engine/usr/sbin/dockerd" ] && PATH=$engine/usr/sbin:$engine/usr/bin:$PATH

sum=$(printf %s "$cache/$name" | cksum | cut -d' ' -f1)
bridge=kop$((sum % 100000000)) # at most 15 characters
namespace=kop-$((sum % 100000000))
octet=$((sum % 200)) pool=10.$((212 + sum % 40)).0.0/16
inside=()
[ -z "${NETNS:-}" ] || inside=(nsenter "--net=/run/netns/$namespace")

say() { printf 'docker: %s\n' "$*"; }
fail() { printf 'docker: %s\n' "$*" >&2; exit 1; }
ready() { [ -S "$run/docker.sock" ] && DOCKER_HOST=$socket docker version --format '{{.Server.Version}}' 2>/dev/null; }
alive() { # a pid file's process, not counting zombies, which keep their pid for a while
  local pid; pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && grep -q '^State:[[:space:]][^ZX]' "/proc/$pid/status" 2>/dev/null
}
within() { # seconds, command...: waits until it succeeds
  local left=$(($1 * 20)); shift
  until "$@"; do left=$((left - 1)); [ $left -gt 0 ] || return 1; sleep 0.05; done
}
gone() { ! alive "$1"; }
others() { # does another engine live in this network namespace?
  local process here; here=$(readlink /proc/self/ns/net)
  for process in /proc/[0-9]*; do
    [ "$(cat "$process/comm" 2>/dev/null)" = dockerd ] && grep -q '^State:[[:space:]][^ZX]' "$process/status" 2>/dev/null &&
      [ "$(readlink "$process/ns/net")" = "$here" ] && return 0
  done
  return 1
}
answering() { ready >/dev/null; }

start() {
  local version
  version=$(ready) && [ -n "$version" ] && { say "engine $name runs already (Docker $version)"; return; }
  command -v dockerd >/dev/null || fail "no dockerd: run scripts/setup/docker.sh, or install Docker Engine"
  mkdir -p "$run" "$data"; chmod 700 "$run"
  alive "$run/docker.pid" || rm -f "$run/docker.pid" "$run/docker.sock"
  if [ -n "${NETNS:-}" ]; then
    [ -e "/run/netns/$namespace" ] || ip netns add "$namespace"
    "${inside[@]}" ip link set lo up
  else
    [ -f "$data/before" ] || printf 'policy=%s\nforward=%s\n' "$(iptables -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')" \
      "$(cat /proc/sys/net/ipv4/ip_forward)" >"$data/before"
  fi
  "${inside[@]}" ip link show "$bridge" >/dev/null 2>&1 || "${inside[@]}" ip link add "$bridge" type bridge
  "${inside[@]}" ip addr replace "10.201.$octet.1/24" dev "$bridge"
  "${inside[@]}" ip link set "$bridge" up
  echo '{}' >"$run/daemon.json" # instead of the system's /etc/docker/daemon.json
  local init=(); [ ! -x /usr/bin/tini-static ] || init=(--init-path /usr/bin/tini-static)
  # shellcheck disable=SC2086
  setsid "${inside[@]}" dockerd --config-file "$run/daemon.json" --host "$socket" --data-root "$data/data" --exec-root "$run/exec" \
    --pidfile "$run/docker.pid" --bridge "$bridge" --default-address-pool "base=$pool,size=24" "${init[@]}" ${DOCKERD_ARGS:-} \
    9>&- >"$data/dockerd.log" 2>&1 </dev/null &
  within 60 answering || { tail -n 5 "$data/dockerd.log" >&2; fail "engine $name did not start; its log is $data/dockerd.log"; }
  say "started Docker Engine $(ready) at $socket (data in .cache/docker/$name)"
}

stop() {
  if ! alive "$run/docker.pid" && alive "$run/exec/containerd/containerd.pid"; then start; fi # it was killed: let it tidy up
  if alive "$run/docker.pid"; then
    kill "$(cat "$run/docker.pid")"
    within 40 gone "$run/docker.pid" || fail "engine $name does not stop; its log is $data/dockerd.log"
    say "stopped engine $name"
  fi
  local containerd=$run/exec/containerd/containerd.pid
  if alive "$containerd"; then kill "$(cat "$containerd")"; within 10 gone "$containerd" || true; fi
  if [ -n "${NETNS:-}" ]; then
    [ ! -e "/run/netns/$namespace" ] || ip netns del "$namespace"
  else
    ip link del "$bridge" 2>/dev/null || true
    others || rules_off
  fi
  ! mountpoint -q "$data/data" || umount "$data/data" # left by a killed engine
  rm -rf "$run"
}

# dockerd leaves its rules behind. They are shared by all engines of a network namespace, so only the last one out removes them.
rules_off() {
  [ -f "$data/before" ] || return 0
  local policy forward chain rule
  # shellcheck disable=SC1091
  . "$data/before"
  for chain in DOCKER-USER DOCKER-ISOLATION-STAGE-1; do while iptables -D FORWARD -j $chain 2>/dev/null; do :; done; done
  iptables -S FORWARD 2>/dev/null | grep -E -- "-(o|i) ($bridge|br-[0-9a-f]{12})" | sed 's/^-A/-D/' | while read -r rule; do
    # shellcheck disable=SC2086
    iptables $rule
  done || true
  iptables -t nat -S 2>/dev/null | grep -E '^-A (PREROUTING|OUTPUT) .* -j DOCKER$|^-A POSTROUTING .* ! -o (kop|br-)' | sed 's/^-A/-D/' | while read -r rule; do
    # shellcheck disable=SC2086
    iptables -t nat $rule
  done || true
  for chain in DOCKER DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2 DOCKER-USER; do { iptables -F $chain && iptables -X $chain; } 2>/dev/null || true; done
  { iptables -t nat -F DOCKER && iptables -t nat -X DOCKER; } 2>/dev/null || true
  [ -z "${policy:-}" ] || iptables -P FORWARD "$policy"
  [ -z "${forward:-}" ] || echo "$forward" >/proc/sys/net/ipv4/ip_forward
  rm -f "$data/before"
}

case $command in
start) start ;;
stop) stop ;;
kill)
  alive "$run/docker.pid" || fail "engine $name does not run"
  kill -9 "$(cat "$run/docker.pid")"
  within 10 gone "$run/docker.pid"
  rm -f "$run/docker.pid"
  ;;
remove)
  stop
  rm -rf "$data"
  ;;
*) fail "usage: $0 start|stop|kill|remove NAME" ;;
esac
