/* rule_http.c - exchanges over host->http: within bounds, and servers that are away, mute, or answer nonsense. */
#include <stdio.h>

#include "kit.h"

#define NONE_MADE "the provider makes no exchange over host->http"

KIT_RULE(rule_http_bounds)
{
    static kit_tee tee;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    kit_session(&tee);
    if (run->http_bounds_fault != NULL) {
        kit_fail(run, "a request's %s is outside of what the host lends", run->http_bounds_fault);
    } else if (run->exchanges == 0) {
        kit_not_applicable(run, NONE_MADE);
    }
    kit_close(&tee);
}

typedef enum what {
    WHAT_PROBE,
    WHAT_KEY,
    WHAT_ATTEST,
    WHAT_COUNT
} what;
static const char *const names[] = { "probe", "key", "attest" };

/* One call; *asked: it has made an exchange. */
static chaos_status call(kit_tee *tee, what which, bool *asked)
{
    const unsigned before = tee->run->exchanges;
    uint8_t report_data[64];
    chaos_status status = CHAOS_OK;
    kit_key key;
    kit_digest("http", 0, report_data);
    kit_digest("http", 1, report_data + 32);
    if (which == WHAT_PROBE) {
        status = kit_probe(tee, CHAOS_TEE_PROBE_MS);
    } else if (which == WHAT_KEY) {
        status = kit_key_raw(tee, KIT_PATH, CHAOS_KEY_AGENT, "secp256k1", &key);
        const bool failed = status != CHAOS_OK;
        kit_key_free(tee, &key);
        status = failed ? status : CHAOS_OK;
    } else {
        status = kit_attest(tee, report_data);
    }
    *asked = tee->run->exchanges != before;
    return status;
}

KIT_RULE(rule_http_down)
{
    static kit_tee tee;
    char text[80];
    bool any = false;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    run->http_mode = KIT_HTTP_DOWN;
    for (int i = 0; i < WHAT_COUNT && !kit_has_failed(run); i++) {
        bool asked;
        chaos_status status = call(&tee, (what)i, &asked);
        any = any || asked;
        if (asked) {
            (void)snprintf(text, sizeof text, "%s, when nobody answers", names[i]);
            (void)kit_failed_well(&tee, text, status);
        }
    }
    if (!any) {
        kit_not_applicable(run, NONE_MADE);
    }
    kit_close(&tee);
}

static char noise[65536];

static const struct answer {
    const char *name, *body; /* NULL: noise */
    int status;
} answers[] = {
    { "an empty answer", "", 200 },
    { "an answer {}", "{}", 200 },
    { "an answer []", "[]", 200 },
    { "an answer null", "null", 200 },
    { "half an answer", "{\"key\":\"00", 200 },
    { "an answer with short values",
      "{\"key\":\"00\",\"quote\":\"00\",\"event_log\":\"[]\",\"signature_chain\":[\"\",\"\"]}", 200 },
    { "noise", NULL, 200 },
    { "status 500", "internal error", 500 },
    { "status 404", "<html>not found</html>", 404 },
};

/* A probe may take some of these for an answer; a key and evidence cannot come of them. */
static bool try_answer(kit_run *run, kit_tee *tee, const char *name)
{
    char text[120];
    bool any = false;
    for (int i = 0; i < WHAT_COUNT && !kit_has_failed(run); i++) {
        bool asked;
        const chaos_status status = call(tee, (what)i, &asked);
        any = any || asked;
        if (asked && (status != CHAOS_OK || i != WHAT_PROBE)) {
            (void)snprintf(text, sizeof text, "%s, after %s", names[i], name);
            (void)kit_failed_well(tee, text, status);
        }
    }
    return any;
}

KIT_RULE(rule_http_garbage)
{
    static kit_tee tee;
    bool any = false;
    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (char)(i * 167u + i / 256u);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(answers) && !kit_has_failed(run); i++) {
        if (run->plugin == NULL ? !kit_must_open(run, &tee)
                                : kit_open(run, &tee, run->subject->options) != CHAOS_OK) {
            return;
        }
        run->http_mode = KIT_HTTP_GIVEN;
        run->http_status = answers[i].status;
        run->http_body = answers[i].body == NULL ? slice(noise, sizeof noise) : slice_text(answers[i].body);
        any = try_answer(run, &tee, answers[i].name) || any;
        run->http_mode = KIT_HTTP_REAL;
        kit_close(&tee);
    }
    if (!any) {
        kit_not_applicable(run, NONE_MADE);
    } else if (!kit_has_failed(run) && kit_open(run, &tee, run->subject->options) == CHAOS_OK) {
        run->http_mode = KIT_HTTP_CUT;
        (void)try_answer(run, &tee, "the first half of the real answer");
        kit_close(&tee);
    }
}

/* A failure is over when it is over: the same opening goes on as if it had not been. */
KIT_RULE(rule_after_errors)
{
    static kit_tee tee;
    kit_key before, after, failed;
    uint8_t digest[32], rsv[65], report_data[64] = { 7 };
    if (!kit_must_open(run, &tee)) {
        return;
    }
    kit_digest("after", 0, digest);
    if (kit_must_make_key(&tee, KIT_PATH, CHAOS_KEY_AGENT, &before)) {
        run->http_mode = KIT_HTTP_DOWN;
        (void)kit_key_raw(&tee, KIT_PATH, CHAOS_KEY_AGENT, "no-such-algorithm", &failed);
        kit_key_free(&tee, &failed);
        (void)kit_key_raw(&tee, KIT_PATH "/3", CHAOS_KEY_AGENT, "secp256k1", &failed);
        kit_key_free(&tee, &failed);
        (void)kit_attest(&tee, report_data);
        run->http_mode = KIT_HTTP_REAL;
        if (kit_sign(&tee, &before, digest, rsv) != CHAOS_OK) {
            kit_fail(run, "after calls that failed a key from before them does not sign");
        } else if (kit_must_make_key(&tee, KIT_PATH, CHAOS_KEY_AGENT, &after)) {
            if (memcmp(&before.point, &after.point, sizeof before.point) != 0) {
                kit_fail(run, "after calls that failed the same path gives another key");
            }
            kit_key_free(&tee, &after);
        }
        if (kit_attest(&tee, report_data) != CHAOS_OK) {
            kit_fail(run, "after calls that failed attest fails");
        }
        kit_key_free(&tee, &before);
    }
    kit_close(&tee);
}
