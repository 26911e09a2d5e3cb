/* chain_deploy.c - chaoschain chain deploy: registries of one's own on a local chain. */
#include "chain_program.h"

#include <stdio.h>

#define PROGRAM "chaoschain chain deploy"
#define FILE_MAX 8192u

enum {
    OPT_OUT = SEND_OPT_COUNT,
    OPT_AGAIN,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    [OPT_OUT] = { "--out", "FILE", 1, false, "describe the network there, for --network FILE" },
    [OPT_AGAIN] = { "--again", NULL, 1, false, "other ones, though this account has deployed some" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " --keystore FILE [--out FILE] [OPTION]...\n"
                "Puts the three registries on a local chain: written from the text of the EIP, not upgradeable,\n"
                "without an owner. The same command does it once.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Main networks have the official registries: this command adds no others there.\n" CHAIN_EXIT_NOTES,
};

/* Intents of chaos_registries_deploy are PREFIX/identity, ...: the prefix is chosen by the first of them. */
static chaos_status choose_prefix(const chain_session *s, char prefix[64], chaos_error *err)
{
    for (unsigned turn = 1; turn < 1000; turn++) {
        char last[80];
        chaos_outcome outcome = { 0 };
        (void)snprintf(prefix, 64, turn == 1 ? "chain-deploy" : "chain-deploy/%u", turn);
        (void)snprintf(last, sizeof last, "%s/validation", prefix);
        chaos_error ignored = { 0 };
        chaos_status status = chaos_sender_find(s->sender, last, &outcome, &ignored);
        bool is_done = status == CHAOS_OK && outcome.state == CHAOS_INTENT_CONFIRMED;
        if (!is_done || !options_has(s->o, OPT_AGAIN)) {
            return CHAOS_OK;
        }
    }
    return error_set(err, CHAOS_E_LIMIT, "--again", CHAOS_NO_OFFSET, "the journal has too many of these");
}

static void describe(const chain_session *s, const chaos_registry_addresses *a, json_writer *w)
{
    json_write_object(w, NULL);
    json_write_array(w, "networks");
    json_write_object(w, NULL);
    json_write_unsigned(w, "chain_id", s->network.chain_id);
    json_address(w, "identity", &a->identity);
    json_write_text(w, "kind", "local");
    json_write_text(w, "name", "local");
    json_address(w, "reputation", &a->reputation);
    if (strlen(s->urls[0]) < sizeof s->network.rpc_url) {
        json_write_text(w, "rpc_url", s->urls[0]);
    }
    json_address(w, "validation", &a->validation);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_text(w, "schema", "chaoschain/networks/1");
    json_write_object_end(w);
}

static chaos_status write_network(const chain_session *s, const chaos_registry_addresses *addresses, const char *path,
                                  chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, FILE_MAX);
    json_writer w = json_writer_begin(&text);
    describe(s, addresses, &w);
    if (json_writer_status(&w) != CHAOS_OK || !buffer_append_text(&text, "\n")) {
        return no_memory(err);
    }
    return output_write("--out", path, buffer_slice(&text), 0666, err);
}

static const char *const parts[] = { "identity", "reputation", "validation" };

static void name_part(const char *prefix, size_t i, intent_name *name)
{
    (void)snprintf(name->text, sizeof name->text, "%s/%s", prefix, parts[i]);
}

/* Which of them are there already? */
static void look_before(const chain_session *s, const char *prefix, bool done[CHAOS_ARRAY_SIZE(parts)])
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(parts); i++) {
        intent_name name;
        chaos_outcome outcome = { 0 };
        name_part(prefix, i, &name);
        done[i] = chaos_sender_find(s->sender, name.text, &outcome, NULL) == CHAOS_OK &&
                  outcome.state == CHAOS_INTENT_CONFIRMED;
    }
}

static chaos_status add_steps(const chain_session *s, const char *prefix, const bool done[CHAOS_ARRAY_SIZE(parts)],
                              tx_report *report, chaos_error *err)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(parts); i++) {
        intent_name name;
        name_part(prefix, i, &name);
        tx_step *step = report_step(report, parts[i], &name);
        chaos_status status = chaos_sender_find(s->sender, name.text, &step->outcome, err);
        if (status != CHAOS_OK && !s->dry_run) {
            return status;
        }
        step->outcome.was_done = done[i];
    }
    return CHAOS_OK;
}

static chaos_status run(chain_session *s, const options *o, chaos_registry_addresses *addresses, tx_report *report,
                        chaos_error *err)
{
    char prefix[64];
    bool done[CHAOS_ARRAY_SIZE(parts)];
    const char *out = options_value(o, OPT_OUT, 0);
    CHAOS_TRY(session_read(s, o, PROGRAM, NULL, err));
    if (s->network.kind == CHAOS_NETWORK_MAIN) {
        return error_set(err, CHAOS_E_USAGE, "--network", CHAOS_NO_OFFSET,
                         "%s has the official registries: nobody would look at others", s->network.name);
    }
    CHAOS_TRY(session_connect(s, err));
    CHAOS_TRY(session_sender(s, err));
    CHAOS_TRY(choose_prefix(s, prefix, err));
    look_before(s, prefix, done);
    CHAOS_TRY(chaos_registries_deploy(s->sender, prefix, addresses, err));
    CHAOS_TRY(add_steps(s, prefix, done, report, err));
    if (s->dry_run) {
        return CHAOS_OK;
    }
    report->addresses = addresses;
    return out == NULL ? CHAOS_OK : write_network(s, addresses, out, err);
}

int chain_deploy(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chaos_registry_addresses addresses = { 0 };
    chain_session s = { .program = PROGRAM };
    tx_report report = { .action = "chain deploy", .repeat = "--again deploys other ones." };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &addresses, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    return code;
}
