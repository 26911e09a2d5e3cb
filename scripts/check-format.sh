#!/usr/bin/env bash
# check-format.sh [--fix] - layout of the C files (clang-format 14), and what holds for every text file: no tabs but
# in makefiles, no blanks at the end of a line, a newline at the end of the file, no line of shipped C beyond 120
# columns (tests may have wide tables).
# Headers are laid out by hand: they are manuals.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

mapfile -t sources < <(project_files '*.c')
if [ "${1:-}" = --fix ]; then
    clang-format-14 -i "${sources[@]}"
fi
while IFS= read -r file; do
    problem "$file: layout; 'make format' mends it"
done < <(clang-format-14 --dry-run -Werror "${sources[@]}" 2>&1 | sed -nE 's/^([^ :]+):[0-9]+:.*error: .*/\1/p' | sort -u)

mapfile -t texts < <(project_files '*.c' '*.h' '*.sh' '*.cmake' '*.txt' '*.in' '*.md' '*.json' '*.map' '*.scd' '.ci/run' \
    'scripts/*' ':!fuzz/corpus')
mapfile -t shipped < <(project_files 'include/*.h' 'src/*.[ch]' 'sim/*.[ch]' 'programs/*.[ch]')
no_line() { # no_line WHAT PATTERN FILE...
    local what=$1 place
    shift
    while IFS= read -r place; do
        problem "$place: $what"
    done < <(LC_ALL=C.UTF-8 grep -nHoP -e "$@" | cut -d: -f1,2)
}
mapfile -t no_tabs < <(printf '%s\n' "${texts[@]}" | grep -v '\.scd$') # scdoc indents with tabs
no_line "tab" '^.*?\t' "${no_tabs[@]}"
no_line "blank at the end of the line" ' $' "${texts[@]}"
no_line "longer than 120 columns" '^.{121}' "${shipped[@]}"
for file in "${texts[@]}"; do
    [ -z "$(tail -c 1 "$file")" ] || problem "$file: no newline at the end"
done
finish check-format "${#sources[@]} C files, ${#texts[@]} texts"
