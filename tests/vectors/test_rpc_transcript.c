/* test_rpc_transcript.c - a recorded exchange with a node: the same questions must be asked, and its answers understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/rpc.h"
#include "eth/u256.h"
#include "tests/support/http_server.h"
#include "tests/support/tree.h"

#include <stdio.h>
#include <strings.h>

enum {
    MAX_LINES = 64
};

/* One recorded answer is given, with the id that was asked; what was asked is kept. */
typedef struct tape {
    const char *response; /* recorded; NULL: eth_chainId's */
    char method[64], params[8192];
} tape;

static chaos_buffer text;
static tree *lines[MAX_LINES];
static size_t line_count;

static int load(void **state)
{
    (void)state;
    if (!vectors_present()) {
        return 0;
    }
    text = vector_file("erc8004/rpc-transcript.jsonl");
    const char *at = (const char *)text.data;
    const char *end = at + text.size;
    while (at < end && line_count < MAX_LINES) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = stop == NULL ? (size_t)(end - at) : (size_t)(stop - at);
        if (size > 0) {
            lines[line_count] = tree_parse(at, size);
            assert_non_null(lines[line_count++]);
        }
        at += size + 1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    for (size_t i = 0; i < line_count; i++) {
        tree_free(lines[i]);
    }
    chaos_buffer_free(&text);
    return 0;
}

static void between(const char *from_text, const char *begin, char end, char *out, size_t capacity)
{
    const char *from = strstr(from_text, begin);
    assert_non_null(from);
    from += strlen(begin);
    const char *to = end != '\0' ? strchr(from, end) : from_text + strlen(from_text) - 1;
    assert_true(to != NULL && (size_t)(to - from) < capacity);
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = '\0';
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    tape *t = context;
    static const char chain[] = "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"0x7a69\"}";
    char body[16384], id[32], recorded[32], method[64];
    CHAOS_AUTO_BUFFER(reply, 1u << 20);
    (void)snprintf(body, sizeof body, "%.*s", (int)seen->body.size, (const char *)seen->body.data);
    between(body, "\"id\":", ',', id, sizeof id);
    between(body, "\"method\":\"", '"', method, sizeof method);
    bool is_chain = strcmp(method, "eth_chainId") == 0 || t->response == NULL;
    const char *response = is_chain ? chain : t->response;
    if (!is_chain) {
        memcpy(t->method, method, sizeof method);
        between(body, "\"params\":", '\0', t->params, sizeof t->params);
    }
    between(response, "\"id\":", ',', recorded, sizeof recorded);
    const char *at = strstr(response, "\"id\":");
    bool ok = buffer_append(&reply, slice(response, (size_t)(at - response) + 5)) && buffer_append_text(&reply, id) &&
              buffer_append_text(&reply, at + 5 + strlen(recorded));
    return ok && http_reply(out, 200, "application/json", buffer_slice(&reply));
}

static http_server *server;
static tape playing;
static chaos_rpc *rpc;

static void begin(void)
{
    playing.response = NULL;
    server = http_server_start(&(http_server_options){ .tcp = true, .answer = answer, .context = &playing });
    const char *urls[] = { http_server_url(server) };
    chaos_rpc_options options = CHAOS_RPC_OPTIONS_INIT;
    options.urls = urls;
    options.url_count = 1;
    options.chain_id = 31337;
    options.deadline_ms = 1000;
    assert_int_equal(chaos_rpc_open(&options, &rpc, NULL), CHAOS_OK);
}

static void end(void)
{
    chaos_rpc_free(rpc);
    http_server_stop(server);
}

/* The `nth` exchange of this method is what the node answers from now on. */
static const tree *play(const char *method, unsigned nth)
{
    char needle[80];
    (void)snprintf(needle, sizeof needle, "\"method\":\"%s\"", method);
    for (size_t i = 0; i < line_count; i++) {
        if (strstr(tree_text(tree_get(lines[i], "request")), needle) != NULL && nth-- == 0) {
            playing.response = tree_text(tree_get(lines[i], "response"));
            return lines[i];
        }
    }
    fail_msg("%s was not recorded", method);
    return NULL;
}

/* What was asked is what was recorded, but for the case of addresses and the order of members. */
static void asked(const tree *line, const char *instead)
{
    char method[64], params[8192];
    const char *request = tree_text(tree_get(line, "request"));
    between(request, "\"method\":\"", '"', method, sizeof method);
    between(request, "\"params\":", '\0', params, sizeof params);
    assert_string_equal(playing.method, method);
    if (strcasecmp(playing.params, instead != NULL ? instead : params) != 0) {
        fail_msg("asked %s, recorded %s", playing.params, params);
    }
}

static chaos_address address_of(const char *hex)
{
    chaos_address address;
    assert_true(hex_decode(slice_text(hex), address.bytes, sizeof address.bytes));
    return address;
}

static chaos_keccak word_of(const char *hex)
{
    chaos_keccak word;
    assert_true(hex_decode(slice_text(hex), word.bytes, sizeof word.bytes));
    return word;
}

#define OWNER "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define IDENTITY "e7f1725e7734ce288f8367e1bb143e90bb3f0512"
#define TRANSACTION "62a9572f1a58531d4e31b8920163a22661723bbe3938a27c1c57ea5b7d70cb94"

static void test_state(void **state)
{
    (void)state;
    chaos_block block;
    chaos_u256 wei;
    uint64_t count = 0;
    char decimal[U256_DECIMAL_SIZE];
    chaos_address owner = address_of(OWNER);
    chaos_block_id pending = { CHAOS_BLOCK_PENDING, 0, { { 0 } } };
    begin();
    const tree *line = play("eth_getBlockByNumber", 0);
    assert_int_equal(chaos_rpc_block(rpc, NULL, &block, NULL), CHAOS_OK);
    asked(line, NULL);
    assert_true(block.number == 0x4c && block.timestamp == 0x6553f80c && block.gas_limit == 30000000 &&
                block.has_base_fee && block.base_fee.bytes[30] == 0xe7 && block.hash.bytes[0] == 0x4a);
    line = play("eth_getBalance", 0);
    assert_int_equal(chaos_rpc_balance(rpc, &owner, NULL, &wei, NULL), CHAOS_OK);
    asked(line, NULL);
    assert_string_equal(u256_decimal(&wei, decimal), "9999967247468933169234");
    line = play("eth_getTransactionCount", 0);
    assert_int_equal(chaos_rpc_transaction_count(rpc, &owner, &pending, &count, NULL), CHAOS_OK);
    asked(line, NULL);
    assert_int_equal(count, 0x3a);
    rpc_fees fees;
    (void)play("eth_feeHistory", 0);
    assert_int_equal(rpc_ask_fees(rpc, 1, &fees, NULL), CHAOS_OK);
    assert_true(!fees.legacy && fees.base == 0xcaaa && fees.tip == 1000000000 && fees.cap == 1000000000 + 2 * 0xcaaa);
    end();
}

static void test_transaction(void **state)
{
    (void)state;
    chaos_transaction_receipt receipt;
    chaos_keccak hash = word_of(TRANSACTION);
    chaos_keccak nothing = { { 0 } };
    chaos_address identity = address_of(IDENTITY);
    rpc_reception reception;
    bool known = false;
    begin();
    const tree *line = play("eth_sendRawTransaction", 0);
    char raw_hex[2048];
    uint8_t raw[1024];
    between(tree_text(tree_get(line, "request")), "[\"0x", '"', raw_hex, sizeof raw_hex);
    size_t size = strlen(raw_hex) / 2;
    assert_true(hex_decode(slice_text(raw_hex), raw, size));
    assert_int_equal(rpc_broadcast(rpc, slice(raw, size), &hash, &reception, NULL, NULL), CHAOS_OK);
    asked(line, NULL);
    assert_int_equal(reception, RPC_TAKEN);
    assert_int_equal(rpc_broadcast(rpc, slice(raw, size), &nothing, &reception, NULL, NULL), CHAOS_OK);
    assert_int_equal(reception, RPC_UNHEARD); /* the hash of another transaction */
    (void)play("eth_sendRawTransaction", 1);
    assert_int_equal(rpc_broadcast(rpc, slice(raw, size), &hash, &reception, NULL, NULL), CHAOS_OK);
    assert_int_equal(reception, RPC_NONCE_USED);
    line = play("eth_getTransactionReceipt", 0);
    assert_int_equal(chaos_rpc_receipt(rpc, &hash, &receipt, NULL), CHAOS_OK);
    asked(line, NULL);
    assert_true(receipt.succeeded && chaos_logs_count(receipt.logs) > 1);
    assert_memory_equal(&chaos_logs_at(receipt.logs, 0)->address, &identity, sizeof identity);
    assert_int_equal(chaos_logs_at(receipt.logs, 0)->topic_count, 4);
    chaos_logs_free(receipt.logs);
    assert_int_equal(chaos_rpc_receipt(rpc, &nothing, &receipt, NULL), CHAOS_E_NODE);
    line = play("eth_getTransactionReceipt", 1);
    assert_int_equal(chaos_rpc_receipt(rpc, &nothing, &receipt, NULL), CHAOS_E_NOT_FOUND);
    asked(line, NULL);
    (void)play("eth_getTransactionByHash", 0);
    assert_int_equal(rpc_knows(rpc, &hash, &known, NULL), CHAOS_OK);
    assert_true(known);
    end();
}

static chaos_status call(const char *to, const char *from, const char *data_hex, chaos_buffer *result, chaos_error *err)
{
    uint8_t data[2048];
    size_t size = strlen(data_hex) / 2;
    chaos_call c = { .has_from = from != NULL, .to = address_of(to) };
    if (from != NULL) {
        c.from = address_of(from);
    }
    assert_true(size <= sizeof data && hex_decode(slice_text(data_hex), data, size));
    c.data = slice(data, size);
    return chaos_rpc_call(rpc, &c, NULL, result, NULL, err);
}

static void test_calls(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(result, 4096);
    chaos_error err;
    chaos_address owner = address_of(OWNER);
    begin();
    (void)play("eth_call", 0);
    assert_int_equal(call(IDENTITY, NULL, "6352211e0000000000000000000000000000000000000000000000000000000000000007",
                          &result, &err),
                     CHAOS_OK);
    assert_true(result.size == 32 && memcmp(result.data + 12, owner.bytes, 20) == 0);
    (void)play("eth_call", 1);
    assert_int_equal(call(IDENTITY, NULL, "6352211e0000000000000000000000000000000000000000000000000000000000003039",
                          &result, &err),
                     CHAOS_E_REVERTED);
    assert_string_equal(err.text, "the contract refuses: ERC721NonexistentToken(12345)");
    (void)play("eth_call", 2);
    assert_int_equal(call(IDENTITY, OWNER, "3c036a7e", &result, &err), CHAOS_E_REVERTED);
    assert_string_equal(err.text, "the contract refuses: \"Self-feedback not allowed\"");
    (void)play("eth_nope", 0);
    assert_int_equal(chaos_rpc_request(rpc, "eth_nope", "[]", &result, &err), CHAOS_E_NODE);
    assert_string_equal(err.text, "the node says: Method not found");
    end();
}

static void test_logs(void **state)
{
    (void)state;
    chaos_logs *logs = NULL;
    chaos_log_filter filter = CHAOS_LOG_FILTER_INIT;
    chaos_keccak topics[] = { word_of("530436c3634a98e1e626b0898be2f1e9980cc1bd2a78c07a0aba52d0a48a5059"),
                              word_of("00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8") };
    chaos_address validation = address_of("cf7ed3acca5a467e9e704c703e8d87f634fb0fc9");
    begin();
    (void)play("eth_getLogs", 0);
    rpc->endpoint[0].head = 0x4c;
    filter.to_block = 0x4c;
    filter.addresses = &validation;
    filter.address_count = 1;
    filter.topics[0].any_of = &topics[0];
    filter.topics[0].count = 1;
    filter.topics[1].any_of = &topics[1];
    filter.topics[1].count = 1;
    assert_int_equal(chaos_rpc_logs(rpc, &filter, &logs, NULL), CHAOS_OK);
    assert_true(chaos_logs_count(logs) > 0);
    for (size_t i = 0; i < chaos_logs_count(logs); i++) {
        assert_memory_equal(&chaos_logs_at(logs, i)->topics[0], &topics[0], sizeof topics[0]);
        assert_true(chaos_logs_at(logs, i)->data.size > 0);
    }
    chaos_logs_free(logs);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_transaction),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_logs),
    };
    if (!vectors_present()) {
        print_message("SKIPPED: no vectors\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, load, unload);
}
