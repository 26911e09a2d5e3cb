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
if command -v perl >/dev/null; then
    # Median of 41 runs, fork to exit, beside /bin/true in the same rounds.
    "${pin[@]}" perl -MTime::HiRes=time -e '
        my ($runs, @cmd) = @ARGV; my (@ours, @none);
        sub run { my $t = time; my $pid = fork; if (!$pid) { open STDOUT, ">", "/dev/null"; exec @_ } waitpid $pid, 0; 1000 * (time - $t) }
        for (1 .. $runs) { push @none, run("/bin/true"); push @ours, run(@cmd) }
        @ours = sort { $a <=> $b } @ours; @none = sort { $a <=> $b } @none;
        printf "process time: median %.2f ms (min %.2f), /bin/true %.2f ms\n", $ours[$runs / 2], $ours[0], $none[$runs / 2];
    ' 41 "$bin/chaoschain-verify" "${args[@]}"
fi
if [ -x /usr/bin/time ]; then
    /usr/bin/time -f 'largest resident set: %M KiB' "$bin/chaoschain-verify" "${args[@]}" >/dev/null
else
    echo "largest resident set: SKIPPED: no /usr/bin/time (package time)"
fi
