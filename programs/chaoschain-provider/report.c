/* report.c - what the kit says: a list for people, and JSON of the schema chaoschain/provider-check/1. */
#include <stdio.h>

#include "kit.h"

#define COLUMNS 100
#define INDENT 24

const char *kit_result_word(kit_result result)
{
    static const char *const words[] = { "not-run", "pass", "fail", "skipped", "not-run", "not-applicable" };
    return (size_t)result < CHAOS_ARRAY_SIZE(words) ? words[result] : "fail";
}

static size_t count(const kit_report *report, kit_result result)
{
    size_t n = 0;
    for (size_t i = 0; i < kit_rule_count; i++) {
        n += report->is_wanted[i] && report->outcomes[i].result == result ? 1 : 0;
    }
    return n;
}

int kit_report_exit(const kit_report *report)
{
    if (count(report, KIT_FAIL) + count(report, KIT_NOT_RUN) > 0) {
        return EXIT_CONTRAINDICATED;
    }
    return count(report, KIT_SKIPPED) > 0 || count(report, KIT_PASS) == 0 ? EXIT_WARNING : EXIT_AFFIRMING;
}

static const char *conclusion(const kit_report *report)
{
    static const char *const words[] = { "conforms", "incomplete", "fails" };
    return words[kit_report_exit(report)];
}

static const char *driven_by(const kit_subject *subject)
{
    return subject->source == KIT_REPLAY ? "recording" : "live";
}

/* ------------------------------------------------------------------- people ---- */

/* Words, wrapped to the width of the screen behind the column where they begin. */
static bool wrapped(chaos_buffer *out, const char *label, const char *text)
{
    bool ok = buffer_append_text(out, label);
    size_t column = INDENT + strlen(label);
    for (bool first = true; ok && *text != '\0'; first = false) {
        const size_t length = strcspn(text, " ");
        const bool breaks = !first && column + 1 + length > COLUMNS;
        ok = breaks ? buffer_append_format(out, "\n%*s", INDENT, "") : first || buffer_append_text(out, " ");
        column = breaks ? INDENT + length : column + length + (first ? 0 : 1);
        ok = ok && buffer_append(out, slice(text, length));
        text += length;
        text += strspn(text, " ");
    }
    return ok && buffer_append_text(out, "\n");
}

static bool indented(chaos_buffer *out, const char *label, const char *text)
{
    return buffer_append_format(out, "%*s", INDENT, "") && wrapped(out, label, text);
}

static bool rule_text(chaos_buffer *out, const kit_rule *rule, const kit_outcome *outcome)
{
    static const char *const marks[] = { "-", "pass", "FAIL", "skip", "-", "n/a" };
    const bool is_good = outcome->result == KIT_PASS || outcome->result == KIT_NOT_APPLICABLE;
    const bool is_bad = outcome->result == KIT_FAIL || outcome->result == KIT_SKIPPED;
    bool ok = buffer_append_format(out, "%-4s %-18s ", marks[outcome->result], rule->id) &&
              wrapped(out, "", rule->title);
    if (outcome->why[0] != '\0') {
        ok = ok && indented(out, is_good ? "" : "why: ", outcome->why);
    }
    return ok && (!is_bad || indented(out, "mend: ", rule->mend));
}

bool kit_report_text(const kit_report *report, chaos_buffer *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < kit_rule_count; i++) {
        ok = !report->is_wanted[i] || rule_text(out, &kit_rules[i], &report->outcomes[i]);
    }
    ok = ok && buffer_append_format(out,
                                    "\n%s %s: %zu passed, %zu failed, %zu skipped, %zu not run, %zu not applicable\n",
                                    report->subject->name[0] == '\0' ? "the plug-in" : report->subject->name,
                                    conclusion(report), count(report, KIT_PASS), count(report, KIT_FAIL),
                                    count(report, KIT_SKIPPED), count(report, KIT_NOT_RUN),
                                    count(report, KIT_NOT_APPLICABLE));
    if (ok && report->subject->source != KIT_LIVE && report->exchanges == 0) {
        ok = buffer_append_text(out, "It makes no exchange over host->http: there is nothing to record or to "
                                     "replay.\n");
    }
    return ok;
}

bool kit_rules_text(chaos_buffer *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < kit_rule_count; i++) {
        ok = buffer_append_format(out, "%-18s %s\n", kit_rules[i].id, kit_rules[i].title);
    }
    return ok;
}

/* --------------------------------------------------------------------- JSON ---- */

static void rule_json(json_writer *w, const kit_rule *rule, const kit_outcome *outcome)
{
    json_write_object(w, NULL);
    json_write_text(w, "id", rule->id);
    json_write_text(w, "mend", rule->mend);
    json_write_text(w, "result", kit_result_word(outcome->result));
    json_write_text(w, "title", rule->title);
    json_write_text(w, "why", outcome->why[0] == '\0' ? NULL : outcome->why);
    json_write_object_end(w);
}

bool kit_report_json(const kit_report *report, chaos_buffer *out)
{
    static const struct {
        const char *key;
        kit_result result;
    } counts[] = { { "failed", KIT_FAIL },
                   { "not_applicable", KIT_NOT_APPLICABLE },
                   { "not_run", KIT_NOT_RUN },
                   { "passed", KIT_PASS },
                   { "skipped", KIT_SKIPPED } };
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_object(&w, "counts");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(counts); i++) {
        json_write_unsigned(&w, counts[i].key, count(report, counts[i].result));
    }
    json_write_object_end(&w);
    json_write_text(&w, "driven_by", driven_by(report->subject));
    json_write_unsigned(&w, "exchanges", report->exchanges);
    json_write_text(&w, "path", report->subject->path);
    json_write_text(&w, "provider", report->subject->name[0] == '\0' ? NULL : report->subject->name);
    json_write_text(&w, "result", conclusion(report));
    json_write_array(&w, "rules");
    for (size_t i = 0; i < kit_rule_count; i++) {
        if (report->is_wanted[i]) {
            rule_json(&w, &kit_rules[i], &report->outcomes[i]);
        }
    }
    json_write_array_end(&w);
    json_write_text(&w, "schema", "chaoschain/provider-check/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}
