#!/usr/bin/env bash
# What 'chaoschain provider check --json' prints is of data/schemas/provider-check.schema.json, and the schema refuses what
# is none.
. "$(dirname "$0")/lib.bash"
[ -x "$CHAOS_BIN/chaoschain-provider" ] || skip "chaoschain-provider is not built"
schema=$root/data/schemas/provider-check.schema.json
validate=$root/tests/npm/schema/check.js
"$root/scripts/install-npm.sh" "$root/tests/npm/schema" || skip "ajv is not installed"
build=$(dirname "$CHAOS_BIN")

expect 0 "conforms" "$chaoschain" provider check "$build/lib/chaoschain/providers/chaoschain-provider-simulated.so" --json
cp "$work/out" "$work/conforms.json"
expect 1 "incomplete" "$chaoschain" provider check "$build/lib/chaoschain/providers/chaoschain-provider-phala-dstack.so" \
    --endpoint "$work/none.sock" --json
cp "$work/out" "$work/incomplete.json"
expect 2 "fails" "$chaoschain" provider check "$build/tests/plugins/chaoschain-provider-sign-high-s.so" --json
cp "$work/out" "$work/fails.json"
for result in conforms incomplete fails; do
    grep -qF "\"result\":\"$result\"" "$work/$result.json" && pass || fail "$result: another result"
    expect 0 "$result: of the schema" node "$validate" "$schema" "$work/$result.json"
done
broken() { # broken NAME SED-SCRIPT
    sed "$2" "$work/fails.json" >"$work/$1.broken"
    cmp -s "$work/fails.json" "$work/$1.broken" && fail "$1: nothing was changed"
    expect 1 "refused: $1" node "$validate" "$schema" "$work/$1.broken"
}
broken result 's/"result":"fails"/"result":"good"/'
broken rule 's/"result":"pass"/"result":"PASS"/'
broken why 's/"result":"fail",\("title":"[^"]*"\),"why":"[^"]*"/"result":"fail",\1,"why":null/'
broken version 's#provider-check/1#provider-check/2#'
broken counts 's/"passed":[0-9]*,//'
broken more 's/^{/{"more":1,/'
finish
