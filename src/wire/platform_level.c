/* platform_level.c - the TCB levels of a platform: sixteen SGX components, PCESVN, and for TDX sixteen more, each
 * with a status. Source: Intel PCS API v3 (flat components) and v4 (arrays of components), "Get TCB Info". */
#include "wire/internal.h"

enum {
    TCB_COMPONENTS = 16,
    ALL_COMPONENTS = 0xffff /* one bit each */
};

/* ----------------------------------------------------- component numbers ---- */

static uint8_t read_component(json *j, const char *field)
{
    static const member_key key_svn = MEMBER_KEY("svn");
    uint8_t svn = 0;
    bool seen = false;
    chaos_slice key;
    json_enter_object(j, field);
    while (json_key(j, &key)) {
        if (member_find(&key_svn, 1, key) == 0) {
            svn = (uint8_t)json_unsigned(j, field, UINT8_MAX);
            seen = true;
            continue;
        }
        json_skip(j, field, NULL); /* category, type: words for people */
    }
    json_require(j, seen, field);
    return svn;
}

/* {"svn":N} as Intel writes it, without white space and other members: hundreds of them stand in one TCB
 * info. It takes what read_component would take and gives the same number, or takes nothing. */
static bool read_plain_component(json *j, uint8_t *svn)
{
    static const char begin[] = "{\"svn\":";
    enum {
        BEGIN_SIZE = sizeof(begin) - 1,
        LONGEST = BEGIN_SIZE + 4
    };
    if (rd_left(&j->r) < LONGEST || memcmp(j->r.cur, begin, BEGIN_SIZE) != 0) {
        return false;
    }
    const uint8_t *p = j->r.cur + BEGIN_SIZE;
    unsigned value = 0;
    size_t digits = 0;
    while (digits < 3 && p[digits] >= '0' && p[digits] <= '9') {
        value = value * 10 + (p[digits] - (unsigned)'0');
        digits++;
    }
    bool leading_zero = digits > 1 && p[0] == '0';
    if (digits == 0 || leading_zero || value > UINT8_MAX || p[digits] != '}') {
        return false;
    }
    (void)rd_take(&j->r, "svn", BEGIN_SIZE + digits + 1);
    *svn = (uint8_t)value;
    return true;
}

static void read_components(json *j, const char *array, const char *svn, uint8_t out[TCB_COMPONENTS])
{
    size_t count = 0;
    json_enter_array(j, array);
    while (json_element(j)) {
        if (count == TCB_COMPONENTS) {
            json_refuse(j, array, "has more than 16 components");
            return;
        }
        if (!read_plain_component(j, &out[count])) {
            out[count] = read_component(j, svn);
        }
        count++;
    }
    json_require(j, count == TCB_COMPONENTS, array);
}

/* "sgxtcbcomp01svn" ... "sgxtcbcomp16svn" give 0 ... 15; anything else TCB_COMPONENTS. */
static size_t flat_component(chaos_slice key)
{
    enum {
        TENS = 10,
        ONES = 11,
        SIZE = 15
    };
    if (key.size != SIZE || memcmp(key.data, "sgxtcbcomp", TENS) != 0 || memcmp(key.data + 12, "svn", 3) != 0) {
        return TCB_COMPONENTS;
    }
    unsigned tens = (unsigned)key.data[TENS] - '0';
    unsigned ones = (unsigned)key.data[ONES] - '0';
    if (tens > 1 || ones > 9 || tens * 10 + ones < 1 || tens * 10 + ones > TCB_COMPONENTS) {
        return TCB_COMPONENTS;
    }
    return tens * 10 + ones - 1;
}

/* ---------------------------------------------------------------- levels ---- */

/* The two forms are not mixed by anyone; a level that has both would mean different things to different readers. */
static void judge_form(json *j, unsigned flat, bool sgx, bool tdx, size_t offset, level_forms *forms)
{
    if (flat == 0) {
        json_require(j, sgx, "tcbLevels.tcb.sgxtcbcomponents");
        forms->arrays = forms->arrays == CHAOS_NO_OFFSET ? offset : forms->arrays;
    } else {
        json_require(j, flat == ALL_COMPONENTS, "tcbLevels.tcb.sgxtcbcompNNsvn");
        if (sgx || tdx) {
            json_refuse(j, "tcbLevels.tcb", "has flat components and arrays of components");
        }
        forms->flat = forms->flat == CHAOS_NO_OFFSET ? offset : forms->flat;
    }
    if (!tdx) {
        forms->without_tdx = forms->without_tdx == CHAOS_NO_OFFSET ? offset : forms->without_tdx;
    }
}

static void read_tcb(json *j, tcb_level *out, level_forms *forms)
{
    enum {
        KEY_SGX,
        KEY_PCE_SVN,
        KEY_TDX,
        KEY_COUNT
    };
    static const member_key keys[KEY_COUNT] = {
        [KEY_SGX] = MEMBER_KEY("sgxtcbcomponents"),
        [KEY_PCE_SVN] = MEMBER_KEY("pcesvn"),
        [KEY_TDX] = MEMBER_KEY("tdxtcbcomponents"),
    };
    bool seen[KEY_COUNT + 1] = { false };
    unsigned flat = 0;
    chaos_slice key;
    json_enter_object(j, "tcbLevels.tcb");
    size_t offset = rd_offset(&j->r);
    while (json_key(j, &key)) {
        size_t component = flat_component(key);
        if (component < TCB_COMPONENTS) {
            out->sgx[component] = (uint8_t)json_unsigned(j, "tcbLevels.tcb.sgxtcbcompNNsvn", UINT8_MAX);
            flat |= 1u << component;
            continue;
        }
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        switch (which) {
        case KEY_SGX:
            read_components(j, "tcbLevels.tcb.sgxtcbcomponents", "tcbLevels.tcb.sgxtcbcomponents.svn", out->sgx);
            break;
        case KEY_PCE_SVN:
            out->pce_svn = (uint16_t)json_unsigned(j, "tcbLevels.tcb.pcesvn", UINT16_MAX);
            break;
        case KEY_TDX:
            read_components(j, "tcbLevels.tcb.tdxtcbcomponents", "tcbLevels.tcb.tdxtcbcomponents.svn", out->tdx);
            break;
        default:
            json_skip(j, "tcbLevels.tcb", NULL);
            break;
        }
    }
    json_require(j, seen[KEY_PCE_SVN], "tcbLevels.tcb.pcesvn");
    judge_form(j, flat, seen[KEY_SGX], seen[KEY_TDX], offset, forms);
}

static void read_level(json *j, tcb_level *out, level_forms *forms)
{
    enum {
        KEY_TCB,
        KEY_TCB_DATE,
        KEY_TCB_STATUS,
        KEY_ADVISORY_IDS,
        KEY_COUNT
    };
    static const member_key keys[KEY_COUNT] = {
        [KEY_TCB] = MEMBER_KEY("tcb"),
        [KEY_TCB_DATE] = MEMBER_KEY("tcbDate"),
        [KEY_TCB_STATUS] = MEMBER_KEY("tcbStatus"),
        [KEY_ADVISORY_IDS] = MEMBER_KEY("advisoryIDs"),
    };
    bool seen[KEY_COUNT + 1] = { false };
    chaos_slice key;
    *out = (tcb_level){ 0 };
    json_enter_object(j, "tcbLevels");
    while (json_key(j, &key)) {
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        switch (which) {
        case KEY_TCB:
            read_tcb(j, out, forms);
            break;
        case KEY_TCB_DATE:
            out->tcb_date = tcb_date_read(j, "tcbLevels.tcbDate");
            break;
        case KEY_TCB_STATUS:
            out->status = platform_status_read(j, "tcbLevels.tcbStatus");
            break;
        case KEY_ADVISORY_IDS:
            out->advisories = advisories_read(j, "tcbLevels.advisoryIDs");
            break;
        default:
            json_skip(j, "tcbLevels", NULL);
            break;
        }
    }
    json_require(j, seen[KEY_TCB], "tcbLevels.tcb");
    json_require(j, seen[KEY_TCB_DATE], "tcbLevels.tcbDate");
    json_require(j, seen[KEY_TCB_STATUS], "tcbLevels.tcbStatus");
}

void platform_levels_read(json *j, tcb_info *out, level_forms *forms)
{
    json_enter_array(j, "tcbLevels");
    while (json_element(j)) {
        if (out->level_count == MAX_TCB_LEVELS) {
            json_refuse(j, "tcbLevels", "more levels than there may be");
            return;
        }
        read_level(j, &out->levels[out->level_count], forms);
        out->level_count++;
    }
    if (out->level_count == 0) {
        json_refuse(j, "tcbLevels", "there is no level");
    }
}

/* By SGX components, PCESVN, TDX components: the order in which a verifier tries them. */
static int compare_levels(const tcb_level *a, const tcb_level *b)
{
    int order = memcmp(a->sgx, b->sgx, sizeof(a->sgx));
    if (order == 0 && a->pce_svn != b->pce_svn) {
        order = a->pce_svn < b->pce_svn ? -1 : 1;
    }
    return order != 0 ? order : memcmp(a->tdx, b->tdx, sizeof(a->tdx));
}

/* Intel serves them in descending order, which costs one comparison each; but nothing says that it must. */
void platform_levels_sort(json *j, tcb_info *out)
{
    for (size_t i = 1; i < out->level_count; i++) {
        if (compare_levels(&out->levels[i - 1], &out->levels[i]) > 0) {
            continue;
        }
        tcb_level level = out->levels[i];
        size_t place = i;
        while (place > 0 && compare_levels(&out->levels[place - 1], &level) < 0) {
            out->levels[place] = out->levels[place - 1];
            place--;
        }
        out->levels[place] = level;
        if (place > 0 && compare_levels(&out->levels[place - 1], &level) == 0) {
            rd_fail(&j->r, j->bad_value, "tcbLevels", CHAOS_NO_OFFSET, "two levels have the same numbers");
            return;
        }
    }
}
