#!/usr/bin/env bash
# install.sh FOLDER - npm ci of tests/npm/FOLDER, unless what is there is what its lock file says.
set -euo pipefail
cd "$(dirname "$0")/${1:?which folder?}"
stamp=node_modules/.installed
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then
    exit 0
fi
npm ci --ignore-scripts --no-audit --no-fund >/dev/null
cp package-lock.json "$stamp"
