#!/usr/bin/env bash
# What the tests need of git servers: OpenSSH's client and server, and curl and openssl for hooks that call webhooks. What is there is
# used; what is missing is installed (Debian, as root).
set -euo pipefail
missing=()
[ -x /usr/sbin/sshd ] || missing+=(openssh-server)
command -v ssh ssh-keygen >/dev/null || missing+=(openssh-client)
for tool in curl openssl; do command -v $tool >/dev/null || missing+=($tool); done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "git servers: please install ${missing[*]}" >&2
  exit 1
fi
echo "git servers: installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
