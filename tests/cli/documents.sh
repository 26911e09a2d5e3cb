#!/usr/bin/env bash
# What the documents say of the programs is so.
. "$(dirname "$0")/lib.bash"
cd "$root"

# README's C example is examples/verify.c, and its command is what really comes out.
awk '/^```c$/ { inside = 1; next } /^```/ { if (inside) exit } inside' README.md >"$work/example.c"
cmp "$work/example.c" examples/verify.c || fail "the C example of README.md is not examples/verify.c"
mkdir "$work/build"
ln -s "$CHAOS_BIN" "$work/build/bin"
forge_into "$work/build/demo/agent" tdx
awk '/^```console$/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md >"$work/console"
sed -n '1,/[^\\]$/p' "$work/console" | sed '1s/^\$ //' >"$work/command"
(cd "$work" && bash ./command) >"$work/real" || fail "README.md's command is refused"
if ! diff <(sed '1,/[^\\]$/d' "$work/console" | cut -c1-60) <(cut -c1-60 "$work/real") >"$work/diff"; then
    fail "README.md does not show what the command prints"
    cat "$work/diff"
else
    pass
fi

expect 0 "errors" scripts/make-errors-doc.sh --check

# Every option is in the man page and every man page of a program exists.
for program in chaoschain-verify chaoschain-forge chaoschain-endpoint genesis-studio tsm-simulator; do
    [ -x "$CHAOS_BIN/$program" ] || continue
    [ -f "man/$program.1.scd" ] || fail "no man page of $program"
    for option in $("$CHAOS_BIN/$program" --help | sed -n 's/^ *\(--[a-z-]*\).*/\1/p'); do
        grep -qF -- "*$option*" "man/$program.1.scd" || fail "man/$program.1.scd does not have $option"
    done
    pass
done
for option in $("$chaoschain" verify-bundle --help | sed -n 's/^ *\(--[a-z-]*\).*/\1/p'); do
    grep -qF -- "*$option*" man/chaoschain-verify-bundle.1.scd || fail "man/chaoschain-verify-bundle.1.scd does not have $option"
    pass
done
for verb in $("$chaoschain" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
    grep -qE "^\\*$verb|^\\*agent\\*.*\\*$verb\\*" man/chaoschain.1.scd || fail "man/chaoschain.1.scd does not have $verb"
    pass
done
# The same for verbs of verbs, which have a man page for each group.
if [ -x "$CHAOS_BIN/chaoschain-chain" ]; then
    for group in agent validation feedback receipts chain account provider; do
        page=man/chaoschain-$group.1.scd
        for verb in $("$chaoschain" "$group" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
            grep -qF "*chaoschain $group $verb*" "$page" || fail "$page does not have $verb"
            [ "$verb" != serve ] || continue # a program with a page of its own
            for option in $("$chaoschain" "$group" "$verb" --help | sed -n 's/^ *\(--[a-z0-9-]*\).*/\1/p'); do
                grep -qF -- "*$option*" "$page" || fail "$page does not have $option of $verb"
            done
            pass
        done
    done
fi
for option in $("$chaoschain" doctor --help | sed -n 's/^ *\(--[a-z-]*\).*/\1/p'); do
    grep -qF -- "*$option*" man/chaoschain-doctor.1.scd || fail "man/chaoschain-doctor.1.scd does not have $option"
    pass
done
# Every key of an agent's config file is in its man page and in its schema.
keys=$(sed -n 's/^    { \(NULL\|"[a-z]*"\), "\([a-z_]*\)", .*_OPT_.*, VALUE_[A-Z]* },$/\2/p' programs/common/agent/config.c)
[ "$(wc -w <<<"$keys")" -ge 20 ] || fail "only these keys of a config file: $keys"
for key in $keys; do
    grep -qF "*$key*" man/chaoschain-agent-config.5.scd || fail "man/chaoschain-agent-config.5.scd does not have $key"
    grep -qF "\"$key\": {" data/schemas/agent-config.schema.json || fail "agent-config.schema.json does not have $key"
    pass
done
# Every rule of the conformance kit, with its sentence.
if [ -x "$CHAOS_BIN/chaoschain-provider" ]; then
    while read -r rule sentence; do
        grep -qxF "*$rule*" man/chaoschain-provider.1.scd && grep -qF "$sentence" <(tr -d '\\' <man/chaoschain-provider.1.scd) ||
            fail "man/chaoschain-provider.1.scd does not have the rule $rule as it is"
        pass
    done < <("$chaoschain" provider check --list)
fi
# Every key of a policy is in its man page.
for key in $(sed -n 's/^    { "\([a-z_.0-9]*\)", [A-Z_]*, .*/\1/p' src/appraise/policy.c); do
    grep -qF -- "${key##*.}" man/chaoschain-policy.5.scd || grep -qE 'rtmr[12]$' <<<"$key" ||
        fail "man/chaoschain-policy.5.scd does not have $key"
    pass
done
awk '/^```$/ { inside = !inside; next } inside' man/chaoschain-policy.5.scd >"$work/policy.json"
expect 0 "the policy of the man page" "$chaoschain" policy check "$work/policy.json"

# Every exit code of the table is a word of the programs.
for code in 'malformed' 'not trusted' 'environment' 'usage' 'internal' 'contraindicated' 'warning' 'affirming'; do
    grep -qE "^\\| [0-9]+ \\| $code \\|" README.md || fail "README.md has no exit code '$code'"
    pass
done

# The completion knows what the programs know.
# shellcheck source=/dev/null
. packaging/completion/chaoschain.bash
if [ "$(_chaoschain_options "$verify" | grep -c .)" -lt 10 ]; then fail "the completion has no options"; fi
grep -qx inspect <(_chaoschain_verbs "$chaoschain") || fail "the completion has no verbs"
COMP_WORDS=("$chaoschain" ins) COMP_CWORD=1
_chaoschain
[ "${COMPREPLY[*]}" = inspect ] || fail "completion of 'ins' gives '${COMPREPLY[*]}'"
if [ -x "$CHAOS_BIN/chaoschain-chain" ]; then
    COMP_WORDS=("$chaoschain" agent set-m) COMP_CWORD=2
    _chaoschain
    [ "${COMPREPLY[*]}" = set-metadata ] || fail "completion of 'agent set-m' gives '${COMPREPLY[*]}'"
    COMP_WORDS=("$chaoschain" feedback give --tag) COMP_CWORD=3
    _chaoschain
    [ "${COMPREPLY[*]}" = "--tag1 --tag2" ] || fail "completion of 'feedback give --tag' gives '${COMPREPLY[*]}'"
fi
COMP_WORDS=("$verify" --col) COMP_CWORD=1
_chaoschain
[ "${COMPREPLY[*]}" = "--collateral --collateral-floor" ] || fail "completion of '--col' gives '${COMPREPLY[*]}'"

finish
