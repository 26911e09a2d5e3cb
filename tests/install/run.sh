#!/usr/bin/env bash
# run.sh BUILD_DIR COMPILER MAKE_EVIDENCE - installs into an empty folder, builds README's C example against what was
# installed (pkg-config and CMake, shared and static), and runs each on forged evidence.
#
# The example's arguments are: quote file, collateral file, root certificate file or "-", Unix time. It prints the tier.
set -euo pipefail

build=$1
compiler=$2
make_evidence=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "install: $*"
    exit 1
}

DESTDIR=$work/stage cmake --install "$build" --prefix /opt/chaos >"$work/log" || { cat "$work/log"; fail "cmake --install"; }
prefix=$work/stage/opt/chaos
libdir=$(dirname "$(find "$prefix" -name libchaoschain-verify.so)")

[ "$(ls "$work/stage")" = opt ] || fail "files outside the prefix: $(ls "$work/stage")"
for file in "$libdir"/libchaoschain-verify.{a,so,so.0,so.0.1.0} "$libdir/pkgconfig/chaoschain-verify.pc" \
    "$libdir"/cmake/ChaoschainVerify/ChaoschainVerify{Config,ConfigVersion,Targets}.cmake \
    "$prefix"/include/chaoschain/{chaoschain,base,evidence,verify,appraise,check}.h "$prefix/bin/chaoschain-verify"; do
    [ -e "$file" ] || fail "not installed: ${file#"$work/stage"}"
done
for program in "$prefix"/bin/*; do
    "$program" --help >/dev/null || fail "${program##*/} --help: exit $?"
done
leaks=$(grep -rlF -e "$root/" -e "$work" "$prefix" || true)
[ -z "$leaks" ] || fail "paths of the build machine in: $leaks"

if [ ! -f "$root/README.md" ]; then
    echo "SKIPPED: no README.md"
    exit 77
fi
example=$work/example.c
awk '/^```c$/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$root/README.md" >"$example"
[ -s "$example" ] || fail "README.md has no C example"

"$make_evidence" "$work"
cp "$work/quote.bin" "$work/forged.bin"
# One bit of the report data, which the quote's signature covers.
printf '\001' | dd of="$work/forged.bin" bs=1 seek=600 conv=notrunc status=none

try() { # try NAME PROGRAM
    local answer
    answer=$(LD_LIBRARY_PATH=$libdir "$2" "$work/quote.bin" "$work/collateral.json" "$work/root.der" "$(cat "$work/now.txt")" 2>&1) || true
    grep -qE '\b(AFFIRMING|WARNING|CONTRAINDICATED|NONE)\b' <<<"$answer" || fail "$1 printed no tier: $answer"
    echo "$1: $answer"
    answer=$(LD_LIBRARY_PATH=$libdir "$2" "$work/forged.bin" "$work/collateral.json" "$work/root.der" "$(cat "$work/now.txt")" 2>&1) || true
    ! grep -qE '\b(AFFIRMING|WARNING)\b' <<<"$answer" || fail "$1 takes a changed quote: $answer"
}

export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra cflags < <(pkg-config --cflags chaoschain-verify)
read -ra libs < <(pkg-config --libs chaoschain-verify)
read -ra private < <(pkg-config --static --libs-only-l chaoschain-verify | sed 's/-lchaoschain-verify//')
warnings=(-std=c11 -Wall -Wextra -Werror)

"$compiler" "${warnings[@]}" "${cflags[@]}" "$example" -o "$work/by_pkg_config" "${libs[@]}"
[[ $(readelf -d "$work/by_pkg_config") == *libchaoschain-verify.so.0* ]] || fail "pkg-config did not link the shared library"
try "pkg-config, shared" "$work/by_pkg_config"

"$compiler" "${warnings[@]}" "${cflags[@]}" "$example" "$root/tests/install/consumer/same_names.c" \
    -o "$work/by_archive" "$libdir/libchaoschain-verify.a" "${private[@]}"
[[ $(readelf -d "$work/by_archive") != *libchaoschain-verify* ]] || fail "the static program needs the shared library"
try "pkg-config, static" "$work/by_archive"

cmake -S "$root/tests/install/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" -DEXAMPLE="$example" \
    -DCMAKE_C_COMPILER="$compiler" >"$work/log" 2>&1 || { cat "$work/log"; fail "find_package"; }
cmake --build "$work/consumer" >"$work/log" 2>&1 || { cat "$work/log"; fail "the CMake project"; }
try "CMake, shared" "$work/consumer/shared"
try "CMake, static" "$work/consumer/static"
