#!/usr/bin/env bash
# Genesis Studio with intel-tdx: every step and attack that has a meaning without a KMS, nothing called passed that was not
# done, Alice's key over the end of her process and not over the end of her guest.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/genesis.bash"
. "$(dirname "$0")/tsm.bash"
unset CHAOS_TSM_PATH

tdx() {
    local state=$1
    shift
    "$studio_bin" --tee-provider intel-tdx --state "$work/$state" "$@"
}

expect 0 "a run" tdx one --deterministic 7 --json "$work/one.jsonl"
is_empty err "a run"
for word in "13 passed, 15 simulated, 1 skipped, 0 failed; 23 transactions" "a simulated TEE: no hardware is behind it" \
    "kept by         intel-tdx" "100 of 100, tee-sim/v1" "AFFIRMING (exit code 0)" "TEE 0, simulated 1, without TEE 0" \
    "SKIPPED(no KMS: the identity key is in the guest's memory" "--tee-provider intel-tdx --break"; do
    has out "$word" "a run"
done
grep -qF "goes back" "$work/out" && fail "Mallory did what she did not" || pass
attacks=0
while read -r name _ reason; do
    line=$(grep -F "\"id\":\"attack-$name\"" "$work/one.jsonl")
    case $name/$line in
    old-code/*'"status":"SKIPPED"'*) pass ;;
    */*"\"expected\":\"$reason\",\"found\":\"$reason\""*"\"status\":\"PASS\""*) attacks=$((attacks + 1)) ;;
    *) fail "attack $name: $line" ;;
    esac
done < <("$studio_bin" --break list | sed 's/^\([a-z-]*\) .*: \([A-Z_]*\)$/\1 - \2/')
[ "$attacks" -eq 6 ] && pass || fail "$attacks attacks"
if grep -q dstack "$work/one/evidence"/*.json; then fail "evidence of dstack"; else pass; fi
no_process "$work/one" "a run"
grep -q genesis-studio-.*/tsm /proc/mounts && fail "a mount is left" || pass
hash=$(summary "$work/one.jsonl" transcript_hash)
expect 0 "again" tdx one --deterministic 7 --json "$work/two.jsonl"
[ "$(summary "$work/two.jsonl" transcript_hash)" = "$hash" ] && pass || fail "the transcript differs"

# Killed and resumed: the same key, nothing sent twice.
resume=
for id in alice-key alice-register alice-anchor bob-answer alice-challenge mallory; do
    # shellcheck disable=SC2086 # empty the first time
    expect 137 "killed after $id" env CHAOS_STUDIO_KILL_DIRECTOR="$id" "$studio_bin" --tee-provider intel-tdx \
        --state "$work/s" $resume
    resume=--resume
done 2>/dev/null
expect 0 "resumed" tdx s --resume
has out " 0 failed; 23 transactions" "resumed"

# The guest's end is the key's end: that is said, and nothing goes on under another key.
rm -r "/dev/shm/genesis-studio-$(head -c 16 "$work/s/volatile")/keys"
expect 1 "the guest ended" tdx s --resume
has out "the TEE has another one than before" "the guest ended"
expect 0 "begun anew" tdx s

# Apart, beside a kernel that somebody else simulates.
start_registries
start_tsm tee
chain=(--network local --rpc "$rpc" --identity "$identity" --reputation "$reputation" --validation "$validation")
common=("${chain[@]}" --local-evidence "$work/meet" --wait 60)
CHAOS_PROVIDER_PATH=$work/none "$studio_bin" "${common[@]}" --agents bob --state "$work/b" --trust-root \
    "$held_by/trust-root.der" --collateral "$held_by/collateral.json" --policy "$held_by/policy.json" >"$work/b.out" 2>&1 &
bob=$!
alice=("${common[@]}" --agents alice --state "$work/a" --tee-provider intel-tdx --tee-endpoint "$tree" --json "$work/a.jsonl")
expect 0 "Alice" "$studio_bin" "${alice[@]}"
wait "$bob" && pass || fail "Bob: $(tail -5 "$work/b.out")"
grep -qF "100 of 100, tee-sim/v1" "$work/b.out" && pass || fail "Bob's answer"
sent=$(summary "$work/a.jsonl" transactions)
expect 0 "Alice again" "$studio_bin" "${alice[@]}"
[ "$(summary "$work/a.jsonl" transactions)" -eq "$sent" ] && pass || fail "Alice sent more than $sent"
[ -z "$(ls "$tree")" ] && pass || fail "an entry is left"
stop_all_tsm
expect 6 "the tree is gone" tdx x "${chain[@]}" --tee-endpoint "$tree"
expect 6 "the real kernel, on a test network" "$studio_bin" --tee-provider intel-tdx --state "$work/t" --network base-sepolia \
    --rpc "$rpc" --dry-run

# auto takes what this machine is, and never a simulated TEE.
if ! "$chaoschain" providers --detect >"$work/detected"; then
    expect 6 "auto outside a TEE" "$studio_bin" --tee-provider auto --state "$work/auto"
    has err "auto finds no TEE here" "auto outside a TEE"
    has err "(exit 6: TEE provider not available)" "auto outside a TEE"
    [ ! -e "$work/auto" ] && pass || fail "auto has made a state folder"
fi
finish
