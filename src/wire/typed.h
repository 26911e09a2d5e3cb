/* typed.h - what the three files of EIP-712 share: typed_types.c (the schema), typed_values.c (the values' hashes),
 * typed_data.c (the request as a whole). */
#ifndef WIRE_TYPED_H
#define WIRE_TYPED_H

#include "wire/internal.h"

#define TYPED_MAX_TYPES 64
#define TYPED_MAX_MEMBERS 64 /* of one type */
#define TYPED_MAX_ALL_MEMBERS 512
#define TYPED_MAX_DEPTH 16   /* of structs and arrays in each other */
#define TYPED_MAX_TYPE_TEXT 16384u /* of encodeType */

typedef struct typed_struct typed_struct;

typedef struct typed_member {
    chaos_slice name, type;
    typed_struct *target; /* the struct that its type, without brackets, names; NULL: an elementary type */
    bool may_be_empty;    /* brackets without a number: it needs no value of its target */
} typed_member;

struct typed_struct {
    chaos_slice name;
    typed_member *members;
    size_t count;
    bool ends;     /* its values can end: what it holds does not hold it again */
    bool has_hash;
    chaos_keccak hash; /* typeHash */
};

typedef struct typed_set {
    chaos_slice text; /* the whole request: offsets of faults count from its begin */
    size_t count, member_count;
    typed_struct types[TYPED_MAX_TYPES];
    typed_member members[TYPED_MAX_ALL_MEMBERS];
} typed_set;

/* Latches the reason for what stands at `place`, a part of the set's text. False. */
bool typed_refuse(const typed_set *set, fault *why, const char *field, chaos_slice place, const char *reason);
/* The fault of a reader that was begun at `part`, with its offset in the whole text. False. */
bool typed_fault(const typed_set *set, fault *why, chaos_slice part, const json *j);

/* Reads and checks the member "types"; the set's text must be set. */
CHAOS_MUST_USE bool typed_types_read(chaos_slice types, typed_set *set, fault *why);
typed_struct *typed_find(typed_set *set, chaos_slice name); /* NULL: there is none */
/* Fills type->hash. */
CHAOS_MUST_USE bool typed_type_hash(typed_set *set, typed_struct *type, fault *why);

/* hashStruct of the value `raw`. */
CHAOS_MUST_USE bool typed_hash_struct(typed_set *set, typed_struct *type, chaos_slice raw, const char *field,
                                      chaos_keccak *out, fault *why);

#endif
