/* request.c - what the options ask for: a platform, a service, roots, a time. */
#include "fetch_program.h"

#include <time.h>

#define MAX_TIMEOUT_S 600u

static chaos_status usage(const char *field, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "%s", why);
}

/* ----------------------------------------------------------------- platform ---- */

static chaos_status of_quote(const char *path, chaos_platform *platform, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, 0);
    chaos_evidence *evidence = NULL;

    CHAOS_TRY(input_read("--quote", path, INPUT_MAX_QUOTE, &bytes, err));
    CHAOS_TRY(input_unarmour(&bytes, err));
    CHAOS_TRY(chaos_evidence_parse(buffer_slice(&bytes), &evidence, err));
    chaos_status status = chaos_evidence_platform(evidence, platform, err);
    chaos_evidence_free(evidence);
    return status;
}

static chaos_status of_envelope(const char *path, chaos_platform *platform, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, 0);
    chaos_evidence *evidence = NULL;

    CHAOS_TRY(input_read("--evidence", path, CHAOS_MAX_ENVELOPE, &bytes, err));
    CHAOS_TRY(chaos_envelope_parse(buffer_slice(&bytes), &evidence, err));
    chaos_status status = chaos_evidence_platform(evidence, platform, err);
    chaos_evidence_free(evidence);
    return status;
}

static chaos_status of_words(const options *given, chaos_platform *platform, chaos_error *err)
{
    const char *fmspc = options_value(given, OPT_FMSPC, 0);
    const char *ca = options_value(given, OPT_CA, 0);
    const char *tee = options_value(given, OPT_TEE, 0);
    chaos_platform said = { .tee = CHAOS_TEE_TDX };

    if (fmspc == NULL || ca == NULL || tee == NULL) {
        return usage("--fmspc", "which platform? give --quote FILE, --evidence FILE, or --fmspc, --ca and --tee", err);
    }
    if (!value_hex(fmspc, said.fmspc, sizeof said.fmspc)) {
        return usage("--fmspc", "an FMSPC is 12 hex digits", err);
    }
    if (strcmp(ca, "platform") != 0 && strcmp(ca, "processor") != 0) {
        return usage("--ca", "a PCK CA is 'platform' or 'processor'", err);
    }
    if (strcmp(tee, "tdx") != 0 && strcmp(tee, "sgx") != 0) {
        return usage("--tee", "a TEE with such collateral is 'tdx' or 'sgx'", err);
    }
    said.platform_ca = strcmp(ca, "platform") == 0;
    said.tee = strcmp(tee, "tdx") == 0 ? CHAOS_TEE_TDX : CHAOS_TEE_SGX;
    *platform = said;
    return CHAOS_OK;
}

chaos_status request_platform(const options *given, chaos_platform *platform, chaos_error *err)
{
    const bool words = options_has(given, OPT_FMSPC) || options_has(given, OPT_CA) || options_has(given, OPT_TEE);
    const char *quote = options_value(given, OPT_QUOTE, 0);
    const char *envelope = options_value(given, OPT_EVIDENCE, 0);

    if ((quote != NULL) + (envelope != NULL) + words > 1) {
        return usage("--quote", "one platform at a time: --quote, --evidence, or --fmspc with --ca and --tee", err);
    }
    return quote != NULL      ? of_quote(quote, platform, err)
           : envelope != NULL ? of_envelope(envelope, platform, err)
                              : of_words(given, platform, err);
}

/* ------------------------------------------------------------------ service ---- */

chaos_status request_seconds(const options *given, size_t row, uint64_t max, uint32_t *seconds, chaos_error *err)
{
    const char *text = options_value(given, row, 0);
    uint64_t number = 0;

    if (text == NULL) {
        return CHAOS_OK;
    }
    if (!value_unsigned(text, max, &number) || number == 0) {
        return error_set(err, CHAOS_E_USAGE, given->table->rows[row].name, CHAOS_NO_OFFSET,
                         "'%s' is not a number of seconds from 1 to %llu", shown(text).text, (unsigned long long)max);
    }
    *seconds = (uint32_t)number;
    return CHAOS_OK;
}

static chaos_status one_of(const options *given, size_t row, const char *first, const char *second, bool *is_second,
                           chaos_error *err)
{
    const char *text = options_value(given, row, 0);

    if (text == NULL) {
        return CHAOS_OK;
    }
    *is_second = strcmp(text, second) == 0;
    return *is_second || strcmp(text, first) == 0
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, given->table->rows[row].name, CHAOS_NO_OFFSET,
                           "'%s' is neither '%s' nor '%s'", shown(text).text, first, second);
}

static chaos_status evaluation(const options *given, uint32_t *number, chaos_error *err)
{
    const char *text = options_value(given, OPT_EVALUATION, 0);
    uint64_t value = 0;

    if (text != NULL && (!value_unsigned(text, UINT32_MAX, &value) || value == 0)) {
        return error_set(err, CHAOS_E_USAGE, "--evaluation-number", CHAOS_NO_OFFSET,
                         "'%s' is not an evaluation number: 1 to 4294967295", shown(text).text);
    }
    *number = (uint32_t)value;
    return CHAOS_OK;
}

chaos_status request_service(const options *given, chaos_collateral_service *service, chaos_error *err)
{
    chaos_collateral_service made = CHAOS_COLLATERAL_SERVICE_INIT;
    bool is_pccs = false;
    bool is_four = true;
    uint32_t seconds = 0;

    CHAOS_TRY(one_of(given, OPT_KIND, "pcs", "pccs", &is_pccs, err));
    CHAOS_TRY(one_of(given, OPT_API, "3", "4", &is_four, err));
    CHAOS_TRY(one_of(given, OPT_UPDATE, "standard", "early", &made.early, err));
    CHAOS_TRY(request_seconds(given, OPT_TIMEOUT, MAX_TIMEOUT_S, &seconds, err));
    CHAOS_TRY(evaluation(given, &made.evaluation_number, err));
    made.url = options_value(given, OPT_SERVICE, 0);
    made.root_crl_url = options_value(given, OPT_ROOT_CRL, 0);
    made.kind = is_pccs ? CHAOS_SERVICE_PCCS : CHAOS_SERVICE_PCS;
    made.version = is_four ? 4 : 3;
    made.allow_local = true; /* the operator wrote the URL */
    made.timeout_ms = seconds * 1000;
    *service = made;
    return CHAOS_OK;
}

/* ----------------------------------------------------------- roots and time ---- */

chaos_status request_trust(const options *given, chaos_trust **trust, chaos_error *err)
{
    CHAOS_TRY(chaos_trust_new(trust, err));
    for (size_t i = 0; options_value(given, OPT_TRUST_ROOT, i) != NULL; i++) {
        CHAOS_AUTO_BUFFER(root, 0);
        CHAOS_TRY(input_read_root(options_value(given, OPT_TRUST_ROOT, i), &root, err));
        if (chaos_trust_add_root(*trust, buffer_slice(&root), err) != CHAOS_OK) {
            return usage("--trust-root", "a root certificate does not fit: DER or PEM, self-signed, P-256", err);
        }
    }
    return CHAOS_OK;
}

chaos_status request_time(const options *given, int64_t *now, chaos_error *err)
{
    const char *text = options_value(given, OPT_AT, 0);
    struct timespec clock_now;

    if (text != NULL) {
        return value_time(text, now) ? CHAOS_OK
                                     : error_set(err, CHAOS_E_USAGE, "--at", CHAOS_NO_OFFSET,
                                                 "'%s' is neither a time like 2026-01-01T00:00:00Z nor Unix seconds",
                                                 shown(text).text);
    }
    if (clock_gettime(CLOCK_REALTIME, &clock_now) != 0) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, "--at", CHAOS_NO_OFFSET, "there is no clock: give --at");
    }
    *now = clock_now.tv_sec;
    return CHAOS_OK;
}
