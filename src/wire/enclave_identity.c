/* enclave_identity.c - Intel's signed statement about one of its enclaves (the quoting enclave above all): the inner
 * JSON object. Source: Intel PCS API v4, "Get Quoting Enclave Identity". Hex strings are bytes in memory order. */
#include "wire/internal.h"

#include <stddef.h>

enum {
    KEY_ID,
    KEY_VERSION,
    KEY_ISSUE_DATE,
    KEY_NEXT_UPDATE,
    KEY_EVALUATION_NUMBER,
    KEY_MISC_SELECT,
    KEY_MISC_SELECT_MASK,
    KEY_ATTRIBUTES,
    KEY_ATTRIBUTES_MASK,
    KEY_MR_SIGNER,
    KEY_ISV_PROD_ID,
    KEY_LEVELS,
    KEY_COUNT
};

static const member_key keys[KEY_COUNT] = {
    [KEY_ID] = MEMBER_KEY("id"),
    [KEY_VERSION] = MEMBER_KEY("version"),
    [KEY_ISSUE_DATE] = MEMBER_KEY("issueDate"),
    [KEY_NEXT_UPDATE] = MEMBER_KEY("nextUpdate"),
    [KEY_EVALUATION_NUMBER] = MEMBER_KEY("tcbEvaluationDataNumber"),
    [KEY_MISC_SELECT] = MEMBER_KEY("miscselect"),
    [KEY_MISC_SELECT_MASK] = MEMBER_KEY("miscselectMask"),
    [KEY_ATTRIBUTES] = MEMBER_KEY("attributes"),
    [KEY_ATTRIBUTES_MASK] = MEMBER_KEY("attributesMask"),
    [KEY_MR_SIGNER] = MEMBER_KEY("mrsigner"),
    [KEY_ISV_PROD_ID] = MEMBER_KEY("isvprodid"),
    [KEY_LEVELS] = MEMBER_KEY("tcbLevels"),
};

static const svn_level_names level_names = {
    .levels = "tcbLevels",
    .level = "tcbLevels",
    .tcb = "tcbLevels.tcb",
    .isv_svn = "tcbLevels.tcb.isvsvn",
    .tcb_date = "tcbLevels.tcbDate",
    .tcb_status = "tcbLevels.tcbStatus",
    .advisories = "tcbLevels.advisoryIDs",
};

static identity_id read_id(json *j, const char *field)
{
    static const struct {
        member_key text;
        identity_id id;
    } ids[] = {
        { MEMBER_KEY("QE"), IDENTITY_QE },
        { MEMBER_KEY("TD_QE"), IDENTITY_TD_QE },
        { MEMBER_KEY("QVE"), IDENTITY_QVE },
        { MEMBER_KEY("QAE"), IDENTITY_QAE },
    };
    chaos_slice text = json_plain_string(j, field);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(ids); i++) {
        if (member_find(&ids[i].text, 1, text) == 0) {
            return ids[i].id;
        }
    }
    json_bad(j, "not QE, TD_QE, QVE or QAE");
    return IDENTITY_QE;
}

static unsigned read_version(json *j, const char *field)
{
    uint64_t version = json_unsigned(j, field, UINT32_MAX);
    if (version != 1 && version != 2) {
        json_bad(j, "only versions 1 and 2 are known");
    }
    return (unsigned)version;
}

static void read_member(json *j, size_t which, enclave_identity *out)
{
    const char *field = which < KEY_COUNT ? keys[which].text : "unknown member";
    switch (which) {
    case KEY_ID:
        out->id = read_id(j, field);
        break;
    case KEY_VERSION:
        out->version = read_version(j, field);
        break;
    case KEY_ISSUE_DATE:
        out->issue_date = tcb_date_read(j, field);
        break;
    case KEY_NEXT_UPDATE:
        out->next_update = tcb_date_read(j, field);
        break;
    case KEY_EVALUATION_NUMBER:
        out->evaluation_number = (uint32_t)json_unsigned(j, field, UINT32_MAX);
        break;
    case KEY_MISC_SELECT:
        json_hex(j, field, out->misc_select, sizeof(out->misc_select));
        break;
    case KEY_MISC_SELECT_MASK:
        json_hex(j, field, out->misc_select_mask, sizeof(out->misc_select_mask));
        break;
    case KEY_ATTRIBUTES:
        json_hex(j, field, out->attributes, sizeof(out->attributes));
        break;
    case KEY_ATTRIBUTES_MASK:
        json_hex(j, field, out->attributes_mask, sizeof(out->attributes_mask));
        break;
    case KEY_MR_SIGNER:
        json_hex(j, field, out->mr_signer, sizeof(out->mr_signer));
        break;
    case KEY_ISV_PROD_ID:
        out->isv_prod_id = (uint16_t)json_unsigned(j, field, UINT16_MAX);
        break;
    case KEY_LEVELS:
        out->level_count = svn_levels_read(j, &level_names, out->levels, MAX_IDENTITY_LEVELS);
        break;
    default: /* Intel adds members; what we do not know does not concern us */
        json_skip(j, field, NULL);
        break;
    }
}

bool enclave_identity_read(chaos_slice text, enclave_identity *out, fault *why)
{
    bool seen[KEY_COUNT + 1] = { false };
    chaos_slice key;
    json j;
    memset(out, 0, offsetof(enclave_identity, levels)); /* the levels come last, and are filled as they are counted */
    *why = (fault){ 0 };
    json_begin(&j, text, CHAOS_E_QE_IDENTITY_FORMAT);
    json_enter_object(&j, "enclaveIdentity");
    while (json_key(&j, &key)) {
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        read_member(&j, which, out);
    }
    json_end(&j);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        json_require(&j, seen[i], keys[i].text);
    }
    if (!json_ok(&j)) {
        *why = j.r.why;
        *out = (enclave_identity){ 0 };
        return false;
    }
    return true;
}
