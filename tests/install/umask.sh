#!/usr/bin/env bash
# umask.sh BUILD_DIR COMPILER - a plug-in that was built, and installed, where new files are open to the group (umask 002,
# usual where each user has a group) is loaded all the same; one that was opened later is not.
set -euo pipefail

build=$(realpath "$1")
compiler=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
provider=phala-dstack
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "umask: $*"
    exit 1
}
unset DSTACK_SIMULATOR_ENDPOINT TAPPD_SIMULATOR_ENDPOINT DESTDIR

umask 002
cmake -S "$root" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_INSTALL_PREFIX="$work/prefix" -DCHAOS_TESTS=OFF >"$work/log" 2>&1 || { cat "$work/log"; fail "configure"; }
cmake --build "$work/build" --target "provider_$provider" >"$work/log" 2>&1 || { cat "$work/log"; fail "build"; }
cmake --install "$work/build" --component "$provider" >"$work/log" 2>&1 || { cat "$work/log"; fail "install"; }
# The control: without care, what is made here is open to the group.
touch "$work/build/made"
[ "$(stat -c %A "$work/build/made" | cut -c 6)" = w ] || fail "the umask of 002 has no effect here"

# says FOLDER WORDS: what the program says of the provider in that folder.
says() {
    local said
    said=$(CHAOS_PROVIDER_PATH=$1 "$build/bin/chaoschain" providers "$provider" 2>&1 || true)
    grep -qF -- "$2" <<<"$said" || fail "of $1, instead of '$2': $said"
}
for folder in "$work/build/lib/chaoschain/providers" \
    "$(dirname "$(find "$work/prefix" -name "chaoschain-provider-$provider.so")")"; do
    file=$folder/chaoschain-provider-$provider.so
    says "$folder" "Not running in Phala CVM"
    chmod g+w "$file"
    says "$folder" "others than its owner can write the plug-in"
    chmod g-w "$file"
    says "$folder" "Not running in Phala CVM"
    chmod g+w "$folder"
    says "$folder" "others than root and this user can write the plug-in's folder"
    chmod g-w "$folder"
done
echo "built, installed and loaded under umask 002"
