#!/usr/bin/env bash
# check.sh - everything that CI checks beside the tests, on the release build.
set -euo pipefail
. "$(dirname "$0")/steps.sh"

scripts/install-deps.sh ci
step build quiet scripts/build.sh release
static_checks
close
