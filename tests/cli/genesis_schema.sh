#!/usr/bin/env bash
# Every line of every transcript is of data/schemas/genesis.schema.json, whatever became of the run; and the schema refuses
# what is none.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/genesis.bash"
schema=$root/data/schemas/genesis.schema.json
check=$root/tests/npm/schema/check.js
"$root/scripts/install-npm.sh" "$root/tests/npm/schema" || skip "ajv is not installed"

expect 0 "a run" studio s --json "$work/run.jsonl"
expect 0 "to standard output" studio s --json -
cp "$work/out" "$work/stdout.jsonl"
is_empty err "to standard output"
expect 0 "no TEE" "$studio_bin" --state "$work/s" --json "$work/none.jsonl"
expect 0 "dry run" studio s --dry-run --json "$work/dry.jsonl"
expect 5 "no node" "$studio_bin" --state "$work/n" --network base-sepolia --rpc http://127.0.0.1:9 --json "$work/node.jsonl"
expect 6 "no provider" env CHAOS_PROVIDER_PATH="$work" "$studio_bin" --tee-provider phala-dstack --state "$work/p" \
    --json "$work/provider.jsonl"
for file in "$work"/*.jsonl; do
    expect 0 "the schema: ${file##*/}" node "$check" "$schema" "$file"
done
[ "$(summary "$work/run.jsonl" exit_code)" = 0 ] && pass || fail "exit_code of a run"
[ "$(summary "$work/provider.jsonl" exit_code)" = 6 ] && pass || fail "exit_code without a provider"

# What must be refused.
grep -F '"status":"PASS"' "$work/run.jsonl" | head -n 1 >"$work/pass.json"
sed 's/"status":"PASS"/"status":"OK"/' "$work/pass.json" >"$work/word"
sed 's/"reason":null/"reason":"because"/' "$work/pass.json" >"$work/reason"
sed 's/"role":"studio"/"role":"dave"/' "$work/pass.json" >"$work/role"
sed 's/"ms":[0-9]*,//' "$work/pass.json" >"$work/missing"
sed 's/genesis-step\/1/genesis-step\/2/' "$work/pass.json" >"$work/version"
expect 0 "the line itself" node "$check" "$schema" "$work/pass.json"
for name in word reason role missing version; do
    cmp -s "$work/pass.json" "$work/$name" && fail "$name: nothing was changed"
    expect 1 "refused: $name" node "$check" "$schema" "$work/$name"
done
finish
