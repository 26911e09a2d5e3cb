# lib.bash - what the tests of the programs share. Sourced; CHAOS_BIN is the folder of the programs.
set -euo pipefail

: "${CHAOS_BIN:?the folder with the programs}"
CHAOS_BIN=$(cd "$CHAOS_BIN" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
chaoschain=$CHAOS_BIN/chaoschain
verify=$CHAOS_BIN/chaoschain-verify
forge=$CHAOS_BIN/chaoschain-forge
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
passed=0

fail() {
    echo "FAIL: $*"
    failed=$((failed + 1))
}

pass() {
    passed=$((passed + 1))
}

# expect CODE NAME COMMAND...: runs it, output in $work/out and $work/err.
expect() {
    local want=$1 name=$2 got=0
    shift 2
    "$@" >"$work/out" 2>"$work/err" || got=$?
    if [ "$got" -eq "$want" ]; then
        pass
        return
    fi
    fail "$name: exit $got, expected $want: $*"
    sed 's/^/    out: /' "$work/out" | cut -c1-300 | head -5
    sed 's/^/    err: /' "$work/err" | cut -c1-300 | head -5
}

# has FILE TEXT NAME: the text stands in out or err, as it is.
has() {
    if grep -qF -- "$2" "$work/$1"; then
        pass
    else
        fail "$3: no '$2' in $1: $(head -c 300 "$work/$1")"
    fi
}

is_empty() {
    if [ -s "$work/$1" ]; then
        fail "$2: $1 should be empty: $(head -c 300 "$work/$1")"
    else
        pass
    fi
}

# is_json NAME: out is one line of valid JSON. The policy reader checks the whole value of a $comment before it refuses
# what is not a string.
is_json() {
    local said
    if [ "$(wc -l <"$work/out")" -ne 1 ]; then
        fail "$1: JSON is not one line"
        return
    fi
    printf '{"schema":"chaoschain/policy/1","$comment":%s}' "$(cat "$work/out")" >"$work/wrapped.json"
    said=$("$chaoschain" policy check "$work/wrapped.json" 2>&1) || true
    case $said in
        *POLICY_FORMAT*'a comment is a string'*) pass ;;
        *) fail "$1: not valid JSON: $said" ;;
    esac
}

skip() {
    echo "SKIPPED: $*"
    exit 77
}

finish() {
    echo "$(basename "$0"): $passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# --- evidence ---

# forge_into DIR KIND [OPTION]...: quote.bin, collateral.json, trust-root.der, ... made by the forge.
forge_into() {
    local folder=$1 kind=$2
    shift 2
    mkdir -p "$folder"
    "$forge" "$kind" --out "$folder" "$@" >"$folder.log" 2>&1 || { cat "$folder.log"; return 1; }
}
forged_at=2026-01-01T00:00:00Z

# A policy that accepts the simulator by name.
simulated_policy() {
    printf '{"schema":"chaoschain/policy/1","anchors":["simulated"]%s}\n' "${1:-}"
}

to_hex() {
    od -An -v -tx1 "$1" | tr -d ' \n'
}

# flip FILE OFFSET: changes the byte.
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059
    printf "$(printf '\\%03o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
