#!/usr/bin/env bash
# run.sh COMPILER FILE.c - FILE.c must compile as it stands, and must not compile with -DMISUSE, for the reason that
# its comment "refused: REGEX" gives. So a typing error in the test cannot pass for a refusal.
set -euo pipefail

compiler=$1
file=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
flags=(-std=gnu11 -c -o /dev/null -O1 -Wall -Wextra -I"$root/include"
    -Werror=incompatible-pointer-types -Werror=unused-result -Werror=discarded-qualifiers -Werror=ignored-qualifiers
    -Wno-unknown-warning-option)
reason=$(sed -n 's|.*refused: \(.*\) \*/.*|\1|p' "$file")
[ -n "$reason" ] || { echo "$file: no comment 'refused: REGEX'"; exit 1; }

if ! "$compiler" "${flags[@]}" "$file"; then
    echo "$file: the control does not compile"
    exit 1
fi
if output=$(LC_ALL=C "$compiler" "${flags[@]}" -DMISUSE "$file" 2>&1); then
    echo "$file: the misuse compiles"
    exit 1
fi
if ! grep -qE "error: .*($reason)" <<<"$output"; then
    printf '%s\n' "$output"
    echo "$file: the misuse is refused for another reason than: $reason"
    exit 1
fi
echo "refused: $(grep -m1 -oE 'error: .*' <<<"$output")"
