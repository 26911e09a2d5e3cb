/* receipts.c - chaoschain receipts list, receipts export: what an agent has kept, from its store alone. */
#include "agent_program.h"

#include <inttypes.h>

#define LIST "chaoschain receipts list"
#define EXPORT "chaoschain receipts export"
#define OUT_MAX (64u * 1024u * 1024u)

enum {
    OPT_AGENT = AGENT_OPT_COUNT,
    OPT_KEY,
    OPT_FROM,
    OPT_TO,
    OPT_OUT,
};

#define STORE_ROWS                                                                                                 \
    CONFIG_ROW, [SEND_OPT_JOURNAL] = { "--store", "FILE", 1, false, "the agent's store" },                         \
                [NET_OPT_JSON] = { "--json", NULL, 1, false, "one line of JSON" },                                 \
                [NET_OPT_HELP] = { "--help", NULL, 0, false, "print this" },                                       \
                [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as eip155:N:0xREGISTRY:7; or --config" },     \
                [OPT_KEY] = { "--key", "ADDR", 1, false, "its identity key, where the store has several agents" }, \
                [OPT_FROM] = { "--from", "SEQUENCE", 1, false, "the first receipt; 0 by default" },                \
                [OPT_TO] = { "--to", "SEQUENCE", 1, false, "the last receipt; the newest by default" }

static const option_row list_rows[] = { STORE_ROWS };
static const option_row export_rows[] = {
    STORE_ROWS,
    [OPT_OUT] = { "--out", "FOLDER", 1, false, "made; one that has a bundle is refused" },
    [AGENT_OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "goes into the bundle, for those who have none" },
};

static const option_table list_table = {
    .program = LIST,
    .synopsis = "Usage: " LIST " [--config FILE] | AGENT --store FILE [OPTION]...\n"
                "Lists the receipts that an agent has kept. Needs its store alone: no TEE, no chain.",
    .rows = list_rows,
    .count = CHAOS_ARRAY_SIZE(list_rows),
    .notes = "Nothing is verified here: export a bundle and 'chaoschain verify-bundle' it.\n" CHAIN_EXIT_NOTES,
};
static const option_table export_table = {
    .program = EXPORT,
    .synopsis = "Usage: " EXPORT " [--config FILE] | AGENT --store FILE --out FOLDER [OPTION]...\n"
                "Writes receipts with all that proves them as a bundle. Needs its store alone.",
    .rows = export_rows,
    .count = CHAOS_ARRAY_SIZE(export_rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct kept {
    agent_config config;
    chaos_agent_reference agent;
    chaos_receipt_store *store;
    uint64_t from, to, count;
} kept;

static chaos_status open_kept(kept *k, options *o, chaos_error *err)
{
    const char *who = options_value(o, OPT_AGENT, 0);
    const char *key = options_value(o, OPT_KEY, 0);
    chaos_address address;

    CHAOS_TRY(read_no_more(o, OPT_AGENT, 1, err));
    if (key != NULL) {
        CHAOS_TRY(read_address("--key", key, &address, err));
    }
    CHAOS_TRY(agent_config_for(&k->config, o, who, &k->agent, err));
    CHAOS_TRY(agent_store_of(o, key == NULL ? NULL : &address, who, &k->agent, &k->store, err));
    CHAOS_TRY(chaos_receipt_store_count(k->store, &k->count, err));
    k->to = k->count == 0 ? 0 : k->count - 1;
    CHAOS_TRY(read_count(o, OPT_FROM, "--from", INT64_MAX, &k->from, err));
    return read_count(o, OPT_TO, "--to", INT64_MAX, &k->to, err);
}

/* ------------------------------------------------------------------------ list ---- */

static void json_receipt(json_writer *w, const chaos_receipt *receipt)
{
    const chaos_action *a = &receipt->action;
    const chaos_keccak digest = chaos_action_digest(a);

    json_write_object(w, NULL);
    json_write_text(w, "action_type", a->action_type);
    json_write_0x(w, "digest", slice(digest.bytes, sizeof digest.bytes));
    json_write_0x(w, "evidence_hash", slice(a->evidence_hash.bytes, sizeof a->evidence_hash.bytes));
    json_write_unsigned(w, "issued_at", a->issued_at);
    json_write_unsigned(w, "sequence", a->sequence);
    json_write_object_end(w);
}

static bool text_receipt(const chaos_receipt *receipt, chaos_buffer *out)
{
    const chaos_action *a = &receipt->action;
    const chaos_keccak digest = chaos_action_digest(a);
    char time[TIME_TEXT_SIZE];
    const char *when = time_format((int64_t)a->issued_at, time);

    return buffer_append_format(out, "%8" PRIu64 "  %s  %s  %s\n", a->sequence, when, hex_of(&digest).text,
                                shown(a->action_type).text);
}

static chaos_status list(kept *k, bool as_json, chaos_buffer *out, chaos_error *err)
{
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    json_writer w = json_writer_begin(out);
    bool ok = true;

    chaos_agent_reference_format(&k->agent, name);
    if (as_json) {
        json_write_object(&w, NULL);
        json_write_text(&w, "agent", name);
        json_write_unsigned(&w, "count", k->count);
        json_write_array(&w, "receipts");
    }
    for (uint64_t i = k->from; ok && k->count > 0 && i <= k->to && i < k->count; i++) {
        chaos_receipt receipt;
        CHAOS_TRY(chaos_receipt_store_at(k->store, i, &receipt, err));
        if (as_json) {
            json_receipt(&w, &receipt);
        } else {
            ok = text_receipt(&receipt, out);
        }
    }
    if (as_json) {
        json_write_array_end(&w);
        json_write_text(&w, "schema", "chaoschain/receipts/1");
        json_write_object_end(&w);
        ok = json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
    } else {
        ok = ok && buffer_append_format(out, "%s has kept %" PRIu64 " receipts.\n", name, k->count);
    }
    return ok ? CHAOS_OK : no_memory(err);
}

int receipts_list(int argc, char **argv)
{
    options o;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    kept k = { .store = NULL };
    int code = options_parse(&list_table, argc, argv, &o);

    if (code != 0 || options_has(&o, NET_OPT_HELP)) {
        return code != 0 ? code : options_help(&list_table);
    }
    code = open_kept(&k, &o, &err) == CHAOS_OK && list(&k, options_has(&o, NET_OPT_JSON), &out, &err) == CHAOS_OK
               ? say_result(LIST, buffer_slice(&out), EXIT_AFFIRMING)
               : chain_fault(LIST, &err);
    chaos_receipt_store_free(k.store);
    agent_config_free(&k.config);
    return code;
}

/* ---------------------------------------------------------------------- export ---- */

static chaos_status export_bundle(kept *k, const options *o, chaos_buffer *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(collateral, CHAOS_MAX_COLLATERAL);
    const char *folder = options_value(o, OPT_OUT, 0);
    const char *path = options_value(o, AGENT_OPT_COLLATERAL, 0);
    json_writer w = json_writer_begin(out);

    if (folder == NULL) {
        return error_set(err, CHAOS_E_USAGE, "--out", CHAOS_NO_OFFSET, "where to? --out FOLDER");
    }
    if (path != NULL) {
        CHAOS_TRY(input_read("--collateral", path, CHAOS_MAX_COLLATERAL - 1, &collateral, err));
    }
    CHAOS_TRY(chaos_receipt_store_export(k->store, k->from, k->to, buffer_slice(&collateral), folder, err));
    if (!options_has(o, NET_OPT_JSON)) {
        return buffer_append_format(out, "receipts %" PRIu64 " to %" PRIu64 " are in %s\n", k->from, k->to,
                                    shown(folder).text)
                   ? CHAOS_OK
                   : no_memory(err);
    }
    json_write_object(&w, NULL);
    json_write_text(&w, "folder", folder);
    json_write_unsigned(&w, "from", k->from);
    json_write_text(&w, "schema", "chaoschain/receipts-export/1");
    json_write_unsigned(&w, "to", k->to);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n") ? CHAOS_OK : no_memory(err);
}

int receipts_export(int argc, char **argv)
{
    options o;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    kept k = { .store = NULL };
    int code = options_parse(&export_table, argc, argv, &o);

    if (code != 0 || options_has(&o, NET_OPT_HELP)) {
        return code != 0 ? code : options_help(&export_table);
    }
    code = open_kept(&k, &o, &err) == CHAOS_OK && export_bundle(&k, &o, &out, &err) == CHAOS_OK
               ? say_result(EXPORT, buffer_slice(&out), EXIT_AFFIRMING)
               : chain_fault(EXPORT, &err);
    chaos_receipt_store_free(k.store);
    agent_config_free(&k.config);
    return code;
}
