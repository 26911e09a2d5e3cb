#!/usr/bin/env bash
# check-threads.sh - the tests in which threads share the verify library's objects, under ThreadSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

cmake --preset tsan -DCHAOS_VERIFY_ONLY=ON >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
cmake --build --preset tsan --target test_threads test_p256 >"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
export TSAN_OPTIONS=halt_on_error=1
for test in test_threads test_p256; do
    "build-tsan/tests/$test" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
done
echo "check-threads: no race in 2 programs"
