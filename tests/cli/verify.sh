#!/usr/bin/env bash
# chaoschain-verify on forged evidence: every exit code, every form of input, text and JSON.
. "$(dirname "$0")/lib.bash"

forge_into "$work/tdx" tdx
forge_into "$work/sgx" sgx
simulated_policy >"$work/policy.json"
quote=$work/tdx/quote.bin
collateral=$work/tdx/collateral.json
common=(--collateral "$collateral" --trust-root "$work/tdx/trust-root.der" --at "$forged_at")
accept=("${common[@]}" --policy "$work/policy.json")

# --- exit codes ---
expect 0 "affirming" "$verify" "${accept[@]}" "$quote"
has out AFFIRMING "affirming"
has out SIMULATED "affirming"
is_empty err "affirming"
expect 0 "no policy" "$verify" "${common[@]}" --policy none "$quote"
expect 0 "no policy, JSON" "$verify" "${common[@]}" --policy none --json "$quote"
has out '"tier":"NONE"' "no policy, JSON"
has out '"verified":true' "no policy, JSON"
forge_into "$work/soft" tdx --tcb-status SWHardeningNeeded
expect 1 "warning" "$verify" --collateral "$work/soft/collateral.json" --trust-root "$work/soft/trust-root.der" \
    --at "$forged_at" --policy "$work/policy.json" "$work/soft/quote.bin"
has out WARNING "warning"
forge_into "$work/old" tdx --tcb-status OutOfDate
expect 2 "out of date" "$verify" --collateral "$work/old/collateral.json" --trust-root "$work/old/trust-root.der" \
    --at "$forged_at" --policy "$work/policy.json" "$work/old/quote.bin"
has out TCB_STATUS "out of date"
expect 2 "the default policy refuses the simulator" "$verify" "${common[@]}" "$quote"
has out ANCHOR "the default policy refuses the simulator"
expect 2 "the default policy by name" "$verify" "${common[@]}" --policy default --json "$quote"
has out '"code":"ANCHOR"' "the default policy by name"
has out '"verified":true' "the default policy by name"
has out '"tier":"CONTRAINDICATED"' "the default policy by name"
head -c 300 "$quote" >"$work/short.bin"
expect 3 "a truncated quote" "$verify" "${accept[@]}" --json "$work/short.bin"
has out '"code":"QUOTE_FORMAT"' "a truncated quote"
has out '"verified":false' "a truncated quote"
is_json "a truncated quote"
cp "$quote" "$work/changed.bin"
flip "$work/changed.bin" 600
expect 4 "one bit of the report data" "$verify" "${accept[@]}" --json "$work/changed.bin"
has out '"code":"QUOTE_SIGNATURE"' "one bit of the report data"
has out '"verified":false' "one bit of the report data"
is_json "one bit of the report data"
expect 4 "without its root" "$verify" --collateral "$collateral" --at "$forged_at" "$quote"
has out ROOT_UNTRUSTED "without its root"
expect 4 "a year later" "$verify" --collateral "$collateral" --trust-root "$work/tdx/trust-root.der" --at 2027-01-01T00:00:00Z "$quote"
has out EXPIRED "a year later"
expect 4 "today's clock, forged in the past" "$verify" --collateral "$collateral" --trust-root "$work/tdx/trust-root.der" "$quote"

# --- missing collateral: nothing is judged, and the next command is shown ---
expect 5 "no collateral" "$verify" --at "$forged_at" "$quote"
has out COLLATERAL_MISSING "no collateral"
has err "This fetches it:" "no collateral"
has err "chaoschain collateral fetch --quote $quote --out collateral.json" "no collateral"
has err "FMSPC c0a05c000000, CA platform" "no collateral"
expect 5 "no collateral, JSON" "$verify" --json --at "$forged_at" "$quote"
has out '"verified":null' "no collateral, JSON"
is_json "no collateral, JSON"
is_empty err "no collateral, JSON"
cp "$work/sgx/quote.bin" "$work/it's a quote"
expect 5 "no collateral, strange name" "$verify" --at "$forged_at" "$work/it's a quote"
has err "--quote QUOTE_FILE --out" "no collateral, strange name"
has err "CA processor" "no collateral, strange name"
cp "$quote" "$work/a quote"
expect 5 "no collateral, name with a space" "$verify" --at "$forged_at" "$work/a quote"
has err "--quote '$work/a quote' --out" "no collateral, name with a space"

# --- files ---
for option in --quote --collateral --event-log --trust-root --policy; do
    rest=("${accept[@]}" "$quote")
    case $option in
        --quote) rest=("${accept[@]}") ;;
        --collateral) rest=(--at "$forged_at" "$quote") ;;
        --policy) rest=("${common[@]}" "$quote") ;;
    esac
    expect 5 "$option: missing file" "$verify" "$option" "$work/none" "${rest[@]}"
    has err "FILE_IO: $option" "$option: missing file"
    expect 5 "$option: a folder" "$verify" "$option" "$work" "${rest[@]}"
    expect 5 "$option: missing file, JSON" "$verify" --json "$option" "$work/none" "${rest[@]}"
    has out '"code":"FILE_IO"' "$option: missing file, JSON"
    has out '"verified":null' "$option: missing file, JSON"
    is_json "$option: missing file, JSON"
done
: >"$work/empty"
expect 3 "an empty quote" "$verify" "${accept[@]}" "$work/empty"
expect 3 "an empty collateral file is not 'no collateral'" "$verify" --collateral "$work/empty" --at "$forged_at" "$quote"
expect 3 "an empty event log is not 'no event log'" "$verify" "${accept[@]}" --event-log "$work/empty" "$quote"
expect 64 "an empty policy" "$verify" "${common[@]}" --policy "$work/empty" "$quote"
expect 64 "an empty root" "$verify" --trust-root "$work/empty" --at "$forged_at" "$quote"
has err TRUST_ROOT_FORMAT "an empty root"
to_hex "$work/tdx/trust-root.der" >"$work/plain-root.hex"
base64 "$work/tdx/trust-root.der" >"$work/plain-root.b64"
for form in hex b64; do
    expect 0 "a root in $form" "$verify" --collateral "$collateral" --at "$forged_at" --policy none --trust-root "$work/plain-root.$form" "$quote"
    printf '{"quote":"%s","collateral":"%s","at":"%s","policy":"none","trust_root":"%s"}\n' \
        "$quote" "$collateral" "$forged_at" "$work/plain-root.$form" >"$work/line.jsonl"
    expect 0 "a root in $form, in a line" "$verify" --batch "$work/line.jsonl"
    expect 0 "a root in $form, for collateral" "$chaoschain" collateral verify --at "$forged_at" --trust-root "$work/plain-root.$form" "$collateral"
done
sed 's/$/!/' "$work/plain-root.hex" >"$work/root.bad"
expect 64 "a root in hex and something" "$verify" --trust-root "$work/root.bad" --at "$forged_at" "$quote"
has err TRUST_ROOT_FORMAT "a root in hex and something"
head -c 1000000 /dev/zero >"$work/zeros"
expect 3 "a quote that is too long" "$verify" "${accept[@]}" "$work/zeros"
expect 3 "a quote without end" "$verify" "${accept[@]}" /dev/zero
{ to_hex "$quote"; head -c 1200000 /dev/zero | tr '\0' ' '; echo "and something else"; } >"$work/hidden.hex"
expect 3 "something behind much white space" "$verify" "${accept[@]}" "$work/hidden.hex"
expect 3 "the same by name" "$verify" "${accept[@]}" --quote "$work/hidden.hex"
{ cat "$quote"; head -c 65536 /dev/zero; } >"$work/padded.bin"
expect 3 "too much padding" "$verify" "${accept[@]}" "$work/padded.bin"
{ cat "$collateral"; head -c 1048577 /dev/zero | tr '\0' ' '; } >"$work/long.json"
expect 3 "collateral that is too long" "$verify" --collateral "$work/long.json" --at "$forged_at" "$quote"
expect 3 "an event log without end" "$verify" "${accept[@]}" --event-log /dev/zero "$quote"
expect 64 "a policy without end" "$verify" "${common[@]}" --policy /dev/zero "$quote"
expect 64 "a root without end" "$verify" --trust-root /dev/zero "${accept[@]}" "$quote"

expect 64 "a mistake in the command line is no JSON" "$verify" --json --at yesterday "$quote"
is_empty out "a mistake in the command line is no JSON"

# --- forms of the quote ---
to_hex "$quote" >"$work/quote.hex"
expect 0 "hex" "$verify" "${accept[@]}" "$work/quote.hex"
{ printf '0x'; cat "$work/quote.hex"; echo; } >"$work/quote.0x"
expect 0 "hex with 0x" "$verify" "${accept[@]}" "$work/quote.0x"
{ printf '  0X\n'; fold -w 61 "$work/quote.hex" | tr a-f A-F | sed 's/$/\r/'; } >"$work/quote.lines"
expect 0 "upper-case hex with white space" "$verify" "${accept[@]}" "$work/quote.lines"
base64 -w 76 "$quote" >"$work/quote.b64"
expect 0 "base64 in lines" "$verify" "${accept[@]}" "$work/quote.b64"
base64 -w 0 "$quote" >"$work/quote.b64"
expect 0 "base64 in one line" "$verify" "${accept[@]}" "$work/quote.b64"
{ cat "$quote"; head -c 100 /dev/zero; } >"$work/padded.bin"
expect 0 "zero padding" "$verify" "${accept[@]}" "$work/padded.bin"
{ cat "$quote"; printf '\001'; } >"$work/tail.bin"
expect 3 "a byte after the quote" "$verify" "${accept[@]}" "$work/tail.bin"
has out TRAILING_DATA "a byte after the quote"
{ printf '0'; cat "$work/quote.hex"; } >"$work/odd.hex"
expect 3 "an odd number of digits" "$verify" "${accept[@]}" "$work/odd.hex"
{ cat "$work/quote.hex"; printf 'zz'; } >"$work/bad.hex"
expect 3 "not hex" "$verify" "${accept[@]}" "$work/bad.hex"
for way in "$verify - <'$quote'" "$verify --quote - <'$work/quote.hex'" "cat '$quote' | $verify --quote=-" \
    "$verify --collateral - '$quote' <'$collateral'"; do
    rest=("${accept[@]}")
    case $way in *--collateral*) rest=("${accept[@]:2}") ;; esac
    expect 0 "standard input: $way" bash -c "${way/$verify/\"\$0\" \"\$@\"}" "$verify" "${rest[@]}"
done
expect 0 "-- ends the options" "$verify" "${accept[@]}" -- "$quote"
expect 0 "chaoschain verify" "$chaoschain" verify "${accept[@]}" "$quote"
expect 0 "SGX" "$verify" --collateral "$work/sgx/collateral.json" --trust-root "$work/sgx/trust-root.der" --at "$forged_at" \
    --policy "$work/policy.json" "$work/sgx/quote.bin"
expect 4 "TDX collateral for SGX" "$verify" "${accept[@]}" "$work/sgx/quote.bin"

# --- time, root, event log, report data ---
expect 0 "Unix seconds" "$verify" --collateral "$collateral" --trust-root "$work/tdx/trust-root.der" --policy "$work/policy.json" \
    --at 1767225600 "$quote"
expect 4 "another root of the same name" "$verify" --collateral "$collateral" --at "$forged_at" \
    --trust-root "$work/tdx/foreign-root.der" "$quote"
{ echo "-----BEGIN CERTIFICATE-----"; base64 -w 64 "$work/tdx/trust-root.der"; echo "-----END CERTIFICATE-----"; } >"$work/root.pem"
expect 0 "a root in PEM" "$verify" --collateral "$collateral" --trust-root "$work/root.pem" --at "$forged_at" \
    --policy "$work/policy.json" "$quote"
expect 64 "a root that is none" "$verify" --trust-root "$quote" --at "$forged_at" "$quote"
expect 0 "two roots" "$verify" "${accept[@]}" --trust-root "$work/tdx/foreign-root.der" "$quote"
expect 0 "event log" "$verify" "${accept[@]}" --event-log "$work/tdx/event-log.json" "$quote"
sed 's/"digest":"\(.\)/"digest":"0/; s/"digest":"0\(.\)/"digest":"1\1/' "$work/tdx/event-log.json" >"$work/log.json"
if cmp -s "$work/log.json" "$work/tdx/event-log.json"; then fail "the event log was not changed"; fi
expect 4 "a changed event log" "$verify" "${accept[@]}" --event-log "$work/log.json" "$quote"
expect 3 "an event log that is none" "$verify" "${accept[@]}" --event-log "$collateral" "$quote"
data=$(od -An -v -tx1 -j $((48 + 520)) -N 64 "$quote" | tr -d ' \n')
expect 0 "the expected report data" "$verify" "${accept[@]}" --expect-report-data "$data" "$quote"
expect 0 "the expected report data, 0x" "$verify" "${accept[@]}" --expect-report-data "0x$data" "$quote"
wrong=${data:0:127}$([ "${data:127:1}" = 0 ] && echo 1 || echo 0)
expect 2 "other report data" "$verify" "${accept[@]}" --expect-report-data "$wrong" --json "$quote"
has out '"code":"REPORT_DATA"' "other report data"

# --- JSON ---
expect 0 "JSON" "$verify" "${accept[@]}" --json "$quote"
is_json "JSON"
for member in '"schema":"chaoschain/verdict/1"' '"verified":true' '"tee":"tdx"' '"anchor":"simulated"' '"tier":"AFFIRMING"' \
    '"error":null' '"scope":"platform"' '"checks":[' '"claims":{' '"tcb":{' '"status":"UpToDate"'; do
    has out "$member" "JSON"
done
if command -v jq >/dev/null; then
    jq -e . "$work/out" >/dev/null || fail "jq does not take the JSON"
fi
"$verify" "${accept[@]}" --json "$quote" >"$work/again"
cmp -s "$work/out" "$work/again" || fail "the same inputs gave another verdict"

finish
