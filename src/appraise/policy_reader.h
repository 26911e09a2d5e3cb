/* policy_reader.h - what the two files that read a policy share. */
#ifndef APPRAISE_POLICY_READER_H
#define APPRAISE_POLICY_READER_H

#include "appraise/internal.h"

typedef enum key_type {
    LIST_OF_BYTES, LIST_OF_NUMBERS, LIST_OF_TEXTS, LIST_OF_STATUSES, LIST_OF_ANCHORS,
    ONE_NUMBER, ONE_DATE, ONE_SVN, ONE_BOOLEAN, ONE_MASK
} key_type;

typedef struct policy_key {
    const char *path; /* "object.key", or "key" at the top */
    key_type type;
    uint64_t limit;   /* bytes of an item, or the largest number */
    size_t offset;
} policy_key;

typedef struct policy_reader {
    json j;
    chaos_policy *policy;
    bool has_schema;
    bool has_strange_key;
    chaos_slice strange_key;
} policy_reader;

static inline void *member_at(policy_reader *p, size_t offset)
{
    return (uint8_t *)p->policy + offset;
}

/* A status that a policy may name: a revoked level is refused by verification itself. */
#define LAST_STATUS CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
#define ALL_STATUSES (((1u << (LAST_STATUS + 1)) - 1) & ~1u)
/* "any" never means simulated: nobody gets that without its name. */
#define REAL_ANCHORS (1u << CHAOS_ANCHOR_VENDOR | 1u << CHAOS_ANCHOR_CUSTOM)

/* The value of one key of the table, into its place. */
void policy_read_value(policy_reader *p, const policy_key *key);
void policy_read_comment(policy_reader *p);
void policy_refuse_key(policy_reader *p, const char *object, chaos_slice key);

#endif
