#!/usr/bin/env bash
# run-tests.sh BUILD_DIR [CTEST_ARGUMENT]... - run the tests of a build folder and end with one line
# "N passed, N failed" (", N skipped" may follow). A test program that skips one of its cases counts as skipped, not as
# passed, and with CI=true a skip is a failure. CHAOS_TEST_COUNTS=FILE gets the three numbers.
# One test may be skipped anywhere, for one reason: it needs the hardware of a confidential VM.
set -euo pipefail
cd "$(dirname "$0")/.."

may_skip=tee.real_tee
may_skip_because='Not running in Phala CVM'

build=${1:?usage: scripts/run-tests.sh BUILD_DIR [CTEST_ARGUMENT]...}
shift
junit=$(realpath "$build")/tests.xml
rm -f "$junit"

# Tests that need npm packages find them installed; where that fails, they say so and are skipped.
for lock in tests/npm/*/package-lock.json contracts/package-lock.json; do
    if [ -f "$lock" ]; then
        scripts/install-npm.sh "$(dirname "$lock")" || true
    fi
done

export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
ctest --test-dir "$build" --output-on-failure --no-tests=error --output-junit "$junit" \
    --test-output-size-passed 4194304 --test-output-size-failed 4194304 "$@" |
    grep -vE '^ +Start +[0-9]+: |^Internal ctest|^Test project |^[0-9]+% tests passed|^Label Time|sec\*proc|^$' ||
    true # the count below decides

if [ ! -f "$junit" ]; then
    echo "run-tests: ctest ended without a report" >&2
    echo "0 passed, 1 failed"
    exit 1
fi

# One record a test. "fail" is everything that neither ran to its end nor was skipped on purpose.
read -r passed failed skipped excused < <(awk -v RS='<testcase ' -v may_skip="$may_skip" -v because="$may_skip_because" '
    NR == 1 { next }
    {
        name = $0; sub(/^name="/, "", name); sub(/".*/, "", name)
        match($0, / status="[a-z]*"/); status = substr($0, RSTART + 9, RLENGTH - 10)
        if (status == "run" && ! /SKIPPED/) { passed++ }
        else if (status == "run" || (status == "notrun" && /SKIP_RETURN_CODE/)) {
            if (name == may_skip && index($0, "SKIPPED: " because) > 0) {
                excused++; print "skipped: " name ": " because > "/dev/stderr"
            } else {
                skipped++; print "skipped: " name > "/dev/stderr"
            }
        } else { failed++; print "FAILED: " name > "/dev/stderr" }
    }
    END { print passed + 0, failed + 0, skipped + 0, excused + 0 }' "$junit")

if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then
    echo "In CI a skipped test is a failure." >&2
    failed=$((failed + skipped))
    skipped=0
fi
skipped=$((skipped + excused))
if [ -n "${CHAOS_TEST_COUNTS:-}" ]; then
    echo "$passed $failed $skipped" >"$CHAOS_TEST_COUNTS"
fi

if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
