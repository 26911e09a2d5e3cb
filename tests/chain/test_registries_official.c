/* test_registries_official.c - everything that was recorded of the official contracts, done again with ours: the same signed
 * transactions to the same addresses at the same times give the same logs; every read the same bytes, every refusal the
 * same reason. What is not the same is listed by name: the functions of the official ones' proxies and owners. */
#include "erc8004/erc8004.h"
#include "erc8004/registry_code.h"
#include "eth/rpc.h"
#include "tests/support/anvil.h"

#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_BYTES (1u << 20)

/* Of the proxy and its owner, which ours have not. */
static const char *const theirs_alone[] = { "owner()", "UPGRADE_INTERFACE_VERSION()", "initialize()", "proxiableUUID()",
                                            "upgradeToAndCall(address,bytes)", "transferOwnership(address)",
                                            "renounceOwnership()" };

static bool is_theirs_alone(const json_t *entry)
{
    const char *function = json_string_value(json_object_get(entry, "function"));
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(theirs_alone); i++) {
        if (strcmp(function, theirs_alone[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* When a recorded call was in a block, where it matters: seconds after 1,700,000,000. */
static const struct {
    size_t call;
    unsigned time;
} times[] = { { 12, 1168 }, { 13, 1180 }, { 14, 1192 }, { 15, 1204 }, { 16, 1216 }, { 36, 1456 }, { 41, 1516 }, { 42, 1528 }, { 49, 1848 } };

typedef struct replay {
    json_t *vectors;
    anvil *node;
    chaos_rpc *rpc;
    uint64_t blocks[64]; /* of each call */
    size_t calls;
} replay;

/* -------------------------------------------------------------------- node ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

/* The result as JSON; NULL: the node's error, whose text is in `err`. */
static json_t *ask(replay *r, const char *method, chaos_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static json_t *ask(replay *r, const char *method, chaos_error *err, const char *format, ...)
{
    static char params[MAX_BYTES];
    CHAOS_AUTO_BUFFER(result, MAX_BYTES);
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(params, sizeof params, format, arguments);
    va_end(arguments);
    assert_true(size > 0 && (size_t)size < sizeof params);
    if (chaos_rpc_request(r->rpc, method, params, &result, err) != CHAOS_OK) {
        return NULL;
    }
    return json_loadb((const char *)result.data, result.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static json_t *must_ask(replay *r, const char *method, const char *params)
{
    chaos_error err = { .status = CHAOS_OK };
    json_t *result = ask(r, method, &err, "%s", params);
    if (result == NULL) {
        fail_msg("%s %.80s: %s", method, params, err.text);
    }
    return result;
}

/* Of a hash as the node answers it, which it does before the block is there. */
static json_t *receipt_of(replay *r, const json_t *hash)
{
    char params[80];
    assert_true(json_is_string(hash) && json_string_length(hash) < sizeof params - 5);
    (void)snprintf(params, sizeof params, "[\"%s\"]", json_string_value(hash));
    for (int i = 0; i < 500; i++) {
        json_t *receipt = must_ask(r, "eth_getTransactionReceipt", params);
        if (json_is_object(receipt)) {
            return receipt;
        }
        json_decref(receipt);
        rpc_sleep_ms(10);
    }
    fail_msg("no receipt");
    return NULL;
}

static void create(replay *r, const char *from, const uint8_t *code, size_t size, const char *link)
{
    static char params[MAX_BYTES];
    char *hex = malloc(2 * size + 1);
    assert_non_null(hex);
    hex_encode(slice(code, size), hex);
    hex[2 * size] = '\0';
    (void)snprintf(params, sizeof params, "[{\"from\":\"%s\",\"data\":\"0x%s%s%s\",\"gas\":\"0x500000\"}]", from, hex,
                   link[0] == '\0' ? "" : "000000000000000000000000", link);
    free(hex);
    json_t *hash = must_ask(r, "eth_sendTransaction", params);
    json_decref(receipt_of(r, hash));
    json_decref(hash);
}

/* The contracts at the addresses that the recorded ones had: nonces 1, 2 and 3 of the first account. */
static void deploy(replay *r)
{
    const json_t *places = json_object_get(r->vectors, "chain_deployment");
    const char *from = text_of(places, "owner"), *identity = text_of(places, "identity");
    static const char *const names[] = { "identity", "reputation", "validation" };
    char params[256];
    (void)snprintf(params, sizeof params, "[{\"from\":\"%s\",\"to\":\"%s\"}]", from, from);
    json_decref(must_ask(r, "eth_sendTransaction", params));
    create(r, from, identity_registry_code, identity_registry_code_size, "");
    create(r, from, reputation_registry_code, reputation_registry_code_size, identity + 2);
    create(r, from, validation_registry_code, validation_registry_code_size, identity + 2);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        (void)snprintf(params, sizeof params, "[\"%s\",\"latest\"]", text_of(places, names[i]));
        json_t *code = must_ask(r, "eth_getCode", params);
        assert_true(json_string_length(code) > 1000);
        json_decref(code);
    }
}

/* ------------------------------------------------------------------- calls ---- */

/* The hash as the node answers it. */
static json_t *send(replay *r, const json_t *call)
{
    CHAOS_AUTO_BUFFER(raw, MAX_BYTES);
    chaos_signed_transaction *transaction = NULL;
    char params[256], sender[CHAOS_ADDRESS_TEXT_SIZE];
    const char *hex = text_of(call, "rawTx");
    uint8_t *room = buffer_reserve(&raw, strlen(hex) / 2);
    assert_true(room != NULL && hex_decode(slice(hex + 2, strlen(hex) - 2), room, strlen(hex) / 2 - 1));
    raw.size = strlen(hex) / 2 - 1;
    assert_int_equal(chaos_transaction_read(buffer_slice(&raw), &transaction, NULL), CHAOS_OK);
    chaos_address from = chaos_signed_transaction_sender(transaction);
    chaos_address_format(&from, sender);
    (void)snprintf(params, sizeof params, "[\"%s\",\"0x%llx\"]", sender,
                   (unsigned long long)chaos_signed_transaction_fields(transaction)->nonce);
    json_decref(must_ask(r, "anvil_setNonce", params)); /* what was done between the recorded calls is left out */
    chaos_signed_transaction_free(transaction);
    static char long_params[MAX_BYTES];
    (void)snprintf(long_params, sizeof long_params, "[\"%s\"]", hex);
    return must_ask(r, "eth_sendRawTransaction", long_params);
}

/* Ours are not upgradeable and behind no proxy, so their logs are all the logs. */
static void same_logs(const json_t *call, const json_t *receipt)
{
    json_t *wanted = json_object_get(call, "logs"), *found = json_object_get(receipt, "logs"), *log;
    size_t i, k;
    if (json_array_size(wanted) != json_array_size(found)) {
        fail_msg("%s: %zu logs, expected %zu", text_of(call, "label"), json_array_size(found), json_array_size(wanted));
    }
    json_array_foreach(wanted, i, log)
    {
        const json_t *ours = json_array_get(found, i);
        json_t *topics = json_object_get(log, "topics"), *topic;
        bool same = strcasecmp(text_of(log, "address"), text_of(ours, "address")) == 0 &&
                    strcmp(text_of(log, "data"), text_of(ours, "data")) == 0 &&
                    json_array_size(topics) == json_array_size(json_object_get(ours, "topics"));
        json_array_foreach(topics, k, topic)
        {
            same = same && json_equal(topic, json_array_get(json_object_get(ours, "topics"), k));
        }
        if (!same) {
            fail_msg("%s: log %zu, %s, is another", text_of(call, "label"), i, text_of(log, "event"));
        }
    }
}

static void set_time(replay *r, size_t call)
{
    char params[64];
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(times); i++) {
        if (times[i].call == call) {
            (void)snprintf(params, sizeof params, "[%u]", 1700000000u + times[i].time);
            json_decref(must_ask(r, "evm_setNextBlockTimestamp", params));
        }
    }
}

/* A contract wallet that agrees with everything (ERC-1271). */
static void make_wallet(replay *r)
{
    json_decref(must_ask(r, "anvil_setCode", "[\"0x1271127112711271127112711271127112711271\","
                                             "\"0x631626ba7e60e01b60005260206000f3\"]"));
}

static int begin(void **state)
{
    static const char *const arguments[] = { "--timestamp", "1700000000", NULL };
    char path[4096];
    replay *r = calloc(1, sizeof *r);
    *state = r;
    (void)snprintf(path, sizeof path, "%s/erc8004/vectors.json", vectors_root());
    r->vectors = json_load_file(path, JSON_ALLOW_NUL, NULL);
    assert_non_null(r->vectors);
    r->node = anvil_start(arguments);
    const char *url = anvil_url(r->node);
    chaos_rpc_options options = CHAOS_RPC_OPTIONS_INIT;
    options.urls = &url;
    options.url_count = 1;
    assert_int_equal(chaos_rpc_open(&options, &r->rpc, NULL), CHAOS_OK);
    deploy(r);
    make_wallet(r);
    return 0;
}

static int end(void **state)
{
    replay *r = *state;
    chaos_rpc_free(r->rpc);
    anvil_stop(r->node, true);
    json_decref(r->vectors);
    free(r);
    return 0;
}

static void test_calls(void **state)
{
    replay *r = *state;
    json_t *list = json_object_get(r->vectors, "chain_calls"), *call;
    size_t i, same = 0;
    json_array_foreach(list, i, call)
    {
        set_time(r, i);
        json_t *hash = send(r, call), *receipt = receipt_of(r, hash);
        json_decref(hash);
        bool succeeded = strcmp(text_of(receipt, "status"), "0x1") == 0;
        r->blocks[i] = strtoull(text_of(receipt, "blockNumber"), NULL, 16);
        r->calls = i + 1;
        if (is_theirs_alone(call)) {
            assert_false(succeeded);
        } else {
            if (succeeded != (json_integer_value(json_object_get(call, "status")) == 1)) {
                fail_msg("%s: status %s", text_of(call, "label"), text_of(receipt, "status"));
            }
            same_logs(call, receipt);
            same++;
        }
        json_decref(receipt);
    }
    assert_int_equal(same, 50); /* of 53 */
}

/* ------------------------------------------------------- reads and refusals ---- */

/* eth_call at a block: the return data, or the reason's bytes with *refused. */
static json_t *call_at(replay *r, const json_t *entry, uint64_t block, bool *refused)
{
    const json_t *places = json_object_get(r->vectors, "chain_deployment");
    const json_t *from = json_object_get(entry, "from");
    static char hex[MAX_BYTES];
    CHAOS_AUTO_BUFFER(result, MAX_BYTES);
    CHAOS_AUTO_BUFFER(revert, CHAOS_MAX_REVERT);
    CHAOS_AUTO_BUFFER(data, MAX_BYTES);
    const char *text = text_of(entry, "calldata");
    chaos_call call = { .has_from = from != NULL };
    chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = block };
    uint8_t *room = buffer_reserve(&data, strlen(text) / 2);
    assert_true(room != NULL && hex_decode(slice(text + 2, strlen(text) - 2), room, strlen(text) / 2 - 1));
    data.size = strlen(text) / 2 - 1;
    call.data = buffer_slice(&data);
    assert_int_equal(chaos_address_parse(text_of(places, text_of(entry, "registry")), &call.to, NULL), CHAOS_OK);
    if (from != NULL) {
        assert_int_equal(chaos_address_parse(json_string_value(from), &call.from, NULL), CHAOS_OK);
    }
    chaos_status status = chaos_rpc_call(r->rpc, &call, &at, &result, &revert, NULL);
    assert_true(status == CHAOS_OK || status == CHAOS_E_REVERTED);
    *refused = status != CHAOS_OK;
    const chaos_buffer *found = *refused ? &revert : &result;
    hex[0] = '0';
    hex[1] = 'x';
    hex_encode(buffer_slice(found), hex + 2);
    hex[2 + 2 * found->size] = '\0';
    return json_string(hex);
}

/* Both lists are in the order in which they were asked, between the calls: the place of one is never before that of the
 * one before. */
static void same_answers(replay *r, const char *name, bool refusals, size_t expected)
{
    json_t *list = json_object_get(r->vectors, name), *entry;
    size_t i, place = 0, same = 0;
    assert_true(r->calls > 0); /* the calls were done */
    json_array_foreach(list, i, entry)
    {
        const json_t *error = json_object_get(entry, "error");
        const json_t *wanted = json_object_get(refusals ? error : entry, refusals ? "data" : "returndata");
        bool theirs = is_theirs_alone(entry), found = false;
        size_t begin_at = place;
        for (; place < r->calls && !found; place += !found) {
            bool refused;
            json_t *answer = call_at(r, entry, r->blocks[place], &refused);
            found = theirs ? refused : refused == refusals && json_equal(answer, wanted);
            json_decref(answer);
        }
        if (!found) {
            fail_msg("%s: at no block from call %zu on", text_of(entry, "label"), begin_at);
        }
        same += !theirs;
    }
    assert_int_equal(same, expected);
}

static void test_reads(void **state)
{
    same_answers(*state, "chain_reads", false, 79); /* of 81 */
}

static void test_refusals(void **state)
{
    same_answers(*state, "chain_reverts", true, 52); /* of 58 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_refusals),
    };
    if (vectors_root() == NULL || anvil_path() == NULL) {
        (void)printf("SKIPPED: %s\n", vectors_root() == NULL ? "no vectors" : "no anvil");
        return 77;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
