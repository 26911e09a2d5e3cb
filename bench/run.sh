#!/usr/bin/env bash
# run.sh - the benchmarks as one report: time beside the raw primitive and beside a peer from npm, threads, a fleet,
# instructions outside libcrypto, a one-shot process. Ratios are of medians of interleaved rounds of one run; on a busy
# machine look at the A/A rows first.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/build/bin
vectors=${CHAOS_VECTORS:-../shared/vectors}
if [ -d "$vectors/dcap" ]; then
    CHAOS_VECTORS=$(cd "$vectors" && pwd)
    export CHAOS_VECTORS
else
    unset CHAOS_VECTORS
fi
pin=()
command -v taskset >/dev/null && pin=(taskset -c "$(($(nproc) - 1))")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

peer=()
if [ -z "${CHAOS_VECTORS:-}" ] || ! command -v npm >/dev/null || ! scripts/install-npm.sh tests/npm/dcap >/dev/null; then
    echo "no row for the npm peer: it needs the vectors and npm"
else
    peer=(--peer node tests/npm/dcap/peer.mjs serve "$CHAOS_VECTORS/dcap/native/dcap-qvl/tdx_quote"
        "$CHAOS_VECTORS/dcap/native/dcap-qvl/tdx_quote_collateral.json" 1751624191)
fi

echo "== time"
"${pin[@]}" "$bin/bench-verify" "${peer[@]}"

echo
echo "== threads"
"$bin/bench-threads"

echo
echo "== fleet"
"${pin[@]}" "$bin/bench-fleet"

echo
echo "== a bundle of 10,000 receipts, and a million in constant memory"
"${pin[@]}" "$bin/bench-bundle"
"${pin[@]}" "$bin/bench-bundle" --stream 1000000

echo
echo "== Python"
if [ -x /usr/bin/python3 ] && [ -f build/lib/libchaoschain.so ]; then
    PYTHONPATH=bindings/python PYTHONDONTWRITEBYTECODE=1 CHAOS_LIBRARY=build/lib \
        "${pin[@]}" "$bin/bench-python" /usr/bin/python3 bench/bench_python.py
else
    echo "SKIPPED: no /usr/bin/python3, or libchaoschain is not built"
fi

echo
echo "== Ethereum"
peer=()
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "no rows for viem: node or npm is missing (make deps)"
elif ! scripts/install-npm.sh tests/npm/eth >/dev/null; then
    echo "no rows for viem: it could not be installed into tests/npm/eth (the reason is above)"
else
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
if [ -n "${CHAOS_VECTORS:-}" ]; then
    args=(--quote "$CHAOS_VECTORS/dcap/native/dcap-qvl/tdx_quote" --at 1751624191 --policy none
        --collateral "$CHAOS_VECTORS/dcap/native/dcap-qvl/tdx_quote_collateral.json")
else
    "$bin/chaoschain-forge" --kind tdx --out "$work" 2>/dev/null
    args=(--quote "$work/quote.bin" --collateral "$work/collateral.json" --at "$(cat "$work/now.txt")"
        --trust-root "$work/trust-root.der" --policy none)
fi
"${pin[@]}" "$bin/bench-process" "$bin/bench-nine" "$bin/chaoschain-verify" "${args[@]}"
