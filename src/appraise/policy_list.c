/* policy_list.c - the policy's lists, as the rules ask them. */
#include "appraise/internal.h"

bool list_next(const policy_list *list, size_t *cursor, chaos_slice *item)
{
    if (*cursor >= list->size) {
        return false;
    }
    size_t prefix = list->item_size == 0 ? 1 : 0;
    size_t size = list->item_size == 0 ? list->items[*cursor] : list->item_size;
    *item = slice(list->items + *cursor + prefix, size);
    *cursor += prefix + size;
    return true;
}

bool list_has(const policy_list *list, chaos_slice value)
{
    size_t cursor = 0;
    chaos_slice item;

    while (list_next(list, &cursor, &item)) {
        if (slice_equal(item, value)) {
            return true;
        }
    }
    return false;
}

bool list_has_number(const policy_list *list, uint64_t number)
{
    return list_has(list, slice(&number, sizeof number));
}

bool any_list_has_values(const policy_list *const *lists, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list_has_values(lists[i])) {
            return true;
        }
    }
    return false;
}
