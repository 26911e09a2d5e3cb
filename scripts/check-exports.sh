#!/usr/bin/env bash
# check-exports.sh [BUILD_DIR] - the headers, the version script, the shared and the static library name the same
# functions; nothing else leaks.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

build=${1:-build}
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The declarations: without preprocessor lines and comments, one a line.
cat include/chaoschain/*.h | sed -E ':a;/\\$/{N;ba};/^#/d' | tr '\n' ' ' | sed -E 's#/\*([^*]|\*+[^*/])*\*+/##g' |
    tr ';{}' '\n' | grep -E '\bchaos_[a-z0-9_]+ *\(' >"$work/declarations"
name_of='s/.*\b(chaos_[a-z0-9_]+) *\(.*/\1/p'
sed -nE "$name_of" "$work/declarations" | sort -u >"$work/declared"
grep CHAOS_API "$work/declarations" | sed -nE "$name_of" | sort >"$work/headers"
sed -n 's/^ *\(chaos_[a-z0-9_]*\);.*/\1/p' packaging/libchaoschain-verify.map | sort >"$work/map"
nm -D --defined-only "$build/lib/libchaoschain-verify.so" | awk '$2 != "A" { print $3 }' |
    sed 's/@@\?CHAOSCHAIN_VERIFY_.*//' | sort >"$work/shared"
nm -g --defined-only "$build/lib/libchaoschain-verify.a" | awk 'NF == 3 { print $3 }' | sort >"$work/static"

compare() { # compare NAME-OF-A A NAME-OF-B B
    while IFS= read -r name; do problem "$name: in $1, not in $3"; done < <(comm -23 "$work/$2" "$work/$4")
    while IFS= read -r name; do problem "$name: in $3, not in $1"; done < <(comm -13 "$work/$2" "$work/$4")
}
sort -u "$work/headers" | cmp -s - "$work/headers" || problem "a function is declared twice: $(uniq -d "$work/headers")"
compare "the headers as CHAOS_API" headers "the headers at all" declared
compare "the headers" headers "the version script" map
compare "the version script" map "the shared library" shared
compare "the version script" map "the static library" static

soname=$(readelf -d "$build/lib/libchaoschain-verify.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
[ "$soname" = libchaoschain-verify.so.0 ] || problem "the SONAME is $soname"
nm -D --defined-only "$build/lib/libchaoschain-verify.so" | awk '$2 != "A" && $3 !~ /@@CHAOSCHAIN_VERIFY_0\.1$/ { print $3 }' |
    { ! grep . ; } || problem "a name has another version than CHAOSCHAIN_VERIFY_0.1"
finish check-exports "$(wc -l <"$work/map") functions"
