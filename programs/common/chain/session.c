/* session.c - from the command line to a chain, its registries, and an account that sends. */
#include "programs/common/chain/chain.h"

#include <stdio.h>
#include <unistd.h>

#define URLS_MAX (CHAOS_MAX_ENDPOINTS * 4096u)
#define MAX_WAIT_S 86400u
#define MAX_CONFIRMATIONS 1000000u
#define GWEI_PLACES 9
#define MS 1000u
#define ERC721 0x80ac58cdu /* its interface id (ERC-165) */

int session_options(const option_table *table, int argc, char **argv, options *o, bool *helped)
{
    int code = options_parse(table, argc, argv, o);
    *helped = code == 0 && options_has(o, NET_OPT_HELP);
    return *helped ? options_help(table) : code;
}

/* An option, or the environment variable that stands for it; NULL: neither. */
static const char *option_or_variable(const options *o, size_t row, const char *variable)
{
    const char *value = options_value(o, row, 0);
    if (value == NULL) {
        value = getenv(variable);
    }
    return value != NULL && value[0] == '\0' ? NULL : value;
}

/* --------------------------------------------------------------- network ---- */

bool is_network_file(const char *network)
{
    size_t length = strlen(network);
    static const char suffix[] = ".json";
    return strchr(network, '/') != NULL ||
           (length > strlen(suffix) && strcmp(network + length - strlen(suffix), suffix) == 0);
}

static chaos_status read_network(chain_session *s, const chaos_agent_reference *agent, chaos_error *err)
{
    char caip[32];
    const char *name = option_or_variable(s->o, NET_OPT_NETWORK, "CHAOS_NETWORK");
    if (name != NULL && is_network_file(name)) {
        return chaos_network_load(name, NULL, &s->network, err);
    }
    if (name == NULL && agent != NULL && agent->chain_id != 0) {
        (void)snprintf(caip, sizeof caip, "eip155:%llu", (unsigned long long)agent->chain_id);
        name = caip;
    }
    return chaos_network_find(name == NULL ? "local" : name, &s->network, err);
}

/* Words between commas and white space. */
static chaos_status add_urls(chain_session *s, const char *list, chaos_error *err)
{
    static const char between[] = ", \t\n";
    for (const char *at = list + strspn(list, between); *at != '\0'; at += strspn(at, between)) {
        size_t length = strcspn(at, between);
        if (s->url_count == CHAOS_MAX_ENDPOINTS) {
            return usage_error(err, "--rpc", list, "at most 8 endpoints");
        }
        s->urls[s->url_count++] = (const char *)s->urls_text.data + s->urls_text.size;
        if (!buffer_append(&s->urls_text, slice(at, length)) || !buffer_append(&s->urls_text, slice("", 1))) {
            return usage_error(err, "--rpc", list, "a shorter list of endpoints");
        }
        at += length;
    }
    return CHAOS_OK;
}

static chaos_status read_urls(chain_session *s, chaos_error *err)
{
    s->urls_text = (chaos_buffer)CHAOS_BUFFER_INIT(URLS_MAX);
    if (buffer_reserve(&s->urls_text, URLS_MAX) == NULL) { /* so that it never moves */
        return no_memory(err);
    }
    const char *url = options_value(s->o, NET_OPT_RPC, 0);
    for (size_t i = 0; url != NULL; url = options_value(s->o, NET_OPT_RPC, ++i)) {
        CHAOS_TRY(add_urls(s, url, err));
    }
    const char *const others[] = { getenv("CHAOS_RPC"),
                                   s->network.rpc_variable[0] == '\0' ? NULL : getenv(s->network.rpc_variable),
                                   s->network.rpc_url };
    for (size_t i = 0; s->url_count == 0 && i < CHAOS_ARRAY_SIZE(others); i++) {
        if (others[i] != NULL) {
            CHAOS_TRY(add_urls(s, others[i], err));
        }
    }
    if (s->url_count > 0) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_USAGE, "--rpc", CHAOS_NO_OFFSET, "no node of this network is known");
    error_expected(err, "--rpc URL, or CHAOS_RPC in the environment");
    return CHAOS_E_USAGE;
}

static chaos_status read_registry(const chain_session *s, size_t row, const char *option, const char *variable,
                                  bool *has, chaos_address *address, chaos_error *err)
{
    const char *text = option_or_variable(s->o, row, variable);
    if (text == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(read_address(option, text, address, err));
    *has = true;
    return CHAOS_OK;
}

static chaos_status read_registries(chain_session *s, const chaos_agent_reference *agent, chaos_error *err)
{
    CHAOS_TRY(read_registry(s, NET_OPT_IDENTITY, "--identity", "CHAOS_IDENTITY", &s->has_identity, &s->identity, err));
    CHAOS_TRY(read_registry(s, NET_OPT_REPUTATION, "--reputation", "CHAOS_REPUTATION", &s->has_reputation,
                            &s->reputation, err));
    CHAOS_TRY(read_registry(s, NET_OPT_VALIDATION, "--validation", "CHAOS_VALIDATION", &s->has_validation,
                            &s->validation, err));
    if (!s->has_identity && agent != NULL && agent->has_registry) {
        s->has_identity = true;
        s->identity = agent->registry;
    }
    if (s->has_identity && memcmp(&s->identity, &s->network.identity, sizeof s->identity) != 0) {
        /* The network's other registries belong to its own identity registry, not to this one. */
        memset(&s->network.reputation, 0, sizeof s->network.reputation);
        memset(&s->network.validation, 0, sizeof s->network.validation);
    }
    return CHAOS_OK;
}

chaos_status session_network(chain_session *s, const options *o, const char *program,
                             const chaos_agent_reference *agent, chaos_error *err)
{
    *s = (chain_session){ .program = program, .o = o, .json = options_has(o, NET_OPT_JSON) };
    CHAOS_TRY(read_network(s, agent, err));
    return read_registries(s, agent, err);
}

chaos_status session_read(chain_session *s, const options *o, const char *program, const chaos_agent_reference *agent,
                          chaos_error *err)
{
    CHAOS_TRY(session_network(s, o, program, agent, err));
    return read_urls(s, err);
}

chaos_status session_agent(const chain_session *s, chaos_agent_reference *agent, chaos_error *err)
{
    chaos_address identity = chaos_registries_address(s->registries, CHAOS_REGISTRY_IDENTITY);
    if (agent->chain_id != 0 && agent->chain_id != s->network.chain_id) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET, "the agent is of chain %llu, %s is chain %llu",
                         (unsigned long long)agent->chain_id, s->network.name,
                         (unsigned long long)s->network.chain_id);
    }
    if (agent->has_registry && memcmp(&agent->registry, &identity, sizeof identity) != 0) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET,
                         "the agent is of another identity registry than --identity");
    }
    agent->chain_id = s->network.chain_id;
    agent->has_registry = true;
    agent->registry = identity;
    return CHAOS_OK;
}

/* ------------------------------------------------------------ connections ---- */

chaos_status session_connect(chain_session *s, chaos_error *err)
{
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    rpc.urls = s->urls;
    rpc.url_count = s->url_count;
    rpc.chain_id = s->network.chain_id;
    rpc.deadline_ms = s->deadline_ms;
    rpc.log = log_line;
    rpc.log_context = s;
    return chaos_rpc_open(&rpc, &s->rpc, err);
}

/* An identity registry is an ERC-721: another contract of the same deployment has the same version and is none. */
static chaos_status check_identity(const chain_session *s, chaos_error *err)
{
    bool is_token = false;
    chaos_status status = chaos_identity_supports(s->registries, ERC721, NULL, &is_token, err);
    if (status == CHAOS_E_REVERTED || (status == CHAOS_OK && !is_token)) {
        return error_set(err, CHAOS_E_REGISTRY, "identity", CHAOS_NO_OFFSET,
                         "the contract at the identity registry's address has no agents (no ERC-721)");
    }
    return status;
}

chaos_status session_registries(chain_session *s, chaos_error *err)
{
    chaos_registries_options registries = CHAOS_REGISTRIES_OPTIONS_INIT;
    if (!s->has_identity && slice_is_zero(slice(s->network.identity.bytes, sizeof s->network.identity.bytes))) {
        (void)error_set(err, CHAOS_E_USAGE, "--identity", CHAOS_NO_OFFSET, "where are the registries of %s?",
                        s->network.name);
        error_expected(err, "--identity ADDR, or a file of 'chaoschain chain deploy --out FILE' as --network");
        return CHAOS_E_USAGE;
    }
    CHAOS_TRY(session_connect(s, err));
    registries.rpc = s->rpc;
    registries.network = &s->network;
    registries.has_identity = s->has_identity;
    registries.has_reputation = s->has_reputation;
    registries.has_validation = s->has_validation;
    registries.identity = s->identity;
    registries.reputation = s->reputation;
    registries.validation = s->validation;
    CHAOS_TRY(chaos_registries_open(&registries, &s->registries, err));
    return check_identity(s, err);
}

/* "12", "0.5": gwei, with at most nine places. */
static bool read_gwei(const char *text, chaos_u256 *wei)
{
    char digits[32];
    size_t length = strlen(text), used = 0, places = 0;
    bool point = false;
    if (length == 0 || length > 20) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && !point && i > 0 && i + 1 < length) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || places == GWEI_PLACES) {
            return false;
        }
        places += point ? 1 : 0;
        digits[used++] = text[i];
    }
    for (; places < GWEI_PLACES; places++) {
        digits[used++] = '0';
    }
    size_t zeros = 0;
    while (zeros + 1 < used && digits[zeros] == '0') {
        zeros++;
    }
    return value_u256(slice(digits + zeros, used - zeros), wei);
}

/* Real money is spent on a yes alone. A chain that is in no list may be a main network. */
static chaos_status ask(const chain_session *s, chaos_error *err)
{
    bool costs = s->network.kind == CHAOS_NETWORK_MAIN || s->network.kind == CHAOS_NETWORK_OTHER;
    char answer[8] = "";
    char question[256];
    chaos_address payer = chaos_account_address(s->account);
    if (!costs || s->dry_run || options_has(s->o, SEND_OPT_YES)) {
        return CHAOS_OK;
    }
    if (isatty(STDIN_FILENO) != 1 || !on_terminal()) {
        return error_set(err, CHAOS_E_USAGE, "--yes", CHAOS_NO_OFFSET,
                         "%s may cost real money, and there is nobody to ask: say --yes", s->network.name);
    }
    (void)snprintf(question, sizeof question, "%s: send on %s, paid by %s? [y/N] ", s->program, s->network.name,
                   address_of(&payer).text);
    if (!say_text(STDERR_FILENO, question) || read(STDIN_FILENO, answer, sizeof answer - 1) <= 0 ||
        (answer[0] | 0x20) != 'y') {
        return error_set(err, CHAOS_E_USAGE, "--yes", CHAOS_NO_OFFSET, "the answer was not yes; nothing was sent");
    }
    return CHAOS_OK;
}

chaos_status session_sender(chain_session *s, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(journal, 4096);
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    uint64_t confirmations = 0, wait = 0;
    const char *fee = options_value(s->o, SEND_OPT_MAX_FEE, 0);
    CHAOS_TRY(read_count(s->o, SEND_OPT_CONFIRMATIONS, "--confirmations", MAX_CONFIRMATIONS, &confirmations, err));
    CHAOS_TRY(read_count(s->o, SEND_OPT_WAIT, "--wait", MAX_WAIT_S, &wait, err));
    if (fee != NULL && !read_gwei(fee, &sender.max_fee)) {
        return usage_error(err, "--max-fee", fee, "gwei, as 30 or 0.25");
    }
    s->dry_run = options_has(s->o, SEND_OPT_DRY_RUN);
    CHAOS_TRY(session_keystore(s, SEND_OPT_KEYSTORE, SEND_OPT_PASSPHRASE_FD, "CHAOS_KEYSTORE", &s->account, err));
    CHAOS_TRY(ask(s, err));
    CHAOS_TRY(journal_path(s->o, &journal, err));
    sender.rpc = s->rpc;
    sender.account = s->account;
    sender.journal = (const char *)journal.data;
    sender.confirmations = (uint32_t)confirmations;
    sender.deadline_ms = (uint32_t)wait * MS;
    sender.dry_run = s->dry_run;
    sender.log = log_line;
    sender.log_context = s;
    return chaos_sender_open(&sender, &s->sender, err);
}

chaos_status session_open(chain_session *s, const options *o, const char *program, const chaos_agent_reference *agent,
                          chaos_error *err)
{
    CHAOS_TRY(session_read(s, o, program, agent, err));
    CHAOS_TRY(session_registries(s, err));
    return session_sender(s, err);
}

void session_close(chain_session *s)
{
    progress_end();
    chaos_sender_free(s->sender);
    chaos_account_free(s->account);
    chaos_registries_free(s->registries);
    chaos_rpc_free(s->rpc);
    chaos_buffer_free(&s->urls_text);
    *s = (chain_session){ .program = s->program };
}
