#!/usr/bin/env bash
# chaoschain feedback: given once, listed with its mean, taken back.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/chain.bash"

start_registries
new_account charlie
new_account dora
expect 0 "register" sends owner agent register --name alice
expect 0 "none yet" asks feedback list 0
has out "There is none" "none yet"

# --- give ---

give=(feedback give 0 --value 99.77 --tag1 tee-verified --tag2 shopping)
expect 0 "dry run" sends charlie "${give[@]}" --dry-run --json
keep
is .feedback_index undefined "a dry run has no number"
expect 0 "give" sends charlie "${give[@]}" --endpoint https://alice.example/mcp --json
keep
is .feedback_index 1 "give"
is .transactions[0].state confirmed "give"
expect 0 "the same feedback" sends charlie "${give[@]}" --endpoint https://alice.example/mcp --json
keep
is .transactions[0].was_done true "the same feedback"
is .feedback_index 1 "the same feedback"
expect 0 "the same feedback in words" sends charlie "${give[@]}" --endpoint https://alice.example/mcp
has out "--again gives it a second time" "the same feedback in words"
width "give"
expect 0 "a second time" sends charlie "${give[@]}" --endpoint https://alice.example/mcp --again --json
is .feedback_index 2 "a second time"
echo more >"$work/more.json"
expect 0 "of another client" sends dora feedback give 0 --value -0.5 --uri https://dora.example/f.json --file "$work/more.json" --json
keep
is .feedback_index 1 "of another client"
expect 5 "of the owner" sends owner feedback give 0 --value 100
has err "Self-feedback not allowed" "of the owner"
expect 5 "of no agent" sends charlie feedback give 99 --value 100
expect 64 "no value" sends charlie feedback give 0
expect 64 "19 decimals" sends charlie feedback give 0 --value 0.1234567890123456789
expect 64 "no number" sends charlie feedback give 0 --value much
expect 64 "no agent" sends charlie feedback give --value 1

# --- list ---

expect 0 "list" asks feedback list 0 --json
keep
is .count 3 "list"
is '.feedback.map(f => f.value).join()' 99.77,99.77,-0.5 "list"
is .feedback[0].client "$charlie" "list"
is .feedback[0].tag1 tee-verified "list"
is .mean 66.34 "the mean is that of the registry"
expect 0 "list of one client" asks feedback list 0 --client "$dora" --json
keep
is .mean -0.5 "list of one client"
expect 0 "list of a tag" asks feedback list 0 --tag2 shopping --json
is .count 2 "list of a tag"
expect 0 "list in words" asks feedback list 0
has out "of clients that nobody vouches for" "list in words"
width "list"
expect 5 "list of no agent" asks feedback list 99
has err "NOT_FOUND" "list of no agent"
expect 64 "a bad client" asks feedback list 0 --client 0x12
# Tags are any text.
expect 0 "a hostile tag" sends dora feedback give 0 --value 1 --tag1 "$(printf '\033[2J')"
expect 0 "a hostile tag listed" asks feedback list 0
grep -q "$(printf '\033')" "$work/out" && fail "an escape sequence reaches the terminal" || pass

# --- revoke ---

expect 0 "revoke" sends charlie feedback revoke 0 2 --json
keep
is .transactions[0].state confirmed "revoke"
is .feedback_index 2 "revoke"
expect 0 "revoke again" sends charlie feedback revoke 0 2 --json
is .transactions[0].was_done true "revoke again"
expect 5 "revoke from another journal" sends charlie feedback revoke 0 2 --journal "$work/other.db"
has err "Already revoked" "revoke from another journal"
expect 5 "revoke what is not there" sends charlie feedback revoke 0 9
has err "index out of bounds" "revoke what is not there"
expect 64 "revoke 0" sends charlie feedback revoke 0 0
expect 64 "revoke without a number" sends charlie feedback revoke 0
expect 0 "list without it" asks feedback list 0 --client "$charlie" --json
is .count 1 "list without it"
is .feedback.length 1 "list without it"
expect 0 "list with it" asks feedback list 0 --client "$charlie" --revoked --json
keep
is .feedback[1].revoked true "list with it"
is .count 1 "what was taken back does not count"
expect 0 "list with it in words" asks feedback list 0 --revoked
has out "(revoked)" "list with it in words"
expect 0 "revoke the other" sends charlie feedback revoke 0 1
expect 0 "all taken back" asks feedback list 0 --client "$charlie" --revoked --json
keep
is .mean null "all taken back"
expect 0 "all taken back in words" asks feedback list 0 --client "$charlie" --revoked
has out "No mean" "all taken back in words"

check_schemas
finish
