# lib.bash - a local chain for scripts: chain_start FOLDER starts anvil on a free port and sets `url` and `anvil_pid`.
# CHAOS_TESTS is the folder of the test programs.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
anvil=${CHAOS_ANVIL:-$root/tests/npm/chain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil}
sender=$CHAOS_TESTS/chain_sender

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[ -x "$anvil" ] || skip "anvil is not installed (scripts/install-npm.sh tests/npm/chain)"

chain_start() {
    local tries port=
    : >"$1/anvil.out"
    "$anvil" --host 127.0.0.1 --port 0 --chain-id 31337 >"$1/anvil.out" 2>&1 &
    anvil_pid=$!
    for ((tries = 0; tries < 400; tries++)); do
        port=$(sed -n 's/^Listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$1/anvil.out")
        [ -z "$port" ] || break
        kill -0 "$anvil_pid" || { cat "$1/anvil.out" >&2; exit 1; }
        sleep 0.05
    done
    [ -n "$port" ] || { echo "anvil does not listen" >&2; exit 1; }
    url=http://127.0.0.1:$port
}
