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
    bool is_array;
    elementary value;     /* of its type without brackets */
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

/* All of these latch what is wrong in the reader, and do nothing more once something is. */

/* Refuses what stands at `place`, a part of the set's text. */
void typed_refuse(json *j, const typed_set *set, const char *field, chaos_slice place, const char *reason);
/* Reads and checks the member "types"; the set's text must be set. typed_types.c */
void typed_types_read(json *j, typed_set *set);
typed_struct *typed_find(typed_set *set, chaos_slice name); /* NULL: there is none */
/* Fills type->hash. */
void typed_type_hash(json *j, typed_set *set, typed_struct *type);
/* hashStruct of the value that comes next. typed_values.c */
void typed_hash_struct(json *j, typed_set *set, typed_struct *type, const char *field, chaos_keccak *out);

#endif
