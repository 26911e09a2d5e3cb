/* verdict_text.c - the verdict for a person: the word first, then why, then the facts. Printable ASCII. */
#include "appraise/internal.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    LINE_WIDTH = 100,
    LABEL_WIDTH = 18
};

typedef struct text_writer {
    chaos_buffer *out;
    bool ok;
    size_t column;
} text_writer;

__attribute__((format(printf, 2, 3))) static void print(text_writer *w, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line) {
        w->ok = false;
        return;
    }
    w->ok = w->ok && buffer_append(w->out, slice(line, (size_t)length));
    w->column += (size_t)length;
}

static void end_line(text_writer *w)
{
    print(w, "\n");
    w->column = 0;
}

static void begin_line(text_writer *w, const char *label)
{
    print(w, "  %-*s", LABEL_WIDTH - 2, label);
}

/* One word of a list, on the next line if it does not fit this one. */
static void print_word(text_writer *w, const char *word, bool last)
{
    size_t length = strlen(word) + (last ? 0 : 1);
    if (w->column > LABEL_WIDTH && w->column + 1 + length > LINE_WIDTH) {
        end_line(w);
        print(w, "%-*s", LABEL_WIDTH, "");
    }
    print(w, "%s%s%s", w->column > LABEL_WIDTH ? " " : "", word, last ? "" : ",");
}

/* --------------------------------------------------------------- heading ---- */

static const char *word_of(const chaos_verdict *verdict)
{
    if (verdict->judged) {
        return chaos_tier_name(verdict->tier);
    }
    switch (verdict->verified) {
    case CHAOS_VERIFIED_TRUE:
        return "VERIFIED";
    case CHAOS_VERIFIED_FALSE:
        return "NOT VERIFIED";
    case CHAOS_VERIFIED_UNKNOWN:
        break;
    }
    return "COULD NOT BE JUDGED";
}

static const char *sentence_of(const chaos_verdict *verdict)
{
    switch (verdict->tier) {
    case CHAOS_TIER_AFFIRMING:
        return "The evidence is authentic and meets the policy.";
    case CHAOS_TIER_WARNING:
        return verdict->verified == CHAOS_VERIFIED_TRUE
                   ? "The evidence is authentic and the policy tolerates it: see the rows below."
                   : "The collateral has expired, and the policy still allows it.";
    case CHAOS_TIER_NONE:
    case CHAOS_TIER_CONTRAINDICATED:
        break;
    }
    return "The evidence is authentic. No policy was applied, so nothing says whether it is good enough.";
}

/* One sentence, on two lines where one is too short for it. */
static void write_error(text_writer *w, const chaos_error *error)
{
    const char *name = chaos_status_name(error->status);
    const size_t begin = strlen(name) + 2;
    size_t at = LINE_WIDTH - begin;

    if (begin + strlen(error->text) + 1 <= LINE_WIDTH) {
        print(w, "%s: %s.", name, error->text);
        return;
    }
    while (at > 0 && error->text[at] != ' ') {
        at--;
    }
    print(w, "%s: %.*s", name, (int)at, error->text);
    end_line(w);
    print(w, "%s.", error->text + at + (at > 0));
}

static void write_heading(text_writer *w, const chaos_verdict *verdict)
{
    const chaos_error *error = chaos_verdict_error(verdict);

    print(w, "%s (exit code %d)", word_of(verdict), chaos_verdict_exit_code(verdict));
    end_line(w);
    if (error == NULL) {
        print(w, "%s", sentence_of(verdict));
    } else {
        write_error(w, error);
    }
    end_line(w);
    if (verdict->verified != CHAOS_VERIFIED_TRUE && !verdict->judged && verdict->claims.has_quote) {
        print(w, "What follows was read and not proven.");
        end_line(w);
    }
}

/* ----------------------------------------------------------------- facts ---- */

static void write_origin(text_writer *w, const chaos_claims *claims)
{
    if (claims->has_quote) {
        begin_line(w, "TEE");
        print(w, "%s, quote version %u", tee_name_of(claims->tee), claims->version);
        end_line(w);
    }
    if (claims->has_anchor) {
        bool simulated = claims->anchor == CHAOS_ANCHOR_SIMULATED;
        begin_line(w, "anchor");
        print(w, "%s", simulated ? "SIMULATED: no hardware vouches for this" : chaos_anchor_name(claims->anchor));
        end_line(w);
    }
}

static void print_part(text_writer *w, bool last, const char *before, chaos_tcb_status status, const char *after)
{
    char word[96];
    (void)snprintf(word, sizeof word, "%s%s%s", before, chaos_tcb_status_name(status), after);
    print_word(w, word, last);
}

static void write_tcb_line(text_writer *w, const char *label, const tcb_verdict *tcb)
{
    char date[TIME_TEXT_SIZE];

    begin_line(w, label);
    print(w, "%s", chaos_tcb_status_name(tcb->status));
    if (tcb->status != CHAOS_TCB_UNKNOWN) {
        print(w, " of %.10s", time_format(tcb->tcb_date, date));
    }
    print_part(w, false, "(platform ", tcb->platform, "");
    if (tcb->module != CHAOS_TCB_UNKNOWN) {
        print_part(w, false, "TDX module ", tcb->module, "");
    }
    print_part(w, true, "QE ", tcb->qe, ")");
    end_line(w);
}

static void write_advisories(text_writer *w, const tcb_verdict *tcb)
{
    size_t count = tcb->advisory_count < MAX_CLAIM_ADVISORIES ? tcb->advisory_count : MAX_CLAIM_ADVISORIES;
    char id[4 * MAX_ADVISORY_ID];

    if (count == 0) {
        return;
    }
    begin_line(w, "advisories");
    for (size_t i = 0; i < count; i++) {
        chaos_slice text = slice(tcb->advisories[i], strnlen(tcb->advisories[i], MAX_ADVISORY_ID));
        print_word(w, error_quote(id, sizeof id, text), i + 1 == count);
    }
    end_line(w);
}

static void write_tcb(text_writer *w, const chaos_claims *claims)
{
    char time[TIME_TEXT_SIZE];

    if (claims->has_tcb) {
        write_tcb_line(w, "TCB", &claims->tcb);
        if (claims->has_current) {
            write_tcb_line(w, "TCB now", &claims->current);
        }
        write_advisories(w, &claims->tcb);
    }
    if (claims->has_collateral) {
        begin_line(w, "collateral");
        print(w, "until %s, evaluation number %lu", time_format(claims->collateral_expiration, time),
              (unsigned long)evaluation_number_of(claims));
        end_line(w);
    }
}

static void write_hex_line(text_writer *w, const char *label, const char *prefix, chaos_slice bytes)
{
    char hex[2 * sizeof(chaos_report_data) + 1];

    begin_line(w, label);
    (void)error_hex(hex, sizeof hex, bytes);
    const size_t length = strlen(prefix) + strlen(hex);
    if (length <= LINE_WIDTH - LABEL_WIDTH) {
        print(w, "%s%s", prefix, hex);
    } else { /* in two halves, one below the other: it is there to be compared */
        const int half = (int)(length / 2 - strlen(prefix));
        print(w, "%s%.*s", prefix, half, hex);
        end_line(w);
        print(w, "%-*s%s", LABEL_WIDTH, "", hex + half);
    }
    end_line(w);
}

/* 2^64 - 1 has 20 digits, which fit. */
static const char *seconds_text(uint64_t seconds, char text[TIME_TEXT_SIZE])
{
    if (seconds <= INT64_MAX) {
        return time_format((int64_t)seconds, text);
    }
    (void)snprintf(text, TIME_TEXT_SIZE, "%llu", (unsigned long long)seconds);
    return text;
}

static void write_binding(text_writer *w, const chaos_claims *claims)
{
    const chaos_binding *binding = &claims->binding;
    char agent[AGENT_TEXT_SIZE];
    char issued[TIME_TEXT_SIZE];
    char expires[TIME_TEXT_SIZE];

    if (!claims->has_binding) {
        return;
    }
    begin_line(w, "agent");
    print(w, "%s", agent_text(binding, agent));
    end_line(w);
    write_hex_line(w, "identity key", "0x", slice(binding->identity_key.bytes, sizeof binding->identity_key.bytes));
    begin_line(w, "stage");
    print(w, "%s", stage_text(binding));
    end_line(w);
    begin_line(w, "binding");
    print(w, "issued %s, expires %s", seconds_text(binding->issued_at, issued),
          seconds_text(binding->expires_at, expires));
    end_line(w);
}

static void write_receipts(text_writer *w, const chaos_claims *claims)
{
    const receipt_summary *r = &claims->receipts;

    if (!claims->has_receipts) {
        return;
    }
    begin_line(w, "receipts");
    print(w, "%llu", (unsigned long long)r->count);
    if (r->count > 0) {
        print(w, ", sequence %llu to %llu", (unsigned long long)r->first, (unsigned long long)r->last);
    }
    print(w, ", of %llu session%s", (unsigned long long)r->sessions, r->sessions == 1 ? "" : "s");
    end_line(w);
    begin_line(w, "contents");
    print(w, "%llu", (unsigned long long)r->contents);
    end_line(w);
    begin_line(w, "time");
    print(w, "%s", proof_text(time_of_receipts(r)));
    if (r->has_anchor) {
        print(w, ", receipt %llu existed by block %llu", (unsigned long long)r->anchor_sequence,
              (unsigned long long)r->anchor_block);
    }
    end_line(w);
    begin_line(w, "code");
    print(w, "%s", proof_text(r->code));
    end_line(w);
}

static void write_application(text_writer *w, const chaos_claims *claims)
{
    if (claims->has_app_id) {
        write_hex_line(w, "app id", "", slice(claims->app_id, sizeof claims->app_id));
    }
    if (claims->has_compose_hash) {
        write_hex_line(w, "compose hash", "", slice(claims->compose_hash, sizeof claims->compose_hash));
    }
}

static void write_measurements(text_writer *w, const chaos_claims *claims)
{
    static const char *const names[] = {
        "mr_td",
        "rtmr0",
        "rtmr1",
        "rtmr2",
        "rtmr3",
        "mr_enclave",
        "mr_signer",
        "td_attributes",
        "attributes",
        "report_data",
    };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        chaos_slice value = body_field_of(claims, names[i]);
        if (claims->has_quote && value.size > 0) {
            write_hex_line(w, names[i], "", value);
        }
    }
}

/* ---------------------------------------------------------------- checks ---- */

static void write_value(text_writer *w, const char *label, const char *value)
{
    const size_t length = strlen(value); /* of at most 99 */
    size_t at = LINE_WIDTH - LABEL_WIDTH;

    if (length == 0) {
        return;
    }
    if (length <= at) {
        print(w, "        %-9s %s", label, value);
        end_line(w);
        return;
    }
    while (at > 0 && value[at] != ' ') { /* between two words, or in the middle of one */
        at--;
    }
    at = at == 0 ? length / 2 : at;
    print(w, "        %-9s %.*s", label, (int)at, value);
    end_line(w);
    print(w, "%-*s%s", LABEL_WIDTH, "", value + at + (value[at] == ' ' ? 1 : 0));
    end_line(w);
}

static void write_rows(text_writer *w, const check_run *run, check_result result, const char *word)
{
    for (size_t id = 0; id < CHECK_COUNT; id++) {
        const check_row *row = &run->rows[id];
        if (row->result != result) {
            continue;
        }
        print(w, "  %-5s %s: %s", word, check_names[id], chaos_status_name(row->code));
        end_line(w);
        write_value(w, "expected", row->expected);
        write_value(w, "found", row->found);
    }
}

static size_t count_rows(const check_run *run, check_result result)
{
    size_t count = 0;
    for (size_t id = 0; id < CHECK_COUNT; id++) {
        count += run->rows[id].result == result ? 1 : 0;
    }
    return count;
}

static void write_not_checked(text_writer *w, const check_run *run)
{
    size_t left = count_rows(run, CHECK_NOT_CHECKED);

    if (left == 0) {
        return;
    }
    begin_line(w, "not checked");
    for (size_t id = 0; id < CHECK_COUNT; id++) {
        if (run->rows[id].result == CHECK_NOT_CHECKED) {
            left--;
            print_word(w, check_names[id], left == 0);
        }
    }
    end_line(w);
}

/* A verdict of WARNING needs its reasons: what was demanded and nobody could check is one. */
static void write_open(text_writer *w, const chaos_verdict *verdict)
{
    for (size_t id = 0; id < CHECK_COUNT; id++) {
        const check_row *row = &verdict->claims.run.rows[id];
        if (verdict->open[id] && row->result == CHECK_NOT_CHECKED) {
            print(w, "  %-5s %s: %s", "open", check_names[id], row->expected);
            end_line(w);
        }
    }
}

static void write_checks(text_writer *w, const chaos_verdict *verdict)
{
    const check_run *run = &verdict->claims.run;

    write_rows(w, run, CHECK_FAILED, "FAIL");
    write_rows(w, run, CHECK_WARNED, "warn");
    write_open(w, verdict);
    write_not_checked(w, run);
    begin_line(w, "passed");
    print(w, "%zu checks", count_rows(run, CHECK_PASSED));
    end_line(w);
}

chaos_status chaos_verdict_write_text(const chaos_verdict *verdict, chaos_buffer *text, chaos_error *err)
{
    if (verdict == NULL || text == NULL) {
        return error_set(err, CHAOS_E_USAGE, verdict == NULL ? "verdict" : "text", CHAOS_NO_OFFSET, NULL);
    }
    size_t before = text->size;
    text_writer w = { text, true, 0 };

    write_heading(&w, verdict);
    write_origin(&w, &verdict->claims);
    write_tcb(&w, &verdict->claims);
    write_binding(&w, &verdict->claims);
    write_receipts(&w, &verdict->claims);
    write_application(&w, &verdict->claims);
    write_measurements(&w, &verdict->claims);
    write_checks(&w, verdict);
    if (!w.ok) {
        text->size = before;
        if (text->data != NULL) {
            text->data[before] = 0;
        }
        return error_set(err, CHAOS_E_LIMIT, "text", CHAOS_NO_OFFSET, "the text does not fit the buffer");
    }
    return CHAOS_OK;
}
