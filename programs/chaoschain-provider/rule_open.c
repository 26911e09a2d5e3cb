/* rule_open.c - opening and closing: options, a machine without the TEE, several openings at once. */
#include <stdio.h>

#include "kit.h"

#define NO_OPTIONS "{}"

static void must_open_alone(kit_run *run, const char *what, const char *options_json)
{
    static kit_tee tee;
    char quoted[160];
    chaos_status status = kit_open(run, &tee, options_json);
    if (status != CHAOS_OK) {
        const size_t length = strnlen(tee.failure.text, sizeof tee.failure.text);
        kit_fail(run, "open with %s fails: %s: %s", what, chaos_status_name(status),
                 error_quote(quoted, sizeof quoted, slice(tee.failure.text, length)));
    } else if (tee.self == NULL) {
        kit_note(run, "self is NULL, which is allowed");
    }
    kit_close(&tee);
}

/* Nothing is contacted while it opens: so it opens on a machine without the TEE. */
KIT_RULE(rule_open)
{
    if (!kit_load(run)) {
        return;
    }
    run->http_mode = KIT_HTTP_FORBIDDEN;
    must_open_alone(run, "the options that were given", run->subject->options);
    must_open_alone(run, "no options", NO_OPTIONS);
    if (run->http_forbidden_fault) {
        kit_fail(run, "open makes an exchange");
    }
}

/* Is refused, in words; if it is not, it is closed. */
static void must_refuse(kit_run *run, const char *what, const char *options_json, bool usage)
{
    static kit_tee tee;
    chaos_status status = kit_open(run, &tee, options_json);
    if (kit_failed_well(&tee, what, status) && usage && status != CHAOS_E_USAGE) {
        kit_fail(run, "%s: the status is %s and should be USAGE", what, chaos_status_name(status));
    }
    kit_close(&tee);
}

KIT_RULE(rule_open_unknown)
{
    if (kit_load(run)) {
        must_refuse(run, "an unknown option", "{\"no-such-option\":1}", true);
        must_refuse(run, "an unknown option with an empty name", "{\"\":null}", true);
    }
}

KIT_RULE(rule_open_malformed)
{
    static const struct {
        const char *what, *text;
    } bad[] = {
        { "options that are no JSON", "{" },
        { "options that are an array", "[]" },
        { "options that are a string", "\"{}\"" },
        { "options with something behind them", "{}x" },
        { "an empty text as options", "" },
        { "one option twice", "{\"endpoint\":\"/a\",\"endpoint\":\"/b\"}" },
    };
    static char deep[4096];
    if (!kit_load(run)) {
        return;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        must_refuse(run, bad[i].what, bad[i].text, false);
    }
    memset(deep, '[', sizeof deep - 1);
    must_refuse(run, "four thousand brackets as options", deep, false);
}

/* Of six kinds of values at least one cannot be right for an option. */
KIT_RULE(rule_open_type)
{
    static const char *const values[] = { "{}", "[]", "true", "12345678901234567890123", "\"\\u0001\"", "-1.5" };
    static kit_tee tee;
    char options_json[160];
    must_open_alone((kit_load(run), run), "no options", NO_OPTIONS);
    if (kit_has_failed(run)) {
        return;
    }
    if (run->known_count == 0) {
        kit_not_applicable(run, "it has no options, or reads them without host->json_keys");
    }
    for (size_t i = 0; i < run->known_count; i++) {
        bool refused = false;
        for (size_t k = 0; k < CHAOS_ARRAY_SIZE(values) && !refused; k++) {
            (void)snprintf(options_json, sizeof options_json, "{\"%s\":%s}", run->known[i], values[k]);
            refused = kit_open(run, &tee, options_json) != CHAOS_OK;
            kit_close(&tee);
        }
        if (!refused) {
            kit_fail(run, "the option '%s' takes an object, a list, a truth value and any number", run->known[i]);
        }
    }
}

KIT_RULE(rule_open_several)
{
    static kit_tee a, b, c;
    if (!kit_must_open(run, &a)) {
        return;
    }
    if (kit_open(run, &b, run->subject->options) != CHAOS_OK || kit_open(run, &c, run->subject->options) != CHAOS_OK) {
        kit_fail(run, "a second or third opening fails while the first is open");
    } else {
        kit_close(&b); /* not in the order of opening, and the others go on */
        (void)kit_probe(&c, CHAOS_TEE_PROBE_MS);
        kit_close(&a);
        (void)kit_probe(&c, CHAOS_TEE_PROBE_MS);
    }
    kit_close(&c);
}
