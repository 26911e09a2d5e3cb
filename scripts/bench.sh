#!/usr/bin/env bash
# bench.sh - run the benchmarks that `make bench` has built.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -x bench/run.sh ]; then
    exec bench/run.sh
fi
shopt -s nullglob
programs=(build/bin/bench-*)
if [ ${#programs[@]} -eq 0 ]; then
    echo "bench: there is none" >&2
    exit 1
fi
for program in "${programs[@]}"; do
    echo "== ${program##*/}"
    "$program"
done
