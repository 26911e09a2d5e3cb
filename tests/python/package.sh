#!/usr/bin/env bash
# package.sh [TEST...] - the tests of chaoschain_tee, on the installed package, beside a simulated guest agent; then a
# few of them under another Python, where the PATH has one.
. "$(dirname "$0")/lib.sh"
[ -x "$python" ] || "$root/tests/python/install.sh"
cd "$root/tests/python"
arguments=(discover)
[ $# = 0 ] || arguments=("$@")
run() { sanitize "$@"; }
export -f run sanitize
bash "$root/tests/tee/with_simulator.sh" "$CHAOS_BIN" bash -c 'run "$@"' - "$python" -m unittest "${arguments[@]}"
other=$(command -v python3 || true)
if [ $# = 0 ] && [ -n "$other" ] && ! [ "$(realpath "$other")" = "$(realpath "$CHAOS_PYTHON")" ]; then
    PYTHONPATH=$(echo "$environment"/lib/python3*/site-packages) sanitize "$other" -m unittest test_structs test_errors test_verify.Threads
fi
