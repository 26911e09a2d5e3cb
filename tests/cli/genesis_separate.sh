#!/usr/bin/env bash
# Agents as processes that meet only on the chain and in the evidence folder, each with its own state; and registries, funds
# and providers that are not as they should be.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/genesis.bash"
. "$(dirname "$0")/simulator.bash"
trap 'stop_simulators; stop_all; rm -rf "$work"' EXIT

start_chain one --chain-id 31337
start_simulator tee

# Registries that somebody else deployed.
printf 'passphrase' >"$work/passphrase"
"$CHAOS_BIN/chaoschain" account new --light --keystore "$work/deployer.json" --passphrase-fd 3 3<"$work/passphrase" >/dev/null
fund() { # fund RPC KEYSTORE
    local address
    address=0x$(sed -n 's/.*"address": *"\(0x\)\{0,1\}\([0-9a-fA-F]*\)".*/\2/p' "$2")
    rpc_call "$1" anvil_setBalance "[\"$address\",\"0x8ac7230489e80000\"]" >/dev/null
}
deploy() { # deploy RPC OUT
    fund "$1" "$work/deployer.json"
    "$CHAOS_BIN/chaoschain" chain deploy --network local --rpc "$1" --keystore "$work/deployer.json" --passphrase-fd 3 \
        --journal "$work/journal-$2" --out "$work/$2.json" 3<"$work/passphrase" >/dev/null
    for registry in identity reputation validation; do
        declare -g "$registry=$(sed -n "s/.*\"$registry\":\"\(0x[0-9a-fA-F]*\)\".*/\1/p" "$work/$2.json")"
    done
}
deploy "$rpc" first
common=(--network local --rpc "$rpc" --identity "$identity" --reputation "$reputation" --validation "$validation"
    --local-evidence "$work/meet" --wait 60)

# In any order: Charlie and Bob wait.
"$studio_bin" "${common[@]}" --agents charlie --state "$work/c" --json "$work/c.jsonl" >"$work/c.out" 2>&1 &
charlie=$!
"$studio_bin" "${common[@]}" --agents bob --state "$work/b" --trust-root "$held_by/trust-root.der" \
    --collateral "$held_by/collateral.json" --policy "$held_by/policy.json" >"$work/b.out" 2>&1 &
bob=$!
roles=("$charlie" "$bob")
expect 0 "Alice" "$studio_bin" "${common[@]}" --agents alice --state "$work/a" --tee-provider phala-dstack \
    --tee-endpoint "$socket"
has out "agentWallet" "Alice"
wait "$bob" && pass || fail "Bob: $(tail -5 "$work/b.out")"
wait "$charlie" && pass || fail "Charlie: $(tail -5 "$work/c.out")"
roles=()
grep -qF "100 of 100, tee-sim/v1" "$work/b.out" && pass || fail "Bob's answer"
grep -qF "AFFIRMING (exit code 0)" "$work/b.out" && pass || fail "Bob's bundle"
grep -qF "TEE 0, simulated 1, without TEE 0" "$work/c.out" && pass || fail "Charlie's split"

# A validator with another policy: the default one wants real hardware. Alice has a new request for him.
expect 0 "all on a chain of others" studio all2 "${common[@]:0:10}" --tee-endpoint "$socket" --trust-root "$held_by/trust-root.der" \
    --collateral "$held_by/collateral.json" --policy "$held_by/policy.json"
has out "SKIPPED(needs a simulator of our own)" "old code with somebody else's simulator"
has out " 1 skipped, 0 failed" "all on a chain of others"
expect 1 "the default policy" studio strict "${common[@]:0:10}" --tee-endpoint "$socket" --trust-root "$held_by/trust-root.der" \
    --collateral "$held_by/collateral.json"
has out "refused: ANCHOR" "the default policy"
expect 5 "no collateral" studio nothing "${common[@]:0:10}" --tee-endpoint "$socket" --trust-root "$held_by/trust-root.der" \
    --policy "$held_by/policy.json"
has out "COLLATERAL_MISSING" "no collateral"

# Registries that do not belong together.
first_identity=$identity
deploy "$rpc" second 2>/dev/null
expect 8 "a reputation registry in the identity registry's place" studio mixed --network local --rpc "$rpc" \
    --identity "$reputation"
"$CHAOS_BIN/chaoschain" chain deploy --network local --rpc "$rpc" --keystore "$work/deployer.json" --passphrase-fd 3 \
    --journal "$work/journal-other" --out "$work/other.json" 3<"$work/passphrase" >/dev/null
other=$(sed -n 's/.*"identity":"\(0x[0-9a-fA-F]*\)".*/\1/p' "$work/other.json")
expect 8 "registries of two deployments" studio mixed --network local --rpc "$rpc" --identity "$other" \
    --reputation "$reputation" --validation "$validation"
has out "REGISTRY" "registries of two deployments"

# No such provider, and none that is there.
expect 6 "provider that is not built" "$studio_bin" --tee-provider intel-tdx --state "$work/p"
expect 6 "provider that is not installed" env CHAOS_PROVIDER_PATH="$work" "$studio_bin" --tee-provider phala-dstack \
    --state "$work/p"
has out "Install with: " "provider that is not installed"
expect 6 "provider without its TEE" studio q "${common[@]:0:10}" --tee-endpoint "$work/nowhere.sock"
has out "FAIL" "provider without its TEE"

# A dry run sends nothing.
before=$(rpc_call "$rpc" eth_blockNumber "[]")
expect 0 "dry run" studio dry "${common[@]:0:10}" --dry-run
has out "register() would succeed; nothing was sent" "dry run"
has out "SKIPPED(dry run)" "dry run"
after=$(rpc_call "$rpc" eth_blockNumber "[]")
[ "$before" = "$after" ] && pass || fail "a dry run sent something"
expect 0 "dry run without registries" studio dry2 --dry-run

# A test network, where nobody mints: the faucet has a name, and every account is shown.
first_rpc=$rpc
start_chain test --chain-id 84532
expect 8 "no registries" "$studio_bin" --state "$work/t" --network base-sepolia --rpc "$rpc"
code=$(rpc_call "$first_rpc" eth_getCode "[\"$first_identity\",\"latest\"]" | sed -n 's/.*"result":"\(0x[0-9a-f]*\)".*/\1/p')
rpc_call "$rpc" anvil_setCode "[\"$first_identity\",\"$code\"]" >/dev/null
expect 64 "the state folder of a test network is never emptied" "$studio_bin" --state "$work/t" --network base-sepolia \
    --rpc "$rpc" --identity "$first_identity"
has err "--resume" "the state folder of a test network"
printf x >"$work/foreign"
mkdir "$work/not-ours" && mv "$work/foreign" "$work/not-ours/"
expect 64 "somebody else's folder" "$studio_bin" --state "$work/not-ours"
[ -f "$work/not-ours/foreign" ] && pass || fail "somebody else's file is gone"
rm -rf "$work/t"
expect 7 "no funds" "$studio_bin" --state "$work/t" --network base-sepolia --rpc "$rpc" --identity "$first_identity"
has out "Base Sepolia faucet" "no funds"
has out "charlie         0x" "no funds"
expect 64 "main network" "$studio_bin" --state "$work/m" --network ethereum-mainnet --rpc "$rpc"
expect 5 "another chain" "$studio_bin" --state "$work/w" --network ethereum-sepolia --rpc "$rpc"
expect 5 "no node" "$studio_bin" --state "$work/n" --network base-sepolia --rpc http://127.0.0.1:9
expect 6 "not in a TEE" studio y --network base-sepolia --rpc "$rpc"
expect 64 "unknown attack" studio x --break nothing
expect 64 "unknown agent" studio x --agents dave
finish
