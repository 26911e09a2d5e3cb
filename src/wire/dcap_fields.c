/* dcap_fields.c - the fixed-size structures of a DCAP quote as tables: name, place, size and how to show it.
 *
 * Sources: Intel SGX ECDSA quote library reference (header, enclave report), Intel TDX DCAP quoting library reference
 * (TD report 1.0, 1.5 and its extended form). Each list is written once. It makes the table and also a struct of bytes,
 * whose offsets the compiler computes: so a gap, an overlap or a wrong sum does not compile. */
#include "wire/wire.h"

#include <stddef.h>

/* X(NAME, offset by the specification, size, kind) */

/* qe_svn and pce_svn are reserved from version 4 on; user_data begins with the QE's own id. */
#define QUOTE_HEADER_FIELDS(X)   \
    X(version, 0, 2, U16)        \
    X(att_key_type, 2, 2, U16)   \
    X(tee_type, 4, 4, U32)       \
    X(qe_svn, 8, 2, U16)         \
    X(pce_svn, 10, 2, U16)       \
    X(qe_vendor_id, 12, 16, HEX) \
    X(user_data, 28, 20, HEX)

#define SGX_REPORT_FIELDS(X)        \
    X(cpu_svn, 0, 16, HEX)          \
    X(misc_select, 16, 4, HEX)      \
    X(reserved1, 20, 12, HEX)       \
    X(isv_ext_prod_id, 32, 16, HEX) \
    X(attributes, 48, 16, HEX)      \
    X(mr_enclave, 64, 32, HEX)      \
    X(reserved2, 96, 32, HEX)       \
    X(mr_signer, 128, 32, HEX)      \
    X(reserved3, 160, 32, HEX)      \
    X(config_id, 192, 64, HEX)      \
    X(isv_prod_id, 256, 2, U16)     \
    X(isv_svn, 258, 2, U16)         \
    X(config_svn, 260, 2, U16)      \
    X(reserved4, 262, 42, HEX)      \
    X(isv_family_id, 304, 16, HEX)  \
    X(report_data, 320, 64, HEX)

/* Each later TD report begins with the whole earlier one. */
#define TD_REPORT_10_FIELDS(X)       \
    X(tee_tcb_svn, 0, 16, HEX)       \
    X(mr_seam, 16, 48, HEX)          \
    X(mr_signer_seam, 64, 48, HEX)   \
    X(seam_attributes, 112, 8, HEX)  \
    X(td_attributes, 120, 8, HEX)    \
    X(xfam, 128, 8, HEX)             \
    X(mr_td, 136, 48, HEX)           \
    X(mr_config_id, 184, 48, HEX)    \
    X(mr_owner, 232, 48, HEX)        \
    X(mr_owner_config, 280, 48, HEX) \
    X(rtmr0, 328, 48, HEX)           \
    X(rtmr1, 376, 48, HEX)           \
    X(rtmr2, 424, 48, HEX)           \
    X(rtmr3, 472, 48, HEX)           \
    X(report_data, 520, 64, HEX)

#define TD_REPORT_15_FIELDS(X)     \
    TD_REPORT_10_FIELDS(X)         \
    X(tee_tcb_svn_2, 584, 16, HEX) \
    X(mr_service_td, 600, 48, HEX)

/* initial_tee_fmspc is three little-endian words, not the six-byte FMSPC of the PCK certificate. */
#define TD_REPORT_15EX_FIELDS(X)                  \
    TD_REPORT_15_FIELDS(X)                        \
    X(vm_id, 648, 1, U8)                          \
    X(td_id, 649, 32, HEX)                        \
    X(device_info_hash, 681, 48, HEX)             \
    X(initial_service_td_hash, 729, 48, HEX)      \
    X(initial_service_td_attributes, 777, 8, HEX) \
    X(initial_cpu_svn, 785, 16, HEX)              \
    X(initial_tee_tcb_svn, 801, 16, HEX)          \
    X(initial_tee_fmspc, 817, 12, HEX)            \
    X(current_service_td_hash, 829, 48, HEX)      \
    X(current_service_td_attributes, 877, 8, HEX)

#define MEMBER(name, offset, size, kind) uint8_t name[size];
#define ROW(name, offset, size, kind) { #name, offset, size, FIELD_##kind },
#define SAME_OFFSET(layout, name, offset) _Static_assert(offsetof(layout, name) == (offset), #name " is misplaced");

#define LAYOUT(layout, FIELDS, total) \
    typedef struct layout {           \
        FIELDS(MEMBER)                \
    } layout;                         \
    _Static_assert(sizeof(layout) == (total), #layout " has a wrong size")

LAYOUT(quote_header_layout, QUOTE_HEADER_FIELDS, QUOTE_HEADER_SIZE);
LAYOUT(sgx_report_layout, SGX_REPORT_FIELDS, SGX_REPORT_SIZE);
LAYOUT(td_report_10_layout, TD_REPORT_10_FIELDS, TD_REPORT_10_SIZE);
LAYOUT(td_report_15_layout, TD_REPORT_15_FIELDS, TD_REPORT_15_SIZE);
LAYOUT(td_report_15ex_layout, TD_REPORT_15EX_FIELDS, TD_REPORT_15EX_SIZE);

#define IN_HEADER(name, offset, size, kind) SAME_OFFSET(quote_header_layout, name, offset)
#define IN_SGX_REPORT(name, offset, size, kind) SAME_OFFSET(sgx_report_layout, name, offset)
#define IN_TD_REPORT(name, offset, size, kind) SAME_OFFSET(td_report_15ex_layout, name, offset)
QUOTE_HEADER_FIELDS(IN_HEADER)
SGX_REPORT_FIELDS(IN_SGX_REPORT)
TD_REPORT_15EX_FIELDS(IN_TD_REPORT)

static const wire_field quote_header_fields[] = { QUOTE_HEADER_FIELDS(ROW) };
static const wire_field sgx_report_fields[] = { SGX_REPORT_FIELDS(ROW) };
static const wire_field td_report_10_fields[] = { TD_REPORT_10_FIELDS(ROW) };
static const wire_field td_report_15_fields[] = { TD_REPORT_15_FIELDS(ROW) };
static const wire_field td_report_15ex_fields[] = { TD_REPORT_15EX_FIELDS(ROW) };

#define TABLE(fields, size)                    \
    {                                          \
        fields, CHAOS_ARRAY_SIZE(fields), size \
    }

const wire_table quote_header_table = TABLE(quote_header_fields, QUOTE_HEADER_SIZE);

static const wire_table body_tables[] = {
    [BODY_SGX] = TABLE(sgx_report_fields, SGX_REPORT_SIZE),
    [BODY_TD_10] = TABLE(td_report_10_fields, TD_REPORT_10_SIZE),
    [BODY_TD_15] = TABLE(td_report_15_fields, TD_REPORT_15_SIZE),
    [BODY_TD_15EX] = TABLE(td_report_15ex_fields, TD_REPORT_15EX_SIZE),
};

const wire_table *quote_body_table(quote_body_type type)
{
    if (type < BODY_SGX || type > BODY_TD_15EX) {
        return NULL;
    }
    return &body_tables[type];
}

const wire_table *sgx_report_table(void)
{
    return &body_tables[BODY_SGX];
}

bool wire_field_get(const wire_table *table, chaos_slice bytes, const char *name, chaos_slice *value)
{
    if (bytes.size != table->size) {
        return false;
    }
    for (size_t i = 0; i < table->count; i++) {
        const wire_field *field = &table->fields[i];
        if (strcmp(field->name, name) == 0) {
            *value = slice(bytes.data + field->offset, field->size);
            return true;
        }
    }
    return false;
}
