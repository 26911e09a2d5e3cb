#!/usr/bin/env bash
# missing_provider.sh BUILD_DIR COMPILER [PROVIDER] - what a user sees who did not install a plug-in: two lines, the second of which
# is a command. It is run as it is printed, and then the plug-in is there.
set -euo pipefail

build=$(realpath "$1")
compiler=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
provider=${3:-phala-dstack}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "missing_provider: $*"
    exit 1
}
# What would hide the message: the environment of whoever runs the tests.
unset CHAOS_PROVIDER_PATH CHAOS_TSM_PATH DSTACK_SIMULATOR_ENDPOINT TAPPD_SIMULATOR_ENDPOINT

# Installed below the prefix that the build has by itself, as the printed command does.
export DESTDIR=$work/stage
prefix=$DESTDIR$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$build/CMakeCache.txt")
components=(runtime development programs data)
for folder in "$root"/providers/*/; do
    name=$(basename "$folder")
    [ "$name" = "$provider" ] || components+=("$name")
done
for component in "${components[@]}"; do
    cmake --install "$build" --component "$component" >"$work/log" || { cat "$work/log"; fail "component $component"; }
done
[ -z "$(find "$DESTDIR" -name "chaoschain-provider-$provider.so")" ] || fail "a component that is not $provider brought it"
chaoschain=$prefix/bin/chaoschain
[ -x "$chaoschain" ] || fail "no bin/chaoschain in $prefix"
libdir=$(dirname "$(find "$prefix" -name libchaoschain.so)")
export LD_LIBRARY_PATH=$libdir PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags < <(pkg-config --cflags --libs chaoschain)
"$compiler" -std=c11 -Wall -Wextra -Werror "$root/tests/install/consumer/tee.c" -o "$work/program" "${flags[@]}"

# two_lines WHO, what it said on standard input: sets $command.
two_lines() {
    local said first second
    said=$(sed 's/^ *//')
    second=$(grep -E '^Install with: ' <<<"$said" || true)
    [ "$(grep -c . <<<"$second")" = 1 ] || fail "$1 does not say once how to install it: $said"
    first=$(grep -B 1 -E '^Install with: ' <<<"$said" | head -n 1)
    [[ $first == *"$provider"* && $first != "$second" ]] || fail "$1 does not say what is missing, but: $first"
    command=${second#Install with: }
}

code=0
"$work/program" "$provider" >"$work/said" || code=$?
[ "$code" = 5 ] || fail "the library: exit $code: $(cat "$work/said")"
[ "$(head -n 1 "$work/said")" = PROVIDER_MISSING ] || fail "the library says $(head -n 1 "$work/said")"
[ "$(wc -l <"$work/said")" = 3 ] || fail "the library's text is not two lines: $(cat "$work/said")"
two_lines "the library" <"$work/said"
of_library=$command

code=0
"$chaoschain" providers "$provider" >"$work/said" 2>&1 || code=$?
[ "$code" = 5 ] || fail "chaoschain providers $provider: exit $code: $(cat "$work/said")"
two_lines "chaoschain providers" <"$work/said"
[ "$command" = "$of_library" ] || fail "the program says '$command', the library '$of_library'"
echo "$command"

# Exactly that, from the source folder. The build folder is called build there, or here. DESTDIR would not survive sudo.
cd "$root"
if [ "$(realpath -m build)" != "$build" ]; then
    mkdir "$work/source"
    ln -s "$build" "$work/source/build"
    cd "$work/source"
fi
if [ "$(id -u)" -ne 0 ]; then
    [[ $command == sudo\ * ]] || fail "not root, and no sudo in: $command"
fi
bash -c "${command#sudo }" >"$work/log" 2>&1 || { cat "$work/log"; fail "the command that was printed"; }

plugin=$(find "$DESTDIR" -name "chaoschain-provider-$provider.so")
[ -f "$plugin" ] && [ ! -L "$plugin" ] || fail "the command did not install the plug-in"
said=$("$work/program" "$provider") || fail "the library still does not find it: $said"
[[ $said == *" $provider: $plugin" ]] || fail "the library found another one: $said"
code=0
"$chaoschain" providers "$provider" >"$work/said" 2>&1 || code=$?
! grep -q 'Install with' "$work/said" || fail "chaoschain providers still wants it installed: $(cat "$work/said")"
[ "$code" = 0 ] || [ "$code" = 5 ] || fail "chaoschain providers $provider: exit $code: $(cat "$work/said")"
echo "installed: ${plugin#"$DESTDIR"}"
