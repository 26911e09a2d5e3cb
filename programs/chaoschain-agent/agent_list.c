/* agent_list.c - chaoschain agent list: the agents of an owner, or all of them, from the registry's logs.
 *
 * The registry cannot be asked for its agents. Who got an agent says the Transfer log; who has it now says the
 * registry, which is asked for each at the end. */
#include "agent_program.h"

#include <inttypes.h>
#include <stdio.h>

#define PROGRAM "chaoschain agent list"
#define OUT_MAX (64u * 1024u * 1024u)
#define MAX_AGENTS 100000u
#define DEFAULT_LIMIT 1000u
#define MAX_NAME_SHOWN 24
#define TOPIC_ADDRESS 12 /* where an address begins in a topic */

enum {
    OPT_OWNER = AGENT_OPT_COUNT,
    OPT_FROM_BLOCK,
    OPT_TO_BLOCK,
    OPT_LIMIT,
};

static const option_row rows[] = {
    NET_ROWS,
    CONFIG_ROW,
    [OPT_OWNER] = { "--owner", "ADDR", 1, false, "whose agents; everybody's by default" },
    [OPT_FROM_BLOCK] = { "--from-block", "N", 1, false, "read the logs from here, not from the registry's first" },
    [OPT_TO_BLOCK] = { "--to-block", "N", 1, false, "to here; the head is the default" },
    [OPT_LIMIT] = { "--limit", "N", 1, false, "show at most so many, the newest; 1000 is the default" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [--owner ADDR] [OPTION]...\n"
                "Lists agents: id, owner, wallet, and the name where the URI itself holds the file. A long chain\n"
                "takes its time; --from-block shortens it.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

/* ----------------------------------------------------------------- reading ---- */

typedef struct found_agent {
    chaos_u256 id;
    uint64_t block;
} found_agent;

typedef struct listing {
    const chain_session *s;
    bool has_owner;
    chaos_address owner;
    uint64_t first, limit;
    found_agent *agents; /* in the order of the chain; an id comes again when it comes back */
    size_t count, capacity;
} listing;

static void forget_id(listing *l, const chaos_u256 *id)
{
    for (size_t i = l->count; i-- > 0;) {
        if (memcmp(&l->agents[i].id, id, sizeof *id) == 0) {
            memmove(&l->agents[i], &l->agents[i + 1], (l->count - i - 1) * sizeof *l->agents);
            l->count--;
            return;
        }
    }
}

static chaos_status on_log(void *context, const chaos_log *log, chaos_error *err)
{
    listing *l = context;
    chaos_event event;
    CHAOS_TRY(chaos_registries_event(l->s->registries, log, &event, err));
    if (event.kind != (l->has_owner ? CHAOS_EVENT_TRANSFER : CHAOS_EVENT_REGISTERED)) {
        return CHAOS_OK;
    }
    if (l->has_owner) {
        forget_id(l, &event.agent_id); /* it may have been theirs before */
    }
    if (l->count == l->capacity) {
        size_t capacity = l->capacity == 0 ? 256 : 2 * l->capacity;
        found_agent *grown = capacity > MAX_AGENTS ? NULL : realloc(l->agents, capacity * sizeof *grown);
        if (grown == NULL) {
            return error_set(err, capacity > MAX_AGENTS ? CHAOS_E_LIMIT : CHAOS_E_MEMORY, "agents", CHAOS_NO_OFFSET,
                             "more than %u agents: --from-block and --to-block take a part", MAX_AGENTS / 2);
        }
        l->agents = grown;
        l->capacity = capacity;
    }
    l->agents[l->count++] = (found_agent){ event.agent_id, log->block_number };
    return CHAOS_OK;
}

static chaos_status on_rollback(void *context, uint64_t from, chaos_error *err)
{
    listing *l = context;
    (void)err;
    while (l->count > 0 && l->agents[l->count - 1].block >= from) {
        l->count--;
    }
    return CHAOS_OK;
}

static void on_progress(void *context, uint64_t done, uint64_t head)
{
    progress_blocks(&((listing *)context)->first, done, head);
}

static chaos_status read_logs(chain_session *s, listing *l, bool has_last, uint64_t last, chaos_error *err)
{
    const chaos_keccak topic = chaos_event_topic(l->has_owner ? CHAOS_EVENT_TRANSFER : CHAOS_EVENT_REGISTERED);
    const chaos_address registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_IDENTITY);
    chaos_log_reader_options how = CHAOS_LOG_READER_OPTIONS_INIT;
    chaos_log_reader *logs = NULL;
    chaos_keccak to = { { 0 } };
    memcpy(to.bytes + TOPIC_ADDRESS, l->owner.bytes, sizeof l->owner.bytes);
    how.rpc = s->rpc;
    how.addresses = &registry;
    how.address_count = 1;
    how.topics[0].any_of = &topic;
    how.topics[0].count = 1;
    if (l->has_owner) {
        how.topics[2].any_of = &to;
        how.topics[2].count = 1;
    }
    how.first_block = l->first;
    how.context = l;
    how.on_log = on_log;
    how.on_rollback = on_rollback;
    how.on_progress = on_progress;
    CHAOS_TRY(chaos_log_reader_open(&how, &logs, err));
    chaos_status status = has_last ? chaos_log_reader_poll_to(logs, last, NULL, err)
                                   : chaos_log_reader_poll(logs, NULL, err);
    chaos_log_reader_free(logs);
    progress_end();
    return status;
}

/* ----------------------------------------------------------------- showing ---- */

static bool show_text(const chaos_agent_card *card, chaos_buffer *out)
{
    char id[CHAOS_U256_TEXT_SIZE], name[MAX_NAME_SHOWN + 1] = "";
    const chaos_registration_file *file = chaos_agent_card_file(card);
    const chaos_address *wallet = chaos_agent_card_wallet(card);
    bool has_wallet = !slice_is_zero(slice(wallet->bytes, sizeof wallet->bytes));
    bool own = memcmp(wallet, chaos_agent_card_owner(card), sizeof *wallet) == 0;
    if (file != NULL) {
        (void)error_quote(name, sizeof name, slice_text(chaos_registration_file_fields(file)->name));
    }
    chaos_u256_format(&chaos_agent_card_reference(card)->agent_id, id);
    const chaos_tee_metadata *tee = chaos_agent_card_tee(card);
    bool has_tee = (tee->present & CHAOS_TEE_FIELD_KEY) != 0;
    return buffer_append_format(out, "%-6s %-42s %-9s %-4s %s\n", id, address_of(chaos_agent_card_owner(card)).text,
                                !has_wallet ? "none"
                                : own       ? "owner's"
                                            : "its own",
                                has_tee ? "yes" : "-", name);
}

static void show_json(const chaos_agent_card *card, json_writer *w)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    const chaos_registration_file *file = chaos_agent_card_file(card);
    const chaos_address *wallet = chaos_agent_card_wallet(card);
    chaos_agent_reference_format(chaos_agent_card_reference(card), agent);
    json_write_object(w, NULL);
    json_write_text(w, "agent", agent);
    json_write_text(w, "name", file == NULL ? NULL : chaos_registration_file_fields(file)->name);
    json_address(w, "owner", chaos_agent_card_owner(card));
    json_write_boolean(w, "tee", (chaos_agent_card_tee(card)->present & CHAOS_TEE_FIELD_KEY) != 0);
    json_write_bytes_as_text(w, "uri", chaos_agent_card_uri(card));
    if (slice_is_zero(slice(wallet->bytes, sizeof wallet->bytes))) {
        json_write_null(w, "wallet");
    } else {
        json_address(w, "wallet", wallet);
    }
    json_write_object_end(w);
}

/* Reads one agent; *mine: it is still the owner's. One that a reorganisation took away since is passed over. */
static chaos_status read_card(const listing *l, const chaos_u256 *id, chaos_agent_card **card, bool *mine,
                              chaos_error *err)
{
    chaos_agent_card_options how = CHAOS_AGENT_CARD_OPTIONS_INIT;
    how.fetch = false; /* strangers' servers are not asked for a list */
    *mine = false;
    chaos_status status = chaos_agent_card_read(l->s->registries, id, &how, card, err);
    if (status == CHAOS_E_NOT_FOUND) {
        return CHAOS_OK;
    }
    CHAOS_TRY(status);
    *mine = !l->has_owner || memcmp(chaos_agent_card_owner(*card), &l->owner, sizeof l->owner) == 0;
    return CHAOS_OK;
}

static chaos_status show_agents(const listing *l, chaos_buffer *out, json_writer *w, chaos_error *err)
{
    size_t first = l->count > l->limit ? l->count - (size_t)l->limit : 0;
    for (size_t i = first; i < l->count; i++) {
        chaos_agent_card *card = NULL;
        bool mine = false;
        CHAOS_TRY(read_card(l, &l->agents[i].id, &card, &mine, err));
        bool ok = true;
        if (mine && w != NULL) {
            show_json(card, w);
        } else if (mine) {
            ok = show_text(card, out);
        }
        chaos_agent_card_free(card);
        if (!ok) {
            return no_memory(err);
        }
    }
    return CHAOS_OK;
}

static chaos_status write_json(const listing *l, chaos_buffer *out, chaos_error *err)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_array(&w, "agents");
    CHAOS_TRY(show_agents(l, out, &w, err));
    json_write_array_end(&w);
    json_write_boolean(&w, "complete", l->count <= l->limit);
    json_write_text(&w, "schema", "chaoschain/agents/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n") ? CHAOS_OK : no_memory(err);
}

static chaos_status write_text(const listing *l, chaos_buffer *out, chaos_error *err)
{
    if (l->count == 0) {
        return buffer_append_text(out, "There are none.\n") ? CHAOS_OK : no_memory(err);
    }
    if (!buffer_append_format(out, "%-6s %-42s %-9s %-4s %s\n", "ID", "OWNER", "WALLET", "TEE", "NAME")) {
        return no_memory(err);
    }
    CHAOS_TRY(show_agents(l, out, NULL, err));
    if (l->count > l->limit && !buffer_append_format(out, "The newest %" PRIu64 " of %zu; --limit shows more.\n",
                                                     l->limit, l->count)) {
        return no_memory(err);
    }
    return CHAOS_OK;
}

static chaos_status run(chain_session *s, options *o, agent_config *config, listing *l, chaos_buffer *out,
                        chaos_error *err)
{
    uint64_t last = 0;
    const char *owner = options_value(o, OPT_OWNER, 0);
    CHAOS_TRY(agent_config_apply(config, o, true, err));
    CHAOS_TRY(session_read(s, o, PROGRAM, NULL, err));
    l->s = s;
    l->limit = DEFAULT_LIMIT;
    l->first = s->network.first_block;
    l->has_owner = owner != NULL;
    if (owner != NULL) {
        CHAOS_TRY(read_address("--owner", owner, &l->owner, err));
    }
    CHAOS_TRY(read_count(o, OPT_FROM_BLOCK, "--from-block", INT64_MAX, &l->first, err));
    CHAOS_TRY(read_count(o, OPT_TO_BLOCK, "--to-block", INT64_MAX, &last, err));
    CHAOS_TRY(read_count(o, OPT_LIMIT, "--limit", MAX_AGENTS, &l->limit, err));
    CHAOS_TRY(session_registries(s, err));
    CHAOS_TRY(read_logs(s, l, options_has(o, OPT_TO_BLOCK), last, err));
    return s->json ? write_json(l, out, err) : write_text(l, out, err);
}

int agent_list(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    listing l = { .count = 0 };
    chain_session s = { .program = PROGRAM };
    agent_config config = { .path = NULL };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &config, &l, &out, &err) == CHAOS_OK ? say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING)
                                                            : session_fault(&s, &err);
    session_close(&s);
    agent_config_free(&config);
    free(l.agents);
    return code;
}
