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
beside bash -c 'run "$@"' - "$environment/bin/python" seed_blocks.py "$seed"
