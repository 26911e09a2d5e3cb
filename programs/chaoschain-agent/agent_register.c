/* agent_register.c - chaoschain agent register: an id for an agent, and the file that says what it is.
 *
 * Given a name the file is written here and lives in the agent URI itself. It names its own id, which is known only
 * when the agent is registered: two transactions, each an intent of its own, so that a command that was killed between
 * them goes on there. */
#include "agent_program.h"

#define PROGRAM "chaoschain agent register"
#define MAX_DATA_URI (2u * CHAOS_MAX_REGISTRATION_FILE)
#define MAX_KEY 64u
#define MAX_VALUE 4096u

enum {
    OPT_IMAGE = AGENT_OPT_COUNT,
    OPT_SERVICE,
    OPT_TRUST,
    OPT_INACTIVE,
    OPT_X402,
    OPT_URI,
    OPT_METADATA,
    OPT_OUT,
    OPT_AGAIN,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    AGENT_ROWS,
    [OPT_IMAGE] = { "--image", "URL", 1, false, "its picture" },
    [OPT_SERVICE] = { "--service", "NAME=URL", CHAOS_MAX_REGISTRATION_SERVICES / 4, false,
                      "where it is reached: attestation=https://..., MCP=..." },
    [OPT_TRUST] = { "--trust", "KIND", CHAOS_MAX_SUPPORTED_TRUST, false,
                    "reputation, crypto-economic, ...; tee-attestation is there" },
    [OPT_INACTIVE] = { "--inactive", NULL, 1, false, "it does not work yet" },
    [OPT_X402] = { "--x402", NULL, 1, false, "it takes x402 payments" },
    [OPT_URI] = { "--uri", "URI", 1, false, "instead of a name: where its registration file is" },
    [OPT_METADATA] = { "--metadata", "KEY=VALUE", CHAOS_MAX_METADATA_ENTRIES / 2, false,
                       "text, or bytes as 0x...; written in the same transaction" },
    [OPT_OUT] = { "--out", "FILE", 1, false, "write the registration file there, too" },
    [OPT_AGAIN] = { "--again", NULL, 1, false, "another agent, though there is one of these words" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [--config FILE] | --name NAME --tee-provider NAME --publish DIR\n"
                "       | --name NAME | --uri URI  --keystore FILE [OPTION]...\n"
                "Registers an agent; the keystore's account owns it. With a TEE, from the options or a config\n"
                "file, its key is made there, the evidence goes on chain, and the key becomes agentWallet. The\n"
                "same command does it once: repeated, also after a crash, it finishes what was begun, or says\n"
                "the id that there is.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

/* ---------------------------------------------------------------- options ---- */

typedef struct registration {
    chaos_registration_fields fields;
    chaos_service services[CHAOS_MAX_REGISTRATION_SERVICES];
    const char *trust[CHAOS_MAX_SUPPORTED_TRUST + 1];
    chaos_metadata_entry entries[CHAOS_MAX_METADATA_ENTRIES];
    size_t entry_count;
    chaos_buffer storage; /* of names, keys and values that are parts of arguments */
    const char *uri;      /* given, or NULL */
} registration;

/* "LEFT=RIGHT": LEFT with a NUL in storage, RIGHT in the argument. */
static chaos_status split(const char *option, const char *text, chaos_buffer *storage, const char **left,
                          const char **right, chaos_error *err)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals - text > (ptrdiff_t)MAX_KEY) {
        return usage_error(err, option, text, "a name, =, and what it stands for");
    }
    size_t begin = storage->size;
    if (!buffer_append(storage, slice(text, (size_t)(equals - text))) || !buffer_append(storage, slice("", 1))) {
        return no_memory(err);
    }
    *left = (const char *)storage->data + begin;
    *right = equals + 1;
    return CHAOS_OK;
}

static chaos_status read_services(const options *o, registration *r, chaos_error *err)
{
    const char *text;
    for (size_t i = 0; (text = options_value(o, OPT_SERVICE, i)) != NULL; i++) {
        chaos_service *service = &r->services[r->fields.service_count++];
        CHAOS_TRY(split("--service", text, &r->storage, &service->name, &service->endpoint, err));
    }
    r->fields.services = r->services;
    r->trust[r->fields.supported_trust_count++] = CHAOS_TRUST_TEE;
    for (size_t i = 0; (text = options_value(o, OPT_TRUST, i)) != NULL; i++) {
        if (strcmp(text, CHAOS_TRUST_TEE) != 0) {
            r->trust[r->fields.supported_trust_count++] = text;
        }
    }
    r->fields.supported_trust = r->trust;
    return CHAOS_OK;
}

chaos_status metadata_value(const char *option, const char *text, chaos_buffer *storage, chaos_slice *value,
                            chaos_error *err)
{
    size_t length = strlen(text);
    if (length < 2 || text[0] != '0' || text[1] != 'x') {
        *value = slice(text, length);
        return CHAOS_OK;
    }
    size_t size = (length - 2) / 2;
    size_t begin = storage->size;
    uint8_t *room = buffer_reserve(storage, size + 1);
    if (room == NULL) {
        return usage_error(err, option, text, "a shorter value");
    }
    if (!value_hex(text, room, size)) {
        return usage_error(err, option, text, "0x and an even number of hex digits, or text that does not begin so");
    }
    storage->size += size;
    *value = slice(storage->data + begin, size);
    return CHAOS_OK;
}

static chaos_status read_metadata(const options *o, registration *r, chaos_error *err)
{
    const char *text, *value = "";
    for (size_t i = 0; (text = options_value(o, OPT_METADATA, i)) != NULL; i++) {
        chaos_metadata_entry *entry = &r->entries[r->entry_count++];
        CHAOS_TRY(split("--metadata", text, &r->storage, &entry->key, &value, err));
        CHAOS_TRY(metadata_value("--metadata", value, &r->storage, &entry->value, err));
    }
    return CHAOS_OK;
}

static chaos_status read_registration(const options *o, registration *r, chaos_error *err)
{
    const size_t room = OPTIONS_MAX * (MAX_KEY + MAX_VALUE);
    *r = (registration){ .fields = CHAOS_REGISTRATION_FIELDS_INIT, .storage = CHAOS_BUFFER_INIT(room) };
    if (buffer_reserve(&r->storage, room) == NULL) { /* so that it never moves */
        return no_memory(err);
    }
    r->uri = options_value(o, OPT_URI, 0);
    r->fields.name = options_value(o, AGENT_OPT_NAME, 0);
    r->fields.description = options_value(o, AGENT_OPT_DESCRIPTION, 0);
    r->fields.image = options_value(o, OPT_IMAGE, 0);
    r->fields.active = !options_has(o, OPT_INACTIVE);
    r->fields.x402_support = options_has(o, OPT_X402);
    if ((r->uri == NULL) == (r->fields.name == NULL)) {
        return error_set(err, CHAOS_E_USAGE, "--name", CHAOS_NO_OFFSET,
                         "what shall be registered? give one of --name and --uri");
    }
    if (r->uri != NULL && (r->fields.description != NULL || r->fields.image != NULL || options_has(o, OPT_SERVICE) ||
                           options_has(o, OPT_TRUST) || options_has(o, OPT_OUT) || !r->fields.active ||
                           r->fields.x402_support)) {
        return error_set(err, CHAOS_E_USAGE, "--uri", CHAOS_NO_OFFSET,
                         "the registration file is at the URI: what it says cannot be said here, too");
    }
    CHAOS_TRY(read_services(o, r, err));
    return read_metadata(o, r, err);
}

/* ----------------------------------------------------------------- intents ---- */

static chaos_status name_intent(const chain_session *s, const registration *r, chaos_slice uri, intent_name *name,
                                chaos_error *err)
{
    intent_hash hash;
    chaos_address registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_IDENTITY);
    intent_begin(&hash, "agent-register");
    intent_add(&hash, slice(registry.bytes, sizeof registry.bytes));
    intent_add(&hash, uri);
    for (size_t i = 0; i < r->entry_count; i++) {
        intent_add_text(&hash, r->entries[i].key);
        intent_add(&hash, r->entries[i].value);
    }
    return intent_end(&hash, "agent-register", name, err);
}

/* The file as it is before (no id) or after the registration. */
static chaos_status write_file(registration *r, const chaos_registration *named, chaos_buffer *file, chaos_buffer *uri,
                               chaos_error *err)
{
    r->fields.registrations = named;
    r->fields.registration_count = named == NULL ? 0 : 1;
    chaos_status status = chaos_registration_file_write(&r->fields, file, err);
    r->fields.registrations = NULL; /* the caller's own, and not for longer */
    r->fields.registration_count = 0;
    CHAOS_TRY(status);
    return data_uri_of(buffer_slice(file), uri, err);
}

static chaos_status send_registration(chain_session *s, registration *r, const char *uri, tx_report *report,
                                      chaos_error *err)
{
    intent_name base, name;
    const intent_rule rule = options_has(s->o, OPT_AGAIN) ? INTENT_AGAIN : INTENT_ONCE;
    CHAOS_TRY(name_intent(s, r, slice_text(uri), &base, err));
    CHAOS_TRY(intent_choose(s->sender, &base, rule, &name, err));
    tx_step *step = report_step(report, "register", &name);
    CHAOS_TRY(chaos_agent_register(s->registries, s->sender, name.text, uri, r->entries, r->entry_count,
                                   &report->agent.agent_id, &step->outcome, err));
    report->agent.chain_id = s->network.chain_id;
    report->agent.has_registry = true;
    report->agent.registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_IDENTITY);
    report->has_agent = !s->dry_run || step->outcome.was_done;
    report->uri = slice_text(uri);
    return CHAOS_OK;
}

/* The file that names its id goes to the agent that was registered. When somebody has given it another since, that one
 * stays. */
static chaos_status complete(chain_session *s, registration *r, chaos_slice first_uri, chaos_buffer *file,
                             chaos_buffer *uri, tx_report *report, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(now, CHAOS_MAX_CALL_RESULT);
    intent_name name;
    chaos_registration named = { s->network.chain_id, report->agent.registry, report->agent.agent_id };
    CHAOS_TRY(write_file(r, &named, file, uri, err));
    CHAOS_TRY(chaos_agent_uri(s->registries, &report->agent.agent_id, NULL, &now, err));
    report->uri = buffer_slice(uri);
    if (!slice_equal(buffer_slice(&now), first_uri) && !slice_equal(buffer_slice(&now), buffer_slice(uri))) {
        report->uri = slice(NULL, 0);
        return CHAOS_OK;
    }
    CHAOS_TRY(uri_intent(s, &report->agent, (const char *)uri->data, &name, err));
    tx_step *step = report_step(report, "set URI", &name);
    return chaos_agent_set_uri(s->registries, s->sender, name.text, &report->agent.agent_id, (const char *)uri->data,
                               &step->outcome, err);
}

static chaos_status run(chain_session *s, const options *o, registration *r, chaos_buffer *uri, tx_report *report,
                        chaos_error *err)
{
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_REGISTRATION_FILE);
    CHAOS_AUTO_BUFFER(first_uri, MAX_DATA_URI);
    CHAOS_TRY(read_registration(o, r, err));
    if (r->uri == NULL) { /* before anything is asked: a bad name costs no connection */
        CHAOS_TRY(write_file(r, NULL, &file, &first_uri, err));
    }
    CHAOS_TRY(session_open(s, o, PROGRAM, NULL, err));
    if (r->uri != NULL) {
        return send_registration(s, r, r->uri, report, err);
    }
    CHAOS_TRY(send_registration(s, r, (const char *)first_uri.data, report, err));
    if (!report->has_agent) {
        report->uri = slice(NULL, 0);
        return CHAOS_OK; /* a dry run: without an id there is no second half */
    }
    file.size = 0;
    CHAOS_TRY(complete(s, r, buffer_slice(&first_uri), &file, uri, report, err));
    const char *out = options_value(o, OPT_OUT, 0);
    return out == NULL ? CHAOS_OK : output_write("--out", out, buffer_slice(&file), 0666, err);
}

/* Some words are for one way of registering alone: with a TEE the file is written from the config, and its text is what
 * the evidence is about; without one nothing of a TEE can be meant. */
static chaos_status check_way(const options *o, bool attested, chaos_error *err)
{
    static const size_t plain[] = { OPT_IMAGE, OPT_SERVICE, OPT_TRUST, OPT_INACTIVE, OPT_X402,
                                    OPT_URI, OPT_METADATA, OPT_OUT, OPT_AGAIN, SEND_OPT_DRY_RUN };
    static const size_t tee[] = { AGENT_OPT_TEE_ENDPOINT, AGENT_OPT_TEE_OPTIONS, AGENT_OPT_TEE_PLUGIN,
                                  AGENT_OPT_GENERATION, AGENT_OPT_PUBLISH, AGENT_OPT_PUBLISH_BASE,
                                  AGENT_OPT_ENDPOINT, AGENT_OPT_COLLATERAL };
    const size_t *rows_of = attested ? plain : tee;
    const size_t count = attested ? CHAOS_ARRAY_SIZE(plain) : CHAOS_ARRAY_SIZE(tee);
    for (size_t i = 0; i < count; i++) {
        if (options_has(o, rows_of[i])) {
            return error_set(err, CHAOS_E_USAGE, rows[rows_of[i]].name, CHAOS_NO_OFFSET,
                             attested ? "it does not go with a TEE" : "it goes with a TEE: --tee-provider NAME");
        }
    }
    return CHAOS_OK;
}

static int register_plain(options *o)
{
    chaos_error err = { 0 };
    registration r = { .storage = CHAOS_BUFFER_INIT(0) };
    CHAOS_AUTO_BUFFER(uri, MAX_DATA_URI);
    chain_session s = { .program = PROGRAM };
    tx_report report = { .action = "agent register", .repeat = "--again registers another agent." };
    int code = run(&s, o, &r, &uri, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    chaos_buffer_free(&r.storage);
    return code;
}

int agent_register(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    agent_session a = { .s = { .program = PROGRAM } };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    /* Who names an agent on the command line does not mean the one whose config happens to lie here. */
    const bool named = options_has(&o, AGENT_OPT_NAME) || options_has(&o, OPT_URI);
    chaos_status status = named && !options_has(&o, AGENT_OPT_CONFIG)
                              ? CHAOS_OK
                              : agent_config_apply(&a.config, &o, true, &err);
    const bool attested = options_has(&o, AGENT_OPT_PROVIDER);
    if (status != CHAOS_OK || check_way(&o, attested, &err) != CHAOS_OK) {
        code = chain_fault(PROGRAM, &err);
    } else {
        code = attested ? register_attested(&a, &o, PROGRAM) : register_plain(&o);
    }
    agent_session_close(&a);
    return code;
}
