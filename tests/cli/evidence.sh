#!/usr/bin/env bash
# Envelopes: chaoschain-verify --evidence, what it expects of a binding, and chaoschain inspect.
. "$(dirname "$0")/lib.bash"

forge_into "$work/tdx" tdx
forge_into "$work/sgx" sgx
envelope=$work/tdx/envelope.json
collateral=$work/tdx/collateral.json
common=(--collateral "$collateral" --trust-root "$work/tdx/trust-root.der" --at "$forged_at")
accept=("${common[@]}" --policy "$work/tdx/policy.json")
[ ! -e "$work/sgx/envelope.json" ] || fail "an envelope of SGX"

# The binding's fifteen words, as the envelope has them.
binding=$(sed -n 's/.*"binding":"0x\([0-9a-f]*\)".*/\1/p' "$envelope")
[ "${#binding}" -eq 960 ] || fail "the binding has ${#binding} digits"
word() { printf '%s' "${binding:$((64 * $1)):64}"; }
address() { printf '0x%s' "$(word "$1" | cut -c25-)"; }
chain=$((16#$(word 2)))
registry=$(address 3)
id=$((16#$(word 4)))
key=$(address 6)
nonce=$(word 10)
agent=eip155:$chain:$registry:$id
expected=(--expect-agent "$agent" --expect-identity-key "$key" --expect-nonce "$nonce")

# fits NAME: no line of the verdict is longer than a screen.
fits() {
    awk 'length > 100 { exit 1 }' "$work/out" && pass || fail "$1: lines beyond 100 columns"
}
expect 0 "long names of a TCB status" "$CHAOS_BIN/chaoschain-forge" --tcb-status OutOfDateConfigurationNeeded --out "$work/long" --now "$forged_at"
expect 2 "long names of a TCB status" "$verify" --collateral "$work/long/collateral.json" --trust-root "$work/long/trust-root.der" \
    --at "$forged_at" --policy "$work/long/policy.json" --evidence "$work/long/envelope.json"
has out "OutOfDateConfigurationNeeded" "long names of a TCB status"
fits "long names of a TCB status"

# refused CODE ERROR NAME FILE [OPTION]...: by verify, in text and in JSON, and by this error.
refused() {
    local code=$1 error=$2 name=$3 file=$4
    shift 4
    expect "$code" "$name" "$verify" "${accept[@]}" "$@" --evidence "$file"
    has out "$error: " "$name"
    fits "$name"
    expect "$code" "$name, JSON" "$verify" "${accept[@]}" "$@" --json --evidence "$file"
    has out "\"code\":\"$error\"" "$name, JSON"
    is_json "$name, JSON"
}

# edit NAME SED: a copy of the envelope that differs.
edit() {
    sed "$2" "$envelope" >"$work/$1.json"
    if cmp -s "$envelope" "$work/$1.json"; then fail "$1 changes nothing"; fi
}

# --- accepted, and what is missing when an expectation is ---
expect 0 "all is expected" "$verify" "${accept[@]}" "${expected[@]}" --evidence "$envelope"
has out "AFFIRMING" "all is expected"
has out "SIMULATED" "all is expected"
is_empty err "all is expected"
cp "$work/out" "$work/plain"
for way in "$envelope" "--evidence=$envelope"; do
    expect 0 "as $way" "$verify" "${accept[@]}" "${expected[@]}" "$way"
    cmp -s "$work/out" "$work/plain" || fail "as $way: another verdict"
done
for way in - "--evidence -" "--evidence=-"; do
    # shellcheck disable=SC2086
    expect 0 "standard input: $way" "$verify" "${accept[@]}" "${expected[@]}" $way <"$envelope"
    cmp -s "$work/out" "$work/plain" || fail "standard input: $way: another verdict"
done
{ printf ' \n'; cat "$envelope"; } >"$work/blank.json"
expect 0 "white space before it" "$verify" "${accept[@]}" "${expected[@]}" "$work/blank.json"
expect 0 "chaoschain verify" "$chaoschain" verify "${accept[@]}" "${expected[@]}" --evidence "$envelope"
expect 0 "JSON" "$verify" "${accept[@]}" "${expected[@]}" --json --evidence "$envelope"
is_json "JSON"
for member in '"scope":"agent"' '"verified":true' '"tier":"AFFIRMING"' '"anchor":"simulated"' '"error":null' "${key#0x}" "${nonce}"; do
    has out "$member" "JSON"
done
for row in binding binding-report-data possession agent identity-key freshness code; do
    grep -qE "\"name\":\"$row\",\"result\":\"pass\"" "$work/out" || fail "JSON: the row $row has not passed"
    pass
done
expect 1 "nothing is expected" "$verify" "${accept[@]}" --evidence "$envelope"
has out WARNING "nothing is expected"
expect 1 "no nonce is expected" "$verify" "${accept[@]}" "${expected[@]:0:4}" --json --evidence "$envelope"
grep -qE '"name":"freshness","result":"not-checked"' "$work/out" || fail "no nonce: the row freshness"
expect 1 "no key is expected" "$verify" "${accept[@]}" "${expected[@]:0:2}" "${expected[@]:4:2}" --json --evidence "$envelope"
grep -qE '"name":"identity-key","result":"not-checked"' "$work/out" || fail "no key: the row identity-key"
simulated_policy >"$work/open.json"
expect 1 "a policy that pins no code" "$verify" "${common[@]}" --policy "$work/open.json" "${expected[@]}" --json "$envelope"
grep -qE '"name":"code","result":"not-checked"' "$work/out" || fail "no code: the row code"
expect 0 "no policy" "$verify" "${common[@]}" --policy none --json "$envelope"
has out '"tier":"NONE"' "no policy"
expect 2 "the default policy" "$verify" "${common[@]}" "${expected[@]}" --json "$envelope"
has out '"code":"ANCHOR"' "the default policy"

# --- other forms of what is expected ---
upper() { printf '0x%s' "$(tr a-f A-F <<<"${1#0x}")"; }
expect 0 "upper case" "$verify" "${accept[@]}" --expect-agent "eip155:$chain:$(upper "$registry"):$id" \
    --expect-identity-key "$(upper "$key")" --expect-nonce "$(upper "$nonce")" "$envelope"

# --- another agent, another key, another time ---
refused 2 BINDING_AGENT "another agent" "$envelope" --expect-agent "eip155:$chain:$registry:$((id + 1))"
refused 2 BINDING_CHAIN "another chain" "$envelope" --expect-agent "eip155:$((chain + 1)):$registry:$id"
refused 2 BINDING_REGISTRY "another registry" "$envelope" --expect-agent "eip155:$chain:0x00000000000000000000000000000000000000aa:$id"
refused 2 BINDING_IDENTITY "another key" "$envelope" --expect-identity-key 0x00000000000000000000000000000000000000aa
refused 2 BINDING_NONCE "another nonce" "$envelope" --expect-nonce "$(printf '0%.0s' $(seq 64))"
has out '"verified":true' "another nonce"
refused 2 REPORT_DATA "other report data" "$envelope" --expect-report-data "$(printf '0%.0s' $(seq 128))"
expect 4 "a year later" "$verify" "${common[@]:0:4}" --at 2027-01-01T00:00:00Z "${expected[@]}" "$envelope"
has out EXPIRED "a year later"

# --- one thing is changed ---
flipped() { # flipped HEX-DIGIT
    printf '%x' $((16#$1 ^ 1))
}
at() { # at MEMBER DIGIT: a sed command that changes this digit of a member
    local digits
    digits=$(sed -n "s/.*\"$1\":\"0x\([0-9a-f]*\)\".*/\1/p" "$envelope")
    printf 's/"%s":"0x%s./"%s":"0x%s%s/' "$1" "${digits:0:$2}" "$1" "${digits:0:$2}" "$(flipped "${digits:$2:1}")"
}
for place in 704 703 831; do # the end of the nonce, and more
    edit "binding-$place" "$(at binding "$((place - 1))")"
    refused 4 BINDING_REPORT_DATA "binding, digit $place" "$work/binding-$place.json"
done
edit type "$(at binding 0)"
refused 4 BINDING_TYPE "another type" "$work/type.json"
edit padding "$(at binding 64)"
refused 3 BINDING_FORMAT "padding that is not zero" "$work/padding.json"
edit possession "$(at possession 40)"
refused 4 POSSESSION_SIGNATURE "possession, r" "$work/possession.json"
edit possession "$(at possession 129)"
refused 4 POSSESSION_SIGNATURE "possession, v" "$work/possession.json"
for name in BINDING_STAGE BINDING_REPORT_DATA POSSESSION_SIGNATURE ENDORSEMENT_SIGNATURE KMS_CHAIN APP_COMPOSE EVENT_DIGEST \
    RTMR3_MISMATCH QUOTE_SIGNATURE; do
    broken=$("$forge" --list | awk -v name="$name" '$2 == name && / tdx / && !seen++ { print $1 }')
    if [ -z "$broken" ]; then
        fail "the forge has no break for $name"
        continue
    fi
    forge_into "$work/broken" tdx --break "$broken"
    common_of_broken=(--collateral "$work/broken/collateral.json" --trust-root "$work/broken/trust-root.der" --at "$forged_at")
    expect 4 "$broken" "$verify" "${common_of_broken[@]}" --policy "$work/tdx/policy.json" --json "$work/broken/envelope.json"
    has out "\"code\":\"$name\"" "$broken"
    has out '"verified":false' "$broken"
    is_json "$broken"
done

# --- every stage, over a nonce that was asked for ---
asked=$(printf '5a%.0s' $(seq 32))
ones=115792089237316195423570985008687907853269984665640564039457584007913129639935 # no agent yet
for stage in 0 1 2 3 4 5; do
    forge_into "$work/stage$stage" tdx --stage "$stage" --nonce "$asked"
    at_stage=$work/stage$stage/envelope.json
    own=$("$chaoschain" inspect "$at_stage" | awk '$1 == "envelope.binding.identityKey" { print $2 }') # stage 4 has another
    staged=(--collateral "$work/stage$stage/collateral.json" --trust-root "$work/stage$stage/trust-root.der" --at "$forged_at"
        --policy "$work/stage$stage/policy.json" --expect-identity-key "$own" --expect-nonce "$asked")
    code=0
    case $stage in
        0) staged+=(--expect-agent "eip155:$chain:$registry:$ones") ;;
        4) code=1 ;; # a key of no agent
        *) staged+=(--expect-agent "$agent") ;;
    esac
    expect "$code" "stage $stage" "$verify" "${staged[@]}" --json "$at_stage"
    row=$(grep -oE '"name":"endorsement","result":"[a-z]*"' "$work/out" || true)
    case $stage in
        2 | 3 | 5)
            [[ $row == *pass* ]] || fail "stage $stage: no endorsement"
            sed 's/"endorsement":"[^"]*"/"endorsement":null/' "$at_stage" >"$work/alone.json"
            expect 4 "stage $stage without endorsement" "$verify" "${staged[@]}" --json "$work/alone.json"
            has out '"code":"ENDORSEMENT_SIGNATURE"' "stage $stage without endorsement"
            ;;
    esac
    expect 2 "stage $stage, another nonce" "$verify" "${staged[@]/$asked/$nonce}" --json "$at_stage"
    has out '"code":"BINDING_NONCE"' "stage $stage, another nonce"
done

# --- malformed ---
malformed() { # malformed ERROR NAME SED
    edit malformed "$3"
    refused 3 "$1" "$2" "$work/malformed.json"
}
malformed ENVELOPE_FORMAT "an unknown member" 's/"binding"/"a":1,"binding"/'
malformed ENVELOPE_FORMAT "a missing member" 's/"provider":"[^"]*",//'
malformed ENVELOPE_FORMAT "another schema" 's#chaoschain/envelope/1#chaoschain/envelope/2#'
malformed ENVELOPE_FORMAT "an unknown part" 's#chaoschain.tdx-quote#chaoschain.tdx-qoute#'
malformed ENVELOPE_FORMAT "no base64" 's/"data":"/"data":"*/'
malformed ENVELOPE_FORMAT "upper-case hex" 's/"possession":"0x\([0-9a-f]*\)[a-f]/"possession":"0x\1A/'
malformed ENVELOPE_FORMAT "no possession" 's/"possession":"[^"]*"/"possession":null/'
malformed JSON_DUPLICATE_KEY "a member twice" 's/"provider"/"provider":"x","provider"/'
malformed JSON "a comma too many" 's/}$/,}/'
malformed JSON "something behind it" 's/$/ {}/'
for size in 0 1 2 100 5000; do
    head -c "$size" "$envelope" >"$work/short.json"
    expect 3 "$size bytes" "$verify" "${accept[@]}" --evidence "$work/short.json"
    expect 3 "$size bytes, inspect" "$chaoschain" inspect "$work/short.json"
    is_empty out "$size bytes, inspect"
done
{ cat "$envelope"; head -c 1048577 /dev/zero | tr '\0' ' '; } >"$work/long.json"
refused 3 ENVELOPE_FORMAT "too long" "$work/long.json"
expect 3 "without end" "$verify" "${accept[@]}" --evidence /dev/zero
expect 3 "a quote as --evidence" "$verify" "${accept[@]}" "${expected[@]}" --evidence "$work/tdx/quote.bin"
expect 3 "an envelope as --quote" "$verify" "${accept[@]}" --quote "$envelope"
expect 3 "another JSON" "$verify" "${accept[@]}" "$collateral"
has out ENVELOPE_FORMAT "another JSON"
base64 -w 0 "$envelope" >"$work/armoured"
expect 3 "an envelope in base64" "$verify" "${accept[@]}" --evidence "$work/armoured"

# --- mistakes of the call ---
for option in --expect-agent --expect-identity-key --expect-nonce; do
    for ((i = 0; i < ${#expected[@]}; i += 2)); do
        if [ "${expected[i]}" != "$option" ]; then continue; fi
        for way in "$work/tdx/quote.bin" "--quote=$work/tdx/quote.bin" "--quote=$work/none"; do
            expect 64 "$option, $way" "$verify" "${accept[@]}" "$option" "${expected[i + 1]}" "$way"
            has err "$option: a bare quote has no binding" "$option, $way"
            is_empty out "$option, $way"
        done
        expect 64 "$option, JSON" "$verify" "${accept[@]}" --json "$option" "${expected[i + 1]}" "$work/tdx/quote.bin"
        has out '"code":"USAGE"' "$option, JSON"
        has out '"verified":null' "$option, JSON"
        is_json "$option, JSON"
    done
done
for way in "--evidence=$envelope" "$envelope" "--evidence=$work/none"; do
    expect 64 "an event log beside $way" "$verify" "${accept[@]}" --event-log "$work/tdx/event-log.json" "$way"
    has err "--event-log: an envelope holds its own event log" "an event log beside $way"
done
expect 64 "an event log beside it, JSON" "$verify" "${accept[@]}" --json --event-log "$work/tdx/event-log.json" "$envelope"
has out '"scope":"agent"' "an event log beside it, JSON"
is_json "an event log beside it, JSON"
expect 5 "a missing file" "$verify" "${accept[@]}" --evidence "$work/none"
has err "FILE_IO: --evidence" "a missing file"
expect 5 "a folder" "$verify" "${accept[@]}" --evidence "$work"

# --- no collateral: the envelope's own is not used, and nothing is judged ---
expect 5 "no collateral" "$verify" --at "$forged_at" --evidence "$envelope"
has out COLLATERAL_MISSING "no collateral"
has err "chaoschain collateral fetch --evidence $envelope --out collateral.json" "no collateral"
has err "FMSPC c0a05c000000, CA platform" "no collateral"
expect 5 "no collateral, JSON" "$verify" --json --at "$forged_at" "$envelope"
has out '"verified":null' "no collateral, JSON"
is_json "no collateral, JSON"
is_empty err "no collateral, JSON"
expect 5 "no collateral, standard input" bash -c '"$0" --at "$1" - <"$2"' "$verify" "$forged_at" "$envelope"
has err "--evidence ENVELOPE_FILE --out" "no collateral, standard input"

# --- inspect ---
expect 0 "inspect" "$chaoschain" inspect "$envelope"
has out UNVERIFIED "inspect"
has out "${key#0x}" "inspect"
has out "${nonce}" "inspect"
has out "body.mr_td " "inspect"
cp "$work/out" "$work/table"
expect 0 "inspect, standard input" bash -c '"$0" inspect - <"$1"' "$chaoschain" "$envelope"
cmp -s "$work/out" "$work/table" || fail "standard input is shown in another way than a file"
expect 0 "inspect, JSON" "$chaoschain" inspect --json "$envelope"
has out '"unverified":true' "inspect, JSON"
is_json "inspect, JSON"
expect 0 "inspect, a changed envelope" "$chaoschain" inspect "$work/possession.json"

finish
