/* log_reader.h - how much is asked for at once, and what is remembered of the blocks that may still change. */
#ifndef ERC8004_LOG_READER_H
#define ERC8004_LOG_READER_H

#include "erc8004/erc8004.h"

/* ------------------------------------------------------------------ range ---- */

/* Blocks per request, adapted to what a provider allows. Pure. log_range.c */
typedef struct log_range {
    uint64_t size;
    unsigned successes; /* in a row */
} log_range;
#define LOG_RANGE_FIRST 2000u
#define LOG_RANGE_MOST 100000u
log_range log_range_begin(uint32_t first); /* 0: LOG_RANGE_FIRST */
void log_range_succeed(log_range *range);
/* After a refusal of blocks from.. that says `text`: the range that it suggests, if that is smaller, else half.
 * False: it was one block already. */
CHAOS_MUST_USE bool log_range_fail(log_range *range, uint64_t from, uint64_t asked, chaos_slice text);

/* ------------------------------------------------------------------- tail ---- */

/* The hashes of the last blocks that were read, as far back as the chain may change. log_tail.c */
#define LOG_TAIL_MOST 256u
typedef struct log_tail {
    uint32_t depth;
    uint64_t next;           /* the block that is read next */
    uint32_t known;          /* the hashes of next - known .. next - 1 are there */
    chaos_keccak hashes[LOG_TAIL_MOST]; /* by number modulo LOG_TAIL_MOST */
} log_tail;
void log_tail_begin(log_tail *tail, uint32_t depth, uint64_t first);
/* NULL: it is not known. */
const chaos_keccak *log_tail_hash(const log_tail *tail, uint64_t number);
/* Block `number` = next was read. */
void log_tail_push(log_tail *tail, const chaos_keccak *hash);
/* Blocks up to `last` were read at once; of the last one the hash is known. */
void log_tail_jump(log_tail *tail, uint64_t last, const chaos_keccak *hash);
void log_tail_cut(log_tail *tail, uint64_t next); /* back to before `next` */

#endif
