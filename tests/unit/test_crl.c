/* test_crl.c - crl_read and crl_lists: lists put together from pieces, one of which is bad; and all real
 * ones against libcrypto's view of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "crypto/crypto.h"
#include "tests/support/der_kit.h"

#define SHA256_ALG "300a06082a8648ce3d040302"
#define DATE "170d3235303130313030303030305a"
#define LATER "170d3235303230313030303030305a"
#define AKI "300f0603551d2304083006800401020304"
#define NUMBER "300a0603551d140403020101"
#define ENTRY_1 "3012 020101" DATE
#define TWENTY_ONES "0101010101010101010101010101010101010101"

enum { /* in the order in which they stand in the list */
    VERSION,
    INNER_ALG,
    ISSUER,
    THIS_UPDATE,
    NEXT_UPDATE,
    ENTRIES,
    EXTENSIONS,
    AFTER_TBS,
    OUTER_ALG,
    SIGNATURE,
    AFTER_SIGNATURE,
    AFTER_ALL,
    PIECES
};

static const char *const good_pieces[PIECES] = {
    [VERSION] = "020101",
    [INNER_ALG] = SHA256_ALG,
    [ISSUER] = "300d 310b 3009 0603550403 0c024341",
    [THIS_UPDATE] = DATE,
    [NEXT_UPDATE] = LATER,
    [ENTRIES] = "3038" ENTRY_1 "3022 0203008102" DATE "300c 300a 0603551d15 0403 0a0101" /* reason: keyCompromise */,
    [EXTENSIONS] = "a01f 301d" AKI NUMBER,
    [AFTER_TBS] = "",
    [OUTER_ALG] = SHA256_ALG,
    [SIGNATURE] = "0309 00 3006 020101 020102",
    [AFTER_SIGNATURE] = "",
    [AFTER_ALL] = "",
};

static void make_into(kit *k, size_t piece, const char *hex)
{
    const char *pieces[PIECES];

    memcpy(pieces, good_pieces, sizeof pieces);
    if (piece < PIECES) {
        pieces[piece] = hex;
    }
    k->size = 0;
    const size_t outer = kit_open(k);
    const size_t tbs = kit_open(k);
    for (size_t i = VERSION; i <= AFTER_TBS; i++) {
        kit_hex(k, pieces[i]);
    }
    kit_close(k, tbs, 0x30);
    for (size_t i = OUTER_ALG; i <= AFTER_SIGNATURE; i++) {
        kit_hex(k, pieces[i]);
    }
    kit_close(k, outer, 0x30);
    kit_hex(k, pieces[AFTER_ALL]);
}

static chaos_slice make(size_t piece, const char *hex)
{
    static kit k;

    make_into(&k, piece, hex);
    return kit_slice(&k);
}

static bool read_exact(chaos_slice der, crl *list, fault *why)
{
    uint8_t *copy = kit_exact(der);
    const bool good = crl_read(slice(copy, der.size), list, why);

    if (!good) {
        crl zero;
        memset(&zero, 0, sizeof zero);
        assert_memory_equal(list, &zero, sizeof zero);
    }
    free(copy);
    return good;
}

typedef struct piece_case {
    const char *name;
    size_t piece;
    const char *hex;
    const char *field; /* of the fault; NULL: accepted */
    bool strange;      /* accepted, but with has_strange_critical_extension */
} piece_case;

static const piece_case piece_cases[] = {
    { "as it is", PIECES, "", NULL, false },
    { "version 1", VERSION, "", "version", false },
    { "version 1 in full", VERSION, "020100", "version", false },
    { "version 3", VERSION, "020102", "version", false },
    { "version not minimal", VERSION, "02020001", "version", false },
    { "inner ecdsa-with-SHA384", INNER_ALG, "300a06082a8648ce3d040303", "tbsCertList.signature", false },
    { "inner with NULL", INNER_ALG, "300c06082a8648ce3d0403020500", "tbsCertList.signature", false },
    { "outer ecdsa-with-SHA384", OUTER_ALG, "300a06082a8648ce3d040303", "signatureAlgorithm", false },
    { "issuer empty", ISSUER, "3000", "issuer", false },

    { "no nextUpdate", NEXT_UPDATE, "", "nextUpdate", false },
    { "nextUpdate = thisUpdate", NEXT_UPDATE, DATE, NULL, false },
    { "nextUpdate before thisUpdate", NEXT_UPDATE, "170d3234313233313233353935395a", "nextUpdate", false },
    { "GeneralizedTime before 2050", NEXT_UPDATE, "180f32303439303130313030303030305a", "nextUpdate", false },
    { "to 2050", NEXT_UPDATE, "180f32303530303130313030303030305a", NULL, false },
    { "thisUpdate is 30 February", THIS_UPDATE, "170d3234303233303030303030305a", "thisUpdate", false },

    { "no entries", ENTRIES, "", NULL, false },
    { "empty list of entries", ENTRIES, "3000", "revokedCertificates", false },
    { "serial 0", ENTRIES, "3014 3012 020100" DATE, NULL, false },
    { "serial of 20 bytes", ENTRIES, "3027 3025 0214" TWENTY_ONES DATE, NULL, false },
    { "serial of 21 bytes", ENTRIES, "3028 3026 021501" TWENTY_ONES DATE, "userCertificate", false },
    { "serial negative", ENTRIES, "3014 3012 0201ff" DATE, "userCertificate", false },
    { "serial not minimal", ENTRIES, "3015 3013 02020001" DATE, "userCertificate", false },
    { "entry without date", ENTRIES, "3005 3003 020101", "revocationDate", false },
    { "entry empty", ENTRIES, "3002 3000", "userCertificate", false },
    { "entry with NULL behind the date", ENTRIES, "3016 3014 020101" DATE "0500", "crlEntryExtensions", false },
    { "entry with no extension in the list", ENTRIES, "3016 3014 020101" DATE "3000", "crlEntryExtensions", false },
    { "entry and more", ENTRIES, "3022 3020 020101" DATE "300a 3008 0603551d15 0401 00 0500", "revokedCertificate",
      false },
    { "reason removeFromCRL", ENTRIES, "3022 3020 020101" DATE "300c 300a 0603551d15 0403 0a0108", NULL, false },
    { "invalidityDate in the future", ENTRIES, "3030 302e 020101" DATE "301a 3018 0603551d18 0411 180f 32303530303130313030303030305a",
      NULL, false },
    { "reason critical", ENTRIES, "3025 3023 020101" DATE "300f 300d 0603551d15 0101ff 0403 0a0101", NULL, true },
    { "certificateIssuer", ENTRIES, "3024 3022 020101" DATE "300e 300c 0603551d1d 0101ff 0402 3000", NULL, true },
    { "third entry ends otherwise", ENTRIES,
      "304d" ENTRY_1 ENTRY_1 "3023 020101" DATE "300f 300d 0603551d15 0101ff 0403 0a0101", NULL, true },
    { "third entry has no date", ENTRIES, "302d" ENTRY_1 ENTRY_1 "3003 020101", "revocationDate", false },
    { "entry extension twice", ENTRIES, "302a 3028 020101" DATE "3014 3008 0603551d15 0401 00 3008 0603551d15 0401 00",
      "extnID", false },

    { "no extensions", EXTENSIONS, "", NULL, false },
    { "extensions empty", EXTENSIONS, "a002 3000", "crlExtensions", false },
    { "no number", EXTENSIONS, "a013 3011" AKI, NULL, false },
    { "no AKI", EXTENSIONS, "a00e 300c" NUMBER, NULL, false },
    { "number negative", EXTENSIONS, "a00e 300c 300a 0603551d14 0403 0201ff", "cRLNumber", false },
    { "number of 21 bytes", EXTENSIONS, "a022 3020 301e 0603551d14 0417 0215 01" TWENTY_ONES, "cRLNumber", false },
    { "number of 20 bytes", EXTENSIONS, "a021 301f 301d 0603551d14 0416 0214" TWENTY_ONES, NULL, false },
    { "number and more", EXTENSIONS, "a010 300e 300c 0603551d14 0405 020101 0500", "extnValue", false },
    { "number critical", EXTENSIONS, "a011 300f 300d 0603551d14 0101ff 0403 020101", NULL, false },
    { "number twice", EXTENSIONS, "a02b 3029" AKI NUMBER NUMBER, "extnID", false },
    { "AKI twice", EXTENSIONS, "a024 3022" AKI AKI, "extnID", false },
    { "delta", EXTENSIONS, "a02e 302c" AKI NUMBER "300d 0603551d1b 0101ff 0403 020101", NULL, true },
    { "delta not critical", EXTENSIONS, "a02b 3029" AKI NUMBER "300a 0603551d1b 0403 020101", NULL, true },
    { "issuing distribution point", EXTENSIONS, "a02d 302b" AKI NUMBER "300c 0603551d1c 0101ff 0402 3000", NULL,
      true },
    { "issuing distribution point not critical", EXTENSIONS, "a02a 3028" AKI NUMBER "3009 0603551d1c 0402 3000", NULL,
      true },
    { "unknown critical", EXTENSIONS, "a02d 302b" AKI NUMBER "300c 0603551d7f 0101ff 0402 3000", NULL, true },
    { "unknown", EXTENSIONS, "a02a 3028" AKI NUMBER "3009 0603551d7f 0402 3000", NULL, false },
    { "extensions twice", EXTENSIONS, "a01f 301d" AKI NUMBER "a01f 301d" AKI NUMBER, "tbsCertList", false },
    { "after the extensions", AFTER_TBS, "0500", "tbsCertList", false },
    { "unused bits", SIGNATURE, "0309 01 3006 020101 020102", "signatureValue", false },
    { "after the signature", AFTER_SIGNATURE, "0500", "CertificateList", false },
    { "after the list", AFTER_ALL, "00", "CertificateList", false },
};

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(piece_cases); i++) {
        const piece_case *c = &piece_cases[i];
        crl list;
        fault why = { 0 };
        const bool good = read_exact(make(c->piece, c->hex), &list, &why);
        if (good != (c->field == NULL)) {
            fail_msg("%s: accepted %d, field %s: %s", c->name, good, why.field, why.reason);
        }
        if (!good && (why.status != CHAOS_E_CRL_FORMAT || strcmp(why.field, c->field) != 0)) {
            fail_msg("%s: status %s, field %s", c->name, chaos_status_name(why.status), why.field);
        }
        if (good && list.has_strange_critical_extension != c->strange) {
            fail_msg("%s: strange %d", c->name, list.has_strange_critical_extension);
        }
    }
}

static void test_values(void **state)
{
    (void)state;
    crl list;
    fault why;

    assert_true(crl_read(make(PIECES, ""), &list, &why));
    assert_int_equal(why.status, CHAOS_OK);
    assert_int_equal(list.this_update, 1735689600);
    assert_int_equal(list.next_update, 1738368000);
    assert_int_equal(list.issuer.size, 15);
    assert_true(slice_equal(list.number, slice("\x01", 1)));
    assert_true(slice_equal(list.authority_key_id, slice("\x01\x02\x03\x04", 4)));
    assert_int_equal(list.entry_count, 2);
    assert_int_equal(list.signature.s[31], 2);

    assert_true(crl_read(make(EXTENSIONS, "a00e 300c 300a 0603551d14 0403 020100"), &list, &why));
    assert_int_equal(list.number.size, 1); /* number 0 is a number */
    assert_int_equal(list.authority_key_id.size, 0);
    assert_true(crl_read(make(EXTENSIONS, ""), &list, &why));
    assert_int_equal(list.number.size, 0);
}

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool listed;
    } serials[] = {
        { "\x01", 1, true },
        { "\x00\x01", 2, true },
        { "\x00\x00\x00\x01", 4, true },
        { "\x81\x02", 2, true },
        { "\x00\x81\x02", 3, true },
        { "\x02", 1, false },
        { "\x81", 1, false },
        { "\x81\x02\x00", 3, false },
        { "\x01\x00", 2, false },
        { "\x01\x81\x02", 3, false },
        { "\x00", 1, false },
        { "", 0, false },
    };
    crl list;
    fault why;

    assert_true(crl_read(make(PIECES, ""), &list, &why));
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(serials); i++) {
        assert_int_equal(crl_lists(&list, slice(serials[i].bytes, serials[i].size)), serials[i].listed);
    }
    assert_true(crl_read(make(ENTRIES, "3014 3012 020100" DATE), &list, &why)); /* serial 0 is a serial */
    assert_true(crl_lists(&list, slice("\x00", 1)));
    assert_false(crl_lists(&list, slice("\x01", 1)));
    assert_true(crl_read(make(ENTRIES, ""), &list, &why));
    assert_false(crl_lists(&list, slice("\x01", 1)));
    assert_int_equal(list.entry_count, 0);
    memset(&list, 0, sizeof list);
    assert_false(crl_lists(&list, slice("\x01", 1)));
}

/* `count` entries with the serials 1..count. */
static char *many_entries(size_t count)
{
    static kit k;
    char *hex;

    k.size = 0;
    for (size_t i = 1; i <= count; i++) {
        const size_t entry = kit_open(&k);
        const uint8_t serial[] = { 0x02, 0x03, 0x01, (uint8_t)(i >> 8), (uint8_t)i };
        kit_add(&k, serial, sizeof serial);
        kit_hex(&k, DATE);
        kit_close(&k, entry, 0x30);
    }
    kit_close(&k, 0, 0x30);
    hex = malloc(2 * k.size + 1);
    assert_non_null(hex);
    for (size_t i = 0; i < k.size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", k.data[i]);
    }
    return hex;
}

static void test_limits(void **state)
{
    (void)state;
    static uint8_t zeros[MAX_CRL + 1];
    crl list;
    fault why = { 0 };
    char *hex = many_entries(MAX_CRL_ENTRIES);

    assert_true(crl_read(make(ENTRIES, hex), &list, &why));
    assert_int_equal(list.entry_count, MAX_CRL_ENTRIES);
    assert_true(crl_lists(&list, slice("\x01\x40\x00", 3)));
    free(hex);
    hex = many_entries(MAX_CRL_ENTRIES + 1);
    assert_false(read_exact(make(ENTRIES, hex), &list, &why));
    assert_string_equal(why.reason, "too many entries");
    free(hex);
    assert_false(read_exact(slice(zeros, sizeof zeros), &list, &why));
    assert_string_equal(why.field, "CertificateList");
    assert_false(read_exact(slice(NULL, 0), &list, &why));
}

static void expect_no_prefix(chaos_slice der)
{
    crl list;
    fault why = { 0 };

    for (size_t size = 0; size < der.size; size++) {
        assert_false(read_exact(slice(der.data, size), &list, &why));
        assert_int_equal(why.status, CHAOS_E_CRL_FORMAT);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    expect_no_prefix(make(PIECES, ""));
}

/* -------------------------------------------------------- against libcrypto ---- */

static void compare_date(int64_t ours, const ASN1_TIME *theirs)
{
    assert_int_equal(X509_cmp_time(theirs, &(time_t){ (time_t)ours - 1 }), 1);
    assert_int_equal(X509_cmp_time(theirs, &(time_t){ (time_t)ours }), -1); /* which is how it says "equal" */
}

static chaos_slice serial_bytes(const ASN1_INTEGER *serial, uint8_t bytes[64])
{
    BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);

    assert_true(BN_num_bytes(number) <= 64);
    const chaos_slice result = slice(bytes, (size_t)BN_bn2bin(number, bytes));
    BN_free(number);
    return result;
}

static void compare_entries(const crl *list, X509_CRL *x)
{
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(x);
    const int count = entries == NULL ? 0 : sk_X509_REVOKED_num(entries);
    uint8_t bytes[64];

    assert_int_equal(list->entry_count, (size_t)count);
    for (int i = 0; i < count; i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        const chaos_slice serial = serial_bytes(X509_REVOKED_get0_serialNumber(entry), bytes);
        assert_true(crl_lists(list, serial));
        bytes[serial.size - 1] ^= 0xff; /* no two of a real list are that close */
        assert_false(crl_lists(list, serial));
    }
}

static void compare_with_libcrypto(const crl *list, chaos_slice der)
{
    const uint8_t *cursor = der.data;
    X509_CRL *x = d2i_X509_CRL(NULL, &cursor, (long)der.size);
    uint8_t *bytes = NULL, number_bytes[64];

    assert_non_null(x);
    compare_date(list->this_update, X509_CRL_get0_lastUpdate(x));
    compare_date(list->next_update, X509_CRL_get0_nextUpdate(x));
    int size = i2d_X509_NAME(X509_CRL_get_issuer(x), &bytes);
    assert_true(slice_equal(list->issuer, slice(bytes, (size_t)size)));
    OPENSSL_free(bytes);
    bytes = NULL;
    size = i2d_re_X509_CRL_tbs(x, &bytes);
    assert_true(slice_equal(list->tbs, slice(bytes, (size_t)size)));
    OPENSSL_free(bytes);
    AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(x, NID_authority_key_identifier, NULL, NULL);
    assert_non_null(id);
    assert_true(slice_equal(list->authority_key_id, slice(ASN1_STRING_get0_data(id->keyid),
                                                          (size_t)ASN1_STRING_length(id->keyid))));
    AUTHORITY_KEYID_free(id);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(x, NID_crl_number, NULL, NULL);
    assert_non_null(number);
    assert_true(slice_equal(list->number, serial_bytes(number, number_bytes)));
    ASN1_INTEGER_free(number);
    compare_entries(list, x);
    X509_CRL_free(x);
}

static void check_real(const char *path, chaos_slice der)
{
    crl list;
    fault why = { 0 };
    uint8_t *copy = kit_exact(der);

    if (!crl_read(slice(copy, der.size), &list, &why)) {
        fail_msg("%s refused: %s: %s", path, why.field, why.reason);
    }
    assert_false(list.has_strange_critical_extension);
    compare_with_libcrypto(&list, slice(copy, der.size));
    free(copy);
}

/* Of each kind of list one: cut short and changed everywhere. What is still accepted differs in what is
 * signed or in the signature. */
static void flip_bytes(const char *path, chaos_slice der)
{
    static const uint8_t masks[] = { 0x01, 0x80, 0xff };
    crl original, changed;
    fault why = { 0 };

    if (strstr(path, "_ca_202305") == NULL && strstr(path, "_ca_202304") == NULL) {
        return;
    }
    expect_no_prefix(der);
    assert_true(crl_read(der, &original, &why));
    uint8_t *copy = kit_exact(der);
    for (size_t i = 0; i < der.size * CHAOS_ARRAY_SIZE(masks); i++) {
        uint8_t *byte = copy + i / CHAOS_ARRAY_SIZE(masks);
        *byte ^= masks[i % CHAOS_ARRAY_SIZE(masks)];
        if (crl_read(slice(copy, der.size), &changed, &why)) {
            assert_false(slice_equal(changed.tbs, original.tbs) &&
                         memcmp(&changed.signature, &original.signature, sizeof changed.signature) == 0);
            (void)crl_lists(&changed, slice("\x01", 1));
        } else {
            assert_int_equal(why.status, CHAOS_E_CRL_FORMAT);
        }
        *byte ^= masks[i % CHAOS_ARRAY_SIZE(masks)];
    }
    free(copy);
}

static void test_real(void **state)
{
    (void)state;
    if (kit_each_file("dcap/crl", ".der", check_real) == 0) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
    assert_true(kit_each_file("dcap/crl", ".der", flip_bytes) > 0);
    ERR_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
