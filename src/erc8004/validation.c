/* validation.c - reads of the validation registry. Its status has the same form for a request that nobody has
 * answered and for a bare answer of 0. Which it is, the logs of one block tell: lastUpdate is the time of the block
 * of the last answer, or of the request while there is none. */
#include "erc8004/erc8004.h"
#include "eth/rpc.h"

#define VALIDATION CHAOS_REGISTRY_VALIDATION

enum {
    MAX_BLOCKS_OF_ONE_TIME = 1000
};

/* ----------------------------------------------------------------- search ---- */

static chaos_status block_at(const chaos_registries *registries, uint64_t number, chaos_block *block, chaos_error *err)
{
    chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = number };
    return chaos_rpc_block(registries->rpc, &at, block, err);
}

/* The first block that is not before `time`, at or below `head`; the head when all are before it. */
static chaos_status first_block_of(const chaos_registries *registries, const chaos_block *head, int64_t time,
                                   chaos_block *found, chaos_error *err)
{
    uint64_t low = 0, high = head->number;
    *found = *head;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        chaos_block block;
        CHAOS_TRY(block_at(registries, middle, &block, err));
        if (block.timestamp >= time) {
            high = middle;
            *found = block;
        } else {
            low = middle + 1;
        }
    }
    return CHAOS_OK;
}

/* Does a log of these blocks say that the request was made, or answered? */
static chaos_status read_traces(const chaos_registries *registries, uint64_t first, uint64_t last,
                                const chaos_keccak *request_hash, const chaos_validation *validation, bool *made,
                                bool *answered, chaos_error *err)
{
    CHAOS_AUTO(chaos_logs, logs);
    chaos_keccak kinds[] = { chaos_event_topic(CHAOS_EVENT_VALIDATION_REQUEST),
                             chaos_event_topic(CHAOS_EVENT_VALIDATION_RESPONSE) };
    chaos_log_filter filter = CHAOS_LOG_FILTER_INIT;
    filter.from_block = first;
    filter.to_block = last;
    filter.addresses = &registries->registry[VALIDATION].address;
    filter.address_count = 1;
    filter.topics[0].any_of = kinds;
    filter.topics[0].count = CHAOS_ARRAY_SIZE(kinds);
    filter.topics[3].any_of = request_hash;
    filter.topics[3].count = 1;
    CHAOS_TRY(chaos_rpc_logs(registries->rpc, &filter, &logs, err));
    for (size_t i = 0; i < chaos_logs_count(logs); i++) {
        chaos_event event;
        CHAOS_TRY(chaos_event_read(chaos_logs_at(logs, i), &event, err));
        bool is_it = memcmp(event.agent_id.bytes, validation->agent_id.bytes, sizeof event.agent_id.bytes) == 0;
        *answered = *answered || (is_it && event.kind == CHAOS_EVENT_VALIDATION_RESPONSE);
        *made = *made || (is_it && event.kind == CHAOS_EVENT_VALIDATION_REQUEST);
    }
    return CHAOS_OK;
}

static chaos_status check_head(const chaos_registries *registries, const chaos_block *head, chaos_error *err)
{
    chaos_block now;
    CHAOS_TRY(block_at(registries, head->number, &now, err));
    return memcmp(now.hash.bytes, head->hash.bytes, sizeof now.hash.bytes) == 0
               ? CHAOS_OK
               : error_set(err, CHAOS_E_REORGANISED, "block", CHAOS_NO_OFFSET, NULL);
}

/* Decides is_answered by the logs of the blocks that have the time lastUpdate: chains with many blocks a second have
 * several of them. */
static chaos_status look_it_up(const chaos_registries *registries, const chaos_block *head,
                               const chaos_keccak *request_hash, chaos_validation *validation, chaos_error *err)
{
    chaos_block first, next;
    bool made = false, answered = false;
    CHAOS_TRY(first_block_of(registries, head, validation->last_update, &first, err));
    CHAOS_TRY(first_block_of(registries, head, validation->last_update + 1, &next, err));
    uint64_t last = next.timestamp > validation->last_update ? next.number - 1 : next.number;
    if (first.timestamp == validation->last_update && last - first.number < MAX_BLOCKS_OF_ONE_TIME) {
        CHAOS_TRY(read_traces(registries, first.number, last, request_hash, validation, &made, &answered, err));
    }
    CHAOS_TRY(check_head(registries, head, err)); /* blocks, logs and status are of one chain */
    if (!made && !answered) {
        return error_set(err, CHAOS_E_NODE, "ValidationResponse", CHAOS_NO_OFFSET,
                         "the node has no log of this request at the time of its last update, so it cannot be told "
                         "whether it was answered");
    }
    validation->is_answered = answered;
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- status ---- */

chaos_status chaos_validation_status(const chaos_registries *registries, const chaos_keccak *request_hash,
                                     const chaos_block_id *at, chaos_validation *validation, chaos_buffer *tag,
                                     chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    chaos_validation made;
    chaos_slice text;
    chaos_block head;
    NEED(request_hash != NULL && validation != NULL, err);
    CHAOS_TRY(registry_require(registries, VALIDATION, err));
    CHAOS_TRY(chaos_rpc_block(registries->rpc, at, &head, err));
    chaos_block_id fixed = { .tag = CHAOS_BLOCK_HASH, .hash = head.hash }; /* status and logs of one chain */
    CHAOS_TRY(registry_ask(registries, VALIDATION, &fixed, MISSING_REQUEST, "getValidationStatus(bytes32)",
                           ARGUMENTS(arg_hash(request_hash)), &reply, err));
    CHAOS_TRY(reply_status(buffer_slice(&reply), &made, &text, err));
    made.is_answered = made.response != 0 || text.size > 0 ||
                       !slice_is_zero(slice(made.response_hash.bytes, sizeof made.response_hash.bytes));
    if (!made.is_answered) {
        CHAOS_TRY(look_it_up(registries, &head, request_hash, &made, err));
    }
    if (tag != NULL && !buffer_append(tag, text)) {
        return error_set(err, CHAOS_E_NODE, "tag", CHAOS_NO_OFFSET, "the tag is longer than the limit");
    }
    *validation = made;
    return CHAOS_OK;
}

chaos_status validation_agent(const chaos_registries *registries, const chaos_keccak *request_hash,
                              chaos_u256 *agent_id, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    chaos_validation made;
    chaos_slice tag;
    CHAOS_TRY(registry_require(registries, VALIDATION, err));
    CHAOS_TRY(registry_ask(registries, VALIDATION, NULL, MISSING_REQUEST, "getValidationStatus(bytes32)",
                           ARGUMENTS(arg_hash(request_hash)), &reply, err));
    CHAOS_TRY(reply_status(buffer_slice(&reply), &made, &tag, err));
    *agent_id = made.agent_id;
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ lists ---- */

chaos_status chaos_validation_summary(const chaos_registries *registries, const chaos_u256 *agent_id,
                                      const chaos_address *validators, size_t validator_count, const char *tag,
                                      const chaos_block_id *at, uint64_t *count, uint8_t *mean, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && (validators != NULL || validator_count == 0) && count != NULL && mean != NULL, err);
    CHAOS_TRY(registry_call(registries, VALIDATION, at, "getSummary(uint256,address[],string)",
                            ARGUMENTS(arg_u256(agent_id), arg_addresses(validators, validator_count), arg_text(tag)),
                            &reply, NULL, err));
    return reply_validation_summary(buffer_slice(&reply), count, mean, err);
}

chaos_status chaos_validation_of_agent(const chaos_registries *registries, const chaos_u256 *agent_id,
                                       const chaos_block_id *at, chaos_hash_list **requests, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && requests != NULL, err);
    CHAOS_TRY(registry_call(registries, VALIDATION, at, "getAgentValidations(uint256)", ARGUMENTS(arg_u256(agent_id)),
                            &reply, NULL, err));
    return reply_hashes(buffer_slice(&reply), "requestHashes", requests, err);
}

chaos_status chaos_validation_of_validator(const chaos_registries *registries, const chaos_address *validator,
                                           const chaos_block_id *at, chaos_hash_list **requests, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(validator != NULL && requests != NULL, err);
    CHAOS_TRY(registry_call(registries, VALIDATION, at, "getValidatorRequests(address)",
                            ARGUMENTS(arg_address(validator)), &reply, NULL, err));
    return reply_hashes(buffer_slice(&reply), "requestHashes", requests, err);
}
