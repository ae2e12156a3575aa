#!/bin/sh
# `komodo validate` as a hook of pre-commit, out of the clone that pre-commit keeps; the first run installs what the CLI needs there.
set -eu
here=$(dirname "$(readlink -f "$0")")
npm_config_omit=dev "$here/setup/node.sh" >&2
exec "$here/../cli/bin/komodo" validate "$@"
