# tsm.bash - sourced after lib.bash: start_tsm NAME [OPTION]... runs tsm-simulator and sets
#   tree      where entries are made      held_by   the folder with what a relying party holds
# stop_tsm ends the last one ($ended_with), stop_all_tsm all of them; so does the end of the script. keys: a folder of this script's
# own on tmpfs, for key_store.
[ -x "$CHAOS_BIN/tsm-simulator" ] || skip "tsm-simulator is not built (libfuse3-dev)"
[ -w /dev/fuse ] || skip "no /dev/fuse"
declare -a tsm_pids=()
tree='' held_by='' ended_with=0
keys=$(mktemp -d /dev/shm/chaos-test-XXXXXX)

stop_tsm() {
    local pid=${tsm_pids[-1]}
    unset 'tsm_pids[-1]'
    ended_with=0
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || ended_with=$?
}

stop_all_tsm() {
    while [ "${#tsm_pids[@]}" -gt 0 ]; do stop_tsm; done
}

tsm_end() {
    local kept stop
    stop_all_tsm
    for stop in stop_chains stop_simulators; do # of other files like this one
        if declare -F "$stop" >/dev/null; then "$stop"; fi
    done
    for kept in "$work"/*/volatile; do # of genesis-studio's state folders
        [ -f "$kept" ] && rm -rf "/dev/shm/genesis-studio-$(head -c 16 "$kept")"
    done
    rm -rf "$work" "$keys"
}
trap tsm_end EXIT

start_tsm() {
    local name=$1 waited=0
    shift
    tree=$work/$name.tsm/report
    held_by=$work/$name
    : >"$work/$name.said"
    "$CHAOS_BIN/tsm-simulator" --root "$work/$name.tsm" --out "$held_by" "$@" >"$work/$name.said" 2>"$work/$name.err" &
    tsm_pids+=($!)
    until grep -qx ready "$work/$name.said"; do
        waited=$((waited + 1))
        if [ "$waited" -gt 400 ] || ! kill -0 "${tsm_pids[-1]}" 2>/dev/null; then
            fail "tsm-simulator $name did not become ready: $(head -c 300 "$work/$name.err")"
            finish
            exit 1
        fi
        sleep 0.02
    done
}
