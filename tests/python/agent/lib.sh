# shellcheck shell=bash
# lib.sh - sourced by the scripts of this folder: what tests/python/lib.sh has, and anvil.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
here=$root/tests/python/agent
export CHAOS_ANVIL=${CHAOS_ANVIL:-$root/tests/npm/chain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil}
export CHAOS_LIBRARY=$CHAOS_BUILD/lib # this build, also where it is not the folder `build`
skip() {
    echo "SKIPPED: $*"
    exit 77
}
need_chain() {
    [ -x "$CHAOS_BIN/chaoschain-chain" ] || skip "chaoschain-chain is not built"
    [ -x "$CHAOS_ANVIL" ] || "$root/scripts/install-npm.sh" "$root/tests/npm/chain" || skip "anvil is not installed"
    [ -x "$CHAOS_ANVIL" ] || skip "anvil is not installed"
}
# install_in ENVIRONMENT FOLDER...: into a virtual environment without a pip of its own.
install_in() {
    local into=$1
    shift
    "$python" -m pip --python "$into/bin/python" install --quiet --no-index "$@"
}
# beside COMMAND...: beside a simulated guest agent.
beside() {
    bash "$root/tests/tee/with_simulator.sh" "$CHAOS_BIN" "$@"
}
run() { sanitize "$@"; }
export -f run sanitize
