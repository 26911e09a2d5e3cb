/* collateral.c - chaoschain collateral show | verify FILE: what a file of Intel's statements says, and whether it is
 * genuine and in time, before any quote comes. `fetch` is a program of its own, because it talks to the network. */
#include "verbs.h"

#include <chaoschain/chaoschain.h>

#include "wire/wire.h"

#include <time.h>
#include <unistd.h>

#define PROGRAM "chaoschain collateral"
#define REPORT_MAX 65536u
#define NAME_COLUMN 28

enum {
    OPT_ACTION,
    OPT_AT,
    OPT_TRUST_ROOT,
    OPT_FLOOR,
    OPT_RAISE,
    OPT_JSON,
    OPT_HELP
};

static const option_row rows[] = {
    [OPT_ACTION] = { "ACTION FILE", "", 2, false,
                     "show: what the file says, unverified; verify: whether it is genuine and in time" },
    [OPT_AT] = { "--at", "TIME", 1, false, "verify as of this time: RFC 3339 or Unix seconds" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", CHAOS_MAX_TRUST_ROOTS, false,
                         "trust this root too: DER or PEM; repeatable" },
    [OPT_FLOOR] = { "--floor", "FILE", 1, false, "it may not be older than what this file has seen" },
    [OPT_RAISE] = { "--raise", NULL, 0, false, "remember it in the floor's file, which is made if there is none" },
    [OPT_JSON] = { "--json", NULL, 0, false, "one line of JSON" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " show [--json] FILE | -\n"
                "       " PROGRAM " verify [OPTION]... FILE | -\n"
                "       " PROGRAM " fetch [OPTION]...\n"
                "Intel's signed statements about a platform: TCB info, QE identity, revocation lists.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 shown or genuine, 3 malformed, 4 not trusted (older than the floor, too),\n"
             "5 the file cannot be read, 64 usage, 70 internal.",
};

/* ------------------------------------------------------------------ reading ---- */

/* What the file says, without a look at a signature. */
typedef struct statements {
    chaos_collateral_facts facts;
    size_t tcb_levels, qe_levels, root_crl_entries, pck_crl_entries;
    unsigned tcb_version;
    bool has_pck_chain;
} statements;

static bool read_list(chaos_slice text, chaos_buffer *storage, crl *out, fault *why)
{
    chaos_slice der;
    return collateral_crl_der(text, storage, &der, why) && crl_read(der, out, why);
}

/* The CA by name: the first of the chain that comes with the list. */
static bool read_ca(chaos_slice chain, chaos_buffer *storage, bool *platform, fault *why)
{
    chaos_slice der[3];
    certificate ca;
    uint8_t *room = buffer_reserve(storage, chain.size);
    if (room == NULL || pem_read(chain, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, room,
                                 chain.size, der, CHAOS_ARRAY_SIZE(der), why) == 0) {
        return false;
    }
    storage->size += chain.size;
    if (!certificate_read(der[0], CHAOS_E_PCK_CHAIN_FORMAT, &ca, why)) {
        return false;
    }
    *platform = slice_is(ca.subject_cn, "Intel SGX PCK Platform CA");
    return true;
}

static void narrow(chaos_collateral_facts *facts, int64_t from, int64_t to)
{
    facts->valid_from = from > facts->valid_from ? from : facts->valid_from;
    facts->valid_to = to < facts->valid_to ? to : facts->valid_to;
}

static bool read_statements(const collateral_parts *parts, chaos_buffer *storage, statements *out, fault *why)
{
    static tcb_info tcb;              /* large */
    static enclave_identity identity; /* both only here */
    crl root, pck;
    chaos_collateral_facts *facts = &out->facts;
    if (!tcb_info_read(parts->tcb_info, &tcb, why) || !enclave_identity_read(parts->qe_identity, &identity, why) ||
        !read_list(parts->root_ca_crl, storage, &root, why) || !read_list(parts->pck_crl, storage, &pck, why) ||
        (parts->pck_crl_issuer_chain.size > 0 &&
         !read_ca(parts->pck_crl_issuer_chain, storage, &facts->platform_ca, why))) {
        return false;
    }
    facts->tee = tcb.tee;
    memcpy(facts->fmspc, tcb.fmspc, sizeof facts->fmspc);
    memcpy(facts->pce_id, tcb.pce_id, sizeof facts->pce_id);
    facts->tcb_evaluation_number = tcb.evaluation_number;
    facts->qe_evaluation_number = identity.evaluation_number;
    facts->tcb_info_issued = tcb.issue_date;
    facts->tcb_info_next_update = tcb.next_update;
    facts->qe_identity_issued = identity.issue_date;
    facts->qe_identity_next_update = identity.next_update;
    facts->root_ca_crl_issued = root.this_update;
    facts->root_ca_crl_next_update = root.next_update;
    facts->pck_crl_issued = pck.this_update;
    facts->pck_crl_next_update = pck.next_update;
    facts->valid_from = INT64_MIN;
    facts->valid_to = INT64_MAX;
    narrow(facts, tcb.issue_date, tcb.next_update);
    narrow(facts, identity.issue_date, identity.next_update);
    narrow(facts, root.this_update, root.next_update);
    narrow(facts, pck.this_update, pck.next_update);
    out->tcb_levels = tcb.level_count;
    out->qe_levels = identity.level_count;
    out->root_crl_entries = root.entry_count;
    out->pck_crl_entries = pck.entry_count;
    out->tcb_version = tcb.version;
    out->has_pck_chain = parts->pck_certificate_chain.size > 0;
    return true;
}

static chaos_status read_file(const char *path, chaos_collateral **collateral, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, 0);
    CHAOS_TRY(input_read("FILE", path, CHAOS_MAX_COLLATERAL, &text, err));
    if (text.size == 0 && !buffer_append_text(&text, " ")) { /* an empty file is malformed, not absent */
        return error_set(err, CHAOS_E_MEMORY, "FILE", CHAOS_NO_OFFSET, NULL);
    }
    return chaos_collateral_parse(buffer_slice(&text), collateral, err);
}

/* ------------------------------------------------------------------ showing ---- */

/* Everything in order of its name, as both outputs show it. */
typedef struct shown_fact {
    const char *name;
    enum {
        FACT_TEXT,
        FACT_HEX,
        FACT_NUMBER,
        FACT_TIME,
        FACT_FLAG
    } kind;
    const char *text;
    chaos_slice bytes;
    int64_t number;
} shown_fact;

#define FACTS 22

static size_t gather(const statements *s, shown_fact out[FACTS])
{
    const chaos_collateral_facts *f = &s->facts;
    const chaos_slice none = { NULL, 0 };
    const shown_fact facts[] = {
        { "fmspc", FACT_HEX, NULL, slice(f->fmspc, sizeof f->fmspc), 0 },
        { "has_pck_certificate_chain", FACT_FLAG, NULL, none, s->has_pck_chain },
        { "pce_id", FACT_HEX, NULL, slice(f->pce_id, sizeof f->pce_id), 0 },
        { "pck_ca", FACT_TEXT, f->platform_ca ? "platform" : "processor", none, 0 },
        { "pck_crl_entries", FACT_NUMBER, NULL, none, (int64_t)s->pck_crl_entries },
        { "pck_crl_issued", FACT_TIME, NULL, none, f->pck_crl_issued },
        { "pck_crl_next_update", FACT_TIME, NULL, none, f->pck_crl_next_update },
        { "qe_evaluation_number", FACT_NUMBER, NULL, none, f->qe_evaluation_number },
        { "qe_identity_issued", FACT_TIME, NULL, none, f->qe_identity_issued },
        { "qe_identity_levels", FACT_NUMBER, NULL, none, (int64_t)s->qe_levels },
        { "qe_identity_next_update", FACT_TIME, NULL, none, f->qe_identity_next_update },
        { "root_ca_crl_entries", FACT_NUMBER, NULL, none, (int64_t)s->root_crl_entries },
        { "root_ca_crl_issued", FACT_TIME, NULL, none, f->root_ca_crl_issued },
        { "root_ca_crl_next_update", FACT_TIME, NULL, none, f->root_ca_crl_next_update },
        { "tcb_evaluation_number", FACT_NUMBER, NULL, none, f->tcb_evaluation_number },
        { "tcb_info_issued", FACT_TIME, NULL, none, f->tcb_info_issued },
        { "tcb_info_levels", FACT_NUMBER, NULL, none, (int64_t)s->tcb_levels },
        { "tcb_info_next_update", FACT_TIME, NULL, none, f->tcb_info_next_update },
        { "tcb_info_version", FACT_NUMBER, NULL, none, s->tcb_version },
        { "tee", FACT_TEXT, f->tee == CHAOS_TEE_TDX ? "tdx" : "sgx", none, 0 },
        { "valid_from", FACT_TIME, NULL, none, f->valid_from },
        { "valid_to", FACT_TIME, NULL, none, f->valid_to },
    };
    memcpy(out, facts, sizeof facts);
    return CHAOS_ARRAY_SIZE(facts);
}

static void write_fact(json_writer *w, const shown_fact *fact)
{
    switch (fact->kind) {
    case FACT_TEXT:
        json_write_text(w, fact->name, fact->text);
        break;
    case FACT_HEX:
        json_write_hex(w, fact->name, fact->bytes);
        break;
    case FACT_NUMBER:
        json_write_unsigned(w, fact->name, (uint64_t)fact->number);
        break;
    case FACT_TIME:
        json_write_time(w, fact->name, fact->number);
        break;
    case FACT_FLAG:
        json_write_boolean(w, fact->name, fact->number != 0);
        break;
    }
}

static bool print_fact(chaos_buffer *out, const shown_fact *fact)
{
    char text[TIME_TEXT_SIZE + 40] = "";
    switch (fact->kind) {
    case FACT_TEXT:
        return buffer_append_format(out, "%-*s%s\n", NAME_COLUMN, fact->name, fact->text);
    case FACT_HEX:
        return buffer_append_format(out, "%-*s%s\n", NAME_COLUMN, fact->name,
                                    error_hex(text, sizeof text, fact->bytes));
    case FACT_NUMBER:
        return buffer_append_format(out, "%-*s%lld\n", NAME_COLUMN, fact->name, (long long)fact->number);
    case FACT_TIME:
        return buffer_append_format(out, "%-*s%s\n", NAME_COLUMN, fact->name, time_format(fact->number, text));
    case FACT_FLAG:
        return buffer_append_format(out, "%-*s%s\n", NAME_COLUMN, fact->name, fact->number != 0 ? "yes" : "no");
    }
    return false;
}

static void write_error(json_writer *w, const chaos_error *err)
{
    json_write_object(w, "error");
    json_write_text(w, "code", chaos_status_name(err->status));
    json_write_text(w, "expected", err->expected[0] != '\0' ? err->expected : NULL);
    json_write_text(w, "field", err->field);
    json_write_text(w, "found", err->found[0] != '\0' ? err->found : NULL);
    json_write_text(w, "stage", chaos_status_stage(err->status));
    json_write_text(w, "text", err->text);
    json_write_object_end(w);
}

/* {"error","facts","schema","verified"}; `verified` "true", "false" or "null". Without facts: none could be read. */
static bool write_json(chaos_buffer *out, const chaos_error *err, const statements *s, int verified)
{
    shown_fact facts[FACTS];
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    if (err != NULL) {
        write_error(&w, err);
    } else {
        json_write_null(&w, "error");
    }
    if (s != NULL) {
        size_t count = gather(s, facts);
        json_write_object(&w, "facts");
        for (size_t i = 0; i < count; i++) {
            write_fact(&w, &facts[i]);
        }
        json_write_object_end(&w);
    } else {
        json_write_null(&w, "facts");
    }
    json_write_text(&w, "schema", "chaoschain/collateral/1");
    if (verified < 0) {
        json_write_null(&w, "verified");
    } else {
        json_write_boolean(&w, "verified", verified != 0);
    }
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static int show_all(const char *title, const statements *s, int verified, bool as_json)
{
    shown_fact facts[FACTS];
    CHAOS_AUTO_BUFFER(text, REPORT_MAX);
    bool good = as_json ? write_json(&text, NULL, s, verified) : buffer_append_format(&text, "%s\n", title);
    for (size_t i = 0, count = gather(s, facts); good && !as_json && i < count; i++) {
        good = print_fact(&text, &facts[i]);
    }
    return good ? say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING)
                : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

static int refuse(const chaos_error *err, const statements *s, bool as_json)
{
    CHAOS_AUTO_BUFFER(text, REPORT_MAX);
    int code = exit_of_status(err->status);
    bool is_answer = code == EXIT_MALFORMED || code == EXIT_UNTRUSTED;
    if (as_json && write_json(&text, err, s, is_answer ? 0 : -1)) {
        return say_result(PROGRAM, buffer_slice(&text), code);
    }
    return say_fault(PROGRAM, code, err);
}

/* ------------------------------------------------------------------ actions ---- */

static chaos_status read_all(const char *path, chaos_collateral **collateral, statements *s, chaos_error *err)
{
    fault why = { 0 };
    CHAOS_TRY(read_file(path, collateral, err));
    if (*collateral == NULL) {
        return error_set(err, CHAOS_E_INTERNAL, "FILE", CHAOS_NO_OFFSET, NULL); /* not reached */
    }
    CHAOS_AUTO_BUFFER(storage, 4 * (size_t)CHAOS_MAX_COLLATERAL);
    size_t needed = (*collateral)->storage.size + 16;
    if (buffer_reserve(&storage, 3 * needed) == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "FILE", CHAOS_NO_OFFSET, NULL);
    }
    return read_statements(&(*collateral)->parts, &storage, s, &why) ? CHAOS_OK : fault_to_error(&why, err);
}

static int show(const char *path, bool as_json)
{
    chaos_collateral *collateral = NULL;
    chaos_error err = { 0 };
    statements s = { 0 };
    chaos_status status = read_all(path, &collateral, &s, &err);
    int code = status == CHAOS_OK
                   ? show_all("UNVERIFIED: what the file says of itself; nothing here may be relied on.", &s, -1,
                              as_json)
                   : refuse(&err, NULL, as_json);
    chaos_collateral_free(collateral);
    return code;
}

static chaos_status make_trust(const options *given, chaos_trust **trust, chaos_error *err)
{
    CHAOS_TRY(chaos_trust_new(trust, err));
    for (size_t i = 0; options_value(given, OPT_TRUST_ROOT, i) != NULL; i++) {
        CHAOS_AUTO_BUFFER(root, 0);
        CHAOS_TRY(input_read_root(options_value(given, OPT_TRUST_ROOT, i), &root, err));
        CHAOS_TRY(chaos_trust_add_root(*trust, buffer_slice(&root), err));
    }
    return CHAOS_OK;
}

static chaos_status read_time(const options *given, int64_t *now, chaos_error *err)
{
    const char *text = options_value(given, OPT_AT, 0);
    struct timespec clock_now;
    if (text != NULL) {
        return value_time(text, now) ? CHAOS_OK
                                     : error_set(err, CHAOS_E_USAGE, "--at", CHAOS_NO_OFFSET,
                                                 "'%s' is neither a time like 2026-01-01T00:00:00Z nor Unix seconds",
                                                 shown(text).text);
    }
    if (clock_gettime(CLOCK_REALTIME, &clock_now) != 0) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, NULL, CHAOS_NO_OFFSET, "there is no clock: give --at");
    }
    *now = clock_now.tv_sec;
    return CHAOS_OK;
}

/* The floor's file, or an empty floor where --raise may make it. */
static chaos_status read_floor(const options *given, chaos_floor **floor, chaos_error *err)
{
    const char *path = options_value(given, OPT_FLOOR, 0);
    CHAOS_AUTO_BUFFER(text, 0);
    if (path == NULL) {
        return CHAOS_OK;
    }
    if (options_has(given, OPT_RAISE) && access(path, F_OK) != 0) {
        return chaos_floor_new(floor, err);
    }
    CHAOS_TRY(input_read("--floor", path, CHAOS_MAX_FLOOR, &text, err));
    return chaos_floor_parse(buffer_slice(&text), floor, err);
}

static chaos_status raise_floor(const char *path, chaos_floor *floor, const chaos_collateral_facts *facts,
                                chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_FLOOR);
    CHAOS_TRY(chaos_floor_raise(floor, facts, err));
    CHAOS_TRY(chaos_floor_write(floor, &text, err));
    if (!buffer_append_text(&text, "\n")) {
        return error_set(err, CHAOS_E_LIMIT, "--floor", CHAOS_NO_OFFSET, NULL);
    }
    return output_write("--floor", path, buffer_slice(&text), 0644, err);
}

/* What the caller brings. A fault in it is the caller's, whatever its class. */
typedef struct relying_party {
    chaos_trust *trust;
    chaos_floor *floor;
    int64_t now;
} relying_party;

static void relying_party_free(relying_party *who)
{
    chaos_trust_free(who->trust);
    chaos_floor_free(who->floor);
}

static chaos_status judge(const options *given, const relying_party *who, chaos_collateral *collateral, statements *s,
                          chaos_error *err)
{
    CHAOS_TRY(chaos_collateral_seal(collateral, who->trust, who->now, err));
    CHAOS_TRY(chaos_collateral_get_facts(collateral, &s->facts, err));
    if (who->floor == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(chaos_floor_check(who->floor, &s->facts, err));
    return options_has(given, OPT_RAISE) ? raise_floor(options_value(given, OPT_FLOOR, 0), who->floor, &s->facts, err)
                                         : CHAOS_OK;
}

static int verify(const options *given, const char *path)
{
    __attribute__((cleanup(relying_party_free))) relying_party who = { 0 };
    bool as_json = options_has(given, OPT_JSON);
    chaos_collateral *collateral = NULL;
    chaos_error err = { 0 };
    statements s = { 0 };
    chaos_status status = read_time(given, &who.now, &err);
    status = status == CHAOS_OK ? make_trust(given, &who.trust, &err) : status;
    status = status == CHAOS_OK ? read_floor(given, &who.floor, &err) : status;
    if (status != CHAOS_OK) {
        int code = exit_of_status(err.status);
        return say_fault(PROGRAM, code == EXIT_MALFORMED || code == EXIT_UNTRUSTED ? EXIT_USAGE : code, &err);
    }
    status = read_all(path, &collateral, &s, &err);
    bool was_read = status == CHAOS_OK;
    status = was_read ? judge(given, &who, collateral, &s, &err) : status;
    int code = status == CHAOS_OK ? show_all("GENUINE: every signature, name and date is right at this time.", &s, 1,
                                             as_json)
                                  : refuse(&err, was_read ? &s : NULL, as_json);
    chaos_collateral_free(collateral);
    return code;
}

int verb_collateral(int argc, char **argv)
{
    options given;
    if (argc > 1 && strcmp(argv[1], "fetch") == 0) {
        return exec_beside("chaoschain-fetch", argv + 1);
    }
    int code = options_parse(&table, argc, argv, &given);
    if (code != 0) {
        return code;
    }
    if (options_has(&given, OPT_HELP)) {
        return options_help(&table);
    }
    const char *action = options_value(&given, OPT_ACTION, 0);
    const char *path = options_value(&given, OPT_ACTION, 1);
    bool is_show = action != NULL && strcmp(action, "show") == 0;
    if (action == NULL || path == NULL || (!is_show && strcmp(action, "verify") != 0)) {
        return say_failure(PROGRAM, EXIT_USAGE, "write '%s show FILE', '%s verify FILE' or '%s fetch --quote FILE'",
                           PROGRAM, PROGRAM, PROGRAM);
    }
    if (options_has(&given, OPT_RAISE) && !options_has(&given, OPT_FLOOR)) {
        return say_failure(PROGRAM, EXIT_USAGE, "--raise needs --floor FILE");
    }
    if (!is_show) {
        return verify(&given, path);
    }
    for (size_t row = OPT_AT; row <= OPT_RAISE; row++) {
        if (options_has(&given, row)) {
            return say_failure(PROGRAM, EXIT_USAGE, "%s goes with verify: show believes nothing", rows[row].name);
        }
    }
    return show(path, options_has(&given, OPT_JSON));
}
