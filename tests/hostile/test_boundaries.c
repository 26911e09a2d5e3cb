/* test_boundaries.c - the last value that is accepted and the first that is not: dates of every certificate, lists of
 * revoked certificates of every size, keys and signatures that are valid numbers and nobody's, chains without an end,
 * module identities in every order. */
#include "sim/resign.h"
#include "tests/support/support.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static chaos_error err;

static chaos_status verify(chaos_slice root, chaos_slice quote, chaos_slice collateral_text, int64_t now)
{
    chaos_evidence *evidence = NULL;
    chaos_collateral *collateral = NULL;
    chaos_claims *claims = NULL;
    chaos_trust *trust = NULL;

    memset(&err, 0, sizeof err);
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, root, &err), CHAOS_OK);
    chaos_status status = chaos_evidence_parse(quote, &evidence, &err);
    if (status == CHAOS_OK) {
        status = chaos_collateral_parse(collateral_text, &collateral, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_verify(evidence, collateral, trust, now, NULL, &claims, &err);
    }
    chaos_claims_free(claims);
    chaos_collateral_free(collateral);
    chaos_evidence_free(evidence);
    chaos_trust_free(trust);
    return status;
}

static void expect(const char *what, chaos_status expected, chaos_status found)
{
    if (expected != found) {
        fail_msg("%s: expected %s, found %s (field %s)", what, chaos_status_name(expected), chaos_status_name(found),
                 err.field == NULL ? "none" : err.field);
    }
}

/* ------------------------------------------------------------------- dates ---- */

static sim_cert changed;
static int64_t not_before, not_after;

static void set_dates(recipe *r)
{
    r->certs[changed].not_before = not_before;
    r->certs[changed].not_after = not_after;
}

static const struct {
    const char *name;
    sim_cert cert;
    chaos_status early, late;
} certificates[] = {
    { "root", CERT_ROOT, CHAOS_E_ROOT_NOT_YET_VALID, CHAOS_E_ROOT_EXPIRED },
    { "PCK CA", CERT_PCK_CA, CHAOS_E_PCK_CHAIN_NOT_YET_VALID, CHAOS_E_PCK_CHAIN_EXPIRED },
    { "PCK", CERT_PCK, CHAOS_E_PCK_CERT_NOT_YET_VALID, CHAOS_E_PCK_CERT_EXPIRED },
    { "signer of the TCB info", CERT_TCB_SIGNER, CHAOS_E_TCB_SIGNING_CERT_NOT_YET_VALID,
      CHAOS_E_TCB_SIGNING_CERT_EXPIRED },
    { "signer of the QE identity", CERT_IDENTITY_SIGNER, CHAOS_E_TCB_SIGNING_CERT_NOT_YET_VALID,
      CHAOS_E_TCB_SIGNING_CERT_EXPIRED },
};

/* notBefore and notAfter are inside; a second before and a second after are not. The time moves, not the certificate. */
static void test_certificate_dates(void **state)
{
    static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };

    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(certificates); i++) {
            forge_result made;

            changed = certificates[i].cert;
            not_before = FORGE_DEFAULT_NOW - 100;
            not_after = FORGE_DEFAULT_NOW + 100;
            assert_int_equal(forge_make_changed(kinds[k], NULL, set_dates, &made, &err), CHAOS_OK);
            const struct {
                int64_t now;
                chaos_status expected;
            } times[] = { { not_before - 1, certificates[i].early },
                          { not_before, CHAOS_OK },
                          { FORGE_DEFAULT_NOW, CHAOS_OK },
                          { not_after, CHAOS_OK },
                          { not_after + 1, certificates[i].late },
                          { FORGE_DEFAULT_NOW, CHAOS_OK } }; /* a clock that goes back */
            for (size_t t = 0; t < CHAOS_ARRAY_SIZE(times); t++) {
                expect(certificates[i].name, times[t].expected,
                       verify(bytes_of(&made.root), bytes_of(&made.quote), bytes_of(&made.collateral), times[t].now));
                assert_true(times[t].expected == CHAOS_OK || (err.field != NULL && err.expected[0] != '\0'));
            }
            forge_result_free(&made);
        }
    }
}

/* Where nothing is in date, what is looked at first decides: the root's revocation list. */
static void test_first_date(void **state)
{
    static const struct {
        int64_t now;
        chaos_status expected;
        const char *field;
    } times[] = { { 0, CHAOS_E_CRL_NOT_YET_VALID, "root_ca_crl.thisUpdate" },
                  { 253402300799, CHAOS_E_CRL_EXPIRED, "root_ca_crl.nextUpdate" } };
    chaos_collateral *collateral = NULL;
    chaos_trust *trust = NULL;
    forge_result made;

    (void)state;
    assert_int_equal(forge_make_changed(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(bytes_of(&made.collateral), &collateral, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, bytes_of(&made.root), &err), CHAOS_OK);
    for (size_t t = 0; t < CHAOS_ARRAY_SIZE(times); t++) {
        expect("nothing is in date", times[t].expected,
               verify(bytes_of(&made.root), bytes_of(&made.quote), bytes_of(&made.collateral), times[t].now));
        assert_string_equal(err.field, times[t].field);
        expect("collateral alone", times[t].expected,
               chaos_collateral_seal(collateral, trust, times[t].now, &err));
        assert_string_equal(err.field, times[t].field);
    }
    chaos_collateral_free(collateral);
    chaos_trust_free(trust);
    forge_result_free(&made);
}

/* -------------------------------------------------------------- leaf alone ---- */

static void use_leaf_alone(recipe *r)
{
    r->quote.cert_type = CERT_PCK_LEAF;
    r->quote_chain.count = 1;
    r->quote_chain.final_nul = false;
}

static void use_leaf_and_chain(recipe *r)
{
    use_leaf_alone(r);
    r->collateral_chain.count = 3;
}

/* Certification data 4: the issuers come with the PCK list, or with the collateral's own chain; a reader of nothing but
 * the quote knows whose collateral it needs. */
static void test_leaf_alone(void **state)
{
    static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };
    void (*const changes[])(recipe *) = { use_leaf_alone, use_leaf_and_chain };
    forge_result made;

    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(changes); i++) {
            chaos_evidence *evidence = NULL;
            uint8_t fmspc[6];
            bool platform_ca = false;
            assert_int_equal(forge_make_changed(kinds[k], NULL, changes[i], &made, &err), CHAOS_OK);
            expect("leaf alone", CHAOS_OK,
                   verify(bytes_of(&made.root), bytes_of(&made.quote), bytes_of(&made.collateral), FORGE_DEFAULT_NOW));
            assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &evidence, &err), CHAOS_OK);
            assert_int_equal(verify_platform_of(evidence, fmspc, &platform_ca, &err), CHAOS_OK);
            assert_int_equal(platform_ca, kinds[k] == FORGE_TDX4);
            chaos_evidence_free(evidence);
            forge_result_free(&made);
        }
    }
}

/* ------------------------------------------------------------------- lists ---- */

static void append_header(chaos_buffer *out, uint8_t tag, size_t size)
{
    const uint8_t header[] = { tag, 0x83, (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size };
    const uint8_t short_header[] = { tag, 0x82, (uint8_t)(size >> 8), (uint8_t)size };
    const uint8_t byte_header[] = { tag, 0x81, (uint8_t)size };
    const uint8_t least[] = { tag, (uint8_t)size };

    assert_true(size < 1u << 24);
    assert_true(buffer_append(out, size >= 1u << 16 ? slice(header, sizeof header)
                                   : size >= 256    ? slice(short_header, sizeof short_header)
                                   : size >= 128    ? slice(byte_header, sizeof byte_header)
                                                    : slice(least, sizeof least)));
}

static void append_entry(chaos_buffer *out, chaos_slice serial)
{
    static const uint8_t date[] = { 0x17, 0x0d, '2', '5', '0', '1', '0', '1', '0', '0', '0', '0', '0', '0', 'Z' };
    const bool high = (serial.data[0] & 0x80) != 0;

    append_header(out, 0x30, 2 + (size_t)high + serial.size + sizeof date);
    append_header(out, 0x02, (size_t)high + serial.size);
    assert_true(!high || buffer_append(out, slice("\0", 1)));
    assert_true(buffer_append(out, serial) && buffer_append(out, slice(date, sizeof date)));
}

/* The TBSCertList with `count` entries of nobody's serials before its own ones and, if not empty, `last` after them. */
static chaos_buffer lengthened(const crl *list, size_t count, chaos_slice last)
{
    chaos_buffer entries = CHAOS_BUFFER_INIT(8u << 20), content = CHAOS_BUFFER_INIT(8u << 20),
                 out = CHAOS_BUFFER_INIT(8u << 20);
    const uint8_t *end = list->tbs.data + list->tbs.size;
    const uint8_t *content_begin = list->tbs.data + (list->tbs.data[1] == 0x81 ? 3 : list->tbs.data[1] == 0x82 ? 4
                                                                                                               : 2);
    const uint8_t *list_begin = list->entries.data - (list->entries.size >= 256 ? 4 : list->entries.size >= 128 ? 3
                                                                                                                : 2);

    for (size_t i = 0; i < count; i++) {
        const uint8_t serial[] = { 0x01, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
        append_entry(&entries, slice(serial, sizeof serial));
    }
    assert_true(buffer_append(&entries, list->entries));
    if (last.size > 0) {
        append_entry(&entries, last);
    }
    assert_int_equal(*list_begin, 0x30);
    assert_true(buffer_append(&content, slice(content_begin, (size_t)(list_begin - content_begin))));
    append_header(&content, 0x30, entries.size);
    assert_true(buffer_append(&content, bytes_of(&entries)) &&
                buffer_append(&content, slice(list->entries.data + list->entries.size,
                                              (size_t)(end - list->entries.data) - list->entries.size)));
    append_header(&out, 0x30, content.size);
    assert_true(buffer_append(&out, bytes_of(&content)));
    chaos_buffer_free(&entries);
    chaos_buffer_free(&content);
    return out;
}

/* A list as long as it may be is searched to its last entry; one of 100,000 is refused. */
static void test_long_lists(void **state)
{
    resign_set set;
    certificate leaf;
    crl list;
    fault why;
    chaos_slice der[3], list_der;
    static uint8_t room[3 * MAX_CERTIFICATE];
    chaos_buffer storage = CHAOS_BUFFER_INIT(1u << 20);

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    assert_int_equal(pem_read(set.evidence->quote.cert_data, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT,
                              CHAOS_E_PCK_CHAIN_LENGTH, room, sizeof room, der, 3, &why),
                     3);
    assert_true(certificate_read(der[0], CHAOS_E_PCK_CHAIN_FORMAT, &leaf, &why));
    assert_true(collateral_crl_der(set.collateral->parts.pck_crl, &storage, &list_der, &why) &&
                crl_read(list_der, &list, &why));
    const chaos_slice nobody = { NULL, 0 };
    const struct {
        const char *what;
        size_t count;
        chaos_slice last;
        chaos_status expected;
    } cases[] = {
        { "its own entries", 0, nobody, CHAOS_OK },
        { "its own and the leaf's", 0, leaf.serial, CHAOS_E_PCK_REVOKED },
        { "1000 entries", 1000, nobody, CHAOS_OK },
        { "1000 entries, then the leaf's", 1000, leaf.serial, CHAOS_E_PCK_REVOKED },
        { "as many as may be", MAX_CRL_ENTRIES - list.entry_count, nobody, CHAOS_OK },
        { "as many as may be, the last is the leaf's", MAX_CRL_ENTRIES - list.entry_count - 1, leaf.serial,
          CHAOS_E_PCK_REVOKED },
        { "one more than may be", MAX_CRL_ENTRIES - list.entry_count + 1, nobody, CHAOS_E_CRL_FORMAT },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        chaos_buffer kept = set.parts[RESIGN_PCK_CRL], quote = CHAOS_BUFFER_INIT(1u << 20),
                     collateral = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
        set.parts[RESIGN_PCK_CRL] = lengthened(&list, cases[i].count, cases[i].last);
        assert_true(resign_make(&set, &quote, &collateral));
        expect(cases[i].what, cases[i].expected,
               verify(bytes_of(&set.made.root), bytes_of(&quote), bytes_of(&collateral), set.made.now));
        chaos_buffer_free(&set.parts[RESIGN_PCK_CRL]);
        set.parts[RESIGN_PCK_CRL] = kept;
        chaos_buffer_free(&quote);
        chaos_buffer_free(&collateral);
    }
    /* 100,000: larger than a list, and than collateral, may be */
    chaos_buffer huge = lengthened(&list, 100000, leaf.serial), text = CHAOS_BUFFER_INIT(16u << 20);
    crl none;
    assert_true(huge.size > MAX_CRL);
    assert_false(crl_read(bytes_of(&huge), &none, &why));
    assert_int_equal(why.status, CHAOS_E_CRL_FORMAT);
    collateral_parts parts = set.collateral->parts;
    uint8_t *hex = buffer_reserve(&text, 2 * huge.size + 1);
    assert_non_null(hex);
    hex_encode(bytes_of(&huge), (char *)hex);
    parts.pck_crl = slice(hex, 2 * huge.size);
    chaos_buffer whole = CHAOS_BUFFER_INIT(16u << 20);
    assert_true(collateral_write(&parts, &whole));
    expect("100,000 entries", CHAOS_E_COLLATERAL_FORMAT,
           verify(bytes_of(&set.made.root), bytes_of(&set.made.quote), bytes_of(&whole), set.made.now));
    chaos_buffer_free(&whole);
    chaos_buffer_free(&text);
    chaos_buffer_free(&huge);
    chaos_buffer_free(&storage);
    resign_end(&set);
}

/* ---------------------------------------------------- keys and signatures ---- */

static const uint8_t p256_prime[32] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
                                        0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t generator[64] = {
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
    0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5
};

static void subtract(const uint8_t from[32], const uint8_t number[32], uint8_t out[32])
{
    unsigned borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        const unsigned difference = from[i] - number[i] - borrow;
        out[i] = (uint8_t)difference;
        borrow = difference >> 8 & 1;
    }
}

static void test_keys_and_signatures(void **state)
{
    static const uint8_t one[32] = { [31] = 1 };
    enum {
        KEY_BOUND,
        KEY_GENERATOR,
        KEY_NEGATED,
        KEY_OF_PCK,
        SIG_ONE,
        SIG_LAST,
        SIG_NEGATED,
        CHANGES
    };
    static const struct {
        const char *what;
        chaos_status expected;
    } cases[CHANGES] = {
        [KEY_BOUND] = { "the bound key", CHAOS_OK },
        [KEY_GENERATOR] = { "the generator as the key", CHAOS_E_QE_REPORT_DATA },
        [KEY_NEGATED] = { "the negated key", CHAOS_E_QE_REPORT_DATA },
        [KEY_OF_PCK] = { "the PCK key", CHAOS_E_QE_REPORT_DATA },
        [SIG_ONE] = { "r = s = 1", CHAOS_E_QUOTE_SIGNATURE },
        [SIG_LAST] = { "r = s = n - 1", CHAOS_E_QUOTE_SIGNATURE },
        [SIG_NEGATED] = { "s and n - s are both signatures", CHAOS_OK },
    };
    resign_set set;

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    for (size_t i = 0; i < CHANGES; i++) {
        chaos_buffer quote = CHAOS_BUFFER_INIT(1u << 20);
        dcap_quote q = set.evidence->quote;

        if (i == KEY_GENERATOR) {
            memcpy(&q.attestation_key, generator, sizeof generator);
        } else if (i == KEY_NEGATED) {
            subtract(p256_prime, set.evidence->quote.attestation_key.y, q.attestation_key.y);
            assert_int_equal(p256_key_check(&q.attestation_key), P256_GOOD);
        } else if (i == KEY_OF_PCK) {
            q.attestation_key = set.keys.point[KEY_PCK];
        } else if (i == SIG_ONE) {
            memcpy(q.signature.r, one, 32);
            memcpy(q.signature.s, one, 32);
        } else if (i == SIG_LAST) {
            subtract(p256_order, one, q.signature.r);
            subtract(p256_order, one, q.signature.s);
        } else if (i == SIG_NEGATED) {
            subtract(p256_order, set.evidence->quote.signature.s, q.signature.s);
        }
        assert_true(dcap_quote_write(&q, &quote));
        expect(cases[i].what, cases[i].expected,
               verify(bytes_of(&set.made.root), bytes_of(&quote), bytes_of(&set.made.collateral), set.made.now));
        chaos_buffer_free(&quote);
    }
    resign_end(&set);
}

/* ------------------------------------------------------------------ chains ---- */

/* A chain of any length but three is refused for its length, also one that fills most of the quote. */
static void test_many_certificates(void **state)
{
    resign_set set;

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    chaos_slice chain = set.evidence->quote.cert_data;
    chain.size -= chain.data[chain.size - 1] == '\0' ? 1 : 0;
    for (size_t copies = 2; copies <= 13; copies += 11) { /* 6 and 39 certificates */
        chaos_buffer many = CHAOS_BUFFER_INIT(1u << 20), quote = CHAOS_BUFFER_INIT(1u << 20);
        dcap_quote q = set.evidence->quote;

        for (size_t i = 0; i < copies; i++) {
            assert_true(buffer_append(&many, chain));
        }
        q.cert_data = bytes_of(&many);
        assert_true(dcap_quote_write(&q, &quote));
        expect("a long chain", CHAOS_E_PCK_CHAIN_LENGTH,
               verify(bytes_of(&set.made.root), bytes_of(&quote), bytes_of(&set.made.collateral), set.made.now));
        chaos_buffer_free(&many);
        chaos_buffer_free(&quote);
    }
    resign_end(&set);
}

/* -------------------------------------------------------- module identities ---- */

/* Module identities of other versions, before the right one, after it, and on both sides, change nothing. The same version
 * twice is refused. */
static void test_module_identities(void **state)
{
    static const struct {
        const char *before, *after;
        chaos_status expected;
    } cases[] = {
        { NULL, NULL, CHAOS_OK },
        { "TDX_03", NULL, CHAOS_OK },
        { NULL, "TDX_03", CHAOS_OK },
        { "TDX_ff", "TDX_00", CHAOS_OK },
        { "TDX_01", NULL, CHAOS_E_TCB_INFO_FORMAT },
        { NULL, "TDX_01", CHAOS_E_TCB_INFO_FORMAT },
    };
    static const char key[] = "\"tdxModuleIdentities\":[", next[] = "],\"tcbLevels\":[";
    resign_set set;

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    const char *text = (const char *)set.parts[RESIGN_TCB_INFO].data;
    const char *begin = strstr(text, key) + strlen(key), *end = begin;
    for (const char *at = begin; (at = strstr(at, next)) != NULL; at++) {
        end = at; /* the last: levels of the identity itself come before */
    }
    const char *id = strstr(begin, "TDX_01") + 6;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        chaos_buffer kept = set.parts[RESIGN_TCB_INFO], made = CHAOS_BUFFER_INIT(1u << 20);
        const char *const others[] = { cases[i].before, cases[i].after };

        assert_true(buffer_append(&made, slice(text, (size_t)(begin - text))));
        for (size_t o = 0; o < 2; o++) {
            const bool own_first = o == 1;
            if (own_first) {
                assert_true(buffer_append(&made, slice(begin, (size_t)(end - begin))));
            }
            if (others[o] != NULL) {
                assert_true((!own_first || buffer_append_text(&made, ",")) && buffer_append_text(&made, "{\"id\":\"") &&
                            buffer_append_text(&made, others[o]) && buffer_append(&made, slice(id, (size_t)(end - id))) &&
                            (own_first || buffer_append_text(&made, ",")));
            }
        }
        assert_true(buffer_append(&made, slice(end, kept.size - (size_t)(end - text))));
        set.parts[RESIGN_TCB_INFO] = made;
        chaos_buffer quote = CHAOS_BUFFER_INIT(1u << 20), collateral = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
        assert_true(resign_make(&set, &quote, &collateral));
        expect(cases[i].before == NULL ? "as it is, or one after" : cases[i].before, cases[i].expected,
               verify(bytes_of(&set.made.root), bytes_of(&quote), bytes_of(&collateral), set.made.now));
        chaos_buffer_free(&quote);
        chaos_buffer_free(&collateral);
        chaos_buffer_free(&made);
        set.parts[RESIGN_TCB_INFO] = kept;
    }
    resign_end(&set);
}

/* ----------------------------------------------------------------- choices ---- */

static void revoke_root(recipe *r)
{
    r->root_crl.revoked |= 1u << CERT_ROOT | 1u << CERT_TRUSTED_ROOT;
}

/* A root cannot revoke itself: whoever holds its key could as well not list it. Trust in it is the caller's. */
static void test_root_revokes_itself(void **state)
{
    forge_result made;

    (void)state;
    assert_int_equal(forge_make_changed(FORGE_TDX4, NULL, revoke_root, &made, &err), CHAOS_OK);
    expect("the root's list has the root", CHAOS_OK,
           verify(bytes_of(&made.root), bytes_of(&made.quote), bytes_of(&made.collateral), made.now));
    forge_result_free(&made);
}

/* The version of a module in its identity's name: two hex digits of either case, and no decimal. */
static void test_module_names(void **state)
{
    static const struct {
        const char *name;
        uint8_t version;
        chaos_status expected;
    } cases[] = {
        { "TDX_0A", 10, CHAOS_OK },
        { "TDX_0a", 10, CHAOS_OK },
        { "tdx_0a", 10, CHAOS_OK },
        { "TDX_10", 10, CHAOS_E_TDX_MODULE_MISMATCH },
        { "TDX_10", 16, CHAOS_OK },
        { "TDX_FF", 255, CHAOS_OK },
        { "TDX_fF", 255, CHAOS_OK },
    };
    resign_set set;

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    char *name = strstr((char *)set.parts[RESIGN_TCB_INFO].data, "TDX_01");
    assert_non_null(name);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        chaos_buffer quote = CHAOS_BUFFER_INIT(1u << 20), collateral = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);

        memcpy(name, cases[i].name, strlen(cases[i].name));
        set.parts[RESIGN_QUOTE].data[QUOTE_HEADER_SIZE + 1] = cases[i].version;
        assert_true(resign_make(&set, &quote, &collateral));
        expect(cases[i].name, cases[i].expected,
               verify(bytes_of(&set.made.root), bytes_of(&quote), bytes_of(&collateral), set.made.now));
        chaos_buffer_free(&quote);
        chaos_buffer_free(&collateral);
    }
    resign_end(&set);
}

/* The same event twice is two events: measured twice and written twice it is right, and a log with one of them is not. */
static bool first_is_written;

static void twin(recipe *r)
{
    event_spec *events = r->log.events;

    events[r->log.count] = events[r->log.count - 1];
    events[r->log.count - 1].written = first_is_written;
    r->log.count++;
}

static void test_twin_events(void **state)
{
    (void)state;
    for (unsigned both = 0; both < 2; both++) {
        forge_result made;
        chaos_trust *trust = NULL;
        chaos_collateral *collateral = NULL;
        chaos_evidence *evidence = NULL;
        chaos_claims *claims = NULL;

        first_is_written = both == 1;
        assert_int_equal(forge_make_changed(FORGE_TDX4, NULL, twin, &made, &err), CHAOS_OK);
        assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
        assert_int_equal(chaos_trust_add_root(trust, bytes_of(&made.root), &err), CHAOS_OK);
        assert_int_equal(chaos_collateral_parse(bytes_of(&made.collateral), &collateral, &err), CHAOS_OK);
        assert_int_equal(
            chaos_evidence_parse_with_log(bytes_of(&made.quote), bytes_of(&made.event_log), &evidence, &err), CHAOS_OK);
        expect("twin events", both == 1 ? CHAOS_OK : CHAOS_E_RTMR3_MISMATCH,
               chaos_verify(evidence, collateral, trust, made.now, NULL, &claims, &err));
        chaos_claims_free(claims);
        chaos_evidence_free(evidence);
        chaos_collateral_free(collateral);
        chaos_trust_free(trust);
        forge_result_free(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate_dates),
        cmocka_unit_test(test_first_date),
        cmocka_unit_test(test_leaf_alone),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_keys_and_signatures),
        cmocka_unit_test(test_many_certificates),
        cmocka_unit_test(test_module_identities),
        cmocka_unit_test(test_root_revokes_itself),
        cmocka_unit_test(test_module_names),
        cmocka_unit_test(test_twin_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
