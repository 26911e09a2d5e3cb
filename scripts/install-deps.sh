#!/usr/bin/env bash
# install-deps.sh [--plan] GROUP - install the Debian packages that a group of tasks needs and this machine lacks.
#   build  build the programs and plug-ins        demo   build, and npm for a local chain
#   test   demo, and the tests                    fuzz   build, and libFuzzer
#   coverage  test, and what counts lines
#   ci     everything that .ci/run checks with
# Shows its plan first and, on a terminal, asks. Says nothing when nothing is missing. --plan only shows the plan.
set -euo pipefail

build=(gcc libc6-dev cmake ninja-build pkg-config libssl-dev libsecp256k1-dev libsodium-dev libcurl4-openssl-dev
    libmicrohttpd-dev libfuse3-dev fuse3 libsqlite3-dev libjansson-dev binutils sed grep)
test=("${build[@]}" g++ libcmocka-dev strace python3 python3-venv python3-pytest mypy)
fuzz=("${build[@]}" clang-14 libclang-rt-14-dev)
ci=("${test[@]}" git clang-14 libclang-rt-14-dev clang-tidy-14 clang-format-14 valgrind libc6-dbg scdoc)
coverage=("${test[@]}" gcovr)

plan_only=no
if [ "${1:-}" = --plan ]; then
    plan_only=yes
    shift
fi
case ${1:-} in
build | demo) wanted=("${build[@]}") ;;
test) wanted=("${test[@]}") ;;
fuzz) wanted=("${fuzz[@]}") ;;
ci) wanted=("${ci[@]}") ;;
coverage) wanted=("${coverage[@]}") ;;
*)
    echo "usage: scripts/install-deps.sh [--plan] build|demo|test|fuzz|coverage|ci" >&2
    exit 64
    ;;
esac

# Any npm will do, and an npm that is there is left alone: Debian's wants Debian's node and cannot be installed beside
# another one.
want_npm() {
    command -v npm >/dev/null && return
    local node
    node=$(command -v node || true)
    if [ -n "$node" ] && [ "$(dpkg-query -S "$(readlink -f "$node")" 2>/dev/null | cut -d: -f1)" != nodejs ]; then
        echo "install-deps: $node is not Debian's and has no npm beside it; please install npm for it, what needs it will fail" >&2
        return
    fi
    wanted+=(nodejs npm)
}
case $1 in
demo | test | ci) want_npm ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install-deps: this machine has no apt-get; please see to it that these exist (Debian's names):" >&2
    echo "    ${wanted[*]}" >&2
    [ "$plan_only" = yes ] || echo "install-deps: going on with what is installed" >&2
    exit 0
fi

# One call for all. A package counts when it, or one that provides it, is installed: pkgconf provides pkg-config.
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Provides}\n' |
    sed -n 's/^ii *//p' | sed 's/([^)]*)//g; s/,/ /g' | tr -s ' ' '\n' | sort -u)
missing=()
for package in "${wanted[@]}"; do
    grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    [ "$plan_only" = no ] || echo "install-deps: nothing is missing"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null; then
        as_root=(sudo)
    elif [ "$plan_only" = no ]; then
        echo "install-deps: missing: ${missing[*]}" >&2
        echo "install-deps: installing needs root or sudo. As root: apt-get install --no-install-recommends" \
            "${missing[*]}" >&2
        exit 1
    fi
fi
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends)

echo "These Debian packages are missing:"
printf '    %s\n' "${missing[@]}"
echo "They will be installed with:"
echo "    ${install[*]} ..."
if [ "$plan_only" = yes ]; then
    exit 0
fi
if [ -t 0 ] && [ -t 1 ] && [ -z "${CI:-}" ]; then
    read -r -p "Go on? [Y/n] " answer
    case ${answer:-y} in
    [Yy]*) ;;
    *)
        echo "install-deps: nothing was installed" >&2
        exit 1
        ;;
    esac
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_quietly() {
    if ! "$@" >"$log" 2>&1; then
        return 1
    fi
}
# The lists of packages are fetched only when what is here does not do: none at all, or out of date.
if ! apt-cache show "${missing[@]}" >/dev/null 2>&1 || ! run_quietly "${install[@]}" "${missing[@]}"; then
    echo "Fetching the lists of packages ..."
    run_quietly "${as_root[@]}" apt-get update || {
        cat "$log" >&2
        echo "install-deps: apt-get update failed" >&2
        exit 1
    }
    run_quietly "${install[@]}" "${missing[@]}" || {
        cat "$log" >&2
        echo "install-deps: apt-get install failed" >&2
        exit 1
    }
fi
echo "Installed ${#missing[@]} packages."
