#!/usr/bin/env bash
# kill_register.sh - `chaoschain agent register` is killed at its first, second, third ... write, fsync and send
# (kill_everywhere.sh), and started again. In the end there is exactly one agent, its file names it, and exactly two
# transactions were sent.
#
# Without arguments it runs the test; kill_everywhere.sh calls it with fund, send and check, as it does chain_sender.
# CHAOS_BIN is the folder of the programs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chaoschain=${CHAOS_BIN:?the folder with the programs}/chaoschain

if [ $# -eq 0 ]; then
    [ -x "$CHAOS_BIN/chaoschain-chain" ] || { echo "SKIPPED: chaoschain-chain is not built"; exit 77; }
    CHAOS_BIN=$(cd "$CHAOS_BIN" && pwd)
    export CHAOS_BIN CHAOS_KILL_PROGRAM=$here/kill_register.sh
    exec bash "$here/kill_everywhere.sh"
fi

fail() {
    echo "kill_register: $*" >&2
    exit 1
}

ask() { # URL METHOD PARAMS
    local host=${1#http://}
    local body='{"jsonrpc":"2.0","id":1,"method":"'$2'","params":'${3:-[]}'}'
    exec 9<>"/dev/tcp/${host%:*}/${host#*:}"
    printf 'POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
        "$host" "${#body}" "$body" >&9
    sed '1,/^\r$/d' <&9 | sed 's/.*"result":"\{0,1\}\([^",}]*\).*/\1/'
    exec 9<&-
}

# Of a keystore and what belongs to it, beside the name that was given.
verb=$1 url=$2
case $verb in
fund) # URL KEY: an account with ether, registries; a snapshot of all that
    key=$3
    rm -f "$key".*
    address=$("$chaoschain" account new --light --keystore "$key.json" --passphrase-fd 3 3<<<secret |
        sed -n 's/^address *//p')
    ask "$url" anvil_setBalance "[\"$address\",\"0x56bc75e2d63100000\"]" >/dev/null
    "$chaoschain" chain deploy --rpc "$url" --keystore "$key.json" --passphrase-fd 3 --journal "$key.journal" \
        --out "$key.network.json" 3<<<secret >/dev/null
    echo "$address" >"$key.address"
    ask "$url" eth_getTransactionCount "[\"$address\",\"latest\"]" >"$key.nonce"
    ask "$url" evm_snapshot
    ;;
send) # URL JOURNAL KEY ...
    # The program takes the place of this shell: whoever kills it kills what was started.
    exec "$chaoschain" agent register --name killed --description "in the middle of it" --network "$4.network.json" \
        --keystore "$4.json" --passphrase-fd 3 --journal "$3" --wait 60 3<"$here/kill_register.passphrase"
    ;;
check) # URL KEY COUNT SNAPSHOT
    key=$3
    agents=$("$chaoschain" agent list --network "$key.network.json" --owner "$(cat "$key.address")" --json)
    [ "$(grep -o '"agent":' <<<"$agents" | wc -l)" -eq 1 ] || fail "not one agent: $agents"
    "$chaoschain" agent show 0 --network "$key.network.json" | grep -q '^  names agent  *yes' ||
        fail "the agent's file does not name it"
    sent=$(($(ask "$url" eth_getTransactionCount "[\"$(cat "$key.address")\",\"pending\"]") - $(cat "$key.nonce")))
    [ "$sent" -eq 2 ] || fail "$sent transactions in place of 2"
    [ "$(ask "$url" evm_revert "[\"$5\"]")" = true ] || fail "the chain cannot go back"
    ask "$url" evm_snapshot
    ;;
*)
    fail "what is '$verb'?"
    ;;
esac
