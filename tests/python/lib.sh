# shellcheck shell=bash
# lib.sh - sourced by the scripts of this folder: where things are. The tests of the build set CHAOS_BUILD, CHAOS_PYTHON
# and CHAOS_CC; by hand the release build and Debian's Python do.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export SOURCE_ROOT=$root CHAOS_BUILD=${CHAOS_BUILD:-$root/build} CHAOS_CC=${CHAOS_CC:-cc}
export CHAOS_PYTHON=${CHAOS_PYTHON:-/usr/bin/python3} CHAOS_BIN=$CHAOS_BUILD/bin
environment=$CHAOS_BUILD/python/environment # the virtual environment that install.sh makes
python=$environment/bin/python
export PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1
export PYTHONDONTWRITEBYTECODE=1
# What would change what the tests see: the environment of whoever runs them.
unset CHAOS_LIBRARY CHAOS_PROVIDER_PATH CHAOS_COLLATERAL CHAOS_TRUST_ROOTS CHAOS_POLICY PYTHONPATH PIP_INDEX_URL PIP_EXTRA_INDEX_URL
# A sanitized library needs its run-time library to be loaded before everything else; Python itself leaks on purpose.
sanitize() {
    if [[ $(ldd "$CHAOS_BUILD/lib/libchaoschain.so") == *libasan* ]]; then # no pipe: who stops reading early ends ldd
        LD_PRELOAD=$("$CHAOS_CC" -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 "$@"
    else
        "$@"
    fi
}
fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}
