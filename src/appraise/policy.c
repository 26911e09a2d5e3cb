/* policy.c - the policy's JSON, "chaoschain/policy/1", read into one block. One table names every key; what
 * is not in it is refused. docs/policy.md explains each. */
#include "appraise/policy_reader.h"

#define POLICY_SCHEMA "chaoschain/policy/1"

enum {
    MR_SIZE = 48, /* SHA-384 */
    APP_ID_SIZE = 20,
    PPID_SIZE = 16,
    FMSPC_SIZE = 6,
    COMPRESSED_KEY_SIZE = 33,
    MAX_STAGE = 5,
    POOL_PER_BYTE = 4 /* the smallest item, "0,", becomes one number of eight bytes */
};
#define MAX_U16 0xffffu
#define MAX_U32 0xffffffffu
#define MAX_SECONDS (100ull * 366 * 86400)
#define MAX_JSON_INTEGER ((1ull << 53) - 1)

#define AT(member) offsetof(struct chaos_policy, member)

static const policy_key policy_keys[] = {
    { "anchors", LIST_OF_ANCHORS, 0, AT(anchors) },
    { "simulated_chains", LIST_OF_NUMBERS, MAX_JSON_INTEGER, AT(simulated_chains) },
    { "tcb.affirming", LIST_OF_STATUSES, 0, AT(tcb.affirming) },
    { "tcb.warning", LIST_OF_STATUSES, 0, AT(tcb.warning) },
    { "tcb.accept_advisories", LIST_OF_TEXTS, 0, AT(tcb.accept_advisories) },
    { "tcb.reject_advisories", LIST_OF_TEXTS, 0, AT(tcb.reject_advisories) },
    { "tcb.min_evaluation_number", ONE_NUMBER, MAX_U32, AT(tcb.min_evaluation_number) },
    { "tcb.min_tcb_date", ONE_DATE, 0, AT(tcb.min_tcb_date) },
    { "tcb.collateral_grace_s", ONE_NUMBER, MAX_SECONDS, AT(tcb.collateral_grace_s) },
    { "tcb.platform_grace_s", ONE_NUMBER, MAX_SECONDS, AT(tcb.platform_grace_s) },
    { "tdx.mr_td", LIST_OF_BYTES, MR_SIZE, AT(tdx.mr_td) },
    { "tdx.rtmr0", LIST_OF_BYTES, MR_SIZE, AT(tdx.rtmr[0]) },
    { "tdx.rtmr1", LIST_OF_BYTES, MR_SIZE, AT(tdx.rtmr[1]) },
    { "tdx.rtmr2", LIST_OF_BYTES, MR_SIZE, AT(tdx.rtmr[2]) },
    { "tdx.rtmr3", LIST_OF_BYTES, MR_SIZE, AT(tdx.rtmr[3]) },
    { "tdx.mr_seam", LIST_OF_BYTES, MR_SIZE, AT(tdx.mr_seam) },
    { "tdx.mr_config_id", LIST_OF_BYTES, MR_SIZE, AT(tdx.mr_config_id) },
    { "tdx.mr_owner", LIST_OF_BYTES, MR_SIZE, AT(tdx.mr_owner) },
    { "tdx.mr_owner_config", LIST_OF_BYTES, MR_SIZE, AT(tdx.mr_owner_config) },
    { "tdx.mr_service_td", LIST_OF_BYTES, MR_SIZE, AT(tdx.mr_service_td) },
    { "tdx.attributes", ONE_MASK, 0, AT(tdx.attributes) },
    { "tdx.xfam", ONE_MASK, 0, AT(tdx.xfam) },
    { "tdx.min_tee_tcb_svn", ONE_SVN, 0, AT(tdx.min_tee_tcb_svn) },
    { "tdx.allow_debug", ONE_BOOLEAN, 0, AT(tdx.allow_debug) },
    { "sgx.mr_enclave", LIST_OF_BYTES, SHA256_SIZE, AT(sgx.mr_enclave) },
    { "sgx.mr_signer", LIST_OF_BYTES, SHA256_SIZE, AT(sgx.mr_signer) },
    { "sgx.isv_prod_id", LIST_OF_NUMBERS, MAX_U16, AT(sgx.isv_prod_id) },
    { "sgx.min_isv_svn", ONE_NUMBER, MAX_U16, AT(sgx.min_isv_svn) },
    { "sgx.allow_debug", ONE_BOOLEAN, 0, AT(sgx.allow_debug) },
    { "platform.fmspc", LIST_OF_BYTES, FMSPC_SIZE, AT(platform.fmspc) },
    { "platform.ppid", LIST_OF_BYTES, PPID_SIZE, AT(platform.ppid) },
    { "dstack.app_id", LIST_OF_BYTES, APP_ID_SIZE, AT(dstack.app_id) },
    { "dstack.compose_hash", LIST_OF_BYTES, SHA256_SIZE, AT(dstack.compose_hash) },
    { "dstack.os_image_hash", LIST_OF_BYTES, SHA256_SIZE, AT(dstack.os_image_hash) },
    { "dstack.instance_id", LIST_OF_BYTES, APP_ID_SIZE, AT(dstack.instance_id) },
    { "dstack.device_id", LIST_OF_BYTES, SHA256_SIZE, AT(dstack.device_id) },
    { "dstack.key_provider", LIST_OF_TEXTS, 0, AT(dstack.key_provider) },
    { "dstack.kms_root", LIST_OF_BYTES, COMPRESSED_KEY_SIZE, AT(dstack.kms_root) },
    { "binding.stages", LIST_OF_NUMBERS, MAX_STAGE, AT(binding.stages) },
    { "binding.conventions", LIST_OF_TEXTS, 0, AT(binding.conventions) },
    { "binding.max_age_s", ONE_NUMBER, MAX_SECONDS, AT(binding.max_age_s) },
    { "binding.max_anchor_age_blocks", ONE_NUMBER, MAX_U32, AT(binding.max_anchor_age_blocks) },
};

typedef struct policy_object {
    const char *name;
    size_t given; /* offset of the flag that says that the object is there */
} policy_object;

static const policy_object policy_objects[] = {
    { "tcb", AT(tcb.given) },
    { "tdx", AT(tdx.given) },
    { "sgx", AT(sgx.given) },
    { "platform", AT(platform.given) },
    { "dstack", AT(dstack.given) },
    { "binding", AT(binding.given) },
};

/* -------------------------------------------------------------- objects ---- */

/* Is `path` the object's key? The object "" is the top. */
static bool path_is(const char *path, const char *object, chaos_slice key)
{
    size_t length = strlen(object);
    if (length == 0) {
        return slice_is(key, path); /* a nested path holds a dot, and so does no key that is known here */
    }
    return strncmp(path, object, length) == 0 && path[length] == '.' && slice_is(key, path + length + 1);
}

static const policy_key *find_key(const char *object, chaos_slice key)
{
    if (memchr(key.data, '.', key.size) != NULL) {
        return NULL;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(policy_keys); i++) {
        if (path_is(policy_keys[i].path, object, key)) {
            return &policy_keys[i];
        }
    }
    return NULL;
}

static void read_known_key(policy_reader *p, const char *object, const char *label, chaos_slice name)
{
    if (slice_is(name, "$comment")) {
        policy_read_comment(p);
        return;
    }
    const policy_key *key = name.size == 0 ? NULL : find_key(object, name);
    if (key == NULL) {
        policy_refuse_key(p, label, name);
        return;
    }
    policy_read_value(p, key);
}

static void read_object(policy_reader *p, const policy_object *object)
{
    bool *given = member_at(p, object->given);
    chaos_slice name;

    json_enter_object(&p->j, object->name);
    while (json_key(&p->j, &name)) {
        read_known_key(p, object->name, object->name, name);
    }
    *given = true;
}

static const policy_object *find_object(chaos_slice name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(policy_objects); i++) {
        if (slice_is(name, policy_objects[i].name)) {
            return &policy_objects[i];
        }
    }
    return NULL;
}

static void read_schema(policy_reader *p)
{
    chaos_slice schema = json_plain_string(&p->j, "schema");
    if (json_ok(&p->j) && !slice_is(schema, POLICY_SCHEMA)) {
        json_bad(&p->j, "not " POLICY_SCHEMA);
    }
    p->has_schema = true;
}

static void read_top(policy_reader *p)
{
    chaos_slice name;

    json_enter_object(&p->j, "policy");
    while (json_key(&p->j, &name)) {
        const policy_object *object = find_object(name);
        if (object != NULL) {
            read_object(p, object);
        } else if (slice_is(name, "schema")) {
            read_schema(p);
        } else {
            read_known_key(p, "", "policy", name);
        }
    }
    json_require(&p->j, p->has_schema, "schema");
    json_end(&p->j);
}

/* ------------------------------------------------------------- defaults ---- */

#define BIT(status) (1u << CHAOS_TCB_##status)
#define DEFAULT_WARNING                                                                                  \
    (BIT(SW_HARDENING_NEEDED) | BIT(CONFIGURATION_NEEDED) | BIT(CONFIGURATION_AND_SW_HARDENING_NEEDED) | \
     BIT(TD_RELAUNCH_ADVISED) | BIT(TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED))

/* What is named replaces the default: whoever names the statuses that affirm has to name those that warn. */
static void fill_defaults(policy_reader *p)
{
    policy_set *affirming = &p->policy->tcb.affirming;
    policy_set *warning = &p->policy->tcb.warning;

    if (p->policy->anchors.kind == LIST_ABSENT) {
        p->policy->anchors.bits = REAL_ANCHORS;
    }
    if (affirming->kind == LIST_VALUES && warning->kind == LIST_VALUES &&
        (affirming->bits & warning->bits) != 0) {
        rd_fail(&p->j.r, CHAOS_E_POLICY_FORMAT, "tcb.warning", rd_offset(&p->j.r),
                "a status both affirms and warns");
    }
    if (affirming->kind == LIST_ABSENT) {
        affirming->bits = warning->kind == LIST_VALUES ? BIT(UP_TO_DATE) & ~warning->bits : BIT(UP_TO_DATE);
        warning->bits = warning->kind == LIST_ABSENT ? DEFAULT_WARNING : warning->bits;
    }
}

static chaos_policy *policy_new(policy_kind kind, size_t pool_capacity)
{
    chaos_policy *policy = calloc(1, sizeof *policy + pool_capacity);
    if (policy != NULL) {
        policy->kind = kind;
        policy->pool_capacity = pool_capacity;
    }
    return policy;
}

static chaos_status policy_fault(const policy_reader *p, chaos_error *err)
{
    char quoted[sizeof err->found];

    chaos_status status = fault_to_error(&p->j.r.why, err);
    if (p->has_strange_key) {
        error_found(err, "%s", error_quote(quoted, sizeof quoted, p->strange_key));
    }
    return status;
}

chaos_status chaos_policy_parse(chaos_slice json_text, chaos_policy **policy, chaos_error *err)
{
    if (policy == NULL || (json_text.data == NULL && json_text.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "policy", CHAOS_NO_OFFSET, NULL);
    }
    if (json_text.size > CHAOS_MAX_POLICY) {
        chaos_status status = error_set(err, CHAOS_E_POLICY_FORMAT, "policy", CHAOS_NO_OFFSET,
                                        "the policy is too large");
        error_expected(err, "at most %u bytes", CHAOS_MAX_POLICY);
        error_found(err, "%zu", json_text.size);
        return status;
    }
    CHAOS_AUTO(chaos_policy, made);
    made = policy_new(POLICY_JUDGES, POOL_PER_BYTE * json_text.size);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "policy", CHAOS_NO_OFFSET, NULL);
    }
    policy_reader p = { .policy = made };
    json_begin(&p.j, json_text, CHAOS_E_POLICY_FORMAT);
    read_top(&p);
    fill_defaults(&p);
    if (!json_ok(&p.j)) {
        return policy_fault(&p, err);
    }
    made->hash = hash_keccak(json_text);
    CHAOS_GIVE(policy, made);
    return CHAOS_OK;
}

chaos_status chaos_policy_default(chaos_policy **policy, chaos_error *err)
{
    return chaos_policy_parse(slice_text(default_policy_text), policy, err);
}

chaos_status chaos_policy_none(chaos_policy **policy, chaos_error *err)
{
    if (policy == NULL) {
        return error_set(err, CHAOS_E_USAGE, "policy", CHAOS_NO_OFFSET, NULL);
    }
    chaos_policy *made = policy_new(POLICY_NONE, 0);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "policy", CHAOS_NO_OFFSET, NULL);
    }
    *policy = made;
    return CHAOS_OK;
}

void chaos_policy_free(chaos_policy *policy)
{
    free(policy);
}
