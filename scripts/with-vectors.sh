#!/usr/bin/env bash
# with-vectors.sh COMMAND... - run a test script with CHAOS_VECTORS set: the caller's, or the folder beside the source.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export CHAOS_VECTORS=${CHAOS_VECTORS:-$root/../shared/vectors}
exec "$@"
