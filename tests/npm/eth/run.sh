#!/usr/bin/env bash
# run.sh SCRIPT PEER [ARGUMENT]... - runs a script of this folder beside our peer program; 77 without node or the pinned packages.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v node >/dev/null; then
    echo "SKIPPED: no node"
    exit 77
fi
if [ ! -d node_modules/viem ] || [ ! -d node_modules/ethers ] || [ ! -d node_modules/@ethersproject/testcases ]; then
    echo "SKIPPED: the packages of tests/npm/eth are not installed (npm ci --ignore-scripts)"
    exit 77
fi
exec node "$@"
