/* test_pck_extension.c - pck_extension_read: extensions put together from pieces, one of which is bad; and
 * those of the real quotes and collateral. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/der_kit.h"
#include "wire/wire.h"

#define ARC "2a864886f84d010d01"
#define OID(number) "060a" ARC number
#define TCB_OID(number) "060b" ARC "02" number
#define CONF_OID(number) "060b" ARC "07" number
#define SIXTEEN "000102030405060708090a0b0c0d0e0f"
#define SMALL(number, value) "3010" TCB_OID(number) "0201" value
#define CONF(number, value) "3010" CONF_OID(number) "0101" value

enum { /* the pieces, in the order of Intel's certificates */
    PPID,
    COMP_1,
    COMP_2,
    COMP_3,
    COMP_4,
    COMP_5,
    COMP_6,
    COMP_7,
    COMP_8,
    COMP_9,
    COMP_10,
    COMP_11,
    COMP_12,
    COMP_13,
    COMP_14,
    COMP_15,
    COMP_16,
    PCESVN,
    CPUSVN,
    TCB_MORE,
    PCEID,
    FMSPC,
    SGX_TYPE,
    INSTANCE,
    DYNAMIC,
    CACHED,
    SMT,
    CONF_MORE,
    MORE,
    AFTER,
    PIECES
};

static const char *const good_pieces[PIECES] = {
    [PPID] = "301e" OID("01") "0410" SIXTEEN,
    [COMP_1] = SMALL("01", "03"),
    [COMP_2] = SMALL("02", "04"),
    [COMP_3] = SMALL("03", "05"),
    [COMP_4] = SMALL("04", "06"),
    [COMP_5] = SMALL("05", "07"),
    [COMP_6] = SMALL("06", "08"),
    [COMP_7] = SMALL("07", "09"),
    [COMP_8] = SMALL("08", "0a"),
    [COMP_9] = SMALL("09", "00"),
    [COMP_10] = SMALL("0a", "00"),
    [COMP_11] = SMALL("0b", "00"),
    [COMP_12] = SMALL("0c", "00"),
    [COMP_13] = SMALL("0d", "00"),
    [COMP_14] = SMALL("0e", "00"),
    [COMP_15] = SMALL("0f", "00"),
    [COMP_16] = "3011" TCB_OID("10") "020200ff",
    [PCESVN] = "3011" TCB_OID("11") "02020102",
    [CPUSVN] = "301f" TCB_OID("12") "0410 030405060708090a 00000000000000ff",
    [TCB_MORE] = "",
    [PCEID] = "3010" OID("03") "0402 0a0b",
    [FMSPC] = "3014" OID("04") "0406 b0c06f000001",
    [SGX_TYPE] = "300f" OID("05") "0a0101",
    [INSTANCE] = "301e" OID("06") "0410 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
    [DYNAMIC] = CONF("01", "ff"),
    [CACHED] = CONF("02", "00"),
    [SMT] = CONF("03", "ff"),
    [CONF_MORE] = "",
    [MORE] = "",
    [AFTER] = "",
};

static void add_range(kit *k, const char *const *pieces, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++) {
        kit_hex(k, pieces[i]);
    }
}

/* SEQUENCE { oid, SEQUENCE { pieces } } */
static void add_set(kit *k, const char *oid, const char *const *pieces, size_t first, size_t last)
{
    const size_t pair = kit_open(k);

    kit_hex(k, oid);
    const size_t set = kit_open(k);
    add_range(k, pieces, first, last);
    kit_close(k, set, 0x30);
    kit_close(k, pair, 0x30);
}

enum {
    WITH_TCB = 1,
    WITH_CONFIGURATION = 2,
    TCB_TWICE = 4,
    CONFIGURATION_TWICE = 8,
    TCB_LAST = 16
};
#define WITH_ALL (WITH_TCB | WITH_CONFIGURATION)

static chaos_slice make(unsigned with, size_t piece, const char *hex)
{
    static kit k;
    const char *pieces[PIECES];

    memcpy(pieces, good_pieces, sizeof pieces);
    if (piece < PIECES) {
        pieces[piece] = hex;
    }
    k.size = 0;
    kit_hex(&k, pieces[PPID]);
    for (unsigned i = 0; (with & WITH_TCB) != 0 && i < ((with & TCB_TWICE) != 0 ? 2u : 1u); i++) {
        add_set(&k, OID("02"), pieces, COMP_1, TCB_MORE);
    }
    add_range(&k, pieces, PCEID, INSTANCE);
    for (unsigned i = 0; (with & WITH_CONFIGURATION) != 0 && i < ((with & CONFIGURATION_TWICE) != 0 ? 2u : 1u); i++) {
        add_set(&k, OID("07"), pieces, DYNAMIC, CONF_MORE);
    }
    if ((with & TCB_LAST) != 0) {
        add_set(&k, OID("02"), pieces, COMP_1, TCB_MORE);
    }
    kit_hex(&k, pieces[MORE]);
    kit_close(&k, 0, 0x30);
    kit_hex(&k, pieces[AFTER]);
    return kit_slice(&k);
}

static bool read_exact(chaos_slice contents, pck_extension *out, fault *why)
{
    uint8_t *copy = kit_exact(contents);
    const bool good = pck_extension_read(slice(copy, contents.size), out, why);

    free(copy);
    if (!good) {
        pck_extension zero;
        memset(&zero, 0, sizeof zero);
        assert_memory_equal(out, &zero, sizeof zero);
    }
    return good;
}

typedef struct piece_case {
    const char *name;
    unsigned with;
    size_t piece;
    const char *hex;
    const char *field; /* of the fault; NULL: accepted */
} piece_case;

static const piece_case piece_cases[] = {
    { "as it is", WITH_ALL, PIECES, "", NULL },
    { "TCB at the end", WITH_CONFIGURATION | TCB_LAST, PIECES, "", NULL },
    { "no instance id", WITH_ALL, INSTANCE, "", NULL },
    { "no configuration", WITH_TCB, PIECES, "", NULL },

    { "no PPID", WITH_ALL, PPID, "", "sgxExtension" },
    { "no TCB", WITH_CONFIGURATION, PIECES, "", "sgxExtension" },
    { "no PCEID", WITH_ALL, PCEID, "", "sgxExtension" },
    { "no FMSPC", WITH_ALL, FMSPC, "", "sgxExtension" },
    { "no SGX type", WITH_ALL, SGX_TYPE, "", "sgxExtension" },
    { "TCB twice", WITH_ALL | TCB_TWICE, PIECES, "", "sgxExtension" },
    { "configuration twice", WITH_ALL | CONFIGURATION_TWICE, PIECES, "", "sgxExtension" },
    { "FMSPC twice", WITH_ALL, MORE, "3014" OID("04") "0406 b0c06f000001", "sgxExtension" },
    { "instance id twice", WITH_ALL, MORE, "301e" OID("06") "0410" SIXTEEN, "sgxExtension" },
    { "unknown .8", WITH_ALL, MORE, "300f" OID("08") "0a0101", "sgxExtension" },
    { "unknown .0", WITH_ALL, MORE, "300f" OID("00") "0a0101", "sgxExtension" },
    { "unknown .4.1", WITH_ALL, MORE, "3010"
                                      "060b" ARC "0401"
                                      "0a0101",
      "sgxExtension" },
    { "unknown .4.1 in place of .4", WITH_ALL, FMSPC, "3015"
                                                      "060b" ARC "0401"
                                                      "0406 b0c06f000001",
      "sgxExtension" },
    { "another arc's .4 in place of ours", WITH_ALL, FMSPC, "3014"
                                                            "060a 2a864886f84d010d0204"
                                                            "0406 b0c06f000001",
      "sgxExtension" },
    { "the arc itself", WITH_ALL, MORE, "300e"
                                        "0609" ARC "0a0101",
      "sgxExtension" },
    { "another arc", WITH_ALL, MORE, "300f"
                                     "060a 2a864886f84d010d0204"
                                     "0a0101",
      "sgxExtension" },
    { "empty pair", WITH_ALL, MORE, "3000", "sgxExtension" },
    { "pair no SEQUENCE", WITH_ALL, MORE, "0500", "sgxExtension" },
    { "bytes after", WITH_ALL, AFTER, "00", "sgxExtension" },
    { "another extension after", WITH_ALL, AFTER, "3000", "sgxExtension" },

    { "PPID of 15 bytes", WITH_ALL, PPID, "301d" OID("01") "040f 000102030405060708090a0b0c0d0e", "ppid" },
    { "PPID of 17 bytes", WITH_ALL, PPID, "301f" OID("01") "0411" SIXTEEN "10", "ppid" },
    { "PPID a BIT STRING", WITH_ALL, PPID, "301e" OID("01") "0310" SIXTEEN, "ppid" },
    { "PPID and more", WITH_ALL, PPID, "3020" OID("01") "0410" SIXTEEN "0500", "sgxExtension" },
    { "PPID without value", WITH_ALL, PPID, "300c" OID("01"), "ppid" },
    { "PCEID of 3 bytes", WITH_ALL, PCEID, "3011" OID("03") "0403 0a0b0c", "pceid" },
    { "PCEID of 1 byte", WITH_ALL, PCEID, "300f" OID("03") "0401 0a", "pceid" },
    { "FMSPC of 5 bytes", WITH_ALL, FMSPC, "3013" OID("04") "0405 b0c06f0000", "fmspc" },
    { "FMSPC of 7 bytes", WITH_ALL, FMSPC, "3015" OID("04") "0407 b0c06f00000000", "fmspc" },
    { "instance id of 15 bytes", WITH_ALL, INSTANCE, "301d" OID("06") "040f 000102030405060708090a0b0c0d0e",
      "platformInstanceId" },
    { "SGX type 0", WITH_ALL, SGX_TYPE, "300f" OID("05") "0a0100", NULL },
    { "SGX type 2", WITH_ALL, SGX_TYPE, "300f" OID("05") "0a0102", NULL },
    { "SGX type 3", WITH_ALL, SGX_TYPE, "300f" OID("05") "0a0103", "sgxType" },
    { "SGX type 9", WITH_ALL, SGX_TYPE, "300f" OID("05") "0a0109", "sgxType" },
    { "SGX type 256", WITH_ALL, SGX_TYPE, "3010" OID("05") "0a020100", "sgxType" },
    { "SGX type -1", WITH_ALL, SGX_TYPE, "300f" OID("05") "0a01ff", "sgxType" },
    { "SGX type an INTEGER", WITH_ALL, SGX_TYPE, "300f" OID("05") "020101", "sgxType" },

    { "no component 7", WITH_ALL, COMP_7, "", "tcb" },
    { "no PCESVN", WITH_ALL, PCESVN, "", "tcb" },
    { "no CPUSVN", WITH_ALL, CPUSVN, "", "tcb" },
    { "component 7 twice", WITH_ALL, TCB_MORE, SMALL("07", "09"), "tcb" },
    { "component 7 in place of 8", WITH_ALL, COMP_8, SMALL("07", "09"), "tcb" },
    { "PCESVN twice", WITH_ALL, TCB_MORE, SMALL("11", "01"), "tcb" },
    { "unknown .2.19", WITH_ALL, TCB_MORE, SMALL("13", "01"), "tcb" },
    { "unknown .2.0", WITH_ALL, TCB_MORE, SMALL("00", "01"), "tcb" },
    { "component .2.7.1 in place of .2.7", WITH_ALL, COMP_7, "3011"
                                                             "060c" ARC "020701"
                                                             "020109",
      "tcb" },
    { "component .7.7 in place of .2.7", WITH_ALL, COMP_7, "3010" CONF_OID("07") "020109", "tcb" },
    { ".7.1 in the TCB", WITH_ALL, TCB_MORE, CONF("01", "ff"), "tcb" },
    { ".3 in the TCB", WITH_ALL, TCB_MORE, "3010" OID("03") "0402 0a0b", "tcb" },
    { "component and more", WITH_ALL, COMP_7, "3012" TCB_OID("07") "0201090500", "tcb" },
    { "component 256", WITH_ALL, COMP_7, "3011" TCB_OID("07") "02020100", "component" },
    { "component 2^64", WITH_ALL, COMP_7, "3018" TCB_OID("07") "0209010000000000000000", "component" },
    { "component -1", WITH_ALL, COMP_7, SMALL("07", "ff"), "component" },
    { "component not minimal", WITH_ALL, COMP_7, "3011" TCB_OID("07") "02020009", "component" },
    { "component empty", WITH_ALL, COMP_7, "300f" TCB_OID("07") "0200", "component" },
    { "component an OCTET STRING", WITH_ALL, COMP_7, "3010" TCB_OID("07") "040109", "component" },
    { "component not CPUSVN's byte", WITH_ALL, COMP_7, SMALL("07", "08"), "cpusvn" },
    { "CPUSVN's first byte not the component", WITH_ALL, CPUSVN,
      "301f" TCB_OID("12") "0410 020405060708090a 00000000000000ff", "cpusvn" },
    { "CPUSVN's last byte not the component", WITH_ALL, CPUSVN,
      "301f" TCB_OID("12") "0410 030405060708090a 00000000000000fe", "cpusvn" },
    { "CPUSVN of 15 bytes", WITH_ALL, CPUSVN, "301e" TCB_OID("12") "040f 030405060708090a 00000000000000",
      "cpusvn" },
    { "PCESVN 0", WITH_ALL, PCESVN, SMALL("11", "00"), NULL },
    { "PCESVN 65535", WITH_ALL, PCESVN, "3012" TCB_OID("11") "020300ffff", NULL },
    { "PCESVN 65536", WITH_ALL, PCESVN, "3012" TCB_OID("11") "0203010000", "pcesvn" },

    { "no dynamicPlatform", WITH_ALL, DYNAMIC, "", "configuration" },
    { "no cachedKeys", WITH_ALL, CACHED, "", "configuration" },
    { "no smtEnabled", WITH_ALL, SMT, "", "configuration" },
    { "smtEnabled twice", WITH_ALL, CONF_MORE, CONF("03", "ff"), "configuration" },
    { "unknown .7.4", WITH_ALL, CONF_MORE, CONF("04", "ff"), "configuration" },
    { "smtEnabled 01", WITH_ALL, SMT, CONF("03", "01"), "smtEnabled" },
    { "cachedKeys of two bytes", WITH_ALL, CACHED, "3011" CONF_OID("02") "01020000", "cachedKeys" },
    { "dynamicPlatform an INTEGER", WITH_ALL, DYNAMIC, "3010" CONF_OID("01") "020101", "dynamicPlatform" },
};

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(piece_cases); i++) {
        const piece_case *c = &piece_cases[i];
        pck_extension extension;
        fault why = { 0 };
        const bool good = read_exact(make(c->with, c->piece, c->hex), &extension, &why);
        if (good != (c->field == NULL)) {
            fail_msg("%s: accepted %d, field %s: %s", c->name, good, why.field, why.reason);
        }
        if (!good && (why.status != CHAOS_E_PCK_EXTENSION || strcmp(why.field, c->field) != 0)) {
            fail_msg("%s: status %s, field %s: %s", c->name, chaos_status_name(why.status), why.field, why.reason);
        }
    }
}

static void test_values(void **state)
{
    (void)state;
    pck_extension e;
    fault why;

    assert_true(pck_extension_read(make(WITH_ALL, PIECES, ""), &e, &why));
    assert_int_equal(why.status, CHAOS_OK);
    assert_int_equal(e.ppid[15], 15);
    assert_int_equal(e.components[0], 3);
    assert_int_equal(e.components[15], 255);
    assert_memory_equal(e.components, e.cpu_svn, 16);
    assert_int_equal(e.pce_svn, 0x0102);
    assert_memory_equal(e.pce_id, "\x0a\x0b", 2);
    assert_memory_equal(e.fmspc, "\xb0\xc0\x6f\x00\x00\x01", 6);
    assert_int_equal(e.sgx_type, 1);
    assert_true(e.has_platform_instance_id);
    assert_int_equal(e.platform_instance_id[0], 0xf0);
    assert_true(e.has_configuration && e.dynamic_platform && !e.cached_keys && e.smt_enabled);
    assert_true(pck_extension_read(make(WITH_TCB, INSTANCE, ""), &e, &why));
    assert_false(e.has_platform_instance_id || e.has_configuration || e.dynamic_platform || e.smt_enabled);
    assert_true(pck_extension_read(make(WITH_ALL, PCESVN, "3012" TCB_OID("11") "020300ffff"), &e, &why));
    assert_int_equal(e.pce_svn, 65535);
}

static void test_damage(void **state)
{
    (void)state;
    pck_extension e;
    fault why = { 0 };
    static kit original;

    original.size = 0;
    const chaos_slice whole = make(WITH_ALL, PIECES, "");
    kit_add(&original, whole.data, whole.size);
    for (size_t size = 0; size < original.size; size++) {
        assert_false(read_exact(slice(original.data, size), &e, &why));
        assert_int_equal(why.status, CHAOS_E_PCK_EXTENSION);
    }
    assert_false(read_exact(slice(NULL, 0), &e, &why));
    for (size_t i = 0; i < 8 * original.size; i++) {
        original.data[i / 8] ^= (uint8_t)(1u << i % 8);
        if (!read_exact(kit_slice(&original), &e, &why)) {
            assert_int_equal(why.status, CHAOS_E_PCK_EXTENSION);
        }
        original.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_true(read_exact(kit_slice(&original), &e, &why));
}

/* ------------------------------------------------------------ real ones ---- */

static size_t platforms_seen, processors_seen;

/* The first PEM block of a quote is the PCK leaf. */
static void check_quote(const char *path, chaos_slice quote)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----\n";
    static uint8_t storage[MAX_CERTIFICATE];
    chaos_slice der;
    certificate leaf;
    pck_extension e;
    fault why = { 0 };
    const uint8_t *first = memmem(quote.data, quote.size, begin, sizeof begin - 1);
    const uint8_t *last = first == NULL ? NULL
                                        : memmem(first, quote.size - (size_t)(first - quote.data), end, sizeof end - 1);

    if (last == NULL) { /* no chain in the quote, or the one quote that is cut short in its source */
        return;
    }
    const chaos_slice text = slice(first, (size_t)(last - first) + sizeof end - 1);
    assert_int_equal(pem_read(text, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, storage,
                              sizeof storage, &der, 1, &why),
                     1);
    assert_true(certificate_read(der, CHAOS_E_PCK_CHAIN_FORMAT, &leaf, &why));
    if (!pck_extension_read(leaf.sgx_extension, &e, &why)) {
        fail_msg("%s: %s: %s", path, why.field, why.reason);
    }
    assert_int_equal(e.has_platform_instance_id, e.has_configuration);
    platforms_seen += e.has_configuration;
    processors_seen += !e.has_configuration;
    assert_memory_equal(e.pce_id, "\0\0", 2);
    /* the names of the vectors say which platform a quote is of */
    char fmspc[13];
    for (size_t i = 0; i < sizeof e.fmspc; i++) {
        snprintf(fmspc + 2 * i, 3, "%02x", e.fmspc[i]);
    }
    if (strstr(path, fmspc) == NULL) {
        fail_msg("%s: FMSPC %s", path, fmspc);
    }
}

static void test_real(void **state)
{
    (void)state;
    if (kit_each_file("dcap/quotes", ".bin", check_quote) == 0) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
    assert_true(platforms_seen > 0 && processors_seen > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
