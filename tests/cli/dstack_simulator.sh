#!/usr/bin/env bash
# dstack-simulator: every option, where it listens and what it leaves behind, who may replace whom, and many clients.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/simulator.bash"

simulator=$CHAOS_BIN/dstack-simulator
compose='{"name":"of the test","docker_compose_file":"services: {}"}'
printf '%s' "$compose" >"$work/compose.json"

# --- what it refuses ---
expect 0 "help" "$simulator" --help
for option in --socket --tappd-socket --http --out --seed --now --compose --app-id --strip --socket-mode --quiet --help --version; do
    has out "$option" "help"
done
expect 0 "version" "$simulator" --version
expect 64 "nowhere to listen" "$simulator"
has err "--socket" "nowhere to listen"
expect 64 "an unknown option" "$simulator" --socket "$work/x.sock" --no-such
refused() { # refused EXIT SAID OPTION...: and no socket is left
    local code=$1 said=$2
    shift 2
    expect "$code" "refused: $*" timeout 20 "$simulator" --socket "$work/x.sock" "$@"
    has err "$said" "refused: $*"
    is_empty out "refused: $*"
    if [ -e "$work/x.sock" ]; then fail "refused: $*: a socket is left"; rm -f "$work/x.sock"; fi
}
refused 64 "--now" --now yesterday
refused 64 "--app-id" --app-id abcd
refused 64 "--socket-mode" --socket-mode 8
refused 64 "--socket-mode" --socket-mode 1000
refused 64 "this machine alone" --http 0.0.0.0:0
refused 64 "this machine alone" --http 127.0.0.1:65536
refused 64 "seed" --seed "$(printf 'x%.0s' {1..128})"
refused 5 "no-such-file" --compose "$work/no-such-file"
: >"$work/empty"
refused 64 "--compose" --compose "$work/empty"
printf 'services: {}\n' >"$work/compose.yaml"
refused 64 "no JSON object" --compose "$work/compose.yaml"
refused 5 "cannot make the folder" --out "$work/no/such/folder"
refused 5 "cannot open the folder" --out "$work/empty"
expect 5 "no folder for the socket" timeout 20 "$simulator" --socket "$work/no/such.sock"
expect 5 "too long a path" timeout 20 "$simulator" --socket "$work/$(printf 'x%.0s' {1..108})"
mkdir "$work/folder"
expect 5 "a folder in the socket's place" timeout 20 "$simulator" --socket "$work/folder"
expect 5 "a file in the socket's place" timeout 20 "$simulator" --socket "$work/compose.json"
[ "$(cat "$work/compose.json")" = "$compose" ] || fail "the file in the socket's place is changed"

# --- asking over HTTP, with nothing but the shell ---
trap '' PIPE # the server may close before it has read all that it will not take
port_of() { sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$work/$1.err"; }
http() { # http METHOD PATH [BODY [HEADER]]: the whole answer
    local body=${3-} fd
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    printf '%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s' \
        "$1" "$2" "${#body}" "${4-}" "$body" >&"$fd" 2>/dev/null || true
    timeout 20 cat <&"$fd" || true
    exec {fd}>&-
}
answers() { # answers STATUS TEXT METHOD PATH [BODY [HEADER]]
    local status=$1 text=$2 answer
    shift 2
    answer=$(http "$@" | tr -d '\0')
    case $answer in
        "HTTP/1.1 $status "*"$text"*) pass ;;
        *) fail "$*: expected $status and '$text': $(head -c 400 <<<"$answer")" ;;
    esac
}
member() { http GET "$1" | sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p"; }
address() { "$chaoschain" keygen --tee-provider phala-dstack --tee-endpoint "$1" --path a --json | sed -n 's/.*"address":"\([^"]*\)".*/\1/p'; }

# --- all options at once ---
start_simulator all --tappd-socket "$work/all.tappd" --http 127.0.0.1:0 --seed "all options" --now 2026-01-01T00:00:00Z \
    --compose "$work/compose.json" --app-id "$(printf '0b%.0s' {1..20})" --strip --socket-mode 0640
port=$(port_of all)
all=${simulators[-1]}
[ "$(cat "$work/all.said")" = ready ] || fail "it says more than ready: $(cat "$work/all.said")"
grep -q SIMULATOR "$work/all.err" || fail "no banner"
for socket_file in "$work/all.sock" "$work/all.tappd"; do
    [ "$(stat -c '%F %a' "$socket_file")" = "socket 640" ] || fail "$socket_file: $(stat -c '%F %a' "$socket_file")"
done
[ "$(cd "$held_by" && echo *)" = "app-compose.json collateral.json kms-root.hex policy.json trust-root.der" ] || fail "files: $(ls "$held_by")"
cmp -s "$work/compose.json" "$held_by/app-compose.json" || fail "the compose file is not as it was given"
answers 200 "\"app_id\":\"$(printf '0b%.0s' {1..20})\"" POST /Info '{}'
answers 200 "\"compose_hash\":\"$(sha256sum <"$work/compose.json" | cut -c1-64)\"" GET /Info
answers 200 '"app_name":"of the test"' GET /v0/Info
answers 200 "Server: ChaosChain dstack simulator" GET /Version
answers 200 '"key":"' GET '/GetKey?path=a%2Fb&purpose=c'
answers 404 "<html>" GET /v1/Version
answers 400 'Service not found: Nothing' POST /Nothing '{}'
answers 400 'Odd number of digits' POST /GetQuote '{"report_data":"abc"}'
answers 405 $'\nAllow: GET, HEAD, POST\r' PUT /GetKey '{}'
answers 405 'GET, HEAD, POST are spoken' OPTIONS /GetKey
answers 200 'Content-Length: ' HEAD /Version
answers 404 'text/html' HEAD /v1/Version
[ -z "$(http HEAD /Version | sed '1,/^\r$/d')" ] || fail "an answer to HEAD has a body"
answers 200 '"k256_key":"' POST /prpc/Tappd.DeriveK256Key '{"path":"a"}'
[ "$(http GET '/prpc/DeriveK256Key?path=a' | sed -n 's/.*"k256_key":"\([^"]*\)".*/\1/p')" = "$(member '/GetKey?path=a' key)" ] ||
    fail "tappd has other keys"
head -c 10485761 /dev/zero | tr '\0' ' ' >"$work/large"
answers 400 "payload too large" POST /GetQuote "$(cat "$work/large")" # as protobuf, which has it as text
answers 400 '{"error":"payload too large"}' POST '/GetQuote?json' "$(cat "$work/large")"
if http GET /Version "" "X: $(printf 'x%.0s' {1..70000})"$'\r\n' | grep -q version; then fail "headers of any size are taken"; fi
answers 200 '"version"' GET /Version

# --now is the machine's time; --strip leaves what replays.
http POST /GetQuote '{"report_data":"01"}' >"$work/answer"
sed -n 's/.*"quote":"\([0-9a-f]*\)".*/\1/p' "$work/answer" >"$work/quote.hex"
sed -n 's/.*"event_log":"\(.*\)","quote":.*/\1/p' "$work/answer" | sed 's/\\"/"/g' >"$work/log.json"
[ "$(grep -o '"digest":""' "$work/log.json" | wc -l)" -eq 9 ] || fail "the log is not stripped"
sed 's/,"kms_root":\[[^]]*\]//' "$held_by/policy.json" >"$work/policy.json"
judge() { # judge EXIT NAME TIME
    expect "$1" "$2" "$verify" --quote "$work/quote.hex" --event-log "$work/log.json" --collateral "$held_by/collateral.json" --json \
        --trust-root "$held_by/trust-root.der" --policy "$work/policy.json" --expect-report-data "01$(printf '00%.0s' {1..63})" --at "$3"
}
judge 0 "at the machine's time" 2026-01-01T00:00:00Z
has out '"anchor":"simulated"' "at the machine's time"
judge 4 "when its collateral has expired" 2026-03-01T00:00:00Z
has out '"code":"TCB_INFO_EXPIRED"' "when its collateral has expired"
judge 4 "before its certificates" 2015-01-01T00:00:00Z
has out 'NOT_YET_VALID"' "before its certificates"

# --- who may replace whom ---
all_address=$(address "$work/all.sock")
[ ${#all_address} -eq 42 ] || fail "no address from the socket"
sha256sum "$held_by"/* >"$work/sums"
second() { # second SAID OPTION...: is refused, and the first one notices nothing
    local said=$1
    shift
    expect 5 "beside the first: $*" timeout 20 "$simulator" "$@"
    has err "$said" "beside the first: $*"
    is_empty out "beside the first: $*"
    sha256sum --quiet -c "$work/sums" >/dev/null 2>&1 || fail "beside the first: $*: its files are changed"
    [ "$(address "$work/all.sock")" = "$all_address" ] || fail "beside the first: $*: it no longer answers"
    answers 200 '"version"' GET /Version
}
second "Address already in use" --socket "$work/all.sock" --out "$held_by"
second "Address already in use" --socket "$work/second.sock" --tappd-socket "$work/all.tappd" --out "$held_by"
second "Address already in use" --socket "$work/second.sock" --http "127.0.0.1:$port" --out "$held_by"
second "another simulator has the folder" --socket "$work/second.sock" --out "$held_by"
[ ! -e "$work/second.sock" ] || fail "who was refused leaves a socket"

kill -KILL "$all"
wait "$all" 2>/dev/null || true
[ -S "$work/all.sock" ] || fail "a killed simulator cannot remove its socket"
start_simulator all --tappd-socket "$work/all.tappd" --seed "all options" --app-id "$(printf '0b%.0s' {1..20})"
[ "$(address "$work/all.sock")" = "$all_address" ] || fail "the same seed has another key, or the stale socket is still there"
[ "$(stat -c %a "$work/all.sock")" = 600 ] || fail "the mode is not 0600 by default"

# --- how it ends ---
for signal in TERM INT HUP; do
    start_simulator "by-$signal" --tappd-socket "$work/by-$signal.tappd" --quiet
    is_empty "by-$signal.err" "quiet"
    code=0
    kill "-$signal" "${simulators[-1]}"
    wait "${simulators[-1]}" || code=$?
    [ "$code" -eq 0 ] || fail "by $signal: exit $code"
    if [ -e "$work/by-$signal.sock" ] || [ -e "$work/by-$signal.tappd" ]; then fail "by $signal: a socket is left"; else pass; fi
done
start_simulator moved
moved=${simulators[-1]}
rm "$work/moved.sock"
held_by=$work/moved-again
"$simulator" --socket "$work/moved.sock" --quiet >"$work/again.said" 2>&1 &
simulators+=($!)
for _ in {1..100}; do if grep -q ready "$work/again.said"; then break; fi; sleep 0.05; done
kill "$moved"
wait "$moved" || fail "the one whose socket was removed does not end well"
[ "$(address "$work/moved.sock" | wc -c)" -eq 43 ] || fail "the first one took the second one's socket along"

# --- seeds ---
start_simulator random-1
start_simulator random-2
[ "$(address "$work/random-1.sock")" != "$(address "$work/random-2.sock")" ] && pass || fail "without a seed both have the same key"
cmp -s "$work/random-1/kms-root.hex" "$work/random-2/kms-root.hex" && fail "without a seed both have the same KMS" || pass

# --- many clients ---
start_simulator crowd --http 127.0.0.1:0
port=$(port_of crowd)
idle=()
for _ in {1..60}; do # connected, and silent; or in the middle of a request
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    idle+=("$fd")
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /GetKey HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{' >&"$fd"
    idle+=("$fd")
done
begin=$SECONDS
for _ in {1..10}; do answers 200 '"version"' GET /Version; done
[ $((SECONDS - begin)) -le 5 ] || fail "120 idle clients hold up the others for $((SECONDS - begin)) s"

# One connection, several requests; then silence, which is ended.
exec {fd}<>"/dev/tcp/127.0.0.1/$port"
idle_since=$SECONDS
for i in 1 2 3; do
    printf 'GET /GetKey?path=%d HTTP/1.1\r\nHost: x\r\n\r\n' "$i" >&"$fd"
    while IFS= read -r -t 5 -u "$fd" line && [ "$line" != $'\r' ]; do
        case $line in Content-Length:*) length=$(tr -dc 0-9 <<<"$line") ;; esac
    done
    IFS= read -r -t 5 -N "$length" -u "$fd" line || fail "request $i on one connection"
    case $line in '{"key":"'*) pass ;; *) fail "request $i on one connection: $line" ;; esac
done
if IFS= read -r -t 25 -u "$fd" line; then fail "an idle connection gets: $line"; fi
idle_for=$((SECONDS - idle_since))
if [ "$idle_for" -ge 8 ] && [ "$idle_for" -le 20 ]; then pass; else fail "an idle connection is closed after $idle_for s"; fi
for fd in "${idle[@]}"; do exec {fd}>&-; done
answers 200 '"version"' GET /Version
stop_simulators
finish
