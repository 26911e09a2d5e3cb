/* verdict_claims.c - the claims of the verdict's JSON: everything that was read, by its specification's name. */
#include "appraise/internal.h"

#include <stdio.h>

/* The members come from tables and from structs and have to be written in the order of their names, so they
 * are gathered first. */
typedef enum claim_kind {
    CLAIM_HEX,
    CLAIM_NUMBER,
    CLAIM_TEXT,
    CLAIM_TIME,
    CLAIM_FLAG,
    CLAIM_NUMBERS,
    CLAIM_RTMRS,
    CLAIM_0X,           /* bytes of Ethereum's */
    CLAIM_FOREIGN_TEXT, /* a stranger's */
    CLAIM_BINDING
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

static void add_0x(claim_list *list, const char *name, chaos_slice bytes)
{
    add(list, (claim){ .name = name, .kind = CLAIM_0X, .bytes = bytes });
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

/* What the log does not tell is left out. */
static void add_event_log(claim_list *list, const chaos_claims *claims)
{
    const struct {
        const char *name;
        bool has;
        chaos_slice bytes;
    } said[] = {
        { "app_id", claims->has_app_id, slice(claims->app_id, sizeof claims->app_id) },
        { "compose_hash", claims->has_compose_hash, slice(claims->compose_hash, sizeof claims->compose_hash) },
        { "instance_id", claims->has_instance_id, slice(claims->instance_id, sizeof claims->instance_id) },
        { "os_image_hash", claims->has_os_image_hash, slice(claims->os_image_hash, sizeof claims->os_image_hash) },
    };
    size_t provider = strnlen(claims->key_provider, sizeof claims->key_provider);

    add_number(list, "event_count", claims->event_count);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(said); i++) {
        if (said[i].has) {
            add_hex(list, said[i].name, said[i].bytes);
        }
    }
    if (provider > 0) {
        add(list, (claim){ .name = "key_provider",
                           .kind = CLAIM_FOREIGN_TEXT,
                           .bytes = slice(claims->key_provider, provider) });
    }
}

static void add_binding(claim_list *list, const chaos_claims *claims)
{
    add(list, (claim){ .name = "binding", .kind = CLAIM_BINDING });
    add_0x(list, "binding_hash", slice(claims->binding_hash.bytes, sizeof claims->binding_hash.bytes));
    add_0x(list, "evidence_hash", slice(claims->evidence_hash.bytes, sizeof claims->evidence_hash.bytes));
    if (claims->has_kms_root) {
        add_hex(list, "kms_root", slice(claims->kms_root, sizeof claims->kms_root));
    }
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
        add_event_log(list, claims);
    }
    if (claims->has_binding) {
        add_binding(list, claims);
    }
}

static void write_rtmrs(json_writer *w, const chaos_claims *claims)
{
    static const char *const names[RTMR_COUNT] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    for (size_t i = 0; i < RTMR_COUNT; i++) {
        json_write_hex(w, NULL, body_field_of(claims, names[i]));
    }
}

/* A JSON number carries 53 bits; what may be larger is a decimal string. */
static void write_u64(json_writer *w, const char *key, uint64_t number)
{
    char text[ROW_TEXT];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    json_write_text(w, key, text);
}

static void write_u256(json_writer *w, const char *key, const chaos_u256 *number)
{
    char text[U256_TEXT_SIZE];

    json_write_text(w, key, u256_text(number, text));
}

static void write_binding(json_writer *w, const char *key, const chaos_binding *b)
{
    json_write_object(w, key);
    write_u256(w, "agent_id", &b->agent_id);
    json_write_0x(w, "agent_uri_hash", slice(b->agent_uri_hash.bytes, sizeof b->agent_uri_hash.bytes));
    write_u64(w, "anchor_block", b->anchor_block);
    write_u256(w, "chain_id", &b->chain_id);
    write_u64(w, "expires_at", b->expires_at);
    json_write_0x(w, "identity_key", slice(b->identity_key.bytes, sizeof b->identity_key.bytes));
    json_write_0x(w, "identity_registry", slice(b->identity_registry.bytes, sizeof b->identity_registry.bytes));
    write_u64(w, "issued_at", b->issued_at);
    json_write_0x(w, "nonce", slice(b->nonce.bytes, sizeof b->nonce.bytes));
    json_write_0x(w, "policy_hash", slice(b->policy_hash.bytes, sizeof b->policy_hash.bytes));
    json_write_0x(w, "public_key_hash", slice(b->public_key_hash.bytes, sizeof b->public_key_hash.bytes));
    json_write_unsigned(w, "stage", b->stage);
    json_write_0x(w, "subject", slice(b->subject.bytes, sizeof b->subject.bytes));
    json_write_0x(w, "tls_spki_hash", slice(b->tls_spki_hash.bytes, sizeof b->tls_spki_hash.bytes));
    json_write_object_end(w);
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
    case CLAIM_0X:
        json_write_0x(w, member->name, member->bytes);
        break;
    case CLAIM_FOREIGN_TEXT:
        json_write_bytes_as_text(w, member->name, member->bytes);
        break;
    case CLAIM_BINDING:
        write_binding(w, member->name, &claims->binding);
        break;
    }
}

void verdict_write_claims(json_writer *w, const chaos_claims *claims)
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
