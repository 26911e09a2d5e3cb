#!/usr/bin/env bash
# check-seed-rows.sh - every row of docs/seed-checklist.md is named in a test, and each test program that it names exists.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

count=0
named=$(grep -rhIoE --exclude-dir=node_modules 'S-[0-9]{2}( to S-[0-9]{2})?' tests/ | sort -u)
expand_named() { # "S-23 to S-26" names those between, too
    local first last
    while read -r first _ last; do
        echo "$first"
        [ -z "$last" ] || for ((i = 10#${first#S-}; i <= 10#${last#S-}; i++)); do printf 'S-%02d\n' "$i"; done
    done <<<"$named"
}
all=$(expand_named | sort -u)
for number in $(seq 6 39); do
    row=$(printf 'S-%02d' "$number")
    count=$((count + 1))
    grep -q "^| $row |" docs/seed-checklist.md || problem "$row is missing in docs/seed-checklist.md"
    grep -qx "$row" <<<"$all" || problem "$row is named in no test"
done
for test in $(grep -oE '`test_[a-z_]+`' docs/seed-checklist.md | tr -d '`' | sort -u); do
    grep -rqE --exclude-dir=node_modules "\b$test\b" tests --include='*.c' -l || [ -n "$(find tests -name "$test.c")" ] || problem "docs/seed-checklist.md names $test, which is no test"
done
finish check-seed-rows "$count rows"
