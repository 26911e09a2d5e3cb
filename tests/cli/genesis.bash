# genesis.bash - sourced after lib.bash by the tests of genesis-studio: a state folder of its own, and anvil.
#   start_chain NAME [OPTION]...   an anvil; sets rpc          stop_chain NAME
#   studio STATE [OPTION]...       genesis-studio with a simulated TEE, output in $work/out
studio_bin=$CHAOS_BIN/genesis-studio
anvil=${CHAOS_ANVIL:-$root/tests/npm/chain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil}
export NO_COLOR=1 XDG_STATE_HOME="$work/state-home"
[ -x "$studio_bin" ] || skip "genesis-studio is not built"
[ -x "$anvil" ] || skip "anvil is not installed (scripts/install-npm.sh tests/npm/chain)"
export CHAOS_ANVIL=$anvil
declare -A chains=()

stop_all() {
    local pid
    for pid in "${chains[@]:-}" "${roles[@]:-}"; do
        [ -n "$pid" ] || continue
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}
declare -a roles=()
trap 'stop_all; rm -rf "$work"' EXIT

start_chain() {
    local name=$1 waited=0
    shift
    : >"$work/$name.anvil"
    "$anvil" --host 127.0.0.1 --port 0 "$@" >>"$work/$name.anvil" 2>&1 &
    chains[$name]=$!
    until rpc=$(sed -n 's/^Listening on \(127.0.0.1:[0-9]*\)$/http:\/\/\1/p' "$work/$name.anvil") && [ -n "$rpc" ]; do
        waited=$((waited + 1))
        if [ "$waited" -gt 400 ]; then
            fail "anvil does not start"
            finish
            exit 1
        fi
        sleep 0.05
    done
}

# rpc_call URL METHOD PARAMS: the answer's JSON.
rpc_call() {
    local body="{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$2\",\"params\":$3}" address=${1#http://} socket_fd
    exec {socket_fd}<>"/dev/tcp/${address%:*}/${address#*:}"
    printf 'POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
        "$address" "${#body}" "$body" >&"$socket_fd"
    sed '1,/^\r$/d' <&"$socket_fd"
    exec {socket_fd}>&-
}

studio() {
    local state=$1
    shift
    "$studio_bin" --tee-provider phala-dstack --state "$work/$state" "$@"
}

# summary FILE NAME: of the transcript's last line.
summary() {
    tail -n 1 "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

# no_process PATTERN NAME: what was started has ended.
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
