/* test_sender_node.c - the sender on a scripted node: what to pay, what the node's texts mean, when to pay more. What
 * happens on a real chain is in tests/chain/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/sender.h"
#include "eth/u256.h"
#include "tests/support/node.h"

#include <stdio.h>
#include <unistd.h>

#define H32(d) "\"0x" d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d "\""
#define BLOCK(number, base) "{\"number\":\"" number "\",\"hash\":" H32("ab") ",\"parentHash\":" H32("cd") ",\"timestamp\":\"0x1\",\"gasLimit\":\"0x1c9c380\"" base "}"
#define BASE ",\"baseFeePerGas\":\"0x64\""

/* What a quiet chain answers: base fee 100, tips of 7 wei, height 100, money enough. */
#define QUIET_HISTORY "{\"oldestBlock\":\"0x1\",\"gasUsedRatio\":[0.5],\"baseFeePerGas\":[\"0x1\",\"0x64\"]," \
                      "\"reward\":[[\"0x1\"],[\"0x7\"],[\"0x9\"]]}"
#define QUIET                                                                                               \
    { .method = "eth_getBlockByNumber", .part = "\"0x0\"", .result = BLOCK("0x0", BASE) },                  \
        { .method = "eth_getBlockByNumber", .result = BLOCK("0x64", BASE) },                                \
        { .method = "eth_getBalance", .result = "\"0xffffffffffffffff\"" },                                 \
        { .method = "eth_getTransactionCount", .result = "\"0x5\"" },                                       \
        { .method = "eth_feeHistory", .result = QUIET_HISTORY },                                            \
        { .method = "eth_estimateGas", .result = "\"0xea60\"" },                                            \
        { .method = "eth_getTransactionReceipt", .result = "null" },                                        \
        { .method = "eth_getTransactionByHash", .result = "{}" },                                           \
        { .method = "eth_sendRawTransaction", .error = "{\"code\":-32000,\"message\":\"already known\"}" }, \
    {                                                                                                       \
        0                                                                                                   \
    }

static const node_row quiet[] = { QUIET };

typedef struct bench {
    node *n;
    char folder[64], journal[96];
    chaos_account *account;
    chaos_rpc *rpc;
    chaos_sender *sender;
} bench;

static void must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (%s; %s)", chaos_status_name(status), err->text, err->expected, err->found);
    }
}

static void begin(bench *b, uint64_t max_fee)
{
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    guarded_key *key = NULL;
    chaos_error err;
    memset(b, 0, sizeof *b);
    b->n = node_start(quiet);
    const char *urls[] = { node_url(b->n) };
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/chaos-sender-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    (void)snprintf(b->journal, sizeof b->journal, "%s/journal", b->folder);
    must(guarded_key_generate(&key, &err), &err);
    must(account_from_key(&key, &b->account, &err), &err);
    rpc.urls = urls;
    rpc.url_count = 1;
    rpc.deadline_ms = 300;
    must(chaos_rpc_open(&rpc, &b->rpc, &err), &err);
    sender.rpc = b->rpc;
    sender.account = b->account;
    sender.journal = b->journal;
    sender.deadline_ms = 200;
    sender.poll_ms = 10;
    sender.max_fee = u256_from(max_fee);
    sender.min_priority_fee = u256_from(2);
    must(chaos_sender_open(&sender, &b->sender, &err), &err);
}

static void end(bench *b)
{
    chaos_sender_free(b->sender);
    chaos_rpc_free(b->rpc);
    chaos_account_free(b->account);
    node_stop(b->n);
    (void)unlink(b->journal);
    (void)rmdir(b->folder);
}

static chaos_intent intent_named(const char *name)
{
    chaos_intent intent = CHAOS_INTENT_INIT;
    intent.name = name;
    intent.has_to = true;
    intent.to.bytes[0] = 9;
    return intent;
}

/* The newest transaction of the intent, read back from its bytes; free it. */
static chaos_signed_transaction *signed_for(bench *b, const char *name)
{
    JOURNAL_AUTO_ENTRY(entry);
    JOURNAL_AUTO_ATTEMPT(attempt);
    chaos_signed_transaction *t = NULL;
    chaos_error err;
    must(journal_find(b->sender->journal, &b->sender->who, name, &entry, &err), &err);
    must(journal_attempt_read(b->sender->journal, entry.id, entry.attempts - 1, &attempt, &err), &err);
    must(chaos_transaction_read(buffer_slice(&attempt.raw), &t, &err), &err);
    return t;
}

static uint64_t low(const chaos_u256 *word)
{
    uint64_t number = 0;
    assert_true(u256_to_u64(word, &number));
    return number;
}

/* ------------------------------------------------------------------- fees ---- */

static void test_what_is_signed(void **state)
{
    (void)state;
    bench b;
    chaos_outcome outcome;
    chaos_error err;
    begin(&b, 0);
    chaos_intent intent = intent_named("a");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    chaos_signed_transaction *made = signed_for(&b, "a");
    const chaos_transaction *t = chaos_signed_transaction_fields(made);
    assert_true(t->type == CHAOS_TX_DYNAMIC_FEE && t->chain_id == 31337 && t->nonce == 5);
    assert_int_equal(t->gas_limit, 72000);          /* 60,000 and a fifth */
    assert_int_equal(low(&t->max_priority_fee), 7); /* the median */
    assert_int_equal(low(&t->max_fee), 207);        /* twice the base fee and the tip */
    chaos_address signer = chaos_signed_transaction_sender(made);
    chaos_address owner = chaos_account_address(b.account);
    assert_memory_equal(&signer, &owner, sizeof owner);
    chaos_signed_transaction_free(made);
    assert_non_null(strstr(node_params(b.n, "eth_estimateGas"), "\"pending\""));
    /* The next one has the next nonce, although the node still counts 5. */
    intent = intent_named("b");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    assert_int_equal(outcome.nonce, 6);
    end(&b);
}

static void fees_are(const node_row *rows, bool legacy, uint64_t base, uint64_t tip, uint64_t cap)
{
    bench b;
    rpc_fees fees;
    chaos_error err;
    begin(&b, 0);
    node_play(b.n, rows);
    must(rpc_ask_fees(b.rpc, 2, &fees, &err), &err);
    assert_int_equal(fees.legacy, legacy);
    assert_int_equal(fees.base, base);
    assert_int_equal(fees.tip, tip);
    assert_int_equal(fees.cap, cap);
    end(&b);
}

#define NO_HISTORY                                                                  \
    {                                                                               \
        .method = "eth_feeHistory", .error = "{\"code\":-32601,\"message\":\"no\"}" \
    }

static void test_fees_of_all_kinds_of_nodes(void **state)
{
    (void)state;
    fees_are(quiet, false, 100, 7, 207);
    /* Empty blocks reward nothing: the floor. */
    fees_are((const node_row[]){ { .method = "eth_feeHistory",
                                   .result = "{\"baseFeePerGas\":[\"0x5\"],\"reward\":[[\"0x0\"],[\"0x0\"]]}" },
                                 QUIET },
             false, 5, 2, 12);
    /* No history, and what the node proposes; the base fee may have risen by an eighth. */
    fees_are((const node_row[]){ NO_HISTORY, { .method = "eth_maxPriorityFeePerGas", .result = "\"0x9\"" }, QUIET },
             false, 112, 9, 233);
    /* Nor that. */
    fees_are((const node_row[]){ NO_HISTORY, QUIET }, false, 112, 2, 226);
    /* No base fee: an old chain. */
    fees_are((const node_row[]){ NO_HISTORY, { .method = "eth_getBlockByNumber", .result = BLOCK("0x64", "") }, { .method = "eth_gasPrice", .result = "\"0x50\"" }, QUIET }, true, 80, 0, 90);
    fees_are((const node_row[]){ { .method = "eth_feeHistory",
                                   .result = "{\"baseFeePerGas\":[\"0x0\",\"0x0\"],\"reward\":null}" },
                                 { .method = "eth_getBlockByNumber", .result = BLOCK("0x64", "") },
                                 { .method = "eth_gasPrice", .result = "\"0x50\"" },
                                 QUIET },
             true, 80, 0, 90);
    /* A mad fee does not wrap. */
    fees_are(
        (const node_row[]){
            { .method = "eth_feeHistory",
              .result = "{\"baseFeePerGas\":[\"0xffffffffffffffffffffffffffffffff\"],\"reward\":[[\"0x1\"]]}" },
            QUIET },
        false, UINT64_C(1) << 62, 2, UINT64_C(1) << 62);
}

static void test_legacy_transaction(void **state)
{
    (void)state;
    bench b;
    chaos_outcome outcome;
    chaos_error err;
    begin(&b, 0);
    node_play(b.n, (const node_row[]){ NO_HISTORY, { .method = "eth_getBlockByNumber", .result = BLOCK("0x64", "") }, { .method = "eth_gasPrice", .result = "\"0x50\"" }, QUIET });
    chaos_intent intent = intent_named("a");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    chaos_signed_transaction *made = signed_for(&b, "a");
    const chaos_transaction *t = chaos_signed_transaction_fields(made);
    assert_true(t->type == CHAOS_TX_LEGACY && t->chain_id == 31337 && low(&t->gas_price) == 90);
    chaos_signed_transaction_free(made);
    end(&b);
}

static void test_raising(void **state)
{
    (void)state;
    static const struct {
        uint64_t old_cap, old_tip, asked_cap, asked_tip, base, max, cap, tip;
        chaos_status status;
    } rows[] = {
        { 207, 7, 207, 7, 100, 1000, 233, 8, CHAOS_OK }, /* 207 + 25 + 1 */
        { 8, 8, 0, 0, 0, 1000, 10, 10, CHAOS_OK },
        { 1, 0, 0, 0, 0, 1000, 2, 1, CHAOS_OK },             /* never the same */
        { 207, 7, 900, 50, 400, 1000, 900, 50, CHAOS_OK },   /* the chain asks more than an eighth more */
        { 207, 7, 1200, 50, 575, 1000, 1000, 50, CHAOS_OK }, /* cut to the limit, which still suffices */
        { 207, 7, 2100, 50, 1000, 1000, 0, 0, CHAOS_E_FEE_LIMIT },
        { 889, 7, 207, 7, 100, 1000, 0, 0, CHAOS_E_FEE_LIMIT }, /* 889 + 111 + 1 */
        { 888, 7, 207, 7, 100, 1000, 1000, 8, CHAOS_OK },
        { 100, 90, 0, 0, 0, 1000, 113, 102, CHAOS_OK },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        rpc_fees fees = { .base = rows[i].base, .tip = rows[i].asked_tip, .cap = rows[i].asked_cap };
        chaos_error err;
        assert_int_equal(sender_raise(rows[i].old_cap, rows[i].old_tip, rows[i].max, &fees, &err), rows[i].status);
        if (rows[i].status == CHAOS_OK) {
            assert_int_equal(fees.cap, rows[i].cap);
            assert_int_equal(fees.tip, rows[i].tip);
        }
    }
}

static void test_gas(void **state)
{
    (void)state;
    bench b;
    chaos_outcome outcome;
    chaos_error err;
    begin(&b, 0);
    node_play(
        b.n, (const node_row[]){ { .method = "eth_estimateGas", .result = "\"0xf42400\"" }, QUIET }); /* 16,000,000 */
    chaos_intent intent = intent_named("a");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    chaos_signed_transaction *made = signed_for(&b, "a");
    assert_int_equal(chaos_signed_transaction_fields(made)->gas_limit, 16777216);
    chaos_signed_transaction_free(made);
    node_play(b.n, (const node_row[]){ { .method = "eth_estimateGas", .result = "\"0x1000001\"" }, QUIET });
    intent = intent_named("b");
    assert_int_equal(chaos_sender_submit(b.sender, &intent, &outcome, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "gas_limit");
    node_play(b.n, quiet);
    intent.gas_limit = 59999;
    assert_int_equal(chaos_sender_submit(b.sender, &intent, &outcome, &err), CHAOS_E_USAGE);
    intent.gas_limit = 60000;
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    made = signed_for(&b, "b");
    assert_int_equal(chaos_signed_transaction_fields(made)->gas_limit, 60000);
    chaos_signed_transaction_free(made);
    intent = intent_named("c");
    intent.gas_limit = 16777217;
    assert_int_equal(chaos_sender_submit(b.sender, &intent, &outcome, &err), CHAOS_E_USAGE);
    intent = intent_named("c c");
    assert_int_equal(chaos_sender_submit(b.sender, &intent, &outcome, &err), CHAOS_E_USAGE);
    intent = intent_named("c");
    intent.has_to = false;
    assert_int_equal(chaos_sender_submit(b.sender, &intent, &outcome, &err), CHAOS_E_USAGE);
    end(&b);
}

/* ------------------------------------------------------------------ texts ---- */

static void test_receptions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t code;
        rpc_reception reception;
    } rows[] = {
        { "already known", -32000, RPC_TAKEN },
        { "transaction already imported", -32003, RPC_TAKEN },
        { "Known transaction: 0xabc", -32000, RPC_TAKEN },
        { "nonce too low: next nonce 5, tx nonce 4", -32000, RPC_NONCE_USED },
        { "Nonce too low", -32003, RPC_NONCE_USED },
        { "replacement transaction underpriced", -32003, RPC_UNDERPRICED },
        { "Insufficient funds for gas * price + value", -32003, RPC_NO_FUNDS },
        { "insufficient funds for gas * price + value: balance 0", -32000, RPC_NO_FUNDS },
        { "max fee per gas less than block base fee", -32003, RPC_TOO_CHEAP },
        { "transaction underpriced: gas tip cap 1, minimum needed 2", -32000, RPC_TOO_CHEAP },
        { "invalid chain id for signer", -32003, RPC_REJECTED },
        { "intrinsic gas too low", -32000, RPC_REJECTED },
        { "exceeds block gas limit", -32000, RPC_REJECTED },
        { "Failed to decode transaction", -32602, RPC_REJECTED },
        { "rate limit exceeded", -32005, RPC_UNHEARD },
        { "internal error", -32603, RPC_UNHEARD },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        rpc_failure failure = { .answered = true, .code = rows[i].code };
        (void)snprintf(failure.text, sizeof failure.text, "%s", rows[i].text);
        assert_int_equal(rpc_judge_reception(&failure), rows[i].reception);
    }
    assert_int_equal(rpc_judge_reception(&(rpc_failure){ .http_status = 502 }), RPC_UNHEARD);
}

static void test_refusals_when_sent(void **state)
{
    (void)state;
    static const struct {
        const char *error;
        chaos_status status;
    } rows[] = {
        { "{\"code\":-32000,\"message\":\"insufficient funds for transfer\"}", CHAOS_E_FUNDS },
        { "{\"code\":-32000,\"message\":\"invalid sender\"}", CHAOS_E_NODE },
        { "{\"code\":-32000,\"message\":\"nonce too low\"}", CHAOS_OK }, /* looking will tell */
        { "{\"code\":-32000,\"message\":\"transaction underpriced\"}", CHAOS_OK },
    };
    bench b;
    begin(&b, 0);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        char name[16];
        chaos_outcome outcome;
        chaos_error err;
        node_play(b.n, (const node_row[]){ { .method = "eth_sendRawTransaction", .error = rows[i].error }, QUIET });
        (void)snprintf(name, sizeof name, "a/%zu", i);
        chaos_intent intent = intent_named(name);
        assert_int_equal(chaos_sender_submit(b.sender, &intent, &outcome, &err), rows[i].status);
        must(chaos_sender_find(b.sender, name, &outcome, &err), &err);
        assert_true(outcome.state == CHAOS_INTENT_SENT && outcome.attempts == 1);
    }
    end(&b);
}

/* ------------------------------------------------------------------ stuck ---- */

static unsigned attempts_after_look(bench *b, const node_row *rows, sender_view *view)
{
    JOURNAL_AUTO_ENTRY(entry);
    chaos_error err;
    node_play(b->n, rows);
    must(journal_find(b->sender->journal, &b->sender->who, "a", &entry, &err), &err);
    must(sender_look(b->sender, &entry, view, &err), &err);
    return entry.attempts;
}

#define DEAR                                                                                           \
    {                                                                                                  \
        .method = "eth_feeHistory", .result = "{\"baseFeePerGas\":[\"0x190\"],\"reward\":[[\"0x7\"]]}" \
    }
#define LATER                                                           \
    {                                                                   \
        .method = "eth_getBlockByNumber", .result = BLOCK("0x67", BASE) \
    }

/* It waits in the pool, and the base fee has risen above its cap: after three blocks a twin pays more. */
static void test_stuck_is_replaced(void **state)
{
    (void)state;
    bench b;
    sender_view view = { 0 };
    chaos_outcome outcome;
    chaos_error err;
    begin(&b, 1000);
    chaos_intent intent = intent_named("a");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    assert_int_equal(attempts_after_look(&b, quiet, &view), 1);
    assert_int_equal(attempts_after_look(&b, (const node_row[]){ DEAR, QUIET }, &view), 1);  /* too early */
    assert_int_equal(attempts_after_look(&b, (const node_row[]){ LATER, QUIET }, &view), 1); /* it pays enough */
    assert_int_equal(node_count(b.n, "eth_sendRawTransaction"), 0);                          /* and is known */
    assert_int_equal(attempts_after_look(&b, (const node_row[]){ DEAR, LATER, QUIET }, &view), 2);
    assert_int_equal(node_count(b.n, "eth_sendRawTransaction"), 1);
    chaos_signed_transaction *made = signed_for(&b, "a");
    const chaos_transaction *t = chaos_signed_transaction_fields(made);
    assert_true(t->nonce == 5 && low(&t->max_fee) == 807 && low(&t->max_priority_fee) == 8 && t->gas_limit == 72000);
    chaos_signed_transaction_free(made);
    /* The twin is young: nothing more yet. */
    assert_int_equal(attempts_after_look(&b, (const node_row[]){ DEAR, LATER, QUIET }, &view), 2);
    assert_false(view.fee_limited);
    end(&b);
}

static void test_stuck_below_the_limit(void **state)
{
    (void)state;
    bench b;
    sender_view view = { 0 };
    chaos_outcome outcome;
    chaos_error err;
    begin(&b, 220);
    chaos_intent intent = intent_named("a");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    assert_int_equal(attempts_after_look(&b, (const node_row[]){ DEAR, LATER, QUIET }, &view), 1);
    assert_true(view.fee_limited);
    assert_int_equal(chaos_sender_wait(b.sender, "a", &outcome, &err), CHAOS_E_FEE_LIMIT);
    node_play(b.n, quiet);
    assert_int_equal(chaos_sender_wait(b.sender, "a", &outcome, &err), CHAOS_E_UNCONFIRMED);
    end(&b);
}

/* Unknown to the node: the same bytes, without waiting for blocks. */
static void test_unknown_is_sent_again(void **state)
{
    (void)state;
    bench b;
    sender_view view = { 0 };
    chaos_outcome outcome;
    chaos_error err;
    begin(&b, 0);
    chaos_intent intent = intent_named("a");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    char first[4096];
    (void)snprintf(first, sizeof first, "%s", node_params(b.n, "eth_sendRawTransaction"));
    assert_int_equal(
        attempts_after_look(
            &b, (const node_row[]){ { .method = "eth_getTransactionByHash", .result = "null" }, QUIET }, &view),
        1);
    assert_string_equal(node_params(b.n, "eth_sendRawTransaction"), first);
    end(&b);
}

/* A receipt whose block is not the chain's is none. */
static void test_receipt_of_another_chain_end(void **state)
{
    (void)state;
    bench b;
    chaos_outcome outcome;
    chaos_error err;
    char receipt[1024], hash[65] = "";
    begin(&b, 0);
    chaos_intent intent = intent_named("a");
    must(chaos_sender_submit(b.sender, &intent, &outcome, &err), &err);
    hex_encode(slice(outcome.transaction_hash.bytes, 32), hash);
    static const char form[] =
        "{\"transactionHash\":\"0x%s\",\"blockHash\":%s,\"blockNumber\":\"0x64\",\"status\":\"0x1\","
        "\"gasUsed\":\"0x5208\",\"logs\":[]}";
    (void)snprintf(receipt, sizeof receipt, form, hash, H32("ac"));
    node_play(b.n, (const node_row[]){ { .method = "eth_getTransactionReceipt", .result = receipt }, QUIET });
    assert_int_equal(chaos_sender_wait(b.sender, "a", &outcome, &err), CHAOS_E_UNCONFIRMED);
    (void)snprintf(receipt, sizeof receipt, form, hash, H32("ab"));
    node_play(b.n, (const node_row[]){ { .method = "eth_getTransactionReceipt", .result = receipt }, QUIET });
    must(chaos_sender_wait(b.sender, "a", &outcome, &err), &err);
    assert_true(outcome.state == CHAOS_INTENT_CONFIRMED && outcome.block_number == 100);
    end(&b);
}

static void test_options(void **state)
{
    (void)state;
    bench b;
    chaos_sender *sender = NULL;
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    chaos_error err;
    begin(&b, 0);
    assert_int_equal(chaos_sender_open(&options, &sender, &err), CHAOS_E_USAGE);
    options.rpc = b.rpc;
    options.account = b.account;
    assert_int_equal(chaos_sender_open(&options, &sender, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "journal");
    options.journal = b.journal;
    options.max_fee.bytes[0] = 1;
    assert_int_equal(chaos_sender_open(&options, &sender, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "max_fee");
    options.max_fee.bytes[0] = 0;
    options.confirmations = 10001;
    assert_int_equal(chaos_sender_open(&options, &sender, &err), CHAOS_E_USAGE);
    options.confirmations = 0;
    options.size--;
    assert_int_equal(chaos_sender_open(&options, &sender, &err), CHAOS_E_USAGE);
    assert_null(sender);
    assert_false(chaos_sender_is_dry_run(b.sender));
    assert_ptr_equal(chaos_sender_rpc(b.sender), b.rpc);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_signed),
        cmocka_unit_test(test_fees_of_all_kinds_of_nodes),
        cmocka_unit_test(test_legacy_transaction),
        cmocka_unit_test(test_raising),
        cmocka_unit_test(test_gas),
        cmocka_unit_test(test_receptions),
        cmocka_unit_test(test_refusals_when_sent),
        cmocka_unit_test(test_stuck_is_replaced),
        cmocka_unit_test(test_stuck_below_the_limit),
        cmocka_unit_test(test_unknown_is_sent_again),
        cmocka_unit_test(test_receipt_of_another_chain_end),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
