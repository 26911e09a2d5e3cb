#!/usr/bin/env bash
# chaoschain verify-bundle on forged bundles: every exit code, the three ways in, text and JSON.
. "$(dirname "$0")/lib.bash"

bundle() { "$chaoschain" verify-bundle "$@"; }
forge_into "$work/b" bundle
forge_into "$work/folder" bundle --folder
b=$work/b
held=(--trust-root "$b/trust-root.der" --policy "$b/policy.json" --at "$forged_at")
own=("${held[@]}" --collateral "$b/collateral.json")
mapfile -t known <"$b/expect.txt"

# --- what it proves, and what it does not ---
expect 1 "offline" bundle "${own[@]}" "$b/bundle.jsonl"
has out "WARNING" "offline"
has out "5, sequence 0 to 4, of 2 sessions" "offline"
has out "open  receipt-time" "offline"
has out "open  identity-key" "offline"
has out "code            proven" "offline"
is_empty err "offline"
expect 1 "the bundle's collateral" bundle "${held[@]}" "$b/bundle.jsonl"
has out "open  collateral-floor" "the bundle's collateral"
expect 1 "at a chosen time" bundle "${own[@]}" "${known[@]}" "$b/bundle.jsonl"
has out "time            not-checked, receipt 4 existed by block 160" "at a chosen time"
expect 64 "two policies" bundle "${own[@]}" --policy none "$b/bundle.jsonl"
expect 0 "no policy" bundle --trust-root "$b/trust-root.der" --at "$forged_at" --policy none "$b/bundle.jsonl"
expect 1 "JSON" bundle "${own[@]}" --json "$b/bundle.jsonl"
is_json "JSON"
has out '"receipts":{"anchored_sequence":null,"code":"proven","contents":4,"count":5,' "JSON"
has out '"scope":"agent"' "JSON"

# Now, with all that can be known: AFFIRMING.
forge_into "$work/now" bundle --now "$(date +%s)"
mapfile -t now_known <"$work/now/expect.txt"
now=(--trust-root "$work/now/trust-root.der" --policy "$work/now/policy.json" --collateral "$work/now/collateral.json")
expect 0 "all known" bundle "${now[@]}" "${now_known[@]}" "$work/now/bundle.jsonl"
has out "AFFIRMING" "all known"
has out "time            proven, receipt 4 existed by block 160" "all known"
for i in "${!now_known[@]}"; do
    fewer=("${now_known[@]}")
    unset 'fewer[i]'
    expect 1 "without ${now_known[i]%%=*}" bundle "${now[@]}" "${fewer[@]}" "$work/now/bundle.jsonl"
done

# --- three ways in ---
expect 1 "standard input" bash -c "'$chaoschain' verify-bundle \"\$@\" - <'$b/bundle.jsonl'" - "${own[@]}"
expect 1 "a pipe" bash -c "cat '$b/bundle.jsonl' | '$chaoschain' verify-bundle \"\$@\" -" - "${own[@]}"
expect 1 "a folder" bundle "${own[@]}" "$work/folder"
has out "contents        4" "a folder"
expect 1 "a folder without contents" bundle "${own[@]}" "$b"
expect 1 "its lines alone" bundle "${own[@]}" "$work/folder/bundle.jsonl"
has out "contents        0" "its lines alone"
content=$(find "$work/folder/content" -type f | head -1)
cp "$content" "$work/content"
printf x >>"$content"
expect 4 "a changed content" bundle "${own[@]}" "$work/folder"
has out RECEIPT_CONTENT "a changed content"
head -c 1048577 /dev/zero >"$content"
expect 3 "a content that is too large" bundle "${own[@]}" "$work/folder"
has out BUNDLE_FORMAT "a content that is too large"
ln -sf "$work/content" "$content"
expect 5 "a link for a content" bundle "${own[@]}" "$work/folder"
rm "$content"
mkfifo "$content"
expect 5 "a pipe for a content" timeout 20 "$chaoschain" verify-bundle "${own[@]}" "$work/folder"
has err "no regular file" "a pipe for a content"
rm "$content"
expect 1 "a content that is not there" bundle "${own[@]}" "$work/folder"
has out "contents        3" "a content that is not there"
expect 5 "no such path" bundle "${own[@]}" "$work/none"
mkdir "$work/empty-folder"
expect 5 "an empty folder" bundle "${own[@]}" "$work/empty-folder"
has err "bundle.jsonl" "an empty folder"

# --- every break, by its word and its exit code ---
count=0
while read -r name code _; do
    count=$((count + 1))
    forge_into "$work/broken" bundle --break "$name"
    got=0
    bundle --trust-root "$work/broken/trust-root.der" --policy "$work/broken/policy.json" --at "$forged_at" \
        --json "$work/broken/bundle.jsonl" >"$work/out" 2>"$work/err" || got=$?
    case $got in
        2 | 3 | 4) ;;
        *) fail "$name: exit $got" ;;
    esac
    has out "\"error\":{\"code\":\"$code\"" "$name"
done < <("$forge" --list | grep ' bundle  ')
[ "$count" -gt 80 ] || fail "only $count breaks of bundles are listed"
forge_into "$work/broken" bundle --break receipt-dropped
expect 4 "a dropped receipt" bundle "${own[@]}" "$work/broken/bundle.jsonl"
has out "line 7, sequence 2: a receipt is missing, doubled or out of order" "a dropped receipt"
has out "FAIL  receipt-sequence: RECEIPT_SEQUENCE" "a dropped receipt"
has out "expected  1" "a dropped receipt"
has out "found     2" "a dropped receipt"
expect 3 "an empty file" bundle "${own[@]}" /dev/null
expect 3 "a file without end" timeout 60 "$chaoschain" verify-bundle "${own[@]}" /dev/zero
expect 2 "the default policy" bundle --trust-root "$b/trust-root.der" --at "$forged_at" "$b/bundle.jsonl"
has out ANCHOR "the default policy"
expect 4 "without its root" bundle --at "$forged_at" "$b/bundle.jsonl"
has out ROOT_UNTRUSTED "without its root"
expect 5 "a year later" bundle --trust-root "$b/trust-root.der" --policy "$b/policy.json" --at 2027-06-01T00:00:00Z "$b/bundle.jsonl"
has out COLLATERAL_MISSING "a year later"
has err "--collateral FILE" "a year later"
expect 4 "a year later, own collateral" bundle --trust-root "$b/trust-root.der" --policy "$b/policy.json" \
    --collateral "$b/collateral.json" --at 2027-06-01T00:00:00Z "$b/bundle.jsonl"
: >"$work/empty"
expect 3 "an empty collateral file is not 'none'" bundle "${held[@]}" --collateral "$work/empty" "$b/bundle.jsonl"

# --- expectations ---
digest=${known[1]#*:}
digest=${digest%@*}
expect 2 "another head" bundle "${own[@]}" "--expect-head=3:$digest@160" "$b/bundle.jsonl"
has out "RECEIPT_HEAD" "another head"
expect 2 "a later head" bundle "${own[@]}" "--expect-head=5:$digest@160" "$b/bundle.jsonl"
has out "the receipts end at sequence 4 and the head is 5" "a later head"
expect 2 "another identity" bundle "${own[@]}" --expect-identity-key 0x5050a4f4b3f9338c3472dcc01a87c76a144b3c9c "$b/bundle.jsonl"
has out BINDING_IDENTITY "another identity"
expect 2 "another agent" bundle "${own[@]}" --expect-agent eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3:1 "$b/bundle.jsonl"
has out BINDING_AGENT "another agent"
expect 1 "the agent" bundle "${own[@]}" --expect-agent eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3:0 "$b/bundle.jsonl"
expect 2 "a nonce of nobody" bundle "${own[@]}" --expect-nonce "$(printf '%064d' 1)" "$b/bundle.jsonl"

# --- usage ---
for head in "" 4 "4:$digest" "4:$digest@" "4:${digest}0@1" "x:$digest@1" "04:$digest@1" "4:$digest@01" "9007199254740992:$digest@1"; do
    expect 64 "head '$head'" bundle "${own[@]}" "--expect-head=$head" "$b/bundle.jsonl"
done
expect 64 "two heads of one sequence" bundle "${own[@]}" "--expect-head=4:$digest@1" "--expect-head=4:$digest@2" "$b/bundle.jsonl"
expect 64 "a block" bundle "${own[@]}" --expect-block "1:$digest@" "$b/bundle.jsonl"
expect 64 "no path" bundle "${own[@]}"
expect 64 "two paths" bundle "${own[@]}" "$b/bundle.jsonl" "$b/bundle.jsonl"
expect 64 "no time" bundle --at yesterday "$b/bundle.jsonl"
expect 64 "an unknown option" bundle --evidence "$b/bundle.jsonl"
expect 0 "help" bundle --help
has out "--expect-head" "help"
expect 0 "help of the verb" "$chaoschain" help verify-bundle
expect 0 "version" bundle --version
expect 64 "options of a quote with a bundle" "$forge" bundle --stage 5 --out "$work/x"
expect 64 "--folder with a quote" "$forge" tdx --folder --out "$work/x"
expect 64 "a break of a quote" "$forge" bundle --break quote-signature-flipped --out "$work/x"

# --- the bar is for a terminal, and leaves nothing behind ---
if command -v script >/dev/null; then
    script -qec "'$verify' verify-bundle ${own[*]} '$b/bundle.jsonl' >'$work/out'" /dev/null >"$work/typed" || true
    has out WARNING "on a terminal"
fi

finish
