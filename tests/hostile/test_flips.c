/* test_flips.c - real evidence: every single bit of every region that somebody has signed, turned, is refused, and so is
 * every beginning of every input. All bits take half a minute, so that an ordinary run takes every 29th of them; with
 * CHAOS_LONG=1 (the test of label "long") it takes them all. */
#include "wire/wire.h"

#include "tests/support/support.h" /* jansson's macros come last */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLE = 29,
    NOW = 1751624191,
    MAX_DER = 8192
};

static chaos_error err;
static chaos_trust *trust;
static chaos_buffer quote, collateral_text;
static chaos_collateral *valid;
static size_t step = SAMPLE;

static int begin(void **state)
{
    (void)state;
    if (vectors_root() == NULL) {
        return 0;
    }
    step = getenv("CHAOS_LONG") != NULL ? 1 : SAMPLE;
    if (!read_vector("dcap/native/dcap-qvl/tdx_quote", &quote) ||
        !read_vector("dcap/native/dcap-qvl/tdx_quote_collateral.json", &collateral_text) ||
        chaos_trust_new(&trust, &err) != CHAOS_OK ||
        chaos_collateral_parse(bytes_of(&collateral_text), &valid, &err) != CHAOS_OK) {
        return -1;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    chaos_buffer_free(&quote);
    chaos_buffer_free(&collateral_text);
    chaos_collateral_free(valid);
    chaos_trust_free(trust);
    return 0;
}

/* ---------------------------------------------------------------- verdicts ---- */

static chaos_status verify(chaos_slice evidence_bytes, const chaos_collateral *collateral)
{
    chaos_evidence *evidence = NULL;
    chaos_claims *claims = NULL;
    chaos_status status = chaos_evidence_parse(evidence_bytes, &evidence, &err);

    if (status == CHAOS_OK) {
        status = chaos_verify(evidence, collateral, trust, NOW, NULL, &claims, &err);
    }
    chaos_claims_free(claims);
    chaos_evidence_free(evidence);
    return status;
}

static bool is_refusal(chaos_status status)
{
    return chaos_status_class(status) == CHAOS_CLASS_FORMAT || chaos_status_class(status) == CHAOS_CLASS_TRUST;
}

/* Never accepted, and never a fault of ours. */
static void expect_refused(const char *what, size_t bit, chaos_status status, chaos_status *seen)
{
    if (!is_refusal(status)) {
        fail_msg("%s, bit %zu: %s", what, bit, chaos_status_name(status));
    }
    *seen = status;
}

/* ------------------------------------------------------------------- quote ---- */

typedef struct region {
    const char *name;
    size_t offset, size;
    chaos_status usual; /* what a bit that no structure depends on gives */
} region;

static void flip_region(const region *r, chaos_buffer *copy)
{
    size_t count = 0, usual = 0;

    for (size_t bit = 0; bit < 8 * r->size; bit += step) {
        uint8_t *at = &copy->data[r->offset + bit / 8];
        chaos_status status;

        *at ^= (uint8_t)(1u << bit % 8);
        expect_refused(r->name, bit, verify(bytes_of(copy), valid), &status);
        *at ^= (uint8_t)(1u << bit % 8);
        usual += status == r->usual ? 1 : 0;
        count++;
    }
    print_message("%-28s %6zu bits refused, %zu of them as %s\n", r->name, count, usual, chaos_status_name(r->usual));
    assert_true(usual * 10 >= count * 8); /* by the reason itself, and not by something before it */
}

static void test_quote(void **state)
{
    chaos_evidence *evidence = NULL;
    chaos_buffer copy = CHAOS_BUFFER_INIT(65536);

    (void)state;
    REQUIRE_VECTORS();
    assert_int_equal(verify(bytes_of(&quote), valid), CHAOS_OK);
    assert_int_equal(chaos_evidence_parse(bytes_of(&quote), &evidence, &err), CHAOS_OK);
    assert_true(buffer_append(&copy, bytes_of(&quote)));
    const dcap_quote *q = &evidence->quote;
    const uint8_t *base = evidence->raw.data;
    const region regions[] = {
        { "header and body", (size_t)(q->signed_bytes.data - base), q->signed_bytes.size, CHAOS_E_QUOTE_SIGNATURE },
        { "quote signature", q->signed_bytes.size + 4, 64, CHAOS_E_QUOTE_SIGNATURE },
        { "attestation key", q->signed_bytes.size + 68, 64, CHAOS_E_QE_REPORT_DATA },
        { "QE report", (size_t)(q->qe_report.data - base), q->qe_report.size, CHAOS_E_QE_REPORT_SIGNATURE },
        { "QE report signature", (size_t)(q->qe_report.data - base) + q->qe_report.size, 64,
          CHAOS_E_QE_REPORT_SIGNATURE },
        { "QE authentication data", (size_t)(q->qe_auth_data.data - base), q->qe_auth_data.size,
          CHAOS_E_QE_REPORT_DATA },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(regions); i++) {
        flip_region(&regions[i], &copy);
    }
    chaos_buffer_free(&copy);
    chaos_evidence_free(evidence);
}

/* -------------------------------------------------------------- certificates ---- */

/* The quote with another PCK chain. */
static chaos_buffer with_chain(const chaos_slice *der)
{
    chaos_evidence *evidence = NULL;
    chaos_buffer chain = CHAOS_BUFFER_INIT(65536), out = CHAOS_BUFFER_INIT(65536);

    assert_int_equal(chaos_evidence_parse(bytes_of(&quote), &evidence, &err), CHAOS_OK);
    dcap_quote fields = evidence->quote;
    for (size_t i = 0; i < 3; i++) {
        assert_true(pem_write("CERTIFICATE", der[i], &chain));
    }
    fields.cert_data = bytes_of(&chain);
    assert_true(dcap_quote_write(&fields, &out));
    chaos_buffer_free(&chain);
    chaos_evidence_free(evidence);
    return out;
}

static void test_pck_chain(void **state)
{
    static const char *const names[] = { "PCK certificate", "PCK CA certificate", "root certificate" };
    static uint8_t storage[3 * MAX_DER], flipped[MAX_DER];
    chaos_evidence *evidence = NULL;
    chaos_slice der[3];
    fault why;

    (void)state;
    REQUIRE_VECTORS();
    assert_int_equal(chaos_evidence_parse(bytes_of(&quote), &evidence, &err), CHAOS_OK);
    assert_int_equal(pem_read(evidence->quote.cert_data, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT,
                              CHAOS_E_PCK_CHAIN_LENGTH, storage, sizeof storage, der, 3, &why),
                     3);
    for (size_t c = 0; c < 3; c++) {
        chaos_slice whole = der[c];
        size_t count = 0;

        memcpy(flipped, whole.data, whole.size);
        der[c] = slice(flipped, whole.size);
        for (size_t bit = 0; bit < 8 * whole.size; bit += step) {
            chaos_status status;

            flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
            chaos_buffer other = with_chain(der);
            expect_refused(names[c], bit, verify(bytes_of(&other), valid), &status);
            chaos_buffer_free(&other);
            flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
            count++;
        }
        print_message("%-28s %6zu bits refused\n", names[c], count);
        der[c] = whole;
    }
    chaos_evidence_free(evidence);
}

/* --------------------------------------------------------------- collateral ---- */

/* Collateral with one part replaced. */
static chaos_status verify_with(const collateral_parts *parts)
{
    chaos_collateral other = { .parts = *parts };

    return verify(bytes_of(&quote), &other);
}

static void flip_text(const char *name, size_t offset_of_part, chaos_status usual)
{
    collateral_parts parts = valid->parts;
    chaos_slice *part = (void *)((uint8_t *)&parts + offset_of_part);
    chaos_buffer copy = CHAOS_BUFFER_INIT(1u << 20);
    size_t count = 0, as_usual = 0;

    assert_true(buffer_append(&copy, *part));
    *part = bytes_of(&copy);
    for (size_t bit = 0; bit < 8 * copy.size; bit += step) {
        chaos_status status;

        copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_refused(name, bit, verify_with(&parts), &status);
        copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        as_usual += status == usual ? 1 : 0;
        count++;
    }
    print_message("%-28s %6zu bits refused, %zu of them as %s\n", name, count, as_usual, chaos_status_name(usual));
    assert_true(as_usual * 10 >= count * 8);
    chaos_buffer_free(&copy);
}

static void test_signed_texts(void **state)
{
    (void)state;
    REQUIRE_VECTORS();
    assert_int_equal(verify_with(&valid->parts), CHAOS_OK);
    flip_text("TCB info", offsetof(collateral_parts, tcb_info), CHAOS_E_TCB_INFO_SIGNATURE);
    flip_text("QE identity", offsetof(collateral_parts, qe_identity), CHAOS_E_QE_IDENTITY_SIGNATURE);
}

/* The two lists as DER, and the certificates of the signers' chain. */
static void flip_der(const char *name, chaos_slice der, size_t offset_of_part, const char *label,
                     const chaos_slice *second)
{
    collateral_parts parts = valid->parts;
    chaos_slice *part = (void *)((uint8_t *)&parts + offset_of_part);
    chaos_buffer copy = CHAOS_BUFFER_INIT(1u << 20);
    size_t count = 0;

    assert_true(buffer_append(&copy, der));
    for (size_t bit = 0; bit < 8 * copy.size; bit += step) {
        chaos_buffer pem = CHAOS_BUFFER_INIT(1u << 20);
        chaos_status status;

        copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(pem_write(label, bytes_of(&copy), &pem));
        if (second != NULL) {
            assert_true(pem_write(label, *second, &pem));
        }
        *part = bytes_of(&pem);
        expect_refused(name, bit, verify_with(&parts), &status);
        copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        chaos_buffer_free(&pem);
        count++;
    }
    print_message("%-28s %6zu bits refused\n", name, count);
    chaos_buffer_free(&copy);
}

static void test_lists_and_signers(void **state)
{
    static uint8_t storage[2 * MAX_DER];
    chaos_buffer lists = CHAOS_BUFFER_INIT(1u << 20);
    chaos_slice root, pck, chain[2];
    fault why;

    (void)state;
    REQUIRE_VECTORS();
    assert_non_null(buffer_reserve(&lists, 1u << 18));
    assert_true(collateral_crl_der(valid->parts.root_ca_crl, &lists, &root, &why));
    assert_true(collateral_crl_der(valid->parts.pck_crl, &lists, &pck, &why));
    flip_der("root CRL", root, offsetof(collateral_parts, root_ca_crl), "X509 CRL", NULL);
    flip_der("PCK CRL", pck, offsetof(collateral_parts, pck_crl), "X509 CRL", NULL);
    assert_int_equal(pem_read(valid->parts.tcb_info_issuer_chain, "CERTIFICATE", CHAOS_E_TCB_SIGNING_CERT,
                              CHAOS_E_TCB_SIGNING_CERT, storage, sizeof storage, chain, 2, &why),
                     2);
    flip_der("TCB signing certificate", chain[0], offsetof(collateral_parts, tcb_info_issuer_chain), "CERTIFICATE",
             &chain[1]);
    chaos_buffer_free(&lists);
}

/* --------------------------------------------------------------- beginnings ---- */

static void test_beginnings(void **state)
{
    chaos_slice part = bytes_of(&quote);
    size_t consumed;
    chaos_evidence *evidence = NULL;

    (void)state;
    REQUIRE_VECTORS();
    assert_int_equal(chaos_evidence_parse(part, &evidence, &err), CHAOS_OK);
    consumed = evidence->quote.consumed; /* zeros may follow */
    chaos_evidence_free(evidence);
    for (part.size = 0; part.size < consumed; part.size++) {
        uint8_t *exact = malloc(part.size + 1); /* so that a sanitizer sees a read beyond */
        assert_non_null(exact);
        memcpy(exact, part.data, part.size);
        assert_int_not_equal(chaos_evidence_parse(slice(exact, part.size), &evidence, &err), CHAOS_OK);
        assert_true(part.size == 0 || is_refusal(err.status));
        free(exact);
    }
    part = bytes_of(&collateral_text);
    while (part.size > 0 && part.data[part.size - 1] != '}') {
        part.size--;
    }
    for (size_t size = 1; size < part.size; size++) {
        chaos_collateral *collateral = NULL;
        uint8_t *exact = malloc(size);

        assert_non_null(exact);
        memcpy(exact, part.data, size);
        assert_int_not_equal(chaos_collateral_parse(slice(exact, size), &collateral, &err), CHAOS_OK);
        assert_true(is_refusal(err.status));
        free(exact);
    }
    print_message("%zu beginnings of the quote and %zu of the collateral refused\n", consumed, part.size);
}

static void cut_part(const char *name, size_t offset_of_part)
{
    collateral_parts parts = valid->parts;
    chaos_slice *part = (void *)((uint8_t *)&parts + offset_of_part);
    const chaos_slice whole = *part;
    size_t least = whole.size; /* a final line feed of a chain is not needed */

    while (least > 0 && whole.data[least - 1] == '\n') {
        least--;
    }
    for (size_t size = 0; size < least; size += step == 1 ? 1 : 3) {
        uint8_t *exact = malloc(size + 1);
        chaos_status status;

        assert_non_null(exact);
        memcpy(exact, whole.data, size);
        *part = slice(exact, size);
        expect_refused(name, size, verify_with(&parts), &status);
        free(exact);
    }
    *part = whole;
}

static void test_cut_parts(void **state)
{
    (void)state;
    REQUIRE_VECTORS();
    cut_part("root_ca_crl", offsetof(collateral_parts, root_ca_crl));
    cut_part("pck_crl", offsetof(collateral_parts, pck_crl));
    cut_part("tcb_info_issuer_chain", offsetof(collateral_parts, tcb_info_issuer_chain));
    cut_part("tcb_info", offsetof(collateral_parts, tcb_info));
    cut_part("tcb_info_signature", offsetof(collateral_parts, tcb_info_signature));
    cut_part("qe_identity_issuer_chain", offsetof(collateral_parts, qe_identity_issuer_chain));
    cut_part("qe_identity", offsetof(collateral_parts, qe_identity));
    cut_part("qe_identity_signature", offsetof(collateral_parts, qe_identity_signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_pck_chain),
        cmocka_unit_test(test_signed_texts),
        cmocka_unit_test(test_lists_and_signers),
        cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_cut_parts),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
