# simulator.bash - sourced after lib.bash: start_simulator NAME [OPTION]... runs dstack-simulator and sets
#   socket   its dstack socket      held_by   the folder with what a relying party holds
# stop_simulators ends all of them; so does the end of the script.
declare -a simulators=()

stop_simulators() {
    local pid
    for pid in "${simulators[@]:-}"; do
        [ -n "$pid" ] || continue
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    simulators=()
}
trap 'stop_simulators; rm -rf "$work"' EXIT

start_simulator() {
    local name=$1 waited=0
    shift
    socket=$work/$name.sock
    held_by=$work/$name
    : >"$work/$name.said"
    "$CHAOS_BIN/dstack-simulator" --socket "$socket" --out "$held_by" "$@" >"$work/$name.said" 2>"$work/$name.err" &
    simulators+=($!)
    until grep -qx ready "$work/$name.said"; do
        waited=$((waited + 1))
        if [ "$waited" -gt 200 ] || ! kill -0 "${simulators[-1]}" 2>/dev/null; then
            fail "dstack-simulator $name did not become ready: $(head -c 300 "$work/$name.err")"
            finish
            exit 1
        fi
        sleep 0.05
    done
}
