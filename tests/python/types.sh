#!/usr/bin/env bash
# types.sh - the annotations hold: the packages under mypy --strict, a user's program that is right, and one whose
# every marked line is wrong, and no other.
. "$(dirname "$0")/lib.sh"
if ! command -v mypy >/dev/null; then
    echo "SKIPPED: no mypy"
    exit 77
fi
cache=$CHAOS_BUILD/python/mypy
check() { (cd "$root/bindings/python" && MYPYPATH=.:compat mypy --strict --python-version 3.9 --cache-dir "$cache" "$@"); }
packages=(chaoschain_tee)
[ ! -d "$root/bindings/python/compat/chaoschain_sdk" ] || packages+=(compat/chaoschain_sdk)
check "${packages[@]}" "$root/tests/python/typed_right.py" "$root/examples/python/agent.py" || fail "these are right"

# "# wrong: TEXT" at the end of a line: there mypy complains, with that text.
wrong=$root/tests/python/typed_wrong.py
said=$(check "$wrong" 2>&1 || true)
marked=0
while IFS=: read -r line text; do
    reason=${text##*# wrong: }
    grep -E "typed_wrong.py:$line: error: " <<<"$said" | grep -qF -- "$reason" ||
        fail "line $line is not refused for '$reason': $said"
    marked=$((marked + 1))
done < <(grep -n '# wrong: ' "$wrong")
complained=$(grep -oE 'typed_wrong.py:[0-9]+: error' <<<"$said" | sort -u | wc -l)
[ "$marked" -gt 5 ] && [ "$complained" = "$marked" ] || fail "$complained lines refused, $marked marked: $said"
echo "$marked mistakes found"
