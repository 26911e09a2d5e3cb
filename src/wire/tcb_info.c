/* tcb_info.c - Intel's signed statement about the TCB levels of one platform family: the inner JSON object.
 * Source: Intel PCS API v3 (version 2, SGX only) and v4 (version 3), "Get TCB Info".
 *
 * Members may come in any order, so what depends on version and id is judged when all of them are known. */
#include "wire/internal.h"

#include <stddef.h>

enum {
    TCB_TYPE_ONLY = 0, /* components are compared one by one; no other type is defined */
    VERSION_FLAT = 2,  /* sgxtcbcomp01svn ... */
    VERSION_ARRAYS = 3 /* sgxtcbcomponents, tdxtcbcomponents */
};

/* ------------------------------------------------------------ TDX module ---- */

typedef struct module_names {
    const char *whole, *mr_signer, *attributes, *attributes_mask;
} module_names;

enum {
    MODULE_ID,
    MODULE_MR_SIGNER,
    MODULE_ATTRIBUTES,
    MODULE_ATTRIBUTES_MASK,
    MODULE_LEVELS,
    MODULE_KEY_COUNT
};
static const member_key module_keys[MODULE_KEY_COUNT] = {
    [MODULE_ID] = MEMBER_KEY("id"),
    [MODULE_MR_SIGNER] = MEMBER_KEY("mrsigner"),
    [MODULE_ATTRIBUTES] = MEMBER_KEY("attributes"),
    [MODULE_ATTRIBUTES_MASK] = MEMBER_KEY("attributesMask"),
    [MODULE_LEVELS] = MEMBER_KEY("tcbLevels"),
};

static void read_module(json *j, tcb_info *out)
{
    bool seen[MODULE_KEY_COUNT + 1] = { false };
    chaos_slice key;
    json_enter_object(j, "tdxModule");
    while (json_key(j, &key)) {
        size_t which = member_find(module_keys, MODULE_KEY_COUNT, key);
        seen[which] = true;
        switch (which) {
        case MODULE_MR_SIGNER:
            json_hex(j, "tdxModule.mrsigner", out->module_mr_signer, sizeof(out->module_mr_signer));
            break;
        case MODULE_ATTRIBUTES:
            json_hex(j, "tdxModule.attributes", out->module_attributes, sizeof(out->module_attributes));
            break;
        case MODULE_ATTRIBUTES_MASK:
            json_hex(j, "tdxModule.attributesMask", out->module_attributes_mask,
                     sizeof(out->module_attributes_mask));
            break;
        default:
            json_skip(j, "tdxModule", NULL);
            break;
        }
    }
    json_require(j, seen[MODULE_MR_SIGNER], "tdxModule.mrsigner");
    json_require(j, seen[MODULE_ATTRIBUTES], "tdxModule.attributes");
    json_require(j, seen[MODULE_ATTRIBUTES_MASK], "tdxModule.attributesMask");
    out->has_module = true;
}

static const svn_level_names module_level_names = {
    .levels = "tdxModuleIdentities.tcbLevels",
    .level = "tdxModuleIdentities.tcbLevels",
    .tcb = "tdxModuleIdentities.tcbLevels.tcb",
    .isv_svn = "tdxModuleIdentities.tcbLevels.tcb.isvsvn",
    .tcb_date = "tdxModuleIdentities.tcbLevels.tcbDate",
    .tcb_status = "tdxModuleIdentities.tcbLevels.tcbStatus",
    .advisories = "tdxModuleIdentities.tcbLevels.advisoryIDs",
};

/* "TDX_" in letters of either case. */
static bool names_module(const uint8_t *id)
{
    return (id[0] | 0x20) == 't' && (id[1] | 0x20) == 'd' && (id[2] | 0x20) == 'x' && id[3] == '_';
}

/* "TDX_" and two hex digits: the module version that TEE_TCB_SVN[1] names. */
static uint8_t read_module_version(json *j)
{
    enum {
        PREFIX = 4,
        SIZE = 6
    };
    chaos_slice id = json_plain_string(j, "tdxModuleIdentities.id");
    uint8_t version = 0;
    if (id.size != SIZE || !names_module(id.data) ||
        !hex_decode(slice(id.data + PREFIX, SIZE - PREFIX), &version, 1)) {
        json_bad(j, "not TDX_ and two hex digits");
    }
    return version;
}

static void read_module_levels(json *j, tcb_info *out, module_identity *identity)
{
    identity->level_begin = out->module_level_count;
    identity->level_count =
        svn_levels_read(j, &module_level_names, &out->module_levels[out->module_level_count],
                        CHAOS_ARRAY_SIZE(out->module_levels) - out->module_level_count);
    out->module_level_count += identity->level_count;
}

static void read_module_identity(json *j, tcb_info *out, module_identity *identity)
{
    bool seen[MODULE_KEY_COUNT + 1] = { false };
    chaos_slice key;
    *identity = (module_identity){ 0 };
    json_enter_object(j, "tdxModuleIdentities");
    while (json_key(j, &key)) {
        size_t which = member_find(module_keys, MODULE_KEY_COUNT, key);
        seen[which] = true;
        switch (which) {
        case MODULE_ID:
            identity->version = read_module_version(j);
            break;
        case MODULE_MR_SIGNER:
            json_hex(j, "tdxModuleIdentities.mrsigner", identity->mr_signer, sizeof(identity->mr_signer));
            break;
        case MODULE_ATTRIBUTES:
            json_hex(j, "tdxModuleIdentities.attributes", identity->attributes, sizeof(identity->attributes));
            break;
        case MODULE_ATTRIBUTES_MASK:
            json_hex(j, "tdxModuleIdentities.attributesMask", identity->attributes_mask,
                     sizeof(identity->attributes_mask));
            break;
        case MODULE_LEVELS:
            read_module_levels(j, out, identity);
            break;
        default:
            json_skip(j, "tdxModuleIdentities", NULL);
            break;
        }
    }
    json_require(j, seen[MODULE_ID], "tdxModuleIdentities.id");
    json_require(j, seen[MODULE_MR_SIGNER], "tdxModuleIdentities.mrsigner");
    json_require(j, seen[MODULE_ATTRIBUTES], "tdxModuleIdentities.attributes");
    json_require(j, seen[MODULE_ATTRIBUTES_MASK], "tdxModuleIdentities.attributesMask");
    json_require(j, seen[MODULE_LEVELS], "tdxModuleIdentities.tcbLevels");
}

static void read_module_identities(json *j, tcb_info *out)
{
    json_enter_array(j, "tdxModuleIdentities");
    while (json_element(j)) {
        if (out->identity_count == MAX_MODULE_IDENTITIES) {
            json_refuse(j, "tdxModuleIdentities", "more identities than there may be");
            return;
        }
        module_identity *identity = &out->identities[out->identity_count];
        read_module_identity(j, out, identity);
        for (size_t i = 0; i < out->identity_count; i++) {
            if (out->identities[i].version == identity->version) {
                json_refuse(j, "tdxModuleIdentities.id", "two identities are for the same module version");
            }
        }
        out->identity_count++;
    }
}

/* ------------------------------------------------------------- the whole ---- */

enum {
    KEY_ID,
    KEY_VERSION,
    KEY_ISSUE_DATE,
    KEY_NEXT_UPDATE,
    KEY_FMSPC,
    KEY_PCE_ID,
    KEY_TCB_TYPE,
    KEY_EVALUATION_NUMBER,
    KEY_MODULE,
    KEY_MODULE_IDENTITIES,
    KEY_LEVELS,
    KEY_COUNT
};

static const member_key keys[KEY_COUNT] = {
    [KEY_ID] = MEMBER_KEY("id"),
    [KEY_VERSION] = MEMBER_KEY("version"),
    [KEY_ISSUE_DATE] = MEMBER_KEY("issueDate"),
    [KEY_NEXT_UPDATE] = MEMBER_KEY("nextUpdate"),
    [KEY_FMSPC] = MEMBER_KEY("fmspc"),
    [KEY_PCE_ID] = MEMBER_KEY("pceId"),
    [KEY_TCB_TYPE] = MEMBER_KEY("tcbType"),
    [KEY_EVALUATION_NUMBER] = MEMBER_KEY("tcbEvaluationDataNumber"),
    [KEY_MODULE] = MEMBER_KEY("tdxModule"),
    [KEY_MODULE_IDENTITIES] = MEMBER_KEY("tdxModuleIdentities"),
    [KEY_LEVELS] = MEMBER_KEY("tcbLevels"),
};

static chaos_tee_kind read_id(json *j, const char *field)
{
    chaos_slice id = json_plain_string(j, field);
    if (slice_is(id, "TDX")) {
        return CHAOS_TEE_TDX;
    }
    if (!slice_is(id, "SGX")) {
        json_bad(j, "neither SGX nor TDX");
    }
    return CHAOS_TEE_SGX;
}

static void read_member(json *j, size_t which, tcb_info *out, level_forms *forms)
{
    const char *field = which < KEY_COUNT ? keys[which].text : "unknown member";
    switch (which) {
    case KEY_ID:
        out->tee = read_id(j, field);
        break;
    case KEY_VERSION:
        out->version = (unsigned)json_unsigned(j, field, UINT32_MAX);
        if (out->version != VERSION_FLAT && out->version != VERSION_ARRAYS) {
            json_bad(j, "only versions 2 and 3 are known");
        }
        break;
    case KEY_ISSUE_DATE:
        out->issue_date = tcb_date_read(j, field);
        break;
    case KEY_NEXT_UPDATE:
        out->next_update = tcb_date_read(j, field);
        break;
    case KEY_FMSPC:
        json_hex(j, field, out->fmspc, sizeof(out->fmspc));
        break;
    case KEY_PCE_ID:
        json_hex(j, field, out->pce_id, sizeof(out->pce_id));
        break;
    case KEY_TCB_TYPE:
        (void)json_unsigned(j, field, TCB_TYPE_ONLY);
        break;
    case KEY_EVALUATION_NUMBER:
        out->evaluation_number = (uint32_t)json_unsigned(j, field, UINT32_MAX);
        break;
    case KEY_MODULE:
        read_module(j, out);
        break;
    case KEY_MODULE_IDENTITIES:
        read_module_identities(j, out);
        break;
    case KEY_LEVELS:
        platform_levels_read(j, out, forms);
        break;
    default: /* Intel adds members; what we do not know does not concern us */
        json_skip(j, field, NULL);
        break;
    }
}

/* What SGX's TCB info says about TDX is an unknown member to it. */
static void forget_tdx(tcb_info *out)
{
    out->has_module = false;
    memset(out->module_mr_signer, 0, sizeof(out->module_mr_signer));
    memset(out->module_attributes, 0, sizeof(out->module_attributes));
    memset(out->module_attributes_mask, 0, sizeof(out->module_attributes_mask));
    out->identity_count = 0;
    out->module_level_count = 0;
    for (size_t i = 0; i < out->level_count; i++) {
        memset(out->levels[i].tdx, 0, sizeof(out->levels[i].tdx));
    }
}

static void refuse_level(json *j, size_t offset, const char *field, const char *reason)
{
    if (offset != CHAOS_NO_OFFSET) {
        rd_fail(&j->r, j->bad_value, field, offset, reason);
    }
}

/* The rules between members. */
static void judge_whole(json *j, tcb_info *out, const level_forms *forms)
{
    if (out->version == VERSION_FLAT) {
        if (out->tee == CHAOS_TEE_TDX) {
            json_refuse(j, "id", "version 2 is for SGX only");
        }
        out->tee = CHAOS_TEE_SGX;
        refuse_level(j, forms->arrays, "tcbLevels.tcb.sgxtcbcompNNsvn", "version 2 has flat components");
    } else {
        refuse_level(j, forms->flat, "tcbLevels.tcb.sgxtcbcomponents", "version 3 has arrays of components");
    }
    if (out->tee == CHAOS_TEE_TDX) {
        json_require(j, out->has_module, "tdxModule");
        refuse_level(j, forms->without_tdx, "tcbLevels.tcb.tdxtcbcomponents", "required for TDX");
    } else {
        forget_tdx(out);
    }
}

static void read_whole(json *j, tcb_info *out)
{
    level_forms forms = { CHAOS_NO_OFFSET, CHAOS_NO_OFFSET, CHAOS_NO_OFFSET };
    bool seen[KEY_COUNT + 1] = { false };
    chaos_slice key;
    json_enter_object(j, "tcbInfo");
    while (json_key(j, &key)) {
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        read_member(j, which, out, &forms);
    }
    json_end(j);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        bool only_tdx = i == KEY_MODULE || i == KEY_MODULE_IDENTITIES;
        bool optional = only_tdx || (i == KEY_ID && out->version == VERSION_FLAT);
        json_require(j, seen[i] || optional, keys[i].text);
    }
    if (json_ok(j)) {
        judge_whole(j, out, &forms);
    }
    if (json_ok(j)) {
        platform_levels_sort(j, out);
    }
}

bool tcb_info_read(chaos_slice text, tcb_info *out, fault *why)
{
    json j;
    memset(out, 0, offsetof(tcb_info, identities)); /* the tables come last, and are filled as they are counted */
    *why = (fault){ 0 };
    json_begin(&j, text, CHAOS_E_TCB_INFO_FORMAT);
    read_whole(&j, out);
    if (!json_ok(&j)) {
        *why = j.r.why;
        *out = (tcb_info){ 0 };
        return false;
    }
    return true;
}
