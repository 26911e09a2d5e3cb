#!/usr/bin/env bash
# chaoschain agent: registered once, shown, changed, listed.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/simulator.bash"
. "$(dirname "$0")/chain.bash"

start_registries
new_account stranger
new_account wallet
nonce() { ask eth_getTransactionCount "[\"$owner\",\"latest\"]" | sed 's/.*"result":"\([^"]*\)".*/\1/'; }

# --- register ---

register=(agent register --name alice --description "finds jackets" --service attestation=https://alice.example/tee)
before=$(nonce)
expect 0 "dry run" sends owner "${register[@]}" --dry-run --json
keep
is .dry_run true "dry run"
is .transactions[0].state dry-run "dry run"
is .agent undefined "a dry run has no id"
expect 0 "dry run in words" sends owner "${register[@]}" --dry-run
has out "would be sent (dry run)" "dry run in words"
[ "$(nonce)" = "$before" ] && pass || fail "a dry run sent something"

expect 0 "register" sends owner "${register[@]}" --json --out "$work/alice.registration.json"
keep
alice=$(value .agent)
is .agent "eip155:31337:$identity:0" "the first id is 0"
is .transactions[0].state confirmed "register"
is .transactions[0].was_done false "register"
is .transactions[1].what "set URI" "register"
has out '"uri":"data:application/json;base64,' "register"
grep -qF "\"registrations\":[{\"agentId\":0,\"agentRegistry\":\"eip155:31337:${identity,,}\"}]" \
    "$work/alice.registration.json" && pass || fail "the file does not name its id"

before=$(nonce)
expect 0 "register again" sends owner "${register[@]}" --json
keep
is .agent "$alice" "the same command is the same agent"
is .transactions[0].was_done true "register again"
is .transactions[1].state nothing-to-do "register again"
expect 0 "register again in words" sends owner "${register[@]}"
has out "--again registers another agent" "register again in words"
width "register"
[ "$(nonce)" = "$before" ] && pass || fail "the same command sent something"
expect 0 "register another" sends owner "${register[@]}" --again --json
is .agent "eip155:31337:$identity:1" "--again is another agent"
expect 0 "register by URI" sends owner agent register --uri https://bob.example/agent.json --metadata role=worker \
    --metadata code=0x00ff --json
keep
is .agent "eip155:31337:$identity:2" "register by URI"
is .transactions.length 1 "register by URI"
expect 0 "register by the same URI and other metadata" sends owner agent register --uri https://bob.example/agent.json \
    --metadata role=boss --json
is .agent "eip155:31337:$identity:3" "other metadata are another agent"

expect 64 "register nothing" sends owner agent register
has err "give one of --name and --uri" "register nothing"
expect 64 "register two things" sends owner agent register --name a --uri b
expect 64 "a description of somebody else's file" sends owner agent register --uri https://a.example --description x
expect 64 "an empty name" sends owner agent register --name "$(printf '\377')"
has err "UTF-8" "a name that is no UTF-8"
expect 64 "a service without a place" sends owner agent register --name a --service mcp
expect 64 "metadata in half a byte" sends owner agent register --name a --metadata k=0xabc
expect 64 "the reserved key" sends owner agent register --name a --metadata agentWallet=0x00
has err "agentWallet" "the reserved key"

# --- show ---

expect 0 "show" asks agent show 0 --json
keep
is .agent "$alice" "show"
is .owner "$owner" "show"
is .wallet "$owner" "the owner is the first wallet"
is .file.name alice "show"
is .file.names_agent true "show"
is .file.committed true "a data: URI fixes its bytes"
is .file.supported_trust[0] tee-attestation "show"
is .file_error null "show"
is .tee null "show"
expect 0 "show in words" asks agent show "$alice"
has out "finds jackets" "show in words"
has out "https://alice.example/tee" "show in words"
width "show"
expect 0 "show the file" asks agent show 0 --out "$work/shown.json"
cmp -s "$work/shown.json" "$work/alice.registration.json" && pass || fail "the file that is shown is another one"
expect 0 "show by chain alone" "$chaoschain" agent show eip155:31337:0 --network "$network" --no-fetch
expect 0 "a full name is enough" "$chaoschain" agent show "$alice" --rpc "$rpc"
expect 0 "a file that is not there" asks agent show 2 --json --no-fetch
is .file null "not fetched"
is .file_error null "not fetched"
expect 5 "no such agent" asks agent show 99
has err "NOT_FOUND" "no such agent"
expect 64 "another chain" asks agent show eip155:1:0
has err "chain 1" "another chain"
expect 64 "another registry" asks agent show "eip155:31337:$reputation:0" --identity "$identity"
expect 64 "no agent" asks agent show
expect 64 "two agents" asks agent show 0 1
expect 64 "a bad agent" asks agent show alice
# What the agent says of itself is any text: it must not reach the terminal.
expect 0 "hostile" sends owner agent register --uri "$(printf 'ipfs://\033[31m\nevil')"
expect 0 "hostile shown" asks agent show 4
grep -q "$(printf '\033')" "$work/out" && fail "an escape sequence reaches the terminal" || pass
has out '\x1b' "hostile shown"

# --- registration files that are fetched ---

cat >"$work/server.js" <<'JS'
const http = require('http');
const fs = require('fs');
const file = fs.readFileSync(process.argv[2]);
const answers = {
    '/agent.json': (r) => r.end(file),
    '/moved.json': (r) => { r.writeHead(302, { location: '/agent.json' }); r.end(); },
    '/around': (r) => { r.writeHead(302, { location: '/around' }); r.end(); },
    '/large.json': (r) => r.end(Buffer.alloc(300000, ' ')),
    '/page.html': (r) => r.end('<html>not found</html>'),
    '/latin1.json': (r) => r.end(Buffer.from('{"type":"https://eips.ethereum.org/EIPS/eip-8004#registration-v1","name":"\xe9"}', 'latin1')),
};
const server = http.createServer((q, r) => (answers[q.url] || ((x) => { x.writeHead(404); x.end(); }))(r));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
node "$work/server.js" "$work/alice.registration.json" >"$work/port" &
chains+=($!) # ended with them
until [ -s "$work/port" ]; do sleep 0.05; done
at=http://127.0.0.1:$(cat "$work/port")
expect 0 "register a hosted one" sends owner agent register --uri "$at/agent.json" --json
hosted=$(value .agent)
expect 0 "hosted" asks agent show "$hosted" --allow-local --json
keep
is .file.name alice "hosted"
is .file.committed false "whoever serves the file can change it"
is .file.names_agent false "the file is of another agent"
hash=$(value .file.hash)
expect 0 "of this hash" asks agent show "$hosted" --allow-local --file-hash "$hash" --json
is .file.name alice "of this hash"
expect 0 "of another hash" asks agent show "$hosted" --allow-local --file-hash "0x00${hash:4}" --json
is .file null "of another hash"
is .file_error CONTENT_HASH "of another hash"
expect 4 "bytes of another hash are not written" asks agent show "$hosted" --allow-local --file-hash "0x00${hash:4}" \
    --out "$work/other"
[ ! -e "$work/other" ] && pass || fail "bytes of another hash were written"
expect 64 "of half a hash" asks agent show "$hosted" --file-hash 0x12
expect 0 "hosted, in words" asks agent show "$hosted" --allow-local
has out "whoever serves the URI can change them" "hosted, in words"
has out "not among its registrations" "hosted, in words"
expect 0 "this machine is not asked for a stranger" asks agent show "$hosted" --json
keep
is .file null "this machine is not asked for a stranger"
[ "$(value .file_error)" != null ] && pass || fail "no reason for a file that was not fetched"
serves() { expect 0 "URI $1" sends owner agent set-uri "$hosted" "$at/$1"; expect 0 "show $1" asks agent show "$hosted" --allow-local --json; keep; }
serves moved.json
is .file.name alice "a redirect"
for path in around large.json page.html latin1.json missing.json; do
    serves "$path"
    is .file null "$path is no registration file"
    case $path in
        page.html | latin1.json) is .file_error JSON "$path" ;;
        *) is .file_error GUEST_AGENT "$path" ;;
    esac
done
expect 5 "no file to write" asks agent show "$hosted" --allow-local --out "$work/none"
[ ! -e "$work/none" ] && pass || fail "a file that did not come was written"
expect 0 "ipfs without a gateway" sends owner agent set-uri "$hosted" ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
expect 0 "show ipfs" asks agent show "$hosted" --json
is .file_error NOT_AVAILABLE "ipfs without a gateway"
expect 0 "a file of this machine" sends owner agent set-uri "$hosted" file:///etc/passwd
expect 0 "show a file of this machine" asks agent show "$hosted" --allow-local --json
is .file_error USAGE "no file: URI is read"

# --- set-metadata ---

expect 0 "metadata" sends owner agent set-metadata 0 greeting hello --json
keep
is .transactions[0].state confirmed "metadata"
expect 0 "the same metadata" sends owner agent set-metadata 0 greeting hello --json
is .transactions[0].state nothing-to-do "the same metadata"
expect 0 "B" sends owner agent set-metadata 0 greeting 0x00ff --json
is .transactions[0].state confirmed "B"
expect 0 "A again" sends owner agent set-metadata 0 greeting hello --json
is .transactions[0].state confirmed "A, B and A again are three changes"
printf 'from a file' >"$work/value"
expect 0 "from a file" sends owner agent set-metadata "$alice" greeting --file "$work/value"
expect 0 "clear" sends owner agent set-metadata 0 greeting --clear --json
is .transactions[0].state confirmed "clear"
expect 5 "of somebody else's agent" sends stranger agent set-metadata 0 greeting hi
has err "Not authorized" "the contract's reason"
expect 5 "of no agent" sends owner agent set-metadata 99 greeting hi
has err "NOT_FOUND" "of no agent"
expect 64 "no value" sends owner agent set-metadata 0 greeting
expect 64 "two values" sends owner agent set-metadata 0 greeting hi --clear
expect 64 "the registry's own key" sends owner agent set-metadata 0 agentWallet 0x00
has err "agentWallet" "the registry's own key"

# --- TEE metadata ---

expect 0 "tee.key" sends owner agent set-metadata 0 tee.key "${wallet,,}"
expect 0 "tee.arch" sends owner agent set-metadata 0 tee.arch tdx
expect 0 "tee.expires" sends owner agent set-metadata 0 tee.expires 0x0000000069559380
expect 0 "tee.simulated" sends owner agent set-metadata 0 tee.simulated 0x01
expect 0 "tee.binding of a wrong size" sends owner agent set-metadata 0 tee.binding 0x01
expect 0 "show TEE" asks agent show 0 --json
keep
is .tee.arch tdx "show TEE"
is .tee.key "$wallet" "show TEE"
is .tee.expires 1767216000 "show TEE"
is .tee.simulated true "show TEE"
is .tee.malformed true "show TEE"
is .tee.binding undefined "show TEE"
expect 0 "show TEE in words" asks agent show 0
has out "(SIMULATED)" "show TEE in words"
has out "(not the wallet)" "show TEE in words"

# --- set-uri ---

expect 0 "URI" sends owner agent set-uri 1 https://alice.example/agent.json --json
keep
is .transactions[0].state confirmed "URI"
expect 0 "the same URI" sends owner agent set-uri 1 https://alice.example/agent.json --json
is .transactions[0].state nothing-to-do "the same URI"
expect 3 "the file of another agent" sends owner agent set-uri 1 --file "$work/alice.registration.json"
has err "does not name this agent" "the file of another agent"
expect 0 "its own file" sends owner agent set-uri 0 --file "$work/alice.registration.json" --json
is .transactions[0].state nothing-to-do "its own file is there"
echo '{"type":"x"}' >"$work/broken.json"
expect 3 "a broken file" sends owner agent set-uri 0 --file "$work/broken.json"
has err "REGISTRATION_FORMAT" "a broken file"
expect 64 "no URI" sends owner agent set-uri 0
expect 0 "register left alone what others changed" sends owner "${register[@]}" --again --json
is .agent "eip155:31337:$identity:6" "--again is another agent each time"

# --- set-wallet ---

expect 0 "a wallet" sends owner agent set-wallet 0 --wallet-keystore "$work/wallet.json" --wallet-passphrase-fd 4 \
    --json 4<<<"$passphrase"
keep
is .wallet "$wallet" "a wallet"
is .transactions[0].state confirmed "a wallet"
expect 0 "the same wallet" sends owner agent set-wallet 0 --wallet-keystore "$work/wallet.json" \
    --wallet-passphrase-fd 4 --json 4<<<"$passphrase"
is .transactions[0].state nothing-to-do "the same wallet"
expect 0 "show the wallet" asks agent show 0 --json
is .wallet "$wallet" "show the wallet"
expect 5 "a wrong passphrase" sends owner agent set-wallet 0 --wallet-keystore "$work/wallet.json" \
    --wallet-passphrase-fd 4 4<<<"wrong"
has err "PASSPHRASE" "a wrong passphrase"
expect 5 "a stranger's wallet" sends stranger agent set-wallet 0 --wallet-keystore "$work/stranger.json" \
    --wallet-passphrase-fd 4 4<<<"$passphrase"
has err "Not authorized" "a stranger's wallet"
expect 0 "no wallet" sends owner agent set-wallet 0 --unset --json
is .transactions[0].what "unset wallet" "no wallet"
expect 0 "show no wallet" asks agent show 0 --json
keep
is .wallet null "show no wallet"
if [ -x "$CHAOS_BIN/dstack-simulator" ]; then
    start_simulator tee
    expect 0 "the key of that agent" "$chaoschain" keygen --tee-provider phala-dstack --tee-endpoint "$socket" \
        --agent "$alice" --json
    tee_key=$(value .address)
    expect 0 "a wallet in a TEE" sends owner agent set-wallet "$alice" --tee-provider phala-dstack \
        --tee-endpoint "$socket" --json
    keep
    is .wallet "$tee_key" "the wallet is the agent's identity key"
    expect 0 "show the TEE's wallet" asks agent show 0 --json
    is .wallet "$tee_key" "show the TEE's wallet"
    expect 0 "the next generation" sends owner agent set-wallet 0 --tee-provider phala-dstack \
        --tee-endpoint "$socket" --generation 1 --json
    [ "$(value .wallet)" != "$tee_key" ] && pass || fail "another generation is the same key"
    stop_simulators
    expect 5 "no TEE" sends owner agent set-wallet 0 --tee-provider phala-dstack --tee-endpoint "$socket"
else
    fail "dstack-simulator is not built"
fi
expect 64 "which wallet" sends owner agent set-wallet 0
expect 64 "two wallets" sends owner agent set-wallet 0 --unset --tee-provider simulated
expect 64 "whose label" sends owner agent set-wallet 0 --unset --label agent
expect 64 "path and label" sends owner agent set-wallet 0 --tee-provider simulated --path a --label b

# --- list ---

expect 0 "register a stranger's" sends stranger agent register --name mallory --json
mallory=$(value .agent)
ask anvil_impersonateAccount "[\"$owner\"]" >"$work/ask"
id=0000000000000000000000000000000000000000000000000000000000000001
from=000000000000000000000000${owner:2} to=000000000000000000000000${stranger:2}
ask eth_sendTransaction "[{\"from\":\"$owner\",\"to\":\"$identity\",\"data\":\"0x23b872dd$from$to$id\"}]" >"$work/ask"
grep -q '"result"' "$work/ask" && pass || fail "agent 1 was not given to the stranger: $(cat "$work/ask")"
expect 0 "list all" asks agent list --json
keep
is .agents.length 8 "list all"
is .complete true "list all"
is .agents[0].name alice "list all"
expect 0 "list of the owner" asks agent list --owner "$owner" --json
keep
is '.agents.map(a => a.agent.split(":")[3]).join()' 0,2,3,4,5,6 "an agent that was given away is not listed"
expect 0 "list of the stranger" asks agent list --owner "$stranger" --json
is '.agents.map(a => a.agent.split(":")[3]).join()' 7,1 "an agent that was given is"
expect 0 "list in words" asks agent list
has out mallory "list in words"
width "list"
head=$(($(ask eth_blockNumber | sed 's/.*"result":"\([^"]*\)".*/\1/')))
expect 0 "list from a block" asks agent list --from-block $((head - 2)) --json
is .agents.length 1 "list from a block"
expect 0 "list to a block" asks agent list --to-block $((head - 3)) --json
is .agents.length 7 "list to a block"
expect 0 "the newest" asks agent list --limit 2 --json
is .agents.length 2 "the newest"
is .complete false "the newest"
is .agents[1].agent "$mallory" "the newest"
expect 0 "nobody's" asks agent list --owner 0x000000000000000000000000000000000000dEaD
has out "There are none" "nobody's"
expect 64 "a bad owner" asks agent list --owner 0x1234

check_schemas
finish
