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
