#!/usr/bin/env bash
# demo.sh - the way of evidence on this machine: forge, verify, attack; an agent that talks to its (simulated) TEE; and a
# quote of real hardware. Exits non-zero when anything turns out otherwise than announced.
#   CHAOS_BIN (build/bin) has the programs, CHAOS_DEMO_DIR (build/demo) gets the files, CHAOS_VECTORS
#   (../shared/vectors) may have real quotes.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${CHAOS_BIN:-build/bin}
folder=${CHAOS_DEMO_DIR:-build/demo}
vectors=${CHAOS_VECTORS:-../shared/vectors}/dcap
at=2026-01-01T00:00:00Z
agent=$folder/agent
passed=0
failed=0
skipped=0
begin=${EPOCHREALTIME/[.,]/}

bold='' green='' red='' yellow='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'
fi

# row COLOUR WORD WHAT RESULT
row() {
    printf '  %s%-9s%s  %-50s  %s\n' "$1" "$2" "$plain" "$3" "$4"
}

title() {
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# member NAME: the text of a member of the JSON in $json.
member() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$json"
}

# judge WHAT CODE TIER ANCHOR ERROR OPTION...: runs verify and compares all four; an ERROR of "" means that there is none.
judge() {
    local what=$1 want="exit $2, $3, $4${5:+, $5}" code=0 error anchor found
    shift 5
    json=$("$bin/chaoschain" verify --json "$@" 2>&1) || code=$?
    error=$(sed -n 's/.*"error":{"code":"\([A-Z_]*\)".*/\1/p' <<<"$json")
    anchor=$(member anchor)
    found="exit $code, $(member tier), ${anchor:-no anchor}${error:+, $error}"
    if [ "$found" != "$want" ]; then
        failed=$((failed + 1))
        row "$red" FAIL "$what" "$found; expected $want"
    elif [ "$anchor" = simulated ] && [ -z "$error" ]; then
        passed=$((passed + 1))
        row "$yellow" SIMULATED "$what" "$found"
    else
        passed=$((passed + 1))
        row "$green" PASS "$what" "$found"
    fi
}

forge() { # forge FOLDER OPTION...
    mkdir -p "$1"
    if ! "$bin/chaoschain" forge tdx --out "$@" >"$1/forge.log" 2>&1; then
        cat "$1/forge.log" >&2
        exit 1
    fi
}

# attack WHAT CODE TIER ANCHOR ERROR BREAK: evidence that is broken in exactly this way.
attack() {
    local broken=$folder/$6
    forge "$broken" --break "$6"
    judge "${@:1:5}" --collateral "$broken/collateral.json" --trust-root "$broken/trust-root.der" --at "$at" \
        --policy "$agent/policy.json" "${expected[@]}" --evidence "$broken/envelope.json"
}

# start_simulator FOLDER: dstack-simulator at $socket; FOLDER/held gets what a relying party holds.
simulator='' socket_folder=''
start_simulator() {
    local waited=0
    socket_folder=$(mktemp -d) # a socket's path may be no longer than 107 bytes
    socket=$socket_folder/dstack.sock
    : >"$1/simulator.log"
    "$bin/dstack-simulator" --socket "$socket" --out "$1/held" --quiet >"$1/simulator.log" 2>&1 &
    simulator=$!
    until grep -qx ready "$1/simulator.log"; do
        waited=$((waited + 1))
        if [ "$waited" -gt 200 ] || ! kill -0 "$simulator" 2>/dev/null; then
            echo "demo: dstack-simulator does not start:" >&2
            cat "$1/simulator.log" >&2
            exit 1
        fi
        sleep 0.05
    done
}
stop_simulator() {
    [ -z "$simulator" ] || { kill "$simulator" 2>/dev/null && wait "$simulator"; } || true
    [ -z "$socket_folder" ] || rm -rf "$socket_folder"
    simulator='' socket_folder=''
}
trap stop_simulator EXIT

# bound NAME: a value of the binding, as the envelope has it.
bound() {
    "$bin/chaoschain" inspect "$agent/envelope.json" | awk -v name="envelope.binding.$1" '$1 == name { print $2 }'
}

for program in chaoschain chaoschain-verify chaoschain-forge chaoschain-tee dstack-simulator; do
    if [ ! -x "$bin/$program" ]; then
        echo "demo: $bin/$program is missing; 'make demo' builds it" >&2
        exit 1
    fi
done

cat <<PLAN
${bold}ChaosChain: is this agent really in a TEE?${plain}

Plan (a few seconds, no network, files in $folder):
  1  forge the evidence of an agent in a simulated Intel TDX trust domain
  2  judge it: by the default policy, and by one that names the simulator and pins the agent's code
  3  attack it in four ways, each to be refused for its own reason
  4  let a live agent sign through its provider, phala-dstack, which talks to a simulated guest agent
  5  judge a quote of real hardware, signed under Intel's root
PASS: as announced. SIMULATED: accepted, but no hardware vouches for it. SKIPPED: not run. FAIL: not as announced.
PLAN

title "1  The agent"
rm -rf "$agent"
forge "$agent"
# In life the agent and its key are read from the chain, and whoever asks chooses the nonce. Here all are the forge's.
id=eip155:$((16#$(bound chainId | tail -c 9))):$(bound identityRegistry):$((16#$(bound agentId | tail -c 9)))
expected=(--expect-agent "$id" --expect-identity-key "$(bound identityKey)" --expect-nonce "$(bound nonce)")
row "" envelope "$agent/envelope.json" "$(wc -c <"$agent/envelope.json") bytes"
row "" agent "its id on chain, which we expect" "$id"
row "" key "its identity key, which we expect" "${expected[3]}"

title "2  The verdict"
evidence=(--collateral "$agent/collateral.json" --trust-root "$agent/trust-root.der" --at "$at")
ours=("${evidence[@]}" --policy "$agent/policy.json")
judge "the default policy wants real hardware" 2 CONTRAINDICATED simulated ANCHOR "${evidence[@]}" "${expected[@]}" \
    --evidence "$agent/envelope.json"
judge "a policy that names the simulator" 0 AFFIRMING simulated "" "${ours[@]}" "${expected[@]}" \
    --evidence "$agent/envelope.json"

title "3  Four attacks"
attack "the host rewrites what the agent has attested" 4 CONTRAINDICATED simulated QUOTE_SIGNATURE quote-report-data-flipped
attack "the agent runs under a debugger" 2 CONTRAINDICATED simulated TD_DEBUG policy-td-debug
judge "a copy of the code poses as another agent" 2 CONTRAINDICATED simulated BINDING_IDENTITY "${ours[@]}" \
    --expect-identity-key 0x1a642f0e3c3af545e7acbd38b07251b3990914f1 --evidence "$agent/envelope.json"
judge "an old answer is shown to a new question" 2 CONTRAINDICATED simulated BINDING_NONCE "${ours[@]}" \
    --expect-nonce "$(printf '5a%.0s' {1..32})" --evidence "$agent/envelope.json"

title "4  A live agent"
"$bin/chaoschain" providers 2>/dev/null | sed -n 's/^\([a-z]\)/  \1/p'
live=$folder/live
rm -rf "$live"
mkdir -p "$live"
start_simulator "$live"
tee=(--tee-provider phala-dstack --tee-endpoint "$socket")
nonce=$(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n') # whoever will judge chooses it
printf 'Send 3 tokens to Bob.\n' >"$live/message.txt"
json=$("$bin/chaoschain" keygen "${tee[@]}" --agent "$id" --json)
key=$(member address)
"$bin/chaoschain" sign "${tee[@]}" --agent "$id" --session --nonce "$nonce" --message "$live/message.txt" \
    --out "$live/signature.json" --evidence-out "$live/envelope.json"
row "" signed "$live/message.txt" "by a session key that $key endorsed"
held=(--collateral "$live/held/collateral.json" --trust-root "$live/held/trust-root.der" --policy "$live/held/policy.json"
    --expect-agent "$id" --expect-identity-key "$key" --expect-nonce "$nonce" --evidence "$live/envelope.json"
    --signature "$live/signature.json")
judge "what the agent signed" 0 AFFIRMING simulated "" "${held[@]}" --message "$live/message.txt"
sed 's/3 tokens/3000 tokens/' "$live/message.txt" >"$live/altered.txt"
judge "the message is altered on its way" 4 CONTRAINDICATED simulated MESSAGE_SIGNATURE "${held[@]}" \
    --message "$live/altered.txt"
stop_simulator

title "5  Real hardware"
quote=$vectors/quotes/v4_tdx_b0c06f000000_f1c85033.bin
set_2025=$vectors/collateral/tdx_v3_b0c06f000000_eval17_20250619101603__20250619103227_e583_ad6f.json
set_2026=$vectors/collateral/tdx_v3_b0c06f000000_eval20_20260813104538__20260812235743_4093_c114.json
if [ -r "$quote" ] && [ -r "$set_2025" ] && [ -r "$set_2026" ]; then
    judge "a TDX quote, judged in July 2025" 0 AFFIRMING vendor "" --collateral "$set_2025" \
        --at 2025-07-04T10:16:31Z "$quote"
    judge "the same quote, judged in August 2026" 2 CONTRAINDICATED vendor TCB_STATUS --collateral "$set_2026" \
        --at 2026-08-28T05:21:24Z "$quote"
else
    skipped=$((skipped + 1))
    row "$yellow" SKIPPED "a TDX quote signed under Intel's root" "no vectors in $vectors"
fi

# command_line WORD...: as it can be pasted.
command_line() {
    printf '   '
    printf ' %q' "$@"
    printf '\n'
}

title "Type next"
command_line "$bin/chaoschain" verify "${ours[@]}" "${expected[@]}" --evidence "$agent/envelope.json"
command_line "$bin/chaoschain" inspect "$agent/envelope.json"
command_line "$bin/chaoschain" forge --list

end=${EPOCHREALTIME/[.,]/}
printf '\n%d passed, %d failed, %d skipped in %d ms\n' "$passed" "$failed" "$skipped" $(((end - begin) / 1000))
[ "$failed" -eq 0 ]
