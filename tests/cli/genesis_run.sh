#!/usr/bin/env bash
# Genesis Studio as people run it: every step, every attack, nothing left behind, the same transcript twice. Of docs/seed-checklist.md: S-51.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/genesis.bash"

expect 0 "a run" studio one --deterministic 7 --json "$work/one.jsonl"
cp "$work/out" "$work/screen"
is_empty err "a run"
for word in "14 passed, 15 simulated, 0 skipped, 0 failed; 23 transactions" "tee-simulated, shopping" "no-tee, validation" \
    "TEE 0, simulated 1, without TEE 0" "TEE 0, simulated 0, without TEE 1" "AFFIRMING, 100 of 100" "tee-sim/v1" \
    "WARNING (exit code 1)" "not checked     agent, freshness, identity-key, receipt-time" "AFFIRMING (exit code 0)" \
    "--trust-root" "--collateral" "--policy" "Type next"; do
    has out "$word" "a run"
done
# Commands have paths, which are as long as they are.
if grep -v '^ \{8\}[-/]' "$work/out" | awk 'length > 100 { print; long = 1 } END { exit !long }' >"$work/long"; then
    fail "a line is longer than 100 columns: $(head -n 1 "$work/long")"
else
    pass
fi
if grep -q $'\e' "$work/out"; then fail "colours in a file"; else pass; fi
if grep -q "FAIL" "$work/out"; then fail "FAIL in a run that passed"; else pass; fi

# Each attack stands beside a control that was accepted, and was refused for its own reason.
attacks=0
while read -r name _ reason; do
    attacks=$((attacks + 1))
    line=$(grep -F "\"id\":\"attack-$name\"" "$work/one.jsonl")
    case $line in
    *"\"expected\":\"$reason\",\"found\":\"$reason\""*"\"status\":\"PASS\""*) pass ;;
    *) fail "attack $name: $line" ;;
    esac
    case $line in
    *'"name":"control","value":"'*'AFFIRMING, simulated"'* | *'"name":"control","value":"'*'WARNING, simulated"'*) pass ;;
    *) fail "control of $name: $line" ;;
    esac
done < <("$studio_bin" --break list | sed 's/^\([a-z-]*\) .*: \([A-Z_]*\)$/\1 - \2/')
[ "$attacks" -eq 7 ] || fail "$attacks attacks"

# Bob's command line has no provider, and what he believes.
bob=$(sed -n "/^Bob's command line/,/^$/p" "$work/screen")
case $bob in *tee-provider* | *tee-endpoint*) fail "Bob is given a TEE" ;; *) pass ;; esac

# What it ends with can be pasted: the bundle is judged when nothing of the run is there any more.
sed -n '/^Type next/,$p' "$work/screen" | sed -n '/verify-bundle/,/[^\\]$/p' >"$work/command"
expect 1 "paste: verify-bundle" bash "$work/command"
has out "WARNING" "paste: verify-bundle"

# Nothing that was started is left.
no_process "$work/one" "a run"

# Twice the same transcript, names aside; another seed, another one. (One state folder: the second run replaces it.)
hash=$(summary "$work/one.jsonl" transcript_hash)
expect 0 "again" studio one --deterministic 7 --json "$work/two.jsonl"
[ "$(summary "$work/two.jsonl" transcript_hash)" = "$hash" ] || fail "the transcript differs: $hash"
has out "$hash" "the hash is printed"
cmp -s "$work/one.jsonl" "$work/two.jsonl" && fail "two runs have the same keys" || pass
expect 0 "another seed, the provider without a socket" "$studio_bin" --tee-provider simulated --state "$work/one" \
    --deterministic 8 --json "$work/three.jsonl"
[ "$(summary "$work/three.jsonl" transcript_hash)" != "$hash" ] && pass || fail "another seed has the same transcript"
has out "0 skipped, 0 failed" "the provider without a socket"

# One attack close up, as make demo BREAK=debug-td shows it.
expect 0 "close up" env CHAOS_BIN="$CHAOS_BIN" BREAK=debug-td "$root/scripts/genesis.sh" --state "$work/one"
has out "FAIL  debug: TD_DEBUG" "close up"
has out "expected  bits 0, 4, 5 and 6 clear" "close up"
[ "$(grep -c 'refused:' "$work/out")" -eq 1 ] || fail "close up shows other attacks"

# Without a TEE nothing is called passed that was not done.
expect 0 "no TEE" "$studio_bin" --state "$work/none" --json "$work/none.jsonl"
has out "SKIPPED(no TEE provider was chosen)" "no TEE"
has out "100, no-tee, shopping" "no TEE"
has out "TEE 0, simulated 0, without TEE 1" "no TEE"
for id in alice-key alice-session alice-anchor alice-bundle alice-request bob-check bob-answer bob-bundle-offline attacks; do
    grep -F "\"id\":\"$id\"" "$work/none.jsonl" | grep -qF '"status":"SKIPPED"' && pass || fail "no TEE: $id is not skipped"
done
finish
