#!/usr/bin/env bash
# chaoschain policy check, and what verify makes of a broken policy.
. "$(dirname "$0")/lib.bash"

check() {
    printf '%s' "$2" >"$work/policy.json"
    expect "$1" "policy $2" "$chaoschain" policy check "$work/policy.json"
}

check 0 '{"schema":"chaoschain/policy/1"}'
has out "OK" "a smallest policy"
check 0 '{"schema":"chaoschain/policy/1","anchors":["simulated"],"tdx":{"mr_td":"any"}}'
check 3 '{"schema":"chaoschain/policy/1","anchors":[]}'
has err "anchors" "an empty list"
check 3 '{"schema":"chaoschain/policy/1","anchor":["vendor"]}'
has err "POLICY_FORMAT" "an unknown key"
has err "found anchor" "an unknown key"
has err "offset 33" "an unknown key"
has err "(exit 3: malformed)" "an unknown key"
check 3 '{"schema":"chaoschain/policy/2"}'
check 3 '{}'
check 3 '[]'
check 3 ''
check 3 '{"schema":"chaoschain/policy/1"} x'
check 3 '{"schema":"chaoschain/policy/1","schema":"chaoschain/policy/1"}'
has err "JSON_DUPLICATE_KEY" "a key twice"
check 3 '{"schema":"chaoschain/policy/1","tdx":{"mr_td":["00"]}}'
has err "tdx.mr_td" "a short measurement"

printf '{"schema":"chaoschain/policy/1"}' >"$work/good.json"
expect 0 "from standard input" bash -c "\"$chaoschain\" policy check - <'$work/good.json'"
expect 5 "a missing policy" "$chaoschain" policy check "$work/none.json"
expect 5 "a folder" "$chaoschain" policy check "$work"
head -c 300000 /dev/zero | tr '\0' ' ' >"$work/long.json"
expect 3 "a policy that is too long" "$chaoschain" policy check "$work/long.json"
has err "too large" "a policy that is too long"
for file in "$root"/data/policies/*.json; do
    if [ -e "$file" ]; then
        expect 0 "$file" "$chaoschain" policy check "$file"
    fi
done
expect 64 "no action" "$chaoschain" policy
expect 64 "unknown action" "$chaoschain" policy chekc "$work/good.json"
expect 64 "no file" "$chaoschain" policy check
expect 64 "two files" "$chaoschain" policy check "$work/good.json" "$work/good.json"

# For verify a broken policy is the caller's mistake, and no verdict about the quote.
printf '{"schema":"chaoschain/policy/1","anchor":"any"}' >"$work/bad.json"
touch "$work/quote"
expect 64 "verify with a broken policy" "$verify" --policy "$work/bad.json" "$work/quote"
has err "POLICY_FORMAT" "verify with a broken policy"
expect 64 "the same in JSON" "$verify" --json --policy "$work/bad.json" "$work/quote"
is_json "the same in JSON"
has out '"verified":null' "the same in JSON"
has out '"code":"POLICY_FORMAT"' "the same in JSON"
expect 5 "verify without its policy" "$verify" --policy "$work/none.json" "$work/quote"

finish
