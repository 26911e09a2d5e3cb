# agent.bash - where the verbs of an agent play: a chain with registries, a guest agent, and $work to stand in. To be
# sourced; the guest agent's folder is the first argument.
. "$(dirname "$0")/lib.bash"
. "$root/tests/cli/simulator.bash"
. "$(dirname "$0")/chain.bash"
[ -x "$CHAOS_BIN/chaoschain-agent" ] || skip "chaoschain-agent is not built"

export DSTACK_SIMULATOR_ENDPOINT
start_registries
start_simulator "$1"
DSTACK_SIMULATOR_ENDPOINT=$socket
with_pass() { "$@" --passphrase-fd 3 3<<<"$passphrase"; }
cd "$work"
