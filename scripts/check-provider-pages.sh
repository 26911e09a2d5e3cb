#!/usr/bin/env bash
# check-provider-pages.sh [TREE] - every provider has its page in docs/providers/, and every page has the sections of
# docs/providers/TEMPLATE.md: all of them, no other, in that order, none empty, none of the template's own words left.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "${1:-.}"

template=docs/providers/TEMPLATE.md
sections() { # outside of blocks between ```
    awk '/^ *```/ { inside = !inside; next } !inside && /^## / { print substr($0, 4) }' "$1"
}
empty_sections() { # the names of those without a line of text
    awk '/^## / { if (name != "" && !text) print name; name = substr($0, 4); text = 0; next }
         /^#/ { next } NF { text = 1 }
         END { if (name != "" && !text) print name }' "$1"
}

[ -n "$(sections "$template")" ] || problem "$template: no sections"
pages=0
for page in docs/providers/*.md; do
    [ "$page" != "$template" ] || continue
    pages=$((pages + 1))
    name=$(basename "$page" .md)
    [ "$(head -n 1 "$page")" = "# $name" ] || problem "$page: its first line is not '# $name'"
    if ! difference=$(diff <(sections "$template") <(sections "$page")); then
        problem "$page: its sections are not those of the template ('<' is missing, '>' too much):"
        grep '^[<>]' <<<"$difference" | sed 's/^/    /' >&2
    fi
    while IFS= read -r section; do
        problem "$page: nothing stands under '$section'"
    done < <(empty_sections "$page")
    while IFS= read -r line; do
        problem "$page: still a line of the template: $line"
    done < <(grep -vE '^(#|$)' "$template" | grep -Fx -f - "$page" || true)
done
for folder in providers/*/; do
    name=$(basename "$folder")
    [ "$name" = template ] || [ -f "docs/providers/$name.md" ] || problem "providers/$name has no docs/providers/$name.md"
done
finish check-provider-pages "$pages pages"
