/* validation_request.c - chaoschain validation request: a request file, and its hash on chain. */
#include "chain_program.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "chaoschain validation request"
#define MAX_CONTENT_FILE (64u * 1024u * 1024u)
#define MAX_DATA_URI (2u * CHAOS_MAX_REQUEST_FILE)

enum {
    OPT_AGENT = SEND_OPT_COUNT,
    OPT_REQUEST,
    OPT_VALIDATOR,
    OPT_EVIDENCE_URI,
    OPT_CONTENT,
    OPT_URI,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent that shall be judged" },
    [OPT_REQUEST] = { "--request", "FILE", 1, false, "the request file; made when it is not there" },
    [OPT_VALIDATOR] = { "--validator", "ADDR", 1, false, "who shall judge" },
    [OPT_EVIDENCE_URI] = { "--evidence-uri", "URI", 1, false, "where the answer to it, an envelope, will be" },
    [OPT_CONTENT] = { "--content", "NAME=URI=FILE", OPTIONS_MAX / 2, false,
                      "work to be judged: its name, its place, its bytes" },
    [OPT_URI] = { "--uri", "URI", 1, false, "where the request file is; by default in the URI itself" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT --validator ADDR --request FILE [--evidence-uri URI]\n"
                "       --keystore FILE [OPTION]...\n"
                "Asks a validator. The hash of the request file goes on chain, so the file is made once: a command\n"
                "that is repeated finds it, and asks nothing twice.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct content_list {
    chaos_request_content entries[CHAOS_MAX_REQUEST_CONTENT];
    size_t count;
    chaos_buffer storage;
} content_list;

/* "NAME=URI=FILE": a URI may have an "=", so the file is what follows the last one. */
static chaos_status read_content(const char *text, content_list *list, chaos_error *err)
{
    const char *first = strchr(text, '=');
    const char *last = strrchr(text, '=');
    chaos_request_content *entry = &list->entries[list->count];
    if (first == NULL || first == text || last == first || last[1] == '\0') {
        return usage_error(err, "--content", text, "NAME=URI=FILE");
    }
    size_t begin = list->storage.size;
    if (!buffer_append(&list->storage, slice(text, (size_t)(last - text))) ||
        !buffer_append(&list->storage, slice("", 1))) {
        return no_memory(err);
    }
    char *copy = (char *)list->storage.data + begin;
    copy[first - text] = '\0';
    entry->name = copy;
    entry->uri = copy + (first - text) + 1;
    CHAOS_TRY(hash_of_file("--content", last + 1, MAX_CONTENT_FILE, &entry->hash, err));
    list->count++;
    return CHAOS_OK;
}

static chaos_status read_contents(const options *o, content_list *list, chaos_error *err)
{
    const size_t room = OPTIONS_MAX * 4096u;
    list->storage = (chaos_buffer)CHAOS_BUFFER_INIT(room);
    if (buffer_reserve(&list->storage, room) == NULL) { /* so that it never moves */
        return no_memory(err);
    }
    const char *text;
    for (size_t i = 0; (text = options_value(o, OPT_CONTENT, i)) != NULL; i++) {
        CHAOS_TRY(read_content(text, list, err));
    }
    return CHAOS_OK;
}

/* A new request: on the disk before anything is sent. */
static chaos_status make_request(const chain_session *s, const chaos_agent_reference *agent,
                                 const chaos_address *validator, const char *path, chaos_buffer *text,
                                 chaos_error *err)
{
    chaos_request_fields fields = CHAOS_REQUEST_FIELDS_INIT;
    content_list list = { .count = 0 };
    fields.evidence_uri = options_value(s->o, OPT_EVIDENCE_URI, 0);
    if (fields.evidence_uri == NULL) {
        (void)error_set(err, CHAOS_E_USAGE, "--evidence-uri", CHAOS_NO_OFFSET,
                        "the request file is not there yet: where will the evidence be?");
        return CHAOS_E_USAGE;
    }
    if (getrandom(fields.nonce.bytes, sizeof fields.nonce.bytes, 0) != (ssize_t)sizeof fields.nonce.bytes) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, NULL, CHAOS_NO_OFFSET, "the kernel gives no random bytes");
    }
    chaos_status status = read_contents(s->o, &list, err);
    if (status == CHAOS_OK) {
        fields.chain_id = agent->chain_id;
        fields.identity_registry = agent->registry;
        fields.agent_id = agent->agent_id;
        fields.validator = *validator;
        fields.content = list.entries;
        fields.content_count = list.count;
        fields.created_at = (int64_t)time(NULL);
        status = chaos_request_file_write(&fields, text, err);
    }
    chaos_buffer_free(&list.storage);
    CHAOS_TRY(status);
    return s->dry_run ? CHAOS_OK : output_write("--request", path, buffer_slice(text), 0666, err);
}

static bool same_content(const chaos_request_fields *f, const content_list *list)
{
    bool same = f->content_count == list->count;
    for (size_t i = 0; same && i < list->count; i++) {
        const chaos_request_content *a = &f->content[i], *b = &list->entries[i];
        same = strcmp(a->name, b->name) == 0 && strcmp(a->uri, b->uri) == 0 &&
               memcmp(&a->hash, &b->hash, sizeof a->hash) == 0;
    }
    return same;
}

/* What is said again of a request that is there must be what it says. */
static chaos_status check_words(const options *o, const chaos_request_fields *f, chaos_error *err)
{
    content_list list = { .count = 0 };
    const char *uri = options_value(o, OPT_EVIDENCE_URI, 0);
    if (uri != NULL && strcmp(uri, f->evidence_uri) != 0) {
        return error_set(err, CHAOS_E_USAGE, "--evidence-uri", CHAOS_NO_OFFSET,
                         "the request file that is there names another one; another request is another file");
    }
    if (!options_has(o, OPT_CONTENT)) {
        return CHAOS_OK;
    }
    chaos_status status = read_contents(o, &list, err);
    if (status == CHAOS_OK && !same_content(f, &list)) {
        status = error_set(err, CHAOS_E_USAGE, "--content", CHAOS_NO_OFFSET,
                           "the request file that is there has other content; another request is another file");
    }
    chaos_buffer_free(&list.storage);
    return status;
}

/* The request that is there must be the one that is meant. */
static chaos_status check_request(const chain_session *s, const chaos_request_fields *f,
                                  const chaos_agent_reference *agent, const chaos_address *validator,
                                  chaos_error *err)
{
    CHAOS_TRY(check_words(s->o, f, err));
    if (f->chain_id != agent->chain_id ||
        memcmp(&f->identity_registry, &agent->registry, sizeof agent->registry) != 0 ||
        memcmp(&f->agent_id, &agent->agent_id, sizeof agent->agent_id) != 0) {
        return error_set(err, CHAOS_E_USAGE, "--request", CHAOS_NO_OFFSET, "the request file is of another agent");
    }
    if (memcmp(&f->validator, validator, sizeof *validator) != 0) {
        return error_set(err, CHAOS_E_USAGE, "--request", CHAOS_NO_OFFSET, "the request file names another validator");
    }
    return CHAOS_OK;
}

static chaos_status read_request(const chain_session *s, const chaos_agent_reference *agent,
                                 const chaos_address *validator, chaos_buffer *text, chaos_keccak *hash,
                                 chaos_error *err)
{
    CHAOS_AUTO(chaos_request_file, file);
    const char *path = options_value(s->o, OPT_REQUEST, 0);
    if (access(path, F_OK) == 0) {
        CHAOS_TRY(input_read("--request", path, CHAOS_MAX_REQUEST_FILE, text, err));
    } else {
        text->limit = CHAOS_MAX_REQUEST_FILE;
        CHAOS_TRY(make_request(s, agent, validator, path, text, err));
    }
    CHAOS_TRY(chaos_request_file_parse(buffer_slice(text), &file, err));
    CHAOS_TRY(check_request(s, chaos_request_file_fields(file), agent, validator, err));
    *hash = chaos_request_file_hash(file);
    return CHAOS_OK;
}

static chaos_status choose_intent(const chain_session *s, const chaos_keccak *hash, intent_name *name,
                                  chaos_error *err)
{
    chaos_address registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_VALIDATION);
    intent_hash said;
    intent_name base;
    intent_begin(&said, "validation-request");
    intent_add(&said, slice(registry.bytes, sizeof registry.bytes));
    intent_add(&said, slice(hash->bytes, sizeof hash->bytes));
    CHAOS_TRY(intent_end(&said, "validation-request", &base, err));
    return intent_choose(s->sender, &base, INTENT_ONCE, name, err);
}

static chaos_status read_words(const options *o, chaos_agent_reference *agent, chaos_address *validator,
                               chaos_error *err)
{
    const char *who = NULL;
    const char *judge = options_value(o, OPT_VALIDATOR, 0);
    CHAOS_TRY(read_operand(o, OPT_AGENT, 0, 1, "AGENT", &who, err));
    if (judge == NULL || options_value(o, OPT_REQUEST, 0) == NULL) {
        return error_set(err, CHAOS_E_USAGE, judge == NULL ? "--validator" : "--request", CHAOS_NO_OFFSET,
                         judge == NULL ? "who shall judge?" : "where is the request file, or shall it be made?");
    }
    CHAOS_TRY(read_address("--validator", judge, validator, err));
    return agent_parse(who, agent, err);
}

static chaos_status run(chain_session *s, const options *o, tx_report *report, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_REQUEST_FILE);
    CHAOS_AUTO_BUFFER(made, MAX_DATA_URI);
    intent_name name;
    chaos_address validator;
    const char *uri = options_value(o, OPT_URI, 0);
    CHAOS_TRY(read_words(o, &report->agent, &validator, err));
    CHAOS_TRY(session_open(s, o, PROGRAM, &report->agent, err));
    CHAOS_TRY(session_agent(s, &report->agent, err));
    CHAOS_TRY(read_request(s, &report->agent, &validator, &text, &report->request_hash, err));
    if (uri == NULL) {
        CHAOS_TRY(data_uri_of(buffer_slice(&text), &made, err));
        uri = (const char *)made.data;
    }
    CHAOS_TRY(choose_intent(s, &report->request_hash, &name, err));
    tx_step *step = report_step(report, "request", &name);
    report->has_agent = true;
    report->has_request = true;
    return chaos_validation_request(s->registries, s->sender, name.text, &validator, &report->agent.agent_id, uri,
                                    &report->request_hash, &step->outcome, err);
}

int validation_request(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chain_session s = { .program = PROGRAM };
    tx_report report = { .action = "validation request", .repeat = "Another request is another file: --request." };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    return code;
}
