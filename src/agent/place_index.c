/* place_index.c - entries in the order of their kind and place, searched by halving. */
#include "agent/place_index.h"

static int compare(const void *left, const void *right)
{
    const place_entry *a = left;
    const place_entry *b = right;
    const int by_address = memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes);

    if (by_address != 0) {
        return by_address;
    }
    if (a->number != b->number) {
        return a->number < b->number ? -1 : 1;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

bool place_index_add(place_index *index, const place_entry *entry)
{
    if (index->count == index->capacity) {
        const size_t capacity = index->capacity == 0 ? 64 : 2 * index->capacity;
        place_entry *grown = realloc(index->entries, capacity * sizeof *grown);

        if (grown == NULL) {
            return false;
        }
        index->entries = grown;
        index->capacity = capacity;
    }
    index->entries[index->count++] = *entry;
    return true;
}

void place_index_sort(place_index *index)
{
    if (index->count > 1) {
        qsort(index->entries, index->count, sizeof *index->entries, compare);
    }
}

bool place_index_before(place_index *index, const chaos_address *address, uint64_t number, size_t place, size_t *value)
{
    const place_entry wanted = { *address, number, place, 0 };
    size_t low = 0;
    size_t high = index->count;

    while (low < high) { /* the first entry that is not before the wanted one */
        const size_t middle = low + (high - low) / 2;

        index->compared++;
        if (compare(&index->entries[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || index->entries[low - 1].number != number ||
        memcmp(index->entries[low - 1].address.bytes, address->bytes, sizeof address->bytes) != 0) {
        return false;
    }
    *value = index->entries[low - 1].value;
    return true;
}

void place_index_free(place_index *index)
{
    free(index->entries);
    *index = (place_index){ .entries = NULL };
}
