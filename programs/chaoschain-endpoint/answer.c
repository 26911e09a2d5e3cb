/* answer.c - from a question to an envelope: what was given a moment ago, what the chain knows, what the limits
 * allow. */
#include "endpoint.h"

#include "programs/common/http/peers.h"

#include <stdio.h>
#include <unistd.h>

#define LINES_PER_MINUTE 30 /* about faults of ours; a flood shall not fill the disk */

void endpoint_begin(endpoint *e, uint64_t per_minute)
{
    const int64_t now = now_ms();

    (void)pthread_mutex_init(&e->lock, NULL);
    e->checks = bucket_of(per_minute, now);
    e->answers = bucket_of(per_minute, now);
    e->lines = bucket_of(LINES_PER_MINUTE, now);
}

void endpoint_end(endpoint *e)
{
    kept_free(&e->cache);
    chaos_hash_list_free(e->requests);
    (void)pthread_mutex_destroy(&e->lock);
}

void endpoint_count_refusal(endpoint *e)
{
    (void)pthread_mutex_lock(&e->lock);
    e->refused++;
    (void)pthread_mutex_unlock(&e->lock);
}

static bool refuse(refusal *no, int status, const char *code, const char *text, unsigned retry_after)
{
    *no = (refusal){ status, code, text, retry_after };
    return false;
}

bool endpoint_admit(endpoint *e, client_address who, refusal *no)
{
    (void)pthread_mutex_lock(&e->lock);
    const unsigned wait = clients_take(&e->askers, who, e->client_rate, now_ms());
    (void)pthread_mutex_unlock(&e->lock);
    return wait == 0 ||
           refuse(no, HTTP_TOO_MANY, "CLIENT_RATE", "more questions than one client may ask in a minute", wait);
}

/* A fault of ours, for the operator alone: who asks is told that there is one. Nothing that was asked is repeated. */
static void say_trouble(endpoint *e, const char *what, const chaos_error *err)
{
    bool may_speak;

    (void)pthread_mutex_lock(&e->lock);
    may_speak = bucket_take(&e->lines, now_ms()) == 0;
    (void)pthread_mutex_unlock(&e->lock);
    if (may_speak) {
        (void)say_failure(PROGRAM, EXIT_ENVIRONMENT, "%s: %s: %s", what, chaos_status_name(err->status), err->text);
    }
}

/* --------------------------------------------------------------- requests ---- */

static bool is_listed(const chaos_hash_list *list, const chaos_keccak *hash)
{
    for (size_t i = chaos_hash_list_count(list); i > 0; i--) { /* the newest are last */
        if (memcmp(chaos_hash_list_at(list, i - 1)->bytes, hash->bytes, sizeof hash->bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* Does this thread read the list anew? One at a time does, and not too often: made-up hashes cost the node nothing. */
static bool may_read_list(endpoint *e)
{
    const bool may = !e->is_asking && (!e->has_requests || now_ms() - e->requests_ms >= REQUESTS_KEEP_MS);

    e->is_asking = e->is_asking || may;
    return may;
}

static chaos_status read_list(endpoint *e, chaos_error *err)
{
    chaos_hash_list *list = NULL;
    const chaos_status status = chaos_validation_of_agent(e->registries, &e->agent_id, NULL, &list, err);

    (void)pthread_mutex_lock(&e->lock);
    e->is_asking = false;
    if (status == CHAOS_OK) {
        chaos_hash_list_free(e->requests);
        e->requests = list;
        e->requests_ms = now_ms();
        e->has_requests = true;
    }
    (void)pthread_mutex_unlock(&e->lock);
    return status;
}

static bool check_request(endpoint *e, const chaos_keccak *hash, refusal *no)
{
    bool listed, reads;
    chaos_error err;

    (void)pthread_mutex_lock(&e->lock);
    listed = e->has_requests && is_listed(e->requests, hash);
    reads = !listed && may_read_list(e);
    (void)pthread_mutex_unlock(&e->lock);
    if (reads) {
        if (read_list(e, &err) != CHAOS_OK) {
            say_trouble(e, "the chain's list of requests", &err);
            return refuse(no, HTTP_UNAVAILABLE, "CHAIN", "the chain cannot be read now", 5);
        }
        (void)pthread_mutex_lock(&e->lock);
        listed = is_listed(e->requests, hash);
        (void)pthread_mutex_unlock(&e->lock);
    }
    return listed || refuse(no, HTTP_NOT_FOUND, "UNKNOWN_REQUEST",
                            "no request of this hash is on chain for this agent, as of some seconds ago", 5);
}

/* ------------------------------------------------------------------ making ---- */

static bool take_turn(endpoint *e, const question *q, refusal *no)
{
    unsigned wait;
    bool ok;

    (void)pthread_mutex_lock(&e->lock);
    ok = e->waiting < MAX_WAITING;
    wait = ok ? bucket_take(q->has_request ? &e->answers : &e->checks, now_ms()) : 1;
    e->waiting += ok && wait == 0;
    (void)pthread_mutex_unlock(&e->lock);
    if (!ok) {
        return refuse(no, HTTP_UNAVAILABLE, "BUSY", "the TEE is asked by others just now", wait);
    }
    return wait == 0 ||
           refuse(no, HTTP_TOO_MANY, "RATE", "more questions than this endpoint answers in a minute", wait);
}

static bool explain(endpoint *e, const chaos_error *err, refusal *no)
{
    if (err->status == CHAOS_E_NOT_FOUND) { /* taken away by a reorganisation */
        return refuse(no, HTTP_NOT_FOUND, "UNKNOWN_REQUEST", "no request of this hash is on chain for this agent", 5);
    }
    say_trouble(e, "no evidence could be made", err);
    return chaos_status_class(err->status) == CHAOS_CLASS_ENV
               ? refuse(no, HTTP_UNAVAILABLE, "TROUBLE", "evidence cannot be made now", 5)
               : refuse(no, HTTP_FAILED, "INTERNAL", "evidence cannot be made", 0);
}

static bool make(endpoint *e, const question *q, chaos_buffer *out, refusal *no)
{
    chaos_evidence *evidence = NULL;
    chaos_error err;
    const chaos_status status = q->has_request
                                    ? chaos_agent_answer_request(e->agent, &q->request, &q->nonce, &evidence, &err)
                                    : chaos_agent_attest(e->agent, &q->nonce, &evidence, &err);
    bool ok = status == CHAOS_OK;

    if (ok && !buffer_append(out, chaos_evidence_bytes(evidence))) {
        ok = false;
        (void)error_set(&err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    (void)pthread_mutex_lock(&e->lock);
    e->waiting--;
    if (ok) {
        kept_add(&e->cache, q, chaos_evidence_bytes(evidence), now_ms());
    }
    (void)pthread_mutex_unlock(&e->lock);
    chaos_evidence_free(evidence);
    return ok || explain(e, &err, no);
}

static bool find_kept(endpoint *e, const question *q, chaos_buffer *out)
{
    const chaos_buffer *kept;
    bool found;

    (void)pthread_mutex_lock(&e->lock);
    kept = kept_find(&e->cache, q, now_ms());
    found = kept != NULL && buffer_append(out, buffer_slice(kept));
    (void)pthread_mutex_unlock(&e->lock);
    return found;
}

bool endpoint_answer(endpoint *e, const question *q, chaos_buffer *out, refusal *no)
{
    const bool ok = find_kept(e, q, out) || ((!q->has_request || check_request(e, &q->request, no)) &&
                                             take_turn(e, q, no) && make(e, q, out, no));

    (void)pthread_mutex_lock(&e->lock);
    e->given += ok;
    e->refused += !ok && no->status < HTTP_FAILED;
    e->failed += !ok && no->status >= HTTP_FAILED;
    (void)pthread_mutex_unlock(&e->lock);
    return ok;
}
