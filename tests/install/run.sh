#!/usr/bin/env bash
# run.sh BUILD_DIR COMPILER MAKE_EVIDENCE - S-49: installs into an empty folder, builds README's C example against what was
# installed (pkg-config and CMake, shared and static), and runs each on forged evidence. The same for libchaoschain with
# a program of its own, in C and in C++, that must find the plug-ins that were installed.
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

# With a umask that would let a group write: what is installed must not depend on it.
(umask 0002 && DESTDIR=$work/stage cmake --install "$build" --prefix /opt/chaos >"$work/log") || { cat "$work/log"; fail "cmake --install"; }
prefix=$work/stage/opt/chaos
libdir=$(dirname "$(find "$prefix" -name libchaoschain-verify.so)")

[ "$(ls "$work/stage")" = opt ] || fail "files outside the prefix: $(ls "$work/stage")"
for file in "$libdir"/libchaoschain-verify.{a,so,so.0,so.0.1.0} "$libdir/pkgconfig/chaoschain-verify.pc" \
    "$libdir"/cmake/ChaoschainVerify/ChaoschainVerify{Config,ConfigVersion,Targets}.cmake \
    "$prefix"/include/chaoschain/{chaoschain,base,evidence,verify,appraise,check}.h "$prefix/bin/chaoschain-verify"; do
    [ -e "$file" ] || fail "not installed: ${file#"$work/stage"}"
done
writable=$(find "$prefix" ! -type l -perm /022; find "$prefix" ! -uid "$(id -u)")
[ -z "$writable" ] || fail "others may write to: $writable"
for program in "$prefix"/bin/*; do
    "$program" --version >/dev/null || fail "${program##*/} --version: exit $?"
    [ "${program##*/}" = chaoschain-tee ] || # chaoschain's, not for people
        "$program" --help >/dev/null || fail "${program##*/} --help: exit $?"
done
# What an installed header or program points to is installed, too.
for page in $(grep -rhoE '[A-Za-z/-]+\.md' "$prefix/include" | sort -u) CONTRIBUTING-A-PROVIDER.md; do
    [ "$page" = docs/providers/NAME.md ] || [ ! -f "$root/$page" ] || [ -f "$prefix/share/doc/chaoschain/$page" ] ||
        fail "a header names $page, which is not installed"
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

if [ ! -e "$libdir/libchaoschain.so" ]; then
    echo "libchaoschain is not built; its tests are left out"
    exit 0
fi
for file in "$libdir"/libchaoschain.{a,so,so.0,so.0.1.0} "$libdir/pkgconfig/chaoschain.pc" \
    "$libdir"/cmake/Chaoschain/Chaoschain{Config,ConfigVersion,Targets}.cmake \
    "$prefix"/include/chaoschain/{provider,tee}.h "$prefix/libexec/chaoschain/chaoschain-probe"; do
    [ -e "$file" ] || fail "not installed: ${file#"$work/stage"}"
done
providers=$(pkg-config --variable=providerdir chaoschain)
[ "$(realpath "$providers")" = "$(realpath "$libdir/chaoschain/providers")" ] || fail "providerdir is $providers"

try_tee() { # try_tee NAME PROGRAM
    local plugin name answer
    for plugin in "$providers"/chaoschain-provider-*.so; do
        name=${plugin##*/chaoschain-provider-}
        name=${name%.so}
        answer=$(env -u CHAOS_PROVIDER_PATH LD_LIBRARY_PATH="$libdir" "$2" "$name") || fail "$1 does not find $name: $answer"
        [[ $answer == "0.1.0 $name: "*"/chaoschain-provider-$name.so" ]] || fail "$1: $answer"
    done
    echo "$1: found $(ls "$providers" | wc -l) plug-ins"
}
[ "$(ls "$providers" | wc -l)" -ge 1 ] || fail "no plug-in was installed"

source=$root/tests/install/consumer/tee.c
read -ra cflags < <(pkg-config --cflags chaoschain)
read -ra libs < <(pkg-config --libs chaoschain)
"$compiler" "${warnings[@]}" "${cflags[@]}" "$source" -o "$work/tee_c" "${libs[@]}"
[[ $(readelf -d "$work/tee_c") == *libchaoschain.so.0* ]] || fail "pkg-config did not link libchaoschain"
try_tee "pkg-config, shared, C" "$work/tee_c"
c++ -std=c++11 -Wall -Wextra -Werror -x c++ "${cflags[@]}" "$source" -x none -o "$work/tee_cpp" "${libs[@]}"
try_tee "pkg-config, shared, C++" "$work/tee_cpp"

# The static one has no library that it could lie beside, so its program lies where programs do. Only ours is static:
# `pkg-config --static` would want the archives of everything that libcurl was built with.
mapfile -t backends < <(pkg-config --print-requires-private chaoschain | sed 's/ .*//')
read -ra private < <(pkg-config --libs "${backends[@]}")
private+=(-pthread -ldl)
"$compiler" "${warnings[@]}" "${cflags[@]}" "$source" "$root/tests/install/consumer/same_names.c" \
    -o "$prefix/bin/tee_static" "$libdir/libchaoschain.a" "${private[@]}"
[[ $(readelf -d "$prefix/bin/tee_static") != *libchaoschain* ]] || fail "the static program needs the shared library"
try_tee "pkg-config, static, C" "$prefix/bin/tee_static"

cmake -S "$root/tests/install/consumer" -B "$work/consumer_tee" -DCMAKE_PREFIX_PATH="$prefix" -DEXAMPLE="$example" \
    -DTEE_PROGRAM="$source" -DCMAKE_C_COMPILER="$compiler" >"$work/log" 2>&1 || { cat "$work/log"; fail "find_package(Chaoschain)"; }
cmake --build "$work/consumer_tee" >"$work/log" 2>&1 || { cat "$work/log"; fail "the CMake project of libchaoschain"; }
try_tee "CMake, shared" "$work/consumer_tee/tee_shared"
cp "$work/consumer_tee/tee_static" "$prefix/bin/tee_static"
try_tee "CMake, static" "$prefix/bin/tee_static"
