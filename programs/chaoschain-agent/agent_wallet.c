/* agent_wallet.c - chaoschain agent set-wallet: the key that acts for an agent, proven by that key itself. */
#include "agent_program.h"

#include "programs/common/tee/open_tee.h"

#define PROGRAM "chaoschain agent set-wallet"

enum {
    OPT_AGENT = AGENT_OPT_COUNT,
    OPT_LABEL,
    OPT_PATH,
    OPT_WALLET_KEYSTORE,
    OPT_WALLET_PASSPHRASE_FD,
    OPT_UNSET,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    CONFIG_ROW,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as 7 or eip155:N:0x...:7; that of the config by default" },
    [AGENT_OPT_NAME] = { "--name", "NAME", 1, false, "of the agent, which its key in the TEE is made from" },
    [AGENT_OPT_PROVIDER] = { "--tee-provider", "NAME", 1, false, "the wallet is its key in this TEE; or auto" },
    [AGENT_OPT_TEE_ENDPOINT] = { "--tee-endpoint", "WHERE", 1, false, "its socket or URL, if not the usual one" },
    [AGENT_OPT_TEE_OPTIONS] = { "--tee-options", "JSON", 1, false, "further options of the provider, a JSON object" },
    [AGENT_OPT_TEE_PLUGIN] = { "--tee-plugin", "FILE", 1, false, "take the provider from this plug-in file" },
    [OPT_LABEL] = { "--label", "LABEL", 1, false, "of that key, [a-z0-9-]{1,32}, not from a name; or \"agent\"" },
    [AGENT_OPT_GENERATION] = { "--generation", "N", 1, false, "of that key; 0 is the default" },
    [OPT_PATH] = { "--path", "PATH", 1, false, "of that key, if it is another one" },
    [OPT_WALLET_KEYSTORE] = { "--wallet-keystore", "FILE", 1, false, "the wallet is the key of this keystore" },
    [OPT_WALLET_PASSPHRASE_FD] = { "--wallet-passphrase-fd", "N", 1, false, "read its passphrase there" },
    [OPT_UNSET] = { "--unset", NULL, 1, false, "the agent shall have no wallet" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [AGENT] [--config FILE]\n"
                "       --tee-provider NAME | --wallet-keystore FILE | --unset --keystore FILE [OPTION]...\n"
                "Makes a key the agent's wallet. The key signs that it wants to (EIP-712); --keystore owns the agent\n"
                "and pays. Nothing is sent when it is the wallet already. With a config file it is the key of its TEE\n"
                "unless the command line says another one.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct wallet {
    agent_config config;
    bool is_of_tee;
    chaos_tee_registry *registry;
    chaos_tee *tee;
    chaos_agent *named;     /* holds the key of a name */
    chaos_keypair *keypair; /* of a path */
    chaos_account *account;
} wallet;

static void wallet_close(wallet *w)
{
    chaos_account_free(w->account);
    chaos_keypair_free(w->keypair);
    chaos_agent_free(w->named);
    chaos_tee_free(w->tee);
    chaos_tee_registry_free(w->registry);
    agent_config_free(&w->config);
}

static size_t count_given(const options *o, const size_t *rows_of, size_t count)
{
    size_t given = 0;
    for (size_t i = 0; i < count; i++) {
        given += options_has(o, rows_of[i]) ? 1 : 0;
    }
    return given;
}

/* What the command line itself says; a config file may say which TEE where it says nothing. */
static chaos_status check_choice(const options *given, const options *o, wallet *w, chaos_error *err)
{
    static const size_t ways[] = { AGENT_OPT_PROVIDER, OPT_WALLET_KEYSTORE, OPT_UNSET };
    static const size_t of_tee[] = { AGENT_OPT_TEE_ENDPOINT, AGENT_OPT_TEE_OPTIONS, AGENT_OPT_TEE_PLUGIN,
                                     AGENT_OPT_NAME, AGENT_OPT_GENERATION, OPT_LABEL, OPT_PATH };
    static const size_t of_path[] = { AGENT_OPT_NAME, AGENT_OPT_GENERATION, OPT_LABEL };
    const size_t said = count_given(given, ways, CHAOS_ARRAY_SIZE(ways));
    w->is_of_tee = options_has(given, AGENT_OPT_PROVIDER) || (said == 0 && options_has(o, AGENT_OPT_PROVIDER));
    if (said > 1 || (said == 0 && !w->is_of_tee)) {
        return error_set(err, CHAOS_E_USAGE, "--tee-provider", CHAOS_NO_OFFSET,
                         "which key? give one of --tee-provider, --wallet-keystore and --unset");
    }
    if (!w->is_of_tee && count_given(given, of_tee, CHAOS_ARRAY_SIZE(of_tee)) > 0) {
        return error_set(err, CHAOS_E_USAGE, "--tee-provider", CHAOS_NO_OFFSET, "the key of which TEE?");
    }
    if (options_has(given, OPT_PATH) && count_given(given, of_path, CHAOS_ARRAY_SIZE(of_path)) > 0) {
        return error_set(err, CHAOS_E_USAGE, "--path", CHAOS_NO_OFFSET,
                         "--name, --label and --generation make a path, too");
    }
    if (options_has(given, OPT_LABEL) && options_has(given, AGENT_OPT_NAME)) {
        return error_set(err, CHAOS_E_USAGE, "--label", CHAOS_NO_OFFSET, "--name makes a label, too");
    }
    return CHAOS_OK;
}

/* The key of a path or of a label: the one that 'chaoschain keygen --agent' makes. */
static chaos_status make_key(const options *o, const chaos_agent_reference *agent, wallet *w, chaos_error *err)
{
    char path[CHAOS_IDENTITY_PATH_SIZE];
    const char *label = options_value(o, OPT_LABEL, 0);
    uint64_t generation = 0;
    chaos_key_options key = CHAOS_KEY_OPTIONS_INIT;
    const chaos_u256 chain = chaos_u256_from(agent->chain_id);
    CHAOS_TRY(read_count(o, AGENT_OPT_GENERATION, "--generation", UINT32_MAX, &generation, err));
    key.path = options_value(o, OPT_PATH, 0);
    if (key.path == NULL) {
        CHAOS_TRY(chaos_identity_path(&chain, &agent->registry, label == NULL ? "agent" : label,
                                      (uint32_t)generation, path, err));
        key.path = path;
    }
    return chaos_tee_generate_key(w->tee, &key, &w->keypair, err);
}

static chaos_status open_tee_key(const chain_session *s, const options *o, const chaos_agent_reference *agent,
                                 wallet *w, chaos_error *err)
{
    const tee_choice choice = { options_value(o, AGENT_OPT_PROVIDER, 0), options_value(o, AGENT_OPT_TEE_ENDPOINT, 0),
                                options_value(o, AGENT_OPT_TEE_OPTIONS, 0),
                                options_value(o, AGENT_OPT_TEE_PLUGIN, 0) };
    const bool is_named =
        options_has(o, AGENT_OPT_NAME) && !options_has(o, OPT_LABEL) && !options_has(o, OPT_PATH);
    CHAOS_TRY(open_tee(&choice, &w->registry, &w->tee, err));
    CHAOS_TRY(is_named ? agent_key_open(s, o, w->tee, &w->named, err) : make_key(o, agent, w, err));
    return chaos_account_from_tee(w->tee, is_named ? chaos_agent_keypair(w->named) : w->keypair, &w->account, err);
}

static chaos_status open_wallet(chain_session *s, const options *o, const chaos_agent_reference *agent, wallet *w,
                                chaos_error *err)
{
    if (w->is_of_tee) {
        return open_tee_key(s, o, agent, w, err);
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

static chaos_status run(chain_session *s, options *o, wallet *w, tx_report *report, chaos_error *err)
{
    intent_name name;
    const options given = *o;
    const char *who = options_value(o, OPT_AGENT, 0);
    CHAOS_TRY(read_no_more(o, OPT_AGENT, 1, err));
    CHAOS_TRY(agent_which(&w->config, o, who, &report->agent, err));
    CHAOS_TRY(check_choice(&given, o, w, err));
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
