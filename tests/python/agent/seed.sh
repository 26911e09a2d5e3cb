#!/usr/bin/env bash
# seed.sh - every Python block of the document that this project comes from, as it is printed there, with chaoschain-tee
# and its compatibility package installed. CHAOS_SEED names the document: nothing of it is in this tree.
. "$(dirname "$0")/lib.sh"
seed=${CHAOS_SEED:-$root/../shared/seed.md}
[ -r "$seed" ] || skip "no document ($seed); CHAOS_SEED names it"
"$CHAOS_PYTHON" -c 'import pytest' 2>/dev/null || skip "no pytest (python3-pytest)"
need_chain
environment=$CHAOS_BUILD/python/seed
rm -rf "$environment"
"$CHAOS_PYTHON" -m venv --system-site-packages --without-pip "$environment"
install_in "$environment" "$root/bindings/python" "$root/bindings/python/compat"
unset CHAOS_LIBRARY
cd "$here"
blocks() { beside bash -c 'run "$@"' - "$environment/bin/python" seed_blocks.py "$1"; }

# The harness itself: a document of our own, in which one block does not do what it says and others are missing.
own=$(mktemp)
trap 'rm -f "$own"' EXIT
printf '%s\n' '````markdown' '```python' 'signature = tee.sign(action_data, keypair)' '```' '````' '  ```python' \
    '  agent_id, tx_hash = agent.register_identity(tee_attestation={})' '  ```' '```python' 'print(nothing)' '```' >"$own"
code=0
said=$(blocks "$own" 2>/dev/null) || code=$?
[ "$code" = 1 ] || fail "a broken document: exit $code: $said"
for line in '^line   3  signing .* run, given action_data, keypair, tee' '^line   7  registration .* FAILED: FormatError' \
    '^line  10  other .* FAILED: Failure: takes for granted what nobody supplies: nothing' \
    '^FAILED: the document has no block of these kinds: accessor, class, example, tests, validation'; do
    grep -q "$line" <<<"$said" || fail "a broken document: no '$line' in: $said"
done

blocks "$seed"
