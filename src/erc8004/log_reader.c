/* log_reader.c - all logs of some contracts, each once, in the order of the chain.
 *
 * Far below the head, where the chain does not change any more, in ranges; near it block by block: the header by
 * number, its parent held against the hash of the block before, its logs by its hash, so that no answer mixes two
 * chains. */
#include "erc8004/log_reader.h"
#include "eth/rpc.h"
#include "store/store.h"

#include <stdio.h>

enum {
    MAX_NAME = 64,
    DEPTH = 64,
    MAX_TURNS = 16,          /* reorganisations in one poll */
    MAX_RECEIPT_LISTS = 8192 /* transactions of one block */
};

struct chaos_log_reader {
    chaos_log_reader_options options; /* its pointers lead into what follows */
    chaos_address addresses[CHAOS_MAX_FILTER_ADDRESSES];
    chaos_keccak topics[4][CHAOS_MAX_FILTER_TOPICS];
    char name[MAX_NAME + 1];
    chaos_keccak filter_hash;
    store *place;
    log_range range;
    log_tail tail;
    bool dirty; /* logs of block tail.next and above were given, and the place is not kept yet */
};
CHAOS_CLEANUP(chaos_log_reader);

/* ------------------------------------------------------------------- open ---- */

static bool is_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-";
    size_t size = name == NULL ? 0 : strnlen(name, MAX_NAME + 1);
    return size > 0 && size <= MAX_NAME && strspn(name, allowed) == size;
}

static chaos_status check_options(const chaos_log_reader_options *o, chaos_error *err)
{
    if (o == NULL || o->size != sizeof *o || o->rpc == NULL || o->on_log == NULL) {
        return usage(err, "options", "options (CHAOS_LOG_READER_OPTIONS_INIT) with an rpc and on_log are needed");
    }
    if (o->address_count > CHAOS_MAX_FILTER_ADDRESSES || (o->addresses == NULL && o->address_count > 0)) {
        return usage(err, "addresses", "there are too many addresses, or NULL");
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(o->topics); i++) {
        if (o->topics[i].count > CHAOS_MAX_FILTER_TOPICS || (o->topics[i].any_of == NULL && o->topics[i].count > 0)) {
            return usage(err, "topics", "there are too many topics, or NULL");
        }
    }
    if (o->depth > LOG_TAIL_MOST || o->range > LOG_RANGE_MOST || o->first_block > INT64_MAX) {
        return usage(err, "depth", "the depth is at most 256, a range at most 100,000, a block below 2^63");
    }
    if (o->store != NULL && !is_name(o->name)) {
        return usage(err, "name", "a place in a store has a name of 1 to 64 letters, digits and ._:/-");
    }
    return CHAOS_OK;
}

/* What is filtered, as one hash: a place is of one filter. */
static chaos_status hash_filter(chaos_log_reader *r, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, sizeof r->addresses + sizeof r->topics + 64);
    bool room = buffer_append_format(&text, "%zu:", r->options.address_count) &&
                buffer_append(&text, slice(r->addresses, r->options.address_count * sizeof r->addresses[0]));
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(r->topics); i++) {
        room = room && buffer_append_format(&text, "%zu:", r->options.topics[i].count) &&
               buffer_append(&text, slice(r->topics[i], r->options.topics[i].count * sizeof r->topics[i][0]));
    }
    r->filter_hash = hash_keccak(buffer_slice(&text));
    return room ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static void copy_options(const chaos_log_reader_options *options, chaos_log_reader *r)
{
    r->options = *options;
    for (size_t i = 0; i < options->address_count; i++) {
        r->addresses[i] = options->addresses[i];
    }
    r->options.addresses = r->addresses;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(r->topics); i++) {
        for (size_t k = 0; k < options->topics[i].count; k++) {
            r->topics[i][k] = options->topics[i].any_of[k];
        }
        r->options.topics[i].any_of = r->topics[i];
    }
    if (options->store != NULL) {
        (void)snprintf(r->name, sizeof r->name, "%s", options->name);
    }
}

/* ------------------------------------------------------------------ place ---- */

#define WHAT_SIZE 96
static const char *place_name(const chaos_log_reader *r, char what[WHAT_SIZE])
{
    (void)snprintf(what, WHAT_SIZE, "logs/%s", r->name);
    return what;
}

static const char *hash_name(const chaos_log_reader *r, uint64_t number, char what[WHAT_SIZE])
{
    (void)snprintf(what, WHAT_SIZE, "logs/%s#%u", r->name, (unsigned)(number % LOG_TAIL_MOST));
    return what;
}

static chaos_status put_place(chaos_log_reader *r, chaos_error *err)
{
    char what[WHAT_SIZE];
    uint64_t chain = chaos_rpc_chain_id(r->options.rpc);
    const chaos_keccak *newest = r->tail.next == 0 ? NULL : log_tail_hash(&r->tail, r->tail.next - 1);
    CHAOS_TRY(store_checkpoint_put(r->place, chain, place_name(r, what), r->tail.next, &r->filter_hash, err));
    if (newest == NULL) {
        return CHAOS_OK;
    }
    return store_checkpoint_put(r->place, chain, hash_name(r, r->tail.next - 1, what), r->tail.next - 1, newest, err);
}

/* Everything before tail.next was given. */
static chaos_status keep_place(chaos_log_reader *r, chaos_error *err)
{
    r->dirty = false;
    if (r->place == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(store_begin(r->place, err));
    chaos_status status = put_place(r, err);
    if (status != CHAOS_OK) {
        store_rollback(r->place);
        return status;
    }
    return store_commit(r->place, err);
}

/* The hashes below the place, as far as they are there without a gap. */
static chaos_status load_hashes(chaos_log_reader *r, uint64_t next, chaos_error *err)
{
    chaos_keccak hashes[LOG_TAIL_MOST];
    uint32_t known = 0;
    for (; known < r->tail.depth && known < next; known++) {
        char what[WHAT_SIZE];
        uint64_t number = 0, wanted = next - 1 - known;
        chaos_status status = store_checkpoint_get(r->place, chaos_rpc_chain_id(r->options.rpc),
                                                   hash_name(r, wanted, what), &number, &hashes[known], err);
        if (status != CHAOS_OK && status != CHAOS_E_NOT_FOUND) {
            return status;
        }
        if (status == CHAOS_E_NOT_FOUND || number != wanted) {
            break;
        }
    }
    log_tail_begin(&r->tail, r->tail.depth, next - known);
    for (uint32_t i = known; i > 0; i--) {
        log_tail_push(&r->tail, &hashes[i - 1]);
    }
    return CHAOS_OK;
}

static chaos_status load_place(chaos_log_reader *r, chaos_error *err)
{
    char what[WHAT_SIZE];
    uint64_t next = 0;
    chaos_keccak filter;
    chaos_block genesis;
    chaos_block_id first = { .tag = CHAOS_BLOCK_NUMBER, .number = 0 };
    CHAOS_TRY(chaos_rpc_block(r->options.rpc, &first, &genesis, err));
    CHAOS_TRY(store_open(r->options.store, &r->place, err));
    CHAOS_TRY(store_chain(r->place, chaos_rpc_chain_id(r->options.rpc), &genesis.hash, err));
    chaos_error why = { .status = CHAOS_OK };
    chaos_status status = store_checkpoint_get(r->place, chaos_rpc_chain_id(r->options.rpc), place_name(r, what), &next,
                                               &filter, &why);
    if (status == CHAOS_E_NOT_FOUND) {
        return CHAOS_OK;
    }
    if (status != CHAOS_OK) {
        if (err != NULL) {
            *err = why;
        }
        return status;
    }
    if (memcmp(filter.bytes, r->filter_hash.bytes, sizeof filter.bytes) != 0) {
        return error_set(err, CHAOS_E_STORE, "name", CHAOS_NO_OFFSET,
                         "the place of this name is of other addresses or topics");
    }
    r->dirty = true; /* what was given after the place was kept is not known */
    return load_hashes(r, next, err);
}

chaos_status chaos_log_reader_open(const chaos_log_reader_options *options, chaos_log_reader **log_reader,
                                   chaos_error *err)
{
    CHAOS_TRY(check_options(options, err));
    if (log_reader == NULL) {
        return usage(err, "reader", "the reader may not be NULL");
    }
    CHAOS_AUTO(chaos_log_reader, made);
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    copy_options(options, made);
    made->range = log_range_begin(options->range);
    log_tail_begin(&made->tail, options->depth == 0 ? DEPTH : options->depth, options->first_block);
    CHAOS_TRY(hash_filter(made, err));
    if (options->store != NULL) {
        CHAOS_TRY(load_place(made, err));
    }
    CHAOS_GIVE(log_reader, made);
    return CHAOS_OK;
}

void chaos_log_reader_free(chaos_log_reader *log_reader)
{
    if (log_reader != NULL) {
        store_free(log_reader->place);
        free(log_reader);
    }
}

/* --------------------------------------------------------------- receipts ---- */

/* What the node has of one block's receipts: the last way, when the logs of one block are too many for it. */
typedef struct kept_list {
    chaos_logs *logs;
} kept_list;
typedef struct block_logs {
    kept_list *lists;
    size_t count;
} block_logs;

static void block_logs_clear(block_logs *b)
{
    for (size_t i = 0; i < b->count; i++) {
        chaos_logs_free(b->lists[i].logs);
    }
    free(b->lists);
    *b = (block_logs){ .lists = NULL };
}

static bool keep_list(block_logs *b, chaos_logs *list)
{
    kept_list *larger = b->count == MAX_RECEIPT_LISTS ? NULL : realloc(b->lists, (b->count + 1) * sizeof *larger);
    if (larger == NULL) {
        chaos_logs_free(list);
        return false;
    }
    b->lists = larger;
    b->lists[b->count++].logs = list;
    return true;
}

static void read_receipt(json *j, block_logs *b)
{
    chaos_slice key;
    json_enter_object(j, "receipt");
    while (json_key(j, &key)) {
        if (!slice_is(key, "logs")) {
            json_skip(j, "receipt", NULL);
            continue;
        }
        chaos_logs *list = rpc_read_logs(j);
        if (list != NULL && !keep_list(b, list)) {
            rd_fail(&j->r, CHAOS_E_LIMIT, "receipts", CHAOS_NO_OFFSET, "there are too many receipts in one block");
        }
    }
}

static chaos_status read_receipts(void *context, chaos_slice result, chaos_error *err)
{
    block_logs *b = context;
    json j;
    block_logs_clear(b); /* of an earlier try */
    json_begin(&j, result, CHAOS_E_NODE);
    json_enter_array(&j, "receipts");
    while (json_element(&j)) {
        read_receipt(&j, b);
    }
    json_end(&j);
    return rpc_read_end(&j, err);
}

static bool is_any(const chaos_keccak *topic, const chaos_keccak *any_of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(topic->bytes, any_of[i].bytes, sizeof topic->bytes) == 0) {
            return true;
        }
    }
    return count == 0;
}

static bool is_wanted(const chaos_log_reader *r, const chaos_log *log)
{
    bool from = r->options.address_count == 0;
    for (size_t i = 0; i < r->options.address_count; i++) {
        from = from || memcmp(log->address.bytes, r->addresses[i].bytes, sizeof log->address.bytes) == 0;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(r->topics); i++) {
        size_t count = r->options.topics[i].count;
        if (count > 0 && (i >= log->topic_count || !is_any(&log->topics[i], r->topics[i], count))) {
            return false;
        }
    }
    return from;
}

/* ---------------------------------------------------------------- deliver ---- */

static chaos_status deliver(chaos_log_reader *r, const chaos_logs *logs, chaos_error *err)
{
    for (size_t i = 0; i < chaos_logs_count(logs); i++) {
        r->dirty = true;
        CHAOS_TRY(r->options.on_log(r->options.context, chaos_logs_at(logs, i), err));
    }
    return CHAOS_OK;
}

/* The logs of one block, receipt by receipt. Its hash must be that of every log. */
static chaos_status deliver_receipts(chaos_log_reader *r, const chaos_block *block, const block_logs *b,
                                     chaos_error *err)
{
    for (size_t i = 0; i < b->count; i++) {
        for (size_t k = 0; k < chaos_logs_count(b->lists[i].logs); k++) {
            const chaos_log *log = chaos_logs_at(b->lists[i].logs, k);
            if (log->block_number != block->number ||
                memcmp(log->block_hash.bytes, block->hash.bytes, sizeof block->hash.bytes) != 0) {
                return error_set(err, CHAOS_E_REORGANISED, "receipts", CHAOS_NO_OFFSET,
                                 "the receipts are of another block than was asked for");
            }
            if (is_wanted(r, log)) {
                r->dirty = true;
                CHAOS_TRY(r->options.on_log(r->options.context, log, err));
            }
        }
    }
    return CHAOS_OK;
}

static chaos_status read_by_receipts(chaos_log_reader *r, const chaos_block *block, chaos_error *err)
{
    block_logs found = { .lists = NULL };
    CHAOS_AUTO_BUFFER(params, 256);
    if (!buffer_append_format(&params, "[\"0x%llx\"]", (unsigned long long)block->number)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    rpc_job job = { .method = "eth_getBlockReceipts", .params = buffer_slice(&params), .min_head = block->number };
    job.read = read_receipts;
    job.context = &found;
    chaos_status status = rpc_ask(r->options.rpc, &job, NULL, err);
    if (status == CHAOS_OK) {
        status = deliver_receipts(r, block, &found, err);
    }
    block_logs_clear(&found);
    return status;
}

/* Would less be more? */
static bool is_too_much(chaos_status status, const rpc_failure *failure)
{
    return status == CHAOS_E_TIMEOUT ||
           (status == CHAOS_E_NODE && (!failure->answered || rpc_is_range_limit(failure)));
}

static chaos_log_filter filter_of(const chaos_log_reader *r)
{
    chaos_log_filter filter = CHAOS_LOG_FILTER_INIT;
    filter.addresses = r->addresses;
    filter.address_count = r->options.address_count;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(filter.topics); i++) {
        filter.topics[i].any_of = r->topics[i];
        filter.topics[i].count = r->options.topics[i].count;
    }
    return filter;
}

static void tell(const chaos_log_reader *r, uint64_t head)
{
    if (r->options.on_progress != NULL && r->tail.next > 0) {
        r->options.on_progress(r->options.context, r->tail.next - 1, head);
    }
}

static chaos_status block_at(const chaos_log_reader *r, uint64_t number, chaos_block *block, chaos_error *err)
{
    chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = number };
    return chaos_rpc_block(r->options.rpc, &at, block, err);
}

/* ----------------------------------------------------------------- ranges ---- */

/* Blocks next..last in one request, or less when that is too much; *asked tells how many. */
static chaos_status read_range(chaos_log_reader *r, uint64_t last, chaos_error *err)
{
    CHAOS_AUTO(chaos_logs, logs);
    rpc_failure failure = { .answered = false };
    chaos_log_filter filter = filter_of(r);
    chaos_block end;
    filter.from_block = r->tail.next;
    filter.to_block = last - r->tail.next < r->range.size ? last : r->tail.next + r->range.size - 1;
    uint64_t asked = filter.to_block - filter.from_block + 1;
    chaos_status status = rpc_logs(r->options.rpc, &filter, &logs, &failure, err);
    if (status != CHAOS_OK && !is_too_much(status, &failure)) {
        return status;
    }
    if (status != CHAOS_OK && log_range_fail(&r->range, filter.from_block, asked, slice_text(failure.text))) {
        return CHAOS_OK; /* again, with less */
    }
    CHAOS_TRY(block_at(r, filter.to_block, &end, err));
    if (status == CHAOS_OK) {
        CHAOS_TRY(deliver(r, logs, err));
        log_range_succeed(&r->range);
    } else {
        CHAOS_TRY(read_by_receipts(r, &end, err));
    }
    log_tail_jump(&r->tail, filter.to_block, &end.hash);
    return keep_place(r, err);
}

static chaos_status read_settled(chaos_log_reader *r, const chaos_block *head, uint64_t limit, chaos_error *err)
{
    if (head->number < r->tail.depth) {
        return CHAOS_OK;
    }
    uint64_t settled = head->number - r->tail.depth;
    uint64_t last = settled < limit ? settled : limit;
    while (r->tail.next <= last) {
        CHAOS_TRY(read_range(r, last, err));
        tell(r, head->number);
    }
    return CHAOS_OK;
}

/* -------------------------------------------------------------------- tip ---- */

/* One block by its hash. *turned: it is of another chain than the one before, or not there any more. */
static chaos_status read_block(chaos_log_reader *r, bool *turned, chaos_error *err)
{
    CHAOS_AUTO(chaos_logs, logs);
    rpc_failure failure = { .answered = false };
    chaos_block block;
    chaos_log_filter filter = filter_of(r);
    chaos_status status = block_at(r, r->tail.next, &block, err);
    const chaos_keccak *before = r->tail.next == 0 ? NULL : log_tail_hash(&r->tail, r->tail.next - 1);
    *turned = status == CHAOS_E_NOT_FOUND ||
              (status == CHAOS_OK && before != NULL &&
               memcmp(before->bytes, block.parent.bytes, sizeof before->bytes) != 0);
    if (*turned || status != CHAOS_OK) {
        return *turned ? CHAOS_OK : status;
    }
    filter.by_hash = true;
    filter.block_hash = block.hash;
    status = rpc_logs(r->options.rpc, &filter, &logs, &failure, err);
    if (status == CHAOS_E_NODE && failure.answered &&
        (rpc_says(&failure, "unknown block") || rpc_says(&failure, "not found"))) {
        *turned = true; /* reorganised meanwhile */
        return CHAOS_OK;
    }
    if (status != CHAOS_OK && is_too_much(status, &failure)) {
        status = read_by_receipts(r, &block, err);
        *turned = status == CHAOS_E_REORGANISED;
    } else if (status == CHAOS_OK) {
        status = deliver(r, logs, err);
    }
    if (*turned || status != CHAOS_OK) {
        return *turned ? CHAOS_OK : status;
    }
    log_tail_push(&r->tail, &block.hash);
    return keep_place(r, err);
}

static chaos_status follow(chaos_log_reader *r, const chaos_block *head, uint64_t limit, bool *turned,
                           chaos_error *err)
{
    uint64_t last = head->number < limit ? head->number : limit;
    *turned = false;
    while (r->tail.next <= last && !*turned) {
        CHAOS_TRY(read_block(r, turned, err));
        tell(r, head->number);
    }
    return CHAOS_OK;
}

/* --------------------------------------------------------- reorganisations ---- */

static chaos_status roll_back(chaos_log_reader *r, uint64_t from, chaos_error *err)
{
    if (r->options.on_rollback == NULL) {
        return error_set(err, CHAOS_E_REORGANISED, "block", CHAOS_NO_OFFSET,
                         "the chain was reorganised: the logs of block %llu and above are void",
                         (unsigned long long)from);
    }
    CHAOS_TRY(r->options.on_rollback(r->options.context, from, err));
    log_tail_cut(&r->tail, from);
    return keep_place(r, err);
}

static chaos_status too_deep(const chaos_log_reader *r, chaos_error *err)
{
    return error_set(err, CHAOS_E_REORGANISED, "block", CHAOS_NO_OFFSET,
                     "the chain was reorganised deeper than %u blocks: read it again from the beginning",
                     r->tail.depth);
}

/* Is what was read still of the chain? Hashes are compared, not heights: a reorganisation need not change the
 * height. */
static chaos_status settle(chaos_log_reader *r, const chaos_block *head, chaos_error *err)
{
    if (r->tail.next == 0) {
        return CHAOS_OK;
    }
    uint64_t newest = r->tail.next - 1 < head->number ? r->tail.next - 1 : head->number;
    uint64_t lowest = r->tail.next - r->tail.known;
    if (r->tail.known == 0 || newest < lowest) {
        return CHAOS_OK; /* nothing to compare: the node is far behind, or nothing was read */
    }
    for (uint64_t n = newest + 1; n > lowest; n--) {
        chaos_block block;
        CHAOS_TRY(block_at(r, n - 1, &block, err));
        if (memcmp(block.hash.bytes, log_tail_hash(&r->tail, n - 1)->bytes, sizeof block.hash.bytes) == 0) {
            return n - 1 == newest ? CHAOS_OK : roll_back(r, n, err);
        }
    }
    return lowest <= r->options.first_block ? roll_back(r, r->options.first_block, err) : too_deep(r, err);
}

/* ------------------------------------------------------------------- poll ---- */

static chaos_status begin_poll(chaos_log_reader *r, chaos_error *err)
{
    if (r->dirty && r->options.on_rollback != NULL) {
        CHAOS_TRY(r->options.on_rollback(r->options.context, r->tail.next, err));
    }
    r->dirty = false;
    return CHAOS_OK;
}

chaos_status chaos_log_reader_poll_to(chaos_log_reader *log_reader, uint64_t last, uint64_t *done, chaos_error *err)
{
    if (log_reader == NULL) {
        return usage(err, "reader", "the reader may not be NULL");
    }
    for (int turn = 0; turn < MAX_TURNS; turn++) {
        chaos_block head;
        bool turned = false;
        CHAOS_TRY(begin_poll(log_reader, err));
        CHAOS_TRY(chaos_rpc_block(log_reader->options.rpc, NULL, &head, err));
        CHAOS_TRY(settle(log_reader, &head, err));
        CHAOS_TRY(read_settled(log_reader, &head, last, err));
        CHAOS_TRY(follow(log_reader, &head, last, &turned, err));
        if (turned) {
            continue;
        }
        if (done != NULL) {
            *done = log_reader->tail.next == 0 ? 0 : log_reader->tail.next - 1;
        }
        return CHAOS_OK;
    }
    return error_set(err, CHAOS_E_REORGANISED, "block", CHAOS_NO_OFFSET,
                     "the chain was reorganised again and again while it was read");
}

chaos_status chaos_log_reader_poll(chaos_log_reader *log_reader, uint64_t *done, chaos_error *err)
{
    return chaos_log_reader_poll_to(log_reader, UINT64_MAX, done, err);
}
