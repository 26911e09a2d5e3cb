#!/usr/bin/env bash
# An agent's verbs when something is not as it should be: each case beside one that works, with the status that names it
# and what to do about it. Nothing is sent by what fails.
. "$(dirname "$0")/agent.bash" vm
sent() { ask eth_getTransactionCount "[\"$owner\",\"latest\"]"; }
agent=alice/agent.json

# --- the config file ---

expect 0 "init" "$chaoschain" agent init Alice --network "$network" --rpc "$rpc" --keystore "$work/owner.json" \
    --publish-base https://alice.example/ --endpoint https://alice.example/tee --description 'costs $5' --json
before=$(sent)
# wrong NAME TEXT EDIT...: a config that differs in one thing is refused, and says which.
wrong() {
    local name=$1 text=$2
    shift 2
    sed "$@" "$agent" >alice/wrong.json
    expect 64 "config: $name" with_pass "$chaoschain" agent register --config alice/wrong.json
    has err "$text" "config: $name"
}
wrong "an unknown key" '"colour" is no key of a config file' 's/"name"/"colour": "blue", "name"/'
wrong "a key that is nearly one" 'expected keystore' 's/"keystore"/"keystor"/'
wrong "an unknown key of a group" '"tee.colour" is no key' 's/"provider"/"colour": "blue", "provider"/'
wrong "a passphrase" 'no secret stands in a file' 's/"name"/"passphrase": "x", "name"/'
wrong "a key twice" 'is no JSON object' 's/"name"/"name": "Bert", "name"/'
wrong "a number for a text" '"name" is to be a text' 's/"Alice"/7/'
wrong "an empty text" '"name" is to be a text' 's/"Alice"/""/'
wrong "a text for a group" '"tee" is to be an object' 's/"tee": {/"tee": "x", "registries": {/'
wrong "another schema" '"schema" is to be' 's,agent-config/1,agent-config/2,'
wrong "no JSON" 'is no JSON object' 's/{/[/'
expect 5 "config: no file" with_pass "$chaoschain" agent register --config alice/none.json
has err FILE_IO "config: no file"
head -c 70000 /dev/zero | tr '\0' ' ' >alice/wrong.json
expect 64 "config: too large" with_pass "$chaoschain" agent register --config alice/wrong.json
expect 64 "no config" "$chaoschain" agent act x
has err "chaoschain agent init" "no config"
grep -qF 'costs $$5' alice/docker-compose.yaml && grep -qF '"costs $5"' "$agent" && pass || fail "a \$ in the compose file"
"$root/scripts/install-npm.sh" "$root/tests/npm/schema" || skip "ajv is not installed"
node -e 'console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(process.argv[1]))))' "$agent" >config.jsonl
expect 0 "the config follows its schema" node "$root/tests/npm/schema/check.js" \
    "$root/data/schemas/agent-config.schema.json" config.jsonl
sed 's/"name"/"colour":"blue","name"/' config.jsonl >wrong.jsonl
expect 1 "a config that does not" node "$root/tests/npm/schema/check.js" "$root/data/schemas/agent-config.schema.json" \
    wrong.jsonl
node -e '
    const fs = require("fs"), app = JSON.parse(fs.readFileSync("alice/app-compose.json"));
    process.exit(app.docker_compose_file === fs.readFileSync("alice/docker-compose.yaml", "utf8") ? 0 : 1);
' && pass || fail "what is deployed is not what is measured"
expect 64 "init: no such network" "$chaoschain" agent init Bert --network nowhere
expect 64 "init: no such provider" "$chaoschain" agent init Bert --tee-provider 'Phala!'
expect 64 "init: no name" "$chaoschain" agent init
expect 5 "init: no place" "$chaoschain" agent init Bert --out no/such/folder
expect 0 "init: another TEE has nothing to deploy" "$chaoschain" agent init Bert --tee-provider simulated --json
is .files.length 1 "init: another TEE"
[ ! -e bert/docker-compose.yaml ] && pass || fail "a compose file for a TEE that has none"
[ -z "$(find . -name '*.tmp')" ] && pass || fail "init left something behind"

# --- provider, network, keystore: what is missing says what to do ---

expect 5 "no such provider" with_pass "$chaoschain" agent register --config "$agent" --tee-provider nobody
has err "not installed" "no such provider"
mkdir none
expect 5 "a provider that is not installed" env CHAOS_PROVIDER_PATH="$work/none" "$chaoschain" agent register \
    --config "$agent" --passphrase-fd 3 3<<<"$passphrase"
has err "Install with:" "a provider that is not installed"
expect 5 "no guest agent" env DSTACK_SIMULATOR_ENDPOINT="$work/none.sock" "$chaoschain" agent register \
    --config "$agent" --passphrase-fd 3 3<<<"$passphrase"
expect 5 "no node" with_pass "$chaoschain" agent register --config "$agent" --rpc http://127.0.0.1:1
has err "is the node running?" "no node"
expect 5 "another network" with_pass "$chaoschain" agent register --config "$agent" --network eip155:4242 \
    --identity "$identity" --yes
has err CHAIN_ID "another network"
expect 8 "another contract" with_pass "$chaoschain" agent register --config "$agent" --identity "$reputation"
expect 5 "a wrong passphrase" "$chaoschain" agent register --config "$agent" --passphrase-fd 3 3<<<"wrong"
has err PASSPHRASE "a wrong passphrase"
expect 64 "no place to publish" with_pass "$chaoschain" agent register --name Alice --tee-provider phala-dstack \
    --network "$network" --rpc "$rpc" --keystore "$work/owner.json"
has err "--publish DIR" "no place to publish"
expect 64 "words of a registration without a TEE" with_pass "$chaoschain" agent register --config "$agent" --x402
expect 64 "words of one with a TEE" with_pass "$chaoschain" agent register --name Bert --network "$network" --rpc "$rpc" \
    --keystore "$work/owner.json" --publish-base https://x.example/
expect 64 "a dry run" with_pass "$chaoschain" agent register --config "$agent" --dry-run
new_account poor
ask anvil_setBalance "[\"$poor\",\"0x1\"]" >"$work/ask"
expect 7 "no funds" with_pass "$chaoschain" agent register --config "$agent" --keystore "$work/poor.json" \
    --journal alice/store/poor.db
has err "send ether to the account" "no funds"
[ "$before" = "$(sent)" ] && pass || fail "what failed sent something"

# --- not registered ---

for verb in "agent act x" "agent session" "agent renew" "receipts anchor" \
    "agent request-validation --validator $owner"; do
    fd=()
    case $verb in *act* | *session*) ;; *) fd=(--passphrase-fd 3) ;; esac
    # shellcheck disable=SC2086
    expect 5 "$verb: not registered" "$chaoschain" $verb --config "$agent" "${fd[@]}" 3<<<"$passphrase" </dev/null
    has err "chaoschain agent register" "$verb: not registered"
done

# --- registered in the middle of it, and again ---

for seconds in 0.1 0.2 0.3 0.45 0.6; do
    (with_pass timeout -s KILL "$seconds" "$chaoschain" agent register --config "$agent" >"$work/ask" 2>&1) || true
done
expect 0 "register" with_pass "$chaoschain" agent register --config "$agent" --json
name=$(value .agent)
wallet=$(value .wallet)
expect 0 "list" asks agent list --owner "$owner" --json
is .agents.length 1 "registered once, though killed in the middle"
expect 5 "no receipt yet" with_pass "$chaoschain" receipts anchor --config "$agent"
has err "chaoschain agent act TYPE" "no receipt yet"
# The store is lost: the chain still knows the agent.
expect 0 "a new store" with_pass "$chaoschain" agent register --config "$agent" --journal alice/store/second.db --json
is .agent "$name" "a new store finds the agent"
is .transaction null "a new store finds the agent"

# --- actions ---

expect 0 "act" "$chaoschain" agent act a/b --config "$agent"
expect 0 "the config of the environment" env CHAOS_AGENT_CONFIG="$agent" "$chaoschain" agent act a/b --json
is .receipt.action.sequence 1 "the config of the environment"
cd alice
expect 0 "the config that lies here" "$chaoschain" agent act a/b
cd "$work"
expect 64 "act: no type" "$chaoschain" agent act --config "$agent"
expect 3 "act: no type of ours" "$chaoschain" agent act 'a b' --config "$agent"
expect 5 "act: no file" "$chaoschain" agent act a/b --payload none.txt --config "$agent"
expect 64 "act takes no passphrase" "$chaoschain" agent act a/b --config "$agent" --passphrase-fd 3
head -c 1048577 /dev/zero >large
expect 64 "act: too large" "$chaoschain" agent act a/b --payload large --config "$agent"
printf '%s\n' 'no json' '{"type":"a/b","colour":"blue"}' '{"payload":"x"}' '{"type":"a/b","keep":1}' '' \
    '{"type":"a/b","payload":"x","payload_file":"large"}' '{"type":"a/b","payload":"x"}' >lines
expect 3 "session: lines that are no actions" "$chaoschain" agent session --config "$agent" <lines
[ "$(grep -c agent-error "$work/out")" = 5 ] && [ "$(grep -c agent-receipt "$work/out")" = 1 ] && pass ||
    fail "session: $(cut -c1-100 "$work/out")"
grep -v '"schema":"chaoschain/agent-receipt' "$work/out" >"$work/all.jsonl"
check_schemas
expect 0 "list" "$chaoschain" receipts list "$name" --store alice/store/agent.db --key "$wallet" --json
is .count 4 "lines that are no actions make no receipts"

# --- another process acts for the agent ---

mkfifo in
"$chaoschain" agent session --config "$agent" <in >session.out 2>session.err &
session=$!
exec 8>in
printf '%s\n' '{"type":"a/first"}' >&8
for _ in $(seq 200); do [ "$(wc -l <session.out)" -ge 2 ] && break || sleep 0.05; done
expect 0 "act beside a session" "$chaoschain" agent act a/second --config "$agent"
printf '%s\n' '{"type":"a/third"}' >&8
exec 8>&-
got=0
wait $session || got=$?
[ "$got" = 5 ] && grep -q '"code":"LOCKED"' session.out && pass || fail "the older session went on: $got $(tail -1 session.out)"

# --- a store that was rolled back ---

cp alice/store/agent.db old.db
expect 0 "act" "$chaoschain" agent act a/fourth --config "$agent"
expect 0 "anchor" with_pass "$chaoschain" receipts anchor --config "$agent"
before=$(sent)
expect 4 "a store behind the chain" "$chaoschain" agent act a/fifth --config "$agent" --journal old.db
has err RECEIPT_HEAD "a store behind the chain"
has err "newest copy of the agent's store" "a store behind the chain: what to do"
expect 4 "anchor of a store behind the chain" with_pass "$chaoschain" receipts anchor --config "$agent" --journal old.db
expect 0 "the right store" "$chaoschain" agent act a/fifth --config "$agent"
expect 5 "anchor without a node" with_pass "$chaoschain" receipts anchor --config "$agent" --rpc http://127.0.0.1:1
new_account stranger
expect 5 "anchor by a stranger" with_pass "$chaoschain" receipts anchor --config "$agent" --keystore "$work/stranger.json"
[ "$before" = "$(sent)" ] && pass || fail "what failed sent something"
expect 5 "a validator without an address to fetch from" with_pass "$chaoschain" agent request-validation \
    --validator "$owner" --content x=none.txt --config "$agent"
expect 64 "no validator" with_pass "$chaoschain" agent request-validation --config "$agent"

finish
