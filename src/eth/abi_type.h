/* abi_type.h - parameter types that are known at run time only, as a tree. abi_type.c reads them, abi_encode.c and
 * abi_decode.c follow them. */
#ifndef ETH_ABI_TYPE_H
#define ETH_ABI_TYPE_H

#include "eth/eth.h"
#include "wire/wire.h"

#define ABI_MAX_NODES 256
#define ABI_MAX_MEMBERS 64            /* of one tuple, and of the list */
#define ABI_MAX_TYPE_DEPTH 12         /* of tuples and arrays in each other */
#define ABI_MAX_STATIC_WORDS 65536u   /* of a type without dynamic parts */
#define ABI_MAX_VALUES 65536u         /* that one decoding gives: offsets may point to the same data again and again */

typedef enum abi_kind { ABI_VALUE, ABI_TUPLE, ABI_ARRAY } abi_kind;

typedef struct abi_node {
    abi_kind kind;
    elementary value;
    chaos_slice name;              /* of the parameter or member; may be empty */
    size_t count;                  /* members; elements, 0: any number ("[]") */
    struct abi_node *child, *last; /* the first and last member, or the element */
    struct abi_node *next;         /* the next member */
    bool dynamic;
    size_t words;                  /* that it takes in the head of what holds it: 1 when dynamic */
    size_t head;                   /* the words of all that it holds (not of "[]") */
    unsigned depth;
} abi_node;

typedef struct abi_type {
    chaos_buffer text; /* names point into it */
    size_t count;
    abi_node nodes[ABI_MAX_NODES]; /* nodes[0] is the list as a tuple */
} abi_type;

/* "uint256,(string name,bytes32[] ids)[]", "" for none. USAGE with the offset of what is no type. */
CHAOS_MUST_USE chaos_status abi_type_parse(chaos_slice list, abi_type **type, chaos_error *err);
void abi_type_free(abi_type *type);
/* Without names and spaces, as selectors are made from: "uint256,(string,bytes32[])[]". */
CHAOS_MUST_USE bool abi_type_write(const abi_type *type, chaos_buffer *out);

CHAOS_CLEANUP(abi_type);

#endif
