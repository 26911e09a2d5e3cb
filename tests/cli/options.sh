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
expect 64 "no evidence" "$verify"
has err "which evidence?" "no evidence"
for two in "--quote $work/quote $work/quote" "--evidence $work/quote $work/quote" "--evidence $work/quote --quote $work/quote"; do
    # shellcheck disable=SC2086
    expect 64 "two: $two" "$verify" $two
    has err "one piece of evidence at a time" "two: $two"
done
expect 64 "unknown option" "$verify" --qoute "$work/quote"
has err "did you mean '--quote'" "unknown option"
expect 64 "unknown option, nothing near" "$verify" --zzzzzzzzzz
has err "unknown option '--zzzzzzzzzz'" "unknown option, nothing near"
expect 64 "short option" "$verify" -q
for option in --quote --evidence --collateral --event-log --at --trust-root --policy --expect-report-data --expect-agent \
    --expect-identity-key --expect-nonce; do
    expect 64 "$option without a value" "$verify" "$work/quote" "$option"
    has err "'$option' needs a value" "$option without a value"
    expect 64 "$option with an empty value" "$verify" "$work/quote" "$option="
    expect 64 "$option with an empty argument" "$verify" "$work/quote" "$option" ""
done
for option in --quote --evidence --collateral --event-log --at --policy --expect-report-data --expect-agent --expect-identity-key \
    --expect-nonce; do
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
for time in yesterday 2026-01-01 2026-02-30T00:00:00Z 2026-01-01T00:00:00 '2026-01-01 00:00:00Z' 2026-01-01T00:00:00+1:00 \
    2026-01-01T00:00:00+0100 2026-01-01T00:00:00+24:00 2026-01-01T00:00:00-01:60 2026-01-01T00:00:00+01:00Z 2026-01-01T00:00:00.Z \
    2026-01-01T00:00:60Z 2026-01-01T24:00:00Z 1970-01-01T00:59:59+01:00 9999-12-31T23:59:59-00:01 \
    -1 +1 1e9 253402300800 99999999999999999999 ' 1' 1.5 1767225600Z; do
    expect 64 "--at $time" "$verify" --at "$time" "$work/quote"
    has err "--at" "--at $time"
done
# One moment in all its forms; without collateral nothing is judged, but the time is said.
"$forge" --out "$work/made" >"$work/out"
for time in 1767225600 01767225600 2026-01-01T00:00:00Z 2026-01-01t00:00:00z 2026-01-01T00:00:00.999Z 2026-01-01T00:00:00+00:00 \
    2026-01-01T00:00:00-00:00 2026-01-01T05:45:00+05:45 2025-12-31T14:00:00.5-10:00; do
    expect 5 "--at $time" "$verify" --json --at "$time" "$work/made/quote.bin"
    has out '"now":"2026-01-01T00:00:00Z"' "--at $time"
done
for time in 0 1970-01-01T00:00:00Z 1970-01-01T01:00:00+01:00; do
    expect 5 "--at $time" "$verify" --json --at "$time" "$work/made/quote.bin"
    has out '"now":"1970-01-01T00:00:00Z"' "--at $time"
done
for time in 253402300799 9999-12-31T22:59:59-01:00; do
    expect 5 "--at $time" "$verify" --json --at "$time" "$work/made/quote.bin"
    has out '"now":"9999-12-31T23:59:59Z"' "--at $time"
done
zeros=$(printf '0%.0s' $(seq 126))
for hex in 00 "$zeros" "${zeros}0" "${zeros}000" "${zeros}0000" "${zeros}0g" 0x "0x$zeros"; do
    expect 64 "report data of ${#hex} characters" "$verify" --expect-report-data "$hex" "$work/quote"
    has err "exactly 128 hex digits" "report data of ${#hex} characters"
done

# --- expectations of a binding ---
# no_value OPTION TEXT WHY: the text is no value of this option.
no_value() {
    expect 64 "$1 '${2:0:60}'" "$verify" "$1=$2" "$work/quote"
    has err "USAGE: $1: " "$1 '${2:0:60}'"
    has err "$3" "$1 '${2:0:60}'"
}
# a_value OPTION TEXT: it is one; what is wrong then is that a bare quote binds nothing.
a_value() {
    expect 64 "$1 '${2:0:60}'" "$verify" "$1=$2" "$work/quote"
    has err "$1: a bare quote has no binding" "$1 '${2:0:60}'"
}
lower=0x5fbdb2315678afecb367f032d93f642f64180aa3
right=0x5FbDB2315678afecb367f032d93F642f64180aa3 # its EIP-55 checksum
upper=0x$(tr a-f A-F <<<"${lower#0x}")
largest=115792089237316195423570985008687907853269984665640564039457584007913129639935 # 2^256 - 1
beyond=115792089237316195423570985008687907853269984665640564039457584007913129639936
for address in "$lower" "$upper" "$right" 0x0000000000000000000000000000000000000000 \
    0x52908400098527886E0F7030069857D2E4169EE7 0xde709f2102306220921060314715629080e2fb77 \
    0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed 0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359; do
    a_value --expect-identity-key "$address"
    a_value --expect-agent "eip155:1:$address:7"
done
for address in "${lower#0x}" "0X${lower#0x}" "${lower}0" "${lower%3}" "${lower%3}g" " $lower" "$lower " "0x" "x$lower" "vitalik.eth"; do
    no_value --expect-identity-key "$address" "an address is 0x and 40 hex digits"
    no_value --expect-agent "eip155:1:$address:7" "an address is 0x and 40 hex digits"
done
for address in 0x5fbDB2315678afecb367f032d93F642f64180aa3 0x5FbDB2315678afecb367f032d93F642f64180aA3 \
    0x5FbDB2315678afecb367f032d93F642f64180ab3; do
    no_value --expect-identity-key "$address" "EIP-55"
    no_value --expect-agent "eip155:1:$address:7" "EIP-55"
done
for number in 0 1 31337 "$largest"; do
    a_value --expect-agent "eip155:$number:$right:0"
    a_value --expect-agent "eip155:31337:$right:$number"
done
for number in "" 00 01 -1 +1 1.0 1e3 0x1 " 1" "1 " "$beyond" "${largest}0" "$(printf '9%.0s' $(seq 3000))" $'1\n' ١; do
    no_value --expect-agent "eip155:$number:$right:0" "the chain must be a decimal number"
    no_value --expect-agent "eip155:31337:$right:$number" "the id must be a decimal number"
done
no_value --expect-agent "31337:$right:0" "four parts"
no_value --expect-agent "eip155:31337:$right" "four parts"
no_value --expect-agent "$right" "four parts"
no_value --expect-agent "EIP155:31337:$right:0" "must be eip155"
no_value --expect-agent "solana:31337:$right:0" "must be eip155"
no_value --expect-agent ":31337:$right:0" "must be eip155"
no_value --expect-agent "eip155:31337:$right:0:0" "the id must be"
no_value --expect-agent "eip155:31337::0" "an address is"
nonce=00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF
for hex in "$nonce" "0x$nonce" "0X$nonce"; do
    a_value --expect-nonce "$hex"
done
for hex in 00 "${nonce}00" "${nonce}0" "${nonce%F}" "${nonce%F}g" 0x "0x0x$nonce" " $nonce" "${nonce%F} "; do
    no_value --expect-nonce "$hex" "exactly 64 hex digits"
done
for option in --expect-subject --expect-uri-hash --expect-tls-key; do
    a_value "$option" "$nonce"
    no_value "$option" "${nonce}0" "exactly 64 hex digits"
    no_value "$option" "${nonce%F}" "exactly 64 hex digits"
done
a_value --expect-block "0:$nonce"
a_value --expect-block "9223372036854775807:0x$nonce"
for block in "$nonce" "7:" ":$nonce" "7:${nonce}00" "07:$nonce" "-1:$nonce" "9223372036854775808:$nonce" \
    "99999999999999999999999:$nonce" "7:$nonce:7"; do
    no_value --expect-block "$block" "a block's number and its hash"
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
has err "the verbs are verify, verify-bundle, inspect" "unknown verb"
expect 64 "unknown verb, nothing near" "$chaoschain" frobnicate
expect 64 "unknown option of chaoschain" "$chaoschain" --frobnicate
expect 64 "empty verb" "$chaoschain" ""
for verb in agent register validate check; do
    expect 64 "$verb does not exist" "$chaoschain" "$verb"
done
for verb in verify inspect policy; do
    expect 0 "help $verb" "$chaoschain" help "$verb"
    has out "Usage:" "help $verb"
    expect 0 "$verb --help" "$chaoschain" "$verb" --help
done
expect 64 "help of an unknown verb" "$chaoschain" help inspekt

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
