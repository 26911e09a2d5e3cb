/* verdict_json.c - the verdict as JSON "chaoschain/verdict/1" (data/schemas/verdict.schema.json). */
#include "appraise/internal.h"

#define VERDICT_SCHEMA "chaoschain/verdict/1"

/* --------------------------------------------------------------- claims ---- */

/* The members come from tables and from structs and have to be written in the order of their names, so they
 * are gathered first. */
typedef enum claim_kind {
    CLAIM_HEX,
    CLAIM_NUMBER,
    CLAIM_TEXT,
    CLAIM_TIME,
    CLAIM_FLAG,
    CLAIM_NUMBERS,
    CLAIM_RTMRS
} claim_kind;

typedef struct claim {
    const char *name;
    claim_kind kind;
    chaos_slice bytes;
    uint64_t number;
    const char *text;
} claim;

enum {
    MAX_CLAIM_MEMBERS = 96
};

typedef struct claim_list {
    size_t count;
    bool overflow;
    claim members[MAX_CLAIM_MEMBERS];
} claim_list;

static void add(claim_list *list, claim member)
{
    if (list->count == MAX_CLAIM_MEMBERS) {
        list->overflow = true;
        return;
    }
    size_t place = list->count++;
    while (place > 0 && strcmp(list->members[place - 1].name, member.name) > 0) {
        list->members[place] = list->members[place - 1];
        place--;
    }
    list->members[place] = member;
}

static void add_hex(claim_list *list, const char *name, chaos_slice bytes)
{
    add(list, (claim){ .name = name, .kind = CLAIM_HEX, .bytes = bytes });
}

static void add_number(claim_list *list, const char *name, uint64_t number)
{
    add(list, (claim){ .name = name, .kind = CLAIM_NUMBER, .number = number });
}

static void add_numbers(claim_list *list, const char *name, chaos_slice bytes)
{
    add(list, (claim){ .name = name, .kind = CLAIM_NUMBERS, .bytes = bytes });
}

static void add_text(claim_list *list, const char *name, const char *text)
{
    add(list, (claim){ .name = name, .kind = CLAIM_TEXT, .text = text });
}

static void add_time(claim_list *list, const char *name, int64_t seconds)
{
    add(list, (claim){ .name = name, .kind = CLAIM_TIME, .number = (uint64_t)seconds });
}

static void add_flag(claim_list *list, const char *name, bool value)
{
    add(list, (claim){ .name = name, .kind = CLAIM_FLAG, .number = value });
}

static void add_field(claim_list *list, const wire_field *field, chaos_slice bytes)
{
    switch (field->kind) {
    case FIELD_U8:
        add_number(list, field->name, bytes.data[0]);
        break;
    case FIELD_U16:
        add_number(list, field->name, load_u16le(bytes.data));
        break;
    case FIELD_U32:
        add_number(list, field->name, load_u32le(bytes.data));
        break;
    case FIELD_U64: /* may not fit a JSON number */
    case FIELD_HEX:
        add_hex(list, field->name, bytes);
        break;
    }
}

/* Reserved bytes say nothing, and the four RTMRs stand in one array. */
static bool is_shown(const wire_field *field)
{
    return strncmp(field->name, "reserved", 8) != 0 && strncmp(field->name, "rtmr", 4) != 0;
}

static void add_body(claim_list *list, const chaos_claims *claims)
{
    const wire_table *table = quote_body_table(claims->body_type);
    chaos_slice rtmr0 = body_field_of(claims, "rtmr0");

    for (size_t i = 0; table != NULL && table->size == claims->body_size && i < table->count; i++) {
        const wire_field *field = &table->fields[i];
        if (is_shown(field)) {
            add_field(list, field, slice(claims->body + field->offset, field->size));
        }
    }
    if (rtmr0.size > 0) {
        add(list, (claim){ .name = "rtmr", .kind = CLAIM_RTMRS });
    }
}

static void add_quote(claim_list *list, const chaos_claims *claims)
{
    static const char *const names[][2] = {
        { "isv_svn", "qe_isvsvn" },
        { "isv_prod_id", "qe_isvprodid" },
        { "mr_signer", "qe_mrsigner" },
    };
    const wire_table *table = sgx_report_table();
    chaos_slice value;

    add_number(list, "version", claims->version);
    add_number(list, "cert_data_type", claims->cert_data_type);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        if (!wire_field_get(table, slice(claims->qe_report, sizeof claims->qe_report), names[i][0], &value)) {
            continue;
        }
        if (value.size == sizeof(uint16_t)) {
            add_number(list, names[i][1], load_u16le(value.data));
        } else {
            add_hex(list, names[i][1], value);
        }
    }
}

static void add_pck(claim_list *list, const chaos_claims *claims)
{
    const pck_extension *pck = &claims->pck;

    add_hex(list, "fmspc", slice(pck->fmspc, sizeof pck->fmspc));
    add_hex(list, "pceid", slice(pck->pce_id, sizeof pck->pce_id));
    add_hex(list, "ppid", slice(pck->ppid, sizeof pck->ppid));
    add_numbers(list, "tcb_components", slice(pck->components, sizeof pck->components));
    add_number(list, "pcesvn", pck->pce_svn);
    add_hex(list, "cpusvn_ext", slice(pck->cpu_svn, sizeof pck->cpu_svn));
    add_number(list, "sgx_type", pck->sgx_type);
    add_text(list, "pck_ca", claims->platform_ca ? "platform" : "processor");
    add_time(list, "pck_not_before", claims->pck_not_before);
    add_time(list, "pck_not_after", claims->pck_not_after);
    if (pck->has_platform_instance_id) {
        add_hex(list, "platform_instance_id",
                slice(pck->platform_instance_id, sizeof pck->platform_instance_id));
    }
    if (pck->has_configuration) {
        add_flag(list, "dynamic_platform", pck->dynamic_platform);
        add_flag(list, "cached_keys", pck->cached_keys);
        add_flag(list, "smt_enabled", pck->smt_enabled);
    }
}

static void add_collateral(claim_list *list, const chaos_claims *claims)
{
    add_number(list, "tcb_evaluation_number", claims->tcb_evaluation_number);
    add_number(list, "qe_evaluation_number", claims->qe_evaluation_number);
    add_time(list, "earliest_issue", claims->earliest_issue);
    add_time(list, "latest_issue", claims->latest_issue);
    add_time(list, "earliest_expiration", claims->earliest_expiration);
    add_time(list, "collateral_expiration", claims->collateral_expiration);
}

static void gather(claim_list *list, const chaos_claims *claims)
{
    if (!claims->has_quote) {
        return;
    }
    add_flag(list, "authentic", claims->verified);
    add_quote(list, claims);
    add_body(list, claims);
    if (claims->has_anchor) {
        add_hex(list, "root_key_id", slice(claims->root_key_id.bytes, sizeof claims->root_key_id.bytes));
    }
    if (claims->has_pck) {
        add_pck(list, claims);
    }
    if (claims->has_collateral) {
        add_collateral(list, claims);
    }
    if (claims->has_event_log) {
        add_number(list, "event_count", claims->event_count);
    }
}

static void write_rtmrs(json_writer *w, const chaos_claims *claims)
{
    static const char *const names[RTMR_COUNT] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    for (size_t i = 0; i < RTMR_COUNT; i++) {
        json_write_hex(w, NULL, body_field_of(claims, names[i]));
    }
}

static void write_claim(json_writer *w, const claim *member, const chaos_claims *claims)
{
    switch (member->kind) {
    case CLAIM_HEX:
        json_write_hex(w, member->name, member->bytes);
        break;
    case CLAIM_NUMBER:
        json_write_unsigned(w, member->name, member->number);
        break;
    case CLAIM_TEXT:
        json_write_text(w, member->name, member->text);
        break;
    case CLAIM_TIME:
        json_write_time(w, member->name, (int64_t)member->number);
        break;
    case CLAIM_FLAG:
        json_write_boolean(w, member->name, member->number != 0);
        break;
    case CLAIM_NUMBERS:
        json_write_array(w, member->name);
        for (size_t i = 0; i < member->bytes.size; i++) {
            json_write_unsigned(w, NULL, member->bytes.data[i]);
        }
        json_write_array_end(w);
        break;
    case CLAIM_RTMRS:
        json_write_array(w, member->name);
        write_rtmrs(w, claims);
        json_write_array_end(w);
        break;
    }
}

static void write_claims(json_writer *w, const chaos_claims *claims)
{
    claim_list list = { .count = 0 };

    gather(&list, claims);
    if (list.overflow && w->status == CHAOS_OK) {
        w->status = CHAOS_E_LIMIT;
    }
    json_write_object(w, "claims");
    for (size_t i = 0; i < list.count; i++) {
        write_claim(w, &list.members[i], claims);
    }
    json_write_object_end(w);
}

/* ------------------------------------------------------------------ tcb ---- */

static void write_status(json_writer *w, const char *key, chaos_tcb_status status)
{
    json_write_text(w, key, status == CHAOS_TCB_UNKNOWN ? NULL : chaos_tcb_status_name(status));
}

static void write_advisories(json_writer *w, const tcb_verdict *tcb)
{
    json_write_array(w, "advisory_ids");
    for (size_t i = 0; i < tcb->advisory_count && i < MAX_CLAIM_ADVISORIES; i++) {
        json_write_bytes_as_text(w, NULL,
                                 slice(tcb->advisories[i], strnlen(tcb->advisories[i], MAX_ADVISORY_ID)));
    }
    json_write_array_end(w);
}

/* The members after these, in order: qe, status, tcb_date. */
static void write_tcb_tail(json_writer *w, const tcb_verdict *tcb)
{
    write_status(w, "qe", tcb->qe);
    write_status(w, "status", tcb->status);
    if (tcb->status == CHAOS_TCB_UNKNOWN) {
        json_write_null(w, "tcb_date");
    } else {
        json_write_time(w, "tcb_date", tcb->tcb_date);
    }
}

static void write_current(json_writer *w, const chaos_claims *claims)
{
    if (!claims->has_current) {
        json_write_null(w, "current");
        return;
    }
    json_write_object(w, "current");
    write_advisories(w, &claims->current);
    write_status(w, "module", claims->current.module);
    write_status(w, "platform", claims->current.platform);
    write_tcb_tail(w, &claims->current);
    json_write_object_end(w);
}

static void write_tcb(json_writer *w, const chaos_claims *claims)
{
    if (!claims->has_tcb) {
        json_write_null(w, "tcb");
        return;
    }
    json_write_object(w, "tcb");
    write_advisories(w, &claims->tcb);
    write_current(w, claims);
    if (claims->has_collateral) {
        json_write_unsigned(w, "evaluation_data_number", evaluation_number_of(claims));
    } else {
        json_write_null(w, "evaluation_data_number");
    }
    write_status(w, "module", claims->tcb.module);
    write_status(w, "platform", claims->tcb.platform);
    write_tcb_tail(w, &claims->tcb);
    json_write_object_end(w);
}

/* --------------------------------------------------------------- checks ---- */

static const char *const result_names[] = {
    [CHECK_UNREACHED] = "unreached",
    [CHECK_PASSED] = "pass",
    [CHECK_WARNED] = "warn",
    [CHECK_FAILED] = "fail",
    [CHECK_NOT_CHECKED] = "not-checked",
};

static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void write_checks(json_writer *w, const check_run *run)
{
    json_write_array(w, "checks");
    for (size_t id = 0; id < CHECK_COUNT; id++) {
        const check_row *row = &run->rows[id];
        if (row->result == CHECK_UNREACHED) {
            continue;
        }
        json_write_object(w, NULL);
        if (row->code != CHAOS_OK) {
            json_write_text(w, "code", chaos_status_name(row->code));
        }
        json_write_text(w, "expected", text_or_null(row->expected));
        json_write_text(w, "found", text_or_null(row->found));
        json_write_text(w, "name", check_names[id]);
        json_write_text(w, "result", result_names[row->result]);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_error(json_writer *w, const chaos_error *error)
{
    if (error == NULL) {
        json_write_null(w, "error");
        return;
    }
    json_write_object(w, "error");
    json_write_text(w, "code", chaos_status_name(error->status));
    json_write_text(w, "expected", text_or_null(error->expected));
    json_write_text(w, "field", error->field);
    json_write_text(w, "found", text_or_null(error->found));
    if (error->offset == CHAOS_NO_OFFSET) {
        json_write_null(w, "offset");
    } else {
        json_write_unsigned(w, "offset", error->offset);
    }
    json_write_text(w, "stage", chaos_status_stage(error->status));
    json_write_text(w, "text", error->text);
    json_write_object_end(w);
}

/* ------------------------------------------------------------------ all ---- */

static void write_verified(json_writer *w, chaos_verified verified)
{
    if (verified == CHAOS_VERIFIED_UNKNOWN) {
        json_write_null(w, "verified");
    } else {
        json_write_boolean(w, "verified", verified == CHAOS_VERIFIED_TRUE);
    }
}

static void write_verdict(json_writer *w, const chaos_verdict *verdict)
{
    const chaos_claims *claims = &verdict->claims;

    json_write_object(w, NULL);
    json_write_text(w, "anchor", claims->has_anchor ? chaos_anchor_name(claims->anchor) : NULL);
    write_checks(w, &claims->run);
    write_claims(w, claims);
    write_error(w, chaos_verdict_error(verdict));
    json_write_time(w, "now", verdict->now);
    if (verdict->has_policy_hash) {
        json_write_0x(w, "policy_hash", slice(verdict->policy_hash.bytes, sizeof verdict->policy_hash.bytes));
    } else {
        json_write_null(w, "policy_hash");
    }
    json_write_text(w, "schema", VERDICT_SCHEMA);
    json_write_text(w, "scope", VERDICT_SCOPE);
    write_tcb(w, claims);
    json_write_text(w, "tee", claims->has_quote ? tee_name_of(claims->tee) : NULL);
    json_write_text(w, "tier", chaos_tier_name(verdict->tier));
    write_verified(w, verdict->verified);
    json_write_object_end(w);
}

chaos_status chaos_verdict_write_json(const chaos_verdict *verdict, chaos_buffer *out, chaos_error *err)
{
    if (verdict == NULL || out == NULL) {
        return error_set(err, CHAOS_E_USAGE, verdict == NULL ? "verdict" : "json", CHAOS_NO_OFFSET, NULL);
    }
    size_t before = out->size;
    json_writer w = json_writer_begin(out);
    write_verdict(&w, verdict);
    chaos_status status = json_writer_status(&w);
    if (status != CHAOS_OK) {
        out->size = before;
        if (out->data != NULL) {
            out->data[before] = 0;
        }
        return error_set(err, status, "json", CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}
