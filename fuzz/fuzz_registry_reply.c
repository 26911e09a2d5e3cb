/* fuzz_registry_reply.c - return data of a stranger's contract, by each of the decoders (the first byte says which), and
 * what is computed from them. */
#include "erc8004/erc8004.h"
#include "erc8004/log_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static chaos_status feedback(chaos_slice bytes, bool all, chaos_error *err)
{
    static const chaos_address client = { { 1 } };
    CHAOS_AUTO_BUFFER(data, 1u << 20);
    CHAOS_AUTO(chaos_feedback_list, list);
    chaos_feedback_summary summary;
    if (!buffer_append(&data, bytes)) {
        return CHAOS_E_NODE;
    }
    CHAOS_TRY(all ? reply_all_feedback(&data, &list, err) : reply_feedback(&data, &client, 1, &list, err));
    require(data.size == 0 && chaos_feedback_list_count(list) <= bytes.size / ABI_WORD + 1);
    for (size_t i = 0; i < chaos_feedback_list_count(list); i++) {
        char text[CHAOS_DECIMAL_TEXT_SIZE];
        const chaos_feedback *f = chaos_feedback_list_at(list, i);
        chaos_decimal_format(&f->value, f->decimals, text);
        require(strlen(text) < sizeof text - 1 && f->tag1.size <= bytes.size && f->tag2.size <= bytes.size);
    }
    chaos_status status = chaos_feedback_list_summary(list, &summary, NULL);
    require(status == CHAOS_OK || status == CHAOS_E_LIMIT);
    return CHAOS_OK;
}

static chaos_status values(chaos_slice bytes, unsigned which, chaos_error *err)
{
    chaos_address address;
    chaos_u256 word;
    bool flag;
    uint64_t number;
    CHAOS_AUTO_BUFFER(text, 4096);
    switch (which) {
    case 0:
        return reply_address(bytes, "value", &address, err);
    case 1:
        return reply_boolean(bytes, "value", &flag, err);
    case 2:
        return reply_number(bytes, "value", UINT64_MAX, &number, err);
    case 3:
        return reply_word(bytes, "value", &word, err);
    default:
        return reply_bytes(bytes, "value", &text, err);
    }
}

static chaos_status structures(chaos_slice bytes, unsigned which, chaos_error *err)
{
    chaos_feedback_summary summary;
    chaos_validation validation;
    chaos_slice tag;
    registry_domain domain;
    uint64_t count;
    uint8_t mean;
    CHAOS_AUTO(chaos_address_list, addresses);
    CHAOS_AUTO(chaos_hash_list, hashes);
    switch (which) {
    case 0:
        return reply_addresses(bytes, "list", &addresses, err);
    case 1:
        return reply_hashes(bytes, "list", &hashes, err);
    case 2:
        return reply_summary(bytes, &summary, err);
    case 3:
        return reply_status(bytes, &validation, &tag, err);
    case 4:
        return reply_validation_summary(bytes, &count, &mean, err);
    case 5:
        return reply_domain(bytes, &domain, err);
    default:
        return feedback(bytes, which == 6, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum {
        VALUES = 5,
        ALL = 14
    };
    chaos_error err = { .status = CHAOS_OK };
    if (size < 1) {
        return 0;
    }
    unsigned which = data[0] % ALL;
    chaos_slice bytes = slice(data + 1, size - 1);
    if (which == ALL - 1) { /* what a provider says of a range */
        log_range range = log_range_begin(1000);
        require(log_range_fail(&range, 16, 1000, bytes) && range.size >= 1 && range.size < 1000);
        return 0;
    }
    chaos_status status = which < VALUES ? values(bytes, which, &err) : structures(bytes, which - VALUES, &err);
    require(status == CHAOS_OK || (status == CHAOS_E_NODE && err.field != NULL));
    return 0;
}
