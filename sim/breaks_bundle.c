/* breaks_bundle.c - breaks of bundles: of the chain, of who signs, of sessions, of contents, of lines and of their
 * text. */
#include "sim/bundle.h"

/* Where what stands in a bundle of the default options: header, collateral, envelope, three receipts of which the first
 * two have two contents each, envelope, two receipts. */
enum {
    LINE_HEADER,
    LINE_COLLATERAL,
    LINE_ENVELOPE,
    LINE_FIRST,
    LINE_CONTENT,
    LINE_SECOND = LINE_CONTENT + 2,
    LINE_THIRD = LINE_SECOND + 3,
    LINE_NEXT_ENVELOPE,
    LINE_FOURTH,
    LINE_FIFTH
};

static chaos_action *action_at(bundle_recipe *r, size_t index)
{
    return &r->receipts[index].receipt.action;
}

/* ------------------------------------------------------------------ lines ---- */

static void remove_line(bundle_recipe *r, size_t line)
{
    r->line_count--;
    memmove(&r->lines[line], &r->lines[line + 1], (r->line_count - line) * sizeof *r->lines);
}

static void insert_line(bundle_recipe *r, size_t line, line_spec what)
{
    memmove(&r->lines[line + 1], &r->lines[line], (r->line_count - line) * sizeof *r->lines);
    r->lines[line] = what;
    r->line_count++;
}

static void move_line(bundle_recipe *r, size_t from, size_t to)
{
    const line_spec line = r->lines[from];
    remove_line(r, from);
    insert_line(r, to, line);
}

static void drop_second(bundle_recipe *r)
{
    remove_line(r, LINE_SECOND);
    remove_line(r, LINE_SECOND); /* its contents, too */
    remove_line(r, LINE_SECOND);
}

static void double_third(bundle_recipe *r)
{
    insert_line(r, LINE_THIRD, r->lines[LINE_THIRD]);
}

static void swap_last(bundle_recipe *r)
{
    move_line(r, LINE_FIFTH, LINE_FOURTH);
}

static void header_late(bundle_recipe *r)
{
    move_line(r, LINE_HEADER, LINE_COLLATERAL);
}

static void header_missing(bundle_recipe *r)
{
    remove_line(r, LINE_HEADER);
}

static void header_twice(bundle_recipe *r)
{
    insert_line(r, LINE_COLLATERAL, r->lines[LINE_HEADER]);
}

static void envelope_late(bundle_recipe *r)
{
    move_line(r, LINE_NEXT_ENVELOPE, LINE_FOURTH);
}

static void envelope_missing(bundle_recipe *r)
{
    remove_line(r, LINE_NEXT_ENVELOPE);
}

static void envelope_twice(bundle_recipe *r)
{
    insert_line(r, LINE_FOURTH, r->lines[LINE_ENVELOPE]);
}

static void envelope_unused(bundle_recipe *r)
{
    r->line_count = LINE_FOURTH;
}

static void only_header(bundle_recipe *r)
{
    r->line_count = LINE_ENVELOPE;
}

/* ------------------------------------------------------------------ chain ---- */

static void gap(bundle_recipe *r)
{
    action_at(r, 2)->sequence += 1;
}

static void again(bundle_recipe *r)
{
    action_at(r, 2)->sequence -= 1;
}

static void previous_flipped(bundle_recipe *r)
{
    action_at(r, 2)->previous.bytes[7] ^= 0x10;
}

static void previous_of_other(bundle_recipe *r)
{
    r->receipts[2].keeps_previous = true;
    action_at(r, 2)->previous = hash_keccak(slice_text("another receipt"));
}

static void previous_at_first(bundle_recipe *r)
{
    r->receipts[0].keeps_previous = true;
    action_at(r, 0)->previous = hash_keccak(slice_text("a receipt before the first"));
}

static void previous_missing(bundle_recipe *r)
{
    for (size_t i = 0; i < r->receipt_count; i++) {
        action_at(r, i)->sequence += 5;
    }
    r->receipts[0].keeps_previous = true;
}

/* ---------------------------------------------------------------- signers ---- */

static void signature_flipped(bundle_recipe *r)
{
    r->receipts[1].receipt.signature.bytes[40] ^= 0x01;
}

static void signature_of_no_key(bundle_recipe *r)
{
    memset(r->receipts[1].receipt.signature.bytes, 0, 32);
}

static void signature_high_s(bundle_recipe *r)
{
    uint8_t *rsv = r->receipts[1].receipt.signature.bytes;
    (void)k1_negate(rsv + K1_SIZE);
    rsv[64] ^= 27 ^ 28;
}

static void signature_v_0(bundle_recipe *r)
{
    uint8_t *rsv = r->receipts[1].receipt.signature.bytes;
    rsv[64] = (uint8_t)(rsv[64] - 27);
}

static void payload_flipped(bundle_recipe *r)
{
    action_at(r, 2)->payload_hash.bytes[0] ^= 0x01;
}

static void type_changed(bundle_recipe *r)
{
    action_at(r, 2)->action_type[0] = 'C';
}

static void time_changed(bundle_recipe *r)
{
    action_at(r, 2)->issued_at++;
}

static void by_stranger(bundle_recipe *r)
{
    r->receipts[0].scalar = r->keys[0].scalar[AGENT_STRANGER];
}

static void by_stranger_later(bundle_recipe *r)
{
    r->receipts[1].scalar = r->keys[0].scalar[AGENT_STRANGER];
}

static void by_identity(bundle_recipe *r)
{
    r->receipts[1].scalar = r->keys[0].scalar[AGENT_IDENTITY];
}

static void by_next_session(bundle_recipe *r)
{
    r->receipts[2].signing_session = 1;
}

/* --------------------------------------------------------------- sessions ---- */

static void back_to_older(bundle_recipe *r)
{
    receipt_spec *last = &r->receipts[4];
    last->session = last->signing_session = 0;
    last->receipt.action.issued_at = r->sessions[0].binding.issued_at + 9;
}

static void at_one_time(bundle_recipe *r)
{
    r->at_one_time = true;
}

/* The newer session signs first; the older one has signed nothing before. */
static void older_comes_second(bundle_recipe *r)
{
    for (size_t i = 0; i < r->receipt_count; i++) {
        receipt_spec *spec = &r->receipts[i];
        spec->session = spec->signing_session = i < 3 ? 1 : 0;
        spec->receipt.action.issued_at = r->sessions[spec->session].binding.issued_at + i;
    }
    r->lines[LINE_ENVELOPE].index = 1;
    r->lines[LINE_NEXT_ENVELOPE].index = 0;
}

static void before_session(bundle_recipe *r)
{
    action_at(r, 1)->issued_at = r->sessions[0].binding.issued_at - 1;
}

static void after_session(bundle_recipe *r)
{
    action_at(r, 1)->issued_at = r->sessions[0].binding.expires_at + 1;
}

static void other_registry(bundle_recipe *r)
{
    action_at(r, 1)->agent_registry.bytes[3] ^= 0x01;
}

static void other_agent(bundle_recipe *r)
{
    action_at(r, 1)->agent_id.bytes[31] ^= 0x01;
}

static void unknown_evidence(bundle_recipe *r)
{
    r->receipts[1].keeps_evidence = true;
    action_at(r, 1)->evidence_hash = hash_keccak(slice_text("another envelope"));
}

/* All that receipts and header say agrees, and the envelopes say something else. */
static void all_other_chain(bundle_recipe *r)
{
    r->header.chain_id.bytes[31] ^= 0x01;
    for (size_t i = 0; i < r->receipt_count; i++) {
        action_at(r, i)->chain_id = r->header.chain_id;
    }
}

static void all_other_registry(bundle_recipe *r)
{
    r->header.agent_registry.bytes[0] ^= 0x01;
    for (size_t i = 0; i < r->receipt_count; i++) {
        action_at(r, i)->agent_registry = r->header.agent_registry;
    }
}

static void all_other_agent(bundle_recipe *r)
{
    r->header.agent_id.bytes[31] ^= 0x01;
    for (size_t i = 0; i < r->receipt_count; i++) {
        action_at(r, i)->agent_id = r->header.agent_id;
    }
}

static void header_other_chain(bundle_recipe *r)
{
    r->header.chain_id.bytes[31] ^= 0x01;
}

static void header_other_registry(bundle_recipe *r)
{
    r->header.agent_registry.bytes[0] ^= 0x01;
}

static void header_other_agent(bundle_recipe *r)
{
    r->header.agent_id.bytes[31] ^= 0x01;
}

static void take_other_identity(recipe *r)
{
    r->envelope.binding.identity = AGENT_STRANGER;
    r->envelope.endorsement.signer = AGENT_STRANGER;
}

static void session_other_identity(bundle_recipe *r)
{
    r->change[1] = take_other_identity;
}

static void session_wrong_stage(bundle_recipe *r)
{
    r->stage[1] = CHAOS_STAGE_VALIDATION;
}

static void session_bad_quote(bundle_recipe *r)
{
    r->break_of[1] = "quote-signature-flipped";
}

static void session_bad_endorsement(bundle_recipe *r)
{
    r->break_of[0] = "endorsement-by-stranger";
}

static void session_debug(bundle_recipe *r)
{
    r->break_of[1] = "policy-td-debug";
}

/* --------------------------------------------------------------- contents ---- */

static void content_changed(bundle_recipe *r)
{
    r->contents[1].text[0] ^= 0x20;
}

static void content_not_named(bundle_recipe *r)
{
    memcpy(r->contents[1].text, "of nobody", sizeof "of nobody");
    r->contents[1].hash = hash_keccak(slice_text("of nobody"));
}

static void content_of_zero(bundle_recipe *r)
{
    memset(&r->contents[1].hash, 0, sizeof r->contents[1].hash);
}

static void content_early(bundle_recipe *r)
{
    move_line(r, LINE_CONTENT, LINE_FIRST);
}

static void content_late(bundle_recipe *r)
{
    move_line(r, LINE_CONTENT, LINE_SECOND);
}

static void content_twice(bundle_recipe *r)
{
    insert_line(r, LINE_CONTENT, r->lines[LINE_CONTENT]);
}

/* ------------------------------------------------------------------- rows ---- */

#define ROW(name, expected, summary) .shown = { name, summary, CHAOS_E_##expected, 0, false }
#define AFTER(name, expected, function, summary)          \
    {                                                     \
        ROW(name, expected, summary), .after = (function) \
    }
#define BEFORE(name, expected, function, summary)          \
    {                                                      \
        ROW(name, expected, summary), .before = (function) \
    }
#define EVIDENCE(name, expected, function, summary)          \
    {                                                        \
        ROW(name, expected, summary), .evidence = (function) \
    }
#define TEXT(name, expected, from_text, to_text, summary)  \
    {                                                      \
        ROW(name, expected, summary), .edit = { from_text, \
                                                to_text }  \
    }

const bundle_break bundle_breaks[] = {
    AFTER("receipt-dropped", RECEIPT_SEQUENCE, drop_second, "the second receipt is left out"),
    AFTER("receipt-doubled", RECEIPT_SEQUENCE, double_third, "the third receipt comes twice"),
    AFTER("receipts-swapped", RECEIPT_SEQUENCE, swap_last, "the last two receipts change places"),
    BEFORE("receipt-sequence-gap", RECEIPT_SEQUENCE, gap, "a sequence is jumped over, and signed so"),
    BEFORE("receipt-sequence-again", RECEIPT_SEQUENCE, again, "a sequence is used twice, and signed so"),
    AFTER("receipt-previous-flip", RECEIPT_PREVIOUS, previous_flipped, "a bit of `previous` is turned"),
    BEFORE("receipt-previous-other", RECEIPT_PREVIOUS, previous_of_other,
           "another receipt is named before, and signed"),
    BEFORE("receipt-previous-at-first", RECEIPT_PREVIOUS, previous_at_first, "sequence 0 names a receipt before it"),
    BEFORE("receipt-previous-missing", RECEIPT_PREVIOUS, previous_missing, "sequence 5 names no receipt before it"),
    AFTER("receipt-signature-flip", RECEIPT_SIGNATURE, signature_flipped, "a bit of s is turned"),
    AFTER("receipt-signature-no-key", RECEIPT_SIGNATURE, signature_of_no_key, "r is zero"),
    AFTER("receipt-signature-high-s", RECEIPT_SIGNATURE, signature_high_s, "the same signature in its other form"),
    AFTER("receipt-signature-v-0", RECEIPT_SIGNATURE, signature_v_0, "v is 0 or 1"),
    AFTER("receipt-payload-flip", RECEIPT_SIGNATURE, payload_flipped, "a bit of payloadHash is turned"),
    AFTER("receipt-type-changed", RECEIPT_SIGNATURE, type_changed, "a letter of actionType is another"),
    AFTER("receipt-time-changed", RECEIPT_SIGNATURE, time_changed, "issuedAt is a second later"),
    BEFORE("receipt-by-stranger", RECEIPT_SIGNATURE, by_stranger, "a stranger signs the first receipt"),
    BEFORE("receipt-by-stranger-later", RECEIPT_SIGNATURE, by_stranger_later, "a stranger signs the second receipt"),
    BEFORE("receipt-by-identity", RECEIPT_SIGNATURE, by_identity, "the identity key signs in the name of a session"),
    BEFORE("receipt-by-next-session", RECEIPT_SIGNATURE, by_next_session, "another session's key signs"),
    BEFORE("receipt-older-session", RECEIPT_SEQUENCE, back_to_older, "a session that is over signs again"),
    { ROW("receipt-older-session-same-time", RECEIPT_SEQUENCE, "a session signs again that began when the next did"),
      .evidence = at_one_time,
      .before = back_to_older },
    BEFORE("session-other-chain", BINDING_CHAIN, all_other_chain, "the envelopes are of another chain than the rest"),
    BEFORE("session-other-registry", BINDING_REGISTRY, all_other_registry,
           "the envelopes are of another registry than the rest"),
    BEFORE("session-other-agent", BINDING_AGENT, all_other_agent, "the envelopes are of another agent than the rest"),
    BEFORE("receipt-older-session-second", RECEIPT_SEQUENCE, older_comes_second,
           "a session follows one that was made after it"),
    BEFORE("receipt-before-session", BINDING_EXPIRED, before_session, "issuedAt is a second before the session's"),
    BEFORE("receipt-after-session", BINDING_EXPIRED, after_session, "issuedAt is a second after expiresAt"),
    BEFORE("receipt-other-registry", BINDING_REGISTRY, other_registry, "the action is of another registry"),
    BEFORE("receipt-other-agent", BINDING_AGENT, other_agent, "the action is of another agent"),
    BEFORE("receipt-unknown-evidence", ENVELOPE_HASH, unknown_evidence, "the action names another envelope"),
    AFTER("header-other-chain", BINDING_CHAIN, header_other_chain, "the header names another chain"),
    AFTER("header-other-registry", BINDING_REGISTRY, header_other_registry, "the header names another registry"),
    AFTER("header-other-agent", BINDING_AGENT, header_other_agent, "the header names another agent"),
    EVIDENCE("session-other-identity", BINDING_IDENTITY, session_other_identity,
             "the second session is endorsed by another identity key"),
    EVIDENCE("session-wrong-stage", BINDING_STAGE, session_wrong_stage, "the second envelope answers a request"),
    EVIDENCE("session-bad-quote", QUOTE_SIGNATURE, session_bad_quote, "the second session's quote is not signed"),
    EVIDENCE("session-bad-endorsement", ENDORSEMENT_SIGNATURE, session_bad_endorsement,
             "a stranger endorses the first session"),
    EVIDENCE("session-debug", TD_DEBUG, session_debug, "the second session runs under debug"),
    AFTER("envelope-late", ENVELOPE_HASH, envelope_late, "an envelope stands behind its first receipt"),
    AFTER("envelope-missing", ENVELOPE_HASH, envelope_missing, "the second session has no envelope"),
    AFTER("envelope-twice", BUNDLE_FORMAT, envelope_twice, "an envelope comes twice"),
    AFTER("envelope-unused", BUNDLE_FORMAT, envelope_unused, "no receipt names the last envelope"),
    TEXT("envelope-changed", ENVELOPE_HASH, "\"provider\":\"simulated\"", "\"provider\":\"simulatee\"",
         "the envelope is not the one that receipts name"),
    TEXT("envelope-malformed", ENVELOPE_FORMAT, "\"possession\":\"0x", "\"possession\":\"0y", "not hex"),
    AFTER("content-changed", RECEIPT_CONTENT, content_changed, "a content is not what its hash says"),
    AFTER("content-not-named", RECEIPT_CONTENT, content_not_named, "no receipt names this content"),
    AFTER("content-of-zero", RECEIPT_CONTENT, content_of_zero, "a content whose hash is zero, as of absent ones"),
    AFTER("content-early", RECEIPT_CONTENT, content_early, "a content stands before its receipt"),
    AFTER("content-late", RECEIPT_CONTENT, content_late, "a content stands behind the next receipt"),
    AFTER("content-twice", BUNDLE_FORMAT, content_twice, "a content comes twice"),
    AFTER("header-late", BUNDLE_FORMAT, header_late, "the header is the second line"),
    AFTER("header-missing", BUNDLE_FORMAT, header_missing, "there is no header"),
    AFTER("header-twice", BUNDLE_FORMAT, header_twice, "there are two headers"),
    AFTER("receipts-missing", BUNDLE_FORMAT, only_header, "there is no receipt"),
    TEXT("bundle-schema", BUNDLE_FORMAT, "chaoschain/bundle/1", "chaoschain/bundle/2", "another version"),
    TEXT("bundle-unknown-key", BUNDLE_FORMAT, "{\"agent_id\"", "{\"a\":1,\"agent_id\"",
         "the header has one more member"),
    TEXT("bundle-duplicate-key", JSON_DUPLICATE_KEY, "{\"agent_id\":\"0\"", "{\"agent_id\":\"0\",\"agent_id\":\"0\"",
         "a member comes twice"),
    TEXT("bundle-header-incomplete", BUNDLE_FORMAT, "{\"agent_id\":\"0\",", "{", "the header has no agent id"),
    TEXT("bundle-registry-upper", BUNDLE_FORMAT, "0x5fbd", "0x5FBD", "the registry is not in lower case"),
    TEXT("bundle-registry-no-chain", BUNDLE_FORMAT, "eip155:31337:", "eip155:", "the registry has no chain"),
    TEXT("bundle-chain-zero", BUNDLE_FORMAT, "eip155:31337:", "eip155:0:", "chain 0 is none"),
    TEXT("bundle-two-in-a-line", BUNDLE_FORMAT, "}\n{\"collateral\"", ",\"collateral\":\"x\"}\n{\"collateral\"",
         "two things in one line"),
    TEXT("bundle-blank-line", BUNDLE_FORMAT, "}\n{\"collateral\"", "}\n\n{\"collateral\"", "a line is empty"),
    TEXT("bundle-space-before", BUNDLE_FORMAT, "}\n{\"collateral\"", "}\n {\"collateral\"",
         "white space around a line"),
    TEXT("bundle-carriage-return", BUNDLE_FORMAT, "}\n{\"collateral\"", "}\r\n{\"collateral\"", "CR before LF"),
    TEXT("bundle-unknown-line", BUNDLE_FORMAT, "{\"collateral\"", "{\"trust_root\"", "a line of no known kind"),
    TEXT("bundle-trailing", BUNDLE_FORMAT, NULL, "x", "a byte behind the last line"),
    TEXT("bundle-trailing-line", BUNDLE_FORMAT, NULL, "{}\n", "an empty object behind the last line"),
    TEXT("bundle-trailing-zero", BUNDLE_FORMAT, NULL, "]\n", "no object behind the last line"),
    TEXT("collateral-not-text", BUNDLE_FORMAT, "{\"collateral\":\"", "{\"collateral\":[\"", "not a string"),
    TEXT("receipt-unknown-key", RECEIPT_FORMAT, "{\"receipt\":{", "{\"receipt\":{\"a\":1,", "one member more"),
    TEXT("receipt-no-signature", RECEIPT_FORMAT, "\"},\"signature\":", "\"},\"signaturf\":",
         "a member of another name"),
    TEXT("action-unknown-key", RECEIPT_FORMAT, "{\"actionType\"", "{\"actionTypf\"", "a member of another name"),
    TEXT("action-duplicate-key", JSON_DUPLICATE_KEY, "{\"actionType\":\"chaoschain/demo\"",
         "{\"actionType\":\"chaoschain/demo\",\"actionType\":\"chaoschain/demo\"", "a member comes twice"),
    TEXT("action-missing", RECEIPT_FORMAT, ",\"sequence\":\"0\"", "", "the action has no sequence"),
    TEXT("action-number", RECEIPT_FORMAT, "\"sequence\":\"0\"", "\"sequence\":0", "a number and no text"),
    TEXT("action-leading-zero", RECEIPT_FORMAT, "\"sequence\":\"0\"", "\"sequence\":\"00\"", "a leading zero"),
    TEXT("action-too-large", RECEIPT_FORMAT, "\"sequence\":\"0\"", "\"sequence\":\"9007199254740992\"", "2^53"),
    TEXT("action-negative", RECEIPT_FORMAT, "\"sequence\":\"0\"", "\"sequence\":\"-0\"", "a sign"),
    TEXT("action-type-empty", RECEIPT_FORMAT, "\"chaoschain/demo\"", "\"\"", "no type"),
    TEXT("action-type-space", RECEIPT_FORMAT, "\"chaoschain/demo\"", "\"chaoschain demo\"", "a space in the type"),
    TEXT("action-type-long", RECEIPT_FORMAT, "\"chaoschain/demo\"",
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "65 characters of type"),
    TEXT("action-registry-upper", RECEIPT_FORMAT, "\"agentRegistry\":\"0x5fbd", "\"agentRegistry\":\"0x5Fbd",
         "capital digits"),
    TEXT("content-not-base64", BUNDLE_FORMAT, "{\"content\":{\"data\":\"", "{\"content\":{\"data\":\"*", "not base64"),
    TEXT("content-unknown-key", BUNDLE_FORMAT, "{\"content\":{", "{\"content\":{\"a\":1,", "one member more"),
    TEXT("content-no-hash", BUNDLE_FORMAT, "\",\"hash\":", "\",\"hasi\":", "a member of another name"),
};
const size_t bundle_break_count = CHAOS_ARRAY_SIZE(bundle_breaks);
