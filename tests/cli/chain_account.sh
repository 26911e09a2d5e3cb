#!/usr/bin/env bash
# chaoschain account: keystores made, taken, listed.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/chain.bash"

new() { "$chaoschain" account new --light --passphrase-fd 3 "$@" 3<<<"$passphrase"; }
expect 0 "new" new --keystore "$work/one.json" --json
keep
one=$(value .address)
is .keystore "$work/one.json" "new"
[ "$(stat -c %a "$work/one.json")" = 600 ] && pass || fail "the keystore is open to others"
grep -q '"n":4096' "$work/one.json" && pass || fail "--light is not light"
expect 5 "a keystore is never replaced" new --keystore "$work/one.json"
expect 0 "a name" new --keystore alice --json
keep
alice=$(value .address)
[ -f "$XDG_DATA_HOME/chaoschain/keystore/alice" ] && pass || fail "the name is not in the folder of keystores"
[ "$(stat -c %a "$XDG_DATA_HOME/chaoschain/keystore")" = 700 ] && pass || fail "the folder is open to others"
expect 0 "no name" new
has out "account-" "no name"
expect 64 "an empty passphrase" "$chaoschain" account new --light --keystore "$work/empty.json" --passphrase-fd 3 3<<<""
[ ! -e "$work/empty.json" ] && pass || fail "a keystore without a passphrase"
expect 64 "no descriptor" "$chaoschain" account new --keystore "$work/x.json" --passphrase-fd x

# The first account of the test chain: its key is known to everybody.
known=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80
expect 0 "import" new --keystore "$work/known.json" --import-fd 4 --json 4<<<"$known"
is .address 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "import"
expect 64 "import of half a key" new --keystore "$work/half.json" --import-fd 4 4<<<"0xac09"
expect 64 "import of nothing" new --keystore "$work/zero.json" --import-fd 4 4<<<"0x$(printf '0%.0s' {1..64})"
grep -rqF "${known#0x}" "$work"/*.json && fail "the key is in a file" || pass

expect 0 "list" "$chaoschain" account list --json
keep
is .accounts.length 2 "list"
is .accounts[1].address "$alice" "list"
expect 0 "list of a folder" "$chaoschain" account list --folder "$work" --json
keep
is '.accounts.map(a => a.keystore).join()' known.json,one.json "list of a folder"
is .accounts[1].address "$one" "list of a folder"
expect 0 "list in words" "$chaoschain" account list
has out "$alice" "list in words"
start_chain
expect 0 "list with balances" "$chaoschain" account list --folder "$work" --rpc "$rpc" --json
keep
is .accounts[0].balance 10000000000000000000000 "list with balances"
expect 0 "list with balances in words" "$chaoschain" account list --folder "$work" --rpc "$rpc"
has out "known.json  10000 ETH" "list with balances in words"
mkdir "$work/none"
expect 0 "an empty folder" "$chaoschain" account list --folder "$work/none"
has out "There are no keystores" "an empty folder"
expect 5 "no folder" "$chaoschain" account list --folder "$work/nowhere"

# A keystore by its name alone.
ask anvil_setBalance "[\"$alice\",\"0x56bc75e2d63100000\"]" >"$work/ask"
expect 0 "a keystore by its name" "$chaoschain" chain deploy --rpc "$rpc" --keystore alice --passphrase-fd 3 --json \
    3<<<"$passphrase"
is .sender "$alice" "a keystore by its name"
expect 0 "a keystore of the environment" env CHAOS_KEYSTORE=alice "$chaoschain" chain deploy --rpc "$rpc" \
    --passphrase-fd 3 3<<<"$passphrase"

check_schemas
finish
