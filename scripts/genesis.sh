#!/usr/bin/env bash
# genesis.sh [OPTION]... - Genesis Studio on a local chain with a simulated TEE: TEE=intel-tdx, or phala-dstack, the
# default. BREAK=NAME shows one attack close up (genesis-studio --break list). OPTIONs go to genesis-studio.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${CHAOS_BIN:-build/bin}
if [ ! -x "$bin/genesis-studio" ]; then
    echo "demo: $bin/genesis-studio is missing; 'make demo' builds it" >&2
    exit 1
fi
export CHAOS_ANVIL=${CHAOS_ANVIL:-$PWD/tests/npm/chain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil}
exec "$bin/genesis-studio" --tee-provider "${TEE:-phala-dstack}" ${BREAK:+--break "$BREAK"} "$@"
