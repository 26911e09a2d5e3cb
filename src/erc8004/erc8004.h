/* erc8004.h (inside) - what the files of this folder share.
 *
 *   networks.c network_file.c  which chains have registries
 *   number.c reference.c       numbers and names as text           (pure)
 *   call.c reply.c             calldata out, return data in         (pure)
 *   events.c tee_metadata.c    logs and metadata values in          (pure)
 *   generations.c registries.c is the contract the right one?
 *   identity.c reputation.c validation.c            reads
 *   write.c wallet.c write_reputation.c write_validation.c deploy.c
 *   log_range.c (pure) log_reader.c                 all logs, each once */
#ifndef ERC8004_ERC8004_H
#define ERC8004_ERC8004_H

#include <chaoschain/erc8004.h>

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"
#include "eth/eth.h"

/* Case, and "_" for "-", are matters of taste. networks.c */
bool network_name_is(const char *given, const char *name);

/* ---------------------------------------------------------------- numbers ---- */

/* 256 bits with a sign: what sums of feedback need. number.c */
typedef struct wide {
    bool negative;
    chaos_u256 magnitude;
} wide;
wide wide_from(const chaos_int128 *value);
CHAOS_MUST_USE bool wide_to(const wide *value, chaos_int128 *out); /* false: it does not fit in 128 bits */
CHAOS_MUST_USE bool wide_times_ten(wide *value, unsigned times);    /* value * 10^times; false: overflow */
CHAOS_MUST_USE bool wide_add(wide *sum, const wide *term);
void wide_divide(wide *value, uint32_t divisor);                    /* toward zero */
chaos_int128 int128_of_word(const uint8_t word[ABI_WORD]);          /* its low half */
void int128_to_word(const chaos_int128 *value, uint8_t word[ABI_WORD]);

/* The registry's own mean, without its wrap: the sum at 18 decimals over the count, toward zero, at the most frequent
 * number of decimals. A sum that leaves 256 bits is latched. reputation.c */
typedef struct feedback_mean {
    wide sum;
    uint64_t frequency[CHAOS_MAX_DECIMALS + 1];
    uint32_t count;
    bool too_large;
} feedback_mean;
feedback_mean feedback_mean_begin(void);
void feedback_mean_add(feedback_mean *mean, const chaos_int128 *value, unsigned decimals);
/* LIMIT: it does not fit. */
CHAOS_MUST_USE chaos_status feedback_mean_end(const feedback_mean *mean, chaos_feedback_summary *summary,
                                              chaos_error *err);

/* Digits without a sign or leading zeros. */
CHAOS_MUST_USE bool decimal_u256(chaos_slice digits, chaos_u256 *out);
CHAOS_MUST_USE bool decimal_u64(chaos_slice digits, uint64_t *out);

/* ------------------------------------------------------------------ calls ---- */

/* An argument of a contract's function; what is borrowed lives as long as the call. call.c */
typedef enum argument_kind {
    ARGUMENT_WORD, ARGUMENT_NUMBER, ARGUMENT_BOOLEAN, ARGUMENT_ADDRESS, ARGUMENT_INT128, ARGUMENT_BYTES,
    ARGUMENT_STRING, ARGUMENT_ADDRESSES, ARGUMENT_ENTRIES
} argument_kind;
typedef struct argument {
    argument_kind kind;
    union {
        const uint8_t *word; /* 32 bytes */
        uint64_t number;
        const chaos_address *address;
        chaos_int128 int128;
        chaos_slice bytes;
        struct {
            const chaos_address *items;
            size_t count;
        } addresses;
        struct {
            const chaos_metadata_entry *items;
            size_t count;
        } entries;
    } as;
} argument;

static inline argument arg_u256(const chaos_u256 *number)
{
    return (argument){ ARGUMENT_WORD, { .word = number->bytes } };
}
static inline argument arg_hash(const chaos_keccak *hash)
{
    return (argument){ ARGUMENT_WORD, { .word = hash->bytes } };
}
static inline argument arg_number(uint64_t number)
{
    return (argument){ ARGUMENT_NUMBER, { .number = number } };
}
static inline argument arg_boolean(bool value)
{
    return (argument){ ARGUMENT_BOOLEAN, { .number = value } };
}
static inline argument arg_address(const chaos_address *address)
{
    return (argument){ ARGUMENT_ADDRESS, { .address = address } };
}
static inline argument arg_int128(chaos_int128 value)
{
    return (argument){ ARGUMENT_INT128, { .int128 = value } };
}
static inline argument arg_bytes(chaos_slice bytes)
{
    return (argument){ ARGUMENT_BYTES, { .bytes = bytes } };
}
static inline argument arg_text(const char *text) /* NULL: empty */
{
    return (argument){ ARGUMENT_STRING, { .bytes = text == NULL ? slice("", 0) : slice_text(text) } };
}
static inline argument arg_addresses(const chaos_address *items, size_t count)
{
    return (argument){ ARGUMENT_ADDRESSES, { .addresses = { items, count } } };
}
static inline argument arg_entries(const chaos_metadata_entry *items, size_t count)
{
    return (argument){ ARGUMENT_ENTRIES, { .entries = { items, count } } };
}

#define MAX_CALLDATA (CHAOS_MAX_TRANSACTION - 1024u) /* what a transaction has room for */
#define MAX_ARGUMENTS 8

/* Selector and arguments of `signature`, "ownerOf(uint256)", appended. INTERNAL: they do not fit the signature;
 * USAGE: they are too long. */
CHAOS_MUST_USE chaos_status call_write(chaos_buffer *out, const char *signature, const argument *arguments,
                                       size_t count, chaos_error *err);
#define ARGUMENTS(...)                                                          \
    (const argument[]){ __VA_ARGS__ }, sizeof((const argument[]){ __VA_ARGS__ }) / sizeof(argument)
#define NO_ARGUMENTS NULL, 0

/* ---------------------------------------------------------------- replies ---- */

/* Return data of the functions, each whole or not at all; slices point into them. False with the fault in `err`.
 * reply.c */
abi_reader reply_begin(chaos_slice data);
CHAOS_MUST_USE chaos_status reply_end(const abi_reader *reply, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_address(chaos_slice data, const char *field, chaos_address *out, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_boolean(chaos_slice data, const char *field, bool *out, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_number(chaos_slice data, const char *field, uint64_t max, uint64_t *out,
                                         chaos_error *err);
CHAOS_MUST_USE chaos_status reply_word(chaos_slice data, const char *field, chaos_u256 *out, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_bytes(chaos_slice data, const char *field, chaos_buffer *out, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_addresses(chaos_slice data, const char *field, chaos_address_list **out,
                                            chaos_error *err);
CHAOS_MUST_USE chaos_status reply_hashes(chaos_slice data, const char *field, chaos_hash_list **out, chaos_error *err);
/* readFeedback and readAllFeedback. The list takes what `data` holds (*data is then empty) unless it fails. */
CHAOS_MUST_USE chaos_status reply_feedback(chaos_buffer *data, const chaos_address *client, uint64_t index,
                                           chaos_feedback_list **out, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_all_feedback(chaos_buffer *data, chaos_feedback_list **out, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_summary(chaos_slice data, chaos_feedback_summary *out, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_status(chaos_slice data, chaos_validation *out, chaos_slice *tag, chaos_error *err);
CHAOS_MUST_USE chaos_status reply_validation_summary(chaos_slice data, uint64_t *count, uint8_t *mean,
                                                     chaos_error *err);
typedef struct registry_domain { /* eip712Domain() */
    uint8_t fields;
    chaos_slice name, version;
    chaos_u256 chain_id;
    chaos_address contract;
    bool has_salt, has_extensions;
} registry_domain;
CHAOS_MUST_USE chaos_status reply_domain(chaos_slice data, registry_domain *out, chaos_error *err);

CHAOS_CLEANUP(chaos_address_list);
CHAOS_CLEANUP(chaos_hash_list);
CHAOS_CLEANUP(chaos_feedback_list);
CHAOS_CLEANUP(chaos_registries);

/* ------------------------------------------------------------- registries ---- */

#define REGISTRY_COUNT 3

struct chaos_registries {
    chaos_rpc *rpc;
    uint64_t chain_id;
    struct {
        bool present;
        chaos_address address;
    } registry[REGISTRY_COUNT];
};

/* What an older contract is called, by its address; NULL: none that is known. generations.c */
const char *generation_of_address(const chaos_address *address);
/* The same by what its code can be asked for: the code of the contract itself, or of what its proxy runs. */
const char *generation_of_code(chaos_registry_kind kind, chaos_slice code);
extern const chaos_u256 implementation_slot; /* EIP-1967 */

/* One eth_call to a registry. NOT_AVAILABLE: it is absent. `result` is appended to; `revert` (may be NULL) gets a
 * refusal's bytes. registries.c */
CHAOS_MUST_USE chaos_status registry_call(const chaos_registries *registries, chaos_registry_kind kind,
                                          const chaos_block_id *at, const char *signature, const argument *arguments,
                                          size_t count, chaos_buffer *result, chaos_buffer *revert, chaos_error *err);
/* The same, where the refusal `revert_data` of this registry means that something is not there. */
typedef enum missing { MISSING_AGENT, MISSING_REQUEST, MISSING_FEEDBACK } missing;
CHAOS_MUST_USE chaos_status registry_ask(const chaos_registries *registries, chaos_registry_kind kind,
                                         const chaos_block_id *at, missing what, const char *signature,
                                         const argument *arguments, size_t count, chaos_buffer *result,
                                         chaos_error *err);
CHAOS_MUST_USE chaos_status registry_require(const chaos_registries *registries, chaos_registry_kind kind,
                                             chaos_error *err);
/* Is this registry, as of `at`, still about the agents of our identity registry? What chaos_registries_open found may
 * be long ago, and a proxy has another contract behind it now. REGISTRY. registries.c */
CHAOS_MUST_USE chaos_status registry_check_pair(const chaos_registries *registries, chaos_registry_kind kind,
                                                const chaos_block_id *at, chaos_error *err);
CHAOS_MUST_USE chaos_status usage(chaos_error *err, const char *field, const char *text);
/* Whom a request on chain is about, in one call of the node, without the question whether it was answered. NOT_FOUND.
 * validation.c */
CHAOS_MUST_USE chaos_status validation_agent(const chaos_registries *registries, const chaos_keccak *request_hash,
                                             chaos_u256 *agent_id, chaos_error *err);
#define NEED(condition, err)                                                       \
    do {                                                                           \
        if (!(condition)) {                                                        \
            return usage((err), "argument", "an argument that is needed is NULL"); \
        }                                                                          \
    } while (0)

/* ----------------------------------------------------------------- writes ---- */

/* Sends a call of a registry as an intent. write.c */
typedef struct registry_write {
    const chaos_registries *registries;
    chaos_sender *sender;
    const char *intent;
    chaos_registry_kind kind;
} registry_write;
/* The sender is of this chain, the registry is there, the name is given. */
CHAOS_MUST_USE chaos_status write_begin(const registry_write *write, chaos_error *err);
/* Is the name in the journal already? Then what the chain says now decides nothing. */
CHAOS_MUST_USE chaos_status write_is_begun(const registry_write *write, bool *begun, chaos_error *err);
CHAOS_MUST_USE chaos_status write_send(const registry_write *write, const char *signature, const argument *arguments,
                                       size_t count, chaos_outcome *outcome, chaos_error *err);
/* Goes on with an intent that is in the journal, whatever it says now. */
CHAOS_MUST_USE chaos_status write_go_on(const registry_write *write, chaos_outcome *outcome, chaos_error *err);
/* Nothing needs to be done. */
void write_nothing(chaos_outcome *outcome);
/* The log of `kind` in the receipt of a confirmed outcome that `fits` says is the one; NODE when there is none. The
 * event's slices are gone: only its numbers count. */
typedef bool event_fits_function(const void *context, const chaos_event *event);
CHAOS_MUST_USE chaos_status write_event(const registry_write *write, const chaos_outcome *outcome,
                                        chaos_event_kind kind, event_fits_function *fits, const void *context,
                                        chaos_event *event, chaos_error *err);

#endif
