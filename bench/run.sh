#!/usr/bin/env bash
# run.sh - the benchmarks as one report: time beside the raw primitive, instructions outside libcrypto, one-shot process.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=build/bin
vectors=${CHAOS_VECTORS:-../shared/vectors}
[ -d "$vectors/dcap" ] && export CHAOS_VECTORS=$vectors || unset CHAOS_VECTORS
pin=()
command -v taskset >/dev/null && pin=(taskset -c "$(($(nproc) - 1))")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== time"
"${pin[@]}" "$bin/bench-verify"

echo
echo "== a bundle of 10,000 receipts, and a million in constant memory"
"${pin[@]}" "$bin/bench-bundle"
"${pin[@]}" "$bin/bench-bundle" --stream 1000000

echo
echo "== Ethereum"
peer=()
if command -v node >/dev/null && [ -d tests/npm/eth/node_modules/viem ]; then
    peer=(bench/bench_eth_peer.mjs)
fi
"${pin[@]}" "$bin/bench-eth" "${peer[@]}"

echo
echo "== logs of the registries"
if [ -x "$bin/bench-registry-logs" ]; then
    "${pin[@]}" "$bin/bench-registry-logs"
else
    echo "SKIPPED: libchaoschain is not built"
fi

echo
echo "== instructions of one cold verification (callgrind)"
if command -v valgrind >/dev/null && command -v callgrind_annotate >/dev/null; then
    bench/instructions.sh
else
    echo "SKIPPED: no valgrind"
fi

echo
echo "== one-shot chaoschain-verify, all input from files"
"$bin/chaoschain-forge" --kind tdx --out "$work" 2>/dev/null
printf '{"schema":"chaoschain/policy/1","anchors":["simulated"]}' >"$work/policy.json"
args=(--quote "$work/quote.bin" --collateral "$work/collateral.json" --at "$(cat "$work/now.txt")"
    --trust-root "$work/trust-root.der" --policy "$work/policy.json")
"${pin[@]}" "$bin/bench-process" "$bin/chaoschain-verify" "${args[@]}"
