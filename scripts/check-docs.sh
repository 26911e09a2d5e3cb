#!/usr/bin/env bash
# check-docs.sh - what the documents tell people to type exists: make targets, scripts, programs and verbs, linked
# files; man pages are well-formed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

mapfile -t documents < <(project_files '*.md')
[ -f README.md ] || problem "README.md is missing"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What stands in code: blocks between ``` and words between `.
code_of() {
    awk '/^ *```/ { inside = !inside; next } inside' "$1"
    grep -oE '`[^`]+`' "$1" | tr -d '`' || true
}
target_exists() { grep -qE "^$1:" Makefile; }
program_exists() { [ -d "programs/$1" ] || [ -f "scripts/$1" ]; }
verb_exists() { grep -qE "\\{ *\"$1\" *," programs/chaoschain/*.c || [ -d "programs/chaoschain-$1" ]; }

for document in "${documents[@]}"; do
    code_of "$document" >"$work/code"
    # "make demo", at the beginning of a command only: prose makes many things
    for target in $(grep -oE '^(\$ |# |sudo |  +)?make( +[a-z][a-z-]*)+' "$work/code" | sed -E 's/.*make +//' | tr ' ' '\n' | sort -u); do
        target_exists "$target" || problem "$document: no 'make $target' in the Makefile"
    done
    for script in $(grep -oE '(^|[ ./`])scripts/[A-Za-z0-9._-]+' "$work/code" | sed 's/^.*scripts/scripts/' | sort -u); do
        [ -e "$script" ] || problem "$document: no $script"
    done
    for program in $(grep -oE '^(\$ )?(build/bin/|\./build/bin/)?chaoschain-[a-z]+( |$)' "$work/code" |
        grep -oE 'chaoschain-[a-z]+' | sort -u); do
        program_exists "$program" || problem "$document: no program $program"
    done
    for verb in $(grep -oE '^(\$ )?(build/bin/|\./build/bin/)?chaoschain [a-z][a-z-]*' "$work/code" |
        sed 's/.* //' | sort -u); do
        verb_exists "$verb" || problem "$document: no verb 'chaoschain $verb'"
    done
    folder=$(dirname "$document")
    for link in $(grep -oE '\]\([^)# ]+' "$document" | sed 's/^](//' | grep -vE '^(https?|mailto):' | sort -u); do
        [ -e "$folder/$link" ] || problem "$document: broken link $link"
    done
done

pages=0
for page in $(project_files 'man/*.scd'); do
    scdoc <"$page" >"$work/page" 2>"$work/error" || problem "$page: $(cat "$work/error")"
    pages=$((pages + 1))
done
if [ -d man ]; then
    for program in programs/*/; do
        name=$(basename "$program")
        case $name in
        common | chaoschain-tee | chaoschain-fetch | chaoschain-probe) continue ;; # not for people; chaoschain's verbs have pages of their own
        esac
        [ -f "man/$name.1.scd" ] || problem "programs/$name has no man page"
    done
fi
finish check-docs "${#documents[@]} documents, $pages man pages"
