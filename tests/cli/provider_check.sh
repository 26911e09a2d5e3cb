#!/usr/bin/env bash
# The conformance kit: our providers conform, every broken mock fails by its own rule and by no other, every rule has a
# mock, and no plug-in takes the kit with it.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/simulator.bash"
[ -x "$CHAOS_BIN/chaoschain-provider" ] || skip "chaoschain-provider is not built"
[ -x "$CHAOS_BIN/dstack-simulator" ] || skip "dstack-simulator is not built"
umask 022

providers=$(dirname "$CHAOS_BIN")/lib/chaoschain/providers
mocks=$(dirname "$CHAOS_BIN")/tests/plugins
check() { "$chaoschain" provider check "$@"; }
plugin() { echo "$mocks/chaoschain-provider-$1.so"; }
failed_in() { sed -n 's/^FAIL \([a-z-]*\) .*/\1/p' "$1" | tr '\n' ' ' | sed 's/ $//'; }
sanitized=
[ "$(nm -D "$CHAOS_BIN/chaoschain-provider" 2>/dev/null | grep -c __asan_init)" = 0 ] || sanitized=yes

# --- the command line ---
expect 0 "help" check --help
has out 'Exit code: 0 it conforms' "help"
expect 64 "no plug-in" check
expect 64 "an unknown rule" check simulated --rule no-such-rule
has err "no rule 'no-such-rule'" "an unknown rule"
expect 64 "a time limit of nothing" check simulated --timeout 0
expect 64 "endpoint and options" check simulated --endpoint /a --options '{}'
expect 64 "record and replay" check simulated --record "$work/a" --replay "$work/b"
expect 5 "no such file" check ./no-such-file.so
expect 5 "not installed" env CHAOS_PROVIDER_PATH="$work" "$chaoschain" provider check phala-dstack
has err 'Install with: ' "not installed"
[ "$(wc -l <"$work/err")" -eq 2 ] && pass || fail "not installed: not two lines"
expect 64 "an unknown verb" "$chaoschain" provider chekc
expect 0 "the rules" check --list
cut -d' ' -f1 "$work/out" | sort >"$work/rules"
[ "$(wc -l <"$work/rules")" -ge 60 ] && [ -z "$(uniq -d "$work/rules")" ] && pass || fail "the rules are not 60 different ones"

# --- our providers ---
export CHAOS_PROVIDER_PATH=$providers
start_simulator guest --seed conformance
expect 0 "phala-dstack" check phala-dstack --endpoint "$socket"
has out 'phala-dstack conforms: ' "phala-dstack"
grep -qE '^(FAIL|skip|-) ' "$work/out" && fail "phala-dstack: not every rule passed" || pass
grep -q '^pass http-garbage' "$work/out" && pass || fail "phala-dstack: http-garbage was not tried"
expect 0 "simulated, by its file" check "$providers/chaoschain-provider-simulated.so" --options '{"seed":"kit"}'
has out 'simulated conforms: ' "simulated"
grep -q '^n/a  http-down' "$work/out" && pass || fail "simulated: makes no exchange, and that is not said"
expect 0 "simulated, without a seed" check simulated
grep -qF "another opening gives another key" "$work/out" && pass || fail "simulated without a seed: not said that keys change"
expect 1 "phala-dstack without its TEE" env -u DSTACK_SIMULATOR_ENDPOINT "$chaoschain" provider check phala-dstack \
    --options "{\"endpoint\":\"$work/none.sock\"}"
has out 'phala-dstack incomplete: ' "without its TEE"
has out 'skip tee-here' "without its TEE"
grep -q '^FAIL' "$work/out" && fail "without its TEE a rule fails" || pass
grep -q '^pass not-here' "$work/out" && pass || fail "not-here was not tried"
expect 0 "one rule" check simulated --options '{"seed":"kit"}' --rule sign-low-s
[ "$(grep -c '^pass' "$work/out")" -lt 25 ] && grep -q '^pass sign-low-s' "$work/out" && pass || fail "--rule runs more than it needs"

# --- recorded exchanges ---
expect 0 "record" check phala-dstack --endpoint "$socket" --record "$work/recording"
has err 'keep it to yourself' "record"
[ "$(stat -c %a "$work/recording" "$work/recording/key-same/001.json" | tr '\n' ' ')" = "700 600 " ] && pass || fail "others can read a recording"
expect 64 "record over a recording" check phala-dstack --endpoint "$socket" --record "$work/recording"
stop_simulators
expect 1 "nobody there" check phala-dstack --endpoint "$socket" --rule tee-here
expect 0 "replay" check phala-dstack --replay "$work/recording"
grep -q '^pass attest-report-data' "$work/out" && grep -q '^n/a  library' "$work/out" && pass || fail "replay: not all was tried"
expect 0 "replay, JSON" check phala-dstack --replay "$work/recording" --json
is_json "replay, JSON"
has out '"driven_by":"recording"' "replay, JSON"
cp -r "$work/recording" "$work/holes"
rm "$work/holes"/key-same/*.json
expect 1 "a recording with holes" check phala-dstack --replay "$work/holes" --rule key-same
grep -qF 'the recording has no exchange for POST /' <(tr -s ' \n' ' ' <"$work/out") && pass || fail "a recording with holes: not said"
cp -r "$work/recording" "$work/lies"
sed -i 's/"status":200/"status":500/' "$work/lies"/key-same/*.json
expect 2 "a recording of a fault" check phala-dstack --replay "$work/lies" --rule key-same
cp -r "$work/recording" "$work/garbage"
echo '{"schema":"chaoschain/recording/2"}' >"$work/garbage/recording.json"
expect 64 "no recording" check phala-dstack --replay "$work/garbage"
expect 64 "of another provider" check simulated --replay "$work/recording"
has err 'a recording of the provider phala-dstack' "of another provider"
cp -r "$work/recording" "$work/cut"
for file in "$work"/cut/key-public/*.json; do truncate -s 200 "$file"; done
expect 1 "a recording that is cut" check phala-dstack --replay "$work/cut" --rule key-public
expect 5 "no folder" check phala-dstack --replay "$work/nowhere"
expect 0 "nothing to record" check simulated --record "$work/nothing" --rule load
has out 'makes no exchange over host->http' "nothing to record"

# --- mocks ---
start_simulator mock --seed mocks
mkdir -p "$work/folder"
forge_into "$work/good" tdx
forge_into "$work/other" tdx --break log-rtmr3-event-missing
cp "$work/good/quote.bin" "$work/folder/quote"
cp "$work/good/event-log.json" "$work/folder/event-log"
cp "$work/other/event-log.json" "$work/folder/other-log"
ln -s "$socket" "$work/folder/sock"

# Each mock, and all the rules that it fails by; the code is 2 where there are any. The first is the one that it is made for.
cat >"$work/table" <<'END'
attest-empty-part attest-emits
attest-garbage attest-quote
attest-greedy attest-emits
attest-leaks attest-repeat
attest-maps attest-repeat
attest-nothing attest-quote
attest-other-log attest-log
attest-stale attest-report-data
attest-too-large attest-size
attest-two-quotes attest-quote
attest-unknown-part attest-emits
changes-locale process-state
changes-umask process-state
close-leaks open-repeat
daemonizes starts-nothing elf-imports
emit-late emit-place
entry-any-abi entry-unknown-abi
entry-null entry
error-sticks after-errors
handles-while-open process-state elf-imports
hostile-summary table-summary
http-ignores http-down http-garbage
http-keeps gives-back key-repeat
http-trusts http-garbage
http-unbounded http-bounds
invoke-exports invoke
invoke-not-json invoke
key-any-algorithm key-algorithm
key-changes key-same
key-cuts key-different
key-default-chain library
key-fickle key-purpose
key-frees-twice gives-back
key-leaks key-repeat
key-lies sign-recovers key-same key-fresh
key-none key-public
key-percent key-odd-path
key-quotes key-emits
key-short key-public
key-sound
key-stale key-fresh
key-twice key-emits
key-wrong-chain key-chain
load-crashes load
lowers-limit process-state
mark-loaded elf-exports
missing-member table-members
no-entry elf-exports
no-summary table-summary
one-thread threads
open-asks open
open-fails open
open-lax open-unknown open-malformed
open-leaks open-failed
open-leaks-file open-repeat key-repeat process-state
open-lenient open-malformed
open-once open-several
open-typeless open-type
prints prints-nothing
probe-crashes probe-time
probe-hangs probe-time
probe-leaks probe-repeat
probe-odd-status probe-why
probe-opens probe-pure probe-repeat process-state
probe-prints probe-time elf-imports
probe-silent probe-why
probe-unavailable not-here
probe-waits probe-mute not-here
secret-left secrets-left
secret-logged secrets-said
sets-alarm process-state
short-struct table-size
sign-fails sign-works
sign-flips sign-recovers
sign-high-s sign-low-s
sign-last sign-own-key
sign-odd-status sign-works
sign-v0 sign-v
sign-zero sign-recovers
starts-thread starts-nothing elf-imports
undumpable process-state
unload-crashes load
writes-file leaves-no-files
wrong-abi entry
wrong-name table-name
END
[ -z "$sanitized" ] || sed -i '/^close-leaks\|^key-leaks\|^open-leaks \|^probe-leaks\|^attest-leaks\|^attest-maps\|^attest-greedy/d; s/^http-keeps .*/http-keeps gives-back/' "$work/table" # no measure of the heap
for source in "$root"/tests/plugins/*.c; do
    grep -q "^$(basename "$source" .c)\( \|$\)" "$work/table" || [ -n "$sanitized" ] || fail "$(basename "$source"): not in the table"
done

export chaoschain mocks work
run_mock() {
    local code=0
    "$chaoschain" provider check "$mocks/chaoschain-provider-$1.so" --options "{\"folder\":\"$work/folder\",\"fit\":true}" \
        --timeout 20 >"$work/mock-$1.out" 2>"$work/mock-$1.err" || code=$?
    echo "$code" >"$work/mock-$1.code"
}
export -f run_mock
cut -d' ' -f1 "$work/table" | xargs -P 4 -I NAME bash -c 'run_mock NAME'
while read -r name rules; do
    want=$(tr ' ' '\n' <<<"$rules" | sort | tr '\n' ' ' | sed 's/ $//; s/^ //')
    got=$(failed_in "$work/mock-$name.out" | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//; s/^ //')
    code=$(cat "$work/mock-$name.code")
    if [ "$got" != "$want" ] || [ "$code" -ne "$([ -n "$rules" ] && echo 2 || echo 0)" ]; then
        fail "$name: exit $code, fails by '$got' and should by '$want'"
        grep -A2 '^FAIL' "$work/mock-$name.out" | head -8
        head -3 "$work/mock-$name.err"
    else
        pass
    fi
done <"$work/table"
said() { grep -qF -- "$2" <(tr -s ' \n' ' ' <"$work/mock-$1.out") && pass || fail "$1: does not say '$2'"; }
said load-crashes 'constructors crashed: '
said unload-crashes 'destructors crashed: '
said probe-crashes 'probe crashed: '
said probe-hangs 'probe did not return within 1500 ms, and was killed'
said probe-prints 'probe ended the process (exit code 0)'
said key-percent 'key crashed: '
said sign-high-s 's is above half the order'
said prints 'it prints: chaoschain/provider-check'
said secret-logged 'in hex'
said sign-odd-status 'QUOTE_SIGNATURE is none that a provider may give'
said one-thread 'in another thread'
if [ -z "$sanitized" ]; then
    said attest-greedy 'no memory for the quote'
    said attest-maps 'bytes more are mapped after every 8 rounds'
fi
said handles-while-open 'while it is open: it has installed a signal handler'
said changes-locale 'it has changed the locale'
said sets-alarm 'it has set a timer'
said daemonizes 'it has started a process'
if ps -eo args | grep -v grep | grep -qF "chaoschain-provider-daemonizes.so"; then fail "daemonizes: a process is left"; else pass; fi
# What somebody else has started in the same process stays.
(
    sleep 300 &
    echo $! >"$work/sleeper"
    exec "$chaoschain" provider check "$(plugin daemonizes)" --rule starts-nothing >/dev/null 2>&1
) || true
sleeper=$(cat "$work/sleeper")
kill "$sleeper" 2>/dev/null && pass || fail "the kit ends a process that is not of the plug-in"
said hostile-summary 'is no printable ASCII'

# --- the file ---
sound=$(plugin key-sound)
file_fails() { # file_fails RULE FILE
    expect 2 "$1" check "$2" --rule "$1"
    cp "$work/out" "$work/file-$1.out"
    [ "$(failed_in "$work/out")" = "$1" ] && pass || fail "$1: fails by '$(failed_in "$work/out")'"
}
mkdir "$work/files"
cp "$sound" "$work/files/provider-key-sound.so"
file_fails file-name "$work/files/provider-key-sound.so"
ln -s "$sound" "$work/files/chaoschain-provider-key-sound.so"
file_fails file-kind "$work/files/chaoschain-provider-key-sound.so"
rm "$work/files/chaoschain-provider-key-sound.so"
install -m 0664 "$sound" "$work/files/chaoschain-provider-key-sound.so"
file_fails file-mode "$work/files/chaoschain-provider-key-sound.so"
chmod 0644 "$work/files/chaoschain-provider-key-sound.so"
chmod 0777 "$work/files"
file_fails file-folder "$work/files/chaoschain-provider-key-sound.so"
chmod 0755 "$work/files"
owner=
if [ "$(id -u)" -eq 0 ]; then
    owner=yes
    chown 12345 "$work/files/chaoschain-provider-key-sound.so"
    file_fails file-owner "$work/files/chaoschain-provider-key-sound.so"
    chown 0 "$work/files/chaoschain-provider-key-sound.so"
fi
mkfifo "$work/files/chaoschain-provider-pipe.so"
expect 2 "a pipe" check "$work/files/chaoschain-provider-pipe.so" --timeout 5
printf 'not an ELF file' >"$work/files/chaoschain-provider-text.so"
expect 2 "a text" check "$work/files/chaoschain-provider-text.so"
has out 'it is no ELF file' "a text"
# Cut anywhere it is refused, and the kit goes on.
for size in 4 63 64 500 4096 8000 12000; do
    head -c "$size" "$sound" >"$work/files/chaoschain-provider-key-sound.so"
    expect 2 "cut at $size" check "$work/files/chaoschain-provider-key-sound.so" --rule elf-exports
done
# A plug-in that links this project, and one that cannot be loaded.
if [ -z "$sanitized" ] && command -v cc >/dev/null; then
    cc -shared -fPIC -fvisibility=hidden -I"$root/include" -I"$root/tests/plugins" -DMOCK -o "$work/files/chaoschain-provider-key-sound.so" \
        "$root/tests/plugins/key-sound.c" -Wl,--no-as-needed -L"$(dirname "$CHAOS_BIN")/lib" -lchaoschain-verify
    file_fails elf-imports "$work/files/chaoschain-provider-key-sound.so"
    has out 'it links libchaoschain-verify.so' "elf-imports"
    printf 'int nowhere(void);\nint __attribute__((visibility("default"))) chaos_provider_entry(void) { return nowhere(); }\n' >"$work/nowhere.c"
    cc -shared -fPIC -fvisibility=hidden -o "$work/files/chaoschain-provider-nowhere.so" "$work/nowhere.c"
    expect 2 "undefined" check "$work/files/chaoschain-provider-nowhere.so" --rule load
    has out 'undefined symbol' "undefined"
fi

# --- every rule has been failed by somebody ---
for file in "$work"/mock-*.out "$work"/file-*.out; do failed_in "$file" | tr ' ' '\n'; echo; done | sort -u >"$work/failed"
while read -r rule; do
    case $rule in
    tee-here) continue ;; # is skipped, never failed
    file-owner) [ -n "$owner" ] || continue ;;
    open-failed | attest-repeat) [ -z "$sanitized" ] || continue ;;
    esac
    grep -qx "$rule" "$work/failed" && pass || fail "no mock fails by the rule $rule"
done <"$work/rules"
finish
