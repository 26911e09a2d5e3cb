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
    chaos_event_kind kind; /* rows[kind - 1] */
    const char *name;
    unsigned registries;
    size_t topics; /* with topic 0 */
    void (*read)(event_reader *r);
    chaos_keccak topic;
} event_row;

#define EIGHT(w)                                                                                                 \
    (uint8_t)((w) >> 56), (uint8_t)((w) >> 48 & 0xff), (uint8_t)((w) >> 40 & 0xff), (uint8_t)((w) >> 32 & 0xff), \
        (uint8_t)((w) >> 24 & 0xff), (uint8_t)((w) >> 16 & 0xff), (uint8_t)((w) >> 8 & 0xff), (uint8_t)((w)&0xff)
#define TOPIC(a, b, c, d)                                                                  \
    {                                                                                      \
        {                                                                                  \
            EIGHT(UINT64_C(a)), EIGHT(UINT64_C(b)), EIGHT(UINT64_C(c)), EIGHT(UINT64_C(d)) \
        }                                                                                  \
    }

static const event_row rows[CHAOS_EVENT_COUNT - 1] = {
    { CHAOS_EVENT_REGISTERED, "Registered", OF_IDENTITY, 3, read_registered,
      TOPIC(0xca52e62c367d81bb, 0x2e328eb795f7c7ba, 0x24afb478408a26c0, 0xe201d155c449bc4a) },
    { CHAOS_EVENT_URI_UPDATED, "URIUpdated", OF_IDENTITY, 3, read_uri_updated,
      TOPIC(0x3a2c7fffc2cba758, 0x2c690e3b82c453ea, 0x02a308326a98a3ad, 0x7576c606336409fb) },
    { CHAOS_EVENT_METADATA_SET, "MetadataSet", OF_IDENTITY, 3, read_metadata_set,
      TOPIC(0x2c149ed548c6d299, 0x3cd73efe187df6ec, 0xcabe4538091b33ad, 0xbd25fafdb8a1468b) },
    { CHAOS_EVENT_TRANSFER, "Transfer", OF_IDENTITY, 4, read_transfer,
      TOPIC(0xddf252ad1be2c89b, 0x69c2b068fc378daa, 0x952ba7f163c4a116, 0x28f55a4df523b3ef) },
    { CHAOS_EVENT_APPROVAL, "Approval", OF_IDENTITY, 4, read_approval,
      TOPIC(0x8c5be1e5ebec7d5b, 0xd14f71427d1e84f3, 0xdd0314c0f7b2291e, 0x5b200ac8c7c3b925) },
    { CHAOS_EVENT_APPROVAL_FOR_ALL, "ApprovalForAll", OF_IDENTITY, 3, read_approval_for_all,
      TOPIC(0x17307eab39ab6107, 0xe8899845ad3d59bd, 0x9653f200f2209204, 0x89ca2b5937696c31) },
    { CHAOS_EVENT_METADATA_UPDATE, "MetadataUpdate", OF_IDENTITY, 1, read_metadata_update,
      TOPIC(0xf8e1a15aba9398e0, 0x19f0b49df1a4fde9, 0x8ee17ae345cb5f6b, 0x5e2c27f5033e8ce7) },
    { CHAOS_EVENT_BATCH_METADATA_UPDATE, "BatchMetadataUpdate", OF_IDENTITY, 1, read_batch_metadata_update,
      TOPIC(0x6bd5c950a8d8df17, 0xf772f5af37cb3655, 0x737899cbf903264b, 0x9795592da439661c) },
    { CHAOS_EVENT_DOMAIN_CHANGED, "EIP712DomainChanged", OF_IDENTITY, 1, read_domain_changed,
      TOPIC(0x0a6387c9ea3628b8, 0x8a633bb4f3b15177, 0x0f70085117a15f9b, 0xf3787cda53f13d31) },
    { CHAOS_EVENT_NEW_FEEDBACK, "NewFeedback", OF_REPUTATION, 4, read_new_feedback,
      TOPIC(0x6a4a61743519c9d6, 0x48a14e6493f47dbe, 0x3ff1aa29e7785c96, 0xc8326a205e58febc) },
    { CHAOS_EVENT_FEEDBACK_REVOKED, "FeedbackRevoked", OF_REPUTATION, 4, read_feedback_revoked,
      TOPIC(0x25156fd328821224, 0x6d8b008d5921fde3, 0x76c71ed14ac2e072, 0xa506eb06fde6d09d) },
    { CHAOS_EVENT_RESPONSE_APPENDED, "ResponseAppended", OF_REPUTATION, 4, read_response_appended,
      TOPIC(0xb1c6be0b5b8aef65, 0x39e2fac0fd131a2f, 0xaa7b49edf8e505b5, 0xeb0ad487d56051d4) },
    { CHAOS_EVENT_VALIDATION_REQUEST, "ValidationRequest", OF_VALIDATION, 4, read_validation_request,
      TOPIC(0x530436c3634a98e1, 0xe626b0898be2f1e9, 0x980cc1bd2a78c07a, 0x0aba52d0a48a5059) },
    { CHAOS_EVENT_VALIDATION_RESPONSE, "ValidationResponse", OF_VALIDATION, 4, read_validation_response,
      TOPIC(0xafddf629e874ccc3, 0x963b6a888c477bd4, 0x64a6c8525024fc88, 0x759ea3b2326349ae) },
    { CHAOS_EVENT_UPGRADED, "Upgraded", OF_ALL, 2, read_upgraded,
      TOPIC(0xbc7cd75a20ee27fd, 0x9adebab32041f755, 0x214dbc6bffa90cc0, 0x225b39da2e5c2d3b) },
    { CHAOS_EVENT_INITIALIZED, "Initialized", OF_ALL, 1, read_initialized,
      TOPIC(0xc7f505b2f371ae21, 0x75ee4913f4499e1f, 0x2633a7b5936321ee, 0xd1cdaeb6115181d2) },
    { CHAOS_EVENT_OWNERSHIP_TRANSFERRED, "OwnershipTransferred", OF_ALL, 3, read_ownership_transferred,
      TOPIC(0x8be0079c53165914, 0x1344cd1fd0a4f284, 0x19497f9722a3daaf, 0xe3b4186f6b6457e0) },
};

static bool is_known(chaos_event_kind kind)
{
    return kind > CHAOS_EVENT_UNKNOWN && kind < CHAOS_EVENT_COUNT;
}

const char *chaos_event_name(chaos_event_kind kind)
{
    return is_known(kind) ? rows[kind - 1].name : NULL;
}

chaos_keccak chaos_event_topic(chaos_event_kind kind)
{
    return is_known(kind) ? rows[kind - 1].topic : (chaos_keccak){ { 0 } };
}

static chaos_event_kind find(const chaos_keccak *topic)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        if (memcmp(rows[i].topic.bytes, topic->bytes, sizeof topic->bytes) == 0) {
            return rows[i].kind;
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
    const event_row *row = &rows[made.kind - 1];
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
    if (kind == CHAOS_EVENT_UNKNOWN || (rows[kind - 1].registries & from) == 0) {
        *event = (chaos_event){ .kind = CHAOS_EVENT_UNKNOWN };
        return CHAOS_OK;
    }
    return chaos_event_read(log, event, err);
}
