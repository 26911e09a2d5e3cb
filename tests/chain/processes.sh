#!/usr/bin/env bash
# processes.sh - several processes with one key and one journal want the same 20 transactions at the same time, some of
# them are killed on the way: each transaction is on the chain once.
set -euo pipefail
. "$(dirname "$0")/lib.bash"

count=20
folder=$(mktemp -d)
chain_start "$folder"
cleanup() {
    kill "$anvil_pid" 2>/dev/null || true
    wait || true
    rm -rf "$folder"
}
trap cleanup EXIT

send() { # NUMBER [together]
    timeout 120 "$sender" send "$url" "$folder/journal" "$folder/key" tx "$count" ${2:-} >"$folder/out$1" 2>&1
}

snapshot=$("$sender" fund "$url" "$folder/key")
for round in 1 2 3 4 5 6; do
    rm -f "$folder"/journal*
    pids=()
    for i in 1 2 3 4; do
        if [ $((i % 2)) -eq 0 ]; then send "$i" together & else send "$i" & fi
        pids+=($!)
    done
    # In every second round one more is started and killed in the middle.
    if [ $((round % 2)) -eq 0 ]; then
        ( # bash says who was killed: not here
            timeout -s KILL "0.0$round" "$sender" send "$url" "$folder/journal" "$folder/key" tx "$count" together
            exit $?
        ) >/dev/null 2>&1 || true
    fi
    for i in 0 1 2 3; do
        wait "${pids[$i]}" || { echo "round $round: process $((i + 1)) failed"; cat "$folder/out$((i + 1))"; exit 1; }
    done
    snapshot=$("$sender" check "$url" "$folder/key" "$count" "$snapshot") || { echo "round $round"; exit 1; }
done
echo "6 rounds of 4 processes: $count transactions each once"
