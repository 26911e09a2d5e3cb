/* pck_extension.c - the SGX extension 1.2.840.113741.1.13.1 of a PCK certificate (Intel, "SGX PCK
 * Certificate and Certificate Revocation List Profile Specification"): a set of pairs of OID and value, in
 * any order. */
#include "wire/wire.h"

#define COMPONENTS 16

enum { /* last arcs */
    PPID = 1,
    TCB = 2,
    PCEID = 3,
    FMSPC = 4,
    SGX_TYPE = 5,
    PLATFORM_INSTANCE_ID = 6,
    CONFIGURATION = 7
};
enum { /* below .2; 1..16 are the components */
    TCB_PCESVN = 17,
    TCB_CPUSVN = 18
};
enum { /* below .7 */
    DYNAMIC_PLATFORM = 1,
    CACHED_KEYS = 2,
    SMT_ENABLED = 3
};
#define MAX_SGX_TYPE 2

/* One of the nested sets of pairs: its arc below the extension's (0: the extension itself) and what may be
 * in it. */
typedef struct pair_set {
    const char *field;
    uint8_t arc;
    uint8_t last;      /* pairs are numbered 1..last */
    uint32_t required; /* bit n: pair n must be there */
    void (*read)(reader *pair, unsigned number, pck_extension *out);
} pair_set;

/* The number by which the pair is known in `set`; 0 with a fault when it is not known there or came
 * before. */
static unsigned read_number(reader *pair, const pair_set *set, uint32_t *seen)
{
    static const uint8_t extension[9] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };
    uint8_t arc[sizeof extension + 1];
    const size_t arc_size = set->arc == 0 ? sizeof extension : sizeof arc;
    const chaos_slice oid = der_take(pair, set->field, DER_OID, NULL);

    memcpy(arc, extension, sizeof extension);
    arc[sizeof extension] = set->arc;
    if (oid.size != arc_size + 1 || memcmp(oid.data, arc, arc_size) != 0 || oid.data[arc_size] == 0 ||
        oid.data[arc_size] > set->last) {
        rd_expect(pair, false, pair->status, "an OID that does not belong here");
        return 0;
    }
    const unsigned number = oid.data[arc_size];
    if ((*seen >> number & 1) != 0) {
        rd_expect(pair, false, pair->status, "an OID that comes twice");
        return 0;
    }
    *seen |= 1u << number;
    return number;
}

/* Reads SEQUENCE OF SEQUENCE { OID, value }; gives the set of the numbers seen. */
static uint32_t read_set(reader *r, const pair_set *set, pck_extension *out)
{
    reader pairs = der_enter(r, set->field, DER_SEQUENCE);
    uint32_t seen = 0;

    while (rd_ok(&pairs) && rd_left(&pairs) > 0) {
        reader pair = der_enter(&pairs, set->field, DER_SEQUENCE);
        const unsigned number = read_number(&pair, set, &seen);
        if (number != 0) {
            set->read(&pair, number, out);
        }
        rd_close(&pairs, &pair, pairs.status);
    }
    rd_close(r, &pairs, r->status);
    if ((seen & set->required) != set->required) {
        rd_fail(r, r->status, set->field, rd_offset(r), "a member is missing");
    }
    return seen;
}

/* OCTET STRING of exactly `size` bytes. */
static void read_octets(reader *r, const char *field, uint8_t *out, size_t size)
{
    const chaos_slice bytes = der_take(r, field, DER_OCTET_STRING, NULL);

    rd_expect_number(r, bytes.size, size, r->status, "wrong size");
    if (rd_ok(r)) {
        memcpy(out, bytes.data, size);
    }
}

static void read_tcb_pair(reader *pair, unsigned number, pck_extension *out)
{
    if (number == TCB_PCESVN) {
        out->pce_svn = (uint16_t)der_unsigned(pair, "pcesvn", DER_INTEGER, UINT16_MAX);
    } else if (number == TCB_CPUSVN) {
        read_octets(pair, "cpusvn", out->cpu_svn, sizeof out->cpu_svn);
    } else {
        out->components[number - 1] = (uint8_t)der_unsigned(pair, "component", DER_INTEGER, UINT8_MAX);
    }
}

static void read_configuration_pair(reader *pair, unsigned number, pck_extension *out)
{
    switch (number) {
    case DYNAMIC_PLATFORM:
        out->dynamic_platform = der_boolean(pair, "dynamicPlatform");
        break;
    case CACHED_KEYS:
        out->cached_keys = der_boolean(pair, "cachedKeys");
        break;
    default:
        out->smt_enabled = der_boolean(pair, "smtEnabled");
        break;
    }
}

static const pair_set tcb_set = { "tcb", TCB, TCB_CPUSVN, 0x7fffe, read_tcb_pair };
static const pair_set configuration_set = { "configuration", CONFIGURATION, SMT_ENABLED, 0xe,
                                            read_configuration_pair };

/* Which of the two a TCB comparison goes by differs between verifiers. Intel's certificates never let them
 * differ. */
static void read_tcb(reader *pair, pck_extension *out)
{
    (void)read_set(pair, &tcb_set, out);
    if (memcmp(out->components, out->cpu_svn, COMPONENTS) != 0) {
        rd_fail(pair, pair->status, "cpusvn", pair->field_offset, "differs from the TCB components");
    }
}

static void read_extension_pair(reader *pair, unsigned number, pck_extension *out)
{
    switch (number) {
    case PPID:
        read_octets(pair, "ppid", out->ppid, sizeof out->ppid);
        break;
    case TCB:
        read_tcb(pair, out);
        break;
    case PCEID:
        read_octets(pair, "pceid", out->pce_id, sizeof out->pce_id);
        break;
    case FMSPC:
        read_octets(pair, "fmspc", out->fmspc, sizeof out->fmspc);
        break;
    case SGX_TYPE:
        out->sgx_type = (uint8_t)der_unsigned(pair, "sgxType", DER_ENUMERATED, MAX_SGX_TYPE);
        break;
    case PLATFORM_INSTANCE_ID:
        read_octets(pair, "platformInstanceId", out->platform_instance_id, sizeof out->platform_instance_id);
        break;
    default:
        (void)read_set(pair, &configuration_set, out);
        break;
    }
}

/* .6 and .7 stand in certificates of the Platform CA only; whether they must is for those who know the
 * issuer. */
static const pair_set extension_set = { "sgxExtension", 0, CONFIGURATION, 0x3e, read_extension_pair };

bool pck_extension_read(chaos_slice contents, pck_extension *out, fault *why)
{
    reader r = rd_begin(contents, CHAOS_E_PCK_EXTENSION);

    memset(out, 0, sizeof *out);
    const uint32_t seen = read_set(&r, &extension_set, out);
    out->has_platform_instance_id = (seen >> PLATFORM_INSTANCE_ID & 1) != 0;
    out->has_configuration = (seen >> CONFIGURATION & 1) != 0;
    if (rd_left(&r) > 0) {
        rd_fail(&r, r.status, "sgxExtension", rd_offset(&r), "bytes follow the extension");
    }
    *why = r.why;
    if (!rd_ok(&r)) {
        memset(out, 0, sizeof *out);
        return false;
    }
    return true;
}
