#!/usr/bin/env bash
# chaoschain validation: asked once, answered once, shown as it is.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/chain.bash"

start_registries
new_account judge
new_account stranger
expect 0 "register" sends owner agent register --name alice
expect 0 "register another" sends owner agent register --name bob

# --- request ---

echo "the work" >"$work/work.txt"
ask_judge=(validation request 0 --validator "$judge" --request "$work/request.json")
evidence=(--evidence-uri https://alice.example/evidence)
expect 64 "no place of the evidence" sends owner "${ask_judge[@]}"
has err "--evidence-uri" "no place of the evidence"
[ ! -e "$work/request.json" ] && pass || fail "a request file was made for nothing"
expect 0 "dry run" sends owner "${ask_judge[@]}" "${evidence[@]}" --dry-run --json
[ ! -e "$work/request.json" ] && pass || fail "a dry run made a request file"
expect 0 "request" sends owner "${ask_judge[@]}" "${evidence[@]}" --content "work=ipfs://bafy=$work/work.txt" --json
keep
request=$(value .request_hash)
is .agent "eip155:31337:$identity:0" "request"
is .transactions[0].state confirmed "request"
grep -qF '"schema":"chaoschain/validation-request/1"' "$work/request.json" && pass || fail "no request file"
grep -qF '"name":"work"' "$work/request.json" && pass || fail "the request file has no content"
cp "$work/request.json" "$work/request.kept"
expect 0 "the same request" sends owner "${ask_judge[@]}" --json
keep
is .request_hash "$request" "the same request"
is .transactions[0].was_done true "the same request"
cmp -s "$work/request.json" "$work/request.kept" && pass || fail "the request file changed"
expect 0 "the same request in words" sends owner "${ask_judge[@]}" "${evidence[@]}" \
    --content "work=ipfs://bafy=$work/work.txt"
has out "Another request is another file" "the same request in words"
width "request"
# A new journal knows nothing of it; the chain does.
expect 0 "the same request from another journal" sends owner "${ask_judge[@]}" --journal "$work/other.db" --json
is .transactions[0].state nothing-to-do "the same request from another journal"
echo "other work" >"$work/work.txt"
expect 64 "other content" sends owner "${ask_judge[@]}" --content "work=ipfs://bafy=$work/work.txt"
expect 64 "other evidence" sends owner "${ask_judge[@]}" --evidence-uri https://alice.example/other
expect 64 "another agent" sends owner validation request 1 --validator "$judge" --request "$work/request.json"
has err "another agent" "another agent"
expect 64 "another validator" sends owner validation request 0 --validator "$stranger" --request "$work/request.json"
expect 5 "of somebody else's agent" sends stranger validation request 0 --validator "$judge" \
    --request "$work/theirs.json" "${evidence[@]}"
has err "Not authorized" "of somebody else's agent"
sed 's/"agent_id":"0"/"agent_id":"00"/' "$work/request.kept" >"$work/broken.json"
expect 3 "a broken request file" sends owner validation request 0 --validator "$judge" --request "$work/broken.json"
has err "REQUEST_FORMAT" "a broken request file"
expect 64 "no validator" sends owner validation request 0 --request "$work/request.json"
expect 64 "no request file" sends owner validation request 0 --validator "$judge"
expect 64 "content without a file" sends owner validation request 0 --validator "$judge" --request "$work/new.json" \
    "${evidence[@]}" --content work=ipfs://bafy

# --- status of what is not answered, and the answer ---

expect 0 "status" asks validation status "$request" --json
keep
is .answered false "not answered"
is .validator "$judge" "status"
is .response undefined "not answered"
expect 0 "status in words" asks validation status "$request"
has out "none yet" "status in words"
expect 5 "status of nothing" asks validation status 0x$(printf '7%.0s' {1..64})
has err "NOT_FOUND" "status of nothing"
expect 64 "a bad hash" asks validation status 0x1234
expect 64 "no hash" asks validation status

echo report >"$work/report.json"
expect 5 "not the validator" sends stranger validation respond "$request" --response 0
has err "validator" "not the validator"
expect 64 "101" sends judge validation respond "$request" --response 101
expect 64 "no answer" sends judge validation respond "$request"
expect 64 "file and hash" sends judge validation respond "$request" --response 0 --file "$work/report.json" --hash "$request"
# An answer of 0 and no answer look alike in the registry's state.
expect 0 "an answer of 0" sends judge validation respond "$request" --response 0 --json
keep
is .transactions[0].state confirmed "an answer of 0"
expect 0 "status of an answer of 0" asks validation status "$request" --json
keep
is .answered true "an answer of 0 is an answer"
is .response 0 "an answer of 0 is an answer"
expect 0 "the same answer" sends judge validation respond "$request" --response 0 --json
keep
is .transactions[0].attempts 0 "the same answer is not sent again"
expect 64 "another answer" sends judge validation respond "$request" --response 100
has err "answer" "another answer"

expect 0 "a second request" sends owner validation request 0 --validator "$judge" --request "$work/second.json" \
    "${evidence[@]}" --uri https://alice.example/request.json --json
second=$(value .request_hash)
[ "$second" != "$request" ] && pass || fail "another file is the same request"
expect 0 "an answer with a report" sends judge validation respond "$second" --response 87 --tag quality \
    --uri https://judge.example/report.json --file "$work/report.json" --json
expect 0 "status with a report" asks validation status "$second" --json
keep
is .response 87 "status with a report"
is .tag quality "status with a report"
expect 0 "status with a report in words" asks validation status "$second"
has out "87 of 100" "status with a report in words"
has out "report hash" "status with a report in words"
width "status"

check_schemas
finish
