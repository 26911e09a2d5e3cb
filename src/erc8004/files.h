/* files.h - what the readers and writers of registration and request files share. */
#ifndef ERC8004_FILES_H
#define ERC8004_FILES_H

#include "erc8004/erc8004.h"

#define FILE_MAX_URI 2048u

/* The name of an identity registry, from bytes that have no NUL. */
CHAOS_MUST_USE bool registry_name_read(chaos_slice text, uint64_t *chain_id, chaos_address *registry);

/* --------------------------------------------------------------- reading ---- */

/* The texts of a file lie in one block that never moves: file_storage makes room for all that its JSON can decode
 * to. */
CHAOS_MUST_USE bool file_storage(chaos_buffer *storage, size_t json_size);
/* A string of `min` to `max` bytes, with its escapes undone and a NUL after it; "" after a fault. */
const char *file_text(json *j, const char *field, size_t min, size_t max, chaos_buffer *storage);
/* The same, and printable ASCII without space. */
const char *file_uri(json *j, const char *field, size_t min, size_t max, chaos_buffer *storage);

/* A key's place in the table, or `count`. */
size_t file_key(const char *const *keys, size_t count, chaos_slice key);

/* --------------------------------------------------------------- writing ---- */

/* The writer's status as that of the caller: what cannot be written is USAGE. */
CHAOS_MUST_USE chaos_status file_written(const json_writer *w, const char *field, chaos_error *err);
/* Our reader refuses what was written: so were the fields wrong, USAGE with what it says. */
CHAOS_MUST_USE chaos_status file_refused(chaos_status status, chaos_error *err);

#endif
