/* test_catalogue.c - faults that no break of the forge makes: lengths that lie, pieces of two machines mixed, reserved bytes
 * that are signed, lists that are too long. Each with the status that must come of it. */
#include "sim/resign.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static chaos_error err;

static chaos_status verify(const resign_set *trusted, chaos_slice quote, chaos_slice collateral_text)
{
    chaos_evidence *evidence = NULL;
    chaos_collateral *collateral = NULL;
    chaos_claims *claims = NULL;
    chaos_trust *trust = NULL;
    chaos_status status;

    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, bytes_of(&trusted->made.root), &err), CHAOS_OK);
    status = chaos_evidence_parse(quote, &evidence, &err);
    if (status == CHAOS_OK) {
        status = chaos_collateral_parse(collateral_text, &collateral, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_verify(evidence, collateral, trust, trusted->made.now, NULL, &claims, &err);
    }
    chaos_claims_free(claims);
    chaos_collateral_free(collateral);
    chaos_evidence_free(evidence);
    chaos_trust_free(trust);
    return status;
}

static chaos_status verify_parts(const resign_set *set)
{
    chaos_buffer quote = CHAOS_BUFFER_INIT(1u << 20), collateral = CHAOS_BUFFER_INIT(1u << 23);

    assert_true(resign_make(set, &quote, &collateral));
    chaos_status status = verify(set, bytes_of(&quote), bytes_of(&collateral));
    chaos_buffer_free(&quote);
    chaos_buffer_free(&collateral);
    return status;
}

/* ----------------------------------------------------------------- lengths ---- */

static void put(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static void lie(const resign_set *set, const char *name, size_t offset, size_t size)
{
    chaos_slice quote = bytes_of(&set->made.quote);
    uint64_t right = size == 2 ? load_u16le(quote.data + offset) : load_u32le(quote.data + offset);
    const uint64_t values[] = { 0, 1, right - 1, right + 1, 0x7fffffff, 0x80000000, 0xffffffff };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(values); i++) {
        uint8_t *copy = malloc(quote.size);

        assert_non_null(copy);
        memcpy(copy, quote.data, quote.size);
        put(copy + offset, size, values[i]);
        chaos_status status = verify(set, slice(copy, quote.size), bytes_of(&set->made.collateral));
        if (memcmp(copy, quote.data, quote.size) != 0 && chaos_status_class(status) != CHAOS_CLASS_FORMAT) {
            /* another authentication data size may leave a frame that reads: then what it vouches for is wrong */
            if (status != CHAOS_E_QE_REPORT_DATA) {
                fail_msg("%s = %llu: %s", name, (unsigned long long)values[i], chaos_status_name(status));
            }
        }
        free(copy);
    }
}

static void test_lengths(void **state)
{
    static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };

    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        resign_set set;

        assert_true(resign_begin(&set, kinds[k], NULL));
        const dcap_quote *q = &set.evidence->quote;
        const uint8_t *base = set.evidence->raw.data;
        size_t report = (size_t)(q->qe_report.data - base), auth = (size_t)(q->qe_auth_data.data - base),
               cert = (size_t)(q->cert_data.data - base);
        lie(&set, "signature data size", q->signed_bytes.size, 4);
        lie(&set, "authentication data size", auth - 2, 2);
        lie(&set, "certification data size", cert - 4, 4);
        if (kinds[k] == FORGE_TDX4) {
            lie(&set, "outer certification data size", report - 4, 4);
        }
        resign_end(&set);
    }
}

static void test_too_large(void **state)
{
    resign_set set;
    chaos_buffer large = CHAOS_BUFFER_INIT(2 * CHAOS_MAX_EVIDENCE);

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    assert_true(buffer_append(&large, bytes_of(&set.made.quote)));
    uint8_t *zeros = buffer_reserve(&large, CHAOS_MAX_EVIDENCE + 1 - large.size);
    assert_non_null(zeros);
    memset(zeros, 0, CHAOS_MAX_EVIDENCE + 1 - large.size);
    large.size = CHAOS_MAX_EVIDENCE;
    assert_int_equal(verify(&set, bytes_of(&large), bytes_of(&set.made.collateral)), CHAOS_OK);
    large.size = CHAOS_MAX_EVIDENCE + 1;
    assert_int_equal(chaos_status_class(verify(&set, bytes_of(&large), bytes_of(&set.made.collateral))),
                     CHAOS_CLASS_FORMAT);
    chaos_buffer_free(&large);
    resign_end(&set);
}

/* ------------------------------------------------------------ signed bytes ---- */

typedef struct change {
    const char *name;
    forge_kind kind;
    resign_part part;
    size_t offset;
    uint8_t value;
    chaos_status expected;
} change;

static const change changes[] = {
    { "QE report, reserved bytes", FORGE_TDX4, RESIGN_QE_REPORT, 20, 1, CHAOS_OK },
    { "QE report, reserved bytes", FORGE_TDX4, RESIGN_QE_REPORT, 262, 1, CHAOS_OK },
    { "SGX report, reserved bytes", FORGE_SGX3, RESIGN_QUOTE, 48 + 96, 1, CHAOS_OK },
    { "user data, its last bytes", FORGE_TDX4, RESIGN_QUOTE, 47, 1, CHAOS_OK },
    { "header bytes 8 to 11 of version 4", FORGE_TDX4, RESIGN_QUOTE, 8, 1, CHAOS_OK },
    { "TEE word of version 3", FORGE_SGX3, RESIGN_QUOTE, 4, 1, CHAOS_E_QUOTE_FORMAT },
    { "TEE word of version 4", FORGE_TDX4, RESIGN_QUOTE, 4, 0x82, CHAOS_E_QUOTE_FORMAT },
    { "version, its high byte", FORGE_TDX4, RESIGN_QUOTE, 1, 1, CHAOS_E_QUOTE_VERSION },
    { "attestation key type 3", FORGE_TDX4, RESIGN_QUOTE, 2, 3, CHAOS_E_ATT_KEY_TYPE },
    { "vendor", FORGE_TDX4, RESIGN_QUOTE, 12, 0, CHAOS_E_QE_VENDOR },
    { "QE report data, upper half", FORGE_TDX4, RESIGN_QE_REPORT, 383, 1, CHAOS_E_QE_REPORT_DATA },
    { "QE report data, lower half", FORGE_TDX4, RESIGN_QE_REPORT, 320, 1, CHAOS_E_QE_REPORT_DATA },
    { "MRSIGNER of the QE", FORGE_TDX4, RESIGN_QE_REPORT, 128, 1, CHAOS_E_QE_IDENTITY_MISMATCH },
    { "ISVPRODID of the QE", FORGE_TDX4, RESIGN_QE_REPORT, 256, 1, CHAOS_E_QE_IDENTITY_MISMATCH },
    { "MRSIGNERSEAM", FORGE_TDX4, RESIGN_QUOTE, 48 + 64, 1, CHAOS_E_TDX_MODULE_MISMATCH },
    { "SEAMATTRIBUTES", FORGE_TDX4, RESIGN_QUOTE, 48 + 112, 1, CHAOS_E_TDX_MODULE_MISMATCH },
    { "module version 255", FORGE_TDX4, RESIGN_QUOTE, 48 + 1, 255, CHAOS_E_TDX_MODULE_MISMATCH },
    { "module below each level", FORGE_TDX4, RESIGN_QUOTE, 48, 0, CHAOS_E_TCB_NOT_SUPPORTED },
};

static void test_signed_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(changes); i++) {
        const change *c = &changes[i];
        resign_set set;

        assert_true(resign_begin(&set, c->kind, NULL));
        uint8_t *at = &set.parts[c->part].data[c->offset];
        *at = *at == c->value ? (uint8_t)(c->value ^ 0xff) : c->value;
        chaos_status status = verify_parts(&set);
        if (status != c->expected) {
            fail_msg("%s: %s, expected %s", c->name, chaos_status_name(status), chaos_status_name(c->expected));
        }
        resign_end(&set);
    }
}

/* ------------------------------------------------------------ two machines ---- */

static void test_mixed_machines(void **state)
{
    const forge_options other_machine = { .platform = "another machine" };
    chaos_buffer out = CHAOS_BUFFER_INIT(1u << 20);
    resign_set one, other;

    (void)state;
    assert_true(resign_begin(&one, FORGE_TDX4, NULL));
    assert_true(resign_begin(&other, FORGE_TDX4, &other_machine));
    assert_int_equal(verify(&one, bytes_of(&other.made.quote), bytes_of(&one.made.collateral)), CHAOS_OK);

    dcap_quote mixed = one.evidence->quote; /* the chain of another machine, itself genuine */
    mixed.cert_data = other.evidence->quote.cert_data;
    assert_true(dcap_quote_write(&mixed, &out));
    assert_int_equal(verify(&one, bytes_of(&out), bytes_of(&one.made.collateral)), CHAOS_E_QE_REPORT_SIGNATURE);

    out.size = 0; /* chain and QE report of the other: they do not vouch for this attestation key */
    mixed.qe_report = other.evidence->quote.qe_report;
    mixed.qe_report_signature = other.evidence->quote.qe_report_signature;
    assert_true(dcap_quote_write(&mixed, &out));
    assert_int_equal(verify(&one, bytes_of(&out), bytes_of(&one.made.collateral)), CHAOS_E_QE_REPORT_DATA);

    out.size = 0; /* and its attestation key: then the quote is not of that key */
    mixed.attestation_key = other.evidence->quote.attestation_key;
    mixed.qe_auth_data = other.evidence->quote.qe_auth_data;
    assert_true(dcap_quote_write(&mixed, &out));
    assert_int_equal(verify(&one, bytes_of(&out), bytes_of(&one.made.collateral)), CHAOS_E_QUOTE_SIGNATURE);

    out.size = 0; /* every piece of the other but the body, with the other's signature over its own body */
    mixed = other.evidence->quote;
    mixed.body = one.evidence->quote.body;
    mixed.header = other.evidence->quote.header;
    assert_true(dcap_quote_write(&mixed, &out));
    assert_int_equal(verify(&one, bytes_of(&out), bytes_of(&one.made.collateral)),
                     slice_equal(one.evidence->quote.body, other.evidence->quote.body) ? CHAOS_OK
                                                                                       : CHAOS_E_QUOTE_SIGNATURE);
    chaos_buffer_free(&out);
    resign_end(&one);
    resign_end(&other);
}

/* SGX's QE may not speak for a TD, nor its TCB info. */
static void test_mixed_tees(void **state)
{
    resign_set sgx, tdx;

    (void)state;
    assert_true(resign_begin(&sgx, FORGE_SGX3, NULL));
    assert_true(resign_begin(&tdx, FORGE_TDX4, NULL));
    static const struct {
        resign_part part;
        chaos_status expected;
    } swaps[] = { { RESIGN_TCB_INFO, CHAOS_E_TCB_INFO_MISMATCH }, { RESIGN_QE_IDENTITY, CHAOS_E_QE_IDENTITY_MISMATCH } };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(swaps); i++) {
        chaos_buffer kept = tdx.parts[swaps[i].part];

        tdx.parts[swaps[i].part] = sgx.parts[swaps[i].part];
        assert_int_equal(verify_parts(&tdx), swaps[i].expected);
        tdx.parts[swaps[i].part] = kept;
    }
    chaos_buffer kept = tdx.parts[RESIGN_QE_REPORT], report = CHAOS_BUFFER_INIT(1024);
    assert_true(buffer_append(&report, slice(sgx.parts[RESIGN_QE_REPORT].data, 320)));
    assert_true(buffer_append(&report, slice(kept.data + 320, 64))); /* vouching for the TD's key all the same */
    tdx.parts[RESIGN_QE_REPORT] = report;
    assert_int_equal(verify_parts(&tdx), CHAOS_E_QE_IDENTITY_MISMATCH);
    tdx.parts[RESIGN_QE_REPORT] = kept;
    chaos_buffer_free(&report);
    resign_end(&sgx);
    resign_end(&tdx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_signed_bytes),
        cmocka_unit_test(test_mixed_machines),
        cmocka_unit_test(test_mixed_tees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
