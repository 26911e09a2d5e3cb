/* rule_attest.c - evidence: which parts, in which size, and over which report data; methods of the TEE's own. */
#include <chaoschain/evidence.h>

#include <stdio.h>

#include "kit.h"
#include "verify/self.h"
#include "wire/wire.h"

static void some_report_data(unsigned number, uint8_t out[64])
{
    kit_digest("report data", 2 * number, out);
    kit_digest("report data", 2 * number + 1, out + 32);
}

static chaos_status attest_once(kit_run *run, kit_tee *tee)
{
    uint8_t report_data[64];
    some_report_data(0, report_data);
    return kit_must_open(run, tee) ? kit_attest(tee, report_data) : CHAOS_E_PROVIDER;
}

KIT_RULE(rule_attest_size)
{
    static kit_tee tee;
    (void)attest_once(run, &tee);
    if (tee.host.emit_fault == KIT_EMIT_LARGE) {
        kit_fail(run, "%s", tee.host.emit_text);
    } else {
        kit_note(run, "%zu bytes in %zu parts", tee.host.emitted.size, tee.host.part_count);
    }
    kit_close(&tee);
}

KIT_RULE(rule_attest_emits)
{
    static kit_tee tee;
    char said[200];
    chaos_status status = attest_once(run, &tee);
    if (tee.host.emit_fault != KIT_EMIT_NONE && tee.host.emit_fault != KIT_EMIT_OUTSIDE) {
        kit_fail(run, "%s", tee.host.emit_text);
    } else if (status != CHAOS_OK && kit_failed_well(&tee, "attest", status)) {
        kit_what_it_said(&tee, status, said, sizeof said);
        kit_fail(run, "attest fails: %s", said);
    }
    kit_close(&tee);
}

/* ------------------------------------------------------------------- quote ---- */

/* The one quote that this version reads; an empty slice after the rule was settled. */
static chaos_slice find_quote(kit_run *run, const kit_tee *tee)
{
    static const char *const unread[] = { "snp-report", "nitro-document", "dstack-attestation" };
    const chaos_slice tdx = kit_host_part(&tee->host, "tdx-quote");
    const chaos_slice sgx = kit_host_part(&tee->host, "sgx-quote");
    if (tdx.data != NULL && sgx.data != NULL) {
        kit_fail(run, "there are two quotes, and nobody knows which one counts");
        return slice(NULL, 0);
    }
    if (tdx.data != NULL || sgx.data != NULL) {
        return tdx.data != NULL ? tdx : sgx;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(unread); i++) {
        if (kit_host_part(&tee->host, unread[i]).data != NULL) {
            kit_skip(run, "this version has no reader for %s, so nobody compares its report data", unread[i]);
            return slice(NULL, 0);
        }
    }
    kit_fail(run, "attest succeeds and gives no evidence (tdx-quote, sgx-quote)");
    return slice(NULL, 0);
}

static bool parse(kit_run *run, const kit_tee *tee, chaos_evidence **evidence)
{
    const chaos_slice quote = find_quote(run, tee);
    chaos_error why;
    char quoted[200];
    if (quote.data == NULL) {
        return false;
    }
    if (chaos_evidence_parse_with_log(quote, kit_host_part(&tee->host, "dstack-event-log"), evidence, &why) !=
        CHAOS_OK) {
        kit_fail(run, "%s: %s", chaos_status_name(why.status),
                 error_quote(quoted, sizeof quoted, slice_text(why.text)));
        return false;
    }
    return true;
}

KIT_RULE(rule_attest_quote)
{
    static kit_tee tee;
    chaos_evidence *evidence = NULL;
    if (attest_once(run, &tee) == CHAOS_OK) {
        (void)parse(run, &tee, &evidence);
    }
    chaos_evidence_free(evidence);
    kit_close(&tee);
}

static void check_report_data(kit_run *run, kit_tee *tee, const uint8_t wanted[64], const char *what)
{
    chaos_evidence *evidence = NULL;
    chaos_slice found = { NULL, 0 };
    char digits[80], said[200];
    const chaos_status status = kit_attest(tee, wanted);
    if (status != CHAOS_OK) {
        kit_what_it_said(tee, status, said, sizeof said);
        kit_fail(run, "with %s attest fails: %s", what, said);
        return;
    }
    if (!parse(run, tee, &evidence)) {
        return;
    }
    const dcap_quote *quote = &evidence->quote;
    if (!wire_field_get(quote_body_table(quote->body_type), quote->body, "report_data", &found) ||
        !slice_equal(found, slice(wanted, 64))) {
        kit_fail(run, "with %s the quote has %s", what, error_hex(digits, sizeof digits, found));
    }
    chaos_evidence_free(evidence);
}

KIT_RULE(rule_attest_report_data)
{
    static kit_tee tee;
    uint8_t report_data[64];
    if (!kit_must_open(run, &tee)) {
        return;
    }
    for (unsigned i = 0; i < 2 && !kit_has_failed(run); i++) {
        some_report_data(i, report_data);
        check_report_data(run, &tee, report_data, i == 0 ? "some report data" : "other report data");
    }
    memset(report_data, 0, sizeof report_data);
    check_report_data(run, &tee, report_data, "report data that are all zero");
    memset(report_data, 0xff, sizeof report_data);
    check_report_data(run, &tee, report_data, "report data that are all ones");
    kit_close(&tee);
}

KIT_RULE(rule_attest_log)
{
    static kit_tee tee;
    chaos_evidence *evidence = NULL;
    chaos_error why;
    char quoted[200];
    if (attest_once(run, &tee) == CHAOS_OK && parse(run, &tee, &evidence)) {
        if (kit_host_part(&tee.host, "dstack-event-log").data == NULL) {
            kit_not_applicable(run, "it gives no event log");
        } else if (self_check(evidence, &why) != CHAOS_OK) {
            kit_fail(run, "%s: %s", chaos_status_name(why.status),
                     error_quote(quoted, sizeof quoted, slice_text(why.text)));
        }
    }
    chaos_evidence_free(evidence);
    kit_close(&tee);
}

/* ------------------------------------------------------------------ methods ---- */

static bool is_json(chaos_slice text)
{
    json j;
    if (text.data == NULL) {
        return false;
    }
    json_begin(&j, text, CHAOS_E_JSON);
    json_skip(&j, "value", NULL);
    json_end(&j);
    return json_ok(&j);
}

KIT_RULE(rule_invoke)
{
    static const char *const refused[] = { "NoSuchMethod", "GetKey", "Sign" };
    static const char *const usual[] = { "Version", "Info" };
    static kit_tee tee;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    if (!PLUGIN_HAS(run->plugin, invoke)) {
        kit_not_applicable(run, "it has no methods of its own");
        kit_close(&tee);
        return;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(usual); i++) {
        if (kit_invoke(&tee, usual[i], "{}") == CHAOS_OK && !is_json(kit_host_part(&tee.host, "reply"))) {
            kit_fail(run, "%s gives a reply that is not JSON, or none", usual[i]);
        }
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(refused); i++) {
        (void)kit_failed_well(&tee, refused[i], kit_invoke(&tee, refused[i], "{}"));
    }
    kit_close(&tee);
}
