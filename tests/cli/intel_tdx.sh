#!/usr/bin/env bash
# The provider intel-tdx beside a simulated guest kernel: the tree behaves like the kernel's, evidence is judged by what a
# relying party holds, and every fault of kernel, host and user has its own words.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/tsm.bash"
unset CHAOS_TSM_PATH DSTACK_SIMULATOR_ENDPOINT TAPPD_SIMULATOR_ENDPOINT

registry=0x5FbDB2315678afecb367f032d93F642f64180aa3
agent=eip155:31337:$registry
nonce=$(printf '22%.0s' $(seq 32))
simulator=$CHAOS_BIN/tsm-simulator

# --- the simulator itself ---
expect 0 "help" "$simulator" --help
expect 0 "version" "$simulator" --version
expect 0 "the faults" "$simulator" --fault list
has out "outblob=ERRNO" "the faults"
expect 64 "no place" "$simulator"
for fault in nothing outblob outblob=ENOTHING outblob=EBUSY:0 outblob=EBUSY:x foreign-write=EIO =EIO ''; do
    expect 64 "fault '$fault'" "$simulator" --root "$work/none" --fault "$fault"
done
expect 64 "a delay that is none" "$simulator" --root "$work/none" --delay 1s
expect 64 "a time that is none" "$simulator" --root "$work/none" --now yesterday
expect 64 "an empty application" "$simulator" --root "$work/none" --application /dev/null
expect 5 "no application" "$simulator" --root "$work/none" --application "$work/no-file"
expect 5 "no parent folder" "$simulator" --root "$work/none/none" --quiet
[ ! -e "$work/none" ] && pass || fail "a refused start has made something"

start_tsm one --seed "the seed of this test"
has one.err "SIMULATOR" "the banner"
for name in trust-root.der collateral.json policy.json; do [ -s "$held_by/$name" ] && pass || fail "no $name"; done
expect 5 "a second one for the folder" "$simulator" --root "$work/other" --out "$held_by"
has err "another simulator has the folder" "a second one for the folder"

# --- the tree, by hand: what configfs-tsm does ---
head -c 64 /dev/urandom >"$work/data"
mkdir "$tree/hand"
[ "$(cat "$tree/hand/provider")" = tdx_guest ] && pass || fail "provider"
[ "$(cat "$tree/hand/generation")" = 0 ] && pass || fail "a fresh generation"
cat "$tree/hand/outblob" >"$work/quote" 2>/dev/null && fail "outblob without inblob" || pass
head -c 63 "$work/data" >"$tree/hand/inblob"
cat "$tree/hand/outblob" >"$work/quote" 2>/dev/null && fail "outblob of 63 bytes" || pass
cat "$work/data" >"$tree/hand/inblob"
[ "$(cat "$tree/hand/generation")" = 2 ] && pass || fail "two writes are generation $(cat "$tree/hand/generation")"
cat "$tree/hand/outblob" >"$work/quote"
tail -c +569 "$work/quote" | head -c 64 | cmp - "$work/data" && pass || fail "the quote's report data"
{ head -c 65 /dev/zero >"$tree/hand/inblob"; } 2>/dev/null && fail "65 bytes are taken" || pass
cat "$tree/hand/inblob" 2>/dev/null && fail "inblob can be read" || pass
rm "$tree/hand/provider" 2>/dev/null && fail "an attribute can be removed" || pass
mkdir "$tree/hand/inner" 2>/dev/null && fail "a folder in an entry" || pass
mkdir "$tree/hand" 2>/dev/null && fail "the same entry twice" || pass
mkdir "$work/one.tsm/beside" 2>/dev/null && fail "a folder beside report/" || pass
expect 0 "the quote" "$verify" --quote "$work/quote" --collateral "$held_by/collateral.json" \
    --trust-root "$held_by/trust-root.der" --policy "$held_by/policy.json" --expect-report-data "$(to_hex "$work/data")"
has out "SIMULATED: no hardware vouches for this" "the quote"
rmdir "$tree/hand" && pass || fail "the entry stays"
nothing_left() { [ -z "$(ls "$tree")" ] && pass || fail "$1: an entry is left: $(ls "$tree")"; }
nothing_left "by hand"

# --- which TEE is this machine? Nothing is opened, nobody is asked ---
code=0
ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open,connect,socket,mkdir,execve -o "$work/trace" "$chaoschain" providers --detect >"$work/out" ||
    code=$?
for name in phala-dstack intel-tdx amd-sev-snp aws-nitro; do has out "$name" "detection"; done
grep -q simulated "$work/out" && [ "$code" -eq 0 ] && fail "detection picks a simulated TEE" || pass
if [ -s "$work/trace" ] && grep -E '"/dev/|dstack|tappd|/sys/kernel|configfs|connect\(|socket\(|mkdir|chaoschain-provider' "$work/trace" |
    grep -v '/dev/\(null\|tty\)' >"$work/touched"; then
    fail "detection touches $(head -1 "$work/touched")"
else
    pass
fi
expect "$code" "detection, JSON" "$chaoschain" providers --detect --json
is_json "detection, JSON"
has out '"schema":"chaoschain/detection/1"' "detection, JSON"
expect 64 "detection of a name" "$chaoschain" providers --detect intel-tdx
if [ "$code" -ne 0 ]; then # outside a TEE, where no one is chosen, and least of all a simulated one
    [ "$code" -eq 5 ] && pass || fail "detection: exit $code"
    for verb in keygen attest; do
        expect 5 "$verb with auto" "$chaoschain" "$verb" --tee-provider auto
        has err "auto finds no TEE here" "$verb with auto"
        has err "CPUID leaf 0x21" "$verb with auto: the reasons"
    done
    expect 5 "sign with auto" "$chaoschain" sign --tee-provider auto --message "$work/data"
    expect 5 "outside a TDX guest" "$chaoschain" providers intel-tdx
    has out "Not running in a TDX guest" "outside a TDX guest"
    expect 5 "no key outside a TDX guest" "$chaoschain" keygen --tee-provider intel-tdx
    has err "Not running in a TDX guest" "no key outside a TDX guest"
fi
expect 64 "auto with an endpoint" "$chaoschain" keygen --tee-provider auto --tee-endpoint "$tree"

# --- providers: the tree of the option, of the variable ---
options() { printf '{"endpoint":"%s","key_store":"%s","allow_swap":true%s}' "$tree" "${1:-$keys/store}" "${2:-}"; }
expect 0 "with the tree" "$chaoschain" providers intel-tdx --tee-options "{\"endpoint\":\"$tree\"}"
has out "available" "with the tree"
nothing_left "a probe"
expect 0 "by the variable" env CHAOS_TSM_PATH="$tree" "$chaoschain" providers intel-tdx
has err "CHAOS_TSM_PATH is set: quotes come from" "a stray variable is shouted about"
expect 5 "no tree" "$chaoschain" providers intel-tdx --tee-options "{\"endpoint\":\"$work/nothing\"}"
has out "there is no folder $work/nothing" "no tree"
expect 5 "a file for a tree" "$chaoschain" providers intel-tdx --tee-options "{\"endpoint\":\"$work/data\"}"
has out "is no folder" "a file for a tree"
while IFS= read -r bad; do
    expect 64 "options $bad" "$chaoschain" keygen --tee-provider intel-tdx --tee-options "$bad"
done <<EOT
{"endpoint":"relative"}
{"endpoint":""}
{"endpoint":7}
{"endpoint":"/$(printf 'a%.0s' $(seq 600))"}
{"registers":"x"}
{"key_store":"x"}
{"key_store":null,"allow_swap":1}
{"allow_swap":"true"}
{"timeout_ms":0}
{"timeout_ms":600001}
{"timeout_ms":"1"}
{"tsm_path":"/x"}
[]
EOT

# --- keys: as old as the guest, or as the process ---
keygen() { "$chaoschain" keygen --tee-provider intel-tdx --json "$@"; }
address() { sed -n 's/.*"address":"\(0x[0-9a-fA-F]*\)".*/\1/p' "$work/out"; }
expect 0 "keygen" keygen --tee-options "$(options)" --agent "$agent"
key=$(address)
[ ${#key} -eq 42 ] || fail "keygen: no address"
expect 0 "again" keygen --tee-options "$(options)" --agent "$agent:0"
[ "$(address)" = "$key" ] && pass || fail "another process has another key"
expect 0 "another label" keygen --tee-options "$(options)" --agent "$agent" --label other
[ "$(address)" != "$key" ] && pass || fail "another label has the same key"
[ "$(stat -c '%a %s' "$keys/store"/* | sort -u)" = '600 32' ] && pass || fail "files of keys: $(ls -l "$keys/store")"
[ "$(ls "$keys/store" | wc -l)" -eq 2 ] && pass || fail "not two keys: $(ls -A "$keys/store")"
expect 0 "in memory" keygen --tee-endpoint "$tree"
has err "a new identity key, in this process alone" "in memory"
first=$(address)
expect 0 "in memory again" keygen --tee-options "{\"endpoint\":\"$tree\",\"key_store\":\"memory\"}"
[ "$(address)" != "$first" ] && pass || fail "a key in memory outlives its process"
nothing_left "keys"

# Where a key must not lie.
expect 5 "a store on a disk" keygen --tee-options "$(options "$root/build")"
mkdir -m 700 "$work/disk"
if [ "$(stat -f -c %T "$work/disk")" != tmpfs ]; then
    expect 5 "a store on a disk" keygen --tee-options "$(options "$work/disk")"
    has err "is not on tmpfs" "a store on a disk"
    expect 5 "a store that would be made on a disk" keygen --tee-options "$(options "$work/new")"
    [ ! -e "$work/new" ] && pass || fail "a refused store was made"
fi
mkdir -m 755 "$keys/open"
expect 5 "a store that others see" keygen --tee-options "$(options "$keys/open")"
has err "with mode 0700" "a store that others see"
ln -s "$keys/store" "$keys/link"
expect 5 "a store behind a link" keygen --tee-options "$(options "$keys/link")"
expect 5 "a store in no folder" keygen --tee-options "$(options "$keys/a/b")"
spoil() { # spoil NAME COMMAND...: the key's file is not as it should be
    local name=$1 file
    shift
    rm -rf "$keys/spoilt"
    cp -a "$keys/store" "$keys/spoilt"
    file=$(ls "$keys/spoilt"/*+agent+*)
    "$@" "$file"
    expect 5 "$name" keygen --tee-options "$(options "$keys/spoilt")" --agent "$agent"
    has err "key_store" "$name"
}
shorter() { truncate -s 31 "$1"; }
longer() { printf x >>"$1"; }
readable() { chmod 640 "$1"; }
linked() { mv "$1" "$keys/moved" && ln -s "$keys/moved" "$1"; }
folder() { rm "$1" && mkdir "$1"; }
fifo() { rm "$1" && mkfifo -m 600 "$1"; }
zero() { head -c 32 /dev/zero >"$1"; }
for how in shorter longer readable linked folder fifo; do spoil "$how" "$how"; done
rm -rf "$keys/spoilt"
cp -a "$keys/store" "$keys/spoilt"
zero "$(ls "$keys/spoilt"/*+agent+*)"
expect 64 "a key that is none" keygen --tee-options "$(options "$keys/spoilt")" --agent "$agent"
# Two who make the same key at once have one.
for i in 1 2 3 4; do
    "$chaoschain" keygen --tee-provider intel-tdx --json --tee-options "$(options "$keys/race")" --agent "$agent" >"$work/race.$i" &
    racers[i]=$!
done
for i in 1 2 3 4; do wait "${racers[i]}" && pass || fail "race $i"; done
[ "$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$work"/race.? | sort -u | wc -l)" -eq 1 ] && pass || fail "a race makes two keys"
[ "$(ls -A "$keys/race" | wc -l)" -eq 1 ] && pass || fail "a race leaves files: $(ls -A "$keys/race")"

# --- evidence, judged by the relying party ---
attest() { "$chaoschain" attest --tee-provider intel-tdx --tee-options "$(options)" --nonce "$nonce" --out "$work/envelope.json" "$@"; }
judge() {
    "$chaoschain" verify --collateral "$held_by/collateral.json" --trust-root "$held_by/trust-root.der" --policy \
        "${policy:-$held_by/policy.json}" --expect-nonce "$nonce" --json --evidence "$work/envelope.json" "$@"
}
expect 0 "stage 1" attest --agent "$agent:0"
expect 0 "stage 1 is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key"
has out '"anchor":"simulated"' "stage 1 is judged"
has out '"tier":"AFFIRMING"' "stage 1 is judged"
has out '{"expected":"' "rows have values"
expect 2 "of another agent" judge --expect-agent "$agent:1" --expect-identity-key "$key"
has out BINDING_AGENT "of another agent"
expect 2 "of another key" judge --expect-agent "$agent:0" --expect-identity-key "$first"
has out BINDING_IDENTITY "of another key"
sed 's/"rtmr3":\["../"rtmr3":["00/' "$held_by/policy.json" >"$work/other-code.json"
policy=$work/other-code.json expect 2 "other code" judge --expect-agent "$agent:0" --expect-identity-key "$key"
has out '"code":"MEASUREMENT"' "other code"
sed 's/,"rtmr3":\[[^]]*\]//' "$held_by/policy.json" >"$work/no-rtmr3.json"
policy=$work/no-rtmr3.json expect 1 "without rtmr3 no code is pinned" judge --expect-agent "$agent:0" --expect-identity-key "$key"
expect 0 "a session" attest --agent "$agent:0" --stage 5
expect 0 "a session is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key"
if "$chaoschain" verify --json --collateral "$held_by/collateral.json" --trust-root "$held_by/trust-root.der" \
    "$work/envelope.json" >"$work/out"; then fail "the default policy takes a simulator"; fi
has out '"code":"ANCHOR"' "the default policy refuses a simulator"
printf 'an action of the agent\n' >"$work/message"
expect 0 "sign" "$chaoschain" sign --tee-provider intel-tdx --tee-options "$(options)" --agent "$agent:0" --session \
    --nonce "$nonce" --message "$work/message" --out "$work/signature.json" --evidence-out "$work/envelope.json"
expect 0 "the signature is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key" --signature \
    "$work/signature.json" --message "$work/message"
nothing_left "evidence"

# Other code measured: the register says so.
stop_tsm
[ "$ended_with" -eq 0 ] && pass || fail "SIGTERM ends the simulator with $ended_with: $(tail -3 "$work/one.err")"
printf 'version 2\n' >"$work/application"
start_tsm two --seed "the seed of this test" --application "$work/application"
expect 0 "another application" attest --agent "$agent:0"
held_by=$work/one expect 2 "another application is judged" judge --expect-agent "$agent:0" --expect-identity-key "$key"
has out '"code":"MEASUREMENT"' "another application is judged"
stop_tsm

# --- every fault, with its own words. FAULT | exit code | what is said ---
while IFS='|' read -r fault want said; do
    start_tsm fault --quiet --fault "$fault"
    case $fault in *outblob=EBUSY | *outblob=EINTR | *inblob=EAGAIN) timeout=300 ;; *) timeout=20000 ;; esac
    expect "$want" "$fault" keygen --tee-options "$(options memory ",\"timeout_ms\":$timeout")"
    [ -z "$said" ] || has err "$said" "$fault"
    case $fault in
    rmdir*) rmdir "$tree"/chaoschain-* && pass || fail "$fault: no entry was left" ;;
    *) nothing_left "$fault" ;;
    esac
    case $fault in rmdir=ENOENT*) grep -q 'keeps the entry' "$work/err" && fail "$fault: who has removed it is blamed" || pass ;; esac
    stop_tsm
done <<'EOT'
mkdir=EACCES|5|may not ask for quotes at
mkdir=EPERM|5|run as root
mkdir=ENXIO|5|no TEE has registered with the kernel
mkdir=ENOENT|5|there is no folder
mkdir=EEXIST|5|3 random names are all taken
mkdir=EEXIST:2|0|
mkdir=ENOSPC|5|the kernel makes no entry
provider=ENXIO|5|it went away: modprobe tdx_guest
provider=ENOTTY|5|it went away: modprobe tdx_guest
provider=EIO|5|the kernel's provider: Input/output error
provider=EINTR:2|0|
provider=ENOENT|5|the entry has no provider
other-provider|5|the kernel asks 'sev_guest', not tdx_guest
generation=EIO|5|the kernel's generation
garbage-generation|5|generation is no number: 'many'
inblob=EIO|5|the kernel's inblob
inblob=EACCES|5|may not ask for quotes at
inblob=EAGAIN|5|the kernel's inblob stays busy
inblob=EBUSY:2|0|
lost-write|5|did not take the 64 bytes
lost-write:1|5|did not take the 64 bytes
foreign-write|5|another process writes into our entries
foreign-write:1|0|
foreign-write:2|0|
foreign-write:3|5|3 times the kernel did not answer our one write
outblob=EBUSY|5|busy with other quotes for 300 ms
outblob=EBUSY:2|0|
outblob=EINTR:3|0|
outblob=EINTR|5|raise timeout_ms
outblob=ETIMEDOUT|5|did not answer the kernel in time
outblob=EIO|5|the host refused to make a quote
outblob=EINVAL|5|did not take the 64 bytes
outblob=ENXIO|5|modprobe tdx_guest
empty-quote|5|the host has no quoting service (qgsd)
endless-quote|5|the quote has more than 65536 bytes
garbage-quote|5|no TDX quote of version 4 or 5 (16 bytes)
other-quote|5|3 times the kernel did not answer
other-quote:1|0|
rmdir=EBUSY:1|0|rmdir removes it
rmdir=ENOENT:1|0|
EOT

# Quotes are made one after the other; who comes meanwhile waits.
start_tsm slow --delay 150
for i in 1 2 3; do
    "$chaoschain" keygen --tee-provider intel-tdx --json --tee-options "$(options memory)" >"$work/slow.$i" 2>&1 &
    racers[i]=$!
done
for i in 1 2 3; do wait "${racers[i]}" && pass || fail "slow $i: $(cat "$work/slow.$i")"; done
nothing_left "slow"
stop_tsm

# One that was killed leaves its mount; the next one takes it away.
start_tsm killed
kill -9 "${tsm_pids[-1]}"
wait "${tsm_pids[-1]}" 2>/dev/null || true
unset 'tsm_pids[-1]'
start_tsm killed
expect 0 "after a killed one" keygen --tee-options "$(options memory)"
stop_all_tsm
if grep -qF "$work" /proc/mounts; then fail "a mount is left"; else pass; fi
finish
