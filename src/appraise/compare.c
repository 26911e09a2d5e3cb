/* compare.c - the few ways in which a rule compares an attested value with the policy. */
#include "appraise/internal.h"

#include <stdio.h>

chaos_slice body_field_of(const chaos_claims *claims, const char *name)
{
    chaos_slice value = slice("", 0);
    const wire_table *table = quote_body_table(claims->body_type);

    if (table == NULL || !wire_field_get(table, slice(claims->body, claims->body_size), name, &value)) {
        return slice("", 0);
    }
    return value;
}

uint64_t body_number_of(const chaos_claims *claims, const char *name)
{
    chaos_slice value = body_field_of(claims, name);

    switch (value.size) {
    case sizeof(uint16_t):
        return load_u16le(value.data);
    case sizeof(uint32_t):
        return load_u32le(value.data);
    case sizeof(uint64_t):
        return load_u64le(value.data);
    default:
        return UINT64_MAX;
    }
}

void note(check_run *run, check_id id, const char *why, chaos_slice found)
{
    check_row *row = &run->rows[id];
    check_not_checked(run, id, why);
    if (row->result == CHECK_NOT_CHECKED) {
        (void)error_hex(row->found, sizeof row->found, found);
    }
}

void note_text(check_run *run, check_id id, const char *why, const char *found)
{
    check_row *row = &run->rows[id];
    check_not_checked(run, id, why);
    if (row->result == CHECK_NOT_CHECKED) {
        (void)snprintf(row->found, sizeof row->found, "%s", found);
    }
}

void leave_open(const appraisal *a, check_id id, const char *why, chaos_slice found)
{
    note(a->run, id, why, found);
    a->open[id] = true;
    a->run->warned = true;
}

check_value v_found(chaos_slice bytes)
{
    return bytes.size == 0 ? v_text("nothing") : v_hex(bytes);
}

bool mask_accepts(const policy_mask *mask, chaos_slice field)
{
    if (!mask->given) {
        return true;
    }
    if (field.size != POLICY_MASK_SIZE) {
        return false;
    }
    for (size_t i = 0; i < POLICY_MASK_SIZE; i++) {
        if ((field.data[i] & mask->mask[i]) != mask->value[i]) {
            return false;
        }
    }
    return true;
}

comparison compare_list(const appraisal *a, check_id id, const policy_list *list, chaos_slice value)
{
    comparison c = { .accepted = true, .found = value, .expected = "" };
    size_t cursor = 0;
    chaos_slice first;

    if (list->kind == LIST_ABSENT || list->kind == LIST_ANY) {
        note(a->run, id, list->kind == LIST_ANY ? NOTE_ANY : NOTE_NONE, value);
        return c;
    }
    c.accepted = list_has(list, value);
    if (list_next(list, &cursor, &first)) {
        int prefix =
            list->count == 1 ? 0 : snprintf(c.expected, sizeof c.expected, "one of %zu: ", list->count);
        size_t begin = prefix > 0 ? (size_t)prefix : 0;
        bool is_text = list->item_size == 0;
        (void)(is_text ? error_quote : error_hex)(c.expected + begin, sizeof c.expected - begin, first);
    }
    return c;
}
