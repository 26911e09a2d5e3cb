#!/usr/bin/env bash
# chaoschain chain deploy and doctor; and what every command says when the chain is not as it should be.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/chain.bash"

start_registries
first_network=$network
first_rpc=$rpc

# --- deploy ---

grep -qF '"schema":"chaoschain/networks/1"' "$network" && pass || fail "deploy wrote no file of networks"
expect 0 "deploy again" sends owner chain deploy --json
keep
is .registries.identity "$identity" "deploy again is the same"
is .transactions[0].was_done true "deploy again is the same"
expect 0 "deploy others" sends owner chain deploy --again --out "$work/second.json" --json
keep
second_identity=$(value .registries.identity)
second_validation=$(value .registries.validation)
[ "$second_identity" != "$identity" ] && pass || fail "--again deployed the same"
expect 0 "deploy dry" sends owner chain deploy --again --dry-run --json
keep
is .registries undefined "deploy dry"
expect 64 "deploy on a main network" "$chaoschain" chain deploy --network base-mainnet --rpc "$rpc" --yes \
    --keystore "$work/owner.json" --passphrase-fd 3 3<<<"$passphrase"
has err "official registries" "deploy on a main network"

# --- doctor ---

expect 0 "doctor" asks chain doctor --json
keep
is .error null "doctor"
is .registries.identity.version 2.0.0 "doctor"
is .registries.validation.address "$validation" "doctor"
is .nodes[0].error null "doctor"
expect 0 "doctor in words" asks chain doctor
has out "all of it fits together" "doctor in words"
width "doctor"
expect 0 "a node that is down beside one that is up" asks chain doctor --rpc http://127.0.0.1:1 --rpc "$rpc" --json
keep
is .nodes[0].error.code NETWORK "a node that is down"
is .nodes[1].error null "a node that is up"
expect 8 "registries that disagree" asks chain doctor --validation "$second_validation" --json
keep
is .error.code REGISTRY "registries that disagree"
has err "exit 8: registries disagree" "registries that disagree"
expect 8 "no registry" asks chain doctor --identity 0x000000000000000000000000000000000000dEaD
has err "registries disagree" "no registry"
expect 8 "another contract" asks chain doctor --identity "$reputation"
expect 5 "no node" asks chain doctor --rpc http://127.0.0.1:1
has err "NETWORK" "no node"
expect 64 "where are they" "$chaoschain" chain doctor --rpc "$rpc"
has err "--identity ADDR" "where are they"
# A key in the URL is not shown.
expect 5 "a key in the URL" asks chain doctor --rpc "http://127.0.0.1:1/v3/s3cr3t?k=s3cr3t"
grep -q s3cr3t "$work/out" "$work/err" && fail "the URL's key is shown" || pass

# --- commands in front of what is wrong ---

start_chain --chain-id 4242 --block-time 1
other_rpc=$rpc
rpc=$first_rpc
expect 5 "another chain" asks agent show 0 --rpc "$other_rpc"
has err "CHAIN_ID" "another chain"
has err "--network of the node" "another chain: what to do"
expect 5 "no node" asks agent show 0 --rpc http://127.0.0.1:1
has err "is the node running?" "no node: what to do"
expect 8 "register where registries disagree" sends owner agent register --name a --reputation "$second_identity"
has err "chain doctor" "registries that disagree: what to do"
expect 0 "register alice" sends owner agent register --name alice
expect 0 "fall back on the second node" asks agent show 0 --rpc http://127.0.0.1:1 --rpc "$rpc"
new_account poor
ask anvil_setBalance "[\"$poor\",\"0x1\"]" >"$work/ask"
expect 7 "no funds" sends poor agent register --name poor
has err "exit 7: funds missing" "no funds"
has err "send ether to the account" "no funds: what to do"
expect 5 "a fee that is too high" sends owner agent register --name dear --max-fee 0.000000001
has err "FEE_LIMIT" "a fee that is too high"
expect 64 "no fee" sends owner agent register --name dear --max-fee much
expect 5 "a wrong passphrase" "$chaoschain" agent register --name a --network "$network" --keystore "$work/owner.json" \
    --passphrase-fd 3 3<<<"wrong"
has err "PASSPHRASE" "a wrong passphrase"
expect 64 "no keystore" asks agent register --name a
has err "chaoschain account new" "no keystore: what to do"
expect 5 "no such keystore" "$chaoschain" agent register --name a --network "$network" --keystore "$work/none.json" \
    --passphrase-fd 3 3<<<"$passphrase"
expect 64 "a passphrase in argv" sends owner agent register --name a --passphrase secret
# A transaction that is too young when the time is over: the same command goes on with it.
expect 5 "not confirmed yet" sends owner agent register --uri ipfs://late --confirmations 4 --wait 1
has err "UNCONFIRMED" "not confirmed yet"
has err "sends nothing twice" "not confirmed yet: what to do"
ask anvil_mine '["0x5"]' >"$work/ask"
expect 0 "confirmed" sends owner agent register --uri ipfs://late --confirmations 4 --wait 20 --json
keep
is .transactions[0].attempts 1 "confirmed"
is .transactions[0].state confirmed "confirmed"

# A chain in no list may cost real money, and a script is nobody to ask.
new_account payer
rpc=$other_rpc
ask anvil_setBalance "[\"$payer\",\"0x56bc75e2d63100000\"]" >"$work/ask"
pays() { "$chaoschain" "$@" --network eip155:4242 --rpc "$rpc" --keystore "$work/payer.json" --passphrase-fd 3 \
    3<<<"$passphrase" </dev/null; }
expect 64 "real money" pays chain deploy
has err "say --yes" "real money"
expect 0 "real money, and yes" pays chain deploy --yes --json --out "$work/third.json"
keep
rpc=$first_rpc
expect 64 "an unknown network" "$chaoschain" agent show 0 --network base-seplia
expect 64 "a file with several networks" "$chaoschain" agent show 0 --network "$root/data/networks.json"
has err "several networks" "a file with several networks"
expect 5 "a file that is not there" "$chaoschain" agent show 0 --network ./none.json
expect 0 "the environment" env CHAOS_RPC="$rpc" CHAOS_IDENTITY="$identity" "$chaoschain" agent show 0
expect 64 "no node is known" "$chaoschain" agent show eip155:4242:0 --identity "$identity"
has err "CHAOS_RPC" "no node is known"

# --- a journal of one's own, and one that is broken ---

[ "$(stat -c %a "$XDG_STATE_HOME/chaoschain")" = 700 ] && pass || fail "the state folder is open to others"
[ "$(stat -c %a "$XDG_STATE_HOME/chaoschain/journal.db")" = 600 ] && pass || fail "the journal is open to others"
echo "not a journal" >"$work/broken.db"
expect 5 "a broken journal" sends owner agent register --name a --journal "$work/broken.db"
has err "STORE" "a broken journal"

# --- words ---

for group in agent validation feedback chain account; do
    expect 0 "$group --help" "$chaoschain" "$group" --help
    width "$group --help"
    for verb in $(sed -n 's/^  \([a-z-]*\)  .*/\1/p' "$work/out"); do
        expect 0 "$group $verb --help" "$chaoschain" "$group" "$verb" --help
        has out "Usage: chaoschain $group $verb" "$group $verb --help"
        width "$group $verb --help"
        expect 64 "$group $verb --wrong" "$chaoschain" "$group" "$verb" --wrong
    done
    expect 64 "$group alone" "$chaoschain" "$group"
done
expect 64 "a slip" "$chaoschain" agent shwo
has err "did you mean 'show'?" "a slip"
expect 64 "the program alone" "$CHAOS_BIN/chaoschain-chain"
expect 0 "its version" "$CHAOS_BIN/chaoschain-chain" --version

network=$first_network
check_schemas
finish
