#!/usr/bin/env bash
# install.sh - a fresh virtual environment, and the package installed into it as a user would: without an index, a
# compiler or anything but the standard library. On the way: what a user sees who has not got the plug-in; the command
# that is printed is run as it is printed.
. "$(dirname "$0")/lib.sh"
export CHAOS_LIBRARY=$CHAOS_BUILD/lib # this build, also where it is not the folder `build`
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -rf "$environment"
mkdir -p "${environment%/*}"
"$CHAOS_PYTHON" -m venv "$environment"
pip() { "$python" -m pip "$@"; }

# The source tree is as it was afterwards.
before=$(cd "$root" && find bindings -newer "$python" | sort)

pip install --quiet --config-settings providers=simulated "$root/bindings/python"
unset CHAOS_LIBRARY
code=0
sanitize "$python" -I -c 'from chaoschain_tee.providers.tee import get_phala_dstack_tee as get
try:
    get()
except ImportError as error:
    print(error)
else:
    raise SystemExit("the plug-in is there")' >"$work/said" || code=$?
[ "$code" = 0 ] || fail "exit $code: $(cat "$work/said")"
[ "$(wc -l <"$work/said")" = 2 ] || fail "the message is not two lines: $(cat "$work/said")"
grep -q 'phala-dstack' <(head -n 1 "$work/said") || fail "it does not say what is missing: $(cat "$work/said")"
command=$(sed -n '2s/^Install with: //p' "$work/said")
[ -n "$command" ] || fail "it does not say how to install it: $(cat "$work/said")"
cat "$work/said"
bash -c "$command" >"$work/log" 2>&1 || fail "the command that was printed: $(cat "$work/log")"
found=$(sanitize "$python" -I -c 'from chaoschain_tee.providers.tee import get_phala_dstack_tee as get; print(get()().provider_name)')
[ "$found" = phala-dstack ] || fail "the command did not install the plug-in: $found"

after=$(cd "$root" && find bindings -newer "$python" | sort)
[ "$before" = "$after" ] || fail "installing wrote into the source tree: $after"
# pip uses what it is given and nothing else: one distribution, no dependency.
pip list --format=freeze | grep -vE '^(pip|setuptools)=='
