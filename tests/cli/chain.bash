# chain.bash - sourced after lib.bash: a local chain, accounts with ether on it, and what the tests of commands that
# speak to a chain share. Ends what it started with the script.
#
#   start_chain [OPTION]...   a chain of its own (anvil): sets rpc (its URL)
#   new_account NAME          a keystore $work/NAME.json, its address in the variable NAME, 100 ether
#   start_registries          a chain, an account "owner", registries: sets network (a file for --network)
#   ask METHOD PARAMS         JSON-RPC; the answer on standard output
#   sends NAME ...            chaoschain ... with that account's keystore, on $network
#   value MEMBER              of the JSON in $work/out, by its path: .agent, .transactions[0].hash
declare -a chains=()

stop_chains() {
    local pid
    for pid in "${chains[@]:-}"; do
        [ -n "$pid" ] || continue
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    chains=()
}
trap 'stop_chains; [ "$(type -t stop_simulators)" != function ] || stop_simulators; rm -rf "$work"' EXIT

anvil=$root/tests/npm/chain/node_modules/.bin/anvil
[ -x "$CHAOS_BIN/chaoschain-chain" ] || skip "chaoschain-chain is not built"
[ -x "$anvil" ] || "$root/scripts/install-npm.sh" "$root/tests/npm/chain" || skip "anvil is not installed"
command -v node >/dev/null || skip "no node"

# Nothing of the user's own: neither files nor environment.
export HOME=$work/home XDG_STATE_HOME=$work/state XDG_DATA_HOME=$work/data
unset "${!CHAOS_@}" 2>/dev/null || true
CHAOS_BIN=$(dirname "$chaoschain")
mkdir -p "$HOME"

start_chain() {
    local waited=0 said=$work/chain.${#chains[@]}
    [[ " $* " == *" --chain-id "* ]] || set -- --chain-id 31337 "$@"
    : >"$said"
    "$anvil" --host 127.0.0.1 --port 0 "$@" >>"$said" 2>&1 &
    chains+=($!)
    until grep -q '^Listening on' "$said"; do
        waited=$((waited + 1))
        if [ "$waited" -gt 200 ] || ! kill -0 "${chains[-1]}" 2>/dev/null; then
            fail "anvil did not start: $(head -c 300 "$said")"
            finish
            exit 1
        fi
        sleep 0.05
    done
    rpc=http://$(sed -n 's/^Listening on //p' "$said")
}

ask() {
    local host=${rpc#http://}
    local body='{"jsonrpc":"2.0","id":1,"method":"'$1'","params":'${2:-[]}'}'
    exec 9<>"/dev/tcp/${host%:*}/${host#*:}"
    printf 'POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
        "$host" "${#body}" "$body" >&9
    sed '1,/^\r$/d' <&9
    exec 9<&-
}

passphrase='correct horse'
accounts=0
new_account() {
    local name=$1
    expect 0 "account new $name" "$chaoschain" account new --light --json --keystore "$work/$name.json" \
        --passphrase-fd 3 3<<<"$passphrase"
    printf -v "$name" %s "$(value .address)"
    [ -z "${rpc:-}" ] || ask anvil_setBalance "[\"${!name}\",\"0x56bc75e2d63100000\"]" >"$work/ask"
}

start_registries() {
    start_chain "$@"
    new_account owner
    network=$work/network.json
    expect 0 "chain deploy" "$chaoschain" chain deploy --rpc "$rpc" --keystore "$work/owner.json" --passphrase-fd 3 \
        --out "$network" --json 3<<<"$passphrase"
    identity=$(value .registries.identity)
    reputation=$(value .registries.reputation)
    validation=$(value .registries.validation)
}

sends() {
    local name=$1
    shift
    "$chaoschain" "$@" --network "$network" --keystore "$work/$name.json" --passphrase-fd 3 3<<<"$passphrase"
}

asks() {
    "$chaoschain" "$@" --network "$network"
}

value() {
    node -e 'const v = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(eval("v" + process.argv[2]))' \
        "$work/out" "$1"
}

# is MEMBER WANTED NAME: of the JSON in $work/out, which is kept for check_schemas.
is() {
    local found
    found=$(value "$1" 2>&1) || true
    if [ "$found" = "$2" ]; then pass; else fail "$3: $1 is '$found', expected '$2'"; fi
}

# Keeps the JSON of the last command.
keep() {
    cat "$work/out" >>"$work/all.jsonl"
}

# Every JSON that was kept is as data/schemas/chain.schema.json says; and a wrong one is not.
check_schemas() {
    "$root/scripts/install-npm.sh" "$root/tests/npm/schema" || skip "ajv is not installed"
    expect 0 "JSON follows the schema" node "$root/tests/npm/schema/check.js" "$root/data/schemas/chain.schema.json" \
        "$work/all.jsonl"
    sed -n '1{s/"schema":"/"schema":"x/p}' "$work/all.jsonl" >"$work/wrong.jsonl"
    expect 1 "JSON that does not" node "$root/tests/npm/schema/check.js" "$root/data/schemas/chain.schema.json" \
        "$work/wrong.jsonl"
}

# width NAME: no line of the text in $work/out is beyond 100 columns.
width() {
    if awk 'length > 100 { exit 1 }' "$work/out"; then pass; else fail "$1: lines beyond 100 columns"; fi
}
