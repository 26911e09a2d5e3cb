#!/usr/bin/env bash
# The demo holds what it announces, and the commands that it ends with can be pasted.
. "$(dirname "$0")/lib.bash"

export CHAOS_BIN CHAOS_DEMO_DIR="$work/a folder"
expect 0 "the demo" env CHAOS_VECTORS="$work/none" "$root/scripts/demo.sh"
cp "$work/out" "$work/demo"
has out "Plan" "the demo"
has out " 0 failed" "the demo"
has out "SKIPPED" "the demo without vectors"
for word in ANCHOR QUOTE_SIGNATURE TD_DEBUG BINDING_IDENTITY BINDING_NONCE MESSAGE_SIGNATURE phala-dstack "SIMULATED  "; do
    has out "$word" "the demo"
done
if grep -q $'\e' "$work/out"; then fail "colours in a file"; else pass; fi
is_empty err "the demo"

commands=0
cd "$root"
while IFS= read -r line; do
    commands=$((commands + 1))
    expect 0 "paste: $line" bash -c "$line"
done < <(sed -n '/^Type next/,$s/^    //p' "$work/demo")
[ "$commands" -eq 3 ] || fail "the demo ends with $commands commands"

# It does not call a failure a success: without the judge, or with one that always says yes.
mkdir "$work/bin"
cp "$CHAOS_BIN/chaoschain" "$work/bin/"
for program in chaoschain-forge chaoschain-tee dstack-simulator; do ln -s "$CHAOS_BIN/$program" "$work/bin/"; done
expect 1 "no judge" env CHAOS_BIN="$work/bin" CHAOS_VECTORS="$work/none" "$root/scripts/demo.sh"
printf '#!/bin/sh\necho "{}"\n' >"$work/bin/chaoschain-verify"
chmod +x "$work/bin/chaoschain-verify"
expect 1 "a judge who says yes to everything" env CHAOS_BIN="$work/bin" CHAOS_VECTORS="$work/none" "$root/scripts/demo.sh"
has out "8 failed" "a judge who says yes to everything"

if [ -r "${CHAOS_VECTORS:-$root/../shared/vectors}/dcap/expected.json" ]; then
    CHAOS_VECTORS=$(cd "${CHAOS_VECTORS:-$root/../shared/vectors}" && pwd)
    expect 0 "with vectors" env CHAOS_VECTORS="$CHAOS_VECTORS" "$root/scripts/demo.sh"
    has out " 0 failed, 0 skipped" "with vectors"
fi

finish
