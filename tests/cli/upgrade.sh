#!/usr/bin/env bash
# The upgrade story: the same application with a new compose file keeps its identity key; its session key and its measurement are
# new, and evidence of the old session is refused by a policy that names the new compose hash.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/simulator.bash"

agent=eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3:0
nonce=$(printf '44%.0s' $(seq 32))
old_file='{"manifest_version":2,"name":"agent","runner":"docker-compose","docker_compose_file":"services: {agent: {image: one}}"}'
printf '%s' "$old_file" >"$work/old.json"
printf '%s' "${old_file/one/two}" >"$work/new.json"

run() { # run NAME: the agent's identity key, a session's evidence, and a signature
    local tee=(--tee-provider phala-dstack --tee-endpoint "$socket")
    "$chaoschain" keygen "${tee[@]}" --agent "$agent" --json >"$work/$1.key"
    printf 'message' | "$chaoschain" sign "${tee[@]}" --agent "$agent" --session --nonce "$nonce" --message - \
        --out "$work/$1.signature" --evidence-out "$work/$1.envelope"
}
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$2"; }

start_simulator old --seed "one application" --compose "$work/old.json"
run old
old_policy=$held_by/policy.json
stop_simulators
start_simulator new --seed "one application" --compose "$work/new.json"
run new
key=$(member address "$work/new.key")

[ "$(member address "$work/old.key")" = "$key" ] && pass || fail "the identity key changed"
[ "$(member address "$work/old.signature")" != "$(member address "$work/new.signature")" ] && pass || fail "the session key is the old one"

# What the relying party pins: the application, its machine and its KMS stay; the compose hash is that of the new file.
pinned() { sed -n "s/.*\"$1\":\[\"\([0-9a-f]*\)\"\].*/\1/p" "$2"; }
for what in app_id kms_root mr_td rtmr0 rtmr1 rtmr2; do
    old_value=$(pinned "$what" "$old_policy")
    [ -n "$old_value" ] && [ "$old_value" = "$(pinned "$what" "$held_by/policy.json")" ] && pass || fail "the upgrade changes $what"
done
for name in old new; do
    [ "$(pinned compose_hash "$work/$name/policy.json")" = "$(sha256sum <"$work/$name.json" | cut -c1-64)" ] && pass ||
        fail "the $name policy does not name the hash of its compose file"
done

printf 'message' >"$work/message"
judge() { # judge EXIT NAME WHOSE-EVIDENCE WHOSE-POLICY
    expect "$1" "$2" "$chaoschain" verify --json --collateral "$work/$4/collateral.json" --trust-root "$work/$4/trust-root.der" \
        --policy "$work/$4/policy.json" --expect-agent "$agent" --expect-identity-key "$key" --expect-nonce "$nonce" \
        --evidence "$work/$3.envelope" --signature "$work/$3.signature" --message "$work/message"
}
judge 0 "the old session under the old policy" old old
judge 0 "the new session under the new policy" new new
judge 2 "the old session under the new policy" old new
has out '"code":"COMPOSE_HASH"' "the old session under the new policy"
judge 2 "the new session under the old policy" new old
has out '"code":"COMPOSE_HASH"' "the new session under the old policy"
rtmr3() { # rtmr3 NAME: of the session's quote, as the verifier shows it
    "$chaoschain" verify --collateral "$work/$1/collateral.json" --trust-root "$work/$1/trust-root.der" --policy none \
        --evidence "$work/$1.envelope" | sed -n 's/^  rtmr3 *//p'
}
[ -n "$(rtmr3 old)" ] && [ "$(rtmr3 old)" != "$(rtmr3 new)" ] && pass || fail "the measurement is the old one"
stop_simulators
finish
