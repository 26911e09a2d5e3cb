/* rules_sgx.c - rules about an enclave: its attributes and its identity.
 *
 * Source of the flags: Intel SDM volume 3D, ATTRIBUTES. */
#include "appraise/internal.h"

#include <stdio.h>

#define SGX_FLAG_INIT (1u << 0)
#define SGX_FLAG_DEBUG (1u << 1)
/* INIT, DEBUG, MODE64BIT, PROVISION_KEY, EINITTOKEN_KEY, CET, KSS, AEX_NOTIFY; all others are reserved. */
#define SGX_FLAGS_DEFINED UINT64_C(0x04f7)
#define SGX_FLAGS_SIZE 8

/* The flags are the low byte of ATTRIBUTES; a report without them shows the worst of both. */
static unsigned flags_of(const chaos_claims *claims)
{
    chaos_slice attributes = body_field_of(claims, "attributes");
    return attributes.size == 0 ? SGX_FLAG_DEBUG : attributes.data[0];
}

static bool has_reserved_flags(chaos_slice attributes)
{
    return attributes.size < SGX_FLAGS_SIZE || (load_u64le(attributes.data) & ~SGX_FLAGS_DEFINED) != 0;
}

static chaos_status rule_flags(const appraisal *a)
{
    chaos_slice bytes = body_field_of(a->claims, "attributes");
    unsigned flags = flags_of(a->claims);
    bool debug = (flags & SGX_FLAG_DEBUG) != 0;
    check_value no_debug = v_text("DEBUG (bit 1) clear");

    CHECK(a->run, !debug || a->policy->sgx.allow_debug, POLICY_DEBUG, SGX_DEBUG, "attributes", no_debug,
          v_hex(bytes));
    CHECK_WARN(a->run, !debug, POLICY_DEBUG, SGX_DEBUG, "attributes", no_debug, v_hex(bytes));
    CHECK(a->run, (flags & SGX_FLAG_INIT) != 0, POLICY_ATTRIBUTES, SGX_ATTRIBUTES, "attributes",
          v_text("INIT (bit 0) set"), v_hex(bytes));
    CHECK(a->run, !has_reserved_flags(bytes), POLICY_ATTRIBUTES, SGX_ATTRIBUTES, "attributes",
          v_text("reserved flags clear"), v_hex(bytes));
    return CHAOS_OK;
}

static chaos_status rule_identity(const appraisal *a)
{
    const chaos_claims *claims = a->claims;
    const chaos_policy *policy = a->policy;
    comparison enclave = compare_list(a, CHECK_POLICY_MR_ENCLAVE, &policy->sgx.mr_enclave,
                                      body_field_of(claims, "mr_enclave"));
    comparison signer = compare_list(a, CHECK_POLICY_MR_SIGNER, &policy->sgx.mr_signer,
                                     body_field_of(claims, "mr_signer"));

    CHECK(a->run, enclave.accepted, POLICY_MR_ENCLAVE, MEASUREMENT, "mr_enclave", v_text(enclave.expected),
          v_hex(enclave.found));
    CHECK(a->run, signer.accepted, POLICY_MR_SIGNER, MEASUREMENT, "mr_signer", v_text(signer.expected),
          v_hex(signer.found));
    return CHAOS_OK;
}

static const char *number_text(uint64_t number, char text[ROW_TEXT])
{
    (void)snprintf(text, ROW_TEXT, "%llu", (unsigned long long)number);
    return text;
}

static chaos_status rule_product(const appraisal *a)
{
    const policy_list *list = &a->policy->sgx.isv_prod_id;
    uint64_t product = body_number_of(a->claims, "isv_prod_id");
    uint64_t first = 0;
    char text[ROW_TEXT];

    if (list->kind != LIST_VALUES) {
        note_text(a->run, CHECK_POLICY_ISV_PROD_ID, list->kind == LIST_ANY ? NOTE_ANY : NOTE_NONE,
                  number_text(product, text));
        return CHAOS_OK;
    }
    memcpy(&first, list->items, sizeof first);
    (void)snprintf(text, sizeof text, "one of %zu: %llu", list->count, (unsigned long long)first);
    CHECK(a->run, list_has_number(list, product), POLICY_ISV_PROD_ID, MEASUREMENT, "isv_prod_id",
          v_text(text), v_number(product));
    return CHAOS_OK;
}

static chaos_status rule_min_isv_svn(const appraisal *a)
{
    const policy_number *minimum = &a->policy->sgx.min_isv_svn;
    uint64_t found = body_number_of(a->claims, "isv_svn");
    char text[ROW_TEXT];

    if (!minimum->given) {
        note_text(a->run, CHECK_POLICY_MIN_ISV_SVN, NOTE_NO_MINIMUM, number_text(found, text));
        return CHAOS_OK;
    }
    CHECK(a->run, found >= minimum->value && found <= UINT16_MAX, POLICY_MIN_ISV_SVN, MIN_SVN, "isv_svn",
          v_number(minimum->value), v_number(found));
    return CHAOS_OK;
}

void appraise_sgx(const appraisal *a)
{
    static chaos_status (*const rules[])(const appraisal *) = {
        rule_flags,
        rule_identity,
        rule_product,
        rule_min_isv_svn,
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules); i++) {
        (void)rules[i](a); /* the run collects what fails */
    }
}
