#!/usr/bin/env bash
# OpenSSH's client and server, for the tests that reach git over ssh. What is there is used; what is missing is installed (Debian, as root).
set -euo pipefail
if [ -x /usr/sbin/sshd ] && command -v ssh ssh-keygen >/dev/null; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "ssh: please install OpenSSH's client and server (openssh-client, openssh-server)" >&2
  exit 1
fi
echo "ssh: installing openssh-client and openssh-server"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-client openssh-server >/dev/null
