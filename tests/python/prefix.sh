#!/usr/bin/env bash
# prefix.sh - after `make install` the Python package can be had from the prefix alone: it carries what was installed
# there, and goes on when the prefix is gone.
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
unset CHAOS_LIBRARY DESTDIR

for component in runtime python phala-dstack; do
    cmake --install "$CHAOS_BUILD" --prefix "$work/prefix" --component "$component" >"$work/log" || fail "$(cat "$work/log")"
done
[ -z "$(find "$work/prefix" -name __pycache__ -o -name '*.pyc')" ] || fail "caches were installed"
"$CHAOS_PYTHON" -m venv --without-pip "$work/environment"
"$python" -m pip --python "$work/environment/bin/python" install --quiet "$work/prefix/share/chaoschain/python"
rm -rf "$work/prefix"
said=$("$work/environment/bin/python" -I -c '
import chaoschain_tee, chaoschain_tee._native as native
from chaoschain_tee.providers.tee import get_phala_dstack_tee as get, get_simulated_tee
tee = get()("/nowhere/dstack.sock")  # the helper that probes was carried, too
print(chaoschain_tee.library_version(), native.is_carried(), tee.provider_name, tee.unavailable_reason.code)
try:
    get_simulated_tee()
except ImportError as error:
    print(error)')
[ "$(head -n 1 <<<"$said")" = "0.1.0 True phala-dstack NETWORK" ] || fail "$said"
# simulated was not installed there; with the source gone no command can bring it, and none is promised.
sed -n 3p <<<"$said" | grep -q '^Install with: pip install --force-reinstall WHEEL' || fail "$said"

# Editable, from the tree, in the same environment: the tree's own library.
if [ "$(realpath -m "$root/build")" = "$(realpath "$CHAOS_BUILD")" ]; then
    "$python" -m pip --python "$work/environment/bin/python" install --quiet --no-deps -e "$root/bindings/python"
    said=$("$work/environment/bin/python" -I -c '
import chaoschain_tee, chaoschain_tee._native as native
print(chaoschain_tee.__file__, native.library_path)')
    [ "$said" = "$root/bindings/python/chaoschain_tee/__init__.py $(realpath "$root/build/lib/libchaoschain.so")" ] ||
        fail "editable: $said"
fi

# From a source archive, which is far from every build folder: the library is named.
cd "$work"
"$python" -c "import os, sys
sys.path.insert(0, '$root/bindings/python/_backend')
import chaos_build
os.chdir('$root/bindings/python')
print(chaos_build.build_sdist('$work'))" >"$work/archive"
CHAOS_LIBRARY=$CHAOS_BUILD/lib "$python" -m pip --python "$work/environment/bin/python" install --quiet --force-reinstall \
    "$work/$(cat "$work/archive")"
said=$("$work/environment/bin/python" -I -c 'import chaoschain_tee._native as native; print(native.is_carried())')
[ "$said" = True ] || fail "source archive: $said"
