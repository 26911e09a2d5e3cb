#!/usr/bin/env bash
# check-words.sh - no file speaks of the machine that it was written on, nor of work that is still to do.
# CHAOS_FORBIDDEN_WORDS (an extended regular expression) adds to the list.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Each is spelt with a [bracket], so that this file does not contain what it looks for.
words='(^|[^a-z0-9._])/wor[k]/|/hom[e]/[a-z]|\.\./shared/(spec[s]|desig[n]|format[s])|\bTO[D]O\b|\bFIX[M]E\b|\bXX[X]\b'
words+=${CHAOS_FORBIDDEN_WORDS:+|$CHAOS_FORBIDDEN_WORDS}

mapfile -t files < <(project_files ':!fuzz/corpus')
while IFS= read -r line; do
    problem "$line"
done < <(grep -nHIE -- "$words" "${files[@]}" | cut -c1-160)
finish check-words "${#files[@]} files"
