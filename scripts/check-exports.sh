#!/usr/bin/env bash
# check-exports.sh [BUILD_DIR] - for each library: the headers, the version script, the shared and the static library
# name the same functions; nothing else leaks.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

build=${1:-build}
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compare() { # compare NAME-OF-A A NAME-OF-B B
    while IFS= read -r name; do problem "$library: $name: in $1, not in $3"; done < <(comm -23 "$work/$2" "$work/$4")
    while IFS= read -r name; do problem "$library: $name: in $3, not in $1"; done < <(comm -13 "$work/$2" "$work/$4")
}

# The declarations of the headers: without preprocessor lines, comments and types of functions, one a line.
declarations_of() {
    local header
    for header in "$@"; do
        cat "include/chaoschain/$header.h"
    done | sed -E ':a;/\\$/{N;ba};/^#/d' | tr '\n' ' ' | sed -E 's#/\*([^*]|\*+[^*/])*\*+/##g' |
        tr ';{}' '\n' | grep -vE '^ *typedef\b' | grep -E '\bchaos_[a-z0-9_]+ *\(' || true
}
name_of='s/.*\b(chaos_[a-z0-9_]+) *\(.*/\1/p'

check_library() { # check_library NAME VERSION-NODE HEADER...
    library=lib$1
    local node=$2 shared=$build/lib/lib$1.so archive=$build/lib/lib$1.a soname
    shift 2
    declarations_of "$@" >"$work/declarations"
    sed -nE "$name_of" "$work/declarations" | sort -u >"$work/declared"
    grep CHAOS_API "$work/declarations" | sed -nE "$name_of" | sort >"$work/headers"
    sed -n 's/^ *\(chaos_[a-z0-9_]*\);.*/\1/p' "packaging/$library.map" | sort >"$work/map"
    if [ ! -f "$shared" ] || [ ! -f "$archive" ]; then
        problem "$library: not built in $build"
        return
    fi
    nm -D --defined-only "$shared" | awk '$2 != "A" { print $3 }' | sed 's/@@\?CHAOSCHAIN_.*//' | sort >"$work/shared"
    nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' | sort >"$work/static"

    sort -u "$work/headers" | cmp -s - "$work/headers" ||
        problem "$library: a function is declared twice: $(uniq -d "$work/headers")"
    compare "the headers as CHAOS_API" headers "the headers at all" declared
    compare "the headers" headers "the version script" map
    compare "the version script" map "the shared library" shared
    compare "the version script" map "the static library" static

    soname=$(readelf -d "$shared" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    [ "$soname" = "$library.so.0" ] || problem "$library: the SONAME is $soname"
    while IFS= read -r name; do
        problem "$library: $name has another version than $node"
    done < <(nm -D --defined-only "$shared" | awk -v node="$node" '$2 != "A" && index($3, "@@" node) == 0 { print $3 }')
    functions+="$(wc -l <"$work/map") of $library, "
}

verify=(base evidence verify appraise check)
tee=()
for header in include/chaoschain/*.h; do
    header=$(basename "$header" .h)
    case " ${verify[*]} chaoschain provider " in
    *" $header "*) ;;
    *) tee+=("$header") ;;
    esac
done
functions=
check_library chaoschain-verify CHAOSCHAIN_VERIFY_0.1 "${verify[@]}"
check_library chaoschain CHAOSCHAIN_0.1 "${verify[@]}" "${tee[@]}"

# provider.h is for those who link nothing of ours.
! grep -n CHAOS_API include/chaoschain/provider.h || problem "provider.h declares a function of the library"
finish check-exports "functions: ${functions%, }"
