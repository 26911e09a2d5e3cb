#!/usr/bin/env bash
# compat.sh - the opt-in package chaoschain_sdk: it installs without an index, works, and never takes the place of the SDK
# whose name it lends: not where that is installed, not where it is editable, not where it lies as a folder.
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
new=$work/environment
"$CHAOS_PYTHON" -m venv --without-pip "$new"
site=$("$new/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
compat=$root/bindings/python/compat
said=$work/said

# Without the core it says what it needs.
! install_in "$new" "$compat" >"$said" 2>&1 || fail "it was installed without chaoschain-tee"
grep -q 'chaoschain-tee' "$said" || fail "it does not say what it needs: $(cat "$said")"
install_in "$new" "$root/bindings/python"

by_pip() { install_in "$new" "$compat"; }
by_hook() { (cd "$compat" && PYTHONPATH=_backend "$new/bin/python" -c "import compat_build; compat_build.build_wheel('$work')"); }
must_refuse() { # WHAT PATH HOW
    ! "$3" >"$said" 2>&1 || fail "it was installed beside $1"
    grep -qF "ChaosChain's own SDK is installed here: $2" "$said" || fail "beside $1: $(cat "$said")"
    [ ! -e "$site/chaoschain_tee_compat-0.1.0.dist-info" ] || fail "beside $1: something was installed"
}
a_package() { # FOLDER
    mkdir -p "$1/chaoschain_sdk"
    echo "owner = 'another'" >"$1/chaoschain_sdk/__init__.py"
}
metadata() { # FOLDER
    mkdir -p "$1/chaoschain_sdk-0.4.1.dist-info"
    printf 'Metadata-Version: 2.1\nName: chaoschain-sdk\nVersion: 0.4.1\n' >"$1/chaoschain_sdk-0.4.1.dist-info/METADATA"
}
a_package "$site"
must_refuse "a package" "$site/chaoschain_sdk" by_pip
metadata "$site"
rm -r "$site/chaoschain_sdk"
must_refuse "a distribution" "$site/chaoschain_sdk-0.4.1.dist-info" by_hook
rm -r "$site/chaoschain_sdk-0.4.1.dist-info"
echo "import chaoschain_sdk_finder" >"$site/__editable__.chaoschain_sdk-0.4.1.pth"
must_refuse "an editable one" "$site/__editable__.chaoschain_sdk-0.4.1.pth" by_hook
rm "$site/__editable__.chaoschain_sdk-0.4.1.pth"
a_package "$work/elsewhere"
echo "$work/elsewhere" >"$site/elsewhere.pth" # on the path, as the system's folder is
must_refuse "one elsewhere on the path" "$work/elsewhere/chaoschain_sdk" by_hook
rm "$site/elsewhere.pth"

by_hook || fail "it refuses where nothing is"
# The control: with none of these it installs, and over itself too.
install_in "$new" "$compat"
install_in "$new" --force-reinstall --no-deps "$compat"
unset CHAOS_LIBRARY
cd "$here"
beside bash -c 'run "$@"' - "$new/bin/python" -m unittest -b test_compat

# Both installed: the name is the SDK's.
metadata "$site"
code=0
sanitize "$new/bin/python" -I -c 'import chaoschain_sdk' >"$said" 2>&1 || code=$?
[ "$code" = 1 ] || fail "it was imported beside the SDK"
grep -q 'ImportError: chaoschain-tee-compat and .*chaoschain-sdk 0.4.1' "$said" || fail "$(cat "$said")"
sanitize "$new/bin/python" -I -c 'import chaoschain_tee.agent' || fail "the package itself cannot be imported beside the SDK"
echo "refused beside 4 forms of the SDK and on import, installed where it is alone"
