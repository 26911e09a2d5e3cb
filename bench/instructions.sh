#!/usr/bin/env bash
# instructions.sh - counts the instructions of one cold verification by the object they belong to. Exact and repeatable,
# so it can be a gate: with a number as argument, fails when more than that percentage lies outside libcrypto.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${1:-}
program=${CHAOS_BENCH_PROGRAM:-build/bin/bench-verify}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
valgrind -q --tool=callgrind --callgrind-out-file="$out" --collect-atstart=no --toggle-collect=cold_verification \
    "$program" --once cold 10 >/dev/null
callgrind_annotate --threshold=100 --show-percs=no "$out" | awk -v limit="$limit" '
    /^ *[0-9,]+ / {
        n = $1; gsub(",", "", n)
        if ($0 ~ /PROGRAM TOTALS/) { total = n; next }
        if ($0 ~ /libcrypto/) crypto += n
        else if ($0 ~ /libc\.so|ld-linux|vgpreload/) libc += n
        else if ($0 ~ /\[/) ours += n
    }
    END {
        printf "total %d per verification: libcrypto %.1f %%, C library %.1f %%, ours %.1f %%\n", total / 10,
            100 * crypto / total, 100 * libc / total, 100 * (total - crypto - libc) / total
        if (limit != "" && 100 * (total - crypto - libc) / total > limit + 0) {
            printf "more than %s %% of the instructions are ours\n", limit
            exit 1
        }
    }'
