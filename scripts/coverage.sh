#!/usr/bin/env bash
# coverage.sh [LEAST] - build the verify library with gcc's counters, run its tests, and print how many lines and branches of
# wire/, verify/ and appraise/ they reached: the folders, and then the files, worst first. Fails where a folder has fewer than
# LEAST (95) percent of its lines. The lines themselves: build-coverage/coverage.html. Needs gcovr.
set -euo pipefail
cd "$(dirname "$0")/.."
least=${1:-95}
build=build-coverage
command -v gcovr >/dev/null || { echo "coverage: gcovr is missing (scripts/install-deps.sh coverage)" >&2; exit 1; }

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCHAOS_STATIC_PROGRAM=OFF -DCHAOS_VERIFY_ONLY=ON \
    -DCMAKE_C_FLAGS='--coverage -fprofile-update=atomic' -DCMAKE_EXE_LINKER_FLAGS=--coverage \
    -DCMAKE_SHARED_LINKER_FLAGS=--coverage >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
rm -f "$build.log"
cmake --build "$build" --target tests >"$build/build.log" || { tail -n 30 "$build/build.log" >&2; exit 1; }
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" -L 'unit|vectors|hostile|fuzz' -j "$(nproc)" >"$build/ctest.log" 2>&1 ||
    { tail -n 20 "$build/ctest.log" >&2; exit 1; }

objects=()
for folder in wire verify appraise; do
    objects+=("$build/CMakeFiles/chaos_$folder.dir")
done
gcovr -j "$(nproc)" --filter 'src/(wire|verify|appraise)/.*\.c$' --csv "$build/coverage.csv" \
    --html-details "$build/coverage.html" "${objects[@]}" >"$build/gcovr.log" 2>&1 || { cat "$build/gcovr.log" >&2; exit 1; }

# filename,line_total,line_covered,line_percent,branch_total,branch_covered,branch_percent,…
awk -F, -v least="$least" '
    function percent(part, whole) { return whole > 0 ? 100 * part / whole : 100 }
    function row(name, l, h, b, t) {
        return sprintf("%6.2f %6d of %5d   %6.2f %6d of %5d   %s", percent(h, l), h, l, percent(t, b), t, b, name)
    }
    NR > 1 {
        split($1, path, "/")
        folder = path[2]
        for (key = 0; key < 2; key++) {
            name = key == 0 ? folder : "all"
            l[name] += $2; h[name] += $3; b[name] += $5; t[name] += $6
        }
        files[++count] = row($1, $2, $3, $5, $6)
    }
    END {
        if (count == 0) { print "coverage: no figures" > "/dev/stderr"; exit 1 }
        print " lines                   branches"
        for (i = split("wire verify appraise all", order, " "); i > 0; i--) {
            name = order[i]
            folders = row(name, l[name], h[name], b[name], t[name]) "\n" folders
            bad = bad || (name != "all" && percent(h[name], l[name]) < least)
        }
        printf "%s\n", folders
        for (i = 1; i <= count; i++) print files[i] | "LC_ALL=C sort -n"
        close("LC_ALL=C sort -n")
        if (bad) { print "coverage: a folder has fewer than " least " % of its lines" > "/dev/stderr" }
        exit bad
    }' "$build/coverage.csv"
