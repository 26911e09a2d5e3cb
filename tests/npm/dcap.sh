#!/usr/bin/env bash
# Another verifier of DCAP quotes, from npm, on every real pair: each disagreement with ours is explained, or this fails.
. "$(dirname "$0")/../cli/lib.bash"

[ -f "$CHAOS_VECTORS/dcap/expected.json" ] || skip "no vectors"
command -v node >/dev/null || skip "node is missing (make deps)"
folder=$root/tests/npm/dcap
"$root/scripts/install-npm.sh" "$folder" >"$work/npm" 2>&1 || skip "npm cannot install the peer: $(tail -n 1 "$work/npm")"

node -e '
    const fs = require("fs"), [root, out] = process.argv.slice(1);
    const pairs = JSON.parse(fs.readFileSync(`${root}/dcap/expected.json`)).pairs;
    fs.writeFileSync(out, pairs.map((p, i) => JSON.stringify({ id: i, quote: `${root}/dcap/${p.quote}`,
        collateral: `${root}/dcap/${p.collateral}`, at: p.now })).join("\n") + "\n");
' "$(cd "$CHAOS_VECTORS" && pwd)" "$work/pairs.jsonl"
"$verify" --batch "$work/pairs.jsonl" --policy none >"$work/ours.jsonl" || true
node "$folder/peer.mjs" judge "$work/pairs.jsonl" >"$work/theirs.jsonl"
expect 0 "every disagreement is explained" node "$folder/compare.mjs" "$work/pairs.jsonl" "$work/ours.jsonl" "$work/theirs.jsonl"
cat "$work/out"

finish
