/* chain.c - what the chain says, read through the validator's own node. */
#include "validator/internal.h"

chaos_status read_head(const chaos_validator *v, chaos_block *head, chaos_block_id *at, chaos_error *err)
{
    CHAOS_TRY(chaos_rpc_block(chaos_registries_rpc(v->config.registries), NULL, head, err));
    *at = (chaos_block_id){ .tag = CHAOS_BLOCK_HASH, .hash = head->hash };
    return CHAOS_OK;
}

chaos_status read_agent(const chaos_validator *v, const chaos_u256 *agent_id, const chaos_block_id *at,
                        agent_facts *facts, chaos_error *err)
{
    const chaos_registries *registries = v->config.registries;

    *facts = (agent_facts){ .metadata = { .present = 0 } };
    CHAOS_TRY(chaos_agent_owner(registries, agent_id, at, &facts->owner, err));
    CHAOS_TRY(chaos_agent_wallet(registries, agent_id, at, &facts->wallet, err));
    return chaos_tee_metadata_read(registries, agent_id, at, &facts->metadata, err);
}

/* ------------------------------------------------------------ the request ---- */

typedef struct request_search {
    const chaos_validator *validator;
    const chaos_keccak *hash;
    bool found;
    uint64_t block;
    chaos_buffer *uri;
} request_search;

static chaos_status take_request(void *context, const chaos_log *log, chaos_error *err)
{
    request_search *search = context;
    chaos_event event;

    CHAOS_TRY(chaos_registries_event(search->validator->config.registries, log, &event, err));
    if (event.kind != CHAOS_EVENT_VALIDATION_REQUEST || search->found ||
        memcmp(event.of.validation_request.request_hash.bytes, search->hash->bytes, sizeof search->hash->bytes) != 0) {
        return CHAOS_OK;
    }
    if (!buffer_append(search->uri, event.of.validation_request.uri)) {
        return error_set(err, CHAOS_E_NODE, "requestURI", CHAOS_NO_OFFSET, "the URI of the request is too long");
    }
    search->found = true;
    search->block = log->block_number;
    return CHAOS_OK;
}

static chaos_status forget_request(void *context, uint64_t from, chaos_error *err)
{
    request_search *search = context;

    (void)from;
    (void)err;
    search->found = false;
    search->uri->size = 0;
    return CHAOS_OK;
}

chaos_status find_request(const chaos_validator *v, const chaos_address *validator, const chaos_keccak *request_hash,
                          uint64_t head, uint64_t *block, chaos_buffer *uri, chaos_error *err)
{
    const chaos_address registry = chaos_registries_address(v->config.registries, CHAOS_REGISTRY_VALIDATION);
    const chaos_keccak topic = chaos_event_topic(CHAOS_EVENT_VALIDATION_REQUEST);
    chaos_log_reader_options options = CHAOS_LOG_READER_OPTIONS_INIT;
    request_search search = { v, request_hash, false, 0, uri };
    chaos_keccak who = { { 0 } };
    chaos_log_reader *logs = NULL;
    chaos_status status;

    memcpy(who.bytes + 12, validator->bytes, sizeof validator->bytes);
    options.rpc = chaos_registries_rpc(v->config.registries);
    options.addresses = &registry;
    options.address_count = 1;
    options.topics[0].any_of = &topic;
    options.topics[1].any_of = &who;
    options.topics[3].any_of = request_hash;
    options.topics[0].count = options.topics[1].count = options.topics[3].count = 1;
    options.first_block = v->config.first_block;
    options.context = &search;
    options.on_log = take_request;
    options.on_rollback = forget_request;
    CHAOS_TRY(chaos_log_reader_open(&options, &logs, err));
    status = chaos_log_reader_poll_to(logs, head, NULL, err);
    chaos_log_reader_free(logs);
    CHAOS_TRY(status);
    *block = search.block;
    return search.found ? CHAOS_OK
                        : error_set(err, CHAOS_E_NOT_FOUND, "requestHash", CHAOS_NO_OFFSET,
                                    "no log has this request for this validator");
}
