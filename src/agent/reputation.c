/* reputation.c - which feedback was given while the agent provably acted from a TEE, by the logs alone (formats 6).
 *
 * Everything that changes the answer is read as one line of moments in the order of the chain; then the line is gone
 * through once, and each feedback is judged by what stood at its place. */
#include "agent/reputation.h"
#include "agent/place_index.h"

#include <inttypes.h>
#include <stdio.h>

#define DEFAULT_MAX_AGE_S (30u * 86400u)

const char *chaos_backing_name(chaos_backing backing)
{
    switch (backing) {
    case CHAOS_BACKING_NONE:
        return "no-tee";
    case CHAOS_BACKING_TEE:
        return "tee";
    case CHAOS_BACKING_SIMULATED:
        return "simulated";
    }
    return "unknown";
}

void chaos_reputation_free(chaos_reputation *reputation)
{
    if (reputation != NULL) {
        free(reputation->rows);
        free(reputation);
    }
}

/* ---------------------------------------------------------------- judging ---- */

/* What stands at one place of the line. */
typedef struct standing {
    const reputation_line *line;
    const chaos_reputation_options *options;
    uint64_t max_age_s;
    chaos_address owner, approved;
    bool operates[REPUTATION_MAX_VALIDATORS]; /* for this owner */
    place_index operators;                    /* by owner and slot; value: is one from there on */
    size_t slots[REPUTATION_MAX_VALIDATORS];  /* the first place of the same address in the list */
    bool has_wallet, has_key, has_expires;
    chaos_address wallet, key;
    int64_t expires;
    size_t last_change; /* the moment after the last change that ends what was said before; 0: none */
    /* The latest answer of each listed validator by tag, as its moment's place and one; 0: none. */
    size_t answers[CHAOS_BACKING_COUNT][REPUTATION_MAX_VALIDATORS];
    bool of_self[CHAOS_BACKING_COUNT][REPUTATION_MAX_VALIDATORS]; /* it was owner or operator when it answered */
} standing;

static bool same_address(const chaos_address *a, const chaos_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static void say(chaos_reputation_row *row, const char *text)
{
    (void)snprintf(row->why, sizeof row->why, "%s", text);
}

/* Nobody vouches for himself: neither the owner nor who may act for the owner. */
static bool is_self(const standing *s, size_t validator)
{
    const chaos_address *address = &s->options->validators[validator];

    return s->operates[validator] || same_address(address, &s->owner) || same_address(address, &s->approved);
}

/* Do the listed validators' latest answers under this tag carry the feedback at `place`? Says why not. */
static bool answers_carry(const standing *s, chaos_backing backing, int64_t when, chaos_reputation_row *row)
{
    bool carried = false;
    bool by_self = false;

    for (size_t i = 0; i < s->options->validator_count; i++) {
        const size_t place = s->answers[backing][i];
        const moment *answer;

        if (place == 0) {
            continue;
        }
        if (s->of_self[backing][i] || is_self(s, i)) {
            by_self = true;
            continue;
        }
        answer = &s->line->moments[place - 1];
        if (answer->response != 100) {
            (void)snprintf(row->why, sizeof row->why, "a listed validator's latest answer is %u", answer->response);
            return false;
        }
        if (place > s->last_change && (uint64_t)(when - answer->time) < s->max_age_s) {
            carried = true;
            (void)snprintf(row->why, sizeof row->why, "a listed validator answered 100 in block %" PRIu64,
                           answer->block);
        }
    }
    if (!carried) {
        say(row, by_self ? "the agent's owner or operator alone has vouched for it"
                         : "no listed validator has vouched for the agent as it stood then");
    }
    return carried;
}

static chaos_backing judge(const standing *s, int64_t when, chaos_reputation_row *row)
{
    char why_not[sizeof row->why];

    if (!s->has_wallet || !s->has_key || !same_address(&s->wallet, &s->key)) {
        say(row, s->has_key ? "agentWallet was not the TEE's key" : "the agent claimed no TEE key");
        return CHAOS_BACKING_NONE;
    }
    if (!s->has_expires || when >= s->expires) {
        say(row, "the evidence had expired (tee.expires)");
        return CHAOS_BACKING_NONE;
    }
    if (answers_carry(s, CHAOS_BACKING_TEE, when, row)) {
        return CHAOS_BACKING_TEE;
    }
    memcpy(why_not, row->why, sizeof why_not);
    if (answers_carry(s, CHAOS_BACKING_SIMULATED, when, row)) {
        return CHAOS_BACKING_SIMULATED;
    }
    memcpy(row->why, why_not, sizeof why_not);
    return CHAOS_BACKING_NONE;
}

/* ---------------------------------------------------------- through the line ---- */

static void take_answer(standing *s, const moment *m, size_t place)
{
    for (size_t i = 0; m->backing != CHAOS_BACKING_NONE && i < s->options->validator_count; i++) {
        if (same_address(&s->options->validators[i], &m->address)) {
            s->answers[m->backing][i] = place;
            s->of_self[m->backing][i] = is_self(s, i);
        }
    }
}

static void take_operator(standing *s, const moment *m)
{
    for (size_t i = 0; i < s->options->validator_count && same_address(&m->owner, &s->owner); i++) {
        if (same_address(&s->options->validators[i], &m->address)) {
            s->operates[i] = m->has_value;
        }
    }
}

/* A new owner has operators from before; the approval for the agent alone ends. */
static void take_transfer(standing *s, const moment *m, size_t place)
{
    s->owner = m->address;
    s->approved = (chaos_address){ { 0 } };
    for (size_t i = 0; i < s->options->validator_count; i++) {
        size_t is_operator = 0;

        s->operates[i] = place_index_before(&s->operators, &s->owner, s->slots[i], place, &is_operator) &&
                         is_operator != 0;
    }
    s->last_change = place;
}

static void take_moment(standing *s, const moment *m, size_t place)
{
    switch (m->kind) {
    case MOMENT_TRANSFER:
        take_transfer(s, m, place);
        break;
    case MOMENT_OPERATOR:
        take_operator(s, m);
        break;
    case MOMENT_APPROVED:
        s->approved = m->address;
        break;
    case MOMENT_WALLET:
        s->has_wallet = m->has_value;
        s->wallet = m->address;
        s->last_change = place;
        break;
    case MOMENT_KEY:
        s->has_key = m->has_value;
        s->key = m->address;
        s->last_change = place;
        break;
    case MOMENT_EXPIRES:
        s->has_expires = m->has_value;
        s->expires = m->expires;
        s->last_change = place;
        break;
    case MOMENT_TEE:
        s->last_change = place;
        break;
    case MOMENT_ANSWER:
        take_answer(s, m, place);
        break;
    case MOMENT_FEEDBACK:
    case MOMENT_REVOKED:
        break;
    }
}

static void add_row(chaos_reputation *r, const standing *s, const moment *m)
{
    chaos_reputation_row *row = &r->rows[r->row_count++];

    *row = (chaos_reputation_row){ .client = m->address,
                                   .index = m->index,
                                   .block_number = m->block,
                                   .value = m->value,
                                   .decimals = m->decimals };
    memcpy(row->tag1, m->tag1, sizeof row->tag1);
    memcpy(row->tag2, m->tag2, sizeof row->tag2);
    row->backing = judge(s, m->time, row);
}

/* Every moment at which a listed validator became an operator of anybody, or ceased to be one. */
static bool index_operators(standing *s)
{
    const chaos_reputation_options *o = s->options;

    for (size_t i = 0; i < o->validator_count; i++) {
        for (s->slots[i] = 0; !same_address(&o->validators[s->slots[i]], &o->validators[i]); s->slots[i]++) {
        }
    }
    for (size_t at = 0; at < s->line->count; at++) {
        const moment *m = &s->line->moments[at];

        for (size_t i = 0; m->kind == MOMENT_OPERATOR && i < o->validator_count; i++) {
            const place_entry entry = { m->owner, i, at + 1, m->has_value ? 1 : 0 };

            if (s->slots[i] == i && same_address(&o->validators[i], &m->address) &&
                !place_index_add(&s->operators, &entry)) {
                return false;
            }
        }
    }
    place_index_sort(&s->operators);
    return true;
}

/* A revocation is of the feedback of this client and index that stands before it. */
static bool take_revocations(chaos_reputation *r, const reputation_line *line, uint64_t *work)
{
    place_index given = { .entries = NULL };
    size_t row = 0;
    bool ok = true;

    for (size_t i = 0; ok && i < line->count; i++) {
        const moment *m = &line->moments[i];

        if (m->kind == MOMENT_FEEDBACK) {
            const place_entry entry = { m->address, m->index, i + 1, row++ };
            ok = place_index_add(&given, &entry);
        }
    }
    place_index_sort(&given);
    for (size_t i = 0; ok && i < line->count; i++) {
        const moment *m = &line->moments[i];

        if (m->kind == MOMENT_REVOKED && place_index_before(&given, &m->address, m->index, i + 1, &row)) {
            r->rows[row].is_revoked = true;
        }
    }
    *work += given.compared;
    place_index_free(&given);
    return ok;
}

bool reputation_go_through(chaos_reputation *r, const chaos_reputation_options *options, const reputation_line *line,
                           uint64_t *work)
{
    standing s = { .line = line,
                   .options = options,
                   .max_age_s = options->max_age_s == 0 ? DEFAULT_MAX_AGE_S : options->max_age_s };
    bool ok = index_operators(&s);

    for (size_t i = 0; ok && i < line->count; i++) {
        const moment *m = &line->moments[i];

        take_moment(&s, m, i + 1);
        if (m->kind == MOMENT_FEEDBACK) {
            add_row(r, &s, m);
        }
    }
    *work = s.operators.compared;
    place_index_free(&s.operators);
    return ok && take_revocations(r, line, work);
}

/* ------------------------------------------------------------------ calls ---- */

static chaos_status check_options(const chaos_reputation_options *options, chaos_error *err)
{
    if (options == NULL || options->size != sizeof *options || options->registries == NULL) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET,
                         "begin with CHAOS_REPUTATION_OPTIONS_INIT; registries are needed");
    }
    if (options->validator_count > REPUTATION_MAX_VALIDATORS || options->client_count > REPUTATION_MAX_CLIENTS) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "at most %d validators and %d clients",
                         REPUTATION_MAX_VALIDATORS, REPUTATION_MAX_CLIENTS);
    }
    return CHAOS_OK;
}

static chaos_status make(const chaos_reputation_options *options, const reputation_line *line,
                         chaos_reputation **reputation, chaos_error *err)
{
    chaos_reputation *made = calloc(1, sizeof *made);
    uint64_t work;

    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->rows = calloc(line->feedback_count + 1, sizeof *made->rows);
    if (made->rows == NULL) {
        chaos_reputation_free(made);
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->agent_id = options->agent_id;
    made->chain_id = chaos_registries_chain_id(options->registries);
    made->registry = chaos_registries_address(options->registries, CHAOS_REGISTRY_IDENTITY);
    made->last_block = line->last_block;
    if (!reputation_go_through(made, options, line, &work)) {
        chaos_reputation_free(made);
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    *reputation = made;
    return CHAOS_OK;
}

chaos_status chaos_reputation_read(const chaos_reputation_options *options, chaos_reputation **reputation,
                                   chaos_error *err)
{
    reputation_line line = { .moments = NULL };
    chaos_status status;

    CHAOS_TRY(check_options(options, err));
    if (reputation == NULL) {
        return error_set(err, CHAOS_E_USAGE, "reputation", CHAOS_NO_OFFSET, NULL);
    }
    status = reputation_line_read(options, &line, err);
    if (status == CHAOS_OK) {
        status = make(options, &line, reputation, err);
    }
    free(line.moments);
    return status;
}

chaos_status chaos_reputation_summary(const chaos_reputation *reputation, chaos_backing backing,
                                      chaos_feedback_summary *summary, chaos_error *err)
{
    feedback_mean mean = feedback_mean_begin();

    if (reputation == NULL || summary == NULL || (unsigned)backing >= CHAOS_BACKING_COUNT) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "reputation, a backing and a summary are needed");
    }
    for (size_t i = 0; i < reputation->row_count; i++) {
        const chaos_reputation_row *row = &reputation->rows[i];
        if (row->backing == backing && !row->is_revoked) {
            feedback_mean_add(&mean, &row->value, row->decimals);
        }
    }
    return feedback_mean_end(&mean, summary, err);
}

uint64_t chaos_reputation_block(const chaos_reputation *reputation)
{
    return reputation->last_block;
}

size_t chaos_reputation_row_count(const chaos_reputation *reputation)
{
    return reputation->row_count;
}

const chaos_reputation_row *chaos_reputation_row_at(const chaos_reputation *reputation, size_t index)
{
    return index < reputation->row_count ? &reputation->rows[index] : NULL;
}

/* ------------------------------------------------------------------- JSON ---- */

static chaos_status write_totals(const chaos_reputation *reputation, json_writer *w, chaos_error *err)
{
    static const chaos_backing by_name[] = { CHAOS_BACKING_NONE, CHAOS_BACKING_SIMULATED, CHAOS_BACKING_TEE };

    json_write_object(w, "totals");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(by_name); i++) {
        chaos_feedback_summary summary;
        char text[CHAOS_DECIMAL_TEXT_SIZE];

        CHAOS_TRY(chaos_reputation_summary(reputation, by_name[i], &summary, err));
        chaos_decimal_format(&summary.value, summary.decimals, text);
        json_write_object(w, chaos_backing_name(by_name[i]));
        json_write_unsigned(w, "count", summary.count);
        if (summary.count == 0) {
            json_write_null(w, "mean");
        } else {
            json_write_text(w, "mean", text);
        }
        json_write_object_end(w);
    }
    json_write_object_end(w);
    return CHAOS_OK;
}

static void write_row(const chaos_reputation_row *row, json_writer *w)
{
    char value[CHAOS_DECIMAL_TEXT_SIZE];
    char client[CHAOS_ADDRESS_TEXT_SIZE];

    chaos_decimal_format(&row->value, row->decimals, value);
    chaos_address_format(&row->client, client);
    json_write_object(w, NULL);
    json_write_text(w, "backing", chaos_backing_name(row->backing));
    json_write_unsigned(w, "block", row->block_number);
    json_write_text(w, "client", client);
    json_write_unsigned(w, "index", row->index);
    json_write_boolean(w, "revoked", row->is_revoked);
    json_write_text(w, "tag1", row->tag1);
    json_write_text(w, "tag2", row->tag2);
    json_write_text(w, "value", value);
    json_write_text(w, "why", row->why);
    json_write_object_end(w);
}

chaos_status chaos_reputation_write_json(const chaos_reputation *reputation, chaos_buffer *json_text, chaos_error *err)
{
    json_writer w = json_writer_begin(json_text);
    char id[CHAOS_U256_TEXT_SIZE];
    char registry[CHAOS_REGISTRY_NAME_SIZE];

    if (reputation == NULL) {
        return error_set(err, CHAOS_E_USAGE, "reputation", CHAOS_NO_OFFSET, NULL);
    }
    chaos_u256_format(&reputation->agent_id, id);
    chaos_registry_name_format(reputation->chain_id, &reputation->registry, registry);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent_id", id);
    json_write_text(&w, "agent_registry", registry);
    json_write_unsigned(&w, "block", reputation->last_block);
    json_write_array(&w, "feedback");
    for (size_t i = 0; i < reputation->row_count; i++) {
        write_row(&reputation->rows[i], &w);
    }
    json_write_array_end(&w);
    json_write_text(&w, "schema", "chaoschain/reputation/1");
    CHAOS_TRY(write_totals(reputation, &w, err));
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK ? CHAOS_OK
                                              : error_set(err, json_writer_status(&w), NULL, CHAOS_NO_OFFSET, NULL);
}
