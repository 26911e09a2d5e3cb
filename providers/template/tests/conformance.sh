#!/bin/sh
# conformance.sh CHAOSCHAIN PLUGIN - passes when every rule of the provider protocol was tried and met, fails when one is
# not met, and is skipped (77) when some could not be tried; it says which.
# ENDPOINT: where the TEE, or a simulator, answers. RECORDING: a folder of recorded exchanges to answer from.
set -u
chaoschain=$1
plugin=$2

if [ ! -x "$chaoschain" ]; then
    echo "SKIPPED: the program chaoschain is not installed (PATH, or -DCHAOSCHAIN=/path/to/chaoschain)"
    exit 77
fi
set -- provider check "$plugin"
[ -z "${ENDPOINT:-}" ] || set -- "$@" --endpoint "$ENDPOINT"
[ -z "${RECORDING:-}" ] || set -- "$@" --replay "$RECORDING"
"$chaoschain" "$@"
code=$?
case $code in
0) exit 0 ;;
1)
    echo "SKIPPED: no rule failed, and those marked 'skip' could not be tried here"
    exit 77
    ;;
*) exit "$code" ;;
esac
