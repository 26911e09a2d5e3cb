#!/usr/bin/env bash
# Every provider has a page, and every page has the sections of the template: the check passes on this tree and names what
# is wrong with one that differs in one thing.
. "$(dirname "$0")/lib.bash"

check=$root/scripts/check-provider-pages.sh
expect 0 "this tree" "$check" "$root"
[ "$(grep -c '^## ' "$root/docs/providers/TEMPLATE.md")" -eq 5 ] || fail "the template has not five sections"

page=docs/providers/simulated.md
broken() { # broken NAME SAYS SED-SCRIPT: the page edited so is refused for that reason
    local tree=$work/$1
    mkdir -p "$tree/docs/providers" "$tree/providers/simulated" "$tree/providers/template"
    cp "$root/docs/providers/TEMPLATE.md" "$root/$page" "$tree/docs/providers/"
    expect 0 "$1: the page as it is" "$check" "$tree"
    sed -i "$3" "$tree/$page"
    expect 1 "$1" "$check" "$tree"
    has err "$2" "$1"
}
broken missing '< Known limits' 's/^## Known limits/### Known limits/'
broken more '> Options' 's/^| option |.*/## Options\n\ntext\n\n&/'
broken renamed '> What it does not' 's/^## What it does not prove/## What it does not/'
broken order '< What it proves' 's/^## What it proves/## X/; s/^## Known limits/## What it proves/; s/^## X/## Known limits/'
broken title "first line is not '# simulated'" '1s/.*/# Simulated/'
broken empty "nothing stands under 'Known limits'" '/^## Known limits/,$ { /^##/!d }'
broken copied 'still a line of the template' "\$a $(sed -n '/^## Known limits/,$ { /^##/d; /./p }' "$root/docs/providers/TEMPLATE.md" | head -n 1)"
mkdir -p "$work/none/docs/providers" "$work/none/providers/simulated"
cp "$root/docs/providers/TEMPLATE.md" "$work/none/docs/providers/"
cp "$root/$page" "$work/none/docs/providers/"
mkdir "$work/none/providers/other"
expect 1 "a provider without a page" "$check" "$work/none"
has err 'providers/other has no docs/providers/other.md' "a provider without a page"
finish
