/* policy_values.c - the values that stand in a policy: lists, sets of names, numbers, dates, masks. */
#include "appraise/policy_reader.h"

enum {
    MAX_POLICY_TEXT = 127
}; /* characters of one text in a list */

/* Lent room in the policy's own block. The pool is sized so that it cannot run out; should that ever be
 * wrong, it is a fault and no overflow. */
static uint8_t *pool_take(policy_reader *p, const char *path, size_t size)
{
    chaos_policy *policy = p->policy;

    if (size > policy->pool_capacity - policy->pool_size) {
        rd_fail(&p->j.r, CHAOS_E_LIMIT, path, rd_offset(&p->j.r), "the policy's lists are too long");
        return NULL;
    }
    uint8_t *room = policy->pool + policy->pool_size;
    policy->pool_size += size;
    return room;
}

/* ---------------------------------------------------------------- lists ---- */

static void read_bytes_item(policy_reader *p, const policy_key *key)
{
    uint8_t *room = pool_take(p, key->path, (size_t)key->limit);
    if (room != NULL) {
        json_hex(&p->j, key->path, room, (size_t)key->limit);
    }
}

static void read_number_item(policy_reader *p, const policy_key *key)
{
    uint64_t number = json_unsigned(&p->j, key->path, key->limit);
    uint8_t *room = pool_take(p, key->path, sizeof number);
    if (room != NULL) {
        memcpy(room, &number, sizeof number);
    }
}

static bool is_printable_ascii(chaos_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x21 || text.data[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

static void read_text_item(policy_reader *p, const policy_key *key)
{
    chaos_slice text = json_plain_string(&p->j, key->path);
    if (!json_ok(&p->j)) {
        return;
    }
    if (text.size == 0 || text.size > MAX_POLICY_TEXT || !is_printable_ascii(text)) {
        json_bad(&p->j, "a name has 1 to 127 printable characters and no space");
        return;
    }
    uint8_t *room = pool_take(p, key->path, 1 + text.size);
    if (room != NULL) {
        room[0] = (uint8_t)text.size;
        memcpy(room + 1, text.data, text.size);
    }
}

/* Consumes the word "any". False if a list comes instead. */
static bool read_any(policy_reader *p, const policy_key *key)
{
    if (json_peek(&p->j) != JSON_KIND_STRING) {
        return false;
    }
    chaos_slice word = json_plain_string(&p->j, key->path);
    if (json_ok(&p->j) && !slice_is(word, "any")) {
        json_bad(&p->j, "neither a list nor the word \"any\"");
    }
    return true;
}

static void refuse_empty(policy_reader *p, const policy_key *key, size_t count)
{
    if (json_ok(&p->j) && count == 0) {
        rd_fail(&p->j.r, CHAOS_E_POLICY_FORMAT, key->path, rd_offset(&p->j.r),
                "the list is empty: write \"any\" or leave the key out");
    }
}

static void read_list(policy_reader *p, const policy_key *key,
                      void (*read_item)(policy_reader *, const policy_key *), size_t item_size)
{
    policy_list *list = member_at(p, key->offset);

    if (read_any(p, key)) {
        list->kind = LIST_ANY;
        return;
    }
    size_t begin = p->policy->pool_size;
    json_enter_array(&p->j, key->path);
    while (json_element(&p->j)) {
        read_item(p, key);
        list->count++;
    }
    refuse_empty(p, key, list->count);
    list->kind = LIST_VALUES;
    list->item_size = item_size;
    list->items = p->policy->pool + begin;
    list->size = p->policy->pool_size - begin;
}

/* ----------------------------------------------------------------- sets ---- */

static const char *status_name_of(unsigned number)
{
    return chaos_tcb_status_name((chaos_tcb_status)number);
}

static const char *anchor_name_of(unsigned number)
{
    return chaos_anchor_name((chaos_anchor)number);
}

static void read_set(policy_reader *p, const policy_key *key, const char *(*name_of)(unsigned), unsigned last,
                     uint32_t any_bits)
{
    policy_set *set = member_at(p, key->offset);
    size_t count = 0;

    if (read_any(p, key)) {
        set->kind = LIST_ANY;
        set->bits = any_bits;
        return;
    }
    json_enter_array(&p->j, key->path);
    while (json_element(&p->j)) {
        chaos_slice name = json_plain_string(&p->j, key->path);
        unsigned member = 1;
        while (member <= last && !slice_is(name, name_of(member))) {
            member++;
        }
        if (member <= last) {
            set->bits |= 1u << member;
        } else if (json_ok(&p->j)) {
            json_bad(&p->j, "not a name that can be accepted here");
        }
        count++;
    }
    refuse_empty(p, key, count);
    set->kind = LIST_VALUES;
}

/* --------------------------------------------------------------- values ---- */

static void read_number(policy_reader *p, const policy_key *key)
{
    policy_number *number = member_at(p, key->offset);
    number->value = json_unsigned(&p->j, key->path, key->limit);
    number->given = true;
}

static void read_date(policy_reader *p, const policy_key *key)
{
    policy_number *number = member_at(p, key->offset);
    int64_t seconds = 0;

    chaos_slice text = json_plain_string(&p->j, key->path);
    if (!json_ok(&p->j)) {
        return;
    }
    if (!time_parse(text, &seconds)) {
        json_bad(&p->j, "not a date like 2025-01-31T00:00:00Z");
        return;
    }
    number->value = (uint64_t)seconds; /* time_parse gives 1970 and later only */
    number->given = true;
}

static void read_svn(policy_reader *p, const policy_key *key)
{
    policy_svn *svn = member_at(p, key->offset);
    json_hex(&p->j, key->path, svn->bytes, sizeof svn->bytes);
    svn->given = true;
}

static void read_boolean(policy_reader *p, const policy_key *key)
{
    bool *value = member_at(p, key->offset);
    *value = json_boolean(&p->j, key->path);
}

void policy_refuse_key(policy_reader *p, const char *object, chaos_slice key)
{
    if (json_ok(&p->j)) {
        p->has_strange_key = true;
        p->strange_key = key;
        rd_fail(&p->j.r, CHAOS_E_POLICY_FORMAT, object, (size_t)(key.data - p->j.r.base),
                "no such key is known");
    }
}

void policy_read_comment(policy_reader *p)
{
    bool is_text = json_peek(&p->j) == JSON_KIND_STRING;
    json_skip(&p->j, "$comment", NULL);
    if (json_ok(&p->j) && !is_text) {
        json_bad(&p->j, "a comment is a string");
    }
}

static bool mask_is_possible(const policy_mask *mask)
{
    for (size_t i = 0; i < POLICY_MASK_SIZE; i++) {
        if ((mask->value[i] & ~mask->mask[i]) != 0) {
            return false;
        }
    }
    return true;
}

static void read_mask(policy_reader *p, const policy_key *key)
{
    policy_mask *mask = member_at(p, key->offset);
    bool has_mask = false;
    bool has_value = false;
    chaos_slice name;

    json_enter_object(&p->j, key->path);
    while (json_key(&p->j, &name)) {
        if (slice_is(name, "mask")) {
            json_hex(&p->j, key->path, mask->mask, sizeof mask->mask);
            has_mask = true;
        } else if (slice_is(name, "value")) {
            json_hex(&p->j, key->path, mask->value, sizeof mask->value);
            has_value = true;
        } else if (slice_is(name, "$comment")) {
            policy_read_comment(p);
        } else {
            policy_refuse_key(p, key->path, name);
        }
    }
    json_require(&p->j, has_mask && has_value, key->path);
    if (json_ok(&p->j) && !mask_is_possible(mask)) {
        rd_fail(&p->j.r, CHAOS_E_POLICY_FORMAT, key->path, rd_offset(&p->j.r),
                "the value has bits outside the mask and could never be met");
    }
    mask->given = true;
}

/* ------------------------------------------------------------- by type ---- */

void policy_read_value(policy_reader *p, const policy_key *key)
{
    switch (key->type) {
    case LIST_OF_BYTES:
        read_list(p, key, read_bytes_item, (size_t)key->limit);
        break;
    case LIST_OF_NUMBERS:
        read_list(p, key, read_number_item, sizeof(uint64_t));
        break;
    case LIST_OF_TEXTS:
        read_list(p, key, read_text_item, 0);
        break;
    case LIST_OF_STATUSES:
        read_set(p, key, status_name_of, LAST_STATUS, ALL_STATUSES);
        break;
    case LIST_OF_ANCHORS:
        read_set(p, key, anchor_name_of, CHAOS_ANCHOR_SIMULATED, REAL_ANCHORS);
        break;
    case ONE_NUMBER:
        read_number(p, key);
        break;
    case ONE_DATE:
        read_date(p, key);
        break;
    case ONE_SVN:
        read_svn(p, key);
        break;
    case ONE_BOOLEAN:
        read_boolean(p, key);
        break;
    case ONE_MASK:
        read_mask(p, key);
        break;
    }
}
