/* world.c - what a role holds: the chain through its own connection, its own account and journal, published content. */
#include "studio.h"

#include <time.h>
#include <unistd.h>

#define GAS_ROLE 3000000u         /* more than a role's transactions take */
#define MINT "0x8ac7230489e80000" /* 10 ether */
#define SCRYPT_LOG_N 12           /* the passphrase is 256 bits of randomness */
#define POLL_MS 100
#define GWEI 1000000000u

void pause_ms(unsigned ms)
{
    const struct timespec wait = { ms / 1000, (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&wait, NULL);
}

bool is_local(const world *w)
{
    return w->network.kind == CHAOS_NETWORK_LOCAL;
}

/* ----------------------------------------------------------------- chain ---- */

static chaos_status read_address(const char *option, const char *text, bool *has, chaos_address *address,
                                 chaos_error *err)
{
    if (text == NULL) {
        return CHAOS_OK;
    }
    if (chaos_address_parse(text, address, err) != CHAOS_OK) {
        (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "'%s' is no address", shown(text).text);
        return CHAOS_E_USAGE;
    }
    *has = true;
    return CHAOS_OK;
}

chaos_status world_network(const settings *s, chaos_network *network, chaos_error *err)
{
    CHAOS_TRY(chaos_network_find(s->network, network, err));
    if (network->kind == CHAOS_NETWORK_MAIN || network->kind == CHAOS_NETWORK_OTHER) {
        return error_set(err, CHAOS_E_USAGE, "--network", CHAOS_NO_OFFSET,
                         "%s may cost real money: this is a demonstration for local chains and test networks",
                         network->name);
    }
    return CHAOS_OK;
}

chaos_status world_connect(world *w, const settings *s, report *r, chaos_error *err)
{
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    *w = (world){ .s = s, .r = r };
    CHAOS_TRY(world_network(s, &w->network, err));
    const char *variable = w->network.rpc_variable[0] == '\0' ? NULL : getenv(w->network.rpc_variable);
    const char *url = s->rpc != NULL ? s->rpc : variable != NULL ? variable
                                                                 : w->network.rpc_url;
    rpc.urls = &url;
    rpc.url_count = 1;
    rpc.chain_id = w->network.chain_id;
    rpc.deadline_ms = 15000;
    return chaos_rpc_open(&rpc, &w->rpc, err);
}

chaos_status world_registries(world *w, chaos_error *err)
{
    chaos_registries_options o = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_network network = w->network;
    const settings *s = w->s;
    CHAOS_TRY(read_address("--identity", s->identity, &o.has_identity, &o.identity, err));
    CHAOS_TRY(read_address("--reputation", s->reputation, &o.has_reputation, &o.reputation, err));
    CHAOS_TRY(read_address("--validation", s->validation, &o.has_validation, &o.validation, err));
    if (o.has_identity) { /* the network's other registries belong to its own identity registry */
        memset(&network.reputation, 0, sizeof network.reputation);
        memset(&network.validation, 0, sizeof network.validation);
    }
    o.rpc = w->rpc;
    o.network = &network;
    CHAOS_TRY(chaos_registries_open(&o, &w->registries, err));
    chaos_status status = chaos_identity_check_domain(w->registries, NULL, err);
    return status != CHAOS_E_REVERTED ? status /* a contract without a domain is another one of the three */
                                      : error_set(err, CHAOS_E_REGISTRY, "identity", CHAOS_NO_OFFSET,
                                                  "the contract there is no identity registry");
}

/* --------------------------------------------------------------- account ---- */

/* An account of its own for each role: a keystore in the state folder, its random passphrase beside it. For local
 * chains and test networks, where nothing is worth anything. */
chaos_status world_account(const settings *s, const char *role, chaos_account **account, chaos_error *err)
{
    chaos_keystore_options with = CHAOS_KEYSTORE_OPTIONS_INIT;
    char name[64], path[PATH_MAX], secret[65];
    (void)snprintf(name, sizeof name, "%s.passphrase", role);
    CHAOS_TRY(state_secret(s, name, secret, err));
    (void)snprintf(name, sizeof name, "%s.keystore", role);
    CHAOS_TRY(state_path(s, name, path, err));
    with.scrypt_log_n = SCRYPT_LOG_N;
    chaos_status status = access(path, F_OK) == 0
                              ? chaos_account_open_keystore(path, slice(secret, 64), account, err)
                              : chaos_account_create_keystore(path, slice(secret, 64), &with, account, err);
    explicit_bzero(secret, sizeof secret);
    return status;
}

chaos_status world_sender(world *w, const char *role, chaos_error *err)
{
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    char name[64];
    (void)snprintf(name, sizeof name, "%s.journal", role);
    CHAOS_TRY(state_path(w->s, name, w->store, err));
    CHAOS_TRY(world_account(w->s, role, &w->account, err));
    sender.rpc = w->rpc;
    sender.account = w->account;
    sender.journal = w->s->dry_run ? NULL : w->store;
    sender.dry_run = w->s->dry_run;
    sender.poll_ms = is_local(w) ? 20 : 0;
    return chaos_sender_open(&sender, &w->sender, err);
}

const char *faucet_of(const chaos_network *network)
{
    static const struct {
        const char *network, *faucet;
    } faucets[] = {
        { "base-sepolia", "the Base Sepolia faucet of the Coinbase Developer Platform" },
        { "ethereum-sepolia", "the Sepolia PoW faucet (sepolia-faucet.pk910.de)" },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(faucets); i++) {
        if (strcmp(faucets[i].network, network->name) == 0) {
            return faucets[i].faucet;
        }
    }
    return NULL;
}

static uint64_t low_bits(const chaos_u256 *number)
{
    uint64_t value = 0;
    return chaos_u256_to(number, &value) ? value : UINT64_MAX;
}

chaos_status fund(world *w, const chaos_address *address, uint64_t gas, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(result, 4096);
    char params[128], text[CHAOS_ADDRESS_TEXT_SIZE];
    chaos_block head;
    chaos_u256 wei;
    CHAOS_TRY(chaos_rpc_block(w->rpc, NULL, &head, err));
    CHAOS_TRY(chaos_rpc_balance(w->rpc, address, NULL, &wei, err));
    const uint64_t price = 2 * (head.has_base_fee ? low_bits(&head.base_fee) : GWEI) + GWEI / 100;
    const uint64_t need = price > UINT64_MAX / gas ? UINT64_MAX : price * gas;
    if (low_bits(&wei) >= need) {
        return CHAOS_OK;
    }
    chaos_address_format(address, text);
    (void)snprintf(params, sizeof params, "[\"%s\",\"" MINT "\"]", text);
    if (is_local(w) && !w->s->dry_run &&
        chaos_rpc_request(w->rpc, "anvil_setBalance", params, &result, NULL) == CHAOS_OK) {
        return CHAOS_OK;
    }
    const char *faucet = faucet_of(&w->network);
    (void)error_set(err, CHAOS_E_FUNDS, text, CHAOS_NO_OFFSET, "ask %s; then --resume",
                    faucet == NULL ? "a faucet of this network" : faucet);
    error_expected(err, "%llu wei", (unsigned long long)need);
    error_found(err, "%llu wei", (unsigned long long)low_bits(&wei));
    return CHAOS_E_FUNDS;
}

/* ------------------------------------------------------------------ open ---- */

chaos_status world_content(world *w, chaos_error *err)
{
    chaos_content_options content = CHAOS_CONTENT_OPTIONS_INIT;
    content.folder = w->s->evidence_path;
    content.base = w->s->evidence_base;
    return chaos_content_open(&content, &w->content, err);
}

chaos_status world_open(world *w, const settings *s, report *r, const char *role, chaos_error *err)
{
    CHAOS_TRY(world_connect(w, s, r, err));
    CHAOS_TRY(world_registries(w, err));
    CHAOS_TRY(world_sender(w, role, err));
    CHAOS_TRY(world_content(w, err));
    const chaos_address self = chaos_account_address(w->account);
    return s->report_fd >= 0 ? CHAOS_OK /* the director has seen to it */ : fund(w, &self, GAS_ROLE, err);
}

void world_close(world *w)
{
    chaos_content_free(w->content);
    chaos_sender_free(w->sender);
    chaos_account_free(w->account);
    chaos_registries_free(w->registries);
    chaos_rpc_free(w->rpc);
    *w = (world){ .s = NULL };
}

/* ------------------------------------------------------------------- TEE ---- */

/* A tree that is not this machine's own kernel's: roles are processes of their own, and Alice's key must outlive hers.
 * A local chain's keys are worth nothing, so swap does not matter there. */
static chaos_status tdx_options(const settings *s, const char *endpoint, json_writer *w, chaos_error *err)
{
    char keys[PATH_MAX];
    CHAOS_TRY(state_volatile(s, "keys", keys, err));
    json_write_boolean(w, "allow_swap", strcmp(s->network, "local") == 0);
    json_write_text(w, "endpoint", endpoint);
    json_write_text(w, "key_store", keys);
    return CHAOS_OK;
}

/* The simulated provider has no endpoint: it is one machine by its seed, and other code by its compose file. */
static chaos_status provider_options(const settings *s, const char *endpoint, chaos_buffer *out, chaos_error *err)
{
    char seed[65] = "";
    const bool simulated = strcmp(s->tee_provider, "simulated") == 0;
    if (simulated) {
        CHAOS_TRY(state_secret(s, "tee.seed", seed, err));
    }
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    if (endpoint != NULL && strcmp(s->tee_provider, TDX_PROVIDER) == 0) {
        CHAOS_TRY(tdx_options(s, endpoint, &w, err));
    } else if (endpoint != NULL) {
        json_write_text(&w, simulated ? "app_compose_file" : "endpoint", endpoint);
    }
    if (simulated) {
        json_write_text(&w, "seed", s->seed == NULL ? seed : s->seed);
    }
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "--tee-endpoint", CHAOS_NO_OFFSET, "it is too long");
}

/* That a TEE is simulated is said by the steps; errors are worth a line. */
static void log_errors(void *context, const char *name, chaos_log_level level, const char *line)
{
    (void)context;
    if (level == CHAOS_LOG_ERROR) {
        (void)say_failure(PROGRAM, EXIT_ENVIRONMENT, "%s: %s", name, line);
    }
}

static chaos_status new_registry(chaos_tee_registry **registry, chaos_error *err)
{
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    where.log = log_errors;
    return chaos_tee_registry_new(&where, registry, err);
}

chaos_status tee_probe(const settings *s, const char *endpoint, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(with, 8192);
    chaos_tee_registry *registry = NULL;
    CHAOS_TRY(provider_options(s, endpoint, &with, err));
    CHAOS_TRY(new_registry(&registry, err));
    chaos_status status = chaos_tee_probe(registry, s->tee_provider, (const char *)with.data, err);
    chaos_tee_registry_free(registry);
    return status;
}

chaos_status tee_open(const settings *s, const char *endpoint, opened_tee *t, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(with, 8192);
    const chaos_tee_provider *provider = NULL;
    CHAOS_TRY(provider_options(s, endpoint, &with, err));
    CHAOS_TRY(new_registry(&t->registry, err));
    CHAOS_TRY(chaos_tee_find(t->registry, s->tee_provider, &provider, err));
    return chaos_tee_open(provider, (const char *)with.data, &t->tee, err);
}

void tee_close(opened_tee *t)
{
    chaos_tee_free(t->tee);
    chaos_tee_registry_free(t->registry);
    *t = (opened_tee){ NULL, NULL };
}

/* ----------------------------------------------------------------- notes ---- */

static chaos_status note_uri(world *w, const char *name, char *full, char uri[256], chaos_error *err)
{
    (void)snprintf(full, 64, "note-%s", name);
    return chaos_content_named_uri(w->content, full, uri, 256, err);
}

chaos_status note_put(world *w, const char *name, const char *text, chaos_error *err)
{
    char full[64];
    (void)snprintf(full, sizeof full, "note-%s", name);
    return chaos_content_put_named(w->content, full, slice_text(text), err);
}

bool note_get(world *w, const char *name, char text[NOTE_SIZE])
{
    CHAOS_AUTO_BUFFER(bytes, NOTE_SIZE - 1);
    char full[64], uri[256];
    bool committed;
    if (note_uri(w, name, full, uri, NULL) != CHAOS_OK ||
        chaos_content_get(w->content, uri, &bytes, &committed, NULL) != CHAOS_OK || bytes.size == 0) {
        return false;
    }
    memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    return true;
}

chaos_status note_wait(world *w, const char *name, char text[NOTE_SIZE], chaos_error *err)
{
    const int64_t deadline = now_ms() + (int64_t)w->s->wait_s * 1000;
    while (!note_get(w, name, text)) {
        if (now_ms() >= deadline) {
            return error_set(err, CHAOS_E_TIMEOUT, name, CHAOS_NO_OFFSET, "%s did not appear in %s within %u s", name,
                             shown(w->s->evidence_path).text, w->s->wait_s);
        }
        pause_ms(POLL_MS);
    }
    return CHAOS_OK;
}

chaos_status read_alice(world *w, chaos_u256 *agent_id, char output_uri[CHAOS_CONTENT_URI_SIZE], chaos_error *err)
{
    char text[NOTE_SIZE];
    CHAOS_TRY(note_wait(w, "alice", text, err));
    char *space = strchr(text, ' ');
    if (space == NULL || strlen(space + 1) >= CHAOS_CONTENT_URI_SIZE) {
        return error_set(err, CHAOS_E_USAGE, "alice", CHAOS_NO_OFFSET, "her note is not of its form");
    }
    *space = '\0';
    memcpy(output_uri, space + 1, strlen(space + 1) + 1);
    return chaos_u256_parse(text, agent_id, err);
}

chaos_status read_validator(world *w, chaos_address *validator, chaos_error *err)
{
    char text[NOTE_SIZE];
    bool has = false;
    CHAOS_TRY(read_address("--validator", w->s->validator, &has, validator, err));
    if (has) {
        return CHAOS_OK;
    }
    CHAOS_TRY(note_wait(w, "bob", text, err));
    return chaos_address_parse(text, validator, err);
}

/* ---------------------------------------------------------------- agents ---- */

chaos_status register_plain(world *w, const char *name, const char *description, const char *intent,
                            chaos_u256 *agent_id, chaos_keccak *tx, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_REGISTRATION_FILE);
    chaos_registration_fields fields = CHAOS_REGISTRATION_FIELDS_INIT;
    chaos_outcome outcome = { 0 };
    char uri[CHAOS_CONTENT_URI_SIZE];
    fields.name = name;
    fields.description = description;
    CHAOS_TRY(chaos_registration_file_write(&fields, &file, err));
    CHAOS_TRY(chaos_content_put(w->content, buffer_slice(&file), uri, err));
    CHAOS_TRY(chaos_agent_register(w->registries, w->sender, intent, uri, NULL, 0, agent_id, &outcome, err));
    *tx = outcome.transaction_hash;
    return CHAOS_OK;
}
