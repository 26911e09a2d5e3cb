#!/usr/bin/env bash
# Agents as processes that meet only on the chain and in the evidence folder, each with its own state; and registries, funds
# and providers that are not as they should be.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/genesis.bash"

start_registries
start_simulator tee
chain=(--network local --rpc "$rpc" --identity "$identity" --reputation "$reputation" --validation "$validation")
common=("${chain[@]}" --local-evidence "$work/meet" --wait 60)
beliefs=(--trust-root "$held_by/trust-root.der" --collateral "$held_by/collateral.json" --policy "$held_by/policy.json")

# In any order: Charlie and Bob wait. Neither could load a provider.
CHAOS_PROVIDER_PATH=$work/none "$studio_bin" "${common[@]}" --agents charlie --state "$work/c" --json "$work/c.jsonl" >"$work/c.out" 2>&1 &
charlie=$!
CHAOS_PROVIDER_PATH=$work/none "$studio_bin" "${common[@]}" --agents bob --state "$work/b" "${beliefs[@]}" >"$work/b.out" 2>&1 &
bob=$!
expect 0 "Alice" "$studio_bin" "${common[@]}" --agents alice --state "$work/a" --tee-provider phala-dstack \
    --tee-endpoint "$socket" --json "$work/a.jsonl"
has out "agentWallet" "Alice"
wait "$bob" && pass || fail "Bob: $(tail -5 "$work/b.out")"
wait "$charlie" && pass || fail "Charlie: $(tail -5 "$work/c.out")"
grep -qF "100 of 100, tee-sim/v1" "$work/b.out" && pass || fail "Bob's answer"
grep -qF "AFFIRMING (exit code 0)" "$work/b.out" && pass || fail "Bob's bundle"
grep -qF "TEE 0, simulated 1, without TEE 0" "$work/c.out" && pass || fail "Charlie's split"
[ "$(summary "$work/a.jsonl" transactions)" -eq 15 ] && pass || fail "Alice sent $(summary "$work/a.jsonl" transactions)"

# Alone and again: nothing is done twice.
expect 0 "Alice again" "$studio_bin" "${common[@]}" --agents alice --state "$work/a" --tee-provider phala-dstack \
    --tee-endpoint "$socket" --json "$work/a.jsonl"
[ "$(summary "$work/a.jsonl" transactions)" -eq 15 ] && pass || fail "Alice sent more: $(summary "$work/a.jsonl" transactions)"

# All of them on a chain, with registries and beside a TEE that somebody else runs.
expect 0 "all on a chain of others" studio all "${chain[@]}" --tee-endpoint "$socket" "${beliefs[@]}"
has out "SKIPPED(needs a simulator of our own)" "old code with somebody else's simulator"
has out " 1 skipped, 0 failed" "all on a chain of others"

# Bob believes what his command line says, and nothing of Alice's: the default policy wants real hardware.
expect 1 "the default policy" studio all "${chain[@]}" --tee-endpoint "$socket" "${beliefs[@]:0:4}"
has out "refused: ANCHOR" "the default policy"
expect 1 "no trust root" studio all "${chain[@]}" --tee-endpoint "$socket" "${beliefs[@]:2}"
has out "refused: ROOT_UNTRUSTED" "no trust root"
expect 5 "no collateral" studio all "${chain[@]}" --tee-endpoint "$socket" "${beliefs[@]:0:2}" "${beliefs[@]:4}"
has out "COLLATERAL_MISSING" "no collateral"

# Registries that are none, or do not belong together.
expect 8 "nothing there" "$studio_bin" --state "$work/s" --network local --rpc "$rpc" --identity "$owner"
expect 8 "a reputation registry in the identity registry's place" "$studio_bin" --state "$work/s" --network local \
    --rpc "$rpc" --identity "$reputation"
expect 0 "other registries" "$chaoschain" chain deploy --again --rpc "$rpc" --keystore "$work/owner.json" \
    --passphrase-fd 3 --json 3<<<"$passphrase"
other=$(value .registries.identity)
expect 8 "registries of two deployments" "$studio_bin" --state "$work/s" --network local --rpc "$rpc" --identity "$other" \
    --reputation "$reputation" --validation "$validation"
has out "REGISTRY" "registries of two deployments"

# No such provider, and none that is there.
expect 6 "provider that is not built" "$studio_bin" --tee-provider amd-sev-snp --state "$work/s"
expect 6 "provider that is not installed" env CHAOS_PROVIDER_PATH="$work" "$studio_bin" --tee-provider phala-dstack \
    --state "$work/s"
has out "Install with: " "provider that is not installed"
expect 6 "provider without its TEE" studio s "${chain[@]}" --tee-endpoint "$work/nowhere.sock"
has out "FAIL" "provider without its TEE"

# A dry run sends nothing.
before=$(ask eth_blockNumber)
expect 0 "dry run" studio s "${chain[@]}" --dry-run
has out "register() would succeed; nothing was sent" "dry run"
has out "SKIPPED(dry run)" "dry run"
[ "$before" = "$(ask eth_blockNumber)" ] && pass || fail "a dry run sent something"
expect 0 "dry run without registries" studio s --dry-run

# A test network, where nobody mints: the faucet has a name, and every account is shown.
code=$(ask eth_getCode "[\"$identity\",\"latest\"]" | sed -n 's/.*"result":"\(0x[0-9a-f]*\)".*/\1/p')
start_chain --chain-id 84532
expect 8 "no registries" "$studio_bin" --state "$work/t" --network base-sepolia --rpc "$rpc"
expect 64 "the state folder of a test network is never emptied" "$studio_bin" --state "$work/t" --network base-sepolia \
    --rpc "$rpc" --identity "$identity"
has err "--resume" "the state folder of a test network"
ask anvil_setCode "[\"$identity\",\"$code\"]" >"$work/ask"
expect 7 "no funds" "$studio_bin" --state "$work/t" --network base-sepolia --rpc "$rpc" --identity "$identity" --resume
has out "Base Sepolia faucet" "no funds"
has out "charlie         0x" "no funds"
expect 6 "not in a TEE" studio y --network base-sepolia --rpc "$rpc"
expect 64 "main network" "$studio_bin" --state "$work/m" --network ethereum-mainnet --rpc "$rpc"
expect 5 "another chain" "$studio_bin" --state "$work/w" --network ethereum-sepolia --rpc "$rpc"
expect 5 "no node" "$studio_bin" --state "$work/n" --network base-sepolia --rpc http://127.0.0.1:9

# What is not ours is not touched.
mkdir "$work/not-ours"
printf x >"$work/not-ours/file"
expect 64 "somebody else's folder" "$studio_bin" --state "$work/not-ours"
[ -f "$work/not-ours/file" ] && pass || fail "somebody else's file is gone"
expect 64 "unknown attack" studio x --break nothing
expect 64 "unknown agent" studio x --agents dave
finish
