#!/usr/bin/env bash
# build.sh PRESET [TARGET]... - configure (quietly, when there is nothing to say) and build one preset.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:?usage: scripts/build.sh PRESET [TARGET]...}
shift
for tool in cmake ninja; do
    if ! command -v "$tool" >/dev/null; then
        echo "build: $tool is missing; 'make deps' installs what is needed" >&2
        exit 1
    fi
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
grep -E 'skipped|missing|[Ww]arning' "$log" | grep -v 'Check for working' || true

targets=()
if [ $# -gt 0 ]; then
    targets=(--target "$@")
fi
export NINJA_STATUS='[%f/%t] '
cmake --build --preset "$preset" "${targets[@]}"
