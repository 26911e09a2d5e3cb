/* floor.c - the newest collateral that was seen, so that nobody can go back behind it. */
#include "verify/verify.h"

#define SCHEMA "chaoschain/collateral-floor/1"
#define MAX_ENTRIES 4096u

struct chaos_floor {
    size_t count, capacity;
    chaos_collateral_facts *entries;
};

chaos_status chaos_floor_new(chaos_floor **floor, chaos_error *err)
{
    chaos_floor *made;

    if (floor == NULL) {
        return error_set(err, CHAOS_E_USAGE, "floor", CHAOS_NO_OFFSET, NULL);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "floor", CHAOS_NO_OFFSET, NULL);
    }
    *floor = made;
    return CHAOS_OK;
}

void chaos_floor_free(chaos_floor *floor)
{
    if (floor != NULL) {
        free(floor->entries);
        free(floor);
    }
}

/* ----------------------------------------------------------------- values ---- */

static bool is_of(const chaos_collateral_facts *entry, chaos_tee_kind tee, const uint8_t fmspc[6], bool platform_ca)
{
    return entry->tee == tee && entry->platform_ca == platform_ca &&
           memcmp(entry->fmspc, fmspc, sizeof entry->fmspc) == 0;
}

const chaos_collateral_facts *floor_find(const chaos_floor *floor, chaos_tee_kind tee, const uint8_t fmspc[6],
                                         bool platform_ca)
{
    for (size_t i = 0; floor != NULL && i < floor->count; i++) {
        if (is_of(&floor->entries[i], tee, fmspc, platform_ca)) {
            return &floor->entries[i];
        }
    }
    return NULL;
}

void floor_values(const chaos_collateral_facts *floor, const chaos_collateral_facts *found,
                  floor_value out[FLOOR_VALUES])
{
    const floor_value values[FLOOR_VALUES] = {
        { "tcb_evaluation_number", false, floor->tcb_evaluation_number, found->tcb_evaluation_number },
        { "qe_evaluation_number", false, floor->qe_evaluation_number, found->qe_evaluation_number },
        { "tcb_info_issued", true, floor->tcb_info_issued, found->tcb_info_issued },
        { "qe_identity_issued", true, floor->qe_identity_issued, found->qe_identity_issued },
        { "root_ca_crl_issued", true, floor->root_ca_crl_issued, found->root_ca_crl_issued },
        { "pck_crl_issued", true, floor->pck_crl_issued, found->pck_crl_issued },
    };

    memcpy(out, values, sizeof values);
}

chaos_status chaos_floor_check(const chaos_floor *floor, const chaos_collateral_facts *facts, chaos_error *err)
{
    const chaos_collateral_facts *entry;
    floor_value values[FLOOR_VALUES];
    char text[2][TIME_TEXT_SIZE];

    if (floor == NULL || facts == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "floor and facts may not be NULL");
    }
    entry = floor_find(floor, facts->tee, facts->fmspc, facts->platform_ca);
    if (entry == NULL) {
        return CHAOS_OK;
    }
    floor_values(entry, facts, values);
    for (size_t i = 0; i < FLOOR_VALUES; i++) {
        const floor_value *v = &values[i];

        if (v->found >= v->floor) {
            continue;
        }
        (void)error_set(err, CHAOS_E_COLLATERAL_ROLLBACK, v->name, CHAOS_NO_OFFSET, NULL);
        if (v->is_time) {
            error_expected(err, "%s or later", time_format(v->floor, text[0]));
            error_found(err, "%s", time_format(v->found, text[1]));
        } else {
            error_expected(err, "%lld or more", (long long)v->floor);
            error_found(err, "%lld", (long long)v->found);
        }
        return CHAOS_E_COLLATERAL_ROLLBACK;
    }
    return CHAOS_OK;
}

static void raise_time(int64_t *value, int64_t other)
{
    *value = other > *value ? other : *value;
}

static void raise_number(uint32_t *value, uint32_t other)
{
    *value = other > *value ? other : *value;
}

static chaos_status add_entry(chaos_floor *floor, const chaos_collateral_facts *facts, chaos_error *err)
{
    if (floor->count == MAX_ENTRIES) {
        return error_set(err, CHAOS_E_LIMIT, "floor", CHAOS_NO_OFFSET, "more than %u platforms", MAX_ENTRIES);
    }
    if (floor->count == floor->capacity) {
        size_t capacity = floor->capacity == 0 ? 8 : 2 * floor->capacity;
        chaos_collateral_facts *entries = realloc(floor->entries, capacity * sizeof *entries);

        if (entries == NULL) {
            return error_set(err, CHAOS_E_MEMORY, "floor", CHAOS_NO_OFFSET, NULL);
        }
        floor->entries = entries;
        floor->capacity = capacity;
    }
    floor->entries[floor->count++] = *facts;
    return CHAOS_OK;
}

chaos_status chaos_floor_raise(chaos_floor *floor, const chaos_collateral_facts *facts, chaos_error *err)
{
    if (floor == NULL || facts == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "floor and facts may not be NULL");
    }
    for (size_t i = 0; i < floor->count; i++) {
        chaos_collateral_facts *entry = &floor->entries[i];

        if (is_of(entry, facts->tee, facts->fmspc, facts->platform_ca)) {
            raise_number(&entry->tcb_evaluation_number, facts->tcb_evaluation_number);
            raise_number(&entry->qe_evaluation_number, facts->qe_evaluation_number);
            raise_time(&entry->tcb_info_issued, facts->tcb_info_issued);
            raise_time(&entry->qe_identity_issued, facts->qe_identity_issued);
            raise_time(&entry->root_ca_crl_issued, facts->root_ca_crl_issued);
            raise_time(&entry->pck_crl_issued, facts->pck_crl_issued);
            return CHAOS_OK;
        }
    }
    return add_entry(floor, facts, err);
}

/* ------------------------------------------------------------------- JSON ---- */

static const char *const members[] = { "fmspc", "pck_ca", "pck_crl_issued", "qe_evaluation_number",
                                       "qe_identity_issued", "root_ca_crl_issued", "tcb_evaluation_number",
                                       "tcb_info_issued", "tee" };
enum {
    MEMBERS = CHAOS_ARRAY_SIZE(members)
};

static int64_t read_time(json *j, const char *field)
{
    int64_t seconds = 0;

    if (!time_parse(json_plain_string(j, field), &seconds) && json_ok(j)) {
        json_bad(j, "not a time YYYY-MM-DDTHH:MM:SSZ");
    }
    return seconds;
}

/* The one of two words; `first` is true for the first. */
static bool read_word(json *j, const char *field, const char *first, const char *second)
{
    chaos_slice word = json_plain_string(j, field);

    if (json_ok(j) && !slice_is(word, first) && !slice_is(word, second)) {
        json_bad(j, "another word is expected");
    }
    return slice_is(word, first);
}

static void read_member(json *j, size_t member, chaos_collateral_facts *out)
{
    switch (member) {
    case 0:
        json_hex(j, members[0], out->fmspc, sizeof out->fmspc);
        break;
    case 1:
        out->platform_ca = read_word(j, members[1], "platform", "processor");
        break;
    case 2:
        out->pck_crl_issued = read_time(j, members[2]);
        break;
    case 3:
        out->qe_evaluation_number = (uint32_t)json_unsigned(j, members[3], UINT32_MAX);
        break;
    case 4:
        out->qe_identity_issued = read_time(j, members[4]);
        break;
    case 5:
        out->root_ca_crl_issued = read_time(j, members[5]);
        break;
    case 6:
        out->tcb_evaluation_number = (uint32_t)json_unsigned(j, members[6], UINT32_MAX);
        break;
    case 7:
        out->tcb_info_issued = read_time(j, members[7]);
        break;
    case 8:
        out->tee = read_word(j, members[8], "tdx", "sgx") ? CHAOS_TEE_TDX : CHAOS_TEE_SGX;
        break;
    default:
        json_skip(j, "unknown member", NULL);
        json_bad(j, "there is no member of this name");
        break;
    }
}

static void read_entry(json *j, chaos_collateral_facts *out)
{
    bool seen[MEMBERS + 1] = { false };
    chaos_slice key;

    json_enter_object(j, "floors");
    while (json_key(j, &key)) {
        size_t member = 0;

        while (member < MEMBERS && !slice_is(key, members[member])) {
            member++;
        }
        read_member(j, member, out);
        seen[member] = true;
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        json_require(j, seen[i], members[i]);
    }
}

static chaos_status read_entries(json *j, chaos_floor *floor, chaos_error *err)
{
    json_enter_array(j, "floors");
    while (json_element(j)) {
        chaos_collateral_facts entry = { 0 };

        read_entry(j, &entry);
        if (json_ok(j)) {
            CHAOS_TRY(chaos_floor_raise(floor, &entry, err));
        }
    }
    return CHAOS_OK;
}

static chaos_status read_floor(json *j, chaos_floor *floor, chaos_error *err)
{
    bool has_schema = false, has_floors = false;
    chaos_slice key;

    json_enter_object(j, "floor");
    while (json_key(j, &key)) {
        if (slice_is(key, "schema")) {
            has_schema = slice_is(json_plain_string(j, "schema"), SCHEMA);
        } else if (slice_is(key, "floors")) {
            CHAOS_TRY(read_entries(j, floor, err));
            has_floors = true;
        } else {
            json_skip(j, "unknown member", NULL);
            json_bad(j, "there is no member of this name");
        }
    }
    json_end(j);
    json_require(j, has_schema, "schema");
    json_require(j, has_floors, "floors");
    return CHAOS_OK;
}

/* COLLATERAL_FORMAT, and in words that do not send people to the collateral file. */
static chaos_status floor_fault(const fault *why, chaos_error *err)
{
    return error_set(err, why->status, why->field, why->offset, "the floor file is malformed: %s",
                     why->reason == NULL ? "it does not follow its format" : why->reason);
}

chaos_status chaos_floor_parse(chaos_slice text, chaos_floor **floor, chaos_error *err)
{
    chaos_floor *made = NULL;
    chaos_status status;
    json j;

    if (floor == NULL || text.data == NULL) {
        return error_set(err, CHAOS_E_USAGE, "floor", CHAOS_NO_OFFSET, NULL);
    }
    if (text.size > CHAOS_MAX_FLOOR) {
        return error_set(err, CHAOS_E_COLLATERAL_FORMAT, "floor", CHAOS_MAX_FLOOR, "the floor file is too large");
    }
    CHAOS_TRY(chaos_floor_new(&made, err));
    json_begin(&j, text, CHAOS_E_COLLATERAL_FORMAT);
    status = read_floor(&j, made, err);
    if (status == CHAOS_OK && !json_ok(&j)) {
        status = floor_fault(&j.r.why, err);
    }
    if (status != CHAOS_OK) {
        chaos_floor_free(made);
        return status;
    }
    *floor = made;
    return CHAOS_OK;
}

static void write_entry(json_writer *w, const chaos_collateral_facts *entry)
{
    json_write_object(w, NULL);
    json_write_hex(w, "fmspc", slice(entry->fmspc, sizeof entry->fmspc));
    json_write_text(w, "pck_ca", entry->platform_ca ? "platform" : "processor");
    json_write_time(w, "pck_crl_issued", entry->pck_crl_issued);
    json_write_unsigned(w, "qe_evaluation_number", entry->qe_evaluation_number);
    json_write_time(w, "qe_identity_issued", entry->qe_identity_issued);
    json_write_time(w, "root_ca_crl_issued", entry->root_ca_crl_issued);
    json_write_unsigned(w, "tcb_evaluation_number", entry->tcb_evaluation_number);
    json_write_time(w, "tcb_info_issued", entry->tcb_info_issued);
    json_write_text(w, "tee", entry->tee == CHAOS_TEE_TDX ? "tdx" : "sgx");
    json_write_object_end(w);
}

chaos_status chaos_floor_write(const chaos_floor *floor, chaos_buffer *out, chaos_error *err)
{
    size_t before;
    json_writer w;

    if (floor == NULL || out == NULL) {
        return error_set(err, CHAOS_E_USAGE, "floor", CHAOS_NO_OFFSET, NULL);
    }
    before = out->size;
    w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_array(&w, "floors");
    for (size_t i = 0; i < floor->count; i++) {
        write_entry(&w, &floor->entries[i]);
    }
    json_write_array_end(&w);
    json_write_text(&w, "schema", SCHEMA);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        out->size = before;
        return error_set(err, json_writer_status(&w), "floor", CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}
