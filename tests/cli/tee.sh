#!/usr/bin/env bash
# The whole way with the programs: a simulated guest agent, keygen, attest, sign, and verify by what a relying party holds.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/simulator.bash"

registry=0x5FbDB2315678afecb367f032d93F642f64180aa3
agent=eip155:31337:$registry
nonce=$(printf '22%.0s' $(seq 32))
start_simulator one --seed "the seed of this test"
tee=(--tee-provider phala-dstack --tee-endpoint "$socket")
held=(--collateral "$held_by/collateral.json" --trust-root "$held_by/trust-root.der" --policy "$held_by/policy.json")

# --- providers ---
expect 0 "providers" "$chaoschain" providers
for name in phala-dstack simulated intel-tdx amd-sev-snp aws-nitro; do has out "$name" "providers"; done
has out "available (simulated)" "providers: the simulated one is there and says what it is"
has out "planned" "providers: what is not built says so"
expect 0 "providers, JSON" "$chaoschain" providers --json
is_json "providers, JSON"
expect 5 "outside a TEE" env -u DSTACK_SIMULATOR_ENDPOINT "$chaoschain" providers phala-dstack
has out "Not running in Phala CVM" "outside a TEE"
expect 0 "at the simulator" "$chaoschain" providers phala-dstack --tee-options "{\"endpoint\":\"$socket\"}"
expect 0 "by the environment" env DSTACK_SIMULATOR_ENDPOINT="$socket" "$chaoschain" providers phala-dstack
has err "SIMULATOR" "a stray simulator variable is shouted about"
expect 5 "a stranger" "$chaoschain" providers no-such-provider
expect 64 "not a name" "$chaoschain" providers ../x
expect 64 "options without a name" "$chaoschain" providers --tee-options '{}'

# --- keygen: the same path is the same key ---
expect 0 "keygen" "$chaoschain" keygen "${tee[@]}" --agent "$agent" --json
is_json "keygen"
key=$(sed -n 's/.*"address":"\(0x[0-9a-fA-F]*\)".*/\1/p' "$work/out")
[ ${#key} -eq 42 ] || fail "keygen: no address"
expect 0 "keygen again" "$chaoschain" keygen "${tee[@]}" --agent "$agent:0" --json
has out "$key" "the same key again"
expect 0 "another generation" "$chaoschain" keygen "${tee[@]}" --agent "$agent" --generation 1 --json
if grep -qF "$key" "$work/out"; then fail "generation 1 has the key of generation 0"; fi
expect 0 "keygen for people" "$chaoschain" keygen "${tee[@]}"
has out "stays in the TEE" "keygen for people"
expect 64 "no provider" "$chaoschain" keygen
expect 64 "an unknown option of the provider" "$chaoschain" keygen --tee-provider phala-dstack --tee-options '{"no":1}'
expect 64 "a label that is none" "$chaoschain" keygen "${tee[@]}" --agent "$agent" --label 'A b'
expect 64 "an agent that is none" "$chaoschain" keygen "${tee[@]}" --agent eip155:0x1
expect 5 "nobody listens" "$chaoschain" keygen --tee-provider phala-dstack --tee-endpoint "$work/nothing.sock"

# --- attest: every stage, judged by the relying party ---
attest() { "$chaoschain" attest "${tee[@]}" --nonce "$nonce" --out "$work/envelope.json" "$@"; }
judge() { "$chaoschain" verify "${held[@]}" --expect-nonce "$nonce" --json --evidence "$work/envelope.json" "$@"; }
subject=$(printf '33%.0s' $(seq 32))
expect 0 "stage 0" attest --agent "$agent"
expect 0 "stage 0 is judged" judge
expect 0 "stage 1" attest --agent "$agent:0"
expect 0 "stage 1 is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key"
has out '"anchor":"simulated"' "stage 1 is judged"
has out '"tier":"AFFIRMING"' "stage 1 is judged"
expect 1 "stage 1 without the key" judge --expect-agent "$agent:0"
expect 2 "stage 1 of another agent" judge --expect-agent "$agent:1" --expect-identity-key "$key"
has out BINDING_AGENT "stage 1 of another agent"
expect 0 "stage 2" attest --agent "$agent:0" --stage 2 --subject "$subject"
expect 0 "stage 2 is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key"
expect 0 "stage 3" attest --agent "$agent:0" --stage 3 --tls-spki-hash "$subject"
expect 0 "stage 3 is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key"
expect 0 "stage 4" attest
expect 1 "stage 4 is at most WARNING" judge
expect 0 "stage 5" attest --agent "$agent:0" --stage 5
expect 0 "stage 5 is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key"
expect 64 "stage 1 without an id" attest --agent "$agent" --stage 1
expect 64 "stage 2 without a subject" attest --agent "$agent:0" --stage 2
expect 64 "a session of eight days" attest --agent "$agent:0" --stage 5 --expires-in 691200
expect 64 "no such stage" attest --agent "$agent:0" --stage 6
if "$chaoschain" verify --json --collateral "$held_by/collateral.json" --trust-root "$held_by/trust-root.der" \
    "$work/envelope.json" >"$work/out"; then fail "the default policy takes a simulator"; fi
has out '"code":"ANCHOR"' "the default policy refuses a simulator"

# --- sign ---
printf 'an action of the agent\n' >"$work/message"
expect 0 "sign" "$chaoschain" sign "${tee[@]}" --agent "$agent:0" --session --nonce "$nonce" --message "$work/message" \
    --out "$work/signature.json" --evidence-out "$work/envelope.json"
check=(judge --expect-agent "$agent:0" --expect-identity-key "$key" --signature "$work/signature.json")
expect 0 "the signature is judged" "${check[@]}" --message "$work/message"
grep -q '"name":"signature","result":"pass"' "$work/out" || fail "the row signature"
printf 'an action of the agenT\n' >"$work/other"
expect 4 "another message" "${check[@]}" --message "$work/other"
has out MESSAGE_SIGNATURE "another message"
cat >"$work/typed.json" <<'JSON'
{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"chainId","type":"uint256"}],
"Order":[{"name":"item","type":"string"},{"name":"count","type":"uint64"}]},"primaryType":"Order",
"domain":{"name":"A shop","chainId":31337},"message":{"item":"a thing","count":"3"}}
JSON
expect 0 "sign typed data" "$chaoschain" sign "${tee[@]}" --agent "$agent:0" --session --nonce "$nonce" \
    --typed-data "$work/typed.json" --out "$work/signature.json" --evidence-out "$work/envelope.json"
expect 0 "typed data are judged" "${check[@]}" --message "$work/typed.json"
sed 's/"3"/"4"/' "$work/typed.json" >"$work/other"
expect 4 "other typed data" "${check[@]}" --message "$work/other"
sed 's/A shop/ChaosChain TEE/' "$work/typed.json" >"$work/other"
expect 64 "our own domain is not signed" "$chaoschain" sign "${tee[@]}" --typed-data "$work/other"
expect 64 "nothing to sign" "$chaoschain" sign "${tee[@]}"
expect 64 "a session of nobody" "$chaoschain" sign "${tee[@]}" --session --message "$work/message"
expect 3 "typed data that are none" "$chaoschain" sign "${tee[@]}" --typed-data "$work/message"

# --- the simulated provider, without sockets ---
expect 0 "simulated" "$chaoschain" keygen --tee-provider simulated --tee-options '{"seed":"a"}' --json
has err SIMULATED "simulated says what it is"
stop_simulators
finish
