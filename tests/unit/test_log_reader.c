/* test_log_reader.c - the log reader on a node that has a chain of blocks in memory and every habit of providers: limits of
 * blocks and results, suggestions, faults, reorganisations between two answers. Whatever happens, who forgets what is void
 * has each log of the chain once, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "erc8004/log_reader.h"
#include "tests/support/http_server.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum {
    MAX_BLOCKS = 8192,
    MAX_LOGS = 8, /* of one block */
    MAX_SEEN = 65536
};

/* ------------------------------------------------------------------ chain ---- */

typedef struct block {
    uint64_t salt;          /* makes the hash: another salt, another block */
    unsigned logs, strange; /* of our contract; of another one */
} block;

typedef struct chain {
    pthread_mutex_t lock;
    block blocks[MAX_BLOCKS];
    uint64_t head, salt;
    uint64_t max_range, max_results; /* of the provider; 0: none */
    bool suggests, no_by_hash, silent_limit, lies_about_hash;
    unsigned faults;      /* so many requests fail first */
    unsigned reorg_after; /* requests until the newest block becomes another one; 0: never */
    unsigned log_requests, receipt_requests, largest_range;
    http_server *server;
    chaos_rpc *rpc;
} chain;

static chaos_keccak hash_at(const chain *c, uint64_t number)
{
    uint64_t parts[2] = { number, c->blocks[number].salt };
    return hash_keccak(slice(parts, sizeof parts));
}

static void mine(chain *c, unsigned count, unsigned logs)
{
    for (; count > 0 && c->head + 1 < MAX_BLOCKS; count--) {
        c->head++;
        c->blocks[c->head] = (block){ ++c->salt, logs, 1 };
    }
}

/* The newest `depth` blocks become others, with other logs. */
static void reorganise(chain *c, unsigned depth, unsigned logs)
{
    for (unsigned i = 0; i < depth && i < c->head; i++) {
        c->blocks[c->head - i] = (block){ ++c->salt, logs, 0 };
    }
}

static void hex32(const chaos_keccak *hash, char text[67])
{
    text[0] = '0';
    text[1] = 'x';
    hex_encode(slice(hash->bytes, sizeof hash->bytes), text + 2);
    text[66] = '\0';
}

static const char ours[] = "0x1111111111111111111111111111111111111111";
static const char others[] = "0x2222222222222222222222222222222222222222";

static void add_log(const chain *c, json_t *list, uint64_t number, unsigned index, bool is_ours)
{
    char hash[67], topic[67];
    chaos_keccak block_hash = hash_at(c, number), event = chaos_event_topic(CHAOS_EVENT_REGISTERED);
    hex32(&block_hash, hash);
    hex32(&event, topic);
    char height[24], place[24];
    (void)snprintf(height, sizeof height, "0x%llx", (unsigned long long)number);
    (void)snprintf(place, sizeof place, "0x%x", index);
    (void)json_array_append_new(
        list, json_pack("{s:s,s:[s],s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "address", is_ours ? ours : others, "topics", topic,
                        "data", "0xff00", "blockNumber", height, "blockHash", hash, "transactionHash", hash,
                        "transactionIndex", "0x0", "logIndex", place, "removed", 0));
}

static void add_logs_of(const chain *c, json_t *list, uint64_t number, bool all)
{
    const block *b = &c->blocks[number];
    for (unsigned i = 0; i < b->strange && all; i++) {
        add_log(c, list, number, i, false);
    }
    for (unsigned i = 0; i < b->logs; i++) {
        add_log(c, list, number, b->strange + i, true);
    }
}

/* --------------------------------------------------------------- provider ---- */

static json_t *failure(int code, const char *text)
{
    return json_pack("{s:i,s:s}", "code", code, "message", text);
}

static json_t *logs_by_hash(chain *c, const char *wanted, json_t **error)
{
    json_t *list = json_array();
    for (uint64_t n = 0; n <= c->head; n++) {
        char hash[67];
        chaos_keccak here = hash_at(c, n);
        hex32(&here, hash);
        if (strcmp(hash, wanted) != 0) {
            continue;
        }
        add_logs_of(c, list, n, false);
        if (c->no_by_hash || (c->max_results > 0 && json_array_size(list) > c->max_results)) {
            *error = failure(-32005, "query returned more than the limit of results");
        }
        return list;
    }
    *error = failure(-32000, "unknown block");
    return list;
}

static json_t *logs_by_range(chain *c, uint64_t from, uint64_t to, json_t **error)
{
    json_t *list = json_array();
    char text[160];
    uint64_t range = to - from + 1;
    c->largest_range = range > c->largest_range ? (unsigned)range : c->largest_range;
    for (uint64_t n = from; n <= to && n <= c->head; n++) {
        add_logs_of(c, list, n, false);
    }
    if (c->max_range > 0 && range > c->max_range) {
        (void)snprintf(text, sizeof text, "block range is too large%s", "");
        if (c->suggests) {
            (void)snprintf(text, sizeof text, "Log response size exceeded. This range should work: [0x%llx, 0x%llx]",
                           (unsigned long long)from, (unsigned long long)(from + c->max_range - 1));
        }
        *error = failure(c->suggests ? -32602 : -32005, text);
    } else if (c->max_results > 0 && json_array_size(list) > c->max_results) {
        *error = failure(-32005, "query returned more than 10000 results");
    }
    return list;
}

static json_t *get_logs(chain *c, const json_t *filter, json_t **error)
{
    const char *hash = json_string_value(json_object_get(filter, "blockHash"));
    c->log_requests++;
    if (hash != NULL) {
        return logs_by_hash(c, hash, error);
    }
    return logs_by_range(c, strtoull(json_string_value(json_object_get(filter, "fromBlock")), NULL, 16),
                         strtoull(json_string_value(json_object_get(filter, "toBlock")), NULL, 16), error);
}

static json_t *get_block(chain *c, const char *id)
{
    uint64_t number = strcmp(id, "latest") == 0 ? c->head : strtoull(id, NULL, 16);
    char height[24], hash[67], parent[67];
    if (number > c->head) {
        return json_null();
    }
    chaos_keccak here = hash_at(c, number), before = number == 0 ? (chaos_keccak){ { 0 } } : hash_at(c, number - 1);
    hex32(&here, hash);
    hex32(&before, parent);
    (void)snprintf(height, sizeof height, "0x%llx", (unsigned long long)number);
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "number", height, "hash", hash, "parentHash", parent, "timestamp", height,
                     "gasLimit", "0x1");
}

static json_t *get_receipts(chain *c, const char *id)
{
    uint64_t number = strtoull(id, NULL, 16);
    json_t *logs = json_array(), *rest = json_array();
    c->receipt_requests++;
    add_logs_of(c, logs, c->lies_about_hash ? number - 1 : number, true);
    return json_pack("[{s:s,s:o},{s:o,s:s}]", "status", "0x1", "logs", logs, "logs", rest, "status", "0x0");
}

static json_t *respond(chain *c, const char *method, json_t *params, json_t **error)
{
    const char *first = json_string_value(json_array_get(params, 0));
    char number[24];
    if (strcmp(method, "eth_chainId") == 0) {
        return json_string("0x7a69");
    }
    if (strcmp(method, "eth_blockNumber") == 0) {
        (void)snprintf(number, sizeof number, "0x%llx", (unsigned long long)c->head);
        return json_string(number);
    }
    if (c->reorg_after > 0 && --c->reorg_after == 0) {
        reorganise(c, 1, 2);
    }
    if (strcmp(method, "eth_getBlockByNumber") == 0) {
        return get_block(c, first);
    }
    if (strcmp(method, "eth_getLogs") == 0) {
        return get_logs(c, json_array_get(params, 0), error);
    }
    if (strcmp(method, "eth_getBlockReceipts") == 0) {
        return get_receipts(c, first);
    }
    *error = failure(-32601, "Method not found");
    return NULL;
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    chain *c = context;
    json_t *request = json_loadb((const char *)seen->body.data, seen->body.size, 0, NULL), *error = NULL;
    pthread_mutex_lock(&c->lock);
    const char *method = json_string_value(json_object_get(request, "method"));
    json_t *result = respond(c, method, json_object_get(request, "params"), &error);
    bool faulty = c->faults > 0 && strcmp(method, "eth_getLogs") == 0;
    c->faults -= faulty;
    pthread_mutex_unlock(&c->lock);
    json_t *reply = json_pack("{s:s,s:O}", "jsonrpc", "2.0", "id", json_object_get(request, "id"));
    (void)json_object_set(reply, error != NULL ? "error" : "result", error != NULL ? error : result);
    char *text = json_dumps(reply, JSON_COMPACT);
    bool sent = http_reply(out, faulty ? 503 : 200, "application/json", slice_text(text));
    free(text);
    json_decref(result);
    json_decref(error);
    json_decref(reply);
    json_decref(request);
    return sent;
}

static chain *chain_start(void)
{
    chain *c = calloc(1, sizeof *c);
    assert_non_null(c);
    (void)pthread_mutex_init(&c->lock, NULL);
    http_server_options options = { .tcp = true, .answer = answer, .context = c };
    c->server = http_server_start(&options);
    const char *url = http_server_url(c->server);
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    rpc.urls = &url;
    rpc.url_count = 1;
    assert_int_equal(chaos_rpc_open(&rpc, &c->rpc, NULL), CHAOS_OK);
    return c;
}

static void chain_stop(chain *c)
{
    chaos_rpc_free(c->rpc);
    http_server_stop(c->server);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

/* --------------------------------------------------------------- consumer ---- */

typedef struct consumer {
    struct {
        uint64_t block;
        uint32_t index;
        chaos_keccak hash;
    } seen[MAX_SEEN];
    size_t count;
    unsigned rollbacks, fail_after; /* so many logs are taken, then one fails; 0: none fails */
    uint64_t last_rollback, progress;
} consumer;

static chaos_status on_log(void *context, const chaos_log *log, chaos_error *err)
{
    consumer *k = context;
    (void)err;
    if (k->fail_after > 0 && --k->fail_after == 0) {
        return CHAOS_E_FILE_IO;
    }
    assert_true(k->count < MAX_SEEN);
    assert_true(log->data.size == 2 && log->data.data[0] == 0xff);
    k->seen[k->count].block = log->block_number;
    k->seen[k->count].index = log->log_index;
    k->seen[k->count++].hash = log->block_hash;
    return CHAOS_OK;
}

static chaos_status on_rollback(void *context, uint64_t from, chaos_error *err)
{
    consumer *k = context;
    (void)err;
    k->rollbacks++;
    k->last_rollback = from;
    while (k->count > 0 && k->seen[k->count - 1].block >= from) {
        k->count--;
    }
    return CHAOS_OK;
}

static void on_progress(void *context, uint64_t done, uint64_t head)
{
    consumer *k = context;
    assert_true(done <= head);
    k->progress = done;
}

/* What was taken is the chain, from `first` to `last`. */
static void assert_complete(const chain *c, const consumer *k, uint64_t first, uint64_t last)
{
    size_t i = 0;
    for (uint64_t n = first; n <= last; n++) {
        chaos_keccak hash = hash_at(c, n);
        for (unsigned l = 0; l < c->blocks[n].logs; l++, i++) {
            if (i >= k->count || k->seen[i].block != n || k->seen[i].index != c->blocks[n].strange + l ||
                memcmp(&k->seen[i].hash, &hash, sizeof hash) != 0) {
                fail_msg("log %zu: block %llu was expected", i, (unsigned long long)n);
            }
        }
    }
    assert_int_equal(i, k->count);
}

static chaos_log_reader_options options_of(const chain *c, consumer *k)
{
    static chaos_address address;
    static chaos_keccak topic;
    memset(&address, 0x11, sizeof address);
    topic = chaos_event_topic(CHAOS_EVENT_REGISTERED);
    chaos_log_reader_options o = CHAOS_LOG_READER_OPTIONS_INIT;
    o.rpc = c->rpc;
    o.addresses = &address;
    o.address_count = 1;
    o.topics[0].any_of = &topic;
    o.topics[0].count = 1;
    o.context = k;
    o.on_log = on_log;
    o.on_rollback = on_rollback;
    o.on_progress = on_progress;
    return o;
}

typedef struct bench { /* a chain, a consumer, and a reader between them */
    chain *c;
    consumer *k;
    chaos_log_reader *r;
} bench;

static bench begin(unsigned blocks, unsigned logs)
{
    bench b = { chain_start(), calloc(1, sizeof(consumer)), NULL };
    mine(b.c, blocks, logs);
    return b;
}

static void open_reader(bench *b, uint32_t depth, uint32_t range)
{
    chaos_log_reader_options o = options_of(b->c, b->k);
    o.depth = depth;
    o.range = range;
    assert_int_equal(chaos_log_reader_open(&o, &b->r, NULL), CHAOS_OK);
}

static void finish(bench *b)
{
    chaos_log_reader_free(b->r);
    chain_stop(b->c);
    free(b->k);
}

static void poll_whole(bench *b)
{
    uint64_t done = 0;
    chaos_error err = { 0 };
    if (chaos_log_reader_poll(b->r, &done, &err) != CHAOS_OK) {
        fail_msg("poll: %s", err.text);
    }
    assert_true(done == b->c->head);
    assert_complete(b->c, b->k, 0, b->c->head);
}

/* It may fail, for a consumer that does or a chain that does not rest. */
static void poll_somehow(bench *b)
{
    chaos_status status = chaos_log_reader_poll(b->r, NULL, NULL);
    assert_true(status == CHAOS_OK || status == CHAOS_E_FILE_IO || status == CHAOS_E_REORGANISED);
}

/* ------------------------------------------------------------------ tests ---- */

static void test_whole(void **state)
{
    bench b = begin(5000, 1);
    (void)state;
    open_reader(&b, 16, 0);
    poll_whole(&b);
    assert_int_equal(b.k->rollbacks, 0);
    assert_true(b.k->progress == 5000);
    assert_true(b.c->log_requests < 25); /* 3 ranges, 16 blocks */
    unsigned before = b.c->log_requests;
    poll_whole(&b); /* nothing new */
    assert_int_equal(b.c->log_requests, before);
    mine(b.c, 3, 2);
    poll_whole(&b);
    assert_int_equal(b.c->log_requests, before + 3);
    finish(&b);
}

static void test_limits(void **state)
{
    static const struct {
        uint64_t max_range, max_results;
        bool suggests;
    } cases[] = { { 300, 0, false }, { 50, 0, true }, { 0, 40, false }, { 1, 0, true }, { 5, 3, false } };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        bench b = begin(cases[i].max_range == 1 || cases[i].max_range == 5 ? 150 : 1500, 2);
        b.c->max_range = cases[i].max_range;
        b.c->max_results = cases[i].max_results;
        b.c->suggests = cases[i].suggests;
        open_reader(&b, 4, 1000);
        poll_whole(&b);
        assert_int_equal(b.c->receipt_requests, 0);
        finish(&b);
    }
}

/* A block whose logs are too many for the provider is read by its receipts, in the range and at the tip. */
static void test_receipts(void **state)
{
    bench b = begin(40, 3);
    (void)state;
    b.c->blocks[17].logs = MAX_LOGS;
    b.c->blocks[39].logs = MAX_LOGS;
    b.c->max_results = MAX_LOGS - 1;
    open_reader(&b, 4, 8);
    poll_whole(&b);
    assert_int_equal(b.c->receipt_requests, 2);
    finish(&b);
    b = begin(40, 3); /* receipts of another block are not taken */
    b.c->blocks[17].logs = MAX_LOGS;
    b.c->max_results = MAX_LOGS - 1;
    b.c->lies_about_hash = true;
    open_reader(&b, 4, 8);
    chaos_error err = { 0 };
    assert_int_equal(chaos_log_reader_poll(b.r, NULL, &err), CHAOS_E_REORGANISED);
    assert_string_equal(err.field, "receipts");
    finish(&b);
}

static void test_reorganisations(void **state)
{
    bench b = begin(30, 1);
    (void)state;
    open_reader(&b, 8, 0);
    poll_whole(&b);
    reorganise(b.c, 3, 2); /* to the same height */
    poll_whole(&b);
    assert_int_equal(b.k->rollbacks, 1);
    assert_true(b.k->last_rollback == 28);
    reorganise(b.c, 7, 0);
    mine(b.c, 2, 3);
    poll_whole(&b);
    assert_int_equal(b.k->rollbacks, 2);
    assert_true(b.k->last_rollback == 24);
    b.c->head -= 2; /* shorter for a while: nothing is void until another block is there */
    uint64_t done = 0;
    assert_int_equal(chaos_log_reader_poll(b.r, &done, NULL), CHAOS_OK);
    assert_int_equal(b.k->rollbacks, 2);
    mine(b.c, 2, 4);
    poll_whole(&b);
    assert_int_equal(b.k->rollbacks, 3);
    assert_true(b.k->last_rollback == 31);
    finish(&b);
}

static void test_too_deep(void **state)
{
    bench b = begin(100, 1);
    (void)state;
    open_reader(&b, 8, 0);
    poll_whole(&b);
    reorganise(b.c, 20, 2);
    chaos_error err = { 0 };
    assert_int_equal(chaos_log_reader_poll(b.r, NULL, &err), CHAOS_E_REORGANISED);
    assert_non_null(strstr(err.text, "deeper than 8"));
    assert_int_equal(b.k->rollbacks, 0);
    finish(&b);
    b = begin(5, 1); /* of a chain that is not longer than that, all of it may change */
    open_reader(&b, 8, 0);
    poll_whole(&b);
    reorganise(b.c, 5, 2);
    b.c->blocks[0].salt = ++b.c->salt;
    poll_whole(&b);
    assert_int_equal(b.k->rollbacks, 1);
    assert_true(b.k->last_rollback == 0);
    finish(&b);
}

static void test_no_rollback(void **state)
{
    bench b = begin(30, 1);
    (void)state;
    chaos_log_reader_options o = options_of(b.c, b.k);
    o.on_rollback = NULL;
    o.depth = 8;
    assert_int_equal(chaos_log_reader_open(&o, &b.r, NULL), CHAOS_OK);
    poll_whole(&b);
    reorganise(b.c, 2, 1);
    chaos_error err = { 0 };
    assert_int_equal(chaos_log_reader_poll(b.r, NULL, &err), CHAOS_E_REORGANISED);
    assert_non_null(strstr(err.text, "block 29"));
    finish(&b);
}

/* The newest block changes between any two answers. */
static void test_changes_meanwhile(void **state)
{
    (void)state;
    for (unsigned after = 1; after < 24; after++) {
        bench b = begin(12, 1);
        open_reader(&b, 6, 0);
        b.c->reorg_after = after;
        poll_whole(&b);
        poll_whole(&b);
        finish(&b);
    }
}

static void test_failing_consumer(void **state)
{
    (void)state;
    for (unsigned fail = 1; fail < 60; fail += 7) {
        bench b = begin(40, 2);
        open_reader(&b, 6, 16);
        b.k->fail_after = fail;
        uint64_t done = 77;
        assert_int_equal(chaos_log_reader_poll(b.r, &done, NULL), CHAOS_E_FILE_IO);
        assert_true(done == 77); /* untouched */
        reorganise(b.c, 2, 3);   /* what was given of a block that is gone is void, too */
        poll_whole(&b);
        finish(&b);
    }
}

static void test_faults(void **state)
{
    bench b = begin(100, 1);
    (void)state;
    b.c->faults = 2;
    open_reader(&b, 8, 0);
    poll_whole(&b);
    finish(&b);
}

static void test_limit_of_poll(void **state)
{
    bench b = begin(100, 1);
    uint64_t done = 0;
    (void)state;
    chaos_log_reader_options o = options_of(b.c, b.k);
    o.depth = 8;
    o.first_block = 20;
    assert_int_equal(chaos_log_reader_open(&o, &b.r, NULL), CHAOS_OK);
    assert_int_equal(chaos_log_reader_poll_to(b.r, 50, &done, NULL), CHAOS_OK);
    assert_true(done == 50);
    assert_complete(b.c, b.k, 20, 50);
    assert_int_equal(chaos_log_reader_poll_to(b.r, 97, &done, NULL), CHAOS_OK);
    assert_true(done == 97);
    assert_complete(b.c, b.k, 20, 97);
    assert_int_equal(chaos_log_reader_poll(b.r, &done, NULL), CHAOS_OK);
    assert_complete(b.c, b.k, 20, 100);
    finish(&b);
}

static void test_place(void **state)
{
    char path[] = "/tmp/log-reader.XXXXXX";
    bench b = begin(60, 1);
    (void)state;
    assert_non_null(mkdtemp(path));
    char file[64];
    (void)snprintf(file, sizeof file, "%s/store", path);
    chaos_log_reader_options o = options_of(b.c, b.k);
    o.depth = 8;
    o.store = file;
    o.name = "test/1";
    assert_int_equal(chaos_log_reader_open(&o, &b.r, NULL), CHAOS_OK);
    poll_whole(&b);
    for (unsigned turn = 0; turn < 12; turn++) { /* killed, and the chain changed meanwhile */
        chaos_log_reader_free(b.r);
        b.r = NULL;
        reorganise(b.c, turn % 7, turn % 3);
        mine(b.c, turn % 4, 2);
        assert_int_equal(chaos_log_reader_open(&o, &b.r, NULL), CHAOS_OK);
        b.k->fail_after = turn % 5 == 4 ? 2 : 0;
        if (b.k->fail_after == 0) {
            poll_whole(&b);
        } else {
            poll_somehow(&b);
        }
    }
    b.k->fail_after = 0;
    unsigned requests = b.c->log_requests;
    poll_whole(&b);
    assert_true(b.c->log_requests - requests < 12); /* nothing from the beginning */
    chaos_log_reader_free(b.r);
    b.r = NULL;
    chaos_log_reader *other = NULL;
    chaos_error err = { 0 };
    o.address_count = 0; /* the same name, another filter */
    assert_int_equal(chaos_log_reader_open(&o, &other, &err), CHAOS_E_STORE);
    assert_string_equal(err.field, "name");
    o.address_count = 1;
    b.c->blocks[0].salt = ++b.c->salt; /* the chain was begun anew */
    assert_int_equal(chaos_log_reader_open(&o, &other, &err), CHAOS_E_CHAIN_ID);
    assert_null(other);
    (void)unlink(file);
    finish(&b);
    (void)rmdir(path);
}

static void test_usage(void **state)
{
    bench b = begin(1, 1);
    chaos_log_reader *r = NULL;
    (void)state;
    const chaos_log_reader_options right = options_of(b.c, b.k);
    chaos_log_reader_options o = right;
    o.size--;
    assert_int_equal(chaos_log_reader_open(&o, &r, NULL), CHAOS_E_USAGE);
    o = right;
    o.rpc = NULL;
    assert_int_equal(chaos_log_reader_open(&o, &r, NULL), CHAOS_E_USAGE);
    o = right;
    o.on_log = NULL;
    assert_int_equal(chaos_log_reader_open(&o, &r, NULL), CHAOS_E_USAGE);
    o = right;
    o.address_count = CHAOS_MAX_FILTER_ADDRESSES + 1;
    assert_int_equal(chaos_log_reader_open(&o, &r, NULL), CHAOS_E_USAGE);
    o = right;
    o.topics[3].count = CHAOS_MAX_FILTER_TOPICS + 1;
    assert_int_equal(chaos_log_reader_open(&o, &r, NULL), CHAOS_E_USAGE);
    o = right;
    o.depth = LOG_TAIL_MOST + 1;
    assert_int_equal(chaos_log_reader_open(&o, &r, NULL), CHAOS_E_USAGE);
    o = right;
    o.store = "/tmp/x";
    o.name = "a b";
    assert_int_equal(chaos_log_reader_open(&o, &r, NULL), CHAOS_E_USAGE);
    assert_int_equal(chaos_log_reader_poll(NULL, NULL, NULL), CHAOS_E_USAGE);
    assert_null(r);
    finish(&b);
}

/* Anything in any order, by a fixed seed: at the end everything is there, once. */
static void test_anything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        uint64_t x = seed * 0x9e3779b97f4a7c15u;
        bench b = begin(30, 1);
        open_reader(&b, 12, 20);
        for (int step = 0; step < 30; step++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            unsigned what = (unsigned)(x >> 20) % 6, n = (unsigned)(x >> 32) % 11;
            if (what == 0) {
                mine(b.c, n * 3, n % 4);
            } else if (what == 1) {
                reorganise(b.c, n, n % 3);
            } else if (what == 2) {
                b.k->fail_after = n;
            } else if (what == 3) {
                b.c->max_range = n;
                b.c->suggests = n % 2 == 0;
            } else if (what == 4) {
                b.c->reorg_after = n;
            } else {
                b.c->max_results = n == 0 ? 0 : 4 + n;
            }
            poll_somehow(&b);
        }
        b.k->fail_after = 0;
        b.c->reorg_after = 0;
        poll_whole(&b);
        finish(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_reorganisations),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_no_rollback),
        cmocka_unit_test(test_changes_meanwhile),
        cmocka_unit_test(test_failing_consumer),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_limit_of_poll),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
