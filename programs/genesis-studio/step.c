/* step.c - a step: what is done, how it ended, how long it took; reported as one line of JSON. */
#include "studio.h"

#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

const char *step_status_name(step_status status)
{
    static const char *const names[STEP_STATUS_COUNT] = { "PASS", "FAIL", "SKIPPED", "SIMULATED" };
    return names[status];
}

/* ----------------------------------------------------------------- lines ---- */

static void give_line(report *r, chaos_buffer *line)
{
    if (!buffer_append_text(line, "\n")) {
        return;
    }
    if (r->fd < 0) {
        view_line(r->view, slice(line->data, line->size - 1));
    } else if (!say_bytes(r->fd, buffer_slice(line))) {
        _exit(EXIT_ENVIRONMENT); /* the director is gone: what is done is in the journals */
    }
}

static void write_optional(json_writer *w, const char *key, const char *text)
{
    json_write_text(w, key, text[0] == '\0' ? NULL : text);
}

static void write_rows(json_writer *w, const step *now)
{
    json_write_array(w, "rows");
    for (size_t i = 0; i < now->row_count; i++) {
        json_write_object(w, NULL);
        json_write_text(w, "name", now->rows[i].name);
        json_write_bytes_as_text(w, "value", slice_text(now->rows[i].value));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_number(json_writer *w, const char *key, bool has, uint64_t number)
{
    if (has) {
        json_write_unsigned(w, key, number);
    } else {
        json_write_null(w, key);
    }
}

static void write_hash(json_writer *w, const char *key, bool has, const chaos_keccak *hash)
{
    if (has) {
        json_write_0x(w, key, slice(hash->bytes, sizeof hash->bytes));
    } else {
        json_write_null(w, key);
    }
}

static void write_step(const report *r, step_status status, chaos_buffer *line)
{
    const step *now = &r->now;
    json_writer w = json_writer_begin(line);
    json_write_object(&w, NULL);
    write_number(&w, "block", now->has_block, now->block);
    write_hash(&w, "evidence_hash", now->has_evidence, &now->evidence_hash);
    write_optional(&w, "expected", now->expected);
    write_optional(&w, "found", now->found);
    write_number(&w, "gas", now->has_block, now->gas);
    json_write_text(&w, "id", now->id);
    json_write_unsigned(&w, "ms", now->began_ms == 0 ? 0 : (uint64_t)(now_ms() - now->began_ms));
    write_optional(&w, "reason", now->reason);
    json_write_text(&w, "role", r->role);
    write_rows(&w, now);
    json_write_text(&w, "schema", "chaoschain/genesis-step/1");
    json_write_text(&w, "status", step_status_name(status));
    json_write_bytes_as_text(&w, "text", slice_text(now->text));
    write_hash(&w, "tx", now->has_tx, &now->tx);
    json_write_object_end(&w);
}

/* For tests of --resume: the process is killed when this step is done, before anybody hears of it. */
void step_reached(const report *r, const char *id)
{
    const char *chosen = getenv("CHAOS_STUDIO_KILL");
    const char *director = r->fd < 0 ? getenv("CHAOS_STUDIO_KILL_DIRECTOR") : NULL;
    if ((chosen != NULL && strcmp(chosen, id) == 0) || (director != NULL && strcmp(director, id) == 0)) {
        (void)raise(SIGKILL);
    }
}

static void emit(report *r, step_status status)
{
    CHAOS_AUTO_BUFFER(line, LINE_MAX_SIZE);
    step_reached(r, r->now.id);
    write_step(r, status, &line);
    give_line(r, &line);
    r->now = (step){ .id = NULL };
}

/* ----------------------------------------------------------------- steps ---- */

void step_begin(report *r, const char *id, const char *what)
{
    CHAOS_AUTO_BUFFER(line, LINE_MAX_SIZE);
    json_writer w = json_writer_begin(&line);
    r->now = (step){ .id = id, .began_ms = now_ms() };
    json_write_object(&w, NULL);
    json_write_text(&w, "role", r->role);
    json_write_text(&w, "schema", "chaoschain/genesis-progress/1");
    json_write_text(&w, "text", what);
    json_write_object_end(&w);
    give_line(r, &line);
}

void step_row(report *r, const char *name, const char *format, ...)
{
    if (r->now.row_count == STEP_ROWS) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)snprintf(r->now.rows[r->now.row_count].name, sizeof r->now.rows[0].name, "%s", name);
    (void)vsnprintf(r->now.rows[r->now.row_count].value, sizeof r->now.rows[0].value, format, arguments);
    va_end(arguments);
    r->now.row_count++;
}

void step_row_address(report *r, const char *name, const chaos_address *address)
{
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    chaos_address_format(address, text);
    step_row(r, name, "%s", text);
}

void step_evidence(report *r, const chaos_keccak *hash)
{
    r->now.has_evidence = true;
    r->now.evidence_hash = *hash;
}

void step_transaction(report *r, chaos_rpc *rpc, const chaos_keccak *hash)
{
    chaos_transaction_receipt receipt = { 0 };
    if (slice_is_zero(slice(hash->bytes, sizeof hash->bytes))) {
        return; /* the chain was as it should be: nothing was sent */
    }
    r->now.has_tx = true;
    r->now.tx = *hash;
    if (chaos_rpc_receipt(rpc, hash, &receipt, NULL) == CHAOS_OK) {
        r->now.has_block = true;
        r->now.block = receipt.block_number;
        r->now.gas = receipt.gas_used;
        chaos_logs_free(receipt.logs);
    }
}

void step_expected(report *r, const char *expected, const char *found)
{
    (void)snprintf(r->now.expected, sizeof r->now.expected, "%s", expected);
    (void)snprintf(r->now.found, sizeof r->now.found, "%s", found);
}

void step_end(report *r, step_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(r->now.text, sizeof r->now.text, format, arguments);
    va_end(arguments);
    emit(r, status);
}

void step_skip(report *r, const char *id, const char *reason, const char *format, ...)
{
    r->now = (step){ .id = id };
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(r->now.text, sizeof r->now.text, format, arguments);
    va_end(arguments);
    (void)snprintf(r->now.reason, sizeof r->now.reason, "%s", reason);
    emit(r, STEP_SKIPPED);
}

/* -------------------------------------------------------------- failures ---- */

int exit_of_error(const chaos_error *err)
{
    static const struct {
        chaos_status status;
        int code;
    } codes[] = {
        { CHAOS_E_PROVIDER_MISSING, EXIT_PROVIDER },
        { CHAOS_E_PROVIDER, EXIT_PROVIDER },
        { CHAOS_E_TEE_UNAVAILABLE, EXIT_PROVIDER },
        { CHAOS_E_FUNDS, EXIT_FUNDS },
        { CHAOS_E_REGISTRY, EXIT_REGISTRIES },
        { CHAOS_E_NETWORK, EXIT_ENVIRONMENT },
        { CHAOS_E_TIMEOUT, EXIT_ENVIRONMENT },
        { CHAOS_E_NODE, EXIT_ENVIRONMENT },
        { CHAOS_E_CHAIN_ID, EXIT_ENVIRONMENT },
        { CHAOS_E_FILE_IO, EXIT_ENVIRONMENT },
        { CHAOS_E_STORE, EXIT_ENVIRONMENT },
        { CHAOS_E_COLLATERAL_MISSING, EXIT_ENVIRONMENT },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(codes); i++) {
        if (codes[i].status == err->status) {
            return codes[i].code;
        }
    }
    const chaos_class kind = chaos_status_class(err->status);
    return kind == CHAOS_CLASS_USAGE ? EXIT_USAGE : kind == CHAOS_CLASS_INTERNAL ? EXIT_INTERNAL
                                                                                 : EXIT_FAILED;
}

static int fail(report *r, int code)
{
    if (r->now.id == NULL) {
        r->now.id = "start";
    }
    emit(r, STEP_FAIL);
    if (r->exit_code == 0) {
        r->exit_code = code;
    }
    return code;
}

/* A text may have two lines (a provider that is missing): a step has one. */
static void one_line(char *text)
{
    for (; *text != '\0'; text++) {
        *text = *text == '\n' ? ' ' : *text;
    }
}

int step_fail(report *r, const chaos_error *err)
{
    step *now = &r->now;
    (void)snprintf(now->reason, sizeof now->reason, "%s: %.200s", chaos_status_name(err->status), err->text);
    (void)snprintf(now->text, sizeof now->text, "%s%s", err->field == NULL ? "" : "at ",
                   err->field == NULL ? "not done" : err->field);
    one_line(now->reason);
    if (err->status == CHAOS_E_PROVIDER_MISSING) { /* its text is a recipe of two lines: the director shows it */
        (void)snprintf(now->reason, sizeof now->reason, "%s", chaos_status_name(err->status));
    }
    if (err->expected[0] != '\0' && err->found[0] != '\0') {
        (void)snprintf(now->expected, sizeof now->expected, "%.60s", err->expected);
        (void)snprintf(now->found, sizeof now->found, "%.60s", err->found);
    }
    return fail(r, exit_of_error(err));
}

int step_fail_text(report *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(r->now.reason, sizeof r->now.reason, format, arguments);
    va_end(arguments);
    (void)snprintf(r->now.text, sizeof r->now.text, "not as announced");
    return fail(r, EXIT_FAILED);
}
