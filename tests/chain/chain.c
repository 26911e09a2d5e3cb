/* chain.c - an anvil behind a proxy, an account with money, a sender with its journal. */
#include "tests/support/chain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "eth/u256.h"

static void keep_line(void *context, const char *line)
{
    chain *c = context;
    pthread_mutex_lock(&c->log_lock);
    int n = snprintf(c->log + c->logged, sizeof c->log - c->logged, "%s\n", line);
    if (n > 0 && (size_t)n < sizeof c->log - c->logged) {
        c->logged += (size_t)n;
    }
    pthread_mutex_unlock(&c->log_lock);
}

bool chain_logged(chain *c, const char *part)
{
    pthread_mutex_lock(&c->log_lock);
    bool found = strstr(c->log, part) != NULL;
    pthread_mutex_unlock(&c->log_lock);
    return found;
}

static void must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (%s; %s)", chaos_status_name(status), err->text, err->expected, err->found);
    }
}

static void open_client(chain *c, const chain_options *options)
{
    const char *urls[] = { rpc_proxy_url(c->proxy) };
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    chaos_error err;
    rpc.urls = urls;
    rpc.url_count = 1;
    rpc.chain_id = 31337;
    rpc.request_timeout_ms = 2000;
    rpc.deadline_ms = 20000;
    rpc.log = keep_line;
    rpc.log_context = c;
    must(chaos_rpc_open(&rpc, &c->rpc, &err), &err);
    sender.rpc = c->rpc;
    sender.account = c->account;
    sender.journal = options->dry_run ? NULL : c->journal;
    sender.confirmations = options->confirmations;
    sender.deadline_ms = options->deadline_ms != 0 ? options->deadline_ms : 30000;
    sender.poll_ms = 20;
    sender.max_fee = u256_from(options->max_fee);
    sender.dry_run = options->dry_run;
    sender.log = keep_line;
    sender.log_context = c;
    must(chaos_sender_open(&sender, &c->sender, &err), &err);
}

static void close_client(chain *c)
{
    chaos_sender_free(c->sender);
    chaos_rpc_free(c->rpc);
    c->sender = NULL;
    c->rpc = NULL;
}

void chain_reopen(chain *c, const chain_options *options)
{
    close_client(c);
    open_client(c, options);
}

static anvil *start_node(const chain *c)
{
    /* The same first block each time: its file has two otherwise, and which of them counts then is chance. */
    const char *with_state[] = { "--state", c->state, "--timestamp", c->began, NULL };
    return anvil_start(c->with_state ? with_state : NULL);
}

void chain_stop(chain *c)
{
    anvil_stop(c->node, false);
    c->node = NULL;
}

void chain_restart(chain *c, bool kill)
{
    anvil_stop(c->node, kill);
    chain_start(c);
}

void chain_start(chain *c)
{
    char params[32];
    c->node = start_node(c);
    rpc_proxy_target(c->proxy, anvil_url(c->node));
    (void)snprintf(params, sizeof params, "[%lld]", (long long)time(NULL)); /* its clock began with its first block */
    chain_do(c, "evm_setTime", params);
}

chaos_account *chain_account(void)
{
    guarded_key *key = NULL;
    chaos_account *account = NULL;
    chaos_error err;
    must(guarded_key_generate(&key, &err), &err);
    must(account_from_key(&key, &account, &err), &err);
    return account;
}

void chain_begin(chain *c, const chain_options *options)
{
    memset(c, 0, sizeof *c);
    assert_int_equal(pthread_mutex_init(&c->log_lock, NULL), 0);
    (void)snprintf(c->folder, sizeof c->folder, "/tmp/chaos-chain-XXXXXX");
    assert_non_null(mkdtemp(c->folder));
    (void)snprintf(c->journal, sizeof c->journal, "%s/journal", c->folder);
    (void)snprintf(c->state, sizeof c->state, "%s/state", c->folder);
    c->with_state = options->with_state;
    (void)snprintf(c->began, sizeof c->began, "%lld", (long long)time(NULL));
    c->node = start_node(c);
    c->proxy = rpc_proxy_start(anvil_url(c->node));
    c->account = chain_account();
    open_client(c, options);
    chain_give(c, c->account, "0x56bc75e2d63100000"); /* 100 ether */
}

void chain_end(chain *c)
{
    static const char *const suffixes[] = { "journal", "journal-wal", "journal-shm", "journal2", "journal2-wal",
                                            "journal2-shm", "state", "key" };
    close_client(c);
    chaos_account_free(c->account);
    rpc_proxy_stop(c->proxy);
    anvil_stop(c->node, !c->with_state);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(suffixes); i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s/%s", c->folder, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(c->folder);
    (void)pthread_mutex_destroy(&c->log_lock);
}

void chain_do(chain *c, const char *method, const char *params)
{
    CHAOS_AUTO_BUFFER(result, 1u << 20);
    chaos_error err;
    must(chaos_rpc_request(c->rpc, method, params, &result, &err), &err);
}

void chain_give(chain *c, const chaos_account *account, const char *wei_hex)
{
    chaos_address address = chaos_account_address(account);
    char hex[41] = "", params[128];
    hex_encode(slice(address.bytes, sizeof address.bytes), hex);
    (void)snprintf(params, sizeof params, "[\"0x%s\",\"%s\"]", hex, wei_hex);
    chain_do(c, "anvil_setBalance", params);
}

uint64_t chain_nonce(chain *c, const chaos_account *account)
{
    chaos_address address = chaos_account_address(account);
    uint64_t count = 0;
    chaos_error err;
    must(chaos_rpc_transaction_count(c->rpc, &address, NULL, &count, &err), &err);
    return count;
}

static chaos_address receiver(uint64_t number)
{
    chaos_address address = { { 0xc0, 0xff, 0xee } };
    for (size_t i = 0; i < 8; i++) {
        address.bytes[19 - i] = (uint8_t)(number >> 8 * i);
    }
    return address;
}

chaos_intent chain_transfer(const char *name, uint64_t to, uint64_t value)
{
    chaos_intent intent = CHAOS_INTENT_INIT;
    intent.name = name;
    intent.has_to = true;
    intent.to = receiver(to);
    intent.value = u256_from(value);
    return intent;
}

uint64_t chain_received(chain *c, uint64_t to)
{
    chaos_address address = receiver(to);
    chaos_u256 wei;
    uint64_t value = 0;
    chaos_error err;
    must(chaos_rpc_balance(c->rpc, &address, NULL, &wei, &err), &err);
    assert_true(u256_to_u64(&wei, &value));
    return value;
}
