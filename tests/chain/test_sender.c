/* test_sender.c - the sender on a real chain that loses, forgets and reorganises: everything is done once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/u256.h"
#include "tests/support/chain.h"

#include <stdio.h>

static const chain_options usual = { 0 };

static void must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (%s; %s)", chaos_status_name(status), err->text, err->expected, err->found);
    }
}

static void done(chain *c, const char *name, chaos_outcome *outcome)
{
    chaos_error err;
    must(chaos_sender_wait(c->sender, name, outcome, &err), &err);
    assert_int_equal(outcome->state, CHAOS_INTENT_CONFIRMED);
}

static chaos_outcome submitted(chain *c, const char *name, uint64_t to, uint64_t value)
{
    chaos_intent intent = chain_transfer(name, to, value);
    chaos_outcome outcome;
    chaos_error err;
    must(chaos_sender_submit(c->sender, &intent, &outcome, &err), &err);
    return outcome;
}

static void drop(chain *c, const chaos_keccak *hash)
{
    char hex[65] = "", params[80];
    hex_encode(slice(hash->bytes, sizeof hash->bytes), hex);
    (void)snprintf(params, sizeof params, "[\"0x%s\"]", hex);
    chain_do(c, "anvil_dropTransaction", params);
}

static chaos_buffer raw_of(chain *c, const char *name, unsigned number)
{
    JOURNAL_AUTO_ENTRY(entry);
    journal_attempt attempt = { 0 };
    assert_int_equal(journal_find(c->sender->journal, &c->sender->who, name, &entry, NULL), CHAOS_OK);
    assert_int_equal(journal_attempt_read(c->sender->journal, entry.id, number, &attempt, NULL), CHAOS_OK);
    return attempt.raw;
}

/* ----------------------------------------------------------------- simple ---- */

static void test_once_and_never_again(void **state)
{
    (void)state;
    chain c;
    chaos_outcome first, second;
    chaos_error err;
    chain_begin(&c, &usual);
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    must(chaos_sender_send(c.sender, &intent, &first, &err), &err);
    assert_true(first.state == CHAOS_INTENT_CONFIRMED && !first.was_done && first.nonce == 0 && first.attempts == 1);
    assert_int_equal(first.gas_used, 21000);
    assert_false(u256_is_zero(&first.gas_price));
    must(chaos_sender_send(c.sender, &intent, &second, &err), &err);
    assert_true(second.was_done && memcmp(&first.transaction_hash, &second.transaction_hash, 32) == 0);
    chain_reopen(&c, &usual); /* and in the next process */
    must(chaos_sender_send(c.sender, &intent, &second, &err), &err);
    assert_true(second.was_done);
    assert_int_equal(chain_received(&c, 1), 1001);
    assert_int_equal(chain_nonce(&c, c.account), 1);
    /* The name is used up: for another receiver, another value, other data. */
    intent.value.bytes[31]++;
    assert_int_equal(chaos_sender_send(c.sender, &intent, &second, &err), CHAOS_E_USAGE);
    intent = chain_transfer("pay/1", 2, 1001);
    assert_int_equal(chaos_sender_submit(c.sender, &intent, &second, &err), CHAOS_E_USAGE);
    intent = chain_transfer("pay/1", 1, 1001);
    intent.data = slice("x", 1);
    assert_int_equal(chaos_sender_submit(c.sender, &intent, &second, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "name");
    assert_int_equal(chaos_sender_find(c.sender, "pay/2", &second, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(chaos_sender_find(c.sender, "pay 2", &second, &err), CHAOS_E_USAGE);
    assert_int_equal(chain_nonce(&c, c.account), 1);
    chain_end(&c);
}

static void test_dry_run_sends_nothing(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &(chain_options){ .dry_run = true });
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_true(outcome.state == CHAOS_INTENT_PLANNED && outcome.gas_used == 21000 && outcome.attempts == 0);
    assert_int_equal(chaos_sender_find(c.sender, "pay/1", &outcome, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(rpc_proxy_count(c.proxy, "eth_sendRawTransaction"), 0);
    assert_int_equal(chain_nonce(&c, c.account), 0);
    chain_end(&c);
}

static void test_money_and_fees(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &(chain_options){ .max_fee = 900000000 }); /* below the base fee of 1 gwei */
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    assert_int_equal(chaos_sender_send(c.sender, &intent, &outcome, &err), CHAOS_E_FEE_LIMIT);
    must(chaos_sender_find(c.sender, "pay/1", &outcome, &err), &err);
    assert_true(outcome.state == CHAOS_INTENT_PLANNED && outcome.attempts == 0);
    chain_reopen(&c, &usual);
    chain_give(&c, c.account, "0x989680");
    assert_int_equal(chaos_sender_send(c.sender, &intent, &outcome, &err), CHAOS_E_FUNDS);
    must(chaos_sender_find(c.sender, "pay/1", &outcome, &err), &err);
    assert_int_equal(outcome.attempts, 0);
    chain_give(&c, c.account, "0x56bc75e2d63100000");
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err); /* the same name goes on */
    assert_int_equal(chain_received(&c, 1), 1001);
    chain_end(&c);
}

/* revert(ERC721NonexistentToken(7)): PUSH4 selector, shifted to the front; the argument behind it. */
#define REFUSES "0x637e27328960e01b60005260076004526024600" \
                "0fd"

static void test_refused(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &usual);
    /* At once, in the estimate: nothing is signed. */
    chain_do(&c, "anvil_setCode", "[\"0xc0ffee0000000000000000000000000000000001\",\"" REFUSES "\"]");
    chaos_intent intent = chain_transfer("call/1", 1, 0);
    assert_int_equal(chaos_sender_send(c.sender, &intent, &outcome, &err), CHAOS_E_REVERTED);
    assert_non_null(strstr(err.text, "ERC721NonexistentToken(7)"));
    must(chaos_sender_find(c.sender, "call/1", &outcome, &err), &err);
    assert_true(outcome.state == CHAOS_INTENT_PLANNED && outcome.attempts == 0);
    /* Later, in the block: the nonce is used, and the reason is found. */
    chain_do(&c, "evm_setAutomine", "[false]");
    (void)submitted(&c, "call/2", 2, 0);
    chain_do(&c, "anvil_setCode", "[\"0xc0ffee0000000000000000000000000000000002\",\"" REFUSES "\"]");
    chain_do(&c, "evm_mine", "[]");
    assert_int_equal(chaos_sender_wait(c.sender, "call/2", &outcome, &err), CHAOS_E_REVERTED);
    assert_non_null(strstr(err.text, "ERC721NonexistentToken(7)"));
    must(chaos_sender_find(c.sender, "call/2", &outcome, &err), &err);
    assert_true(outcome.state == CHAOS_INTENT_REVERTED && outcome.was_done);
    intent = chain_transfer("call/2", 2, 0);
    assert_int_equal(chaos_sender_send(c.sender, &intent, &outcome, &err), CHAOS_E_REVERTED); /* done, and failed */
    assert_int_equal(chain_nonce(&c, c.account), 1);
    chain_end(&c);
}

/* ------------------------------------------------------------------- lost ---- */

static void test_dropped(void **state)
{
    (void)state;
    chain c;
    bool known = true;
    chain_begin(&c, &usual);
    chain_do(&c, "evm_setAutomine", "[false]");
    chaos_outcome outcome = submitted(&c, "pay/1", 1, 1001);
    chaos_keccak hash = outcome.transaction_hash;
    drop(&c, &hash);
    assert_int_equal(rpc_knows(c.rpc, &hash, &known, NULL), CHAOS_OK);
    assert_false(known);
    chain_do(&c, "evm_setAutomine", "[true]");
    done(&c, "pay/1", &outcome);
    assert_memory_equal(&outcome.transaction_hash, &hash, sizeof hash); /* the same bytes again */
    assert_int_equal(outcome.attempts, 1);
    assert_int_equal(chain_received(&c, 1), 1001);
    chain_end(&c);
}

static void test_gap_is_filled(void **state)
{
    (void)state;
    chain c;
    chain_begin(&c, &usual);
    chain_do(&c, "evm_setAutomine", "[false]");
    chaos_outcome first = submitted(&c, "pay/1", 1, 1001);
    chaos_outcome second = submitted(&c, "pay/2", 2, 1002);
    assert_int_equal(second.nonce, 1);
    drop(&c, &first.transaction_hash);
    chain_do(&c, "evm_setAutomine", "[true]");
    done(&c, "pay/2", &second); /* nobody waits for the first */
    assert_int_equal(chain_received(&c, 1), 1001);
    assert_true(chain_logged(&c, "pay/1: lost before pay/2"));
    done(&c, "pay/1", &first);
    assert_int_equal(chain_nonce(&c, c.account), 2);
    chain_end(&c);
}

static void test_foreign_gap_is_said(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &(chain_options){ .deadline_ms = 500 });
    chain_do(&c, "evm_setAutomine", "[false]");
    /* Something else with this key has a transaction in the pool, which is lost after ours was made. */
    chaos_sender *own = c.sender;
    char other_path[112];
    (void)snprintf(other_path, sizeof other_path, "%s2", c.journal);
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    options.rpc = c.rpc;
    options.account = c.account;
    options.journal = other_path;
    must(chaos_sender_open(&options, &c.sender, &err), &err);
    chaos_outcome foreign = submitted(&c, "else/1", 9, 1);
    chaos_sender_free(c.sender);
    c.sender = own;
    outcome = submitted(&c, "pay/1", 1, 1001);
    assert_int_equal(outcome.nonce, 1);
    drop(&c, &foreign.transaction_hash);
    chain_do(&c, "evm_mine", "[]");
    assert_int_equal(chaos_sender_wait(c.sender, "pay/1", &outcome, &err), CHAOS_E_UNCONFIRMED);
    assert_true(chain_logged(&c, "waits for nonce 0, which was given to nothing here"));
    chain_end(&c);
}

static void reorganise(chain *c, const char *params)
{
    chain_do(c, "anvil_reorg", params);
}

static void test_reorganised_away(void **state)
{
    (void)state;
    chain c;
    sender_view view = { 0 };
    JOURNAL_AUTO_ENTRY(entry);
    chaos_error err;
    chain_begin(&c, &(chain_options){ .confirmations = 3 });
    chaos_outcome outcome = submitted(&c, "pay/1", 1, 1001);
    chaos_keccak hash = outcome.transaction_hash;
    must(journal_find(c.sender->journal, &c.sender->who, "pay/1", &entry, &err), &err);
    for (int i = 0; i < 100 && entry.state != JOURNAL_INCLUDED; i++) {
        must(sender_look(c.sender, &entry, &view, &err), &err);
    }
    assert_int_equal(entry.state, JOURNAL_INCLUDED);
    chaos_keccak block = entry.block_hash;
    reorganise(&c, "[1,[]]");
    assert_int_equal(chain_received(&c, 1), 0);
    must(sender_look(c.sender, &entry, &view, &err), &err); /* lost, and sent again */
    assert_true(chain_logged(&c, "is not of the chain any more"));
    assert_int_equal(entry.state, JOURNAL_SENT);
    chain_do(&c, "anvil_mine", "[\"0x4\"]");
    done(&c, "pay/1", &outcome);
    assert_memory_equal(&outcome.transaction_hash, &hash, sizeof hash);
    assert_memory_not_equal(&outcome.block_hash, &block, sizeof block);
    assert_int_equal(chain_received(&c, 1), 1001);
    chain_end(&c);
}

/* The same transaction in another block of the same height: the height alone would not tell. */
static void test_reorganised_with_it(void **state)
{
    (void)state;
    chain c;
    sender_view view = { 0 };
    JOURNAL_AUTO_ENTRY(entry);
    chaos_error err;
    char *params = malloc(1024);
    char hex[512] = "";
    chain_begin(&c, &(chain_options){ .confirmations = 2 });
    chaos_outcome outcome = submitted(&c, "pay/1", 1, 1001);
    must(journal_find(c.sender->journal, &c.sender->who, "pay/1", &entry, &err), &err);
    for (int i = 0; i < 100 && entry.state != JOURNAL_INCLUDED; i++) {
        must(sender_look(c.sender, &entry, &view, &err), &err);
    }
    chaos_keccak block = entry.block_hash;
    uint64_t height = entry.block_number;
    chaos_buffer raw = raw_of(&c, "pay/1", 0);
    assert_true(2 * raw.size < sizeof hex);
    hex_encode(buffer_slice(&raw), hex);
    (void)snprintf(params, 1024, "[1,[[\"0x%s\",0]]]", hex);
    chain_do(&c, "evm_increaseTime", "[\"0x7\"]");
    reorganise(&c, params);
    must(sender_look(c.sender, &entry, &view, &err), &err);
    assert_int_equal(entry.state, JOURNAL_INCLUDED);
    assert_int_equal(entry.block_number, height);
    assert_memory_not_equal(&entry.block_hash, &block, sizeof block);
    chain_do(&c, "evm_mine", "[]");
    done(&c, "pay/1", &outcome);
    assert_int_equal(outcome.attempts, 1);
    assert_int_equal(chain_nonce(&c, c.account), 1);
    chaos_buffer_free(&raw);
    free(params);
    chain_end(&c);
}

/* ------------------------------------------------------------------- fees ---- */

static void spike(chain *c)
{
    chain_do(c, "evm_setAutomine", "[false]");
    (void)submitted(c, "pay/1", 1, 1001);
    chain_do(c, "anvil_setNextBlockBaseFeePerGas", "[\"0x2540be400\"]"); /* 10 gwei; the cap is about 2 */
    chain_do(c, "evm_mine", "[]");
}

static void test_base_fee_spike(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    uint64_t price = 0;
    chain_begin(&c, &usual);
    spike(&c);
    chain_do(&c, "evm_setAutomine", "[true]");
    done(&c, "pay/1", &outcome);
    assert_true(outcome.attempts >= 2);
    assert_true(u256_to_u64(&outcome.gas_price, &price) && price > UINT64_C(8000000000));
    assert_int_equal(outcome.nonce, 0);
    assert_int_equal(chain_received(&c, 1), 1001);
    chain_end(&c);
}

static void test_spike_above_the_limit(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &(chain_options){ .max_fee = UINT64_C(4000000000), .deadline_ms = 500 });
    spike(&c);
    assert_int_equal(chaos_sender_wait(c.sender, "pay/1", &outcome, &err), CHAOS_E_FEE_LIMIT);
    must(chaos_sender_find(c.sender, "pay/1", &outcome, &err), &err);
    assert_true(outcome.state == CHAOS_INTENT_SENT && outcome.attempts == 1);
    /* The base fee comes down again: the same name goes on. */
    chain_do(&c, "anvil_setNextBlockBaseFeePerGas", "[\"0x3b9aca00\"]");
    chain_do(&c, "evm_mine", "[]");
    chain_do(&c, "evm_setAutomine", "[true]");
    chain_reopen(&c, &usual);
    done(&c, "pay/1", &outcome);
    assert_int_equal(chain_received(&c, 1), 1001);
    chain_end(&c);
}

/* Two attempts, and the miner takes the cheaper one. */
static void test_older_twin_is_mined(void **state)
{
    (void)state;
    chain c;
    sender_view view = { 0 };
    JOURNAL_AUTO_ENTRY(entry);
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &usual);
    spike(&c);
    must(journal_find(c.sender->journal, &c.sender->who, "pay/1", &entry, &err), &err);
    chaos_keccak first = entry.hash;
    must(sender_look(c.sender, &entry, &view, &err), &err);
    assert_int_equal(entry.attempts, 2);
    assert_memory_not_equal(&entry.hash, &first, sizeof first);
    drop(&c, &entry.hash);
    chain_do(&c, "anvil_setNextBlockBaseFeePerGas", "[\"0x3b9aca00\"]");
    chaos_buffer raw = raw_of(&c, "pay/1", 0);
    rpc_reception reception;
    must(rpc_broadcast(c.rpc, buffer_slice(&raw), &first, &reception, NULL, &err), &err);
    chain_do(&c, "evm_mine", "[]");
    done(&c, "pay/1", &outcome);
    assert_memory_equal(&outcome.transaction_hash, &first, sizeof first);
    assert_int_equal(outcome.attempts, 2);
    assert_int_equal(chain_nonce(&c, c.account), 1);
    assert_int_equal(chain_received(&c, 1), 1001);
    chaos_buffer_free(&raw);
    chain_end(&c);
}

static void test_cancelled(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &usual);
    chain_do(&c, "evm_setAutomine", "[false]");
    (void)submitted(&c, "pay/1", 1, 1001);
    chain_do(&c, "evm_setIntervalMining", "[1]");
    must(chaos_sender_cancel(c.sender, "pay/1", &outcome, &err), &err);
    assert_true(outcome.state == CHAOS_INTENT_ABANDONED && outcome.nonce == 0 && outcome.attempts == 2);
    assert_int_equal(chain_received(&c, 1), 0);
    assert_int_equal(chain_nonce(&c, c.account), 1);
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    assert_int_equal(chaos_sender_send(c.sender, &intent, &outcome, &err), CHAOS_E_USAGE);
    intent = chain_transfer("pay/1b", 1, 1001);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_int_equal(outcome.nonce, 1);
    assert_int_equal(chaos_sender_cancel(c.sender, "pay/1b", &outcome, &err), CHAOS_E_USAGE); /* it is done */
    chain_end(&c);
}

/* ------------------------------------------------------------------ nonce ---- */

static void test_something_else_took_the_nonce(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    char other_path[112];
    chain_begin(&c, &usual);
    chain_do(&c, "evm_setAutomine", "[false]");
    outcome = submitted(&c, "pay/1", 1, 1001);
    drop(&c, &outcome.transaction_hash);
    chaos_sender *own = c.sender;
    (void)snprintf(other_path, sizeof other_path, "%s2", c.journal);
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    options.rpc = c.rpc;
    options.account = c.account;
    options.journal = other_path;
    must(chaos_sender_open(&options, &c.sender, &err), &err);
    chain_do(&c, "evm_setAutomine", "[true]");
    chaos_intent intent = chain_transfer("else/1", 9, 1);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_int_equal(outcome.nonce, 0);
    chaos_sender_free(c.sender);
    c.sender = own;
    assert_int_equal(chaos_sender_wait(c.sender, "pay/1", &outcome, &err), CHAOS_E_NONCE_TAKEN);
    assert_int_equal(chaos_sender_wait(c.sender, "pay/1", &outcome, &err),
                     CHAOS_E_NONCE_TAKEN); /* until it is given up */
    must(chaos_sender_cancel(c.sender, "pay/1", &outcome, &err), &err);
    assert_int_equal(outcome.state, CHAOS_INTENT_ABANDONED);
    assert_int_equal(chain_received(&c, 1), 0);
    chain_end(&c);
}

/* ---------------------------------------------------------------- network ---- */

/* Each trouble in front of a real node, in every place of a transaction's way: done once, whatever was heard. */
static void test_troubles_on_the_way(void **state)
{
    (void)state;
    static const proxy_fault faults[] = { PROXY_DROP, PROXY_LOSE, PROXY_502, PROXY_HTML, PROXY_CUT, PROXY_WRONG_ID,
                                          PROXY_TWICE };
    static const char *const methods[] = { "eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_estimateGas",
                                           "eth_getTransactionCount", "eth_feeHistory" };
    chain c;
    uint64_t count = 0;
    chain_begin(&c, &usual);
    for (size_t f = 0; f < CHAOS_ARRAY_SIZE(faults); f++) {
        for (size_t m = 0; m < CHAOS_ARRAY_SIZE(methods); m++) {
            const proxy_rule rules[] = { { methods[m], faults[f], 0, 1, NULL }, { 0 } };
            char name[32];
            chaos_outcome outcome;
            chaos_error err;
            count++;
            (void)snprintf(name, sizeof name, "pay/%llu", (unsigned long long)count);
            chaos_intent intent = chain_transfer(name, count, 1000 + count);
            rpc_proxy_rules(c.proxy, rules);
            must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
            assert_int_equal(chain_received(&c, count), 1000 + count);
        }
    }
    assert_int_equal(chain_nonce(&c, c.account), count);
    chain_end(&c);
}

static void test_slow_and_limited(void **state)
{
    (void)state;
    static const proxy_rule slow[] = { { "eth_sendRawTransaction", PROXY_DELAY, 3000, 1, NULL }, { 0 } };
    static const proxy_rule limited[] = { { "eth_feeHistory", PROXY_429, 1, 1, NULL }, { 0 } };
    static const proxy_rule odd[] = { { "eth_feeHistory", PROXY_NUL_ERROR, 0, 0, " \\u001b[31m" }, { 0 } };
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &usual);
    rpc_proxy_rules(c.proxy, slow); /* longer than one exchange may take: the outcome is unknown */
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_int_equal(outcome.attempts, 1);
    rpc_proxy_rules(c.proxy, limited);
    intent = chain_transfer("pay/2", 2, 1002);
    int64_t begin = rpc_now_ms();
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_true(rpc_now_ms() - begin >= 1000);
    rpc_proxy_rules(c.proxy, odd);
    intent = chain_transfer("pay/3", 3, 1003);
    assert_int_equal(chaos_sender_send(c.sender, &intent, &outcome, &err), CHAOS_E_NODE);
    assert_string_equal(err.text, "the node says: a\\x00b \\x1b[31m");
    assert_int_equal(chain_received(&c, 1), 1001);
    assert_int_equal(chain_nonce(&c, c.account), 2);
    chain_end(&c);
}

/* The server behind the URL becomes one of another chain: nothing is signed. */
static void test_wrong_chain_after_reconnection(void **state)
{
    (void)state;
    static const proxy_rule rules[] = { { "eth_estimateGas", PROXY_DROP, 0, 1, NULL },
                                        { "eth_chainId", PROXY_WRONG_CHAIN, 0, 0, NULL },
                                        { 0 } };
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &usual);
    rpc_proxy_rules(c.proxy, rules);
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    assert_int_equal(chaos_sender_send(c.sender, &intent, &outcome, &err), CHAOS_E_CHAIN_ID);
    must(chaos_sender_find(c.sender, "pay/1", &outcome, &err), &err);
    assert_int_equal(outcome.attempts, 0);
    assert_int_equal(rpc_proxy_count(c.proxy, "eth_sendRawTransaction"), 0);
    chain_end(&c);
}

static void open_two(chain *c, const char *first, const char *second)
{
    const char *urls[] = { first, second };
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    chaos_error err;
    chaos_sender_free(c->sender);
    chaos_rpc_free(c->rpc);
    c->sender = NULL;
    c->rpc = NULL;
    rpc.urls = urls;
    rpc.url_count = 2;
    rpc.request_timeout_ms = 2000;
    must(chaos_rpc_open(&rpc, &c->rpc, &err), &err);
    sender.rpc = c->rpc;
    sender.account = c->account;
    sender.journal = c->journal;
    must(chaos_sender_open(&sender, &c->sender, &err), &err);
}

static void test_two_endpoints(void **state)
{
    (void)state;
    static const proxy_rule stale[] = { { "eth_blockNumber", PROXY_STALE, 20, 0, NULL },
                                        { "eth_getBlockByNumber", PROXY_STALE, 20, 0, NULL },
                                        { 0 } };
    static const proxy_rule dead[] = { { NULL, PROXY_DROP, 0, 0, NULL }, { 0 } };
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &usual);
    chain_do(&c, "anvil_mine", "[\"0x20\"]");
    rpc_proxy *second = rpc_proxy_start(anvil_url(c.node));
    rpc_proxy_rules(c.proxy, NULL);
    open_two(&c, rpc_proxy_url(c.proxy), rpc_proxy_url(second));
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_int_equal(rpc_proxy_count(c.proxy, "eth_sendRawTransaction"), 1); /* both get the bytes */
    assert_int_equal(rpc_proxy_count(second, "eth_sendRawTransaction"), 1);
    assert_int_equal(rpc_proxy_count(second, "eth_feeHistory"), 0);
    /* The first falls behind: the second is asked. */
    rpc_proxy_rules(c.proxy, stale);
    open_two(&c, rpc_proxy_url(c.proxy), rpc_proxy_url(second));
    intent = chain_transfer("pay/2", 2, 1002);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_true(rpc_proxy_count(second, "eth_feeHistory") > 0);
    assert_int_equal(rpc_proxy_count(c.proxy, "eth_feeHistory"), 0);
    /* The first dies between two calls. */
    rpc_proxy_rules(c.proxy, NULL);
    open_two(&c, rpc_proxy_url(c.proxy), rpc_proxy_url(second));
    rpc_proxy_rules(c.proxy, dead);
    intent = chain_transfer("pay/3", 3, 1003);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_int_equal(chain_received(&c, 3), 1003);
    assert_int_equal(chain_nonce(&c, c.account), 3);
    rpc_proxy_stop(second);
    chain_end(&c);
}

/* --------------------------------------------------------------- restarts ---- */

static void test_node_restarted(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &(chain_options){ .with_state = true });
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    chain_restart(&c, false); /* it has written its state */
    intent = chain_transfer("pay/2", 2, 1002);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_int_equal(outcome.nonce, 1);
    chain_restart(&c, true); /* it has not: what was confirmed is gone */
    assert_int_equal(chain_received(&c, 2), 0);
    intent = chain_transfer("pay/3", 3, 1003);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    assert_int_equal(outcome.nonce, 2);
    assert_int_equal(chain_received(&c, 1), 1001); /* and the lost one was sent again: the same bytes */
    assert_int_equal(chain_received(&c, 2), 1002);
    assert_int_equal(chain_received(&c, 3), 1003);
    assert_int_equal(chain_nonce(&c, c.account), 3);
    chain_end(&c);
}

static void test_a_new_chain_needs_a_new_journal(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chaos_sender *sender = NULL;
    chain_begin(&c, &usual);
    chaos_intent intent = chain_transfer("pay/1", 1, 1001);
    must(chaos_sender_send(c.sender, &intent, &outcome, &err), &err);
    rpc_sleep_ms(1100); /* the first block's time, and with it its hash, is another one */
    chain_restart(&c, true);
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    options.rpc = c.rpc;
    options.account = c.account;
    options.journal = c.journal;
    assert_int_equal(chaos_sender_open(&options, &sender, &err), CHAOS_E_CHAIN_ID);
    assert_non_null(strstr(err.text, "a new chain needs a new store"));
    chain_end(&c);
}

static void test_time_is_the_chains_own(void **state)
{
    (void)state;
    chain c;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &(chain_options){ .confirmations = 2 });
    chain_do(&c, "evm_increaseTime", "[\"0x1e13380\"]"); /* a year */
    chain_do(&c, "evm_mine", "[]");
    (void)submitted(&c, "pay/1", 1, 1001);
    chain_do(&c, "evm_increaseTime", "[\"0x1e13380\"]");
    rpc_sleep_ms(100);
    chain_do(&c, "evm_mine", "[]");
    done(&c, "pay/1", &outcome);
    (void)err;
    chain_end(&c);
}

static void test_resume(void **state)
{
    (void)state;
    chain c;
    size_t finished = 0;
    chaos_outcome outcome;
    chaos_error err;
    chain_begin(&c, &usual);
    chain_do(&c, "evm_setAutomine", "[false]");
    (void)submitted(&c, "pay/1", 1, 1001);
    (void)submitted(&c, "pay/2", 2, 1002);
    outcome = submitted(&c, "pay/3", 3, 1003);
    drop(&c, &outcome.transaction_hash);
    chain_do(&c, "evm_setAutomine", "[true]");
    chain_reopen(&c, &usual);
    must(chaos_sender_resume(c.sender, &finished, &err), &err);
    assert_int_equal(finished, 3);
    must(chaos_sender_resume(c.sender, &finished, &err), &err);
    assert_int_equal(finished, 0);
    assert_int_equal(chain_received(&c, 3), 1003);
    assert_int_equal(chain_nonce(&c, c.account), 3);
    chain_end(&c);
}

/* ---------------------------------------------------------------- threads ---- */

enum {
    THREADS = 4,
    EACH = 8
};

typedef struct worker {
    chain *c;
    pthread_t thread;
    unsigned number;
    unsigned failures;
} worker;

/* Its own intents, and one name that all of them want. */
static void *work(void *context)
{
    worker *w = context;
    for (unsigned i = 0; i < EACH; i++) {
        char name[32];
        uint64_t to = 100 + w->number * EACH + i;
        chaos_outcome outcome;
        chaos_error err;
        (void)snprintf(name, sizeof name, "pay/%u/%u", w->number, i);
        chaos_intent own = chain_transfer(name, to, to);
        chaos_intent shared = chain_transfer("pay/all", 99, 99);
        w->failures += chaos_sender_send(w->c->sender, &own, &outcome, &err) != CHAOS_OK;
        w->failures += chaos_sender_send(w->c->sender, &shared, &outcome, &err) != CHAOS_OK;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    chain c;
    worker workers[THREADS];
    chain_begin(&c, &usual);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (worker){ .c = &c, .number = i };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].failures, 0);
    }
    for (uint64_t to = 100; to < 100 + THREADS * EACH; to++) {
        assert_int_equal(chain_received(&c, to), to);
    }
    assert_int_equal(chain_received(&c, 99), 99);
    assert_int_equal(chain_nonce(&c, c.account), THREADS * EACH + 1);
    chain_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_and_never_again),
        cmocka_unit_test(test_dry_run_sends_nothing),
        cmocka_unit_test(test_money_and_fees),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_gap_is_filled),
        cmocka_unit_test(test_foreign_gap_is_said),
        cmocka_unit_test(test_reorganised_away),
        cmocka_unit_test(test_reorganised_with_it),
        cmocka_unit_test(test_base_fee_spike),
        cmocka_unit_test(test_spike_above_the_limit),
        cmocka_unit_test(test_older_twin_is_mined),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_something_else_took_the_nonce),
        cmocka_unit_test(test_troubles_on_the_way),
        cmocka_unit_test(test_slow_and_limited),
        cmocka_unit_test(test_wrong_chain_after_reconnection),
        cmocka_unit_test(test_two_endpoints),
        cmocka_unit_test(test_node_restarted),
        cmocka_unit_test(test_a_new_chain_needs_a_new_journal),
        cmocka_unit_test(test_time_is_the_chains_own),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_threads),
    };
    if (anvil_path() == NULL) {
        print_message("SKIPPED: anvil is not installed (scripts/install-npm.sh tests/npm/chain)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
