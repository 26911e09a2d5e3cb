#!/usr/bin/env bash
# chaoschain inspect: every field by name, marked as unverified.
. "$(dirname "$0")/lib.bash"

forge_into "$work/tdx" tdx
forge_into "$work/sgx" sgx
quote=$work/tdx/quote.bin

expect 0 "TDX" "$chaoschain" inspect "$quote"
has out UNVERIFIED "TDX"
cp "$work/out" "$work/table"
for field in header.version body.mr_td body.rtmr3 body.report_data body.tee_tcb_svn signature_data.pck_certificate.fmspc \
    signature_data.qe_report.mr_signer signature_data.signature; do
    has out "$field " "TDX"
done
expect 0 "SGX" "$chaoschain" inspect "$work/sgx/quote.bin"
has out "body.mr_enclave " "SGX"
expect 0 "JSON" "$chaoschain" inspect --json "$quote"
has out '"unverified":true' "JSON"
has out '"schema":"chaoschain/inspection/1"' "JSON"
is_json "JSON"

to_hex "$quote" >"$work/quote.hex"
expect 0 "hex" "$chaoschain" inspect "$work/quote.hex"
cmp -s "$work/out" "$work/table" || fail "hex is shown in another way than binary"
base64 "$quote" >"$work/quote.b64"
expect 0 "base64 from standard input" bash -c '"$0" inspect - <"$1"' "$chaoschain" "$work/quote.b64"
cmp -s "$work/out" "$work/table" || fail "base64 is shown in another way than binary"

# It shows what nobody vouches for, too.
cp "$quote" "$work/changed"
flip "$work/changed" 600
expect 0 "a changed quote" "$chaoschain" inspect "$work/changed"
has out UNVERIFIED "a changed quote"

for size in 0 1 47 48 49 300 632 633 700 1000; do
    head -c "$size" "$quote" >"$work/short"
    expect 3 "$size bytes" "$chaoschain" inspect "$work/short"
    is_empty out "$size bytes"
    has err "(exit 3: malformed)" "$size bytes"
done
head -c 300 "$quote" >"$work/short"
expect 3 "where it breaks" "$chaoschain" inspect "$work/short"
has err "QUOTE_FORMAT" "where it breaks"
has err "(offset " "where it breaks"
expect 3 "malformed, JSON" "$chaoschain" inspect --json "$work/short"
is_empty out "malformed, JSON"
expect 3 "without end" "$chaoschain" inspect /dev/zero
expect 5 "a missing file" "$chaoschain" inspect "$work/none"
expect 64 "no file" "$chaoschain" inspect
expect 64 "two files" "$chaoschain" inspect "$quote" "$quote"
expect 64 "an unknown option" "$chaoschain" inspect --jsn "$quote"

finish
