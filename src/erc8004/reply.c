/* reply.c - return data of the registries' functions. What is not of its type is the node's fault or the
 * contract's, never a verdict about an agent: the status is NODE. */
#include "erc8004/erc8004.h"

struct chaos_address_list {
    size_t count;
    chaos_address items[];
};
struct chaos_hash_list {
    size_t count;
    chaos_keccak items[];
};
struct chaos_feedback_list {
    chaos_buffer data; /* the tags lie in it */
    size_t count;
    chaos_feedback items[];
};

/* ------------------------------------------------------------------ lists ---- */

void chaos_address_list_free(chaos_address_list *list)
{
    free(list);
}

size_t chaos_address_list_count(const chaos_address_list *list)
{
    return list == NULL ? 0 : list->count;
}

const chaos_address *chaos_address_list_at(const chaos_address_list *list, size_t index)
{
    return list != NULL && index < list->count ? &list->items[index] : NULL;
}

void chaos_hash_list_free(chaos_hash_list *list)
{
    free(list);
}

size_t chaos_hash_list_count(const chaos_hash_list *list)
{
    return list == NULL ? 0 : list->count;
}

const chaos_keccak *chaos_hash_list_at(const chaos_hash_list *list, size_t index)
{
    return list != NULL && index < list->count ? &list->items[index] : NULL;
}

void chaos_feedback_list_free(chaos_feedback_list *list)
{
    if (list != NULL) {
        chaos_buffer_free(&list->data);
        free(list);
    }
}

size_t chaos_feedback_list_count(const chaos_feedback_list *list)
{
    return list == NULL ? 0 : list->count;
}

const chaos_feedback *chaos_feedback_list_at(const chaos_feedback_list *list, size_t index)
{
    return list != NULL && index < list->count ? &list->items[index] : NULL;
}

/* ----------------------------------------------------------------- values ---- */

abi_reader reply_begin(chaos_slice data)
{
    return abi_reader_begin(data, CHAOS_E_NODE);
}

chaos_status reply_end(const abi_reader *reply, chaos_error *err)
{
    return abi_ok(reply) ? CHAOS_OK : fault_to_error(&reply->r.why, err);
}

static chaos_status out_of_memory(chaos_error *err)
{
    return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

chaos_status reply_address(chaos_slice data, const char *field, chaos_address *out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    chaos_address address = abi_address(&reply, field);
    CHAOS_TRY(reply_end(&reply, err));
    *out = address;
    return CHAOS_OK;
}

chaos_status reply_boolean(chaos_slice data, const char *field, bool *out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    bool value = abi_boolean(&reply, field);
    CHAOS_TRY(reply_end(&reply, err));
    *out = value;
    return CHAOS_OK;
}

chaos_status reply_number(chaos_slice data, const char *field, uint64_t max, uint64_t *out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    uint64_t number = abi_unsigned(&reply, field, max);
    CHAOS_TRY(reply_end(&reply, err));
    *out = number;
    return CHAOS_OK;
}

chaos_status reply_word(chaos_slice data, const char *field, chaos_u256 *out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    chaos_u256 word;
    abi_word(&reply, field, word.bytes);
    CHAOS_TRY(reply_end(&reply, err));
    *out = word;
    return CHAOS_OK;
}

chaos_status reply_bytes(chaos_slice data, const char *field, chaos_buffer *out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    chaos_slice bytes = abi_bytes(&reply, field);
    CHAOS_TRY(reply_end(&reply, err));
    if (!buffer_append(out, bytes)) {
        (void)error_set(err, CHAOS_E_NODE, field, CHAOS_NO_OFFSET, "the contract's answer is longer than the limit");
        error_expected(err, "at most %zu bytes", out->limit - out->size);
        error_found(err, "%zu", bytes.size);
        return CHAOS_E_NODE;
    }
    return CHAOS_OK;
}

chaos_status reply_addresses(chaos_slice data, const char *field, chaos_address_list **out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    size_t count;
    abi_reader array = abi_enter_array(&reply, field, &count);
    chaos_address_list *list = calloc(1, sizeof *list + count * sizeof list->items[0]);
    if (list == NULL) {
        return out_of_memory(err);
    }
    for (; list->count < count; list->count++) {
        list->items[list->count] = abi_address(&array, field);
    }
    abi_leave(&reply, &array);
    chaos_status status = reply_end(&reply, err);
    if (status != CHAOS_OK) {
        chaos_address_list_free(list);
        return status;
    }
    *out = list;
    return CHAOS_OK;
}

chaos_status reply_hashes(chaos_slice data, const char *field, chaos_hash_list **out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    size_t count;
    abi_reader array = abi_enter_array(&reply, field, &count);
    chaos_hash_list *list = calloc(1, sizeof *list + count * sizeof list->items[0]);
    if (list == NULL) {
        return out_of_memory(err);
    }
    for (; list->count < count; list->count++) {
        abi_word(&array, field, list->items[list->count].bytes);
    }
    abi_leave(&reply, &array);
    chaos_status status = reply_end(&reply, err);
    if (status != CHAOS_OK) {
        chaos_hash_list_free(list);
        return status;
    }
    *out = list;
    return CHAOS_OK;
}

/* --------------------------------------------------------------- feedback ---- */

static chaos_int128 read_int128(abi_reader *a, const char *field)
{
    uint8_t word[ABI_WORD];
    abi_int(a, field, 128, word);
    return int128_of_word(word);
}

chaos_status reply_feedback(chaos_buffer *data, const chaos_address *client, uint64_t index, chaos_feedback_list **out,
                            chaos_error *err)
{
    chaos_feedback_list *list = calloc(1, sizeof *list + sizeof list->items[0]);
    if (list == NULL) {
        return out_of_memory(err);
    }
    abi_reader reply = reply_begin(buffer_slice(data));
    chaos_feedback *f = &list->items[0];
    f->client = *client;
    f->index = index;
    f->value = read_int128(&reply, "value");
    f->decimals = (uint8_t)abi_unsigned(&reply, "valueDecimals", CHAOS_MAX_DECIMALS);
    f->tag1 = abi_bytes(&reply, "tag1");
    f->tag2 = abi_bytes(&reply, "tag2");
    f->is_revoked = abi_boolean(&reply, "isRevoked");
    chaos_status status = reply_end(&reply, err);
    if (status != CHAOS_OK) {
        chaos_feedback_list_free(list);
        return status;
    }
    list->count = 1;
    list->data = *data;
    *data = (chaos_buffer)CHAOS_BUFFER_INIT(data->limit);
    *out = list;
    return CHAOS_OK;
}

/* The seven parallel arrays of readAllFeedback, each as long as the first. */
enum {
    ALL_CLIENTS,
    ALL_INDEXES,
    ALL_VALUES,
    ALL_DECIMALS,
    ALL_TAG1S,
    ALL_TAG2S,
    ALL_REVOKED,
    ALL_COUNT
};
static const char *const all_names[ALL_COUNT] = { "clients", "feedbackIndexes", "values", "valueDecimals", "tag1s",
                                                  "tag2s", "revokedStatuses" };

static void read_row(abi_reader column[ALL_COUNT], chaos_feedback *f)
{
    f->client = abi_address(&column[ALL_CLIENTS], all_names[ALL_CLIENTS]);
    f->index = abi_unsigned(&column[ALL_INDEXES], all_names[ALL_INDEXES], UINT64_MAX);
    f->value = read_int128(&column[ALL_VALUES], all_names[ALL_VALUES]);
    f->decimals = (uint8_t)abi_unsigned(&column[ALL_DECIMALS], all_names[ALL_DECIMALS], CHAOS_MAX_DECIMALS);
    f->tag1 = abi_bytes(&column[ALL_TAG1S], all_names[ALL_TAG1S]);
    f->tag2 = abi_bytes(&column[ALL_TAG2S], all_names[ALL_TAG2S]);
    f->is_revoked = abi_boolean(&column[ALL_REVOKED], all_names[ALL_REVOKED]);
}

chaos_status reply_all_feedback(chaos_buffer *data, chaos_feedback_list **out, chaos_error *err)
{
    abi_reader reply = reply_begin(buffer_slice(data));
    abi_reader column[ALL_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < ALL_COUNT; i++) {
        size_t rows;
        column[i] = abi_enter_array(&reply, all_names[i], &rows);
        abi_leave(&reply, &column[i]);
        count = i == 0 ? rows : count;
        rd_expect(&reply.r, rows == count, CHAOS_E_NODE, "the arrays are not of one length");
    }
    CHAOS_TRY(reply_end(&reply, err));
    CHAOS_AUTO(chaos_feedback_list, list);
    list = calloc(1, sizeof *list + count * sizeof list->items[0]);
    if (list == NULL) {
        return out_of_memory(err);
    }
    for (; list->count < count; list->count++) {
        read_row(column, &list->items[list->count]);
    }
    for (size_t i = 0; i < ALL_COUNT; i++) {
        abi_leave(&reply, &column[i]);
    }
    CHAOS_TRY(reply_end(&reply, err));
    list->data = *data;
    *data = (chaos_buffer)CHAOS_BUFFER_INIT(data->limit);
    CHAOS_GIVE(out, list);
    return CHAOS_OK;
}

chaos_status reply_summary(chaos_slice data, chaos_feedback_summary *out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    chaos_feedback_summary made;
    made.count = abi_unsigned(&reply, "count", UINT64_MAX);
    made.value = read_int128(&reply, "summaryValue");
    made.decimals = (uint8_t)abi_unsigned(&reply, "summaryValueDecimals", CHAOS_MAX_DECIMALS);
    CHAOS_TRY(reply_end(&reply, err));
    *out = made;
    return CHAOS_OK;
}

/* ------------------------------------------------------------- validation ---- */

chaos_status reply_status(chaos_slice data, chaos_validation *out, chaos_slice *tag, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    chaos_validation made = { .is_answered = false };
    made.validator = abi_address(&reply, "validatorAddress");
    abi_word(&reply, "agentId", made.agent_id.bytes);
    made.response = (uint8_t)abi_unsigned(&reply, "response", 100);
    abi_word(&reply, "responseHash", made.response_hash.bytes);
    chaos_slice text = abi_bytes(&reply, "tag");
    made.last_update = (int64_t)abi_unsigned(&reply, "lastUpdate", INT64_MAX - 1);
    CHAOS_TRY(reply_end(&reply, err));
    *out = made;
    *tag = text;
    return CHAOS_OK;
}

chaos_status reply_validation_summary(chaos_slice data, uint64_t *count, uint8_t *mean, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    uint64_t n = abi_unsigned(&reply, "count", UINT64_MAX);
    uint64_t value = abi_unsigned(&reply, "avgResponse", 100);
    CHAOS_TRY(reply_end(&reply, err));
    *count = n;
    *mean = (uint8_t)value;
    return CHAOS_OK;
}

chaos_status reply_domain(chaos_slice data, registry_domain *out, chaos_error *err)
{
    abi_reader reply = reply_begin(data);
    registry_domain made;
    uint8_t word[ABI_WORD];
    size_t extensions;
    abi_fixed_bytes(&reply, "fields", 1, word);
    made.fields = word[0];
    made.name = abi_bytes(&reply, "name");
    made.version = abi_bytes(&reply, "version");
    abi_word(&reply, "chainId", made.chain_id.bytes);
    made.contract = abi_address(&reply, "verifyingContract");
    abi_word(&reply, "salt", word);
    made.has_salt = !slice_is_zero(slice(word, sizeof word));
    abi_reader array = abi_enter_array(&reply, "extensions", &extensions);
    abi_leave(&reply, &array);
    made.has_extensions = extensions > 0;
    CHAOS_TRY(reply_end(&reply, err));
    *out = made;
    return CHAOS_OK;
}
