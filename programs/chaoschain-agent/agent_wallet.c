/* agent_wallet.c - chaoschain agent set-wallet: the key that acts for an agent, proven by that key itself. */
#include "agent_program.h"

#include "programs/common/tee/open_tee.h"

#define PROGRAM "chaoschain agent set-wallet"

enum {
    OPT_AGENT = SEND_OPT_COUNT,
    OPT_PROVIDER,
    OPT_ENDPOINT,
    OPT_OPTIONS,
    OPT_PLUGIN,
    OPT_LABEL,
    OPT_GENERATION,
    OPT_PATH,
    OPT_WALLET_KEYSTORE,
    OPT_WALLET_PASSPHRASE_FD,
    OPT_UNSET,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as 7 or eip155:N:0x...:7" },
    [OPT_PROVIDER] = { "--tee-provider", "NAME", 1, false, "the wallet is its identity key in this TEE; or auto" },
    [OPT_ENDPOINT] = { "--tee-endpoint", "WHERE", 1, false, "its socket or URL, if not the usual one" },
    [OPT_OPTIONS] = { "--tee-options", "JSON", 1, false, "further options of the provider, a JSON object" },
    [OPT_PLUGIN] = { "--tee-plugin", "FILE", 1, false, "take the provider from this plug-in file" },
    [OPT_LABEL] = { "--label", "LABEL", 1, false, "of that key, [a-z0-9-]{1,32}; \"agent\" is the default" },
    [OPT_GENERATION] = { "--generation", "N", 1, false, "of that key; 0 is the default" },
    [OPT_PATH] = { "--path", "PATH", 1, false, "of that key, if it is another one" },
    [OPT_WALLET_KEYSTORE] = { "--wallet-keystore", "FILE", 1, false, "the wallet is the key of this keystore" },
    [OPT_WALLET_PASSPHRASE_FD] = { "--wallet-passphrase-fd", "N", 1, false, "read its passphrase there" },
    [OPT_UNSET] = { "--unset", NULL, 1, false, "the agent shall have no wallet" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT --tee-provider NAME | --wallet-keystore FILE | --unset\n"
                "       --keystore FILE [OPTION]...\n"
                "Makes a key the agent's wallet. The key signs that it wants to (EIP-712); --keystore owns the agent\n"
                "and pays. Nothing is sent when it is the wallet already.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct wallet {
    chaos_tee_registry *registry;
    chaos_tee *tee;
    chaos_keypair *keypair;
    chaos_account *account;
} wallet;

static void wallet_close(wallet *w)
{
    chaos_account_free(w->account);
    chaos_keypair_free(w->keypair);
    chaos_tee_free(w->tee);
    chaos_tee_registry_free(w->registry);
}

static chaos_status check_choice(const options *o, chaos_error *err)
{
    int ways = (options_has(o, OPT_PROVIDER) ? 1 : 0) + (options_has(o, OPT_WALLET_KEYSTORE) ? 1 : 0) +
               (options_has(o, OPT_UNSET) ? 1 : 0);
    if (ways != 1) {
        return error_set(err, CHAOS_E_USAGE, "--tee-provider", CHAOS_NO_OFFSET,
                         "which key? give one of --tee-provider, --wallet-keystore and --unset");
    }
    bool names_tee_key = options_has(o, OPT_ENDPOINT) || options_has(o, OPT_OPTIONS) || options_has(o, OPT_PLUGIN) ||
                         options_has(o, OPT_LABEL) || options_has(o, OPT_GENERATION) || options_has(o, OPT_PATH);
    if (names_tee_key && !options_has(o, OPT_PROVIDER)) {
        return error_set(err, CHAOS_E_USAGE, "--tee-provider", CHAOS_NO_OFFSET, "the key of which TEE?");
    }
    if (options_has(o, OPT_PATH) && (options_has(o, OPT_LABEL) || options_has(o, OPT_GENERATION))) {
        return error_set(err, CHAOS_E_USAGE, "--path", CHAOS_NO_OFFSET, "--label and --generation make a path, too");
    }
    return CHAOS_OK;
}

/* The identity key of the agent's label, chain and registry: the one that 'chaoschain keygen --agent' makes. */
static chaos_status open_tee_key(const options *o, const chaos_agent_reference *agent, wallet *w, chaos_error *err)
{
    char path[CHAOS_IDENTITY_PATH_SIZE];
    const char *label = options_value(o, OPT_LABEL, 0);
    uint64_t generation = 0;
    chaos_key_options key = CHAOS_KEY_OPTIONS_INIT;
    const chaos_u256 chain = chaos_u256_from(agent->chain_id);
    const tee_choice choice = { options_value(o, OPT_PROVIDER, 0), options_value(o, OPT_ENDPOINT, 0),
                                options_value(o, OPT_OPTIONS, 0), options_value(o, OPT_PLUGIN, 0) };
    CHAOS_TRY(read_count(o, OPT_GENERATION, "--generation", UINT32_MAX, &generation, err));
    key.path = options_value(o, OPT_PATH, 0);
    if (key.path == NULL) {
        CHAOS_TRY(chaos_identity_path(&chain, &agent->registry, label == NULL ? "agent" : label,
                                      (uint32_t)generation, path, err));
        key.path = path;
    }
    CHAOS_TRY(open_tee(&choice, &w->registry, &w->tee, err));
    CHAOS_TRY(chaos_tee_generate_key(w->tee, &key, &w->keypair, err));
    return chaos_account_from_tee(w->tee, w->keypair, &w->account, err);
}

static chaos_status open_wallet(chain_session *s, const options *o, const chaos_agent_reference *agent, wallet *w,
                                chaos_error *err)
{
    if (options_has(o, OPT_PROVIDER)) {
        return open_tee_key(o, agent, w, err);
    }
    if (options_has(o, OPT_WALLET_KEYSTORE)) {
        return session_keystore(s, OPT_WALLET_KEYSTORE, OPT_WALLET_PASSPHRASE_FD, NULL, &w->account, err);
    }
    return CHAOS_OK;
}

static chaos_status choose_intent(const chain_session *s, const chaos_agent_reference *agent,
                                  const chaos_account *account, intent_name *name, chaos_error *err)
{
    static const chaos_address none = { { 0 } };
    chaos_address address = account == NULL ? none : chaos_account_address(account);
    intent_hash hash;
    intent_name base;
    intent_begin(&hash, "agent-wallet");
    intent_add(&hash, slice(agent->registry.bytes, sizeof agent->registry.bytes));
    intent_add(&hash, slice(agent->agent_id.bytes, sizeof agent->agent_id.bytes));
    intent_add(&hash, slice(address.bytes, sizeof address.bytes));
    CHAOS_TRY(intent_end(&hash, "agent-wallet", &base, err));
    return intent_choose(s->sender, &base, INTENT_AGAIN, name, err);
}

static chaos_status run(chain_session *s, const options *o, wallet *w, tx_report *report, chaos_error *err)
{
    intent_name name;
    const char *who = NULL;
    CHAOS_TRY(read_operand(o, OPT_AGENT, 0, 1, "AGENT", &who, err));
    CHAOS_TRY(check_choice(o, err));
    CHAOS_TRY(agent_parse(who, &report->agent, err));
    CHAOS_TRY(session_open(s, o, PROGRAM, &report->agent, err));
    CHAOS_TRY(session_agent(s, &report->agent, err));
    CHAOS_TRY(open_wallet(s, o, &report->agent, w, err));
    CHAOS_TRY(choose_intent(s, &report->agent, w->account, &name, err));
    tx_step *step = report_step(report, w->account == NULL ? "unset wallet" : "set wallet", &name);
    report->has_agent = true;
    if (w->account == NULL) {
        return chaos_agent_unset_wallet(s->registries, s->sender, name.text, &report->agent.agent_id, &step->outcome,
                                        err);
    }
    report->has_wallet = true;
    report->wallet = chaos_account_address(w->account);
    return chaos_agent_adopt_wallet(s->registries, s->sender, name.text, &report->agent.agent_id, w->account,
                                    &step->outcome, err);
}

int agent_set_wallet(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    wallet w = { 0 };
    chain_session s = { .program = PROGRAM };
    tx_report report = { .action = "agent set-wallet" };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &w, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    wallet_close(&w);
    return code;
}
