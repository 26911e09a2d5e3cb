#!/usr/bin/env bash
# install-npm.sh FOLDER... - install what each FOLDER/package-lock.json pins into FOLDER/node_modules, without running
# anything that the packages bring. Says nothing when that is installed already, one line when it installs. Any number
# of these may run at once. Exit code: 0 all is there, 1 something is not (npm's reason on standard error).
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: scripts/install-npm.sh FOLDER..." >&2
    exit 64
fi

# What an installation is made from. The stamp is written last: half an installation has none.
fingerprint() { # in the folder
    { cat package.json package-lock.json && uname -sm; } | sha256sum | cut -c1-64
}

install_folder() ( # in a shell of its own: the folder, the lock and the log end with it
    cd "$1" || exit 1
    for file in package.json package-lock.json; do
        [ -r "$file" ] || { echo "install-npm: $1/$file is missing" >&2; exit 1; }
    done
    exec 9<package-lock.json
    flock -w 600 9 || { echo "install-npm: another installation in $1 does not end" >&2; exit 1; }
    wanted=$(fingerprint)
    if [ "$(cat node_modules/.installed-from 2>/dev/null)" = "$wanted" ]; then
        exit 0
    fi
    command -v npm >/dev/null || { echo "install-npm: npm is missing (make deps)" >&2; exit 1; }
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    echo "Installing the npm packages of $1 ..."
    if ! timeout 500 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >"$log" 2>&1 9<&-; then
        tail -n 20 "$log" >&2
        echo "install-npm: npm ci failed in $1" >&2
        exit 1
    fi
    mkdir -p node_modules # a lock may pin nothing
    echo "$wanted" >node_modules/.installed-from
)

result=0
for folder in "$@"; do
    install_folder "$folder" || result=1
done
exit "$result"
