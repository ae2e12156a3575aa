#!/usr/bin/env bash
# Images that tests and examples run, made on this machine without any registry; a second run does nothing.
#
#   komodo-operator/busybox:test      a shell and small tools
#   komodo-operator/web:1, web:2, web:broken   a web server with a health check that says its version; `broken` never gets healthy
#
# The engine is the one that scripts/setup/docker.sh found, or the one DOCKER_HOST names when KOMODO_IMAGES_HERE=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD/.cache/images/rootfs archive=$PWD/.cache/images/busybox.tar
busybox=komodo-operator/busybox web=komodo-operator/web

say() { printf 'images: %s\n' "$*"; }
fail() { printf 'images: %s\n' "$*" >&2; exit 1; }

if [ -z "${KOMODO_IMAGES_HERE:-}" ]; then
  environment=$(scripts/setup/docker.sh env) || fail 'run scripts/setup/docker.sh first'
  eval "$environment"
fi

there() { # one call answers for all
  docker image inspect $busybox:test $web:1 $web:2 $web:broken >/dev/null 2>&1 && say "$busybox:test, $web:1, $web:2 and $web:broken are there"
}
! there || exit 0

mkdir -p "$PWD/.cache/images"
exec 9>"$PWD/.cache/images/lock"
! command -v flock >/dev/null || flock 9
! there || exit 0 # another run made them meanwhile
if ! [ -f "$archive" ]; then
  binary=$(command -v busybox || true)
  # A dynamically linked busybox would not run in an otherwise empty root.
  if [ -z "$binary" ] || ldd "$binary" >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      say 'installing busybox-static'
      { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends busybox-static; } \
        >"$PWD/.cache/images/apt.log" 2>&1 || fail "could not install busybox-static: see $PWD/.cache/images/apt.log"
      binary=$(command -v busybox)
    else
      binary=
    fi
  fi
  if [ -n "$binary" ]; then
    rm -rf "$root"
    mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,tmp,root,var/www,proc,sys,dev}
    cp "$binary" "$root/bin/busybox"
    chmod 1777 "$root/tmp"
    "$binary" --list | while read -r applet; do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$root" -cf "$archive.new" .
    mv "$archive.new" "$archive"
  fi
fi

if docker image inspect $busybox:test >/dev/null 2>&1; then
  : # kept: importing it again would give it another id
elif [ -f "$archive" ]; then
  docker import -c 'CMD ["/bin/sh"]' -c 'ENV PATH=/bin:/sbin:/usr/bin:/usr/sbin' "$archive" $busybox:test >/dev/null
else
  # Not root, or not Debian: take the public image once.
  docker pull -q busybox:stable >/dev/null || fail 'no static busybox on this machine and busybox:stable cannot be pulled'
  docker tag busybox:stable $busybox:test
fi

for version in 1 2 broken; do
  docker build -q -t $web:$version --build-arg VERSION=$version - >/dev/null <<'DOCKERFILE'
FROM komodo-operator/busybox:test
ARG VERSION
RUN mkdir -p /var/www && echo "hello from version $VERSION" >/var/www/index.html && if [ "$VERSION" = broken ]; then echo false; else echo true; fi >/healthy && chmod +x /healthy
EXPOSE 80
HEALTHCHECK --interval=1s --timeout=2s --retries=2 CMD ["/bin/sh", "-c", "sh /healthy && wget -q -O - http://127.0.0.1:80/"]
# As process 1, busybox's httpd ignores SIGTERM.
STOPSIGNAL SIGKILL
CMD ["httpd", "-f", "-v", "-p", "80", "-h", "/var/www"]
DOCKERFILE
done
say "made $busybox:test, $web:1, $web:2 and $web:broken"
