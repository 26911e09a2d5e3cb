/* events.c - the logs of the registries. Indexed values are words of the topics, in order; the rest is in the data. */
#include "erc8004/erc8004.h"

enum {
    OF_IDENTITY = 1u << CHAOS_REGISTRY_IDENTITY,
    OF_REPUTATION = 1u << CHAOS_REGISTRY_REPUTATION,
    OF_VALIDATION = 1u << CHAOS_REGISTRY_VALIDATION,
    OF_ALL = OF_IDENTITY | OF_REPUTATION | OF_VALIDATION
};

typedef struct event_reader {
    abi_reader topic; /* the words after topic 0 */
    abi_reader data;
    chaos_event *event;
} event_reader;

/* ------------------------------------------------------------------ parts ---- */

static void agent_topic(event_reader *r)
{
    abi_word(&r->topic, "agentId", r->event->agent_id.bytes);
}

static chaos_address address_topic(event_reader *r, const char *field)
{
    return abi_address(&r->topic, field);
}

static chaos_keccak hash_of(abi_reader *a, const char *field)
{
    chaos_keccak hash;
    abi_word(a, field, hash.bytes);
    return hash;
}

/* An indexed text is there as its hash, and again in full. */
static void expect_hash_of(event_reader *r, chaos_slice text, const chaos_keccak *hash)
{
    chaos_keccak right = hash_keccak(text);
    rd_expect(&r->data.r, memcmp(right.bytes, hash->bytes, sizeof right.bytes) == 0, r->data.r.status,
              "the indexed hash is not that of the text");
}

/* ----------------------------------------------------------------- events ---- */

static void read_registered(event_reader *r)
{
    agent_topic(r);
    r->event->of.registered.owner = address_topic(r, "owner");
    r->event->of.registered.uri = abi_bytes(&r->data, "agentURI");
}

static void read_uri_updated(event_reader *r)
{
    agent_topic(r);
    r->event->of.uri_updated.updated_by = address_topic(r, "updatedBy");
    r->event->of.uri_updated.uri = abi_bytes(&r->data, "newURI");
}

static void read_metadata_set(event_reader *r)
{
    agent_topic(r);
    chaos_keccak hash = hash_of(&r->topic, "indexedMetadataKey");
    r->event->of.metadata_set.key = abi_bytes(&r->data, "metadataKey");
    expect_hash_of(r, r->event->of.metadata_set.key, &hash);
    r->event->of.metadata_set.value = abi_bytes(&r->data, "metadataValue");
}

static void read_transfer(event_reader *r)
{
    r->event->of.transfer.from = address_topic(r, "from");
    r->event->of.transfer.to = address_topic(r, "to");
    agent_topic(r);
}

static void read_approval(event_reader *r)
{
    r->event->of.approval.owner = address_topic(r, "owner");
    r->event->of.approval.approved = address_topic(r, "approved");
    agent_topic(r);
}

static void read_approval_for_all(event_reader *r)
{
    r->event->of.approval_for_all.owner = address_topic(r, "owner");
    r->event->of.approval_for_all.operator_ = address_topic(r, "operator");
    r->event->of.approval_for_all.approved = abi_boolean(&r->data, "approved");
}

static void read_metadata_update(event_reader *r)
{
    abi_word(&r->data, "_tokenId", r->event->agent_id.bytes);
}

static void read_batch_metadata_update(event_reader *r)
{
    abi_word(&r->data, "_fromTokenId", r->event->agent_id.bytes);
    abi_word(&r->data, "_toTokenId", r->event->of.batch_metadata_update.last.bytes);
}

static void read_domain_changed(event_reader *r)
{
    (void)r;
}

static void read_new_feedback(event_reader *r)
{
    uint8_t word[ABI_WORD];
    agent_topic(r);
    r->event->of.new_feedback.client = address_topic(r, "clientAddress");
    chaos_keccak hash = hash_of(&r->topic, "indexedTag1");
    r->event->of.new_feedback.index = abi_unsigned(&r->data, "feedbackIndex", UINT64_MAX);
    abi_int(&r->data, "value", 128, word);
    r->event->of.new_feedback.value = int128_of_word(word);
    r->event->of.new_feedback.decimals = (uint8_t)abi_unsigned(&r->data, "valueDecimals", CHAOS_MAX_DECIMALS);
    r->event->of.new_feedback.tag1 = abi_bytes(&r->data, "tag1");
    expect_hash_of(r, r->event->of.new_feedback.tag1, &hash);
    r->event->of.new_feedback.tag2 = abi_bytes(&r->data, "tag2");
    r->event->of.new_feedback.endpoint = abi_bytes(&r->data, "endpoint");
    r->event->of.new_feedback.uri = abi_bytes(&r->data, "feedbackURI");
    r->event->of.new_feedback.hash = hash_of(&r->data, "feedbackHash");
}

static void read_feedback_revoked(event_reader *r)
{
    agent_topic(r);
    r->event->of.feedback_revoked.client = address_topic(r, "clientAddress");
    r->event->of.feedback_revoked.index = abi_unsigned(&r->topic, "feedbackIndex", UINT64_MAX);
}

static void read_response_appended(event_reader *r)
{
    agent_topic(r);
    r->event->of.response_appended.client = address_topic(r, "clientAddress");
    r->event->of.response_appended.responder = address_topic(r, "responder");
    r->event->of.response_appended.index = abi_unsigned(&r->data, "feedbackIndex", UINT64_MAX);
    r->event->of.response_appended.uri = abi_bytes(&r->data, "responseURI");
    r->event->of.response_appended.hash = hash_of(&r->data, "responseHash");
}

static void read_validation_request(event_reader *r)
{
    r->event->of.validation_request.validator = address_topic(r, "validatorAddress");
    agent_topic(r);
    r->event->of.validation_request.request_hash = hash_of(&r->topic, "requestHash");
    r->event->of.validation_request.uri = abi_bytes(&r->data, "requestURI");
}

static void read_validation_response(event_reader *r)
{
    r->event->of.validation_response.validator = address_topic(r, "validatorAddress");
    agent_topic(r);
    r->event->of.validation_response.request_hash = hash_of(&r->topic, "requestHash");
    r->event->of.validation_response.response = (uint8_t)abi_unsigned(&r->data, "response", 100);
    r->event->of.validation_response.uri = abi_bytes(&r->data, "responseURI");
    r->event->of.validation_response.response_hash = hash_of(&r->data, "responseHash");
    r->event->of.validation_response.tag = abi_bytes(&r->data, "tag");
}

static void read_upgraded(event_reader *r)
{
    r->event->of.upgraded.implementation = address_topic(r, "implementation");
}

static void read_initialized(event_reader *r)
{
    r->event->of.initialized.version = abi_unsigned(&r->data, "version", UINT64_MAX);
}

static void read_ownership_transferred(event_reader *r)
{
    r->event->of.ownership_transferred.previous = address_topic(r, "previousOwner");
    r->event->of.ownership_transferred.next = address_topic(r, "newOwner");
}

/* ------------------------------------------------------------------ table ---- */

typedef struct event_row {
    const char *name;
    unsigned registries;
    size_t topics; /* with topic 0 */
    void (*read)(event_reader *r);
    chaos_keccak topic;
} event_row;

static const event_row rows[CHAOS_EVENT_COUNT] = {
    [CHAOS_EVENT_REGISTERED] = { "Registered", OF_IDENTITY, 3, read_registered, { { 0xca, 0x52, 0xe6, 0x2c, 0x36, 0x7d, 0x81, 0xbb, 0x2e, 0x32, 0x8e, 0xb7, 0x95, 0xf7, 0xc7, 0xba, 0x24, 0xaf, 0xb4, 0x78, 0x40, 0x8a, 0x26, 0xc0, 0xe2, 0x01, 0xd1, 0x55, 0xc4, 0x49, 0xbc, 0x4a } } },
    [CHAOS_EVENT_URI_UPDATED] = { "URIUpdated", OF_IDENTITY, 3, read_uri_updated, { { 0x3a, 0x2c, 0x7f, 0xff, 0xc2, 0xcb, 0xa7, 0x58, 0x2c, 0x69, 0x0e, 0x3b, 0x82, 0xc4, 0x53, 0xea, 0x02, 0xa3, 0x08, 0x32, 0x6a, 0x98, 0xa3, 0xad, 0x75, 0x76, 0xc6, 0x06, 0x33, 0x64, 0x09, 0xfb } } },
    [CHAOS_EVENT_METADATA_SET] = { "MetadataSet", OF_IDENTITY, 3, read_metadata_set, { { 0x2c, 0x14, 0x9e, 0xd5, 0x48, 0xc6, 0xd2, 0x99, 0x3c, 0xd7, 0x3e, 0xfe, 0x18, 0x7d, 0xf6, 0xec, 0xca, 0xbe, 0x45, 0x38, 0x09, 0x1b, 0x33, 0xad, 0xbd, 0x25, 0xfa, 0xfd, 0xb8, 0xa1, 0x46, 0x8b } } },
    [CHAOS_EVENT_TRANSFER] = { "Transfer", OF_IDENTITY, 4, read_transfer, { { 0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa, 0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef } } },
    [CHAOS_EVENT_APPROVAL] = { "Approval", OF_IDENTITY, 4, read_approval, { { 0x8c, 0x5b, 0xe1, 0xe5, 0xeb, 0xec, 0x7d, 0x5b, 0xd1, 0x4f, 0x71, 0x42, 0x7d, 0x1e, 0x84, 0xf3, 0xdd, 0x03, 0x14, 0xc0, 0xf7, 0xb2, 0x29, 0x1e, 0x5b, 0x20, 0x0a, 0xc8, 0xc7, 0xc3, 0xb9, 0x25 } } },
    [CHAOS_EVENT_APPROVAL_FOR_ALL] = { "ApprovalForAll", OF_IDENTITY, 3, read_approval_for_all, { { 0x17, 0x30, 0x7e, 0xab, 0x39, 0xab, 0x61, 0x07, 0xe8, 0x89, 0x98, 0x45, 0xad, 0x3d, 0x59, 0xbd, 0x96, 0x53, 0xf2, 0x00, 0xf2, 0x20, 0x92, 0x04, 0x89, 0xca, 0x2b, 0x59, 0x37, 0x69, 0x6c, 0x31 } } },
    [CHAOS_EVENT_METADATA_UPDATE] = { "MetadataUpdate", OF_IDENTITY, 1, read_metadata_update, { { 0xf8, 0xe1, 0xa1, 0x5a, 0xba, 0x93, 0x98, 0xe0, 0x19, 0xf0, 0xb4, 0x9d, 0xf1, 0xa4, 0xfd, 0xe9, 0x8e, 0xe1, 0x7a, 0xe3, 0x45, 0xcb, 0x5f, 0x6b, 0x5e, 0x2c, 0x27, 0xf5, 0x03, 0x3e, 0x8c, 0xe7 } } },
    [CHAOS_EVENT_BATCH_METADATA_UPDATE] = { "BatchMetadataUpdate", OF_IDENTITY, 1, read_batch_metadata_update, { { 0x6b, 0xd5, 0xc9, 0x50, 0xa8, 0xd8, 0xdf, 0x17, 0xf7, 0x72, 0xf5, 0xaf, 0x37, 0xcb, 0x36, 0x55, 0x73, 0x78, 0x99, 0xcb, 0xf9, 0x03, 0x26, 0x4b, 0x97, 0x95, 0x59, 0x2d, 0xa4, 0x39, 0x66, 0x1c } } },
    [CHAOS_EVENT_DOMAIN_CHANGED] = { "EIP712DomainChanged", OF_IDENTITY, 1, read_domain_changed, { { 0x0a, 0x63, 0x87, 0xc9, 0xea, 0x36, 0x28, 0xb8, 0x8a, 0x63, 0x3b, 0xb4, 0xf3, 0xb1, 0x51, 0x77, 0x0f, 0x70, 0x08, 0x51, 0x17, 0xa1, 0x5f, 0x9b, 0xf3, 0x78, 0x7c, 0xda, 0x53, 0xf1, 0x3d, 0x31 } } },
    [CHAOS_EVENT_NEW_FEEDBACK] = { "NewFeedback", OF_REPUTATION, 4, read_new_feedback, { { 0x6a, 0x4a, 0x61, 0x74, 0x35, 0x19, 0xc9, 0xd6, 0x48, 0xa1, 0x4e, 0x64, 0x93, 0xf4, 0x7d, 0xbe, 0x3f, 0xf1, 0xaa, 0x29, 0xe7, 0x78, 0x5c, 0x96, 0xc8, 0x32, 0x6a, 0x20, 0x5e, 0x58, 0xfe, 0xbc } } },
    [CHAOS_EVENT_FEEDBACK_REVOKED] = { "FeedbackRevoked", OF_REPUTATION, 4, read_feedback_revoked, { { 0x25, 0x15, 0x6f, 0xd3, 0x28, 0x82, 0x12, 0x24, 0x6d, 0x8b, 0x00, 0x8d, 0x59, 0x21, 0xfd, 0xe3, 0x76, 0xc7, 0x1e, 0xd1, 0x4a, 0xc2, 0xe0, 0x72, 0xa5, 0x06, 0xeb, 0x06, 0xfd, 0xe6, 0xd0, 0x9d } } },
    [CHAOS_EVENT_RESPONSE_APPENDED] = { "ResponseAppended", OF_REPUTATION, 4, read_response_appended, { { 0xb1, 0xc6, 0xbe, 0x0b, 0x5b, 0x8a, 0xef, 0x65, 0x39, 0xe2, 0xfa, 0xc0, 0xfd, 0x13, 0x1a, 0x2f, 0xaa, 0x7b, 0x49, 0xed, 0xf8, 0xe5, 0x05, 0xb5, 0xeb, 0x0a, 0xd4, 0x87, 0xd5, 0x60, 0x51, 0xd4 } } },
    [CHAOS_EVENT_VALIDATION_REQUEST] = { "ValidationRequest", OF_VALIDATION, 4, read_validation_request, { { 0x53, 0x04, 0x36, 0xc3, 0x63, 0x4a, 0x98, 0xe1, 0xe6, 0x26, 0xb0, 0x89, 0x8b, 0xe2, 0xf1, 0xe9, 0x98, 0x0c, 0xc1, 0xbd, 0x2a, 0x78, 0xc0, 0x7a, 0x0a, 0xba, 0x52, 0xd0, 0xa4, 0x8a, 0x50, 0x59 } } },
    [CHAOS_EVENT_VALIDATION_RESPONSE] = { "ValidationResponse", OF_VALIDATION, 4, read_validation_response, { { 0xaf, 0xdd, 0xf6, 0x29, 0xe8, 0x74, 0xcc, 0xc3, 0x96, 0x3b, 0x6a, 0x88, 0x8c, 0x47, 0x7b, 0xd4, 0x64, 0xa6, 0xc8, 0x52, 0x50, 0x24, 0xfc, 0x88, 0x75, 0x9e, 0xa3, 0xb2, 0x32, 0x63, 0x49, 0xae } } },
    [CHAOS_EVENT_UPGRADED] = { "Upgraded", OF_ALL, 2, read_upgraded, { { 0xbc, 0x7c, 0xd7, 0x5a, 0x20, 0xee, 0x27, 0xfd, 0x9a, 0xde, 0xba, 0xb3, 0x20, 0x41, 0xf7, 0x55, 0x21, 0x4d, 0xbc, 0x6b, 0xff, 0xa9, 0x0c, 0xc0, 0x22, 0x5b, 0x39, 0xda, 0x2e, 0x5c, 0x2d, 0x3b } } },
    [CHAOS_EVENT_INITIALIZED] = { "Initialized", OF_ALL, 1, read_initialized, { { 0xc7, 0xf5, 0x05, 0xb2, 0xf3, 0x71, 0xae, 0x21, 0x75, 0xee, 0x49, 0x13, 0xf4, 0x49, 0x9e, 0x1f, 0x26, 0x33, 0xa7, 0xb5, 0x93, 0x63, 0x21, 0xee, 0xd1, 0xcd, 0xae, 0xb6, 0x11, 0x51, 0x81, 0xd2 } } },
    [CHAOS_EVENT_OWNERSHIP_TRANSFERRED] = { "OwnershipTransferred", OF_ALL, 3, read_ownership_transferred, { { 0x8b, 0xe0, 0x07, 0x9c, 0x53, 0x16, 0x59, 0x14, 0x13, 0x44, 0xcd, 0x1f, 0xd0, 0xa4, 0xf2, 0x84, 0x19, 0x49, 0x7f, 0x97, 0x22, 0xa3, 0xda, 0xaf, 0xe3, 0xb4, 0x18, 0x6f, 0x6b, 0x64, 0x57, 0xe0 } } },
};

static bool is_known(chaos_event_kind kind)
{
    return kind > CHAOS_EVENT_UNKNOWN && kind < CHAOS_EVENT_COUNT;
}

const char *chaos_event_name(chaos_event_kind kind)
{
    return is_known(kind) ? rows[kind].name : NULL;
}

chaos_keccak chaos_event_topic(chaos_event_kind kind)
{
    return is_known(kind) ? rows[kind].topic : (chaos_keccak){ { 0 } };
}

static chaos_event_kind find(const chaos_keccak *topic)
{
    for (unsigned kind = CHAOS_EVENT_UNKNOWN + 1; kind < CHAOS_EVENT_COUNT; kind++) {
        if (memcmp(rows[kind].topic.bytes, topic->bytes, sizeof topic->bytes) == 0) {
            return (chaos_event_kind)kind;
        }
    }
    return CHAOS_EVENT_UNKNOWN;
}

chaos_status chaos_event_read(const chaos_log *log, chaos_event *event, chaos_error *err)
{
    chaos_event made = { .kind = CHAOS_EVENT_UNKNOWN };
    if (log == NULL || event == NULL || log->topic_count > CHAOS_ARRAY_SIZE(log->topics)) {
        return usage(err, "log", "the log and the event may not be NULL, and a log has at most four topics");
    }
    made.kind = log->topic_count == 0 ? CHAOS_EVENT_UNKNOWN : find(&log->topics[0]);
    if (made.kind == CHAOS_EVENT_UNKNOWN) {
        *event = made;
        return CHAOS_OK;
    }
    const event_row *row = &rows[made.kind];
    if (log->topic_count != row->topics) {
        (void)error_set(err, CHAOS_E_ABI_FORMAT, "topics", CHAOS_NO_OFFSET, "%s has another number of topics",
                        row->name);
        error_expected(err, "%zu", row->topics);
        error_found(err, "%zu", log->topic_count);
        return CHAOS_E_ABI_FORMAT;
    }
    event_reader r = {
        .topic = abi_reader_begin(slice(log->topics[1].bytes, ABI_WORD * (log->topic_count - 1)), CHAOS_E_ABI_FORMAT),
        .data = abi_reader_begin(log->data, CHAOS_E_ABI_FORMAT),
        .event = &made,
    };
    row->read(&r);
    if (!abi_ok(&r.topic)) {
        return fault_to_error(&r.topic.r.why, err);
    }
    if (!abi_ok(&r.data)) {
        return fault_to_error(&r.data.r.why, err);
    }
    *event = made;
    return CHAOS_OK;
}

chaos_status chaos_registries_event(const chaos_registries *registries, const chaos_log *log, chaos_event *event,
                                    chaos_error *err)
{
    unsigned from = 0;
    if (registries == NULL || log == NULL || event == NULL || log->topic_count > CHAOS_ARRAY_SIZE(log->topics)) {
        return usage(err, "log", "registries, log and event may not be NULL, and a log has at most four topics");
    }
    for (unsigned kind = 0; kind < REGISTRY_COUNT; kind++) {
        if (registries->registry[kind].present &&
            memcmp(registries->registry[kind].address.bytes, log->address.bytes, sizeof log->address.bytes) == 0) {
            from |= 1u << kind;
        }
    }
    chaos_event_kind kind = log->topic_count == 0 ? CHAOS_EVENT_UNKNOWN : find(&log->topics[0]);
    if (kind == CHAOS_EVENT_UNKNOWN || (rows[kind].registries & from) == 0) {
        *event = (chaos_event){ .kind = CHAOS_EVENT_UNKNOWN };
        return CHAOS_OK;
    }
    return chaos_event_read(log, event, err);
}
