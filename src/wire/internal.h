/* internal.h - what the files of this folder share and nobody else sees. */
#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include "wire/wire.h"

/* Sets *why and gives false, so that a reader can `return fault_set(...)`. */
static inline bool fault_set(fault *why, chaos_status status, const char *field, size_t offset, const char *reason)
{
    *why = (fault){ .status = status, .field = field, .offset = offset, .reason = reason };
    return false;
}

/* Refuses what stands at the cursor, or a whole that is wrong though each of its parts is right. */
static inline void json_refuse(json *j, const char *field, const char *reason)
{
    rd_fail(&j->r, j->bad_value, field, rd_offset(&j->r), reason);
}

#define MAX_KMS_CHAIN (4u * 1024u) /* bytes of the part dstack-kms-chain */

/* ------------------------------------------------- EIP-712 structs of ours ---- */

#define WORD_SIZE 32
/* A value as an ABI word, right-aligned; gives the place of the next. */
uint8_t *word_put_bytes(uint8_t *at, const uint8_t *value, size_t size);
uint8_t *word_put_number(uint8_t *at, uint64_t number);
#define WORD_PUT(at, value) word_put_bytes((at), (value).bytes, sizeof(value).bytes)
/* typeHash of a domain with name, version, chainId and verifyingContract, as nearly every domain is. */
extern const chaos_keccak domain_type_hash;
chaos_keccak domain_digest(const chaos_keccak *separator, const chaos_keccak *struct_hash);

/* ------------------------------------------------------- values as strings ---- */

/* "0x" and lower-case digits of exactly `size` bytes. */
void json_0x(json *j, const char *field, uint8_t *out, size_t size);
/* Decimal digits without a leading zero, as a string. */
uint64_t json_decimal(json *j, const char *field, uint64_t max);
void json_decimal_u256(json *j, const char *field, chaos_u256 *out);

/* ------------------------------------------------- members of an object ---- */

/* A key of an object; its place in the table is the number by which a reader knows it. */
typedef struct member_key {
    const char *text;
    uint8_t size;
} member_key;
#define MEMBER_KEY(text) { text, sizeof(text) - 1 }

/* The key's place in `keys`, or `count` for a key that is not known (its value is to be skipped). */
static inline size_t member_find(const member_key *keys, size_t count, chaos_slice key)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].size == key.size && memcmp(keys[i].text, key.data, key.size) == 0) {
            return i;
        }
    }
    return count;
}

/* ------------------------------- parts that TCB info and identities share ---- */

/* RFC 3339, UTC, whole seconds. */
int64_t tcb_date_read(json *j, const char *field);
/* One of the seven names of a platform level, or of the three names of a module or identity level. */
chaos_tcb_status platform_status_read(json *j, const char *field);
chaos_tcb_status svn_status_read(json *j, const char *field);
/* Checks an array of advisory ids and gives its text. */
chaos_slice advisories_read(json *j, const char *field);

/* Where an array of svn levels stands, for the faults. */
typedef struct svn_level_names {
    const char *levels, *level, *tcb, *isv_svn, *tcb_date, *tcb_status, *advisories;
} svn_level_names;

/* Reads a non-empty array of at most `capacity` levels and puts it in descending order; equal levels are refused.
 * Gives the number of levels; 0 after a fault. */
size_t svn_levels_read(json *j, const svn_level_names *names, svn_level *levels, size_t capacity);

/* Where the first platform level stands that has flat components, that has arrays of them, that has none for TDX;
 * CHAOS_NO_OFFSET: there is none. Version and id may come later than the levels, and then say what must not be. */
typedef struct level_forms {
    size_t flat, arrays, without_tdx;
} level_forms;

/* Reads the non-empty array of platform levels into out->levels; sorts them, refusing two that are equal. */
void platform_levels_read(json *j, tcb_info *out, level_forms *forms);
void platform_levels_sort(json *j, tcb_info *out);

#endif
