/* tcb_level.c - the parts that TCB info and enclave identities have in common: status, date, advisories, and levels of
 * one security version number. Source: Intel PCS API v4, "Get TCB Info" and "Get Quoting Enclave Identity". */
#include "wire/internal.h"

enum {
    ADVISORY_ID_MAX = 31
};

/* --------------------------------------------------------------- status ---- */

typedef struct status_name {
    member_key text;
    chaos_tcb_status status;
} status_name;

static const status_name status_names[] = {
    { MEMBER_KEY("UpToDate"), CHAOS_TCB_UP_TO_DATE },
    { MEMBER_KEY("OutOfDate"), CHAOS_TCB_OUT_OF_DATE },
    { MEMBER_KEY("Revoked"), CHAOS_TCB_REVOKED },
    { MEMBER_KEY("SWHardeningNeeded"), CHAOS_TCB_SW_HARDENING_NEEDED },
    { MEMBER_KEY("ConfigurationNeeded"), CHAOS_TCB_CONFIGURATION_NEEDED },
    { MEMBER_KEY("ConfigurationAndSWHardeningNeeded"), CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED },
    { MEMBER_KEY("OutOfDateConfigurationNeeded"), CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED },
};
enum {
    SVN_STATUS_COUNT = 3
}; /* the first three are also those of module and identity levels */

static chaos_tcb_status status_find(chaos_slice text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (member_find(&status_names[i].text, 1, text) == 0) {
            return status_names[i].status;
        }
    }
    return CHAOS_TCB_UNKNOWN;
}

chaos_tcb_status tcb_status_from_text(chaos_slice text)
{
    return status_find(text, CHAOS_ARRAY_SIZE(status_names));
}

static chaos_tcb_status status_read(json *j, const char *field, size_t count)
{
    chaos_tcb_status status = status_find(json_plain_string(j, field), count);
    if (status == CHAOS_TCB_UNKNOWN) {
        json_bad(j, "not a TCB status that may stand here");
    }
    return status;
}

chaos_tcb_status platform_status_read(json *j, const char *field)
{
    return status_read(j, field, CHAOS_ARRAY_SIZE(status_names));
}

chaos_tcb_status svn_status_read(json *j, const char *field)
{
    return status_read(j, field, SVN_STATUS_COUNT);
}

/* ---------------------------------------------------- dates, advisories ---- */

int64_t tcb_date_read(json *j, const char *field)
{
    int64_t seconds = 0;
    if (!time_parse(json_plain_string(j, field), &seconds)) {
        json_bad(j, "not a date of the form YYYY-MM-DDTHH:MM:SSZ");
        return 0;
    }
    return seconds;
}

static bool advisory_is_plain(chaos_slice id)
{
    if (id.size == 0 || id.size > ADVISORY_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < id.size; i++) {
        if (id.data[i] < 0x20 || id.data[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

chaos_slice advisories_read(json *j, const char *field)
{
    size_t count = 0;
    json_enter_array(j, field);
    const uint8_t *begin = j->r.cur;
    while (json_element(j)) {
        if (count == MAX_ADVISORIES) {
            json_refuse(j, field, "more advisories than a level may have");
            break;
        }
        if (!advisory_is_plain(json_plain_string(j, field))) {
            json_bad(j, "an advisory id is 1 to 31 printable ASCII characters");
        }
        count++;
    }
    return count > 0 && json_ok(j) ? slice(begin, (size_t)(j->r.cur - begin)) : slice("", 0);
}

bool advisory_next(chaos_slice *cursor, chaos_slice *id)
{
    if (cursor->size == 0) {
        return false; /* perhaps without a pointer */
    }
    const uint8_t *end = cursor->data + cursor->size;
    const uint8_t *open = memchr(cursor->data, '"', cursor->size);
    const uint8_t *close = open != NULL ? memchr(open + 1, '"', (size_t)(end - open) - 1) : NULL;
    if (close == NULL) {
        *cursor = slice("", 0);
        return false;
    }
    *id = slice(open + 1, (size_t)(close - open) - 1);
    *cursor = slice(close + 1, (size_t)(end - close) - 1);
    return true;
}

/* ----------------------------------------------------------- svn levels ---- */

static uint16_t read_isv_svn(json *j, const svn_level_names *names)
{
    static const member_key key_isv_svn = MEMBER_KEY("isvsvn");
    uint16_t svn = 0;
    bool seen = false;
    chaos_slice key;
    json_enter_object(j, names->tcb);
    while (json_key(j, &key)) {
        if (member_find(&key_isv_svn, 1, key) == 0) {
            svn = (uint16_t)json_unsigned(j, names->isv_svn, UINT16_MAX);
            seen = true;
            continue;
        }
        json_skip(j, names->tcb, NULL);
    }
    json_require(j, seen, names->isv_svn);
    return svn;
}

static void read_svn_level(json *j, const svn_level_names *names, svn_level *out)
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
    *out = (svn_level){ 0 };
    json_enter_object(j, names->level);
    while (json_key(j, &key)) {
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        switch (which) {
        case KEY_TCB:
            out->isv_svn = read_isv_svn(j, names);
            break;
        case KEY_TCB_DATE:
            out->tcb_date = tcb_date_read(j, names->tcb_date);
            break;
        case KEY_TCB_STATUS:
            out->status = svn_status_read(j, names->tcb_status);
            break;
        case KEY_ADVISORY_IDS:
            out->advisories = advisories_read(j, names->advisories);
            break;
        default:
            json_skip(j, names->level, NULL);
            break;
        }
    }
    json_require(j, seen[KEY_TCB], names->tcb);
    json_require(j, seen[KEY_TCB_DATE], names->tcb_date);
    json_require(j, seen[KEY_TCB_STATUS], names->tcb_status);
}

/* Puts the last of `count` levels to its place; false if there is one like it. Input that is sorted costs one look. */
static bool sort_in(svn_level *levels, size_t count)
{
    svn_level last = levels[count - 1];
    size_t place = count - 1;
    while (place > 0 && levels[place - 1].isv_svn < last.isv_svn) {
        levels[place] = levels[place - 1];
        place--;
    }
    levels[place] = last;
    return place == 0 || levels[place - 1].isv_svn != last.isv_svn;
}

size_t svn_levels_read(json *j, const svn_level_names *names, svn_level *levels, size_t capacity)
{
    size_t count = 0;
    json_enter_array(j, names->levels);
    while (json_element(j)) {
        if (count == capacity) {
            json_refuse(j, names->levels, "more levels than there may be");
            break;
        }
        read_svn_level(j, names, &levels[count]);
        count++;
        if (json_ok(j) && !sort_in(levels, count)) {
            json_refuse(j, names->levels, "two levels have the same security version number");
        }
    }
    if (count == 0) {
        json_refuse(j, names->levels, "there is no level");
    }
    return json_ok(j) ? count : 0;
}
