#!/usr/bin/env bash
# Hostile names, files and surroundings: nothing of them reaches the terminal as it is, and no verdict gets lost.
. "$(dirname "$0")/lib.bash"

forge_into "$work/tdx" tdx
simulated_policy >"$work/policy.json"
quote=$work/tdx/quote.bin
accept=(--collateral "$work/tdx/collateral.json" --trust-root "$work/tdx/trust-root.der" --at "$forged_at" --policy "$work/policy.json")

# clean FILE NAME: printable ASCII and line ends only.
clean() {
    if LC_ALL=C tr -d '\n -~' <"$work/$1" | grep -q .; then
        fail "$2: unprintable bytes in $1"
    else
        pass
    fi
}

names=($'\e[2Jgone' $'line\nbreak' $'bell\a' $'\xff\xfe' '%s%n%s%n' '$(touch hostile)' '`touch hostile`' "'; touch hostile; '"
    "$(printf 'x%.0s' $(seq 255))" '../../../../etc/passwd\0' ' ' $'\u202etxt')
cd "$work"
for name in "${names[@]}"; do
    shown=$(printf '%q' "$name")
    expect 5 "missing: ${shown:0:40}" "$verify" --at 0 --quote "$name"
    clean err "missing: ${shown:0:40}"
    expect 5 "missing, JSON: ${shown:0:40}" "$verify" --json --at 0 --quote "$name"
    clean out "missing, JSON: ${shown:0:40}"
    is_json "missing, JSON: ${shown:0:40}"
    expect 5 "inspect: ${shown:0:40}" "$chaoschain" inspect "$name"
    clean err "inspect: ${shown:0:40}"
    expect 64 "verb: ${shown:0:40}" "$chaoschain" "$name"
    clean err "verb: ${shown:0:40}"
    expect 64 "option: ${shown:0:40}" "$verify" "--$name"
    clean err "option: ${shown:0:40}"
    expect 64 "time: ${shown:0:40}" "$verify" --at "$name" "$quote"
    clean err "time: ${shown:0:40}"
done
for name in $'\e[2Jgone' $'line\nbreak' '$(touch hostile)' '`touch hostile`' "'; touch hostile; '" '--json' '-'; do
    cp "$quote" "./$name"
    expect 0 "verify: $(printf '%q' "$name")" "$verify" "${accept[@]}" --quote "./$name"
    expect 5 "hint: $(printf '%q' "$name")" "$verify" --at "$forged_at" "./$name"
    clean err "hint: $(printf '%q' "$name")"
    clean out "hint: $(printf '%q' "$name")"
    command=$(sed -n 's/^  chaoschain collateral fetch/:/p' "$work/err")
    bash -c "$command" || fail "the hint is no command: $command"
done
[ ! -e hostile ] || fail "a name was run"

# Words of a stranger inside well-formed files.
printf '{"schema":"chaoschain/policy/1","\xe2\x80\xae\xc2\x9b2J":1}' >strange.json
expect 3 "a strange key" "$chaoschain" policy check strange.json
clean err "a strange key"

# A verdict that could not be written is none.
expect 5 "a full device" bash -c '"$0" "$@" >/dev/full' "$verify" "${accept[@]}" "$quote"
expect 5 "closed output" bash -c '"$0" "$@" >&-' "$verify" "${accept[@]}" "$quote"
expect 5 "closed output, JSON" bash -c '"$0" "$@" >&-' "$verify" "${accept[@]}" --json "$quote"
expect 5 "closed input" bash -c '"$0" "$@" <&-' "$verify" "${accept[@]}" -
expect 0 "closed errors" bash -c '"$0" "$@" 2>&-' "$verify" "${accept[@]}" "$quote"
expect 5 "help on a full device" bash -c '"$0" --help >/dev/full' "$verify"

# Neither environment nor working folder means anything.
printf 'openssl_conf = x\n[x]\nengines = y\n[y]\nz = w\n[w]\ndynamic_path = %s/none.so\n' "$work" >openssl.cnf
expect 0 "a hostile openssl.cnf" env OPENSSL_CONF="$work/openssl.cnf" OPENSSL_MODULES="$work" OPENSSL_ENGINES="$work" \
    "$verify" "${accept[@]}" "$quote"
expect 0 "no environment" env -i "$verify" "${accept[@]}" "$quote"
expect 0 "another language" env LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Kathmandu "$verify" "${accept[@]}" "$quote"

finish
