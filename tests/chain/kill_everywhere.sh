#!/usr/bin/env bash
# kill_everywhere.sh - a run of 20 transactions is killed at its first, second, third ... write, fsync and send, until it
# is not killed any more. After each kill the program is started again; in the end exactly the 20 transactions must be on
# the chain, each once. strace delivers the signal as the system call begins.
#
# CHAOS_KILL_STRIDE=N tries every Nth only; CHAOS_KILL_WORKERS chains are used at the same time (4). Another program can
# be put to this test: CHAOS_KILL_PROGRAM is called as chain_sender is, with send, fund and check.
set -euo pipefail
. "$(dirname "$0")/lib.bash"

count=20
stride=${CHAOS_KILL_STRIDE:-1}
workers=${CHAOS_KILL_WORKERS:-4}
program=${CHAOS_KILL_PROGRAM:-$sender}
calls=(pwrite64 fdatasync fsync sendto sendmsg write writev unlink ftruncate rename mknodat)
strace -f -o /dev/null -e trace=fsync true 2>/dev/null || skip "strace may not trace here"

folder=$(mktemp -d)
pids=()
work_pids=()
cleanup() {
    local pid
    for pid in "${work_pids[@]}" "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait || true
    rm -rf "$folder"
}
trap cleanup EXIT

# One chain, and every `workers`th kill. Writes one line a system call: how often it was killed there.
work() { # NUMBER FOLDER URL
    local call n snapshot status tried
    snapshot=$("$program" fund "$3" "$2/key")
    for call in "${calls[@]}"; do
        tried=0
        for ((n = 1 + $1 * stride; ; n += workers * stride)); do
            rm -f "$2"/journal*
            status=0
            ( # bash says who was killed: not here
                timeout 120 strace -f -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
                    "$program" send "$3" "$2/journal" "$2/key" tx "$count" together >"$2/out" 2>&1
                exit $?
            ) 2>/dev/null || status=$?
            if [ "$status" -eq 0 ]; then # not so many calls: checked all the same
                snapshot=$("$program" check "$3" "$2/key" "$count" "$snapshot") || return 1
                break
            fi
            [ "$status" -eq 137 ] || { echo "$call $n: exit code $status instead of a kill"; cat "$2/out"; return 1; }
            CHAOS_TEST_VERBOSE=1 timeout 120 "$program" send "$3" "$2/journal" "$2/key" tx "$count" together >"$2/out" 2>&1 ||
                { echo "$call $n: cannot go on"; cat "$2/out"; return 1; }
            snapshot=$("$program" check "$3" "$2/key" "$count" "$snapshot") || { echo "$call $n: wrong chain"; return 1; }
            tried=$((tried + 1))
        done
        echo "$call $tried" >>"$2/done"
    done
}

for ((w = 0; w < workers; w++)); do
    mkdir "$folder/$w"
    chain_start "$folder/$w"
    pids+=("$anvil_pid")
    work "$w" "$folder/$w" "$url" >"$folder/$w/report" 2>&1 &
    work_pids+=($!)
done
failed=0
for ((w = 0; w < workers; w++)); do
    wait "${work_pids[$w]}" || { failed=1; cat "$folder/$w/report" >&2; }
done
[ "$failed" -eq 0 ] || exit 1

cat "$folder"/*/done | awk -v stride="$stride" '
    { n[$1] += $2; all += $2 }
    END {
        for (call in n) if (n[call] > 0) text = text sprintf(", %s %d", call, n[call])
        printf "killed %d times (every %s%s), %d transactions each once after every restart\n",
            all, stride == 1 ? "call: " : stride "th call: ", substr(text, 3), '"$count"'
        exit all < 20
    }'
