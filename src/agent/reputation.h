/* reputation.h - the line of moments that reputation is made of. */
#ifndef AGENT_REPUTATION_H
#define AGENT_REPUTATION_H

#include <chaoschain/agent.h>
#include <chaoschain/validator.h>

#include "base/base.h"
#include "codec/codec.h"
#include "erc8004/erc8004.h"

#define REPUTATION_MAX_VALIDATORS 64
#define REPUTATION_MAX_CLIENTS 1024
#define REPUTATION_MAX_MOMENTS 200000u /* of one agent; more is LIMIT */

typedef enum moment_kind {
    MOMENT_TRANSFER = 1, /* address: the new owner */
    MOMENT_OPERATOR,     /* listed validator `address` is (has_value), or is no more, an operator of `owner` */
    MOMENT_APPROVED,     /* `address` may act for this agent alone; zero: nobody */
    MOMENT_WALLET,       /* agentWallet; address, or has_value = false */
    MOMENT_KEY,          /* tee.key */
    MOMENT_EXPIRES,      /* tee.expires */
    MOMENT_TEE,          /* any other tee.* but tee.head and tee.answer */
    MOMENT_ANSWER,       /* of validator `address`, under a tag that counts */
    MOMENT_FEEDBACK,     /* of client `address` */
    MOMENT_REVOKED
} moment_kind;

typedef struct moment {
    moment_kind kind;
    uint64_t block;
    uint32_t log_index;
    chaos_address address, owner;
    bool has_value;
    int64_t expires;
    int64_t time;          /* of the block; of answers and feedback */
    uint8_t response;
    chaos_backing backing; /* that the answer's tag stands for */
    uint64_t index;
    chaos_int128 value;
    uint8_t decimals;
    char tag1[64], tag2[64];
} moment;

typedef struct reputation_line {
    moment *moments; /* in the order of the chain; free() */
    size_t count, capacity;
    size_t feedback_count;
    uint64_t last_block;
} reputation_line;

/* Reads the four kinds of logs of the agent and sorts them. reputation_line.c */
CHAOS_MUST_USE chaos_status reputation_line_read(const chaos_reputation_options *options, reputation_line *line,
                                                 chaos_error *err);

struct chaos_reputation {
    chaos_u256 agent_id;
    uint64_t chain_id, last_block;
    chaos_address registry;
    chaos_reputation_row *rows;
    size_t row_count;
};

/* Judges every feedback of the line into r->rows, which have room for them. *work: how often two entries were compared
 * for it, which grows as n log n whatever the logs say. False: out of memory. reputation.c */
CHAOS_MUST_USE bool reputation_go_through(chaos_reputation *r, const chaos_reputation_options *options,
                                          const reputation_line *line, uint64_t *work);

#endif
