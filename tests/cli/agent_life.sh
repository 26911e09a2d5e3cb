#!/usr/bin/env bash
# An agent's whole life as docs/agents.md tells people to type it: verbs of chaoschain alone, against anvil and a simulated
# guest agent. init → register → act → receipts anchor → export → verify-bundle --rpc → request-validation → validate →
# check → reputation. The commands of the document name no socket, no node, no registry: the config file has them.
. "$(dirname "$0")/agent.bash" vm

for verb in "agent init" "agent register" "agent act" "agent session" "agent renew" "agent request-validation" \
    "receipts anchor" agent receipts; do
    # shellcheck disable=SC2086
    expect 0 "$verb --help" "$chaoschain" $verb --help
    width "$verb --help"
done

# --- init ---

expect 0 "init" "$chaoschain" agent init Alice --network "$network" --rpc "$rpc" --keystore "$work/owner.json" \
    --description "shops for jackets" --publish-base https://alice.example/ --out alice
width "init"
has out "chaoschain agent register --config alice/agent.json" "init says what is next"
config=alice/agent.json
expect 0 "init, as JSON" "$chaoschain" agent init Bert --json --network "$network" --out bert
keep
is .files.length 3 "init, as JSON"
grep -qF '"name": "Alice"' alice/docker-compose.yaml && pass || fail "the compose file has no config"
expect 5 "init again" "$chaoschain" agent init Alice --network "$network" --out alice
has err "nothing is overwritten" "init again"
[ "$(echo alice*)" = alice ] && pass || fail "init left something behind: $(echo alice*)"

# --- register ---

expect 0 "register" with_pass "$chaoschain" agent register --config "$config" --json
keep
agent=$(value .agent)
wallet=$(value .wallet)
store=$(value .store)
transaction=$(value .transaction)
is .simulated true "register"
is .provider phala-dstack "register"
is .owner "$owner" "register"
nonce=$(ask eth_getTransactionCount "[\"$owner\",\"latest\"]")
expect 0 "register again" with_pass "$chaoschain" agent register --config "$config" --json
is .agent "$agent" "register again is the same agent"
is .transaction "$transaction" "register again is the same transaction"
[ "$nonce" = "$(ask eth_getTransactionCount "[\"$owner\",\"latest\"]")" ] && pass || fail "register again sent something"
expect 0 "register in words" with_pass "$chaoschain" agent register --config "$config"
width "register in words"
has out "SIMULATED: no hardware vouches for it" "register in words"
has out "Next: chaoschain agent act TYPE --payload FILE --config alice/agent.json" "register in words"
expect 0 "show" "$chaoschain" agent show "$agent" --network "$network" --json
keep
is .wallet "$wallet" "show"

# --- act, session ---

echo "a jacket, blue" >intent.txt
expect 0 "act" "$chaoschain" agent act shopping/intent --payload intent.txt --keep --config "$config" --json
keep
is .agent "$agent" "act"
is .receipt.action.sequence 0 "act"
is .receipt.action.actionType shopping/intent "act"
printf '%s\n' '{"type":"shopping/offers","input_file":"intent.txt","output":"three offers","keep":true}' \
    '{"type":"shopping/cart","payload":"one jacket"}' >actions
expect 0 "session" "$chaoschain" agent session --config "$config" <actions
cat "$work/out" >>all.jsonl
[ "$(grep -c agent-receipt "$work/out")" = 2 ] && pass || fail "a session of two actions: $(cat "$work/out")"
sed -n 3p "$work/out" >third && mv third "$work/out"
is .receipt.action.sequence 2 "session"
expect 0 "act in words" "$chaoschain" agent act shopping/paid --config "$config"
width "act in words"
has out "Next: chaoschain receipts anchor --config alice/agent.json" "act in words"

# --- receipts: list, anchor, export, verify ---

expect 0 "anchor, dry" with_pass "$chaoschain" receipts anchor --config "$config" --dry-run --json
keep
is .transaction.state dry-run "anchor, dry"
expect 0 "anchor" with_pass "$chaoschain" receipts anchor --config "$config" --json
keep
is .sequence 3 "anchor"
is .transaction.state confirmed "anchor"
anchored=$(value .transaction.hash)
nonce=$(ask eth_getTransactionCount "[\"$owner\",\"latest\"]")
expect 0 "anchor again" with_pass "$chaoschain" receipts anchor --config "$config" --json
keep
is .transaction.was_done true "anchor again"
is .transaction.hash "$anchored" "anchor again"
[ "$nonce" = "$(ask eth_getTransactionCount "[\"$owner\",\"latest\"]")" ] && pass || fail "anchor again sent something"
expect 0 "anchor in words" with_pass "$chaoschain" receipts anchor --config "$config"
width "anchor in words"
has out "Next: chaoschain receipts export" "anchor in words"
expect 0 "list" "$chaoschain" receipts list "$agent" --store "$store" --key "$wallet" --json
keep
is .count 4 "list"
expect 0 "export" "$chaoschain" receipts export "$agent" --store "$store" --key "$wallet" --out bundle --json
keep
judge=(--trust-root "$held_by/trust-root.der" --policy "$held_by/policy.json" --collateral "$held_by/collateral.json")
expect 1 "verify-bundle, offline" "$chaoschain" verify-bundle "${judge[@]}" bundle
expect 0 "verify-bundle, on chain" "$chaoschain" verify-bundle --rpc "$rpc" "${judge[@]}" bundle --json
is .tier AFFIRMING "verify-bundle, on chain"
is .anchor simulated "verify-bundle, on chain"
is .receipts.time proven "verify-bundle, on chain"
# The neighbour: one receipt that is not the agent's.
cp -r bundle forged && sed -i 's/shopping\/cart/shopping\/card/' forged/bundle.jsonl
expect 4 "verify-bundle, changed" "$chaoschain" verify-bundle --rpc "$rpc" "${judge[@]}" forged --json
is .error.code RECEIPT_SIGNATURE "verify-bundle, changed"

# --- validation: request, validate ---

new_account bob
expect 0 "request-validation" with_pass "$chaoschain" agent request-validation --validator "$bob" \
    --content cart=intent.txt --config "$config" --json
keep
request=$(value .request_hash)
expect 0 "request-validation again" with_pass "$chaoschain" agent request-validation --validator "$bob" \
    --content cart=intent.txt --config "$config" --json
is .request_hash "$request" "request-validation again is the same request"
expect 0 "request-validation in words" with_pass "$chaoschain" agent request-validation --validator "$bob" \
    --content cart=intent.txt --config "$config"
width "request-validation in words"
has out "chaoschain validate" "request-validation in words"
found=(--content alice/store/public --content-base https://alice.example/)
expect 0 "validate" sends bob validate "$request" "${judge[@]}" "${found[@]}" --json
keep
is .response 100 "validate"
is .tag tee-sim/v1 "validate"
expect 0 "validation status" asks validation status "$request" --json
keep
is .response 100 "validation status"

# The same request by examples/validator.c finds its answer; a new one it answers, once.
example=$CHAOS_BIN/../examples/example_validator
if [ -x "$example" ]; then
    examined() {
        "$example" "$rpc" "$identity" "$validation" "$work/bob.json" "$work/bob.db" alice/store/public \
            "$held_by/collateral.json" 1 https://alice.example/ "$held_by/trust-root.der" "$held_by/policy.json" <<<"$1"
    }
    expect 0 "a further request" with_pass "$chaoschain" agent request-validation --validator "$bob" \
        --content cart=intent.txt --again 1 --config "$config" --json
    second=$(value .request_hash)
    expect 5 "the example, with a wrong passphrase" examined wrong
    expect 0 "the example" examined "$passphrase"
    has out "$request done" "the example finds what was answered"
    has out "$second answer 100 tee-sim/v1" "the example answers"
    expect 0 "the example again" examined "$passphrase"
    has out "$second done" "the example answers once"
    expect 0 "status" asks validation status "$second" --json
    is .response 100 "the example's answer"
    expect 64 "the example alone" "$example"
else
    fail "examples/validator.c is not built"
fi

# --- check, reputation ---

expect 0 "check" "$chaoschain" check "$agent" --network "$network" "${judge[@]}" "${found[@]}" --json
keep
is .verdict.tier AFFIRMING "check"
expect 0 "check in words" "$chaoschain" check "$agent" --network "$network" "${judge[@]}" "${found[@]}"
has out "SIMULATED" "check in words"
new_account charlie
expect 0 "feedback" sends charlie feedback give "$agent" --value 95 --tag1 tee-simulated --tag2 shopping --json
keep
expect 0 "reputation" "$chaoschain" reputation "$agent" --network "$network" --validator "$bob" --json
keep
is .totals.simulated.count 1 "reputation"
is .totals.tee.count 0 "reputation"

# --- renew ---

hash=$("$chaoschain" agent show "$agent" --network "$network" --json | sed -n 's/.*"evidence_hash":"\([^"]*\)".*/\1/p')
expect 0 "renew" with_pass "$chaoschain" agent renew --config "$config" --json
keep
is .agent "$agent" "renew"
[ -n "$hash" ] && [ "$(value .evidence_hash)" != "$hash" ] && pass || fail "renew: the evidence is still $hash"

check_schemas
finish
