# shellcheck shell=bash
# lib.sh - sourced by the checks: what belongs to the tree, and how a check reports.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# The files of the project, committed or about to be, that match the patterns and exist.
project_files() {
    LC_ALL=C comm -23 <(git_files --cached --others --exclude-standard -- "$@") <(git_files --deleted -- "$@")
}
git_files() {
    git -c safe.directory="$PWD" ls-files "$@" | LC_ALL=C sort -u
}

problems=0
problem() {
    echo "  $*" >&2
    problems=$((problems + 1))
}
finish() { # finish NAME WHAT-WAS-SEEN
    if [ "$problems" -gt 0 ]; then
        echo "$1: $problems problems" >&2
        exit 1
    fi
    echo "$1: $2"
}
