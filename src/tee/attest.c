/* attest.c - key, binding, quote, envelope. Whatever the plug-in gives is gone over with the rules that a
 * verifier has, so that no envelope is given out that is sure to be refused. */
#include <stdio.h>
#include <time.h>

#include "tee/internal.h"
#include "verify/self.h"

#define DAY_SECONDS UINT64_C(86400)
#define SESSION_DAYS 7
#define MAX_ENVELOPE_TEXT (16u * CHAOS_MAX_ENVELOPE) /* while it is written: escapes make six bytes of one */

/* --------------------------------------------------------------- binding ---- */

/* The key that the envelope's chain and endorsement speak of. */
static const chaos_keypair *identity_of(const chaos_keypair *keypair, const chaos_keypair *endorser)
{
    return endorser == NULL ? keypair : endorser;
}

static chaos_status check_endorser(const chaos_tee *tee, uint8_t stage, const chaos_keypair *endorser,
                                   chaos_error *err)
{
    const bool may_have =
        stage == CHAOS_STAGE_VALIDATION || stage == CHAOS_STAGE_TLS || stage == CHAOS_STAGE_SESSION;

    if (endorser == NULL) {
        return stage != CHAOS_STAGE_SESSION
                   ? CHAOS_OK
                   : error_set(err, CHAOS_E_USAGE, "endorser", CHAOS_NO_OFFSET,
                               "a session key (stage 5) needs the identity key as endorser");
    }
    if (!may_have) {
        return error_set(err, CHAOS_E_USAGE, "endorser", CHAOS_NO_OFFSET,
                         "at stage %u the bound key is the identity key itself: it has no endorser", stage);
    }
    if (keypair_check(tee, endorser, NULL) != CHAOS_OK) {
        return error_set(err, CHAOS_E_USAGE, "endorser", CHAOS_NO_OFFSET,
                         "the endorser is a keypair of another tee");
    }
    return CHAOS_OK;
}

static void key_only(chaos_binding *out)
{
    *out = (chaos_binding){ .stage = CHAOS_STAGE_KEY_ONLY };
    memset(out->agent_id.bytes, 0xff, sizeof out->agent_id.bytes);
}

static void fill_times(chaos_binding *binding)
{
    const uint64_t days = binding->stage == CHAOS_STAGE_SESSION ? SESSION_DAYS : 1;
    struct timespec now = { 0, 0 };

    if (binding->issued_at == 0 && binding->expires_at == 0) {
        (void)clock_gettime(CLOCK_REALTIME, &now);
        binding->issued_at = now.tv_sec > 0 ? (uint64_t)now.tv_sec : 0;
        binding->expires_at = binding->issued_at + days * DAY_SECONDS;
    }
}

/* The binding as the caller wants it, with what the core knows better; refused if a verifier would refuse
 * it. */
static chaos_status make_binding(const chaos_tee *tee, const chaos_keypair *keypair,
                                 const chaos_attest_options *options, const chaos_u256 *nonce,
                                 chaos_binding *out, chaos_error *err)
{
    chaos_error found;
    chaos_status status;

    if (options->binding != NULL) {
        *out = *options->binding;
    } else {
        key_only(out);
    }
    CHAOS_TRY(check_endorser(tee, out->stage, options->endorser, err));
    out->public_key_hash = k1_key_hash(&keypair->point);
    out->identity_key = identity_of(keypair, options->endorser)->address;
    if (nonce != NULL) {
        out->nonce = *nonce;
    }
    fill_times(out);
    status = self_check_stage(out, &found);
    if (status == CHAOS_OK) {
        return CHAOS_OK;
    }
    if (status != CHAOS_E_BINDING_STAGE) {
        return error_set(err, status, NULL, CHAOS_NO_OFFSET, NULL);
    }
    (void)error_set(err, CHAOS_E_USAGE, found.field, CHAOS_NO_OFFSET, "%s (stage %u)", found.text,
                    out->stage);
    error_expected(err, "%s", found.expected);
    error_found(err, "%s", found.found);
    return CHAOS_E_USAGE;
}

/* ------------------------------------------------------------------ quote ---- */

/* The one quote among the parts that were emitted. */
static chaos_status find_quote(const chaos_tee *tee, chaos_slice *quote, chaos_error *err)
{
    const chaos_slice tdx = tee_host_part(&tee->host, "tdx-quote");
    const chaos_slice sgx = tee_host_part(&tee->host, "sgx-quote");

    if (tdx.data == NULL && sgx.data == NULL) {
        return provider_broke(tee, "quote", err, "it gave no quote (tdx-quote or sgx-quote)");
    }
    if (tdx.data != NULL && sgx.data != NULL) {
        return provider_broke(tee, "quote", err, "it gave two quotes, and nobody knows which one counts");
    }
    *quote = tdx.data != NULL ? tdx : sgx;
    return CHAOS_OK;
}

/* A judgement about what the plug-in gave is its fault; the rest keeps its status. */
static chaos_status blame(const chaos_tee *tee, const char *what, const chaos_error *found, chaos_error *err)
{
    const chaos_class class_ = chaos_status_class(found->status);

    if (class_ != CHAOS_CLASS_FORMAT && class_ != CHAOS_CLASS_TRUST) {
        return error_set(err, found->status, NULL, CHAOS_NO_OFFSET, NULL);
    }
    (void)provider_broke(tee, found->field, err, "%s: %s: %s", what, chaos_status_name(found->status),
                         found->text);
    error_expected(err, "%s", found->expected);
    error_found(err, "%s", found->found);
    return CHAOS_E_PROVIDER;
}

static chaos_status check_report_data(const chaos_tee *tee, const chaos_evidence *evidence,
                                      const chaos_report_data *wanted, chaos_error *err)
{
    const dcap_quote *quote = &evidence->quote;
    chaos_slice found = { NULL, 0 };
    char text[sizeof err->found];

    if (wire_field_get(quote_body_table(quote->body_type), quote->body, "report_data", &found) &&
        slice_equal(found, slice(wanted->bytes, sizeof wanted->bytes))) {
        return CHAOS_OK;
    }
    (void)provider_broke(tee, "report_data", err, "the quote is for other report data");
    error_expected(err, "%s", error_hex(text, sizeof text, slice(wanted->bytes, sizeof wanted->bytes)));
    error_found(err, "%s", error_hex(text, sizeof text, found));
    return CHAOS_E_PROVIDER;
}

/* Asks for evidence over these report data. The parts stay with the host; *evidence is the quote with its
 * log. */
static chaos_status ask_for_quote(chaos_tee *tee, const chaos_report_data *data, chaos_evidence **evidence,
                                  chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, made);
    chaos_slice quote = { NULL, 0 };
    chaos_error found;
    plugin_call call;

    call_begin(&call, tee, HOST_CALL_ATTEST);
    CHAOS_TRY(call_end(&call, tee->provider->plugin->attest(tee->self, data->bytes, &call.failure), err));
    CHAOS_TRY(find_quote(tee, &quote, err));
    if (chaos_evidence_parse_with_log(quote, tee_host_part(&tee->host, "dstack-event-log"), &made, &found) !=
        CHAOS_OK) {
        return blame(tee, "its evidence is malformed", &found, err);
    }
    CHAOS_TRY(check_report_data(tee, made, data, err));
    if (self_check(made, &found) != CHAOS_OK) {
        return blame(tee, "its event log is not the quote's", &found, err);
    }
    CHAOS_GIVE(evidence, made);
    return CHAOS_OK;
}

/* --------------------------------------------------------------- envelope ---- */

/* Every part that was emitted, lent by the host, and the identity key's chain. */
static void take_parts(const chaos_tee *tee, const chaos_keypair *identity, envelope *out)
{
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        out->parts[part] = tee_host_part(&tee->host, envelope_part_names[part]);
    }
    if (identity->kms_chain.size > 0) {
        out->parts[PART_DSTACK_KMS_CHAIN] = buffer_slice(&identity->kms_chain);
    }
}

static bool same_key(const chaos_keypair *a, const chaos_keypair *b)
{
    return memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes) == 0;
}

static chaos_status sign_binding(chaos_tee *tee, const chaos_keypair *keypair, const chaos_keypair *identity,
                                 const chaos_binding *binding, envelope *out, chaos_error *err)
{
    const chaos_keccak digest = chaos_binding_digest(binding);

    chaos_binding_encode(binding, out->binding);
    CHAOS_TRY(sign_locked(tee, keypair, &digest, &out->possession, err));
    out->has_endorsement = !same_key(keypair, identity);
    return out->has_endorsement ? sign_locked(tee, identity, &digest, &out->endorsement, err) : CHAOS_OK;
}

/* Written, read back as a stranger would read it, and judged by a verifier's rules. */
static chaos_status finish(const chaos_tee *tee, const envelope *e, chaos_evidence **evidence,
                           chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, MAX_ENVELOPE_TEXT);
    CHAOS_AUTO(chaos_evidence, made);
    chaos_error found;

    if (!envelope_write(e, &text)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (text.size > CHAOS_MAX_ENVELOPE) {
        (void)error_set(err, CHAOS_E_LIMIT, "evidence", CHAOS_NO_OFFSET,
                        "the parts and the collateral are too large for one envelope");
        error_expected(err, "at most %u bytes", CHAOS_MAX_ENVELOPE);
        error_found(err, "%zu bytes", text.size);
        return CHAOS_E_LIMIT;
    }
    if (chaos_envelope_parse(buffer_slice(&text), &made, &found) != CHAOS_OK ||
        self_check(made, &found) != CHAOS_OK) {
        return blame(tee, "every verifier would refuse its evidence", &found, err);
    }
    CHAOS_GIVE(evidence, made);
    return CHAOS_OK;
}

static chaos_status check_options(const chaos_attest_options *options, chaos_error *err)
{
    const chaos_slice collateral = options->collateral;
    chaos_collateral *parsed = NULL;
    chaos_error found;

    if (options->size != sizeof *options) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET,
                         "begin with CHAOS_ATTEST_OPTIONS_INIT");
    }
    if (collateral.size == 0) {
        return CHAOS_OK;
    }
    if (collateral.data == NULL) {
        return error_set(err, CHAOS_E_USAGE, "collateral", CHAOS_NO_OFFSET, NULL);
    }
    if (chaos_collateral_parse(collateral, &parsed, &found) != CHAOS_OK) {
        return error_set(err, CHAOS_E_USAGE, "collateral", CHAOS_NO_OFFSET,
                         "the collateral to carry along: %s", found.text);
    }
    chaos_collateral_free(parsed);
    return CHAOS_OK;
}

chaos_status attest_locked(chaos_tee *tee, const chaos_keypair *keypair, const chaos_attest_options *options,
                           const chaos_u256 *nonce, chaos_evidence **evidence, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, quote);
    const chaos_keypair *identity = identity_of(keypair, options->endorser);
    envelope e = { .provider = slice_text(tee->provider->name) };
    chaos_report_data data;
    chaos_binding binding;

    CHAOS_TRY(check_options(options, err));
    CHAOS_TRY(make_binding(tee, keypair, options, nonce, &binding, err));
    data = chaos_binding_report_data(&binding);
    /* First the signatures: the next call ends what the quote's call has left with the host. */
    CHAOS_TRY(sign_binding(tee, keypair, identity, &binding, &e, err));
    CHAOS_TRY(ask_for_quote(tee, &data, &quote, err));
    take_parts(tee, identity, &e);
    e.collateral = options->collateral.size > 0 ? options->collateral : slice(NULL, 0);
    return finish(tee, &e, evidence, err);
}

chaos_status chaos_attest(chaos_tee *tee, const chaos_keypair *keypair, const chaos_attest_options *options,
                          chaos_evidence **evidence, chaos_error *err)
{
    static const chaos_attest_options defaults = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_status status;

    CHAOS_TRY(keypair_check(tee, keypair, err));
    if (evidence == NULL) {
        return error_set(err, CHAOS_E_USAGE, "evidence", CHAOS_NO_OFFSET, NULL);
    }
    tee_lock(tee);
    status = attest_locked(tee, keypair, options == NULL ? &defaults : options, NULL, evidence, err);
    call_clear(tee);
    tee_unlock(tee);
    return status;
}

chaos_status chaos_tee_get_attestation_report(chaos_tee *tee, const chaos_report_data *report_data,
                                              chaos_evidence **evidence, chaos_error *err)
{
    chaos_status status;

    if (tee == NULL || report_data == NULL || evidence == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "tee, report_data and evidence may not be NULL");
    }
    tee_lock(tee);
    status = ask_for_quote(tee, report_data, evidence, err);
    call_clear(tee);
    tee_unlock(tee);
    return status;
}
