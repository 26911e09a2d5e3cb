#!/usr/bin/env bash
# with_simulator.sh BIN COMMAND... - run a command beside a simulated guest agent that it finds by DSTACK_SIMULATOR_ENDPOINT.
# CHAOS_SIMULATOR is the folder with what a relying party holds of it.
set -euo pipefail
bin=${1:?usage: with_simulator.sh BIN COMMAND...}
shift
work=$(mktemp -d)
simulator=
finish() {
    if [ -n "$simulator" ]; then
        kill "$simulator" 2>/dev/null || true
        wait "$simulator" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
: >"$work/said"
"$bin/dstack-simulator" --socket "$work/dstack.sock" --tappd-socket "$work/tappd.sock" --out "$work/held" >"$work/said" 2>"$work/err" &
simulator=$!
for _ in $(seq 200); do
    if grep -qx ready "$work/said"; then break; fi
    kill -0 "$simulator" 2>/dev/null || { cat "$work/err" >&2; exit 1; }
    sleep 0.05
done
grep -qx ready "$work/said" || { echo "dstack-simulator did not become ready" >&2; exit 1; }
DSTACK_SIMULATOR_ENDPOINT=$work/dstack.sock TAPPD_SIMULATOR_ENDPOINT=$work/tappd.sock CHAOS_SIMULATOR=$work/held "$@"
