#!/usr/bin/env bash
# coverage.sh [LEAST] - build with gcc's counters, run the tests of the verify library, and print how many lines and branches
# of wire/, verify/ and appraise/ they reached, worst files first. With LEAST (95): fails when fewer of the lines were.
set -euo pipefail
cd "$(dirname "$0")/.."
least=${1:-95}
build=build-coverage
folders='wire|verify|appraise'

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCHAOS_STATIC_PROGRAM=OFF \
    -DCMAKE_C_FLAGS='--coverage -fprofile-update=atomic' -DCMAKE_EXE_LINKER_FLAGS=--coverage \
    -DCMAKE_SHARED_LINKER_FLAGS=--coverage >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
rm -f "$build.log"
cmake --build "$build" --target tests >/dev/null
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" -L 'unit|vectors|hostile|fuzz' -j "$(nproc)" >"$build/ctest.log" 2>&1 ||
    { tail -n 20 "$build/ctest.log" >&2; exit 1; }

report=$build/coverage.txt
find "$PWD/$build/CMakeFiles" -name '*.gcda' | grep -E "chaos_($folders)\.dir" | sort |
    (cd "$build" && xargs gcov -n -b 2>/dev/null) >"$build/gcov.log"
awk -v folders="/src/($folders)/" '
    /^File / { name = $0; sub(/^File .*\/src\//, "", name); sub(/\047$/, "", name); ours = $0 ~ folders && $0 ~ /\.c\047$/ }
    ours && /^Lines executed:/ { split($0, p, /[:% ]+/); lines[name] = p[5]; hit[name] = p[3] * p[5] / 100 }
    ours && /^Branches executed:/ { next }
    ours && /^Taken at least once:/ { split($0, p, /[:% ]+/); branches[name] = p[7]; taken[name] = p[5] * p[7] / 100 }
    END {
        for (name in lines) {
            l += lines[name]; h += hit[name]; b += branches[name]; t += taken[name]
            printf "%6.2f %6.2f %5d %5d  %s\n", 100 * hit[name] / lines[name],
                branches[name] > 0 ? 100 * taken[name] / branches[name] : 100, lines[name], branches[name], name
        }
        printf "%6.2f %6.2f %5d %5d  all\n", 100 * h / l, 100 * t / b, l, b
    }' "$build/gcov.log" | sort -n >"$report"
echo "lines% branches% lines branches  file"
cat "$report"
awk -v least="$least" '$5 == "all" { good = $1 >= least } END { exit !good }' "$report" ||
    { echo "coverage: fewer than $least % of the lines" >&2; exit 1; }
