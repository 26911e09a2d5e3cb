/* batch_line.c - one line of a batch: its members, the files or bytes that they name, the verdict.
 *
 * A member that is a string is a file's name or the thing itself. Which of the two is decided by the string alone, so
 * that no file that happens to lie about can change the answer. */
#include "verify_program.h"

#include <limits.h>

/* ---------------------------------------------------------------- members ---- */

enum {
    M_ID,
    M_QUOTE,
    M_COLLATERAL,
    M_AT,
    M_TRUST_ROOT,
    M_POLICY,
    M_EVENT_LOG,
    M_EXPECT_REPORT_DATA,
    M_EXPECT_AGENT,
    M_EXPECT_IDENTITY_KEY,
    M_EXPECT_NONCE,
    MEMBERS
};

#define KIND(kind) (1u << (kind))

static const struct {
    const char *name;
    unsigned kinds; /* that it may be of; null always means absent */
} members[MEMBERS] = {
    [M_ID] = { "id", KIND(JSON_KIND_STRING) | KIND(JSON_KIND_NUMBER) },
    [M_QUOTE] = { "quote", KIND(JSON_KIND_STRING) | KIND(JSON_KIND_OBJECT) },
    [M_COLLATERAL] = { "collateral", KIND(JSON_KIND_STRING) | KIND(JSON_KIND_OBJECT) },
    [M_AT] = { "at", KIND(JSON_KIND_STRING) | KIND(JSON_KIND_NUMBER) },
    [M_TRUST_ROOT] = { "trust_root", KIND(JSON_KIND_STRING) | KIND(JSON_KIND_ARRAY) },
    [M_POLICY] = { "policy", KIND(JSON_KIND_STRING) | KIND(JSON_KIND_OBJECT) },
    [M_EVENT_LOG] = { "event_log", KIND(JSON_KIND_STRING) | KIND(JSON_KIND_ARRAY) },
    [M_EXPECT_REPORT_DATA] = { "expect_report_data", KIND(JSON_KIND_STRING) },
    [M_EXPECT_AGENT] = { "expect_agent", KIND(JSON_KIND_STRING) },
    [M_EXPECT_IDENTITY_KEY] = { "expect_identity_key", KIND(JSON_KIND_STRING) },
    [M_EXPECT_NONCE] = { "expect_nonce", KIND(JSON_KIND_STRING) },
};

typedef struct line_value {
    json_kind kind;   /* NONE: absent */
    chaos_slice text; /* a string without its escapes, a number's digits, else the JSON as it stands */
} line_value;

typedef struct request {
    line_value value[MEMBERS];
} request;

static size_t find_member(chaos_slice key)
{
    size_t i = 0;
    while (i < MEMBERS && !slice_is(key, members[i].name)) {
        i++;
    }
    return i;
}

static void read_value(json *j, size_t i, chaos_buffer *storage, line_value *out)
{
    json_kind kind = json_peek(j);
    if (kind == JSON_KIND_NULL) {
        json_skip(j, members[i].name, NULL);
        return;
    }
    if (kind == JSON_KIND_STRING && (members[i].kinds & KIND(JSON_KIND_STRING)) != 0) {
        out->text = json_decoded_string(j, members[i].name, storage);
    } else {
        json_skip(j, members[i].name, &out->text);
    }
    out->kind = kind;
    if ((members[i].kinds & KIND(kind)) == 0) {
        json_bad(j, "a value of another kind is expected");
    }
    if (i == M_ID && (out->text.size > BATCH_MAX_ID || (kind == JSON_KIND_NUMBER && out->text.size > 15))) {
        *out = (line_value){ JSON_KIND_NONE, { NULL, 0 } };
        json_bad(j, "longer than it may be");
    }
}

/* BATCH_FORMAT whatever kind of fault it is: the line is the caller's, and what it holds was not looked at. */
static chaos_status line_fault(const json *j, chaos_error *err)
{
    (void)fault_to_error(&j->r.why, err);
    if (chaos_status_class(err->status) == CHAOS_CLASS_FORMAT) {
        err->status = CHAOS_E_BATCH_FORMAT;
    }
    return err->status;
}

/* `only` < MEMBERS: that member alone, whatever the others are; else all, strictly. */
static chaos_status read_members(chaos_slice line, size_t only, chaos_buffer *storage, request *out, chaos_error *err)
{
    chaos_slice key;
    json j;
    json_begin(&j, line, CHAOS_E_BATCH_FORMAT);
    json_enter_object(&j, "line");
    while (json_key(&j, &key)) {
        size_t i = find_member(key);
        if (i == MEMBERS && only == MEMBERS) {
            json_skip(&j, "unknown member", NULL);
            json_bad(&j, "there is no member of this name");
        } else if (i == MEMBERS || (only < MEMBERS && i != only)) {
            json_skip(&j, "member", NULL);
        } else {
            read_value(&j, i, storage, &out->value[i]);
        }
    }
    json_end(&j);
    json_require(&j, only < MEMBERS || out->value[M_QUOTE].kind != JSON_KIND_NONE, "quote");
    return json_ok(&j) ? CHAOS_OK : line_fault(&j, err);
}

/* ------------------------------------------------------- names and values ---- */

#define MIN_INLINE 64u /* characters of hex or base64 */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_base64(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' ||
           c == '=';
}

/* Whole digits of hex (0x or not) or whole groups of base64, white space aside. */
static bool is_armour(chaos_slice text)
{
    size_t digits = 0, hex = 0, base64 = 0;
    if (text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = slice(text.data + 2, text.size - 2);
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (is_space(c)) {
            continue;
        }
        digits++;
        hex += is_hex(c) ? 1 : 0;
        base64 += is_base64(c) ? 1 : 0;
    }
    return digits >= MIN_INLINE && ((hex == digits && digits % 2 == 0) || (base64 == digits && digits % 4 == 0));
}

/* JSON, PEM, hex or base64 and not a file's name. What begins with / or . is always a name. */
static bool is_inline(chaos_slice text)
{
    static const char pem[] = "-----BEGIN";
    if (text.size == 0 || text.data[0] == '/' || text.data[0] == '.') {
        return false;
    }
    return text.data[0] == '{' || text.data[0] == '[' ||
           (text.size >= sizeof pem - 1 && memcmp(text.data, pem, sizeof pem - 1) == 0) || is_armour(text);
}

static chaos_status read_named(const char *member, chaos_slice name, size_t limit, chaos_buffer *out,
                               chaos_error *err)
{
    char path[PATH_MAX];
    if (name.size == 0 || name.size >= sizeof path || slice_is(name, "-")) {
        return error_set(err, CHAOS_E_BATCH_FORMAT, member, CHAOS_NO_OFFSET,
                         "neither a file's name nor JSON, PEM, hex or base64");
    }
    memcpy(path, name.data, name.size);
    path[name.size] = '\0';
    return input_read(member, path, limit, out, err);
}

/* At most one byte more than the limit, as from a file. */
static chaos_status take_inline(const char *member, chaos_slice text, size_t limit, chaos_buffer *out,
                                chaos_error *err)
{
    out->limit = limit + 1;
    text.size = text.size < out->limit ? text.size : out->limit;
    if (!buffer_append(out, text)) {
        return error_set(err, CHAOS_E_MEMORY, member, CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}

/* `bytes_only`: hex and base64 stand for bytes also in a file. */
static chaos_status load(const request *r, size_t i, size_t limit, bool bytes_only, chaos_buffer *out,
                         chaos_error *err)
{
    const line_value *value = &r->value[i];
    if (value->kind != JSON_KIND_STRING) {
        return take_inline(members[i].name, value->text, limit, out, err);
    }
    if (!is_inline(value->text)) {
        CHAOS_TRY(read_named(members[i].name, value->text, limit, out, err));
        return bytes_only && !input_is_object(buffer_slice(out)) ? input_unarmour(out, err) : CHAOS_OK;
    }
    CHAOS_TRY(take_inline(members[i].name, value->text, limit, out, err));
    return is_armour(value->text) ? input_unarmour(out, err) : CHAOS_OK;
}

static bool has(const request *r, size_t i)
{
    return r->value[i].kind != JSON_KIND_NONE;
}

/* ------------------------------------------------------------------ inputs ---- */

/* What one line is judged with: its own, or lent by the batch. */
typedef struct line_inputs {
    chaos_buffer evidence, collateral, event_log;
    bool is_envelope;
    chaos_slice collateral_used;
    chaos_trust *own_trust;
    chaos_policy *own_policy;
    const chaos_trust *trust;
    const chaos_policy *policy;
    chaos_expectation expectation;
    int64_t now;
} line_inputs;

static void line_inputs_free(line_inputs *in)
{
    chaos_buffer_free(&in->evidence);
    chaos_buffer_free(&in->collateral);
    chaos_buffer_free(&in->event_log);
    chaos_trust_free(in->own_trust);
    chaos_policy_free(in->own_policy);
}

static chaos_status bad_member(size_t i, const char *what, chaos_error *err)
{
    return error_set(err, CHAOS_E_BATCH_FORMAT, members[i].name, CHAOS_NO_OFFSET, "%s", what);
}

static bool to_text(chaos_slice from, char *out, size_t capacity)
{
    if (from.size >= capacity) {
        return false;
    }
    memcpy(out, from.data, from.size);
    out[from.size] = '\0';
    return true;
}

static chaos_status set_time(const request *r, line_inputs *in, chaos_error *err)
{
    char text[64];
    if (!has(r, M_AT)) {
        return CHAOS_OK;
    }
    if (!to_text(r->value[M_AT].text, text, sizeof text) || !value_time(text, &in->now)) {
        return bad_member(M_AT, "neither a time like 2026-01-01T00:00:00Z nor Unix seconds", err);
    }
    return CHAOS_OK;
}

static chaos_status set_expectation(const request *r, line_inputs *in, chaos_error *err)
{
    static const struct {
        size_t member;
        chaos_status (*read)(const char *text, chaos_expectation *out, chaos_error *err);
    } expectations[] = {
        { M_EXPECT_REPORT_DATA, expect_report_data },
        { M_EXPECT_AGENT, expect_agent },
        { M_EXPECT_IDENTITY_KEY, expect_identity_key },
        { M_EXPECT_NONCE, expect_nonce },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(expectations); i++) {
        char text[512];
        size_t member = expectations[i].member;
        if (!has(r, member)) {
            continue;
        }
        if (!to_text(r->value[member].text, text, sizeof text)) {
            return bad_member(member, "longer than it may be", err);
        }
        CHAOS_TRY(expectations[i].read(text, &in->expectation, err));
    }
    return CHAOS_OK;
}

static chaos_status set_policy(const request *r, line_inputs *in, chaos_error *err)
{
    chaos_slice text = r->value[M_POLICY].text;
    if (!has(r, M_POLICY)) {
        return CHAOS_OK;
    }
    CHAOS_AUTO_BUFFER(bytes, 0);
    if (r->value[M_POLICY].kind == JSON_KIND_STRING && slice_is(text, "default")) {
        CHAOS_TRY(chaos_policy_default(&in->own_policy, err));
    } else if (r->value[M_POLICY].kind == JSON_KIND_STRING && slice_is(text, "none")) {
        CHAOS_TRY(chaos_policy_none(&in->own_policy, err));
    } else {
        CHAOS_TRY(load(r, M_POLICY, CHAOS_MAX_POLICY, false, &bytes, err));
        CHAOS_TRY(chaos_policy_parse(buffer_slice(&bytes), &in->own_policy, err));
    }
    in->policy = in->own_policy;
    return CHAOS_OK;
}

static chaos_status add_root(const line_value *value, line_inputs *in, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, 0);
    request one = { 0 };
    one.value[M_TRUST_ROOT] = *value;
    CHAOS_TRY(load(&one, M_TRUST_ROOT, INPUT_MAX_ROOT, true, &bytes, err));
    return chaos_trust_add_root(in->own_trust, buffer_slice(&bytes), err);
}

static chaos_status add_roots(chaos_slice array, line_inputs *in, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(storage, array.size);
    json j;
    if (buffer_reserve(&storage, array.size) == NULL) {
        return error_set(err, CHAOS_E_MEMORY, members[M_TRUST_ROOT].name, CHAOS_NO_OFFSET, NULL);
    }
    json_begin(&j, array, CHAOS_E_BATCH_FORMAT);
    json_enter_array(&j, members[M_TRUST_ROOT].name);
    for (size_t n = 0; json_element(&j); n++) {
        line_value value = { JSON_KIND_STRING, json_decoded_string(&j, members[M_TRUST_ROOT].name, &storage) };
        if (n == CHAOS_MAX_TRUST_ROOTS) {
            json_bad(&j, "more roots than there may be");
        }
        if (json_ok(&j)) {
            CHAOS_TRY(add_root(&value, in, err));
        }
    }
    return json_ok(&j) ? CHAOS_OK : line_fault(&j, err);
}

static chaos_status set_trust(const request *r, line_inputs *in, chaos_error *err)
{
    const line_value *value = &r->value[M_TRUST_ROOT];
    if (!has(r, M_TRUST_ROOT)) {
        return CHAOS_OK;
    }
    CHAOS_TRY(chaos_trust_new(&in->own_trust, err));
    in->trust = in->own_trust;
    return value->kind == JSON_KIND_STRING ? add_root(value, in, err) : add_roots(value->text, in, err);
}

/* What was given and is empty is broken, not absent: it goes in as one blank. */
static chaos_status load_text(const request *r, size_t i, size_t limit, chaos_buffer *out, chaos_error *err)
{
    CHAOS_TRY(load(r, i, limit, false, out, err));
    if (out->size == 0 && !buffer_append_text(out, " ")) {
        return error_set(err, CHAOS_E_MEMORY, members[i].name, CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}

static chaos_status set_stranger(const request *r, line_inputs *in, chaos_error *err)
{
    CHAOS_TRY(load(r, M_QUOTE, CHAOS_MAX_ENVELOPE, true, &in->evidence, err));
    in->is_envelope = input_is_object(buffer_slice(&in->evidence));
    if (in->is_envelope && has(r, M_EVENT_LOG)) {
        return bad_member(M_EVENT_LOG, "an envelope holds its own event log", err);
    }
    if (has(r, M_EVENT_LOG)) {
        CHAOS_TRY(load_text(r, M_EVENT_LOG, CHAOS_MAX_EVENT_LOG, &in->event_log, err));
    }
    if (has(r, M_COLLATERAL)) {
        CHAOS_TRY(load_text(r, M_COLLATERAL, CHAOS_MAX_COLLATERAL, &in->collateral, err));
        in->collateral_used = buffer_slice(&in->collateral);
    }
    return CHAOS_OK;
}

static chaos_status set_inputs(const request *r, line_inputs *in, chaos_error *err)
{
    CHAOS_TRY(set_time(r, in, err));
    CHAOS_TRY(set_expectation(r, in, err));
    CHAOS_TRY(set_policy(r, in, err));
    CHAOS_TRY(set_trust(r, in, err));
    return set_stranger(r, in, err);
}

/* ------------------------------------------------------------------ result ---- */

/* The members "exit_code", "id" and "line" in front of those of the verdict that stands in `verdict`. */
static bool write_result(const line_value *id, uint64_t number, int code, const chaos_buffer *verdict,
                         chaos_buffer *result)
{
    json_writer w = json_writer_begin(result);
    json_write_object(&w, NULL);
    json_write_unsigned(&w, "exit_code", (uint64_t)code);
    if (id->kind == JSON_KIND_STRING) {
        json_write_bytes_as_text(&w, "id", id->text);
    } else if (id->kind == JSON_KIND_NUMBER) {
        char digits[32];
        uint64_t value = 0;
        if (!to_text(id->text, digits, sizeof digits) || !value_unsigned(digits, UINT64_MAX >> 11, &value)) {
            return false; /* not reached: batch_line has read it */
        }
        json_write_unsigned(&w, "id", value);
    } else {
        json_write_null(&w, "id");
    }
    json_write_unsigned(&w, "line", number);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK || verdict->size < 2) {
        return false;
    }
    result->data[result->size - 1] = ','; /* instead of the closing brace */
    return buffer_append(result, slice(verdict->data + 1, verdict->size - 1)) && buffer_append_text(result, "\n");
}

static int finish(const inputs *batch, const line_value *id, uint64_t number, int code, const chaos_verdict *verdict,
                  const line_inputs *in, chaos_error *err, chaos_buffer *result)
{
    static const char broken[] = "{\"exit_code\":70,\"id\":null,\"error\":{\"code\":\"MEMORY\"},\"verified\":null}\n";
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    result->limit = CHAOS_MAX_VERDICT + 4 * BATCH_MAX_ID + 256;
    if (verdict == NULL || chaos_verdict_write_json(verdict, &text, err) != CHAOS_OK) {
        code = verdict == NULL ? code : exit_of_status(err->status);
        text.size = 0;
        if (report_write_fault(in == NULL ? batch->now : in->now, in != NULL && in->is_envelope, err, &text) !=
            CHAOS_OK) {
            text.size = 0;
        }
    }
    while (text.size > 0 && text.data[text.size - 1] == '\n') {
        text.size--;
    }
    if (write_result(id, number, code, &text, result)) {
        return code;
    }
    result->size = 0;
    if (!buffer_append_text(result, broken)) {
        result->size = 0; /* no line at all; the exit code says so */
    }
    return EXIT_INTERNAL;
}

static bool is_decimal(const line_value *id)
{
    char digits[32];
    uint64_t value = 0;
    return to_text(id->text, digits, sizeof digits) && value_unsigned(digits, UINT64_MAX >> 11, &value);
}

/* The id comes first and from a pass of its own, so that whatever else is wrong is said with it. */
static chaos_status read_line(chaos_slice line, chaos_buffer *storage, line_value *id, request *r, chaos_error *err)
{
    request first = { 0 };
    storage->limit = 2 * line.size + 2;
    if (buffer_reserve(storage, storage->limit) == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(read_members(line, M_ID, storage, &first, err));
    if (first.value[M_ID].kind == JSON_KIND_NUMBER && !is_decimal(&first.value[M_ID])) {
        return bad_member(M_ID, "a number that is no integer from 0 to 2^53 - 1", err);
    }
    *id = first.value[M_ID];
    return read_members(line, MEMBERS, storage, r, err);
}

static chaos_status judge(const inputs *batch, const line_inputs *in, chaos_verdict **verdict, chaos_error *err)
{
    chaos_slice evidence = buffer_slice(&in->evidence);
    return in->is_envelope
               ? chaos_check(evidence, in->collateral_used, in->trust, in->policy, &in->expectation, in->now,
                             batch->cache, verdict, err)
               : chaos_check_quote(evidence, buffer_slice(&in->event_log), in->collateral_used, in->trust, in->policy,
                                   &in->expectation, in->now, batch->cache, verdict, err);
}

int batch_line(const inputs *batch, chaos_slice line, uint64_t number, chaos_buffer *result)
{
    chaos_error err = { 0 };
    chaos_verdict *verdict = NULL;
    line_value id = { JSON_KIND_NONE, { NULL, 0 } };
    request r = { 0 };
    CHAOS_AUTO_BUFFER(storage, 0);
    __attribute__((cleanup(line_inputs_free))) line_inputs in = {
        .collateral_used = buffer_slice(&batch->collateral),
        .trust = batch->trust,
        .policy = batch->policy,
        .expectation = batch->expectation,
        .now = batch->now,
    };
    chaos_status status = read_line(line, &storage, &id, &r, &err);
    if (status == CHAOS_OK) {
        status = set_inputs(&r, &in, &err);
    }
    if (status == CHAOS_OK) {
        status = judge(batch, &in, &verdict, &err);
    }
    int code = status == CHAOS_OK ? chaos_verdict_exit_code(verdict) : code_of_own_fault(status);
    code = finish(batch, &id, number, code, verdict, &in, &err, result);
    chaos_verdict_free(verdict);
    return code;
}

int batch_line_fault(const inputs *batch, uint64_t number, const chaos_error *err, chaos_buffer *result)
{
    const line_value none = { JSON_KIND_NONE, { NULL, 0 } };
    chaos_error copy = *err;
    return finish(batch, &none, number, code_of_own_fault(err->status), NULL, NULL, &copy, result);
}
