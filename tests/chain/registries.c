/* registries.c - a chain with the three registries. */
#include "tests/support/registries.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char money[] = "0x56bc75e2d63100000"; /* 100 ether */

void must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (expected %s; found %s)", chaos_status_name(status), err->text, err->expected, err->found);
    }
}

void world_do(world *w, const char *method, const char *params)
{
    CHAOS_AUTO_BUFFER(result, 1u << 20);
    chaos_error err = { .status = CHAOS_OK };
    must(chaos_rpc_request(w->rpc, method, params, &result, &err), &err);
}

/* ----------------------------------------------------------------- people ---- */

static void open_person(world *w, person *p)
{
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    chaos_error err = { .status = CHAOS_OK };
    options.rpc = w->rpc;
    options.account = p->account;
    options.journal = w->journal;
    options.poll_ms = 20;
    options.deadline_ms = 60000;
    must(chaos_sender_open(&options, &p->sender, &err), &err);
}

static void make_person(world *w, person *p)
{
    guarded_key *key = NULL;
    chaos_error err = { .status = CHAOS_OK };
    char hex[41] = "", params[128];
    must(guarded_key_generate(&key, &err), &err);
    must(account_from_key(&key, &p->account, &err), &err);
    p->address = chaos_account_address(p->account);
    hex_encode(slice(p->address.bytes, sizeof p->address.bytes), hex);
    (void)snprintf(params, sizeof params, "[\"0x%s\",\"%s\"]", hex, money);
    world_do(w, "anvil_setBalance", params);
    open_person(w, p);
}

/* -------------------------------------------------------------- contracts ---- */

void world_init_code(chaos_slice runtime, chaos_buffer *out)
{
    enum {
        HEADER = 14
    };
    assert_true(runtime.size <= UINT16_MAX);
    /* PUSH2 size, DUP1, PUSH2 offset, PUSH1 0, CODECOPY, PUSH1 0, RETURN */
    const uint8_t header[HEADER] = { 0x61, (uint8_t)(runtime.size >> 8), (uint8_t)runtime.size, 0x80, 0x61, 0, HEADER,
                                     0x60, 0, 0x39, 0x60, 0, 0xf3, 0x00 };
    assert_true(buffer_append(out, slice(header, sizeof header)) && buffer_append(out, runtime));
}

chaos_address world_create(world *w, const char *intent_name, chaos_slice code)
{
    chaos_outcome outcome;
    chaos_transaction_receipt receipt;
    chaos_error err = { .status = CHAOS_OK };
    chaos_intent intent = CHAOS_INTENT_INIT;
    intent.name = intent_name;
    intent.data = code;
    must(chaos_sender_send(w->people[OWNER].sender, &intent, &outcome, &err), &err);
    must(chaos_rpc_receipt(w->rpc, &outcome.transaction_hash, &receipt, &err), &err);
    chaos_logs_free(receipt.logs);
    assert_true(receipt.has_contract);
    return receipt.contract;
}

/* A proxy that keeps its implementation in the slot of ERC-1967 and passes every call on. */
static chaos_address proxy_of(world *w, const char *intent, const chaos_address *implementation)
{
    static const uint8_t runtime_begin[] = { 0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x36, 0x3d, 0x7f };
    static const uint8_t runtime_end[] = { 0x54, 0x5a, 0xf4, 0x3d, 0x60, 0x00, 0x80, 0x3e, 0x60,
                                           0x38, 0x57, 0x3d, 0x60, 0x00, 0xfd, 0x5b, 0x3d, 0x60, 0x00, 0xf3 };
    CHAOS_AUTO_BUFFER(runtime, 256);
    CHAOS_AUTO_BUFFER(code, 512);
    chaos_slice slot = slice(implementation_slot.bytes, sizeof implementation_slot.bytes);
    assert_true(buffer_append(&runtime, slice(runtime_begin, sizeof runtime_begin)) && buffer_append(&runtime, slot) &&
                buffer_append(&runtime, slice(runtime_end, sizeof runtime_end)));
    assert_int_equal(runtime.data[0x38], 0x5b); /* where the jump goes */
    /* PUSH20 implementation, PUSH32 slot, SSTORE; then the rest of the init code, whose offset is further behind. */
    const size_t before = 1 + sizeof implementation->bytes + 1 + slot.size + 1;
    assert_true(buffer_append(&code, slice("\x73", 1)) &&
                buffer_append(&code, slice(implementation->bytes, sizeof implementation->bytes)) &&
                buffer_append(&code, slice("\x7f", 1)) && buffer_append(&code, slot) &&
                buffer_append(&code, slice("\x55", 1)));
    size_t offset_at = code.size + 6;
    world_init_code(buffer_slice(&runtime), &code);
    code.data[offset_at] = (uint8_t)(code.data[offset_at] + before);
    return world_create(w, intent, buffer_slice(&code));
}

/* The constructors of reputation and validation keep the identity registry in their code, so it is the proxy's. */
static void deploy_behind_proxies(world *w)
{
    chaos_registry_addresses behind;
    chaos_error err = { .status = CHAOS_OK };
    must(chaos_registries_deploy(w->people[OWNER].sender, "deploy", &behind, &err), &err);
    w->places.identity = proxy_of(w, "proxy/identity", &behind.identity);
    for (int i = 0; i < 2; i++) {
        static const char *const names[] = { "code/reputation", "code/validation" };
        static const char *const proxies[] = { "proxy/reputation", "proxy/validation" };
        CHAOS_AUTO_BUFFER(code, MAX_CALLDATA);
        CHAOS_AUTO_BUFFER(link, 64);
        extern const uint8_t reputation_registry_code[], validation_registry_code[];
        extern const size_t reputation_registry_code_size, validation_registry_code_size;
        abi_writer a = abi_writer_begin(&link, 1);
        abi_write_address(&a, &w->places.identity);
        assert_true(abi_writer_end(&a));
        chaos_slice source = i == 0 ? slice(reputation_registry_code, reputation_registry_code_size)
                                    : slice(validation_registry_code, validation_registry_code_size);
        assert_true(buffer_append(&code, source) && buffer_append(&code, buffer_slice(&link)));
        chaos_address implementation = world_create(w, names[i], buffer_slice(&code));
        *(i == 0 ? &w->places.reputation : &w->places.validation) = proxy_of(w, proxies[i], &implementation);
    }
}

static chaos_address address_from(const char *variable)
{
    chaos_address address;
    const char *text = getenv(variable);
    chaos_error err = { .status = CHAOS_OK };
    if (text == NULL) {
        fail_msg("%s is needed beside CHAOS_TEST_RPC", variable);
    }
    must(chaos_address_parse(text, &address, &err), &err);
    return address;
}

/* ------------------------------------------------------------------ world ---- */

static void open_rpc(world *w)
{
    const char *url = w->node != NULL ? anvil_url(w->node) : getenv("CHAOS_TEST_RPC");
    chaos_rpc_options options = CHAOS_RPC_OPTIONS_INIT;
    chaos_error err = { .status = CHAOS_OK };
    options.urls = &url;
    options.url_count = 1;
    options.deadline_ms = 20000;
    must(chaos_rpc_open(&options, &w->rpc, &err), &err);
}

static void open_registries(world *w)
{
    chaos_registries_options options = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_error err = { .status = CHAOS_OK };
    options.rpc = w->rpc;
    options.has_identity = options.has_reputation = options.has_validation = true;
    options.identity = w->places.identity;
    options.reputation = w->places.reputation;
    options.validation = w->places.validation;
    must(chaos_registries_open(&options, &w->registries, &err), &err);
}

void world_begin(world *w, world_kind kind)
{
    chaos_error err = { .status = CHAOS_OK };
    memset(w, 0, sizeof *w);
    (void)snprintf(w->folder, sizeof w->folder, "/tmp/chaos-registries-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->journal, sizeof w->journal, "%s/journal", w->folder);
    w->node = kind == WORLD_OTHERS ? NULL : anvil_start(NULL);
    open_rpc(w);
    for (size_t i = 0; i < PEOPLE; i++) {
        make_person(w, &w->people[i]);
    }
    if (kind == WORLD_OURS) {
        must(chaos_registries_deploy(w->people[OWNER].sender, "deploy", &w->places, &err), &err);
    } else if (kind == WORLD_PROXIES) {
        deploy_behind_proxies(w);
    } else {
        w->places.identity = address_from("CHAOS_TEST_IDENTITY");
        w->places.reputation = address_from("CHAOS_TEST_REPUTATION");
        w->places.validation = address_from("CHAOS_TEST_VALIDATION");
    }
    open_registries(w);
}

static void close_client(world *w)
{
    chaos_registries_free(w->registries);
    for (size_t i = 0; i < PEOPLE; i++) {
        chaos_sender_free(w->people[i].sender);
    }
    chaos_rpc_free(w->rpc);
}

void world_restart(world *w)
{
    close_client(w);
    open_rpc(w);
    for (size_t i = 0; i < PEOPLE; i++) {
        open_person(w, &w->people[i]);
    }
    open_registries(w);
}

void world_end(world *w)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    close_client(w);
    for (size_t i = 0; i < PEOPLE; i++) {
        chaos_account_free(w->people[i].account);
    }
    if (w->node != NULL) {
        anvil_stop(w->node, true);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(suffixes); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", w->journal, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(w->folder);
}
