/* expect.c - the values behind --expect-...: what the relying party asks of the evidence, read strictly. A slip
 * of the finger must end here, not in a verdict about somebody's agent. */
#include "verify_program.h"

/* ---------------------------------------------------------------- options ---- */

chaos_status expect_report_data(const char *text, chaos_expectation *out, chaos_error *err)
{
    if (!value_hex(text, out->report_data.bytes, sizeof out->report_data.bytes)) {
        return error_set(err, CHAOS_E_USAGE, "--expect-report-data", CHAOS_NO_OFFSET,
                         "needs exactly 128 hex digits, all 64 bytes of REPORTDATA");
    }
    out->has_report_data = true;
    return CHAOS_OK;
}

/* What was typed goes where it is cut to fit, so that the sentence stays whole. */
static chaos_status refuse(const char *option, const char *wrong, const char *form, const char *text,
                           chaos_error *err)
{
    (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "%s", wrong);
    error_expected(err, "%s", form);
    error_found(err, "%s", shown(text).text);
    return CHAOS_E_USAGE;
}

chaos_status expect_agent(const char *text, chaos_expectation *out, chaos_error *err)
{
    agent_name agent;
    size_t colons = 0;
    for (const char *c = text; *c != '\0'; c++) {
        colons += *c == ':' ? 1 : 0;
    }
    const char *wrong = colons < 3 ? "it needs four parts" : value_agent(text, &agent);
    if (wrong != NULL) {
        return refuse("--expect-agent", wrong, "eip155:CHAIN:0xREGISTRY:ID", text, err);
    }
    out->chain_id = agent.chain_id;
    out->identity_registry = agent.identity_registry;
    out->agent_id = agent.agent_id;
    out->has_agent = true;
    return CHAOS_OK;
}

chaos_status expect_identity_key(const char *text, chaos_expectation *out, chaos_error *err)
{
    chaos_error why = { 0 };
    if (chaos_address_parse(text, &out->identity_key, &why) != CHAOS_OK) {
        return refuse("--expect-identity-key", why.text, "0xADDRESS", text, err);
    }
    out->has_identity_key = true;
    return CHAOS_OK;
}

chaos_status expect_nonce(const char *text, chaos_expectation *out, chaos_error *err)
{
    if (!value_hex(text, out->nonce.bytes, sizeof out->nonce.bytes)) {
        return error_set(err, CHAOS_E_USAGE, "--expect-nonce", CHAOS_NO_OFFSET,
                         "needs exactly 64 hex digits, the 32 bytes that you chose");
    }
    out->has_nonce = true;
    return CHAOS_OK;
}

#define MAX_BLOCK_DIGITS 20

/* Which blocks are near enough is the caller's own decision: the one that he names. */
chaos_status expect_block(const char *text, chaos_expectation *out, chaos_error *err)
{
    char number[MAX_BLOCK_DIGITS + 1] = "";
    const char *colon = strchr(text, ':');
    bool good = colon != NULL && (size_t)(colon - text) < sizeof number;
    if (good) {
        memcpy(number, text, (size_t)(colon - text));
        good = value_unsigned(number, UINT64_MAX / 2, &out->anchor_block) &&
               value_hex(colon + 1, out->anchor_hash.bytes, sizeof out->anchor_hash.bytes);
    }
    if (!good) {
        return refuse("--expect-block", "needs a block's number and its hash", "NUMBER:64 hex digits", text, err);
    }
    out->first_block = out->last_block = out->anchor_block;
    out->has_anchor = true;
    return CHAOS_OK;
}

static chaos_status expect_hash(const char *option, const char *text, uint8_t bytes[32], bool *has, chaos_error *err)
{
    if (!value_hex(text, bytes, 32)) {
        return refuse(option, "needs exactly 64 hex digits", "64 hex digits", text, err);
    }
    *has = true;
    return CHAOS_OK;
}

chaos_status expect_subject(const char *text, chaos_expectation *out, chaos_error *err)
{
    return expect_hash("--expect-subject", text, out->subject.bytes, &out->has_subject, err);
}

chaos_status expect_uri_hash(const char *text, chaos_expectation *out, chaos_error *err)
{
    return expect_hash("--expect-uri-hash", text, out->agent_uri_hash.bytes, &out->has_agent_uri_hash, err);
}

chaos_status expect_tls_key(const char *text, chaos_expectation *out, chaos_error *err)
{
    return expect_hash("--expect-tls-key", text, out->tls_spki_hash.bytes, &out->has_tls_spki_hash, err);
}
