#!/usr/bin/env bash
# The unmodified npm client of dstack, two releases of it, against dstack-simulator over both transports; its quotes are
# then judged by chaoschain-verify under the root that the simulator wrote. tests/npm/dstack-client.js has the cases.
. "$(dirname "$0")/../cli/lib.bash"
. "$(dirname "$0")/../cli/simulator.bash"

here=$root/tests/npm
command -v node >/dev/null || skip "node is missing (make deps)"
for version in 0.5.7 0.5.8; do
    "$root/scripts/install-npm.sh" "$here/dstack-$version" >"$work/npm" 2>&1 ||
        skip "npm cannot install the client $version: $(tail -n 1 "$work/npm")"
done

# As the client's own getComposeHash would have it written: sorted, compact.
printf '%s' '{"docker_compose_file":"services: {agent: {image: one}}","manifest_version":2,"name":"npm client","runner":"docker-compose"}' \
    >"$work/compose.json"

for version in 0.5.7 0.5.8; do
    start_simulator "for-$version" --tappd-socket "$work/tappd-$version.sock" --http 127.0.0.1:0 --compose "$work/compose.json"
    port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$work/for-$version.err")
    mkdir "$work/quotes-$version"
    address=$("$chaoschain" keygen --tee-provider phala-dstack --tee-endpoint "$socket" --path npm/agent --json |
        sed -n 's/.*"address":"\(0x[0-9a-fA-F]*\)".*/\1/p')
    expect 0 "client $version" timeout 120 node "$here/dstack-client.js" "$here/dstack-$version" "$socket" "$work/tappd-$version.sock" \
        "http://127.0.0.1:$port" "$held_by" "$work/quotes-$version" "$address"
    has out " checks of the client $version passed" "client $version"
    [ "$(wc -l <"$work/out")" -eq 1 ] || fail "client $version says: $(head -c 300 "$work/out")"
    sed -n '$p' "$work/out"
    [ "$(find "$work/quotes-$version" -name '*.quote' | wc -l)" -ge 30 ] || { fail "the client $version fetched too few quotes"; continue; }
    # A bare quote has no chain to a KMS: that pin is the envelope's.
    sed 's/,"kms_root":\[[^]]*\]//' "$held_by/policy.json" >"$work/policy-$version.json"
    for quote in "$work/quotes-$version"/*.quote; do
        name=${quote%.quote}
        judged=(--quote "$quote" --event-log "$name.log" --collateral "$held_by/collateral.json" --policy "$work/policy-$version.json" --json)
        expect 0 "$(basename "$name") of $version" "$verify" "${judged[@]}" --trust-root "$held_by/trust-root.der" \
            --expect-report-data "$(cat "$name.report_data")"
        has out '"anchor":"simulated"' "$(basename "$name") of $version"
        has out '"name":"event-log-rtmr3","result":"pass"' "$(basename "$name") of $version"
        expect 4 "$(basename "$name") of $version without the root" "$verify" "${judged[@]}"
        expect 2 "$(basename "$name") of $version, other report data" "$verify" "${judged[@]}" \
            --trust-root "$held_by/trust-root.der" --expect-report-data "$(printf '5a%.0s' {1..64})"
    done
    stop_simulators
done
finish
