/* rpc_logs.c - logs and receipts: lists in the order of the chain, and nothing in them that was not asked for. */
#include "eth/rpc.h"

struct chaos_logs {
    chaos_log *items;
    size_t count, capacity;
    chaos_buffer data; /* of all entries */
};

void chaos_logs_free(chaos_logs *logs)
{
    if (logs != NULL) {
        chaos_buffer_free(&logs->data);
        free(logs->items);
        free(logs);
    }
}

size_t chaos_logs_count(const chaos_logs *logs)
{
    return logs == NULL ? 0 : logs->count;
}

const chaos_log *chaos_logs_at(const chaos_logs *logs, size_t index)
{
    return logs == NULL || index >= logs->count ? NULL : &logs->items[index];
}

/* ---------------------------------------------------------------- reading ---- */

enum {
    HAS_ADDRESS = 1,
    HAS_TOPICS = 2,
    HAS_DATA = 4,
    HAS_BLOCK = 8,
    HAS_BLOCK_HASH = 16,
    HAS_HASH = 32,
    HAS_INDEX = 64,
    HAS_LOG_INDEX = 128,
    HAS_ALL = 255
};

static void read_topics(json *j, chaos_log *log)
{
    json_enter_array(j, "topics");
    while (json_element(j)) {
        if (log->topic_count == CHAOS_ARRAY_SIZE(log->topics)) {
            json_bad(j, "a log has more than four topics");
            return;
        }
        rpc_fixed(j, "topics", log->topics[log->topic_count++].bytes, sizeof log->topics[0].bytes);
    }
}

static unsigned read_log_member(json *j, chaos_slice key, chaos_log *log, chaos_buffer *data)
{
    if (slice_is(key, "address")) {
        rpc_fixed(j, "address", log->address.bytes, sizeof log->address.bytes);
        return HAS_ADDRESS;
    }
    if (slice_is(key, "topics")) {
        read_topics(j, log);
        return HAS_TOPICS;
    }
    if (slice_is(key, "data")) {
        size_t before = data->size;
        rpc_data(j, "data", data);
        log->data = slice(NULL, data->size - before);
        return HAS_DATA;
    }
    if (slice_is(key, "blockNumber")) {
        log->block_number = rpc_unsigned(j, "blockNumber", RPC_MAX_HEIGHT);
        return HAS_BLOCK;
    }
    if (slice_is(key, "blockHash")) {
        rpc_fixed(j, "blockHash", log->block_hash.bytes, sizeof log->block_hash.bytes);
        return HAS_BLOCK_HASH;
    }
    if (slice_is(key, "transactionHash")) {
        rpc_fixed(j, "transactionHash", log->transaction_hash.bytes, sizeof log->transaction_hash.bytes);
        return HAS_HASH;
    }
    if (slice_is(key, "transactionIndex")) {
        log->transaction_index = (uint32_t)rpc_unsigned(j, "transactionIndex", UINT32_MAX);
        return HAS_INDEX;
    }
    if (slice_is(key, "logIndex")) {
        log->log_index = (uint32_t)rpc_unsigned(j, "logIndex", UINT32_MAX);
        return HAS_LOG_INDEX;
    }
    if (slice_is(key, "removed")) {
        if (json_boolean(j, "removed")) {
            json_bad(j, "the log is of a block that was removed");
        }
        return 0;
    }
    json_skip(j, "log", NULL);
    return 0;
}

/* The data are appended to `data`, and log->data has their size alone. */
static void read_log(json *j, chaos_log *log, chaos_buffer *data)
{
    static const char *const names[] = { "address", "topics", "data", "blockNumber", "blockHash", "transactionHash",
                                         "transactionIndex", "logIndex" };
    unsigned has = 0;
    chaos_slice key;
    memset(log, 0, sizeof *log);
    json_enter_object(j, "log");
    while (json_key(j, &key)) {
        has |= read_log_member(j, key, log, data);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        json_require(j, (has >> i & 1u) != 0, names[i]);
    }
}

static bool room_for_one(chaos_logs *logs)
{
    if (logs->count < logs->capacity) {
        return true;
    }
    size_t capacity = logs->capacity == 0 ? 16 : 2 * logs->capacity;
    chaos_log *larger = realloc(logs->items, capacity * sizeof *larger);
    if (larger != NULL) {
        logs->items = larger;
        logs->capacity = capacity;
    }
    return larger != NULL;
}

static int compare(const void *a, const void *b)
{
    const chaos_log *x = a;
    const chaos_log *y = b;
    if (x->block_number != y->block_number) {
        return x->block_number < y->block_number ? -1 : 1;
    }
    return x->log_index < y->log_index ? -1 : x->log_index > y->log_index;
}

/* The data have come to rest: now they can be pointed at. Then the order of the chain, in which nothing is twice. */
static void settle(json *j, chaos_logs *logs)
{
    size_t offset = 0;
    for (size_t i = 0; i < logs->count; i++) {
        size_t size = logs->items[i].data.size;
        logs->items[i].data.data = size == 0 ? NULL : logs->data.data + offset;
        offset += size;
    }
    if (logs->count > 0) {
        qsort(logs->items, logs->count, sizeof logs->items[0], compare);
    }
    for (size_t i = 1; i < logs->count; i++) {
        const chaos_log *before = &logs->items[i - 1];
        const chaos_log *log = &logs->items[i];
        if (compare(before, log) == 0) {
            json_bad(j, "a log is there twice");
        } else if (before->block_number == log->block_number &&
                   (memcmp(&before->block_hash, &log->block_hash, sizeof log->block_hash) != 0 ||
                    before->transaction_index > log->transaction_index)) {
            json_bad(j, "the logs of one block do not agree");
        }
    }
}

chaos_logs *rpc_read_logs(json *j)
{
    chaos_logs *made = calloc(1, sizeof *made);
    if (made == NULL) {
        rd_fail(&j->r, CHAOS_E_MEMORY, "logs", CHAOS_NO_OFFSET, NULL);
        return NULL;
    }
    made->data.limit = NET_MAX_REPLY;
    json_enter_array(j, "logs");
    while (json_element(j)) {
        if (!room_for_one(made)) {
            rd_fail(&j->r, CHAOS_E_MEMORY, "logs", CHAOS_NO_OFFSET, NULL);
            break;
        }
        read_log(j, &made->items[made->count], &made->data);
        made->count++;
    }
    if (json_ok(j)) {
        settle(j, made);
    }
    if (!json_ok(j)) {
        chaos_logs_free(made);
        return NULL;
    }
    return made;
}

/* ----------------------------------------------------------------- filter ---- */

static bool is_any_of(const chaos_keccak *topic, const chaos_keccak *any_of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(topic, &any_of[i], sizeof *topic) == 0) {
            return true;
        }
    }
    return count == 0;
}

static bool matches(const chaos_log_filter *f, const chaos_log *log)
{
    bool address = f->address_count == 0;
    for (size_t i = 0; i < f->address_count; i++) {
        address = address || memcmp(&f->addresses[i], &log->address, sizeof log->address) == 0;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(f->topics); i++) {
        bool asked = f->topics[i].count > 0;
        if (asked && (i >= log->topic_count || !is_any_of(&log->topics[i], f->topics[i].any_of, f->topics[i].count))) {
            return false;
        }
    }
    bool block = f->by_hash ? memcmp(&f->block_hash, &log->block_hash, sizeof f->block_hash) == 0
                            : log->block_number >= f->from_block && log->block_number <= f->to_block;
    return address && block;
}

static chaos_status check(const chaos_log_filter *f, chaos_error *err)
{
    if (f == NULL || f->size != sizeof *f) {
        return error_set(err, CHAOS_E_USAGE, "filter", CHAOS_NO_OFFSET, "begin with CHAOS_LOG_FILTER_INIT");
    }
    if (f->address_count > CHAOS_MAX_FILTER_ADDRESSES || (f->addresses == NULL && f->address_count > 0)) {
        return error_set(err, CHAOS_E_USAGE, "addresses", CHAOS_NO_OFFSET, "there are too many addresses, or NULL");
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(f->topics); i++) {
        if (f->topics[i].count > CHAOS_MAX_FILTER_TOPICS || (f->topics[i].any_of == NULL && f->topics[i].count > 0)) {
            return error_set(err, CHAOS_E_USAGE, "topics", CHAOS_NO_OFFSET, "there are too many topics, or NULL");
        }
    }
    if (!f->by_hash && (f->from_block > f->to_block || f->to_block > RPC_MAX_HEIGHT)) {
        return error_set(err, CHAOS_E_USAGE, "from_block", CHAOS_NO_OFFSET,
                         "the range of blocks is reversed, or too high");
    }
    return CHAOS_OK;
}

static void write_topics(json_writer *w, const chaos_log_filter *f)
{
    size_t last = CHAOS_ARRAY_SIZE(f->topics);
    while (last > 0 && f->topics[last - 1].count == 0) {
        last--;
    }
    json_write_array(w, "topics");
    for (size_t i = 0; i < last; i++) {
        if (f->topics[i].count == 0) {
            json_write_null(w, NULL);
            continue;
        }
        json_write_array(w, NULL);
        for (size_t k = 0; k < f->topics[i].count; k++) {
            json_write_0x(w, NULL, slice(f->topics[i].any_of[k].bytes, sizeof f->topics[i].any_of[k].bytes));
        }
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

static void write_filter(json_writer *w, const chaos_log_filter *f)
{
    json_write_array(w, NULL);
    json_write_object(w, NULL);
    if (f->address_count > 0) {
        json_write_array(w, "address");
        for (size_t i = 0; i < f->address_count; i++) {
            json_write_0x(w, NULL, slice(f->addresses[i].bytes, sizeof f->addresses[i].bytes));
        }
        json_write_array_end(w);
    }
    if (f->by_hash) {
        json_write_0x(w, "blockHash", slice(f->block_hash.bytes, sizeof f->block_hash.bytes));
    } else {
        rpc_write_quantity(w, "fromBlock", f->from_block);
        rpc_write_quantity(w, "toBlock", f->to_block);
    }
    write_topics(w, f);
    json_write_object_end(w);
    json_write_array_end(w);
}

/* ------------------------------------------------------------------- logs ---- */

chaos_status rpc_read_filtered(const chaos_log_filter *filter, chaos_slice result, chaos_logs **logs,
                               chaos_error *err)
{
    json j;
    json_begin(&j, result, CHAOS_E_NODE);
    chaos_logs *made = rpc_read_logs(&j);
    json_end(&j);
    chaos_status status = rpc_read_end(&j, err);
    for (size_t i = 0; status == CHAOS_OK && i < chaos_logs_count(made); i++) {
        if (!matches(filter, &made->items[i])) {
            status = error_set(err, CHAOS_E_NODE, "logs", CHAOS_NO_OFFSET,
                               "the node gives a log that was not asked for");
        }
    }
    if (status != CHAOS_OK) {
        chaos_logs_free(made);
        return status;
    }
    *logs = made;
    return CHAOS_OK;
}

typedef struct logs_reading {
    const chaos_log_filter *filter;
    chaos_logs **logs;
} logs_reading;

static chaos_status read_filtered(void *context, chaos_slice result, chaos_error *err)
{
    const logs_reading *reading = context;
    return rpc_read_filtered(reading->filter, result, reading->logs, err);
}

chaos_status rpc_logs(chaos_rpc *rpc, const chaos_log_filter *filter, chaos_logs **logs, rpc_failure *failure,
                      chaos_error *err)
{
    CHAOS_TRY(check(filter, err));
    if (rpc == NULL || logs == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "rpc and logs may not be NULL");
    }
    CHAOS_AUTO_BUFFER(params, RPC_MAX_REQUEST);
    json_writer w = json_writer_begin(&params);
    logs_reading reading = { filter, logs };
    write_filter(&w, filter);
    CHAOS_TRY(json_writer_status(&w));
    rpc_job job = { .method = "eth_getLogs",
                    .params = buffer_slice(&params),
                    .read = read_filtered,
                    .context = &reading,
                    .min_head = filter->by_hash ? 0 : filter->to_block,
                    .ranges = true };
    return rpc_ask(rpc, &job, failure, err);
}

chaos_status chaos_rpc_logs(chaos_rpc *rpc, const chaos_log_filter *filter, chaos_logs **logs, chaos_error *err)
{
    return rpc_logs(rpc, filter, logs, NULL, err);
}
