#!/usr/bin/env bash
# contributing.sh BUILD_DIR SOURCE_DIR - goes the way of CONTRIBUTING-A-PROVIDER.md: runs every block that begins with
# ```sh step, in their order, in one shell, and looks for every line of a block ```text prints in what the blocks before it
# have printed. The document holds the commands; this file has none of its own.
set -euo pipefail

build=$(realpath "$1")
document=$2/CONTRIBUTING-A-PROVIDER.md
work=$(mktemp -d)
simulator=
cleanup() {
    [ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
fail() {
    echo "contributing: $*"
    exit 1
}
command -v git >/dev/null || { echo "SKIPPED: no git"; exit 77; }
git -C "$2" rev-parse HEAD >/dev/null 2>&1 || { echo "SKIPPED: the source tree is no git repository"; exit 77; }

# What the document takes for granted, and nothing of whoever runs the tests.
unset CHAOS_PROVIDER_PATH DSTACK_SIMULATOR_ENDPOINT TAPPD_SIMULATOR_ENDPOINT DSTACK_AGENT_ADDRESS DESTDIR ENDPOINT RECORDING
export GIT_AUTHOR_NAME=author GIT_AUTHOR_EMAIL=author@example.org GIT_COMMITTER_NAME=author GIT_COMMITTER_EMAIL=author@example.org
export HOME=$work GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
export PREFIX=$work/prefix CHAOSCHAIN=$work/source
mkdir "$work/walk"
# The source tree with the build folder where the document has it: git sees the tree, cmake the build.
git clone --quiet --shared "$2" "$CHAOSCHAIN"
ln -s "$build" "$CHAOSCHAIN/build"
mkdir -p "$CHAOSCHAIN/tests/install" && cp -r "$2/tests/install/sample" "$CHAOSCHAIN/tests/install/"

[ "$(grep -c '^## [0-9]*\. ' "$document")" -eq 10 ] || fail "the document has not ten steps"
for step in 1 2 3 4 5 6 7 8 9 10; do
    awk -v step="$step" '/^## / { inside = ($2 == step ".") } inside && /^```sh step$/ { found = 1 } END { exit !found }' "$document" ||
        fail "step $step has no block that is run"
done

# The document as a script: blocks are run with their output kept, lines that it should print are looked for.
awk '
    /^## /           { print "echo \"=== " substr($0, 4) "\""; next }
    /^```sh step$/   { inside = "step"; print "{"; next }
    /^```text prints$/ { inside = "prints"; next }
    /^```$/          { if (inside == "step") print "} >>\"$output\" 2>&1"; else if (inside == "prints") print ": >\"$output\""; inside = ""; next }
    inside == "step" { print }
    inside == "prints" { gsub(/\047/, "\047\\\047\047"); print "printed \047" $0 "\047" }
' "$document" >"$work/script"
bash -n "$work/script" || fail "the blocks are no script"

cd "$work/walk"
output=$work/output
: >"$output"
printed() { # wrapped lines count as one
    grep -qF -- "$1" <(tr -s ' \n' ' ' <"$output") || grep -qF -- "$1" "$output" || {
        tail -n 40 "$output"
        fail "not printed: $1"
    }
}
trap 'code=$?; [ "$code" -eq 0 ] || tail -n 40 "$output"; cleanup' EXIT
# shellcheck source=/dev/null
. "$work/script"
[ -f "$work/walk/tree/0001-The-TEE-provider-my-tee.patch" ] || fail "the last step was not reached"
# What was submitted builds in the tree as a plug-in of its own, by the rule of providers/: the public header alone.
for file in provider tee; do
    cc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -I"$work/walk/tree/include" "$work/walk/tree/providers/my-tee/$file.c" ||
        fail "providers/my-tee/$file.c"
done
echo "contributing: ten steps"
