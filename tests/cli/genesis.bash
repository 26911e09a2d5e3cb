# genesis.bash - sourced after lib.bash by the tests of genesis-studio, with what simulator.bash and chain.bash have.
#   studio STATE [OPTION]...   genesis-studio with a simulated TEE
#   summary FILE NAME          of the last line of a transcript
#   no_process PATTERN NAME    what was started has ended
. "$root/tests/cli/simulator.bash"
. "$root/tests/cli/chain.bash"
studio_bin=$CHAOS_BIN/genesis-studio
[ -x "$studio_bin" ] || skip "genesis-studio is not built"
export NO_COLOR=1 CHAOS_ANVIL=$anvil

studio() {
    local state=$1
    shift
    "$studio_bin" --tee-provider phala-dstack --state "$work/$state" "$@"
}

summary() {
    tail -n 1 "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

no_process() {
    local waited=0
    while pgrep -f -- "$1" >/dev/null; do
        waited=$((waited + 1))
        if [ "$waited" -gt 100 ]; then
            fail "$2: still running: $(pgrep -af -- "$1" | head -3)"
            return
        fi
        sleep 0.05
    done
    pass
}
