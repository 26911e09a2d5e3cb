/* view.c - what a person sees of the steps, in at most 100 columns, and the transcript for machines. */
#include "studio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#define WIDTH 100
#define INDENT 13 /* of what stands below a step's text */
#define NAME_WIDTH 14
#define MAX_TRANSCRIPT (4u * 1024u * 1024u)
#define CLEAR_LINE "\r\033[K"

struct view {
    bool quiet, colours, terminal;
    int fd; /* of the transcript; -1: none */
    char last_role[16];
    size_t counts[STEP_STATUS_COUNT];
    chaos_buffer digested; /* what a deterministic run must repeat: the steps */
};

/* A step as it came. Text is borrowed from `storage`. */
typedef struct shown_step {
    char role[16], text[400], reason[400], status[16], tx[68], expected[128], found[128], schema[48];
    size_t row_count;
    struct {
        char name[24], value[400];
    } rows[STEP_ROWS];
    uint64_t ms;
} shown_step;

/* ------------------------------------------------------------- transcript ---- */

view *view_new(const settings *s)
{
    view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return NULL;
    }
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    v->quiet = s->json != NULL && strcmp(s->json, "-") == 0;
    v->terminal = !v->quiet && isatty(STDOUT_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
    v->colours = v->terminal && (no_colour == NULL || no_colour[0] == '\0');
    v->fd = -1;
    v->digested = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_TRANSCRIPT);
    if (s->json != NULL) {
        v->fd = v->quiet ? STDOUT_FILENO : open(s->json, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    if (s->json != NULL && v->fd < 0) {
        (void)say_failure(PROGRAM, EXIT_ENVIRONMENT, "--json '%s': %s", shown(s->json).text, strerror(errno));
        view_free(v);
        return NULL;
    }
    return v;
}

void view_free(view *v)
{
    if (v != NULL) {
        if (v->fd > STDERR_FILENO) {
            (void)close(v->fd);
        }
        chaos_buffer_free(&v->digested);
        free(v);
    }
}

bool view_quiet(const view *v)
{
    return v->quiet;
}

size_t view_count(const view *v, step_status status)
{
    return v->counts[status];
}

static void transcribe(view *v, chaos_slice line, bool digest)
{
    if (v->fd >= 0 && !(say_bytes(v->fd, line) && say_text(v->fd, "\n"))) {
        (void)say_failure(PROGRAM, EXIT_ENVIRONMENT, "the transcript cannot be written: %s", strerror(errno));
        v->fd = -1;
    }
    if (digest && !(buffer_append(&v->digested, line) && buffer_append_text(&v->digested, "\n"))) {
        (void)say_failure(PROGRAM, EXIT_INTERNAL, "the transcript is too long");
    }
}

bool view_begin(view *v, const run_facts *facts)
{
    CHAOS_AUTO_BUFFER(line, LINE_MAX_SIZE);
    json_writer w = json_writer_begin(&line);
    json_write_object(&w, NULL);
    json_write_text(&w, "agents", facts->agents);
    json_write_unsigned(&w, "chain_id", facts->chain_id);
    json_write_text(&w, "network", facts->network);
    json_write_text(&w, "schema", "chaoschain/genesis-run/1");
    json_write_text(&w, "tee_provider", facts->tee_provider);
    json_write_text(&w, "version", chaos_version());
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        return false;
    }
    transcribe(v, buffer_slice(&line), true);
    return true;
}

/* --------------------------------------------------------------- terminal ---- */

static void out(view *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void out(view *v, const char *format, ...)
{
    char piece[2048];
    va_list arguments;
    if (v->quiet) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    if (!say_text(STDOUT_FILENO, piece)) {
        v->quiet = true; /* nobody looks any more */
    }
}

static void clear_progress(view *v)
{
    if (v->terminal) {
        out(v, CLEAR_LINE);
    }
}

void view_say(view *v, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    clear_progress(v);
    out(v, "%s\n", text);
}

void view_file(view *v, const char *path)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    if (input_read("--break", path, CHAOS_MAX_VERDICT - 1, &text, NULL) == CHAOS_OK && !v->quiet &&
        !say_bytes(STDOUT_FILENO, buffer_slice(&text))) {
        v->quiet = true;
    }
}

/* Words of a command: in single quotes where a shell would read them otherwise. */
static bool write_word(const char *word, char *text, size_t capacity)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=@,+";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        return snprintf(text, capacity, "%s", word) < (int)capacity;
    }
    size_t used = 0;
    bool ok = capacity > 8;
    text[used++] = '\'';
    for (; ok && *word != '\0'; word++) {
        int n = snprintf(text + used, capacity - used, *word == '\'' ? "'\\''" : "%c", *word);
        ok = n > 0 && (size_t)n + 2 < capacity - used;
        used += (size_t)n;
    }
    (void)snprintf(text + used, capacity - used, "'");
    return ok;
}

void view_command(view *v, const char *const *argv)
{
    size_t column = 4;
    out(v, "    ");
    for (size_t i = 0; argv[i] != NULL; i++) {
        char word[1024];
        if (!write_word(argv[i], word, sizeof word)) {
            continue;
        }
        /* An option and its value stay on one line. */
        size_t length = strlen(word);
        size_t needed = length + (argv[i][0] == '-' && argv[i + 1] != NULL ? strlen(argv[i + 1]) + 1 : 0);
        if (i > 0 && column + needed + 3 > WIDTH && (argv[i][0] == '-' || argv[i - 1][0] != '-')) {
            out(v, " \\\n        ");
            column = 8;
        } else if (i > 0) {
            out(v, " ");
            column++;
        }
        out(v, "%s", word);
        column += length;
    }
    out(v, "\n");
}

static const char *colour_of(const view *v, const char *status)
{
    if (!v->colours) {
        return "";
    }
    return strcmp(status, "PASS") == 0 ? "\033[32m" : strcmp(status, "FAIL") == 0 ? "\033[31m"
                                                                                  : "\033[33m";
}

static const char *plain(const view *v)
{
    return v->colours ? "\033[0m" : "";
}

static void heading(view *v, const char *role)
{
    static const struct {
        const char *role, *text;
    } texts[] = {
        { "studio", "Setting up" },
        { "alice", "Alice, the agent: her key is in the TEE" },
        { "bob", "Bob, the validator: no provider, nothing of Alice's, the chain by his own connection" },
        { "charlie", "Charlie, the client" },
        { "mallory", "Mallory, who has the same image and everything that is public" },
    };
    if (strcmp(role, v->last_role) == 0) {
        return;
    }
    (void)snprintf(v->last_role, sizeof v->last_role, "%s", role);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(texts); i++) {
        if (strcmp(texts[i].role, role) == 0) {
            out(v, "\n%s%s%s\n", v->colours ? "\033[1m" : "", texts[i].text, plain(v));
        }
    }
}

/* Text that is too long for its line goes on below itself. */
static void wrapped(view *v, const char *text, size_t column, size_t indent)
{
    while (text[0] != '\0') {
        size_t room = WIDTH - column, length = strlen(text), next;
        if (length <= room) {
            out(v, "%s\n", text);
            return;
        }
        for (length = room; length > 0 && text[length] != ' ';) {
            length--;
        }
        next = length == 0 ? room : length;
        out(v, "%.*s\n%*s", (int)next, text, (int)indent, "");
        text += next + (length == 0 ? 0 : 1);
        column = indent;
    }
    out(v, "\n");
}

static void show(view *v, const shown_step *x)
{
    char first[832];
    clear_progress(v);
    heading(v, x->role);
    if (strcmp(x->status, "SKIPPED") == 0) {
        (void)snprintf(first, sizeof first, "SKIPPED(%s)", x->reason);
        out(v, "  %s%s%s  ", colour_of(v, x->status), first, plain(v));
        wrapped(v, x->text, strlen(first) + 4, INDENT);
        return;
    }
    out(v, "  %s%-9s%s  ", colour_of(v, x->status), x->status, plain(v));
    if (strcmp(x->status, "FAIL") == 0) {
        (void)snprintf(first, sizeof first, "%s: %s", x->text, x->reason);
    } else {
        (void)snprintf(first, sizeof first, "%-70s %5llu ms", x->text, (unsigned long long)x->ms);
    }
    wrapped(v, first, INDENT, INDENT);
    for (size_t i = 0; i < x->row_count; i++) {
        out(v, "%*s%-*s  ", INDENT, "", NAME_WIDTH, x->rows[i].name);
        wrapped(v, x->rows[i].value, INDENT + NAME_WIDTH + 2, INDENT + NAME_WIDTH + 2);
    }
    if (x->tx[0] != '\0') {
        out(v, "%*s%-*s  %s\n", INDENT, "", NAME_WIDTH, "transaction", x->tx);
    }
    if (strcmp(x->status, "FAIL") == 0 && x->expected[0] != '\0') {
        out(v, "%*s%-*s  %s\n%*s%-*s  %s\n", INDENT, "", NAME_WIDTH, "expected", x->expected, INDENT, "", NAME_WIDTH,
            "found", x->found);
    }
}

/* ----------------------------------------------------------------- lines ---- */

static void copy(json *j, const char *field, char *to, size_t capacity)
{
    CHAOS_AUTO_BUFFER(text, LINE_MAX_SIZE);
    if (json_peek(j) == JSON_KIND_STRING) {
        const chaos_slice value = json_decoded_string(j, field, &text);
        (void)snprintf(to, capacity, "%.*s", (int)value.size, value.data == NULL ? "" : (const char *)value.data);
    } else {
        json_skip(j, field, NULL);
    }
}

static void read_rows(json *j, shown_step *x)
{
    chaos_slice key;
    json_enter_array(j, "rows");
    while (json_element(j)) {
        char name[24] = "", value[400] = "";
        json_enter_object(j, "row");
        while (json_key(j, &key)) {
            const bool is_name = slice_equal(key, slice_text("name"));
            copy(j, "row", is_name ? name : value, is_name ? sizeof name : sizeof value);
        }
        if (x->row_count < STEP_ROWS) {
            memcpy(x->rows[x->row_count].name, name, sizeof name);
            memcpy(x->rows[x->row_count++].value, value, sizeof value);
        }
    }
}

static bool read_step(chaos_slice line, shown_step *x)
{
    const struct {
        const char *key;
        char *to;
        size_t capacity;
    } texts[] = { { "role", x->role, sizeof x->role },
                  { "text", x->text, sizeof x->text },
                  { "reason", x->reason, sizeof x->reason },
                  { "status", x->status, sizeof x->status },
                  { "tx", x->tx, sizeof x->tx },
                  { "expected", x->expected, sizeof x->expected },
                  { "found", x->found, sizeof x->found },
                  { "schema", x->schema, sizeof x->schema } };
    json j;
    chaos_slice key;
    json_begin(&j, line, CHAOS_E_JSON);
    json_enter_object(&j, "step");
    while (json_key(&j, &key)) {
        size_t i = 0;
        while (i < CHAOS_ARRAY_SIZE(texts) && !slice_equal(key, slice_text(texts[i].key))) {
            i++;
        }
        if (i < CHAOS_ARRAY_SIZE(texts)) {
            copy(&j, texts[i].key, texts[i].to, texts[i].capacity);
        } else if (slice_equal(key, slice_text("rows"))) {
            read_rows(&j, x);
        } else if (slice_equal(key, slice_text("ms"))) {
            x->ms = json_unsigned(&j, "ms", UINT32_MAX);
        } else {
            json_skip(&j, "step", NULL);
        }
    }
    json_end(&j);
    return json_ok(&j);
}

void view_line(view *v, chaos_slice line)
{
    shown_step x = { .row_count = 0 };
    if (!read_step(line, &x)) {
        (void)say_failure(PROGRAM, EXIT_INTERNAL, "a role reports what is no step");
        v->counts[STEP_FAIL]++;
        return;
    }
    if (strcmp(x.schema, "chaoschain/genesis-progress/1") == 0) {
        if (v->terminal) {
            out(v, CLEAR_LINE "  ...        %.*s", WIDTH - INDENT - 1, x.text);
        }
        return;
    }
    for (int i = 0; i < STEP_STATUS_COUNT; i++) {
        if (strcmp(x.status, step_status_name((step_status)i)) == 0) {
            v->counts[i]++;
        }
    }
    transcribe(v, line, true);
    show(v, &x);
}

/* ----------------------------------------------------------------- totals ---- */

static bool write_summary(const view *v, int code, uint64_t transactions, const char *hash, chaos_buffer *line)
{
    json_writer w = json_writer_begin(line);
    json_write_object(&w, NULL);
    json_write_unsigned(&w, "exit_code", (uint64_t)code);
    json_write_unsigned(&w, "failed", v->counts[STEP_FAIL]);
    json_write_unsigned(&w, "passed", v->counts[STEP_PASS]);
    json_write_text(&w, "schema", "chaoschain/genesis-summary/1");
    json_write_unsigned(&w, "simulated", v->counts[STEP_SIMULATED]);
    json_write_unsigned(&w, "skipped", v->counts[STEP_SKIPPED]);
    json_write_unsigned(&w, "transactions", transactions);
    json_write_text(&w, "transcript_hash", hash);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

int view_end(view *v, int code, uint64_t transactions, double seconds)
{
    CHAOS_AUTO_BUFFER(plain_text, MAX_TRANSCRIPT);
    CHAOS_AUTO_BUFFER(line, LINE_MAX_SIZE);
    char hash[67] = "0x";
    if (!normalise(buffer_slice(&v->digested), &plain_text)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "the transcript has too many names");
    }
    const chaos_keccak digest = chaos_content_hash(buffer_slice(&plain_text));
    hex_encode(slice(digest.bytes, sizeof digest.bytes), hash + 2);
    if (code == 0 && v->counts[STEP_FAIL] > 0) {
        code = EXIT_FAILED;
    }
    clear_progress(v);
    out(v, "\n%zu passed, %zu simulated, %zu skipped, %zu failed; %llu transactions, %.1f s\n", v->counts[STEP_PASS],
        v->counts[STEP_SIMULATED], v->counts[STEP_SKIPPED], v->counts[STEP_FAIL], (unsigned long long)transactions,
        seconds);
    out(v, "transcript  %s\n", hash);
    if (write_summary(v, code, transactions, hash, &line)) {
        transcribe(v, buffer_slice(&line), false);
    }
    return code;
}
