#!/usr/bin/env bash
# The command lines: help, versions, every option's mistakes, verbs.
. "$(dirname "$0")/lib.bash"

# --- help and version ---
version=$(sed -n 's/^#define CHAOS_VERSION_STRING "\(.*\)"/\1/p' "$root/include/chaoschain/base.h")
for program in chaoschain chaoschain-verify; do
    expect 0 "$program --version" "$CHAOS_BIN/$program" --version
    has out "$program $version" "$program --version"
    for word in --help -h; do
        expect 0 "$program $word" "$CHAOS_BIN/$program" "$word"
        has out "Usage: $program" "$program $word"
        is_empty err "$program $word"
    done
done

# --- chaoschain-verify ---
touch "$work/quote"
expect 64 "no quote" "$verify"
has err "which quote?" "no quote"
expect 64 "two quotes" "$verify" --quote "$work/quote" "$work/quote"
has err "one quote at a time" "two quotes"
expect 64 "unknown option" "$verify" --qoute "$work/quote"
has err "did you mean '--quote'" "unknown option"
expect 64 "unknown option, nothing near" "$verify" --zzzzzzzzzz
has err "unknown option '--zzzzzzzzzz'" "unknown option, nothing near"
expect 64 "short option" "$verify" -q
for option in --quote --collateral --event-log --at --trust-root --policy --expect-report-data; do
    expect 64 "$option without a value" "$verify" "$work/quote" "$option"
    has err "'$option' needs a value" "$option without a value"
    expect 64 "$option with an empty value" "$verify" "$work/quote" "$option="
    expect 64 "$option with an empty argument" "$verify" "$work/quote" "$option" ""
done
for option in --quote --collateral --event-log --at --policy --expect-report-data; do
    expect 64 "$option twice" "$verify" "$option" "$work/quote" "$option" "$work/quote"
    has err "given too often: '$option'" "$option twice"
done
roots=()
for _ in $(seq 17); do roots+=(--trust-root "$work/quote"); done
expect 64 "17 roots" "$verify" "${roots[@]}" "$work/quote"
has err "given too often: '--trust-root'" "17 roots"
for option in --json --help --version; do
    expect 64 "$option with a value" "$verify" "$option=1"
    has err "takes no value" "$option with a value"
done
for option in --evidence --expect-agent --expect-identity-key --expect-nonce --collateral-floor --batch --jobs; do
    expect 64 "$option" "$verify" "$option" x "$work/quote"
    has err "$option is not built yet" "$option"
    expect 64 "$option=" "$verify" "$work/quote" "$option=x"
    has err "$option is not built yet" "$option="
done
for time in yesterday 2026-01-01 2026-02-30T00:00:00Z 2026-01-01T00:00:00+01:00 -1 1e9 99999999999999999999 ' 1' 1.5; do
    expect 64 "--at $time" "$verify" --at "$time" "$work/quote"
    has err "--at" "--at $time"
done
zeros=$(printf '0%.0s' $(seq 126))
for hex in 00 "$zeros" "${zeros}0" "${zeros}000" "${zeros}0000" "${zeros}0g" 0x "0x$zeros"; do
    expect 64 "report data of ${#hex} characters" "$verify" --expect-report-data "$hex" "$work/quote"
    has err "exactly 128 hex digits" "report data of ${#hex} characters"
done
expect 64 "standard input twice" "$verify" --collateral - -
has err "only one file can be standard input" "standard input twice"
expect 64 "an empty operand" "$verify" ""
many=()
for _ in $(seq 70); do many+=(--json); done
expect 64 "too many arguments" "$verify" "${many[@]}"

# --- chaoschain ---
expect 64 "no verb" "$chaoschain"
expect 64 "unknown verb" "$chaoschain" inspekt
has err "did you mean 'inspect'" "unknown verb"
has err "the verbs are verify, inspect" "unknown verb"
expect 64 "unknown verb, nothing near" "$chaoschain" frobnicate
expect 64 "unknown option of chaoschain" "$chaoschain" --frobnicate
expect 64 "empty verb" "$chaoschain" ""
for verb in agent attest providers validate check; do
    expect 64 "$verb does not exist" "$chaoschain" "$verb"
done
for verb in verify inspect policy; do
    expect 0 "help $verb" "$chaoschain" help "$verb"
    has out "Usage:" "help $verb"
    expect 0 "$verb --help" "$chaoschain" "$verb" --help
done
expect 64 "help of an unknown verb" "$chaoschain" help inspekt
expect 64 "collateral" "$chaoschain" collateral fetch --quote x --out y
has err "not built yet" "collateral"

# --- verify runs what lies beside chaoschain, and nothing else ---
mkdir "$work/alone" "$work/path"
cp "$chaoschain" "$work/alone/"
printf '#!/bin/sh\necho from PATH\n' >"$work/path/chaoschain-verify"
chmod +x "$work/path/chaoschain-verify"
expect 5 "verify without its program" env PATH="$work/path:$PATH" "$work/alone/chaoschain" verify --version
has err "belongs beside chaoschain" "verify without its program"
is_empty out "verify without its program"
ln -s "$chaoschain" "$work/path/linked"
expect 0 "verify through a link" "$work/path/linked" verify --version
has out "chaoschain-verify $version" "verify through a link"

finish
