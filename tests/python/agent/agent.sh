#!/usr/bin/env bash
# agent.sh [TEST...] - the tests of chaoschain_tee.agent, on the installed package, on a local chain of their own beside a
# simulated guest agent; then the example, as its reader would run it.
. "$(dirname "$0")/lib.sh"
need_chain
cd "$here"
arguments=(test_agent test_agent_work)
[ $# = 0 ] || arguments=("$@")
beside bash -c 'run "$@"' - "$python" -m unittest -b "${arguments[@]}"
[ $# != 0 ] || beside bash -c 'run "$@"' - "$python" example.py "$root/examples/python/agent.py"
