/* verify_bundle.c - chaoschain verify-bundle --rpc: reads from the chain what a bundle is held against, and hands it to
 * the verifier, which has no network: agentWallet, the values of tee.head with their blocks, the blocks of sessions. */
#include "chain_program.h"

#include "wire/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "chaoschain verify-bundle"
#define MAX_ANCHORS 24 /* that the verifier takes of each */
#define HEAD_SIZE 40
#define MAX_ARGUMENTS 256
#define ARGUMENT_SIZE 192

enum {
    OPT_PATH = NET_OPT_COUNT,
    OPT_COLLATERAL,
    OPT_AT,
    OPT_TRUST_ROOT,
    OPT_POLICY,
    OPT_EXPECT_AGENT,
    OPT_FROM_BLOCK,
};

static const option_row rows[] = {
    NET_ROWS,
    [OPT_PATH] = { "PATH", "PATH", 1, false, "a bundle: a file, or a folder with bundle.jsonl" },
    [OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "your own collateral, in place of the bundle's" },
    [OPT_AT] = { "--at", "TIME", 1, false, "judge as of this time: RFC 3339 or Unix seconds" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", CHAOS_MAX_TRUST_ROOTS, false,
                         "trust this root too: DER or PEM; repeatable" },
    [OPT_POLICY] = { "--policy", "FILE", 1, false, "a policy file, or the word default or none" },
    [OPT_EXPECT_AGENT] = { "--expect-agent", "AGENT", 1, false,
                           "the bundle is of this agent: eip155:CHAIN:0xREGISTRY:ID" },
    [OPT_FROM_BLOCK] = { "--from-block", "N", 1, false, "look for tee.head from there, not from the registry's first" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " --rpc URL [OPTION]... PATH\n"
                "Verifies what an agent did, with what the chain says of it: its agentWallet, the receipts that it\n"
                "anchored (tee.head) and in which blocks, the blocks of its sessions. Without --rpc it is\n"
                "offline: see 'chaoschain-verify verify-bundle --help'.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 AFFIRMING (with --policy none: verified), 1 WARNING, 2 CONTRAINDICATED,\n"
             "3 malformed, 4 not trusted, 5 environment (network, file, collateral), 64 usage, 70 internal.",
};

typedef struct gathering {
    chain_session *s;
    chaos_agent_reference agent;
    chaos_address wallet;
    uint64_t numbers[MAX_ANCHORS]; /* anchorBlocks of sessions */
    chaos_block_hash blocks[MAX_ANCHORS];
    size_t number_count, block_count;
    chaos_head heads[MAX_ANCHORS];
    size_t head_count;
} gathering;

static chaos_status too_many(const char *what, chaos_error *err)
{
    return error_set(err, CHAOS_E_LIMIT, what, CHAOS_NO_OFFSET,
                     "more than %d: verify a part of it (receipts export --from --to)", MAX_ANCHORS);
}

/* ------------------------------------------------------------------- the bundle ---- */

static chaos_status read_file(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    FILE *file = context;

    *got = fread(into, 1, capacity, file);
    return ferror(file) == 0 ? CHAOS_OK : error_set(err, CHAOS_E_FILE_IO, "PATH", CHAOS_NO_OFFSET, "it cannot be read");
}

static chaos_status take_session(gathering *g, const chaos_evidence *evidence, chaos_error *err)
{
    chaos_binding binding;

    if (evidence == NULL || !chaos_evidence_binding(evidence, &binding)) {
        return CHAOS_OK; /* the verifier will say what is wrong with it */
    }
    for (size_t i = 0; i < g->number_count; i++) {
        if (g->numbers[i] == binding.anchor_block) {
            return CHAOS_OK;
        }
    }
    if (g->number_count == MAX_ANCHORS) {
        return too_many("sessions", err);
    }
    g->numbers[g->number_count++] = binding.anchor_block;
    return CHAOS_OK;
}

static bool take_header(gathering *g, const bundle_header *header)
{
    uint64_t chain_id = 0;

    for (size_t i = 0; i < sizeof header->chain_id.bytes; i++) {
        if (i < 24 && header->chain_id.bytes[i] != 0) {
            return false;
        }
        chain_id = chain_id << 8 | header->chain_id.bytes[i];
    }
    g->agent.chain_id = chain_id;
    g->agent.has_registry = true;
    g->agent.registry = header->agent_registry;
    g->agent.agent_id = header->agent_id;
    return true;
}

/* The header and the envelopes; false at the first line that is wrong, which the verifier names better. */
static chaos_status read_lines(gathering *g, bundle_reader *reader_, chaos_error *err)
{
    bool has_header = false;

    for (;;) {
        bundle_line line = { .kind = 0 };
        fault why = { 0 };
        chaos_evidence *evidence = NULL;
        bool more = false;

        CHAOS_TRY(bundle_next(reader_, &line, &more, &why, err));
        if (!more || why.status != CHAOS_OK) {
            break;
        }
        if (line.kind == BUNDLE_HEADER) {
            has_header = take_header(g, &line.header);
        } else if (line.kind == BUNDLE_ENVELOPE && chaos_envelope_parse(line.envelope, &evidence, NULL) == CHAOS_OK) {
            const chaos_status status = take_session(g, evidence, err);
            chaos_evidence_free(evidence);
            CHAOS_TRY(status);
        }
    }
    return has_header ? CHAOS_OK
                      : error_set(err, CHAOS_E_BUNDLE_FORMAT, "header", CHAOS_NO_OFFSET, "this is no agent's bundle");
}

static chaos_status read_bundle(gathering *g, const char *path, chaos_error *err)
{
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    bundle_reader lines;
    struct stat about;
    char inside[PATH_MAX];
    chaos_status status;

    if (strcmp(path, "-") == 0) {
        return usage_error(err, "PATH", path, "a file or folder: it is read twice");
    }
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        if (snprintf(inside, sizeof inside, "%s/bundle.jsonl", path) >= (int)sizeof inside) {
            return usage_error(err, "PATH", path, "a shorter path");
        }
        path = inside;
    }
    source.context = fopen(path, "re");
    if (source.context == NULL) {
        return error_set(err, CHAOS_E_FILE_IO, "PATH", CHAOS_NO_OFFSET, "cannot read '%s': %s", shown(path).text,
                         strerror(errno));
    }
    source.read = read_file;
    bundle_reader_begin(&lines, &source);
    status = read_lines(g, &lines, err);
    bundle_reader_end(&lines);
    (void)fclose(source.context);
    return status;
}

/* -------------------------------------------------------------------- the chain ---- */

/* In ascending order of sequence. The same value written again counts from its first block; another value for the same
 * receipt means that the agent has signed two of them. */
static chaos_status take_head(gathering *g, const chaos_head *head, chaos_error *err)
{
    size_t at = g->head_count;

    while (at > 0 && g->heads[at - 1].sequence > head->sequence) {
        at--;
    }
    if (at > 0 && g->heads[at - 1].sequence == head->sequence) {
        return memcmp(&g->heads[at - 1].digest, &head->digest, sizeof head->digest) == 0
                   ? CHAOS_OK
                   : error_set(err, CHAOS_E_RECEIPT_HEAD, "tee.head", CHAOS_NO_OFFSET,
                               "the chain names two different receipts of sequence %" PRIu64, head->sequence);
    }
    if (g->head_count == MAX_ANCHORS) {
        return too_many("tee.head", err);
    }
    memmove(&g->heads[at + 1], &g->heads[at], (g->head_count - at) * sizeof *head);
    g->heads[at] = *head;
    g->head_count++;
    return CHAOS_OK;
}

static chaos_status on_log(void *context, const chaos_log *log, chaos_error *err)
{
    gathering *g = context;
    chaos_event event;
    chaos_head head = { .block = log->block_number };
    chaos_slice value;

    CHAOS_TRY(chaos_registries_event(g->s->registries, log, &event, err));
    if (event.kind != CHAOS_EVENT_METADATA_SET ||
        !slice_equal(event.of.metadata_set.key, slice_text(CHAOS_TEE_HEAD_KEY)) ||
        event.of.metadata_set.value.size != HEAD_SIZE) {
        return CHAOS_OK;
    }
    value = event.of.metadata_set.value;
    for (size_t i = 0; i < 8; i++) {
        head.sequence = head.sequence << 8 | value.data[i];
    }
    memcpy(head.digest.bytes, value.data + 8, sizeof head.digest.bytes);
    return take_head(g, &head, err);
}

static chaos_status read_heads(gathering *g, chaos_error *err)
{
    const chaos_keccak topic = chaos_event_topic(CHAOS_EVENT_METADATA_SET);
    chaos_log_reader_options how = CHAOS_LOG_READER_OPTIONS_INIT;
    chaos_log_reader *logs = NULL;
    chaos_keccak id;
    chaos_status status;

    memcpy(id.bytes, g->agent.agent_id.bytes, sizeof id.bytes);
    how.rpc = g->s->rpc;
    how.addresses = &g->agent.registry;
    how.address_count = 1;
    how.topics[0].any_of = &topic;
    how.topics[1].any_of = &id;
    how.topics[0].count = how.topics[1].count = 1;
    how.first_block = g->s->network.first_block;
    CHAOS_TRY(read_count(g->s->o, OPT_FROM_BLOCK, "--from-block", INT64_MAX, &how.first_block, err));
    how.context = g;
    how.on_log = on_log;
    CHAOS_TRY(chaos_log_reader_open(&how, &logs, err));
    status = chaos_log_reader_poll(logs, NULL, err);
    chaos_log_reader_free(logs);
    return status;
}

/* A block that the node does not know leaves its session's freshness open. */
static chaos_status read_blocks(gathering *g, chaos_error *err)
{
    for (size_t i = 0; i < g->number_count; i++) {
        const chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = g->numbers[i] };
        chaos_block block;
        const chaos_status status = chaos_rpc_block(g->s->rpc, &at, &block, err);

        if (status == CHAOS_E_NOT_FOUND) {
            continue;
        }
        CHAOS_TRY(status);
        g->blocks[g->block_count].number = block.number;
        g->blocks[g->block_count++].hash = block.hash;
    }
    return CHAOS_OK;
}

static chaos_status gather(gathering *g, const options *o, chaos_error *err)
{
    const char *path = NULL;

    CHAOS_TRY(read_operand(o, OPT_PATH, 0, 1, "PATH", &path, err));
    CHAOS_TRY(read_bundle(g, path, err));
    CHAOS_TRY(session_read(g->s, o, PROGRAM, &g->agent, err));
    CHAOS_TRY(session_registries(g->s, err));
    CHAOS_TRY(session_agent(g->s, &g->agent, err));
    CHAOS_TRY(chaos_agent_wallet(g->s->registries, &g->agent.agent_id, NULL, &g->wallet, err));
    if (slice_is_zero(slice(g->wallet.bytes, sizeof g->wallet.bytes))) {
        return error_set(err, CHAOS_E_BINDING_IDENTITY, "agentWallet", CHAOS_NO_OFFSET,
                         "the agent has no wallet on chain: nobody vouches for its key");
    }
    CHAOS_TRY(read_heads(g, err));
    return read_blocks(g, err);
}

/* ----------------------------------------------------------------- the verifier ---- */

typedef struct arguments {
    char *argv[MAX_ARGUMENTS + 1];
    size_t count;
    char texts[2 * MAX_ANCHORS + 2][ARGUMENT_SIZE];
    size_t text_count;
} arguments;

static void add(arguments *a, const char *word)
{
    if (a->count < MAX_ARGUMENTS) {
        a->argv[a->count++] = (char *)(uintptr_t)word;
    }
}

static void pass_on(arguments *a, const options *o, size_t row)
{
    const char *value;

    for (size_t i = 0; (value = options_value(o, row, i)) != NULL; i++) {
        add(a, rows[row].name);
        if (rows[row].argument != NULL) {
            add(a, value);
        }
    }
}

static void fill(arguments *a, const gathering *g, const options *o)
{
    static const size_t passed_on[] = { OPT_COLLATERAL, OPT_AT, OPT_TRUST_ROOT, OPT_POLICY, OPT_EXPECT_AGENT,
                                        NET_OPT_JSON };
    char *text = a->texts[a->text_count++];

    add(a, "chaoschain-verify");
    add(a, "verify-bundle");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(passed_on); i++) {
        pass_on(a, o, passed_on[i]);
    }
    (void)snprintf(text, ARGUMENT_SIZE, "%s", address_of(&g->wallet).text);
    add(a, "--expect-identity-key");
    add(a, text);
    for (size_t i = 0; i < g->head_count; i++) {
        text = a->texts[a->text_count++];
        (void)snprintf(text, ARGUMENT_SIZE, "%" PRIu64 ":%s@%" PRIu64, g->heads[i].sequence,
                       hex_of(&g->heads[i].digest).text, g->heads[i].block);
        add(a, "--expect-head");
        add(a, text);
    }
    for (size_t i = 0; i < g->block_count; i++) {
        text = a->texts[a->text_count++];
        (void)snprintf(text, ARGUMENT_SIZE, "%" PRIu64 ":%s", g->blocks[i].number, hex_of(&g->blocks[i].hash).text);
        add(a, "--expect-block");
        add(a, text);
    }
    add(a, options_value(o, OPT_PATH, 0));
    a->argv[a->count] = NULL;
}

/* Becomes the verifier that lies beside this program; PATH is not searched. */
static int become_verifier(char **argv)
{
    static const char name[] = "chaoschain-verify";
    char path[PATH_MAX + sizeof name];
    const ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
    size_t folder = n > 0 && n < PATH_MAX ? (size_t)n : 0;

    while (folder > 0 && path[folder - 1] != '/') {
        folder--;
    }
    memcpy(path + folder, name, sizeof name);
    if (folder > 0) {
        execv(path, argv);
    }
    return say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot run '%s': it belongs beside chaoschain-chain",
                       shown(path).text);
}

int verb_verify_bundle(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chain_session s = { .program = PROGRAM };
    gathering g = { .s = &s };
    arguments a = { .count = 0 };
    int code = session_options(&table, argc, argv, &o, &helped);

    if (code != 0 || helped) {
        return code;
    }
    if (gather(&g, &o, &err) != CHAOS_OK) {
        code = session_fault(&s, &err);
        session_close(&s);
        return code;
    }
    fill(&a, &g, &o);
    session_close(&s);
    return become_verifier(a.argv);
}
