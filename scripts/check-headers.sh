#!/usr/bin/env bash
# check-headers.sh - every public header compiles alone, as strict C11 and as C++11, with gcc and with clang; and
# tests/headers/*.c, which uses what macros and inline functions they have, in both languages.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

strict=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror -fsyntax-only -Iinclude)
count=0
source=$(mktemp)
trap 'rm -f "$source"' EXIT

compile() { # compile NAME FILE
    local compiler
    for compiler in gcc clang-14; do
        "$compiler" -std=c11 -Wstrict-prototypes "${strict[@]}" -x c "$2" || problem "$1: not C11 for $compiler"
    done
    for compiler in g++ clang++-14; do
        "$compiler" -std=c++11 "${strict[@]}" -x c++ "$2" || problem "$1: not C++11 for $compiler"
    done
    count=$((count + 4))
}
for header in include/chaoschain/*.h; do
    name=chaoschain/${header##*/}
    # Twice, for the include guard; and a declaration after it, for an extern "C" that is left open.
    printf '#include <%s>\n#include <%s>\nint after_header(void);\n' "$name" "$name" >"$source"
    compile "$header" "$source"
done
for file in tests/headers/*.c; do
    compile "$file" "$file"
done
finish check-headers "$count compilations"
