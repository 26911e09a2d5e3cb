#!/usr/bin/env bash
# The conformance kit on intel-tdx, beside a simulated guest kernel: with keys in memory, with a key store, and with a
# kernel that makes no quotes.
. "$(dirname "$0")/lib.bash"
[ -x "$CHAOS_BIN/chaoschain-provider" ] || skip "chaoschain-provider is not built"
. "$(dirname "$0")/tsm.bash"
unset CHAOS_TSM_PATH
check() { "$chaoschain" provider check intel-tdx "$@"; }

start_tsm sound
expect 0 "keys in memory" check --endpoint "$tree"
has out 'pass attest' "keys in memory"
expect 0 "a key store" check --options "{\"endpoint\":\"$tree\",\"key_store\":\"$keys\"}"
has out 'pass key-same' "a key store"

start_tsm silent --fault outblob=EIO
expect 2 "no quotes" check --endpoint "$tree"
has out 'FAIL attest' "no quotes"
finish
