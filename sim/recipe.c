/* recipe.c - the valid recipe: certificates as Intel issues them, a platform at its newest TCB level, a
 * trust domain or enclave in production mode. */
#include "sim/recipe.h"

#define CERTIFICATES_BEGIN 1577836800 /* 2020-01-01T00:00:00Z */
#define CERTIFICATES_END 2524607999   /* 2049-12-31T23:59:59Z */
#define FMSPC_TEXT "C0A05C000000"
#define PCE_ID_TEXT "0000"
#define CA_USAGE (KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN)
#define END_USAGE (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION)
#define CN_PLATFORM_CA "Intel SGX PCK Platform CA"
#define CN_PROCESSOR_CA "Intel SGX PCK Processor CA"

/* ----------------------------------------------------------- certificates ---- */

typedef struct cert_row {
    const char *common_name, *serial_label;
    sim_cert issuer;
    sim_key key, signer;
    bool is_ca;
    uint8_t path_length;
} cert_row;

static const cert_row cert_rows[CERT_COUNT] = {
    [CERT_ROOT] = { "Intel SGX Root CA", "root", CERT_ROOT, KEY_ROOT, KEY_ROOT, true, 1 },
    [CERT_TRUSTED_ROOT] = { "Intel SGX Root CA", "root", CERT_TRUSTED_ROOT, KEY_ROOT, KEY_ROOT, true, 1 },
    [CERT_FOREIGN_ROOT] = { "Intel SGX Root CA", "root", CERT_FOREIGN_ROOT, KEY_FOREIGN_ROOT,
                            KEY_FOREIGN_ROOT, true, 1 },
    [CERT_TCB_ROOT] = { "Intel SGX Root CA", "root", CERT_TCB_ROOT, KEY_ROOT, KEY_ROOT, true, 1 },
    [CERT_IDENTITY_ROOT] = { "Intel SGX Root CA", "root", CERT_IDENTITY_ROOT, KEY_ROOT, KEY_ROOT, true, 1 },
    [CERT_PCK_CA] = { CN_PLATFORM_CA, "pck ca", CERT_TRUSTED_ROOT, KEY_PCK_CA, KEY_ROOT, true, 0 },
    [CERT_OTHER_CA] = { CN_PROCESSOR_CA, "other pck ca", CERT_TRUSTED_ROOT, KEY_OTHER_CA, KEY_ROOT, true, 0 },
    [CERT_PCK] = { "Intel SGX PCK Certificate", "pck", CERT_PCK_CA, KEY_PCK, KEY_PCK_CA, false, 0 },
    [CERT_OTHER_PCK] = { "Intel SGX PCK Certificate", "other pck", CERT_PCK_CA, KEY_OTHER_PCK, KEY_PCK_CA,
                         false, 0 },
    [CERT_TCB_SIGNER] = { "Intel SGX TCB Signing", "tcb signer", CERT_TRUSTED_ROOT, KEY_TCB_SIGNER, KEY_ROOT,
                          false, 0 },
    [CERT_IDENTITY_SIGNER] = { "Intel SGX TCB Signing", "identity signer", CERT_TRUSTED_ROOT,
                               KEY_IDENTITY_SIGNER, KEY_ROOT, false, 0 },
};

static void init_certificate(const recipe *r, const cert_row *row, cert_spec *spec)
{
    const char *owner = row->key == KEY_PCK ? r->platform : r->seed;
    chaos_sha256 digest = hash_sha256_two(slice_text(owner), slice_text(row->serial_label));
    *spec = (cert_spec){
        .common_name = row->common_name,
        .organization = SIM_ORGANIZATION,
        .issuer = row->issuer,
        .key = row->key,
        .signer = row->signer,
        .not_before = CERTIFICATES_BEGIN,
        .not_after = CERTIFICATES_END,
        .has_basic_constraints = true,
        .is_ca = row->is_ca,
        .has_path_length = row->is_ca,
        .path_length = row->path_length,
        .has_key_usage = true,
        .key_usage = row->is_ca ? CA_USAGE : END_USAGE,
        .has_subject_key_id = true,
        .has_authority_key_id = true,
        .has_crl_distribution_point = true,
        .subject_key_id = row->key,
        .authority_key_id = row->signer,
    };
    memcpy(spec->serial, digest.bytes, sizeof spec->serial);
    spec->serial[0] = (uint8_t)((spec->serial[0] & 0x7f) | 0x01); /* positive, 20 bytes */
}

static void init_certificates(recipe *r)
{
    for (size_t i = 0; i < CERT_COUNT; i++) {
        init_certificate(r, &cert_rows[i], &r->certs[i]);
    }
    r->certs[CERT_PCK].has_sgx_extension = true;
    r->certs[CERT_OTHER_PCK].has_sgx_extension = true;
    if (r->kind == FORGE_SGX3) { /* so that both CAs of Intel are seen */
        r->certs[CERT_PCK_CA].common_name = CN_PROCESSOR_CA;
        r->certs[CERT_OTHER_CA].common_name = CN_PLATFORM_CA;
    }
}

static const uint8_t newest_components[16] = { 5, 5, 2, 2, 4, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1 };

static void init_pck(recipe *r)
{
    pck_spec *pck = &r->pck;
    chaos_sha256 digest = hash_sha256_two(slice_text(r->platform), slice_text("platform"));
    *pck = (pck_spec){
        .members = PCK_PPID | PCK_TCB | PCK_PCE_ID | PCK_FMSPC | PCK_SGX_TYPE,
        .fmspc = { 0xc0, 0xa0, 0x5c },
        .pce_svn = 13,
        .ppid_size = sizeof pck->ppid,
        .cpu_svn_size = sizeof pck->cpu_svn,
        .instance_size = sizeof pck->instance_id,
        .fmspc_size = sizeof pck->fmspc,
        .pce_id_size = 2,
        .component_count = 16,
    };
    memcpy(pck->ppid, digest.bytes, sizeof pck->ppid);
    memcpy(pck->instance_id, digest.bytes + sizeof pck->ppid, sizeof pck->instance_id);
    memcpy(pck->cpu_svn, newest_components, sizeof pck->cpu_svn);
    for (size_t i = 0; i < sizeof newest_components; i++) {
        pck->components[i] = newest_components[i];
    }
    if (r->kind == FORGE_TDX4) { /* under the Platform CA */
        pck->members |= PCK_INSTANCE | PCK_CONFIGURATION;
        pck->sgx_type = 1;
    }
}

static void init_crls(recipe *r)
{
    r->root_crl = (crl_spec){
        .issuer = CERT_TRUSTED_ROOT,
        .signer = KEY_ROOT,
        .authority_key_id = KEY_ROOT,
        .has_number = true,
        .has_authority_key_id = true,
        .this_update = r->now - 30 * SIM_DAY,
        .next_update = r->now + 335 * SIM_DAY,
    };
    r->pck_crl = (crl_spec){
        .issuer = CERT_PCK_CA,
        .signer = KEY_PCK_CA,
        .authority_key_id = KEY_PCK_CA,
        .has_number = true,
        .has_authority_key_id = true,
        .this_update = r->now - 10 * SIM_DAY,
        .next_update = r->now + 20 * SIM_DAY,
    };
}

static void init_chains(recipe *r)
{
    r->quote_chain =
        (chain_spec){ .count = 3, .certs = { CERT_PCK, CERT_PCK_CA, CERT_ROOT }, .final_nul = true };
    r->collateral_chain = (chain_spec){ .count = 0, .certs = { CERT_PCK, CERT_PCK_CA, CERT_ROOT } };
    r->crl_chain = (chain_spec){ .count = 2, .certs = { CERT_PCK_CA, CERT_ROOT } };
    r->tcb_chain = (chain_spec){ .count = 2, .certs = { CERT_TCB_SIGNER, CERT_TCB_ROOT } };
    r->identity_chain = (chain_spec){ .count = 2, .certs = { CERT_IDENTITY_SIGNER, CERT_IDENTITY_ROOT } };
}

/* -------------------------------------------------------------- collateral ---- */

static void init_tcb_info(recipe *r, const char *newest_status)
{
    static const level_spec platform[SIM_LEVELS] = {
        { { 5, 5, 2, 2, 4, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1 },
          { 5, 0, 6 },
          13,
          "UpToDate",
          "2025-11-12T00:00:00Z" },
        { { 4, 4, 2, 2, 4, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1 },
          { 3, 0, 5 },
          11,
          "OutOfDate",
          "2024-11-13T00:00:00Z" },
        { { 2, 2, 2, 2, 3, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 },
          { 2, 0, 2 },
          5,
          "OutOfDate",
          "2023-08-09T00:00:00Z" },
    };
    static const level_spec module[SIM_LEVELS] = {
        { { 0 }, { 0 }, 4, "UpToDate", "2025-11-12T00:00:00Z" },
        { { 0 }, { 0 }, 3, "OutOfDate", "2024-11-13T00:00:00Z" },
        { { 0 }, { 0 }, 2, "OutOfDate", "2023-08-09T00:00:00Z" },
    };
    r->tcb_info = (tcb_info_spec){
        .id = r->kind == FORGE_TDX4 ? "TDX" : "SGX",
        .issue_date = r->now - 10 * SIM_DAY,
        .next_update = r->now + 20 * SIM_DAY,
        .fmspc = FMSPC_TEXT,
        .pce_id = PCE_ID_TEXT,
        .text = { .signer = KEY_TCB_SIGNER },
    };
    memcpy(r->tcb_info.levels, platform, sizeof platform);
    memcpy(r->tcb_info.module_levels, module, sizeof module);
    if (newest_status != NULL) {
        r->tcb_info.levels[0].status = newest_status;
    }
}

static void init_identity(recipe *r)
{
    static const level_spec levels[SIM_LEVELS] = {
        { { 0 }, { 0 }, 8, "UpToDate", "2025-11-12T00:00:00Z" },
        { { 0 }, { 0 }, 6, "OutOfDate", "2024-11-13T00:00:00Z" },
        { { 0 }, { 0 }, 2, "OutOfDate", "2023-08-09T00:00:00Z" },
    };
    r->identity = (identity_spec){
        .id = r->kind == FORGE_TDX4 ? "TD_QE" : "QE",
        .issue_date = r->now - 9 * SIM_DAY,
        .next_update = r->now + 21 * SIM_DAY,
        .attributes_mask = "FBFFFFFFFFFFFFFF0000000000000000",
        .misc_select_mask = "FFFFFFFF",
        .text = { .signer = KEY_IDENTITY_SIGNER },
    };
    memcpy(r->identity.levels, levels, sizeof levels);
}

/* ------------------------------------------------------------------- quote ---- */

/* A measurement of the simulator: the bytes of SHA-256(label), repeated. */
static void measure(const char *label, uint8_t *out, size_t size)
{
    chaos_sha256 digest = hash_sha256(slice_text(label));
    for (size_t i = 0; i < size; i++) {
        out[i] = digest.bytes[i % sizeof digest.bytes];
    }
}

static void init_header(recipe *r)
{
    static const uint8_t vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                        0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
    uint8_t *header = r->quote.header;
    bool tdx = r->kind == FORGE_TDX4;
    header[0] = tdx ? 4 : 3;
    header[2] = 2; /* ECDSA P-256 */
    header[4] = tdx ? TEE_TYPE_TDX : TEE_TYPE_SGX;
    if (!tdx) {
        header[8] = 8;   /* QE SVN */
        header[10] = 13; /* PCE SVN */
    }
    memcpy(header + 12, vendor, sizeof vendor);
    measure("qe id", header + 28, 16);
}

static void init_td_report(recipe *r)
{
    static const uint8_t tee_tcb_svn[3] = { 5, 1, 6 };
    uint8_t *body = r->quote.body;
    memcpy(body + TD_TEE_TCB_SVN, tee_tcb_svn, sizeof tee_tcb_svn);
    measure("mr_seam", body + TD_MR_SEAM, 48);
    body[TD_ATTRIBUTES + 3] = 0x10; /* SEPT_VE_DISABLE */
    body[TD_XFAM] = 0xe7;           /* x87, SSE, AVX, AVX-512 */
    body[TD_XFAM + 1] = 0x02;       /* PKRU */
    measure("mr_td", body + TD_MR_TD, 48);
}

static void init_sgx_report(uint8_t *report, const char *enclave, const char *signer)
{
    memcpy(report, newest_components, sizeof newest_components); /* CPUSVN */
    report[SGX_XFRM] = 0xe7;
    measure(enclave, report + SGX_MR_ENCLAVE, 32);
    measure(signer, report + SGX_MR_SIGNER, 32);
}

static void init_qe_report(recipe *r)
{
    uint8_t *report = r->quote.qe_report;
    init_sgx_report(report, "qe enclave", "qe signer");
    report[SGX_ATTRIBUTES] = 0x11; /* INIT, PROVISION_KEY */
    report[SGX_ISV_PROD_ID] = r->kind == FORGE_TDX4 ? 2 : 1;
    report[SGX_ISV_SVN] = 8;
}

static void init_report_data(recipe *r, const forge_options *options)
{
    uint8_t *data = r->quote.body + (r->kind == FORGE_TDX4 ? TD_REPORT_DATA : SGX_REPORT_DATA);
    for (size_t i = 0; i < sizeof options->report_data.bytes; i++) {
        data[i] = options->has_report_data ? options->report_data.bytes[i] : (uint8_t)(0xc0 ^ i);
    }
}

static void init_quote(recipe *r, const forge_options *options)
{
    quote_spec *quote = &r->quote;
    *quote = (quote_spec){
        .auth_size = 32,
        .attestation_key = KEY_ATTESTATION,
        .signer = KEY_ATTESTATION,
        .bound_key = KEY_ATTESTATION,
        .binds_auth_data = true,
        .qe_signer = KEY_PCK,
        .cert_type = CERT_PCK_CHAIN,
        .outer_type = CERT_QE_REPORT,
        .pce_svn = 13,
    };
    memcpy(quote->ppid, r->pck.ppid, sizeof quote->ppid);
    memcpy(quote->cpu_svn, r->pck.cpu_svn, sizeof quote->cpu_svn);
    for (size_t i = 0; i < SIM_MAX_AUTH_DATA; i++) {
        quote->auth_data[i] = (uint8_t)i;
    }
    init_header(r);
    if (r->kind == FORGE_TDX4) {
        init_td_report(r);
    } else {
        init_sgx_report(quote->body, "enclave", "enclave signer");
        quote->body[SGX_ATTRIBUTES] = 0x05; /* INIT, MODE64BIT */
        quote->body[SGX_ISV_PROD_ID] = 1;
        quote->body[SGX_ISV_SVN] = 3;
    }
    init_qe_report(r);
    init_report_data(r, options);
}

/* -------------------------------------------------------------------- whole ---- */

bool recipe_init(recipe *r, forge_kind kind, const forge_options *options)
{
    memset(r, 0, sizeof *r);
    r->kind = kind;
    r->now = options->now != 0 ? options->now : FORGE_DEFAULT_NOW;
    r->seed = options->seed != NULL ? options->seed : "chaoschain-simulator";
    r->platform = options->platform != NULL ? options->platform : r->seed;
    for (size_t i = 0; i < CERT_COUNT; i++) {
        r->ders[i].limit = MAX_CERTIFICATE;
    }
    init_certificates(r);
    init_pck(r);
    init_crls(r);
    init_chains(r);
    init_tcb_info(r, options->tcb_status);
    if (options->fmspc_end != 0) {
        r->pck.fmspc[sizeof r->pck.fmspc - 1] = options->fmspc_end;
        hex_encode(slice(r->pck.fmspc, sizeof r->pck.fmspc), r->fmspc_text);
        r->tcb_info.fmspc = r->fmspc_text;
    }
    init_identity(r);
    init_quote(r, options);
    return keyring_make(r->seed, r->platform, &r->keys) && event_log_defaults(r) && envelope_defaults(r, options);
}

void recipe_free(recipe *r)
{
    for (size_t i = 0; i < CERT_COUNT; i++) {
        chaos_buffer_free(&r->ders[i]);
    }
}
