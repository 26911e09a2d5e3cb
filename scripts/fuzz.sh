#!/usr/bin/env bash
# fuzz.sh [SECONDS] - build the libFuzzer targets and run each for a while. What they find stays in build-fuzz/corpus/
# between runs; a crash is written to build-fuzz/crashes/ and ends the run with a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-20}
scripts/install-deps.sh fuzz
scripts/build.sh fuzz fuzzers
mkdir -p build-fuzz/crashes

failed=0
shopt -s nullglob
programs=(build-fuzz/fuzzers/fuzz_*)
targets=(fuzz/fuzz_*.c)
if [ ${#programs[@]} -ne ${#targets[@]} ]; then
    echo "fuzz: ${#programs[@]} programs of ${#targets[@]} targets" >&2
    exit 1
fi
for program in "${programs[@]}"; do
    name=${program##*/}
    topic=${name#fuzz_}
    kept=build-fuzz/corpus/$topic
    mkdir -p "$kept"
    corpora=("$kept")
    [ ! -d "fuzz/corpus/$topic" ] || corpora+=("fuzz/corpus/$topic")
    log=build-fuzz/$name.log
    printf '%-24s ' "$topic"
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/crashes/$topic-" "${corpora[@]}" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        cover=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
        echo "ok, $runs runs, ${cover:-cov: 0}"
    else
        echo "FAILED"
        tail -n 40 "$log"
        failed=1
    fi
done
exit "$failed"
