/* reputation_line.c - everything that the logs say of an agent's keys, answers and feedback, in the order of the
 * chain. */
#include "agent/reputation.h"

#include <stdio.h>

typedef struct line_reader {
    const chaos_reputation_options *options;
    reputation_line *line;
} line_reader;

/* ------------------------------------------------------------------ moments ---- */

static moment *add_moment(reputation_line *line, const chaos_log *log, moment_kind kind, chaos_error *err)
{
    moment *grown;

    if (line->count == REPUTATION_MAX_MOMENTS) {
        (void)error_set(err, CHAOS_E_LIMIT, "logs", CHAOS_NO_OFFSET, "the agent has more than %u events",
                        REPUTATION_MAX_MOMENTS);
        return NULL;
    }
    if (line->count == line->capacity) {
        size_t capacity = line->capacity == 0 ? 64 : 2 * line->capacity;

        grown = realloc(line->moments, capacity * sizeof *grown);
        if (grown == NULL) {
            (void)error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
            return NULL;
        }
        line->moments = grown;
        line->capacity = capacity;
    }
    grown = &line->moments[line->count++];
    *grown = (moment){ .kind = kind, .block = log->block_number, .log_index = log->log_index };
    return grown;
}

/* A stranger's text as printable ASCII, cut to fit. */
static void take_text(chaos_slice text, char *out, size_t capacity)
{
    size_t length = 0;

    for (size_t i = 0; i < text.size && length + 1 < capacity; i++) {
        out[length++] = (char)(text.data[i] >= ' ' && text.data[i] <= '~' ? text.data[i] : '?');
    }
    out[length] = '\0';
}

static chaos_status take_metadata(line_reader *r, const chaos_log *log, const chaos_event *event, chaos_error *err)
{
    const chaos_slice key = event->of.metadata_set.key;
    const chaos_slice value = event->of.metadata_set.value;
    const bool is_tee = key.size > 4 && memcmp(key.data, "tee.", 4) == 0;
    moment_kind kind = MOMENT_TEE;
    moment *m;

    if (slice_is(key, CHAOS_TEE_HEAD_KEY) || slice_is(key, CHAOS_TEE_ANSWER_KEY) ||
        (!is_tee && !slice_is(key, "agentWallet"))) {
        return CHAOS_OK;
    }
    kind = slice_is(key, "agentWallet")   ? MOMENT_WALLET
           : slice_is(key, "tee.key")     ? MOMENT_KEY
           : slice_is(key, "tee.expires") ? MOMENT_EXPIRES
                                          : MOMENT_TEE;
    m = add_moment(r->line, log, kind, err);
    if (m == NULL) {
        return err == NULL ? CHAOS_E_LIMIT : err->status;
    }
    if ((kind == MOMENT_WALLET || kind == MOMENT_KEY) && value.size == sizeof m->address.bytes) {
        memcpy(m->address.bytes, value.data, sizeof m->address.bytes);
        m->has_value = true;
    }
    if (kind == MOMENT_EXPIRES && value.size == 8) {
        uint64_t seconds = 0;

        for (size_t i = 0; i < 8; i++) {
            seconds = seconds << 8 | value.data[i];
        }
        m->has_value = seconds <= INT64_MAX;
        m->expires = m->has_value ? (int64_t)seconds : 0;
    }
    return CHAOS_OK;
}

static chaos_backing backing_of(chaos_slice tag)
{
    return slice_is(tag, CHAOS_TAG_VENDOR)      ? CHAOS_BACKING_TEE
           : slice_is(tag, CHAOS_TAG_SIMULATED) ? CHAOS_BACKING_SIMULATED
                                                : CHAOS_BACKING_NONE;
}

static bool is_listed(const chaos_address *list, size_t count, const chaos_address *address)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].bytes, address->bytes, sizeof address->bytes) == 0) {
            return true;
        }
    }
    return false;
}

static chaos_status take_answer(line_reader *r, const chaos_log *log, const chaos_event *event, chaos_error *err)
{
    const chaos_backing backing = backing_of(event->of.validation_response.tag);
    moment *m;

    if (backing == CHAOS_BACKING_NONE ||
        !is_listed(r->options->validators, r->options->validator_count, &event->of.validation_response.validator)) {
        return CHAOS_OK;
    }
    m = add_moment(r->line, log, MOMENT_ANSWER, err);
    if (m == NULL) {
        return err == NULL ? CHAOS_E_LIMIT : err->status;
    }
    m->address = event->of.validation_response.validator;
    m->response = event->of.validation_response.response;
    m->backing = backing;
    return CHAOS_OK;
}

static chaos_status take_feedback(line_reader *r, const chaos_log *log, const chaos_event *event, chaos_error *err)
{
    const bool revoked = event->kind == CHAOS_EVENT_FEEDBACK_REVOKED;
    const chaos_address *client =
        revoked ? &event->of.feedback_revoked.client : &event->of.new_feedback.client;
    moment *m;

    if (r->options->client_count > 0 && !is_listed(r->options->clients, r->options->client_count, client)) {
        return CHAOS_OK;
    }
    m = add_moment(r->line, log, revoked ? MOMENT_REVOKED : MOMENT_FEEDBACK, err);
    if (m == NULL) {
        return err == NULL ? CHAOS_E_LIMIT : err->status;
    }
    m->address = *client;
    m->index = revoked ? event->of.feedback_revoked.index : event->of.new_feedback.index;
    if (!revoked) {
        m->value = event->of.new_feedback.value;
        m->decimals = event->of.new_feedback.decimals;
        take_text(event->of.new_feedback.tag1, m->tag1, sizeof m->tag1);
        take_text(event->of.new_feedback.tag2, m->tag2, sizeof m->tag2);
    }
    return CHAOS_OK;
}

static chaos_status take_transfer(line_reader *r, const chaos_log *log, const chaos_event *event, chaos_error *err)
{
    moment *m = add_moment(r->line, log, MOMENT_TRANSFER, err);

    if (m == NULL) {
        return err == NULL ? CHAOS_E_LIMIT : err->status;
    }
    m->address = event->of.transfer.to;
    return CHAOS_OK;
}

static chaos_status take_approval(line_reader *r, const chaos_log *log, const chaos_event *event, chaos_error *err)
{
    const bool for_all = event->kind == CHAOS_EVENT_APPROVAL_FOR_ALL;
    moment *m = add_moment(r->line, log, for_all ? MOMENT_OPERATOR : MOMENT_APPROVED, err);

    if (m == NULL) {
        return err == NULL ? CHAOS_E_LIMIT : err->status;
    }
    m->address = for_all ? event->of.approval_for_all.operator_ : event->of.approval.approved;
    m->owner = for_all ? event->of.approval_for_all.owner : event->of.approval.owner;
    m->has_value = for_all && event->of.approval_for_all.approved;
    return CHAOS_OK;
}

static chaos_status on_log(void *context, const chaos_log *log, chaos_error *err)
{
    line_reader *r = context;
    chaos_event event;

    CHAOS_TRY(chaos_registries_event(r->options->registries, log, &event, err));
    if (event.kind == CHAOS_EVENT_METADATA_SET) {
        return take_metadata(r, log, &event, err);
    }
    if (event.kind == CHAOS_EVENT_VALIDATION_RESPONSE) {
        return take_answer(r, log, &event, err);
    }
    if (event.kind == CHAOS_EVENT_NEW_FEEDBACK || event.kind == CHAOS_EVENT_FEEDBACK_REVOKED) {
        return take_feedback(r, log, &event, err);
    }
    if (event.kind == CHAOS_EVENT_APPROVAL || event.kind == CHAOS_EVENT_APPROVAL_FOR_ALL) {
        return take_approval(r, log, &event, err);
    }
    return event.kind == CHAOS_EVENT_TRANSFER ? take_transfer(r, log, &event, err) : CHAOS_OK;
}

/* ------------------------------------------------------------------- reading ---- */

/* One question: these events of this registry, with the agent's id (or a listed validator) in this topic. */
typedef struct question {
    chaos_registry_kind registry;
    chaos_event_kind events[2]; /* UNKNOWN: none */
    size_t id_topic;
    bool by_validator;
} question;

static const question questions[] = {
    { CHAOS_REGISTRY_IDENTITY, { CHAOS_EVENT_TRANSFER, CHAOS_EVENT_APPROVAL }, 3, false },
    { CHAOS_REGISTRY_IDENTITY, { CHAOS_EVENT_APPROVAL_FOR_ALL, CHAOS_EVENT_UNKNOWN }, 2, true },
    { CHAOS_REGISTRY_IDENTITY, { CHAOS_EVENT_METADATA_SET, CHAOS_EVENT_UNKNOWN }, 1, false },
    { CHAOS_REGISTRY_VALIDATION, { CHAOS_EVENT_VALIDATION_RESPONSE, CHAOS_EVENT_UNKNOWN }, 2, false },
    { CHAOS_REGISTRY_REPUTATION, { CHAOS_EVENT_NEW_FEEDBACK, CHAOS_EVENT_FEEDBACK_REVOKED }, 1, false },
};

/* The words that the question's topic may be; their number. */
static size_t words_of(const chaos_reputation_options *options, const question *q,
                       chaos_keccak words[REPUTATION_MAX_VALIDATORS])
{
    if (!q->by_validator) {
        memcpy(words[0].bytes, options->agent_id.bytes, sizeof words[0].bytes);
        return 1;
    }
    for (size_t i = 0; i < options->validator_count; i++) {
        words[i] = (chaos_keccak){ { 0 } };
        memcpy(words[i].bytes + 12, options->validators[i].bytes, sizeof options->validators[i].bytes);
    }
    return options->validator_count;
}

static chaos_status ask(line_reader *r, const question *q, uint64_t last, chaos_error *err)
{
    const chaos_reputation_options *options = r->options;
    const chaos_address registry = chaos_registries_address(options->registries, q->registry);
    const chaos_keccak topics[2] = { chaos_event_topic(q->events[0]), chaos_event_topic(q->events[1]) };
    chaos_log_reader_options how = CHAOS_LOG_READER_OPTIONS_INIT;
    chaos_log_reader *logs = NULL;
    chaos_keccak words[REPUTATION_MAX_VALIDATORS];
    const size_t word_count = words_of(options, q, words);
    chaos_status status;

    if (word_count == 0 || !chaos_registries_has(options->registries, q->registry)) {
        return CHAOS_OK; /* nobody listed, or no validation registry: nobody has vouched for anything */
    }
    how.rpc = chaos_registries_rpc(options->registries);
    how.addresses = &registry;
    how.address_count = 1;
    how.topics[0].any_of = topics;
    how.topics[0].count = q->events[1] == CHAOS_EVENT_UNKNOWN ? 1 : 2;
    how.topics[q->id_topic].any_of = words;
    how.topics[q->id_topic].count = word_count;
    how.first_block = options->first_block;
    how.context = r;
    how.on_log = on_log; /* and no on_rollback: questions are asked one after the other, of one chain */
    CHAOS_TRY(chaos_log_reader_open(&how, &logs, err));
    status = chaos_log_reader_poll_to(logs, last, NULL, err);
    chaos_log_reader_free(logs);
    if (options->on_progress != NULL) {
        options->on_progress(options->context, last, last);
    }
    return status;
}

static int in_order(const void *a, const void *b)
{
    const moment *x = a;
    const moment *y = b;

    if (x->block != y->block) {
        return x->block < y->block ? -1 : 1;
    }
    return x->log_index < y->log_index ? -1 : x->log_index > y->log_index;
}

/* The times of the blocks of answers and feedback; neighbours share them. */
static chaos_status add_times(const chaos_reputation_options *options, reputation_line *line, chaos_error *err)
{
    chaos_block block = { .number = UINT64_MAX };

    for (size_t i = 0; i < line->count; i++) {
        moment *m = &line->moments[i];
        chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = m->block };

        if (m->kind != MOMENT_ANSWER && m->kind != MOMENT_FEEDBACK) {
            continue;
        }
        if (block.number != m->block) {
            CHAOS_TRY(chaos_rpc_block(chaos_registries_rpc(options->registries), &at, &block, err));
        }
        m->time = block.timestamp;
        line->feedback_count += m->kind == MOMENT_FEEDBACK;
    }
    return CHAOS_OK;
}

/* The last block that is read; between the first question and the last it must stay the same. */
static chaos_status read_last(const chaos_reputation_options *options, chaos_block *last, chaos_error *err)
{
    chaos_rpc *rpc = chaos_registries_rpc(options->registries);
    const chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = options->last_block };

    CHAOS_TRY(chaos_rpc_block(rpc, NULL, last, err));
    return options->has_last_block && options->last_block < last->number ? chaos_rpc_block(rpc, &at, last, err)
                                                                         : CHAOS_OK;
}

static chaos_status check_same(const chaos_reputation_options *options, const chaos_block *last, chaos_error *err)
{
    const chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = last->number };
    chaos_block now;

    CHAOS_TRY(chaos_rpc_block(chaos_registries_rpc(options->registries), &at, &now, err));
    return memcmp(now.hash.bytes, last->hash.bytes, sizeof now.hash.bytes) == 0
               ? CHAOS_OK
               : error_set(err, CHAOS_E_REORGANISED, "block", CHAOS_NO_OFFSET,
                           "the chain was reorganised while it was read: read it again");
}

chaos_status reputation_line_read(const chaos_reputation_options *options, reputation_line *line, chaos_error *err)
{
    line_reader r = { options, line };
    chaos_block last;

    CHAOS_TRY(read_last(options, &last, err));
    line->last_block = last.number;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(questions); i++) {
        CHAOS_TRY(ask(&r, &questions[i], line->last_block, err));
    }
    if (line->count > 0) {
        qsort(line->moments, line->count, sizeof *line->moments, in_order);
    }
    CHAOS_TRY(add_times(options, line, err));
    return check_same(options, &last, err);
}
