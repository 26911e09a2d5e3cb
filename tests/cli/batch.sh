#!/usr/bin/env bash
# chaoschain-verify --batch: the same verdicts as one by one, in the order of the lines, whatever single lines are.
. "$(dirname "$0")/lib.bash"

forge_into "$work/tdx" tdx
forge_into "$work/sgx" sgx
forge_into "$work/soft" tdx --tcb-status SWHardeningNeeded
forge_into "$work/old" tdx --tcb-status OutOfDate
simulated_policy >"$work/policy.json"
policy=$(cat "$work/policy.json")
printf '%s' "$policy" >"$work/policy.json" # byte for byte what stands in the lines: its hash is in the verdict
quote=$work/tdx/quote.bin
root=$work/tdx/trust-root.der
cp "$quote" "$work/changed.bin"
flip "$work/changed.bin" 600
head -c 300 "$quote" >"$work/short.bin"
b64() { base64 -w0 <"$1"; }

line() { # line ID QUOTE-JSON COLLATERAL-FOLDER [MORE-MEMBERS]
    printf '{"id":"%s","quote":%s,"collateral":"%s","at":"%s","trust_root":"%s","policy":%s%s}\n' \
        "$1" "$2" "$work/$3/collateral.json" "$forged_at" "$work/$3/trust-root.der" "$policy" "${4:-}"
}

{
    line path "\"$quote\"" tdx
    line hex "\"$(to_hex "$quote")\"" tdx
    line 0x "\"0x$(to_hex "$quote")\"" tdx
    line base64 "\"$(b64 "$quote")\"" tdx
    line sgx "\"$work/sgx/quote.bin\"" sgx
    line soft "\"$work/soft/quote.bin\"" soft
    line old "\"$work/old/quote.bin\"" old
    line changed "\"$work/changed.bin\"" tdx
    line short "\"$(to_hex "$work/short.bin")\"" tdx
    line none "\"$work/none\"" tdx
    echo 'not json'
    line typo "\"$quote\"" tdx ',"trustroot":"x"'
    line noquote null tdx
    printf '\n   \n'
    printf '{"quote":"%s","id":7}\n' "$quote"
    printf '{"id":"inline","quote":"%s","collateral":%s,"at":1767225600,"trust_root":["%s","%s"],"policy":"none"}\n' \
        "$(b64 "$quote")" "$(cat "$work/tdx/collateral.json")" "$(b64 "$root")" "$root"
    printf '{"id":"policy","quote":"%s","policy":{"schema":"chaoschain/policy/1","nonsense":1}}\n' "$quote"
    printf '{"id":"no line feed","quote":"%s"}' "$quote"
} >"$work/batch.jsonl"

expect 64 "a mixed batch" "$verify" --batch "$work/batch.jsonl" --jobs 3
cp "$work/out" "$work/results"
is_empty err "a mixed batch"
[ "$(wc -l <"$work/results")" -eq 17 ] && pass || fail "17 results expected, $(wc -l <"$work/results") came"
want="path:0 hex:0 0x:0 base64:0 sgx:0 soft:1 old:2 changed:4 short:3 none:5 null:64 typo:64 noquote:64 7:5 inline:0 policy:64 no line feed:5"
got=$(sed -E 's/^\{"exit_code":([0-9]+),"id":"?([^",]*)"?,.*/\2:\1/' "$work/results" | tr '\n' ' ')
[ "$got" = "$want " ] && pass || fail "order and codes: $got"
lines=$(sed -E 's/.*"id":[^,]*,"line":([0-9]+),.*/\1/' "$work/results" | tr '\n' ' ')
[ "$lines" = "1 2 3 4 5 6 7 8 9 10 11 12 13 16 17 18 19 " ] && pass || fail "numbers of lines: $lines"
while IFS= read -r result; do
    printf '%s\n' "$result" >"$work/out"
    is_json "a result"
done <"$work/results"

code_of() { sed -n "/\"id\":\"$1\"/s/.*\"error\":{\"code\":\"\([A-Z_]*\)\".*/\1/p" "$work/results"; }
for pair in changed:QUOTE_SIGNATURE short:QUOTE_FORMAT none:FILE_IO typo:BATCH_FORMAT noquote:BATCH_FORMAT \
    policy:POLICY_FORMAT old:TCB_STATUS; do
    [ "$(code_of "${pair%:*}")" = "${pair#*:}" ] && pass || fail "$pair: $(code_of "${pair%:*}")"
done
grep -q '^{"exit_code":64,"id":null,"line":11,.*"code":"BATCH_FORMAT".*"verified":null' "$work/results" && pass ||
    fail "what is not JSON has no id and is BATCH_FORMAT"
grep '"id":"typo"' "$work/results" | grep -q '"field":"unknown member"' && pass || fail "an unknown member is named"

# --- each line is what the same question alone gets ---
alone=(--json --collateral "$work/tdx/collateral.json" --trust-root "$root" --at "$forged_at" --policy "$work/policy.json")
for name in path:$quote changed:$work/changed.bin; do
    "$verify" "${alone[@]}" "${name#*:}" >"$work/alone" || true
    if cmp -s <(sed -n "/\"id\":\"${name%%:*}\"/s/^{\"exit_code\":[0-9]*,\"id\":\"[a-z]*\",\"line\":[0-9]*,/{/p" "$work/results") \
        "$work/alone"; then pass; else fail "${name%%:*}: not the verdict of the quote alone"; fi
done

# --- the order stays and nothing changes whatever the number of jobs; what the lines lack comes from the options ---
for i in $(seq 40); do
    printf '{"id":%d,"quote":"%s"}\n' "$i" "$([ $((i % 4)) -eq 0 ] && echo "$work/changed.bin" || echo "$quote")"
done >"$work/many.jsonl"
common=(--collateral "$work/tdx/collateral.json" --trust-root "$root" --at "$forged_at" --policy "$work/policy.json")
expect 4 "many, one job" "$verify" "${common[@]}" --batch "$work/many.jsonl" --jobs 1
cp "$work/out" "$work/one"
[ "$(grep -o '"id":[0-9]*' "$work/one" | cut -d: -f2 | tr '\n' ' ')" = "$(seq 40 | tr '\n' ' ')" ] && pass || fail "order"
for jobs in 2 7 64; do
    expect 4 "many, $jobs jobs" "$verify" "${common[@]}" --batch "$work/many.jsonl" --jobs "$jobs"
    cmp -s "$work/one" "$work/out" && pass || fail "$jobs jobs give other results"
done
expect 4 "from a pipe" bash -c "cat '$work/many.jsonl' | '$verify' --batch - ${common[*]@Q}"
cmp -s "$work/one" "$work/out" && pass || fail "standard input gives other results"
expect 0 "all good" bash -c "grep -v changed '$work/many.jsonl' | '$chaoschain' verify --batch - ${common[*]@Q}"

# --- a line that is answered before the next one comes ---
mkfifo "$work/questions"
"$verify" "${common[@]}" --batch - <"$work/questions" >"$work/answers" &
pid=$!
exec 7>"$work/questions"
printf '{"id":"first","quote":"%s"}\n' "$quote" >&7
for _ in $(seq 100); do [ -s "$work/answers" ] && break; sleep 0.1; done
grep -q '"id":"first"' "$work/answers" && pass || fail "a line is answered only after the next"
exec 7>&-
wait "$pid" && pass || fail "the batch from a pipe ends with $?"

# --- limits ---
head -c 4194305 /dev/zero | tr '\0' 'x' >"$work/long.jsonl"
{ echo; printf '{"id":"after","quote":"%s"}\n' "$quote"; } >>"$work/long.jsonl"
expect 64 "a line that is too long" "$verify" "${common[@]}" --batch "$work/long.jsonl"
has out '"id":null,"line":1' "a line that is too long"
has out 'at most 4194304 bytes' "a line that is too long"
grep -q '^{"exit_code":0,"id":"after","line":2' "$work/out" && pass || fail "the line after one that is too long"
expect 64 "a long id" "$verify" "${common[@]}" --batch <(printf '{"id":"%0300d","quote":"%s"}\n' 0 "$quote")
has out '"id":null' "a long id"
expect 64 "standard input twice" "$verify" --batch <(printf '{"quote":"-"}\n')
has out BATCH_FORMAT "standard input twice"
expect 64 "17 roots" "$verify" --batch <(printf '{"quote":"%s","trust_root":[%s"%s"]}\n' "$quote" "$(for _ in $(seq 16); do printf '"%s",' "$root"; done)" "$root")
has out BATCH_FORMAT "17 roots"
expect 64 "nothing" "$verify" --batch /dev/null
has err "no line" "nothing"
expect 5 "no file" "$verify" --batch "$work/none"
expect 64 "no jobs" "$verify" --batch "$work/many.jsonl" --jobs 0
expect 64 "many jobs" "$verify" --batch "$work/many.jsonl" --jobs 65
expect 64 "jobs alone" "$verify" --jobs 2 "$quote"
expect 64 "a quote beside a batch" "$verify" --batch "$work/many.jsonl" "$quote"
expect 5 "a full disk" bash -c "'$verify' ${common[*]@Q} --batch '$work/many.jsonl' >/dev/full"

# --- the bar: on a terminal only ---
if command -v script >/dev/null; then
    script -qec "'$verify' ${common[*]@Q} --batch '$work/many.jsonl' >'$work/results'" /dev/null >"$work/out" 2>&1 || true
    has out '100 %  40 lines' "the bar"
    cmp -s "$work/one" "$work/results" && pass || fail "the bar changes the results"
fi

finish
