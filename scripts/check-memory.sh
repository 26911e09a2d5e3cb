#!/usr/bin/env bash
# check-memory.sh BUILD_DIR - the unit tests under valgrind: no invalid access, no use of a value that was never set,
# no leak. Sanitizers see other things, and the release hides the second by setting everything to zero.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${1:?usage: scripts/check-memory.sh BUILD_DIR}
limit=${CHAOS_VALGRIND_SECONDS:-800}
mapfile -t programs < <(find "$build/tests" -maxdepth 1 -name 'test_*' -executable -type f -printf '%f\n' | sort |
    while read -r name; do [ ! -f "tests/unit/$name.c" ] || echo "$name"; done)
[ ${#programs[@]} -gt 0 ] || { echo "check-memory: no test programs in $build/tests" >&2; exit 1; }

export CHAOS_VECTORS=${CHAOS_VECTORS:-$PWD/../shared/vectors} CHAOS_TEST_QUICK=1
one() {
    local log=$1/$2.valgrind begin=$SECONDS result=0
    timeout "$3" valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible \
        --errors-for-leak-kinds=definite,indirect,possible "$1/tests/$2" >"$log" 2>&1 || result=$?
    if [ "$result" -eq 0 ]; then
        echo "  $2: clean, $((SECONDS - begin)) s"
    else
        echo "  $2: FAILED (exit $result, $((SECONDS - begin)) s)"
        grep -E '^==|FAILED|rror' "$log" | head -n 60
        return 1
    fi
}
export -f one
printf '%s\n' "${programs[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one "$@"' one "$build" {} "$limit"
