#!/usr/bin/env bash
# Writes docs/errors.md from the list in include/chaoschain/base.h; with --check it only says whether they agree.
set -euo pipefail
cd "$(dirname "$0")/.."

make_doc() {
    cat <<'HEAD'
# Errors

<!-- Made by scripts/make-errors-doc.sh from include/chaoschain/base.h. Do not edit: `make check` compares. -->

Every failure has a name that never changes its meaning. It is `error.code` in the verdict, `CHAOS_E_NAME` in C and the first
word of a program's message. The class says what to do: **format** and **trust** speak about the evidence, the collateral
or the policy, and refuse; **usage**, **env** and **internal** never speak about the evidence and judge nothing. The stage is
`error.stage`. The exit code is that of `chaoschain verify`.

| name | class | stage | exit | meaning |
|---|---|---|---|---|
HEAD
    awk '
        /^ *X\([A-Z0-9_]+, [A-Z]+, 0x/ {
            line = $0
            sub(/^ *X\(/, "", line)
            split(line, part, ", ")
            split(line, quoted, "\"")
            name = part[1]; class = part[2]; stage = quoted[2]; text = quoted[4]
            if (class == "USAGE") code = 64
            else if (class == "FORMAT") code = 3
            else if (class == "TRUST") code = (part[3] >= "0x80") ? 2 : 4 # two hex digits, lower case: they sort as text
            else if (class == "ENV") code = 5
            else code = 70
            note = (name == "POLICY_FORMAT" || name == "TRUST_ROOT_FORMAT") ? " ¹" : ""
            if (note != "") code = 64
            printf "| `%s` | %s | %s | %d%s | %s |\n", name, tolower(class), stage, code, note, text
            count++
        }
        END { if (count < 90) { print "too few statuses: has base.h changed its shape?" > "/dev/stderr"; exit 1 } }
    ' include/chaoschain/base.h
    cat <<'FOOT'

¹ The policy and the roots are the relying party's own: a broken one is a mistake of the call, never a verdict about the evidence.
`chaoschain policy check`, whose subject is the policy, answers 3.

The verdict also says `verified`: false for format and trust failures before policy, true when only policy or expectation refused
(exit code 2), null when nothing was judged.
FOOT
}

if [ "${1:-}" = --check ]; then
    if ! make_doc | cmp -s - docs/errors.md; then
        echo "FAIL: docs/errors.md is not what scripts/make-errors-doc.sh makes of include/chaoschain/base.h" >&2
        exit 1
    fi
    echo "PASS: docs/errors.md"
else
    make_doc >docs/errors.md.new
    mv docs/errors.md.new docs/errors.md
fi
