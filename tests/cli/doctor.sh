#!/usr/bin/env bash
# chaoschain doctor: what it finds, what it says to do, and that it changes nothing.
. "$(dirname "$0")/lib.bash"
. "$root/tests/cli/simulator.bash"
. "$(dirname "$0")/chain.bash"
[ -x "$CHAOS_BIN/chaoschain-doctor" ] || skip "chaoschain-doctor is not built"
cd "$work"

# row NAME RESULT TEXT: in the JSON of $work/out.
row() {
    if node -e '
        const rows = JSON.parse(require("fs").readFileSync(process.argv[1])).rows;
        const [name, result, text] = process.argv.slice(2);
        process.exit(rows.some((r) => r.name === name && r.result === result && r.text.includes(text)) ? 0 : 1);
    ' "$work/out" "$1" "$2" "${3:-}"; then pass; else fail "no row '$1 $2 ${3:-}': $(grep -o "{\"name\":\"$1\"[^}]*" "$work/out")"; fi
}
doctor() { "$chaoschain" doctor "$@"; }
# Names, sizes and times of change of everything that is the user's.
snapshot() { find "$work" ! -name out ! -name err ! -name 'seen.*' ! -name 'chain.*' ! -name 'vm*' -printf '%p %s %T@\n' | grep -v "^$work [0-9]" | sort; }

# --- a newcomer, offline: nothing is wrong, everything says what is missing ---

unset DSTACK_SIMULATOR_ENDPOINT TAPPD_SIMULATOR_ENDPOINT
begin=$(date +%s)
expect 0 "a newcomer" doctor --json
cat "$work/out" >>all.jsonl
[ $(($(date +%s) - begin)) -lt 20 ] && pass || fail "it took too long"
row version OK chaoschain
row libraries OK "openssl 3"
row config SKIPPED "no agent's config file"
row simulated OK simulation
row phala-dstack SKIPPED
row policy OK default
row keystore SKIPPED "none yet"
row collateral SKIPPED
is .counts.fail 0 "a newcomer"
expect 0 "a newcomer, in words" doctor
width "a newcomer, in words"
has out "Next: chaoschain agent init NAME" "a newcomer, in words"
is_empty err "a newcomer, in words"
[ ! -e "$XDG_STATE_HOME" ] && [ ! -e "$XDG_DATA_HOME" ] && pass || fail "doctor made folders"

# --- an agent's machine: all of it there ---

start_registries
start_simulator vm
DSTACK_SIMULATOR_ENDPOINT=$socket
export DSTACK_SIMULATOR_ENDPOINT
expect 0 "init" "$chaoschain" agent init Alice --network "$network" --rpc "$rpc" --keystore "$work/owner.json" \
    --publish-base https://alice.example/
expect 0 "register" "$chaoschain" agent register --config alice/agent.json --passphrase-fd 3 3<<<"$passphrase"
judge=(--trust-root "$held_by/trust-root.der" --policy "$held_by/policy.json" --collateral "$held_by/collateral.json")
snapshot >seen.before
expect 0 "an agent" doctor --config alice/agent.json "${judge[@]}" --json
snapshot >seen.after
cmp -s seen.before seen.after && pass || fail "doctor changed something: $(diff seen.before seen.after | head -5)"
cat "$work/out" >>all.jsonl
row config OK alice/agent.json
row "agent's TEE" OK phala-dstack
row "guest agent" OK "$socket"
row simulator OK DSTACK_SIMULATOR_ENDPOINT
row node OK "chain 31337"
row "identity registry" OK "$identity"
row "validation registry" OK "version 2.0.0"
row clock SKIPPED
row keystore OK owner.json
row balance OK "ETH of $owner"
row store OK alice/store/agent.db
row published OK
row policy OK policy.json
row collateral OK "valid until"
is .counts.fail 0 "an agent"
expect 0 "an agent, in words" doctor --config alice/agent.json "${judge[@]}"
width "an agent, in words"
has out "Next: chaoschain agent register --config alice/agent.json" "an agent, in words"
cd alice
expect 0 "the config that lies here" doctor "${judge[@]}" --json
row config OK agent.json
cd "$work"
expect 0 "an agent, in words" doctor --config alice/agent.json "${judge[@]}"
has out "reputation registry $reputation" "an agent, in words: a blank between name and text"

# --- neighbours: one thing is wrong ---

expect 5 "no node" doctor --config alice/agent.json --rpc http://127.0.0.1:1 --json
cat "$work/out" >>all.jsonl
row node FAIL NETWORK
row registries SKIPPED "no node answers"
expect 5 "no node, in words" doctor --config alice/agent.json --rpc http://127.0.0.1:1/v3/s3cr3t
width "no node, in words"
has out "Next: first, about node:" "no node, in words"
grep -q s3cr3t "$work/out" "$work/err" && fail "the URL's key is shown" || pass
expect 5 "another chain" doctor --network eip155:4242 --rpc "$rpc" --json
row node FAIL CHAIN_ID
expect 1 "no registries" doctor --rpc "$rpc" --json
row registries WARN "no registries are known"
expect 8 "registries that disagree" doctor --network "$network" --identity "$reputation" --json
cat "$work/out" >>all.jsonl
row registries FAIL
chmod 644 "$work/owner.json"
expect 5 "a keystore for everybody" doctor --config alice/agent.json --json
row keystore FAIL "others may open it"
chmod 600 "$work/owner.json"
expect 5 "no keystore" doctor --config alice/agent.json --keystore "$work/none.json" --json
row keystore FAIL
new_account poor
ask anvil_setBalance "[\"$poor\",\"0x0\"]" >"$work/ask"
expect 1 "no ether" doctor --config alice/agent.json --keystore poor.json --json
row balance WARN "0 ETH of $poor"
# A node that takes the question and never answers.
node -e 'require("net").createServer(() => {}).listen(0, "127.0.0.1", function () { console.log(this.address().port); })' >port &
chains+=($!)
for _ in $(seq 100); do [ -s port ] && break || sleep 0.05; done
begin=$(date +%s)
expect 5 "a node that is silent" doctor --config alice/agent.json --rpc "http://127.0.0.1:$(cat port)" --json
row node FAIL TIMEOUT
[ $(($(date +%s) - begin)) -lt 20 ] && pass || fail "a silent node took $(($(date +%s) - begin)) s"
echo "not a store" >broken.db && chmod 600 broken.db
expect 5 "no store of ours" doctor --config alice/agent.json --journal broken.db --json
row store FAIL "no store of ours"
expect 5 "no policy" doctor --policy "$held_by/collateral.json" --json
row policy FAIL
expect 5 "collateral of somebody's" doctor --collateral "$held_by/collateral.json" --json
row collateral FAIL ROOT_UNTRUSTED
expect 5 "a provider that is not installed" doctor --tee-provider nobody --json
row "agent's TEE" FAIL PROVIDER_MISSING
expect 5 "a guest agent that is not there" env DSTACK_SIMULATOR_ENDPOINT="$work/none.sock" "$chaoschain" doctor \
    --config alice/agent.json --json
row "agent's TEE" FAIL
row "guest agent" FAIL "nothing is there"
mkdir folder.sock
expect 5 "a folder in the socket's place" env DSTACK_SIMULATOR_ENDPOINT="$work/folder.sock" "$chaoschain" doctor --json
row "guest agent" FAIL "is a folder"
expect 5 "a simulator on a public network" doctor --network base-sepolia --rpc "$rpc" --json
row simulator WARN DSTACK_SIMULATOR_ENDPOINT
mkdir cache && cp "$held_by/collateral.json" cache/tdx-000000000000-platform.json
expect 0 "a cache" doctor --collateral-cache cache --trust-root "$held_by/trust-root.der" --json
row collateral OK tdx-000000000000-platform.json
expect 1 "an empty cache" doctor --collateral-cache folder.sock --json
row "collateral cache" WARN
# A clock that does not go with the chain's.
start_chain --chain-id 4242
ask evm_mine >"$work/ask"
expect 1 "a clock that is right" doctor --network eip155:4242 --rpc "$rpc" --json # no registries: a warning
row clock OK "after the newest block"
ask evm_increaseTime '[3600]' >"$work/ask"
ask evm_mine >"$work/ask"
expect 5 "a clock that is behind" doctor --network eip155:4242 --rpc "$rpc" --json
row clock FAIL "in the future"
echo '{"schema":"chaoschain/agent-config/1","nam":"x"}' >wrong.json
expect 5 "a config that is none" doctor --config wrong.json --json
cat "$work/out" >>all.jsonl
row config FAIL '"nam" is no key'
row network SKIPPED # what is in it is not taken
expect 5 "no config" doctor --config none.json --json
row config FAIL FILE_IO
expect 64 "an option that it does not have" doctor --passphrase-fd 3
expect 0 "doctor --help" doctor --help
width "doctor --help"
expect 0 "its version" "$CHAOS_BIN/chaoschain-doctor" --version

"$root/scripts/install-npm.sh" "$root/tests/npm/schema" || skip "ajv is not installed"
expect 0 "JSON follows the schema" node "$root/tests/npm/schema/check.js" "$root/data/schemas/doctor.schema.json" all.jsonl
finish
