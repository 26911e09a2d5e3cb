#!/usr/bin/env bash
# The config file that `agent init` writes serves every verb of an agent: receipts, show, list, set-*, serve. One that
# nobody named does not count for an agent of another chain or registry.
. "$(dirname "$0")/agent.bash" vm

# An agent without a TEE has the first id, so that no id is right by chance.
expect 0 "another agent" with_pass "$chaoschain" agent register --name zero --network "$network" \
    --keystore "$work/owner.json" --json
expect 0 "init" "$chaoschain" agent init Alice --network "$network" --rpc "$rpc" --keystore "$work/owner.json" --out alice
config=alice/agent.json
expect 64 "no agent, no config" "$chaoschain" receipts list
has err "--config FILE" "no agent, no config"
expect 5 "before it is registered" "$chaoschain" receipts list --config "$config"
has err "no store that can be read" "before it is registered"
expect 0 "register" with_pass "$chaoschain" agent register --config "$config" --json
agent=$(value .agent)
wallet=$(value .wallet)
[ "${agent##*:}" = 1 ] && pass || fail "the agent is $agent"
expect 0 "act" "$chaoschain" agent act shopping/cart --config "$config"

# --- receipts ---

expect 0 "list" "$chaoschain" receipts list --config "$config" --json
is .agent "$agent" "list"
is .count 1 "list"
expect 0 "list, where the file is" env --chdir=alice "$chaoschain" receipts list --json
is .agent "$agent" "list, where the file is"
expect 0 "list, by the environment" env CHAOS_AGENT_CONFIG="$config" "$chaoschain" receipts list --json
is .agent "$agent" "list, by the environment"
expect 0 "list, by id" "$chaoschain" receipts list 1 --config "$config"
expect 0 "list, without the key" "$chaoschain" receipts list "$agent" --store alice/store/agent.db
expect 5 "list, another agent" "$chaoschain" receipts list 0 --config "$config"
has err "another agent's; found 1" "list, another agent"
expect 64 "list, two agents" "$chaoschain" receipts list 1 2 --config "$config"
expect 0 "export" "$chaoschain" receipts export --config "$config" --out bundle
expect 1 "what was exported" "$chaoschain" verify-bundle --trust-root "$held_by/trust-root.der" \
    --policy "$held_by/policy.json" --collateral "$held_by/collateral.json" bundle
expect 64 "no folder" "$chaoschain" receipts export --config "$config"
expect 0 "anchor" with_pass "$chaoschain" receipts anchor --config "$config"
has out "Next: chaoschain receipts export --config alice/agent.json --out FOLDER" "anchor"

# Two agents with one store: which of them must be said.
expect 0 "a second agent" with_pass "$chaoschain" agent register --config "$config" --name Bert
expect 5 "two agents in one store" "$chaoschain" receipts list --config "$config"
has err "several agents" "two agents in one store"
has err "--key ADDR" "two agents in one store"
expect 0 "one of them" "$chaoschain" receipts list --config "$config" --key "$wallet" --json
is .agent "$agent" "one of them"

# --- show, list, set-* ---

expect 0 "init Carol" "$chaoschain" agent init Carol --network "$network" --rpc "$rpc" --keystore "$work/owner.json" --out carol
config=carol/agent.json
expect 0 "register Carol" with_pass "$chaoschain" agent register --config "$config" --json
agent=$(value .agent)
wallet=$(value .wallet)
expect 0 "show" "$chaoschain" agent show --config "$config" --json
is .agent "$agent" "show"
expect 0 "show another" "$chaoschain" agent show 0 --config "$config" --json
is '.agent.split(":")[3]' 0 "show another"
expect 64 "show nobody" "$chaoschain" agent show
expect 0 "list agents" "$chaoschain" agent list --config "$config" --json
is .agents.length 4 "list agents"
expect 0 "set-metadata" with_pass "$chaoschain" agent set-metadata "$agent" colour blue --config "$config" --json
is '.transactions[0].state' confirmed "set-metadata"
expect 64 "set-metadata asks for its agent" with_pass "$chaoschain" agent set-metadata colour blue --config "$config"
expect 0 "set-uri" with_pass "$chaoschain" agent set-uri "$agent" https://carol.example/a.json --config "$config" --json
is .uri https://carol.example/a.json "set-uri"
expect 0 "the TEE's key is the wallet" with_pass "$chaoschain" agent set-wallet --config "$config" --json
is .wallet "$wallet" "the TEE's key is the wallet"
is '.transactions[0].was_done' true "the TEE's key is the wallet"
expect 0 "a label is another key" with_pass "$chaoschain" agent set-wallet --config "$config" --label other --dry-run --json
[ "$(value .wallet)" != "$wallet" ] && pass || fail "a label is the same key"
expect 0 "no wallet" with_pass "$chaoschain" agent set-wallet --config "$config" --unset --json
expect 0 "the wallet again" with_pass "$chaoschain" agent set-wallet --config "$config" --json
is .wallet "$wallet" "the wallet again"
is '.transactions[0].was_done' false "the wallet again"
expect 64 "two ways" with_pass "$chaoschain" agent set-wallet --config "$config" --unset --wallet-keystore "$work/owner.json"
expect 64 "no TEE key to unset" with_pass "$chaoschain" agent set-wallet --config "$config" --unset --generation 1
expect 64 "two names" with_pass "$chaoschain" agent set-wallet --config "$config" --name x --label y

# --- a file that nobody named, and an agent of another place ---

expect 5 "another chain, the node is this one" env --chdir=carol "$chaoschain" agent show eip155:84532:3 --rpc "$rpc"
has err CHAIN_ID "another chain, the node is this one"
expect 64 "the same, with the file named" "$chaoschain" agent show eip155:84532:3 --config "$config"
has err "the agent is of chain 84532" "the same, with the file named"
expect 0 "its own full name" env --chdir=carol "$chaoschain" agent show "$agent"

# --- which file it is about ---

expect 5 "no such keystore" with_pass "$chaoschain" agent renew --config "$config" --keystore nobody
has err "expected a file here, or in $XDG_DATA_HOME/chaoschain/keystore; found nobody" "no such keystore"
expect 64 "nowhere to look for it" env -u HOME -u XDG_DATA_HOME "$chaoschain" agent renew --config "$config" --keystore carol
has err "HOME is not set" "nowhere to look for it"
head -c 8192 /dev/zero | tr '\\0' x >bad.db
chmod 600 bad.db
expect 5 "no store" "$chaoschain" receipts list "$agent" --store bad.db
has err "found $work/bad.db" "no store"
has err "room on its disk" "no store"

# --- serve ---

"$chaoschain" agent serve --config "$config" --http 127.0.0.1:0 >said 2>said.err &
server=$!
for ((i = 0; i < 200; i++)); do
    grep -qx ready said && break
    sleep 0.05
done
port=$(sed -n 's/.*listening on 127.0.0.1://p' said.err)
expect 0 "serve" curl -sf "http://127.0.0.1:$port/.well-known/tee-attestation?nonce=0x$(printf '11%.0s' {1..32})"
is .schema chaoschain/envelope/1 "serve"
expect 5 "no node" "$chaoschain" agent show "$agent" --network "$network" --rpc "http://127.0.0.1:$port" --no-fetch
has err "is this the URL of a node" "no node"
kill "$server"
wait "$server" && pass || fail "the endpoint ended with $?"
expect 64 "serve whom" "$chaoschain" agent serve --tee-provider phala-dstack --http 127.0.0.1:0
has err "which agent" "serve whom"
expect 64 "serve with a bad file" "$chaoschain" agent serve --config "$network" --http 127.0.0.1:0

# --- check: one sentence, within the screen, and what to do next ---

judge=(--network "$network" --trust-root "$held_by/trust-root.der" --policy "$held_by/policy.json" \
    --collateral "$held_by/collateral.json")
for ((slot = 0; slot < 32; slot++)); do # the registry's count of agents, so that the next id is a long one
    word=$(ask eth_getStorageAt "[\"$identity\",\"$(printf '0x%x' "$slot")\",\"latest\"]" | sed -n 's/.*"result":"0x0*\([^"]*\)".*/\1/p')
    [ "$word" != 4 ] || break
done
[ "$word" = 4 ] && pass || fail "where is the registry's count of agents?"
ask anvil_setStorageAt "[\"$identity\",\"$(printf '0x%064x' "$slot")\",\"$(printf '0x%064x' 9007199254740000)\"]" >ask
expect 0 "init Dora" "$chaoschain" agent init Dora --network "$network" --rpc "$rpc" --keystore "$work/owner.json" --out dora
expect 0 "register Dora" with_pass "$chaoschain" agent register --config dora/agent.json --json
agent=$(value .agent)
[ "${agent##*:}" = 9007199254740000 ] && pass || fail "the agent is $agent"
expect 0 "check" "$chaoschain" check "$agent" "${judge[@]}" --content dora/store/public
sed -n '1,/^$/p' "$work/out" >sentence && mv sentence "$work/out"
width "check"
has out "acts with a TEE key" "check"
expect 5 "check, no gateway" "$chaoschain" check "$agent" "${judge[@]}"
has err "give --gateway https://HOST/ipfs/" "check, no gateway"
expect 5 "check, a gateway that is not there" env CHAOS_IPFS_GATEWAY=https://127.0.0.1:1/ipfs/ "$chaoschain" check "$agent" \
    "${judge[@]}" --allow-local
has out "found          https://127.0.0.1:1" "check, a gateway that is not there"
has err "give --content FOLDER" "check, a gateway that is not there"
expect 5 "check, later" "$chaoschain" check "$agent" "${judge[@]}" --content dora/store/public --at "$(($(date +%s) + 40 * 86400))"
has err "chaoschain collateral fetch" "check, later"
finish
