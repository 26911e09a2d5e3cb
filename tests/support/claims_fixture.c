/* claims_fixture.c - see claims_fixture.h. */
#include "tests/support/claims_fixture.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

uint8_t *fixture_field(chaos_claims *claims, const char *name)
{
    const wire_table *table = quote_body_table(claims->body_type);
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->fields[i].name, name) == 0) {
            return claims->body + table->fields[i].offset;
        }
    }
    fail_msg("no field %s", name);
    return NULL;
}

static void fill(chaos_claims *claims, const char *name, uint8_t byte, size_t size)
{
    memset(fixture_field(claims, name), byte, size);
}

static void fill_td(chaos_claims *claims)
{
    static const uint8_t svn[] = { 5, 1, 7 };
    static const uint8_t attributes[8] = { 0, 0, 0, 0x10 }; /* SEPT_VE_DISABLE */
    static const uint8_t xfam[8] = { 0xe7, 0x1a, 0x06 };

    memcpy(fixture_field(claims, "tee_tcb_svn"), svn, sizeof svn);
    memcpy(fixture_field(claims, "td_attributes"), attributes, sizeof attributes);
    memcpy(fixture_field(claims, "xfam"), xfam, sizeof xfam);
    fill(claims, "mr_seam", 0x11, 48);
    fill(claims, "mr_td", 0x22, 48);
    fill(claims, "mr_config_id", 0x33, 48);
    fill(claims, "mr_owner", 0x44, 48);
    fill(claims, "mr_owner_config", 0x55, 48);
    fill(claims, "rtmr0", 0xa0, 48);
    fill(claims, "rtmr1", 0xa1, 48);
    fill(claims, "rtmr2", 0xa2, 48);
    fill(claims, "rtmr3", 0xa3, 48);
    if (claims->body_type != BODY_TD_10) {
        memcpy(fixture_field(claims, "tee_tcb_svn_2"), svn, sizeof svn);
        claims->has_current = true;
        claims->current = claims->tcb;
    }
}

static void fill_enclave(chaos_claims *claims)
{
    static const uint8_t attributes[16] = { 0x05, [8] = 0x07 }; /* INIT, MODE64BIT */

    memcpy(fixture_field(claims, "attributes"), attributes, sizeof attributes);
    fill(claims, "mr_enclave", 0x66, 32);
    fill(claims, "mr_signer", 0x77, 32);
    fixture_field(claims, "isv_prod_id")[1] = 0x01; /* 256 */
    fixture_field(claims, "isv_svn")[0] = 9;
}

static void fill_platform(chaos_claims *claims)
{
    static const uint8_t fmspc[6] = { 0x50, 0x80, 0x6f };

    claims->has_anchor = true;
    claims->anchor = CHAOS_ANCHOR_VENDOR;
    claims->has_pck = true;
    memcpy(claims->pck.fmspc, fmspc, sizeof fmspc);
    memset(claims->pck.ppid, 0x88, sizeof claims->pck.ppid);
    memset(claims->pck.components, 3, sizeof claims->pck.components);
    claims->pck.pce_svn = 11;
    claims->platform_ca = true;
    claims->pck_not_before = FIXTURE_NOW - 1000 * FIXTURE_DAY;
    claims->pck_not_after = FIXTURE_NOW + 1000 * FIXTURE_DAY;
    claims->has_collateral = true;
    claims->tcb_evaluation_number = 18;
    claims->qe_evaluation_number = 17;
    claims->earliest_issue = FIXTURE_NOW - 2000 * FIXTURE_DAY;
    claims->latest_issue = FIXTURE_NOW - 3 * FIXTURE_DAY;
    claims->earliest_expiration = FIXTURE_NOW + 20 * FIXTURE_DAY;
    claims->collateral_expiration = FIXTURE_NOW + 20 * FIXTURE_DAY;
}

void fixture_claims(chaos_claims *claims, quote_body_type type)
{
    memset(claims, 0, sizeof *claims);
    check_run_init(&claims->run, false);
    claims->verified = true;
    claims->has_quote = true;
    claims->tee = type == BODY_SGX ? CHAOS_TEE_SGX : CHAOS_TEE_TDX;
    claims->version = type == BODY_SGX ? 3 : type == BODY_TD_10 ? 4
                                                                : 5;
    claims->body_type = type;
    claims->body_size = quote_body_table(type)->size;
    claims->cert_data_type = CERT_PCK_CHAIN;
    claims->has_tcb = true;
    claims->tcb.status = CHAOS_TCB_UP_TO_DATE;
    claims->tcb.platform = CHAOS_TCB_UP_TO_DATE;
    claims->tcb.module = type == BODY_SGX ? CHAOS_TCB_UNKNOWN : CHAOS_TCB_UP_TO_DATE;
    claims->tcb.qe = CHAOS_TCB_UP_TO_DATE;
    claims->tcb.tcb_date = FIXTURE_NOW - 300 * FIXTURE_DAY;
    fill_platform(claims);
    if (type == BODY_SGX) {
        fill_enclave(claims);
    } else {
        fill_td(claims);
    }
    fill(claims, "report_data", 0x99, 64);
    for (size_t id = CHECK_QUOTE_FORMAT; id <= CHECK_TCB_LEVEL; id++) {
        check_pass(&claims->run, (check_id)id);
    }
}

void fixture_with_log(chaos_claims *claims, quote_body_type type)
{
    fixture_claims(claims, type);
    claims->has_event_log = true;
    claims->event_count = 27;
    claims->has_app_id = claims->has_compose_hash = claims->has_instance_id = claims->has_os_image_hash = true;
    memset(claims->app_id, 0xf1, sizeof claims->app_id);
    memset(claims->compose_hash, 0xf2, sizeof claims->compose_hash);
    memset(claims->instance_id, 0xf3, sizeof claims->instance_id);
    memset(claims->os_image_hash, 0xf4, sizeof claims->os_image_hash);
    memcpy(claims->key_provider, "kms", sizeof "kms");
    check_pass(&claims->run, CHECK_EVENT_LOG);
    check_pass(&claims->run, CHECK_RTMR);
    check_pass(&claims->run, CHECK_RTMR3);
}

static void fill_binding(chaos_claims *claims)
{
    chaos_binding *b = &claims->binding;

    claims->has_binding = true;
    b->stage = CHAOS_STAGE_IDENTITY;
    b->chain_id.bytes[30] = 0x7a; /* 31337 */
    b->chain_id.bytes[31] = 0x69;
    b->agent_id.bytes[31] = 42;
    memset(b->identity_registry.bytes, 0xb1, sizeof b->identity_registry.bytes);
    memset(b->identity_key.bytes, 0xc1, sizeof b->identity_key.bytes);
    memset(b->public_key_hash.bytes, 0xc1, sizeof b->public_key_hash.bytes);
    memset(b->nonce.bytes, 0xd1, sizeof b->nonce.bytes);
    b->anchor_block = 7;
    b->issued_at = FIXTURE_NOW - 3600;
    b->expires_at = FIXTURE_NOW - 3600 + FIXTURE_DAY;
    memset(claims->binding_hash.bytes, 0xb2, sizeof claims->binding_hash.bytes);
    memset(claims->evidence_hash.bytes, 0xb3, sizeof claims->evidence_hash.bytes);
    for (size_t id = CHECK_BINDING; id <= CHECK_ENDORSEMENT; id++) {
        check_pass(&claims->run, (check_id)id);
    }
}

void fixture_envelope(chaos_claims *claims, quote_body_type type)
{
    if (type == BODY_SGX) {
        fixture_claims(claims, type);
        fill_binding(claims);
        return;
    }
    fixture_with_log(claims, type);
    fill_binding(claims);
    check_pass(&claims->run, CHECK_APP_COMPOSE);
    check_pass(&claims->run, CHECK_KMS_CHAIN);
    claims->has_kms_root = true;
    claims->kms_root[0] = 0x02;
    memset(claims->kms_root + 1, 0xe1, sizeof claims->kms_root - 1);
}

void fixture_fail(chaos_claims *claims, check_id row, chaos_status status)
{
    claims->verified = false;
    (void)check_fail(&claims->run, row, status, "a_field", v_text("this"), v_text("that"), NULL);
}
