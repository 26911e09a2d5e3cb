/* agent_show.c - chaoschain agent show: what the chain and the registration file say of an agent. */
#include "agent_program.h"

#include <chaoschain/evidence.h>

#define PROGRAM "chaoschain agent show"
#define OUT_MAX (2u * 1024u * 1024u)

enum {
    OPT_AGENT = AGENT_OPT_COUNT,
    OPT_GATEWAY,
    OPT_NO_FETCH,
    OPT_ALLOW_LOCAL,
    OPT_FILE_HASH,
    OPT_OUT,
};

static const option_row rows[] = {
    NET_ROWS,
    CONFIG_ROW,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as 7 or eip155:N:0x...:7; that of the config by default" },
    [OPT_GATEWAY] = { "--gateway", "URL", CHAOS_CARD_MAX_GATEWAYS, false,
                      "https://HOST/ipfs/: where ipfs:// is fetched; CHAOS_IPFS_GATEWAY" },
    [OPT_NO_FETCH] = { "--no-fetch", NULL, 1, false, "ask nobody but the chain" },
    [OPT_ALLOW_LOCAL] = { "--allow-local", NULL, 1, false, "fetch from http:// and this machine, too: for tests" },
    [OPT_FILE_HASH] = { "--file-hash", "HEX", 1, false, "the registration file must have this Keccak-256" },
    [OPT_OUT] = { "--out", "FILE", 1, false, "write the registration file there, as it came" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [AGENT] [--config FILE] [OPTION]...\n"
                "Shows an agent: owner, wallet, registration file, and what it says of its TEE. All of it is what the\n"
                "agent says: 'chaoschain verify' judges its evidence.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

/* -------------------------------------------------------------------- text ---- */

static bool text_tee(const chaos_agent_card *card, chaos_buffer *out)
{
    const chaos_tee_metadata *t = chaos_agent_card_tee(card);
    if (t->present == 0 && t->malformed == 0) {
        return row_text(out, "TEE", "none named");
    }
    bool ok = row_text(out, "TEE", "%s%s", (t->present & CHAOS_TEE_FIELD_ARCH) != 0 ? t->arch : "not named",
                       (t->present & CHAOS_TEE_FIELD_SIMULATED) != 0 ? " (SIMULATED)" : "");
    if (ok && (t->present & CHAOS_TEE_FIELD_KEY) != 0) {
        bool same = memcmp(&t->key, chaos_agent_card_wallet(card), sizeof t->key) == 0;
        ok = row_text(out, "  key", "%s%s", address_of(&t->key).text, same ? "" : " (not the wallet)");
    }
    ok = ok && ((t->present & CHAOS_TEE_FIELD_MEASUREMENT) == 0 || row_hash(out, "  measurement", &t->measurement));
    ok = ok && ((t->present & CHAOS_TEE_FIELD_BINDING) == 0 || row_hash(out, "  binding", &t->binding));
    if (ok && (t->present & CHAOS_TEE_FIELD_EVIDENCE_HASH) != 0) {
        ok = row_hash(out, "  evidence hash", &t->evidence_hash);
    }
    ok = ok && ((t->present & CHAOS_TEE_FIELD_EVIDENCE_URI) == 0 ||
                row_bytes(out, "  evidence URI", slice_text(t->evidence_uri)));
    ok = ok && ((t->present & CHAOS_TEE_FIELD_EXPIRES) == 0 || row_time(out, "  expires", t->expires));
    return ok && (t->malformed == 0 || row_text(out, "  malformed", "metadata of the TEE are not of their form (0x%x)",
                                                t->malformed));
}

static bool text_file(const chaos_agent_card *card, chaos_buffer *out)
{
    const chaos_registration_file *file = chaos_agent_card_file(card);
    const chaos_error *why = chaos_agent_card_file_error(card);
    if (file == NULL) {
        return why == NULL || row_text(out, "file", "%s: %s", chaos_status_name(why->status), why->text);
    }
    const chaos_registration_fields *f = chaos_registration_file_fields(file);
    chaos_keccak hash = chaos_registration_file_hash(file);
    bool ok = row_bytes(out, "name", slice_text(f->name)) &&
              (f->description == NULL || row_bytes(out, "description", slice_text(f->description))) &&
              row_text(out, "state", "%s%s", f->active ? "active" : "inactive",
                       f->x402_support ? ", takes x402 payments" : "") &&
              row_hash(out, "file hash", &hash) &&
              row_text(out, "  committed", "%s",
                       chaos_agent_card_is_committed(card) ? "yes: the URI fixes these bytes"
                                                           : "no: whoever serves the URI can change them") &&
              row_text(out, "  names agent", "%s",
                       chaos_agent_card_names_itself(card) ? "yes" : "no: it is not among its registrations");
    for (size_t i = 0; ok && i < f->service_count; i++) {
        ok = row_bytes(out, i == 0 ? "services" : "", slice_text(f->services[i].name)) &&
             row_bytes(out, "", slice_text(f->services[i].endpoint));
    }
    for (size_t i = 0; ok && i < f->supported_trust_count; i++) {
        ok = row_bytes(out, i == 0 ? "trust" : "", slice_text(f->supported_trust[i]));
    }
    return ok;
}

static bool write_text(const chaos_agent_card *card, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    const chaos_address *wallet = chaos_agent_card_wallet(card);
    chaos_slice uri = chaos_agent_card_uri(card);
    chaos_agent_reference_format(chaos_agent_card_reference(card), agent);
    bool ok = row_text(out, "agent", "%s", agent) && row_address(out, "owner", chaos_agent_card_owner(card));
    ok = ok && (slice_is_zero(slice(wallet->bytes, sizeof wallet->bytes)) ? row_text(out, "wallet", "none")
                                                                          : row_address(out, "wallet", wallet));
    ok = ok && (uri.size == 0 ? row_text(out, "URI", "none") : row_bytes(out, "URI", uri));
    return ok && text_file(card, out) && text_tee(card, out);
}

/* -------------------------------------------------------------------- JSON ---- */

static void json_tee(json_writer *w, const chaos_tee_metadata *t)
{
    if (t->present == 0 && t->malformed == 0) {
        json_write_null(w, "tee");
        return;
    }
    json_write_object(w, "tee");
    if ((t->present & CHAOS_TEE_FIELD_ARCH) != 0) {
        json_write_text(w, "arch", t->arch);
    }
    if ((t->present & CHAOS_TEE_FIELD_BINDING) != 0) {
        json_write_0x(w, "binding", slice(t->binding.bytes, sizeof t->binding.bytes));
    }
    if ((t->present & CHAOS_TEE_FIELD_EVIDENCE_HASH) != 0) {
        json_write_0x(w, "evidence_hash", slice(t->evidence_hash.bytes, sizeof t->evidence_hash.bytes));
    }
    if ((t->present & CHAOS_TEE_FIELD_EVIDENCE_URI) != 0) {
        json_write_text(w, "evidence_uri", t->evidence_uri);
    }
    if ((t->present & CHAOS_TEE_FIELD_EXPIRES) != 0) {
        json_write_unsigned(w, "expires", (uint64_t)t->expires);
    }
    if ((t->present & CHAOS_TEE_FIELD_KEY) != 0) {
        json_address(w, "key", &t->key);
    }
    json_write_boolean(w, "malformed", t->malformed != 0);
    if ((t->present & CHAOS_TEE_FIELD_MEASUREMENT) != 0) {
        json_write_0x(w, "measurement", slice(t->measurement.bytes, sizeof t->measurement.bytes));
    }
    json_write_boolean(w, "simulated", (t->present & CHAOS_TEE_FIELD_SIMULATED) != 0);
    json_write_object_end(w);
}

static void json_services(json_writer *w, const chaos_registration_fields *f)
{
    json_write_array(w, "services");
    for (size_t i = 0; i < f->service_count; i++) {
        json_write_object(w, NULL);
        json_write_text(w, "endpoint", f->services[i].endpoint);
        json_write_text(w, "name", f->services[i].name);
        json_write_text(w, "version", f->services[i].version);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_array(w, "supported_trust");
    for (size_t i = 0; i < f->supported_trust_count; i++) {
        json_write_text(w, NULL, f->supported_trust[i]);
    }
    json_write_array_end(w);
}

static void json_file(json_writer *w, const chaos_agent_card *card)
{
    const chaos_registration_file *file = chaos_agent_card_file(card);
    if (file == NULL) {
        json_write_null(w, "file");
        return;
    }
    const chaos_registration_fields *f = chaos_registration_file_fields(file);
    chaos_keccak hash = chaos_registration_file_hash(file);
    json_write_object(w, "file");
    json_write_boolean(w, "active", f->active);
    json_write_boolean(w, "committed", chaos_agent_card_is_committed(card));
    json_write_text(w, "description", f->description);
    json_write_0x(w, "hash", slice(hash.bytes, sizeof hash.bytes));
    json_write_text(w, "image", f->image);
    json_write_text(w, "name", f->name);
    json_write_boolean(w, "names_agent", chaos_agent_card_names_itself(card));
    json_services(w, f);
    json_write_boolean(w, "x402_support", f->x402_support);
    json_write_object_end(w);
}

static bool write_json(const chaos_agent_card *card, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    const chaos_address *wallet = chaos_agent_card_wallet(card);
    const chaos_error *why = chaos_agent_card_file_error(card);
    chaos_agent_reference_format(chaos_agent_card_reference(card), agent);
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", agent);
    json_write_unsigned(&w, "block_number", chaos_agent_card_block(card)->number);
    json_file(&w, card);
    json_write_text(&w, "file_error", why == NULL ? NULL : chaos_status_name(why->status));
    json_address(&w, "owner", chaos_agent_card_owner(card));
    json_write_text(&w, "schema", "chaoschain/agent/1");
    json_tee(&w, chaos_agent_card_tee(card));
    json_write_bytes_as_text(&w, "uri", chaos_agent_card_uri(card));
    if (slice_is_zero(slice(wallet->bytes, sizeof wallet->bytes))) {
        json_write_null(&w, "wallet");
    } else {
        json_address(&w, "wallet", wallet);
    }
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

/* --------------------------------------------------------------------- run ---- */

static chaos_status fetch_options(const options *o, chaos_agent_card_options *card, chaos_error *err)
{
    const char *hash = options_value(o, OPT_FILE_HASH, 0);
    card->fetch = !options_has(o, OPT_NO_FETCH);
    card->allow_local = options_has(o, OPT_ALLOW_LOCAL);
    for (size_t i = 0; i < CHAOS_CARD_MAX_GATEWAYS && options_value(o, OPT_GATEWAY, i) != NULL; i++) {
        card->gateways[card->gateway_count++] = options_value(o, OPT_GATEWAY, i);
    }
    const char *variable = getenv("CHAOS_IPFS_GATEWAY");
    if (card->gateway_count == 0 && variable != NULL && variable[0] != '\0') {
        card->gateways[card->gateway_count++] = variable;
    }
    card->has_hash = hash != NULL;
    return hash == NULL ? CHAOS_OK : read_hash("--file-hash", hash, &card->hash, err);
}

static chaos_status run(chain_session *s, options *o, agent_config *config, chaos_agent_card **card, chaos_error *err)
{
    const char *who = options_value(o, OPT_AGENT, 0);
    const char *path = options_value(o, OPT_OUT, 0);
    chaos_agent_reference agent;
    chaos_agent_card_options how = CHAOS_AGENT_CARD_OPTIONS_INIT;
    CHAOS_TRY(read_no_more(o, OPT_AGENT, 1, err));
    CHAOS_TRY(agent_which(config, o, who, &agent, err));
    CHAOS_TRY(fetch_options(o, &how, err));
    CHAOS_TRY(session_read(s, o, PROGRAM, &agent, err));
    CHAOS_TRY(session_registries(s, err));
    CHAOS_TRY(session_agent(s, &agent, err));
    CHAOS_TRY(chaos_agent_card_read(s->registries, &agent.agent_id, &how, card, err));
    if (path == NULL) {
        return CHAOS_OK;
    }
    const chaos_error *why = chaos_agent_card_file_error(*card);
    chaos_slice bytes = chaos_agent_card_file_bytes(*card);
    if (bytes.data == NULL && why != NULL) {
        if (err != NULL) {
            *err = *why;
        }
        return why->status;
    }
    return output_write("--out", path, bytes, 0666, err);
}

int agent_show(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    chaos_agent_card *card = NULL;
    chain_session s = { .program = PROGRAM };
    agent_config config = { .path = NULL };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    if (run(&s, &o, &config, &card, &err) != CHAOS_OK) {
        code = session_fault(&s, &err);
    } else if (s.json ? !write_json(card, &out) : !write_text(card, &out)) {
        code = say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    } else {
        code = say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING);
    }
    chaos_agent_card_free(card);
    session_close(&s);
    agent_config_free(&config);
    return code;
}
