/* facts.c - what a relying party brings (its beliefs) and reads from the chain through its own connection. */
#include "studio.h"

#define MAX_POLICY (256u * 1024u)
#define MAX_COLLATERAL (512u * 1024u)
#define MAX_URI 8192u

chaos_status beliefs_read(const char *trust_root, const char *collateral, const char *policy, beliefs *b,
                          chaos_error *err)
{
    CHAOS_AUTO_BUFFER(root, INPUT_MAX_ROOT);
    *b = (beliefs){ .policy_bytes = CHAOS_BUFFER_INIT(MAX_POLICY), .collateral = CHAOS_BUFFER_INIT(MAX_COLLATERAL) };
    CHAOS_TRY(chaos_trust_new(&b->trust, err));
    if (trust_root != NULL) {
        CHAOS_TRY(input_read_root(trust_root, &root, err));
        CHAOS_TRY(chaos_trust_add_root(b->trust, buffer_slice(&root), err));
    }
    if (collateral != NULL) {
        CHAOS_TRY(input_read("--collateral", collateral, MAX_COLLATERAL, &b->collateral, err));
    }
    if (policy == NULL || strcmp(policy, "default") == 0) { /* no bytes: the validator takes the default one, too */
        return chaos_policy_default(&b->policy, err);
    }
    CHAOS_TRY(input_read("--policy", policy, MAX_POLICY, &b->policy_bytes, err));
    return chaos_policy_parse(buffer_slice(&b->policy_bytes), &b->policy, err);
}

void beliefs_free(beliefs *b)
{
    chaos_trust_free(b->trust);
    chaos_policy_free(b->policy);
    chaos_buffer_free(&b->policy_bytes);
    chaos_buffer_free(&b->collateral);
    *b = (beliefs){ .trust = NULL };
}

/* ---------------------------------------------------------------- events ---- */

typedef struct search {
    const world *w;
    const chaos_keccak *request; /* of a ValidationRequest */
    chaos_buffer *uri;
    chaos_head *head; /* of tee.head */
    uint64_t block;
    bool found;
} search;

static chaos_status take_event(void *context, const chaos_log *log, chaos_error *err)
{
    search *x = context;
    chaos_event event;
    CHAOS_TRY(chaos_registries_event(x->w->registries, log, &event, err));
    if (event.kind == CHAOS_EVENT_VALIDATION_REQUEST && x->request != NULL &&
        memcmp(event.of.validation_request.request_hash.bytes, x->request->bytes, 32) == 0) {
        x->uri->size = 0;
        x->found = buffer_append(x->uri, event.of.validation_request.uri);
        x->block = log->block_number;
    }
    const chaos_slice value = event.of.metadata_set.value;
    if (event.kind == CHAOS_EVENT_METADATA_SET && x->head != NULL &&
        slice_equal(event.of.metadata_set.key, slice_text(CHAOS_TEE_HEAD_KEY)) && value.size == 40) {
        x->head->sequence = 0;
        for (size_t i = 0; i < 8; i++) {
            x->head->sequence = x->head->sequence << 8 | value.data[i];
        }
        memcpy(x->head->digest.bytes, value.data + 8, sizeof x->head->digest.bytes);
        x->head->block = log->block_number;
        x->found = true;
    }
    return CHAOS_OK;
}

static chaos_status start_again(void *context, uint64_t from, chaos_error *err)
{
    (void)from;
    (void)err;
    ((search *)context)->found = false;
    return CHAOS_OK;
}

/* Events of one kind and, at topic `place`, of one value. */
static chaos_status look(world *w, chaos_registry_kind registry, chaos_event_kind kind, size_t place,
                         const chaos_keccak *value, search *x, chaos_error *err)
{
    const chaos_address address = chaos_registries_address(w->registries, registry);
    const chaos_keccak topic = chaos_event_topic(kind);
    chaos_log_reader_options reader_options = CHAOS_LOG_READER_OPTIONS_INIT;
    chaos_log_reader *logs = NULL;
    chaos_block head;
    CHAOS_TRY(chaos_rpc_block(w->rpc, NULL, &head, err));
    reader_options.rpc = w->rpc;
    reader_options.addresses = &address;
    reader_options.address_count = 1;
    reader_options.topics[0].any_of = &topic;
    reader_options.topics[0].count = 1;
    reader_options.topics[place].any_of = value;
    reader_options.topics[place].count = 1;
    reader_options.first_block = head.number > RECENT_BLOCKS ? head.number - RECENT_BLOCKS : 0;
    reader_options.context = x;
    reader_options.on_log = take_event;
    reader_options.on_rollback = start_again;
    CHAOS_TRY(chaos_log_reader_open(&reader_options, &logs, err));
    chaos_status status = chaos_log_reader_poll(logs, NULL, err);
    chaos_log_reader_free(logs);
    CHAOS_TRY(status);
    return x->found ? CHAOS_OK
                    : error_set(err, CHAOS_E_NOT_FOUND, chaos_event_name(kind), CHAOS_NO_OFFSET,
                                "not in the last %u blocks", RECENT_BLOCKS);
}

chaos_status find_head(world *w, const chaos_u256 *agent_id, chaos_head *head, chaos_error *err)
{
    search x = { .w = w, .head = head };
    chaos_keccak topic;
    memcpy(topic.bytes, agent_id->bytes, sizeof topic.bytes);
    return look(w, CHAOS_REGISTRY_IDENTITY, CHAOS_EVENT_METADATA_SET, 1, &topic, &x, err);
}

/* ---------------------------------------------------------------- answer ---- */

static chaos_status newest_request(world *w, const chaos_address *validator, chaos_keccak *hash, chaos_error *err)
{
    chaos_hash_list *list = NULL;
    CHAOS_TRY(chaos_validation_of_validator(w->registries, validator, NULL, &list, err));
    const size_t count = chaos_hash_list_count(list);
    if (count > 0) {
        *hash = *chaos_hash_list_at(list, count - 1);
    }
    chaos_hash_list_free(list);
    return count > 0
               ? CHAOS_OK
               : error_set(err, CHAOS_E_NOT_FOUND, "request", CHAOS_NO_OFFSET, "nobody has asked this validator");
}

static chaos_status fetch_answer(world *w, const char *uri, answered *a, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_REQUEST_FILE);
    chaos_request_file *file = NULL;
    bool committed;
    CHAOS_TRY(chaos_content_get(w->content, uri, &bytes, &committed, err));
    const chaos_keccak hash = chaos_content_hash(buffer_slice(&bytes));
    if (memcmp(hash.bytes, a->request_hash.bytes, sizeof hash.bytes) != 0) {
        return error_set(err, CHAOS_E_CONTENT_HASH, "requestURI", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(chaos_request_file_parse(buffer_slice(&bytes), &file, err));
    chaos_status status = chaos_content_get(w->content, chaos_request_file_fields(file)->evidence_uri, &a->envelope,
                                            &committed, err);
    chaos_request_file_free(file);
    return status;
}

chaos_status find_answer(world *w, const chaos_address *validator, answered *a, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(uri, MAX_URI);
    chaos_validation status;
    search x = { .w = w, .request = &a->request_hash, .uri = &uri };
    chaos_keccak topic = { { 0 } };
    CHAOS_TRY(newest_request(w, validator, &a->request_hash, err));
    CHAOS_TRY(chaos_validation_status(w->registries, &a->request_hash, NULL, &status, NULL, err));
    a->agent_id = status.agent_id;
    memcpy(topic.bytes + 12, validator->bytes, sizeof validator->bytes);
    CHAOS_TRY(look(w, CHAOS_REGISTRY_VALIDATION, CHAOS_EVENT_VALIDATION_REQUEST, 1, &topic, &x, err));
    a->block = x.block;
    return fetch_answer(w, uri.size == 0 ? "" : (const char *)uri.data, a, err);
}
