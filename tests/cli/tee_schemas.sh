#!/usr/bin/env bash
# What 'chaoschain providers --json', 'providers --detect --json' and 'collateral show | verify --json' print is of its schema
# in data/schemas, whatever came of it; and each schema refuses what is none.
. "$(dirname "$0")/lib.bash"
check=$root/tests/npm/schema/check.js
"$root/scripts/install-npm.sh" "$root/tests/npm/schema" || skip "ajv is not installed"
build=$(dirname "$CHAOS_BIN")
of_schema() { # of_schema SCHEMA FILE
    expect 0 "$2 is of the schema" node "$check" "$root/data/schemas/$1.schema.json" "$work/$2"
}
broken() { # broken SCHEMA FILE NAME SED-SCRIPT
    sed "$4" "$work/$2" >"$work/broken"
    cmp -s "$work/$2" "$work/broken" && fail "$2, $3: nothing was changed"
    expect 1 "$2, refused: $3" node "$check" "$root/data/schemas/$1.schema.json" "$work/broken"
}

# --- detection: this machine, and what a TD and a machine without CPUID would say ---
code=0
"$chaoschain" providers --detect --json >"$work/here" || code=$?
{ [ "$code" -eq 0 ] || [ "$code" -eq 5 ]; } && pass || fail "detection: exit $code"
of_schema detection here
cat >"$work/td" <<'END'
{"hypervisor":"KVMKVMKVM","picked":"intel-tdx","processor":"GenuineIntel","schema":"chaoschain/detection/1","tees":[{"here":false,"name":"phala-dstack","reason":"no socket"},{"here":true,"name":"intel-tdx","reason":"leaf 0x21"}]}
END
of_schema detection td
sed 's/"KVMKVMKVM"/null/; s/"GenuineIntel"/null/' "$work/td" >"$work/no-cpuid"
of_schema detection no-cpuid
broken detection td 'nobody is here' 's/"here":true/"here":false/'
broken detection td 'simulated' 's/"name":"intel-tdx"/"name":"simulated"/'
broken detection td 'no reason' 's/"reason":"no socket"/"reason":""/'
broken detection td 'a word' 's/"here":false/"here":"no"/'
broken detection td 'a name' 's/"picked":"intel-tdx"/"picked":"Intel TDX"/'
broken detection td 'a long processor' 's/GenuineIntel/GenuineIntelX/'
broken detection td 'no TEE' 's/"tees":.*/"tees":[]}/'
broken detection td 'a member is missing' 's/"hypervisor":"KVMKVMKVM",//'
broken detection td 'another version' 's#detection/1#detection/2#'

# --- providers ---
export CHAOS_PROVIDER_PATH=$build/lib/chaoschain/providers
expect 0 "all" "$chaoschain" providers --json
cp "$work/out" "$work/all"
of_schema providers all
expect 5 "not installed" env CHAOS_PROVIDER_PATH="$work" "$chaoschain" providers phala-dstack no-such-tee --json
cp "$work/out" "$work/missing"
of_schema providers missing
has missing '"state":"not installed"' "not installed"
expect 5 "not here" "$chaoschain" providers phala-dstack --tee-options '{"endpoint":"/nowhere.sock"}' --json
cp "$work/out" "$work/away"
of_schema providers away
expect 64 "an odd name" "$chaoschain" providers "../x" --json
cp "$work/out" "$work/odd"
of_schema providers odd
broken providers away 'available with a reason' 's/"available":false/"available":true/'
broken providers away 'no reason' 's/"reason":"[^"]*"/"reason":null/'
broken providers away 'a code that is OK' 's/"code":"[A-Z_]*"/"code":"OK"/'
broken providers away 'another state' 's/"state":"not available"/"state":"away"/'
broken providers away 'nothing' 's/"providers":\[.*\]/"providers":[]/'
broken providers away 'another version' 's#providers/1#providers/2#'

# --- collateral ---
forge_into "$work/tdx" tdx
forge_into "$work/sgx" sgx
common=(--trust-root "$work/tdx/trust-root.der" --at "$forged_at" --json)
head -c 1000 "$work/tdx/collateral.json" >"$work/short.json"
expect 0 "show tdx" "$chaoschain" collateral show --json "$work/tdx/collateral.json"
cp "$work/out" "$work/shown-tdx"
expect 0 "show sgx" "$chaoschain" collateral show --json "$work/sgx/collateral.json"
cp "$work/out" "$work/shown-sgx"
expect 0 "verify" "$chaoschain" collateral verify "${common[@]}" "$work/tdx/collateral.json"
cp "$work/out" "$work/genuine"
expect 4 "not trusted" "$chaoschain" collateral verify --at "$forged_at" --json "$work/tdx/collateral.json"
cp "$work/out" "$work/untrusted"
expect 3 "cut" "$chaoschain" collateral verify "${common[@]}" "$work/short.json"
cp "$work/out" "$work/cut"
expect 5 "no file" "$chaoschain" collateral show --json "$work/none"
cp "$work/out" "$work/no-file"
for name in shown-tdx shown-sgx genuine untrusted cut no-file; do of_schema collateral $name; done
broken collateral genuine 'genuine without facts' 's/"facts":{[^}]*}/"facts":null/'
broken collateral genuine 'a number for a flag' 's/"verified":true/"verified":1/'
broken collateral genuine 'upper case' 's/"fmspc":"c0a0/"fmspc":"C0A0/'
broken collateral genuine 'no time' 's/"valid_to":"[^"]*"/"valid_to":null/'
broken collateral genuine 'a fact is missing' 's/"tcb_info_levels":[0-9]*,//'
broken collateral genuine 'a negative number' 's/"pck_crl_entries":/"pck_crl_entries":-1/'
broken collateral untrusted 'refused and genuine' 's/"verified":false/"verified":true/'
broken collateral untrusted 'another stage' 's/"stage":"[a-z]*"/"stage":"other"/'
broken collateral shown-tdx 'refused without an error' 's/"verified":null/"verified":false/'
broken collateral cut 'another version' 's#collateral/1#collateral/2#'
finish
