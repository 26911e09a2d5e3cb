/* decision.c - what was decided for a request, kept before anything is sent: a later run goes on with it, and two
 * processes with one store send one answer.
 *
 * A record: version (1), response (1), tag with its NUL (32), time of judgement (8), agentWallet (20), the report. */
#include "validator/internal.h"

#include <stdio.h>

enum {
    AT_RESPONSE = 1,
    AT_TAG = 2,
    AT_TIME = AT_TAG + VALIDATOR_TAG_SIZE,
    AT_WALLET = AT_TIME + 8,
    AT_REPORT = AT_WALLET + 20
};

#define RECORD_VERSION 1

void decision_key(const chaos_keccak *request_hash, char key[DECISION_KEY_SIZE])
{
    char hex[2 * sizeof request_hash->bytes + 1] = "";

    hex_encode(slice(request_hash->bytes, sizeof request_hash->bytes), hex);
    (void)snprintf(key, DECISION_KEY_SIZE, "answer/%s", hex);
}

static chaos_status read_record(const chaos_buffer *record, kept_decision *d, chaos_error *err)
{
    uint64_t seconds = 0;

    if (record->size <= AT_REPORT || record->data[0] != RECORD_VERSION ||
        memchr(record->data + AT_TAG, '\0', VALIDATOR_TAG_SIZE) == NULL) {
        return error_set(err, CHAOS_E_STORE, "answer", CHAOS_NO_OFFSET, "the store's record of a decision is none");
    }
    d->response = record->data[AT_RESPONSE];
    memcpy(d->tag, record->data + AT_TAG, sizeof d->tag);
    for (size_t i = 0; i < 8; i++) {
        seconds = seconds << 8 | record->data[AT_TIME + i];
    }
    d->judged_at = (int64_t)seconds;
    memcpy(d->wallet.bytes, record->data + AT_WALLET, sizeof d->wallet.bytes);
    return buffer_append(&d->report, slice(record->data + AT_REPORT, record->size - AT_REPORT))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static chaos_status write_record(const kept_decision *d, chaos_buffer *record, chaos_error *err)
{
    uint8_t head[AT_REPORT] = { RECORD_VERSION, d->response };
    uint64_t seconds = (uint64_t)d->judged_at;

    memcpy(head + AT_TAG, d->tag, sizeof d->tag);
    for (size_t i = 8; i > 0; i--, seconds >>= 8) {
        head[AT_TIME + i - 1] = (uint8_t)seconds;
    }
    memcpy(head + AT_WALLET, d->wallet.bytes, sizeof d->wallet.bytes);
    return buffer_append(record, slice(head, sizeof head)) && buffer_append(record, buffer_slice(&d->report))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

chaos_status decision_find(const chaos_validator *v, const chaos_keccak *request_hash, kept_decision *d, bool *found,
                           chaos_error *err)
{
    CHAOS_AUTO_BUFFER(record, AGENT_STORE_MAX_VALUE);
    char key[DECISION_KEY_SIZE];

    decision_key(request_hash, key);
    CHAOS_TRY(agent_store_get(v->store, key, &record, found, err));
    return *found ? read_record(&record, d, err) : CHAOS_OK;
}

chaos_status decision_keep(const chaos_validator *v, const chaos_keccak *request_hash, kept_decision *d,
                           chaos_error *err)
{
    CHAOS_AUTO_BUFFER(record, AGENT_STORE_MAX_VALUE);
    char key[DECISION_KEY_SIZE];
    bool is_new;
    bool found;

    decision_key(request_hash, key);
    CHAOS_TRY(write_record(d, &record, err));
    CHAOS_TRY(agent_store_put_new(v->store, key, buffer_slice(&record), &is_new, err));
    if (is_new) {
        return CHAOS_OK;
    }
    d->report.size = 0; /* another process was first: its decision is the validator's */
    CHAOS_TRY(decision_find(v, request_hash, d, &found, err));
    return found ? CHAOS_OK
                 : error_set(err, CHAOS_E_LOCKED, "answer", CHAOS_NO_OFFSET,
                             "another process of this validator judges the same request");
}

chaos_status decision_drop(const chaos_validator *v, const chaos_keccak *request_hash, const kept_decision *d,
                           chaos_error *err)
{
    CHAOS_AUTO_BUFFER(record, AGENT_STORE_MAX_VALUE);
    char key[DECISION_KEY_SIZE];

    decision_key(request_hash, key);
    CHAOS_TRY(write_record(d, &record, err));
    return agent_store_drop(v->store, key, buffer_slice(&record), err);
}
