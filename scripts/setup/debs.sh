#!/usr/bin/env bash
# Downloads Debian packages of release trixie and unpacks them, without touching the system: no install, no apt state of the machine.
# usage: debs.sh DEST PACKAGE...     The source is the machine's own Debian mirror with the suite swapped.
set -euo pipefail
cd "$(dirname "$0")/../.."
dest=$(mkdir -p "$1" && cd "$1" && pwd); shift

if ! command -v apt-get >/dev/null || ! grep -qs '^ID=debian' /etc/os-release; then
  echo "setup: $* would come from Debian's packages, but this machine is no Debian: please install them by hand" >&2
  exit 1
fi

root=$PWD/.cache/apt
mkdir -p "$root"/{lists/partial,archives/partial,parts,debs}
# Two setups may run at once; apt locks only its own parts.
exec 9>"$root/lock"; flock 9

if [ -f /etc/apt/sources.list.d/debian.sources ]; then
  sed -n '/^Types:/,/^$/p;/^$/q' /etc/apt/sources.list.d/debian.sources | sed -E 's/^Suites:.*/Suites: trixie/' >"$root/parts/trixie.sources"
else
  awk '$1 == "deb" && !done { sub(/ (bookworm|trixie) /, " trixie "); print; done = 1 }' /etc/apt/sources.list >"$root/parts/trixie.list"
fi
apt=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$root/parts" -o Dir::Etc::preferencesparts=/dev/null
  -o "Dir::State::lists=$root/lists" -o "Dir::Cache::archives=$root/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
  -o APT::Default-Release= -o APT::Sandbox::User=root -o Acquire::Retries=3)

# A day-old index is good enough; an older one may name packages that the mirror has replaced.
fresh=$(find "$root/lists" -maxdepth 1 -name '*Packages*' -mmin -1440 -print -quit)
[ -n "$fresh" ] || apt-get "${apt[@]}" update -qq

for package in "$@"; do
  version=$(apt-cache "${apt[@]}" policy "$package" | awk '/Candidate:/ { print $2 }')
  # awk reads to the end: a reader that leaves early would end apt-cache by SIGPIPE, and this script with it.
  arch=$(apt-cache "${apt[@]}" show "$package=$version" | awk '/^Architecture:/ && !arch { arch = $2 } END { print arch }')
  deb=$root/debs/${package}_${version//:/%3a}_$arch.deb
  [ -f "$deb" ] || (cd "$root/debs" && apt-get "${apt[@]}" download -qq "$package=$version")
  dpkg-deb -x "$deb" "$dest"
  echo "setup: unpacked $package $version"
done
