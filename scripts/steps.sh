# shellcheck shell=bash
# steps.sh - sourced by check.sh and .ci/run: a step is one command that passes or fails, with its time; a failure does
# not keep the next step from running.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

passed=0
failed=0
failed_steps=()

step() { # step NAME COMMAND...
    local name=$1 begin=$SECONDS result=0
    shift
    echo "--- $name"
    "$@" </dev/null || result=$?
    if [ "$result" -eq 0 ]; then
        passed=$((passed + 1))
        echo "--- $name: passed, $((SECONDS - begin)) s"
    else
        failed=$((failed + 1))
        failed_steps+=("$name")
        echo "--- $name: FAILED (exit $result), $((SECONDS - begin)) s"
    fi
}

quiet() { # the output only when the command fails, and then without its progress
    local log result=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || result=$?
    [ "$result" -eq 0 ] || grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" || true
    rm -f "$log"
    return "$result"
}

static_checks() { # of a tree whose release is built
    step format scripts/check-format.sh
    step words scripts/check-words.sh
    step deps scripts/check-deps.sh
    step exports scripts/check-exports.sh build
    step imports scripts/check-imports.sh build
    step headers scripts/check-headers.sh
    step docs scripts/check-docs.sh
    step seed-rows scripts/check-seed-rows.sh
    step clang quiet scripts/build.sh clang
    step clang-tidy quiet scripts/build.sh tidy
}

close() { # the last line: "N passed, N failed"
    for name in "${failed_steps[@]}"; do
        echo "FAILED: $name"
    done
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
