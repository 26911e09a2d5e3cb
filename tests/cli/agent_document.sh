#!/usr/bin/env bash
# docs/agents.md as it is printed: every line that begins with "$ chaoschain" is typed, in order, after the place to play
# was made. What the lines take for granted is a variable here: RPC, AGENT, WALLET, BOB, REQUEST.
. "$(dirname "$0")/agent.bash" held
RPC=$rpc
echo '{"item":"a jacket"}' >cart.json
echo '{"type":"shopping/paid","payload":"0x00"}' >actions.jsonl

# A keystore in the user's folder, as `account new --keystore NAME` makes it, with ether.
make_account() {
    "$chaoschain" account new --light --json --keystore "$1" --passphrase-fd 3 >account.json 3<<<"$passphrase"
    made=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' account.json)
    ask anvil_setBalance "[\"$made\",\"0x56bc75e2d63100000\"]" >ask
}
for name in alice charlie bob; do make_account "$name"; done
BOB=$made

# What is typed: the words as they are, and the passphrase where the terminal would be asked for it.
chaoschain_typed() {
    case "$1 $2" in
        "agent register" | "agent renew" | "agent request-validation" | "receipts anchor" | "feedback give" | validate\ *)
            "$chaoschain" "$@" --passphrase-fd 3 3<<<"$passphrase"
            ;;
        *) "$chaoschain" "$@" ;;
    esac
}

# Shell functions have no dash problem, but the name of the program is a variable of lib.bash.
mapfile -t lines < <(sed -n '/^The agent, from its config file/,/^## /s/^\$ chaoschain //p' "$root/docs/agents.md")
[ "${#lines[@]}" -ge 14 ] && pass || fail "docs/agents.md has ${#lines[@]} lines to type"
for line in "${lines[@]}"; do
    type_line() { eval "chaoschain_typed $line"; }
    expect 0 "docs/agents.md: $line" type_line
    case $line in
        "agent session"*) ;;                # JSON, for a program
        verify-bundle* | check*) ;;         # whole measurements, to be copied
        *) width "docs/agents.md: $line" ;;
    esac
    case $line in
        "agent register"*)
            AGENT=$(sed -n 's/^agent  *//p' "$work/out")
            WALLET=$(sed -n 's/^wallet  *//p' "$work/out")
            ;;
        "agent request-validation"*) REQUEST=$(sed -n 's/^request hash  *//p' "$work/out") ;;
        check*) has out SIMULATED "check" ;;
        validate*) has out 100 "validate" ;;
        verify-bundle*) has out "receipts        2," "verify-bundle" ;;
    esac
done
[ -n "${AGENT:-}" ] && [ -n "${WALLET:-}" ] && [ -n "${REQUEST:-}" ] && pass || fail "what the lines print was not found"
finish
