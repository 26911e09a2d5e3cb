#!/usr/bin/env bash
# Killed at the end of each step and resumed, on a chain of its own: nothing is sent twice, nothing is lost.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/genesis.bash"

resume=
for id in chain registries accounts provider alice-key alice-register alice-session alice-work alice-anchor alice-bundle \
    alice-request bob-register bob-check bob-answer bob-bundle-offline bob-bundle-chain charlie-register charlie-feedback \
    charlie-feedback-bob charlie-reputation alice-challenge mallory attack-old-code; do
    # shellcheck disable=SC2086 # empty the first time
    expect 137 "killed after $id" env CHAOS_STUDIO_KILL_DIRECTOR="$id" "$studio_bin" --tee-provider phala-dstack \
        --state "$work/s" $resume
    resume=--resume
done 2>/dev/null
expect 0 "resumed" studio s --resume --json "$work/t.jsonl"
has out " 0 failed; 23 transactions" "resumed"
grep -A 4 FAIL "$work/out" || true # which step, should one fail
[ "$(grep -c '"receipt"' "$work/s/evidence/bundle-0/bundle.jsonl")" -eq 3 ] && pass || fail "not three receipts"

# A role that is killed before it can report is a step that failed, and resumed the same way.
rm -rf "$work/r"
# Between receipts, too: the bundle then has a session for each.
expect 1 "Alice killed" env CHAOS_STUDIO_KILL=shopping/intent "$studio_bin" --tee-provider phala-dstack --state "$work/r"
expect 1 "Alice killed" env CHAOS_STUDIO_KILL=shopping/offers "$studio_bin" --tee-provider phala-dstack --state "$work/r" --resume
expect 1 "Alice killed" env CHAOS_STUDIO_KILL=alice-request "$studio_bin" --tee-provider phala-dstack --state "$work/r" --resume
has out "the process of alice was ended by signal 9" "Alice killed"
expect 1 "Bob killed" env CHAOS_STUDIO_KILL=bob-answer "$studio_bin" --tee-provider phala-dstack --state "$work/r" --resume
expect 1 "Charlie killed" env CHAOS_STUDIO_KILL=charlie-feedback "$studio_bin" --tee-provider phala-dstack --state "$work/r" \
    --resume
expect 0 "resumed" studio r --resume
has out " 0 failed; 23 transactions" "resumed after roles were killed"
[ "$(grep -c '^{"envelope"' "$work/r/evidence/bundle-0/bundle.jsonl")" -eq 3 ] && pass || fail "not three sessions"
no_process "$work/[rs]" "resumed"

# All of its process group killed at once, as a terminal or timeout(1) does it: the chain still writes its blocks.
setsid "$studio_bin" --tee-provider phala-dstack --state "$work/g" >"$work/g.out" 2>&1 &
group=$!
for _ in $(seq 1000); do
    grep -q 'Alice is registered' "$work/g.out" && break
    sleep 0.01
done
kill -KILL -- "-$group"
wait "$group" 2>/dev/null || true
[ "$(grep -c ' failed; ' "$work/g.out")" -eq 0 ] && pass || fail "it had ended before it was killed"
expect 0 "resumed after its group was killed" studio g --resume
has out " 0 failed; 23 transactions" "resumed after its group was killed"

# A chain that was ended before it wrote its blocks is behind the journals: that is said, and a run without --resume goes.
rm "$work/r/chain.json"
expect 1 "lost blocks" studio r --resume
tr -s ' \n' ' ' <"$work/out" >"$work/words" # it is wrapped
has words "the local chain lost blocks of the earlier run" "lost blocks"
has words "run without --resume to start anew" "lost blocks"
expect 0 "anew" studio r
finish
