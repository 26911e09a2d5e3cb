/* place_index.h - "what was the last one of this kind before that place?", asked in the time of a binary search: a
 * stranger writes as much as he likes into the logs, and nothing of it may cost the square of that. */
#ifndef AGENT_PLACE_INDEX_H
#define AGENT_PLACE_INDEX_H

#include <chaoschain/base.h>

#include "base/base.h"

typedef struct place_entry {
    chaos_address address; /* the kind: an address and a number */
    uint64_t number;
    size_t place; /* where it stands; within a kind no two are alike */
    size_t value;
} place_entry;

typedef struct place_index {
    place_entry *entries;
    size_t count, capacity;
    uint64_t compared; /* by all searches: what they have cost */
} place_index;

/* In any order; place_index_sort comes before the first search. False: out of memory. */
CHAOS_MUST_USE bool place_index_add(place_index *index, const place_entry *entry);
void place_index_sort(place_index *index);
/* The value of the last entry of the kind that stands before `place`; false: there is none. */
bool place_index_before(place_index *index, const chaos_address *address, uint64_t number, size_t place,
                        size_t *value);
void place_index_free(place_index *index);

#endif
