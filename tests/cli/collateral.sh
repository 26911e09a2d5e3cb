#!/usr/bin/env bash
# chaoschain collateral show and verify, and what --collateral-floor refuses.
. "$(dirname "$0")/lib.bash"

forge_into "$work/tdx" tdx
forge_into "$work/sgx" sgx
file=$work/tdx/collateral.json
root=$work/tdx/trust-root.der

# --- show: believed by nobody, so it needs no root and no time ---
for kind in tdx sgx; do
    expect 0 "show $kind" "$chaoschain" collateral show "$work/$kind/collateral.json"
    has out UNVERIFIED "show $kind"
    has out "fmspc                       c0a05c000000" "show $kind"
    has out "tee                         $kind" "show $kind"
    expect 0 "show $kind, JSON" "$chaoschain" collateral show --json "$work/$kind/collateral.json"
    is_json "show $kind, JSON"
    has out '"verified":null' "show $kind, JSON"
    has out "\"tee\":\"$kind\"" "show $kind, JSON"
    has out '"schema":"chaoschain/collateral/1"' "show $kind, JSON"
done
expect 0 "show from a pipe" bash -c "'$chaoschain' collateral show - <'$file'"
head -c 1000 "$file" >"$work/short.json"
expect 3 "show what is cut" "$chaoschain" collateral show "$work/short.json"
expect 3 "show what is cut, JSON" "$chaoschain" collateral show --json "$work/short.json"
has out '"verified":false' "show what is cut, JSON"
has out '"facts":null' "show what is cut, JSON"
is_json "show what is cut, JSON"
: >"$work/empty"
expect 3 "show nothing" "$chaoschain" collateral show "$work/empty"
expect 5 "show no file" "$chaoschain" collateral show "$work/none"

# --- verify ---
common=(--trust-root "$root" --at "$forged_at")
expect 0 "verify" "$chaoschain" collateral verify "${common[@]}" "$file"
has out GENUINE "verify"
expect 0 "verify, JSON" "$chaoschain" collateral verify "${common[@]}" --json "$file"
is_json "verify, JSON"
has out '"verified":true' "verify, JSON"
has out '"error":null' "verify, JSON"
expect 4 "without its root" "$chaoschain" collateral verify --at "$forged_at" "$file"
has err ROOT_UNTRUSTED "without its root"
expect 4 "a year later, JSON" "$chaoschain" collateral verify --trust-root "$root" --at 2027-01-01T00:00:00Z --json "$file"
has out '"verified":false' "a year later, JSON"
has out 'EXPIRED' "a year later, JSON"
has out '"facts":{' "a year later, JSON"
is_json "a year later, JSON"
expect 3 "verify what is cut" "$chaoschain" collateral verify "${common[@]}" "$work/short.json"
for break in tcb-info-signature-flipped root-crl-signature-flipped pck-crl-signature-flipped; do
    forge_into "$work/$break" tdx --break "$break"
    expect 4 "$break" "$chaoschain" collateral verify "${common[@]}" "$work/$break/collateral.json"
    has err SIGNATURE "$break"
done

# --- the floor ---
floor=$work/floor.json
expect 5 "a floor that is not there" "$chaoschain" collateral verify "${common[@]}" --floor "$floor" "$file"
expect 0 "a floor is made" "$chaoschain" collateral verify "${common[@]}" --floor "$floor" --raise "$file"
expect 0 "not below the floor" "$chaoschain" collateral verify "${common[@]}" --floor "$floor" "$file"
sed 's/"tcb_evaluation_number":[0-9]*/"tcb_evaluation_number":4000000000/' "$floor" >"$work/high.json"
expect 4 "below the floor" "$chaoschain" collateral verify "${common[@]}" --floor "$work/high.json" "$file"
has err COLLATERAL_ROLLBACK "below the floor"
has err "tcb_evaluation_number" "below the floor"
has err "4000000000 or more" "below the floor"
cp "$work/high.json" "$work/before.json"
expect 4 "below the floor, raising" "$chaoschain" collateral verify "${common[@]}" --floor "$work/high.json" --raise "$file"
cmp -s "$work/high.json" "$work/before.json" && pass || fail "a floor was changed by what is below it"
expect 64 "a broken floor" "$chaoschain" collateral verify "${common[@]}" --floor "$file" "$file"
simulated_policy >"$work/policy.json"
quote=("$verify" --collateral "$file" "${common[@]}" --policy "$work/policy.json" "$work/tdx/quote.bin")
expect 0 "a quote, not below" "${quote[@]}" --collateral-floor "$floor"
expect 2 "a quote, below" "${quote[@]}" --collateral-floor "$work/high.json" --json
has out '"code":"COLLATERAL_ROLLBACK"' "a quote, below"
has out '"verified":true' "a quote, below"
expect 64 "a quote, a broken floor" "${quote[@]}" --collateral-floor "$file"
has err "the floor file is malformed" "a quote, a broken floor"
expect 5 "a quote, no such floor" "${quote[@]}" --collateral-floor "$work/none"
printf '{"quote":"%s"}\n' "$work/tdx/quote.bin" >"$work/batch.jsonl"
expect 2 "a batch, below" "$verify" --collateral "$file" "${common[@]}" --policy "$work/policy.json" --batch "$work/batch.jsonl" \
    --collateral-floor "$work/high.json"

# --- an envelope that brings its own ---
text=$(sed 's/\\/\\\\/g; s/"/\\"/g' "$file" | tr -d '\n') awk '
    { at = index($0, "\"collateral\":null")
      printf "%s\"collateral\":\"%s\"%s", substr($0, 1, at - 1), ENVIRON["text"], substr($0, at + 17) }' \
    "$work/tdx/envelope.json" >"$work/own.json"
own=("$verify" "${common[@]}" --policy "$work/policy.json" --json "$work/own.json")
expect 1 "its own, no floor" "${own[@]}"
has out '"verified":true' "its own, no floor"
has out "an old set" "its own, no floor"
expect 2 "its own, below the floor" "${own[@]}" --collateral-floor "$work/high.json"
has out '"code":"COLLATERAL_ROLLBACK"' "its own, below the floor"
expect 5 "its own, expired" "$verify" --trust-root "$root" --at 2027-01-01T00:00:00Z --policy none --json "$work/own.json"
has out '"verified":null' "its own, expired"

# --- usage ---
expect 64 "no action" "$chaoschain" collateral
has err "collateral fetch --quote FILE" "no action"
expect 64 "no file" "$chaoschain" collateral show
expect 64 "another action" "$chaoschain" collateral believe "$file"
expect 64 "raise without a floor" "$chaoschain" collateral verify --raise "$file"
expect 64 "show with a root" "$chaoschain" collateral show --trust-root "$root" "$file"
expect 64 "a broken root" "$chaoschain" collateral verify --trust-root "$file" "$file"
expect 64 "no time" "$chaoschain" collateral verify --at noon "$file"
expect 0 "help" "$chaoschain" collateral --help

finish
