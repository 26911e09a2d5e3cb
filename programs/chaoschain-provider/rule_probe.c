/* rule_probe.c - is the TEE here? An answer in time, with a reason, and nothing changed. */
#include <stdio.h>

#include "watch.h"

/* The rule's process is killed a moment after the limit. */
KIT_RULE(rule_probe_time)
{
    static kit_tee tee;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    const int64_t begin = now_ms();
    (void)kit_probe(&tee, CHAOS_TEE_PROBE_MS);
    const int64_t took = now_ms() - begin;
    if (took > CHAOS_TEE_PROBE_MS) {
        kit_fail(run, "it took %lld ms", (long long)took);
    } else {
        kit_note(run, "%lld ms", (long long)took);
    }
    kit_close(&tee);
}

#define MUTE_MS 300

KIT_RULE(rule_probe_mute)
{
    static kit_tee tee;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    run->http_mode = KIT_HTTP_MUTE;
    const int64_t begin = now_ms();
    const chaos_status status = kit_probe(&tee, MUTE_MS);
    const int64_t took = now_ms() - begin;
    if (run->exchanges == 0) {
        kit_not_applicable(run, "the probe makes no exchange over host->http");
    } else if (kit_failed_well(&tee, "a probe that nobody answers", status) && took > CHAOS_TEE_PROBE_MS) {
        kit_fail(run, "asked to answer within %d ms, it waits %lld ms for a server that says nothing", MUTE_MS,
                 (long long)took);
    }
    kit_close(&tee);
}

KIT_RULE(rule_probe_why)
{
    static kit_tee tee;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    chaos_status status = kit_probe(&tee, CHAOS_TEE_PROBE_MS);
    if (status != CHAOS_OK && kit_failed_well(&tee, "probe", status)) {
        char quoted[200];
        kit_note(run, "%s: %s", chaos_status_name(status),
                 error_quote(quoted, sizeof quoted, slice_text(tee.failure.text)));
    }
    if (kit_probe(&tee, CHAOS_TEE_PROBE_MS) != status) {
        kit_fail(run, "asked twice it gives two answers");
    }
    kit_close(&tee);
}

KIT_RULE(rule_probe_pure)
{
    static kit_tee tee;
    watch_state before, after;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    (void)kit_probe(&tee, CHAOS_TEE_PROBE_MS); /* what is made once, is made now */
    const size_t files = watch_files(), threads = watch_threads();
    watch_take(&before);
    (void)kit_probe(&tee, CHAOS_TEE_PROBE_MS);
    watch_take(&after);
    const char *difference = watch_difference(&before, &after);
    if (difference != NULL) {
        kit_fail(run, "%s", difference);
    } else if (tee.host.emit_fault != KIT_EMIT_NONE) {
        kit_fail(run, "%s", tee.host.emit_text);
    } else if (watch_files() > files || watch_threads() > threads || watch_has_children()) {
        kit_fail(run, "it leaves a file, a thread or a process");
    } else if (kit_host_held(&tee.host) > 0) {
        kit_fail(run, "it keeps a reply or a key");
    }
    kit_close(&tee);
}

KIT_RULE(rule_tee_here)
{
    static kit_tee tee;
    char quoted[240];
    if (!kit_must_open(run, &tee)) {
        return;
    }
    chaos_status status = kit_probe(&tee, CHAOS_TEE_PROBE_MS);
    if (status != CHAOS_OK) {
        kit_skip(run, "%s: %s", chaos_status_name(status),
                 error_quote(quoted, sizeof quoted, slice_text(tee.failure.text)));
    }
    kit_close(&tee);
}

/* Where the TEE is missing, every call that needs it says so. */
KIT_RULE(rule_not_here)
{
    static kit_tee tee;
    uint8_t report_data[64] = { 1 };
    kit_key key;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    if (kit_probe(&tee, CHAOS_TEE_PROBE_MS) == CHAOS_OK) {
        kit_not_applicable(run, "the TEE is here");
    } else {
        (void)kit_failed_well(&tee, "key, without the TEE",
                              kit_key_raw(&tee, KIT_PATH, CHAOS_KEY_AGENT, "secp256k1", &key));
        (void)kit_failed_well(&tee, "attest, without the TEE", kit_attest(&tee, report_data));
    }
    kit_close(&tee);
}
