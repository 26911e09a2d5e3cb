#!/usr/bin/env bash
# chaoschain collateral fetch, as people run it, from a service on this machine that hands out forged collateral.
. "$(dirname "$0")/lib.bash"

command -v node >/dev/null || skip "no node"

server=
stop_server() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    server=
}
trap 'stop_server; rm -rf "$work"' EXIT

# serve FOLDER KIND VERSION: $url is where.
serve() {
    stop_server
    : >"$work/url"
    node "$(dirname "$0")/collateral_service.mjs" "$@" >"$work/url" &
    server=$!
    for _ in $(seq 100); do
        url=$(cat "$work/url")
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    fail "the service does not start"
    finish
}

forge_into "$work/tdx" tdx
forge_into "$work/sgx" sgx
tdx=$work/tdx
cp -r "$tdx" "$work/served"
serve "$work/served" pcs 4
common=(--trust-root "$tdx/trust-root.der" --at "$forged_at" --cache "$work/cache")
service=(--service "$url" --root-crl "$url/root.der")
# Whatever it prints with --json is kept, for the schema at the end.
fetch() {
    local code=0
    "$chaoschain" collateral fetch "$@" >"$work/printed" || code=$?
    case " $* " in *" --json "*) [ ! -s "$work/printed" ] || cat "$work/printed" >>"$work/all.jsonl" ;; esac
    cat "$work/printed"
    return "$code"
}

# --- mistakes ---
expect 64 "no platform" fetch
has err "which platform?" "no platform"
expect 64 "two platforms" fetch --quote "$tdx/quote.bin" --tee tdx
has err "one platform at a time" "two platforms"
expect 64 "FMSPC alone" fetch --fmspc c0a05c000000
expect 64 "a short FMSPC" fetch --fmspc c0a05c0000 --ca platform --tee tdx
has err "12 hex digits" "a short FMSPC"
expect 64 "no such CA" fetch --fmspc c0a05c000000 --ca root --tee tdx
expect 64 "no such TEE" fetch --fmspc c0a05c000000 --ca platform --tee snp
expect 64 "no such kind" fetch --kind thim --quote "$tdx/quote.bin"
expect 64 "http to elsewhere" fetch "${common[@]}" --service http://192.0.2.1 --quote "$tdx/quote.bin"
has err "https" "http to elsewhere"
expect 64 "a PCCS without its URL" fetch "${common[@]}" --kind pccs --quote "$tdx/quote.bin"
expect 64 "TDX of version 3" fetch "${common[@]}" "${service[@]}" --api 3 --quote "$tdx/quote.bin"
expect 64 "an evaluation and early" fetch "${common[@]}" "${service[@]}" --evaluation-number 17 --update early \
    --quote "$tdx/quote.bin"
has err "neither --update nor --offline" "an evaluation and early"
for number in 0 -1 1.5 4294967296 x ""; do
    expect 64 "evaluation '$number'" fetch "${common[@]}" "${service[@]}" --evaluation-number "$number" --quote "$tdx/quote.bin"
done
expect 64 "refresh offline" fetch "${common[@]}" --refresh --offline --quote "$tdx/quote.bin"
expect 64 "JSON and collateral in one place" fetch "${common[@]}" --json --out - --quote "$tdx/quote.bin"
expect 64 "no time at all" fetch --timeout 0 --quote "$tdx/quote.bin"
expect 64 "a root that is none" fetch --trust-root "$tdx/quote.bin" --quote "$tdx/quote.bin"
expect 5 "no such file" fetch --quote "$work/none"
head -c 500 "$tdx/quote.bin" >"$work/short"
expect 3 "a quote that is cut" fetch --quote "$work/short"
expect 5 "nothing kept" fetch "${common[@]}" --offline --quote "$tdx/quote.bin"
has err COLLATERAL_MISSING "nothing kept"

# --- good: of a quote, an envelope, words; verified by chaoschain verify ---
expect 0 "of a quote" fetch "${common[@]}" "${service[@]}" --quote "$tdx/quote.bin" --out "$work/got.json"
has out "fetched and verified" "of a quote"
has out "c0a05c000000" "of a quote"
expect 0 "it is what verify takes" "$chaoschain" verify --quote "$tdx/quote.bin" --collateral "$work/got.json" \
    --event-log "$tdx/event-log.json" --trust-root "$tdx/trust-root.der" --at "$forged_at" --policy none
expect 0 "of an envelope" fetch "${common[@]}" "${service[@]}" --evidence "$tdx/envelope.json"
cmp -s "$work/out" "$work/got.json" && pass || fail "standard output is not the collateral"
has err "nobody was asked" "of an envelope"
expect 0 "of words" fetch "${common[@]}" "${service[@]}" --fmspc c0a05c000000 --ca platform --tee tdx --json
is_json "of words"
has out '"origin":"cache"' "of words"
has out '"schema":"chaoschain/collateral-fetch/1"' "of words"
has out '"warning":null' "of words"
expect 0 "asked again" fetch "${common[@]}" "${service[@]}" --quote "$tdx/quote.bin" --refresh --json
has out '"origin":"service"' "asked again"
[ "$(stat -c %a "$work/cache")" = 700 ] && pass || fail "the folder is not for its owner alone"
expect 0 "the floor that it keeps is one" "$chaoschain" collateral verify --trust-root "$tdx/trust-root.der" \
    --at "$forged_at" --floor "$work/cache/floor.json" "$work/got.json"
expect 0 "without --cache" env XDG_CACHE_HOME="$work/xdg" "$chaoschain" collateral fetch --trust-root "$tdx/trust-root.der" \
    --at "$forged_at" "${service[@]}" --quote "$tdx/quote.bin" --json
[ -f "$work/xdg/chaoschain/collateral/tdx-c0a05c000000-platform.json" ] && pass || fail "not in XDG_CACHE_HOME"
expect 64 "without any home" env -u XDG_CACHE_HOME -u HOME "$chaoschain" collateral fetch --quote "$tdx/quote.bin"

expect 0 "the evaluation that is kept" fetch "${common[@]}" "${service[@]}" --evaluation-number 18 --quote "$tdx/quote.bin" \
    --json
has out '"origin":"cache"' "the evaluation that is kept"
expect 4 "an evaluation that is not there" fetch "${common[@]}" "${service[@]}" --evaluation-number 19 \
    --quote "$tdx/quote.bin" --json
has out '"code":"TCB_INFO_MISMATCH"' "an evaluation that is not there"
has out '"field":"tcb_evaluation_number"' "an evaluation that is not there"

# --- not good ---
expect 4 "without its root" fetch --at "$forged_at" --cache "$work/other" "${service[@]}" --quote "$tdx/quote.bin"
has err ROOT_UNTRUSTED "without its root"
expect 4 "another FMSPC" fetch "${common[@]}" "${service[@]}" --fmspc c0a05c000001 --ca platform --tee tdx
has err TCB_INFO_MISMATCH "another FMSPC"
expect 4 "another CA, JSON" fetch "${common[@]}" "${service[@]}" --fmspc c0a05c000000 --ca processor --tee tdx --json
has out '"code":"CRL_ISSUER"' "another CA, JSON"
is_json "another CA, JSON"
echo 500 >"$work/served/status"
expect 0 "a failing service, and some is kept" fetch "${common[@]}" "${service[@]}" --quote "$tdx/quote.bin" --refresh \
    --out "$work/kept.json"
has err "was not renewed: GUEST_AGENT" "a failing service, and some is kept"
has out "the service failed" "a failing service, and some is kept"
cmp -s "$work/kept.json" "$work/got.json" && pass || fail "what was kept is another"
expect 0 "the same, JSON" fetch "${common[@]}" "${service[@]}" --quote "$tdx/quote.bin" --refresh --json
has out '"origin":"kept"' "the same, JSON"
has out '"code":"GUEST_AGENT"' "the same, JSON"
is_json "the same, JSON"
expect 5 "a failing service, and nothing is kept" fetch --trust-root "$tdx/trust-root.der" --at "$forged_at" \
    --cache "$work/other" "${service[@]}" --quote "$tdx/quote.bin"
has err "HTTP 500" "a failing service, and nothing is kept"
rm "$work/served/status"
forge_into "$work/old" tdx --now 2025-12-30T00:00:00Z
cp "$work/old/collateral.json" "$work/served/"
expect 0 "an older one" fetch "${common[@]}" "${service[@]}" --quote "$tdx/quote.bin" --refresh --json
has out '"code":"COLLATERAL_ROLLBACK"' "an older one"
rm "$work/cache/tdx-c0a05c000000-platform.json"
expect 4 "an older one, and only the floor is left" fetch "${common[@]}" "${service[@]}" --quote "$tdx/quote.bin"
has err COLLATERAL_ROLLBACK "an older one, and only the floor is left"
expect 4 "expired" fetch --trust-root "$tdx/trust-root.der" --at 2027-06-01T00:00:00Z --cache "$work/other" "${service[@]}" \
    --quote "$tdx/quote.bin"
has err EXPIRED "expired"
stop_server
expect 5 "no service" fetch "${common[@]}" "${service[@]}" --quote "$tdx/quote.bin"
has err NETWORK "no service"

# --- version 3, and a PCCS ---
serve "$work/sgx" pcs 3
expect 0 "version 3" fetch --trust-root "$work/sgx/trust-root.der" --at "$forged_at" --cache "$work/three" --service "$url" \
    --root-crl "$url/root.der" --api 3 --quote "$work/sgx/quote.bin" --json
has out '"tee":"sgx"' "version 3"
expect 5 "version 4 of a service that has 3" fetch --trust-root "$work/sgx/trust-root.der" --at "$forged_at" \
    --cache "$work/four" --service "$url" --root-crl "$url/root.der" --quote "$work/sgx/quote.bin"
has err "HTTP 404" "version 4 of a service that has 3"
serve "$work/tdx" pccs 4
expect 0 "a PCCS" fetch --trust-root "$tdx/trust-root.der" --at "$forged_at" --cache "$work/pccs" --service "$url/" \
    --kind pccs --quote "$tdx/quote.bin" --json
has out '"origin":"service"' "a PCCS"

# --- real collateral, under Intel's root ---
if [ -n "${CHAOS_VECTORS:-}" ] && [ -d "$CHAOS_VECTORS/dcap" ]; then
    real=$CHAOS_VECTORS/dcap
    mkdir "$work/real"
    at_then=(--at 2025-06-05T00:00:00Z --cache "$work/intel")
    quote=$(ls "$real"/quotes/v3_sgx_00906ed50000_*.bin | head -1)
    cp "$real"/collateral/sgx_v3_00906ed50000_eval19_20250527193108__*.json "$work/real/collateral.json"
    serve "$work/real" pcs 4
    service=(--service "$url" --root-crl "$url/root.der")
    expect 0 "real collateral" fetch "${at_then[@]}" "${service[@]}" --quote "$quote" --update early --json
    has out '"tcb_evaluation_number":19' "real collateral"
    cp "$real"/collateral/sgx_v3_00906ed50000_eval17_20250527193107__*.json "$work/real/collateral.json"
    expect 0 "an older evaluation" fetch "${at_then[@]}" "${service[@]}" --quote "$quote" --refresh --json
    has out '"origin":"kept"' "an older evaluation"
    has out '"field":"tcb_evaluation_number"' "an older evaluation"
    expect 0 "in a folder of its own" fetch "${at_then[@]:0:2}" --cache "$work/standard" "${service[@]}" --quote "$quote" \
        --json
    has out '"tcb_evaluation_number":17' "in a folder of its own"
    cp "$real"/collateral/sgx_v2_00906ed50000_eval17_20250527193107__*.json "$work/real/collateral.json"
    serve "$work/real" pccs 3
    expect 0 "TCB info of version 2, from a PCCS" fetch "${at_then[@]:0:2}" --cache "$work/two" --service "$url" --kind pccs \
        --api 3 --quote "$quote" --out "$work/two.json"
    expect 0 "and its file" "$chaoschain" collateral verify "${at_then[@]:0:2}" "$work/two.json"
else
    echo "SKIPPED: no vectors"
fi
# --- the schema ---
schema=$root/data/schemas/collateral-fetch.schema.json
check=$root/tests/npm/schema/check.js
if "$root/scripts/install-npm.sh" "$root/tests/npm/schema" >"$work/npm" 2>&1; then
    for origin in cache service kept; do
        grep -qF "\"origin\":\"$origin\"" "$work/all.jsonl" && pass || fail "no answer from $origin"
    done
    grep -qF '"facts":null' "$work/all.jsonl" && pass || fail "no error among the answers"
    expect 0 "every line is as the schema says" node "$check" "$schema" "$work/all.jsonl"
    grep -F '"origin":"kept"' "$work/all.jsonl" | head -n 1 >"$work/kept"
    grep -F '"origin":null' "$work/all.jsonl" | head -n 1 >"$work/failed"
    sed 's/"origin":"kept"/"origin":"cache"/' "$work/kept" >"$work/bad_warning"
    sed 's/"fmspc":"c0a0/"fmspc":"C0A0/' "$work/kept" >"$work/bad_fmspc"
    sed 's/"valid_to":"[^"]*"/"valid_to":null/' "$work/kept" >"$work/bad_time"
    sed 's/collateral-fetch\/1/collateral-fetch\/2/' "$work/kept" >"$work/bad_version"
    sed 's/"origin":null/"origin":"cache"/' "$work/failed" >"$work/bad_origin"
    sed 's/"stage":"[a-z]*"/"stage":"other"/' "$work/failed" >"$work/bad_stage"
    for name in warning fmspc time version origin stage; do
        if cmp -s "$work/kept" "$work/bad_$name" || cmp -s "$work/failed" "$work/bad_$name"; then
            fail "$name: nothing was changed"
        fi
        expect 1 "refused: $name" node "$check" "$schema" "$work/bad_$name"
    done
else
    echo "SKIPPED: ajv is not installed"
fi
finish
