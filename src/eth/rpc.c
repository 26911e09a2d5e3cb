/* rpc.c - a call: endpoints in the order of their health, retries, one deadline. */
#include <stdio.h>
#include <time.h>

#include "eth/rpc.h"

enum {
    HEAD_LAG = 5, /* blocks behind the highest head: behind the times */
    SLOW_MS = 2000,
    SURVEY_MS = 5000, /* how often heads are compared */
    SURVEY_TIMEOUT_MS = 2000,
    OPEN_TIMEOUT_MS = 5000,
    OPEN_ROUNDS = 3
};

CHAOS_CLEANUP(chaos_rpc);

/* ------------------------------------------------------------------- time ---- */

int64_t rpc_now_ms(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rpc_sleep_ms(int64_t ms)
{
    if (ms > 0) {
        struct timespec wait = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
        (void)nanosleep(&wait, NULL);
    }
}

void rpc_log_line(chaos_rpc_log_function *log, void *context, const char *format, va_list arguments)
{
    char line[400];
    if (log != NULL && vsnprintf(line, sizeof line, format, arguments) > 0) {
        log(context, line);
    }
}

void rpc_log(const chaos_rpc *rpc, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    rpc_log_line(rpc->log, rpc->log_context, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------- pick ---- */

/* Smaller is better: failing weighs more than behind the others, that more than slow; order decides between equals. */
static unsigned rank(const rpc_endpoint *endpoint, uint64_t highest, int64_t now)
{
    return 4u * (endpoint->closed_until > now) + 2u * (endpoint->head + HEAD_LAG < highest) +
           (endpoint->latency > SLOW_MS);
}

rpc_endpoint *rpc_pick(chaos_rpc *rpc, unsigned tried)
{
    rpc_endpoint *best = NULL;
    uint64_t highest = 0;
    int64_t now = rpc_now_ms();
    pthread_mutex_lock(&rpc->lock);
    for (size_t i = 0; i < rpc->count; i++) {
        rpc_endpoint *e = &rpc->endpoint[i];
        highest = !e->wrong_chain && e->head > highest ? e->head : highest;
    }
    for (size_t i = 0; i < rpc->count; i++) {
        rpc_endpoint *e = &rpc->endpoint[i];
        if (e->wrong_chain || (tried >> i & 1u) != 0 || e->wait_until > now) {
            continue;
        }
        if (best == NULL || rank(e, highest, now) < rank(best, highest, now)) {
            best = e;
        }
    }
    pthread_mutex_unlock(&rpc->lock);
    return best;
}

/* When the first usable endpoint may be asked again; false: there is no usable one. */
static bool opens_at(chaos_rpc *rpc, int64_t *when)
{
    bool usable = false;
    pthread_mutex_lock(&rpc->lock);
    for (size_t i = 0; i < rpc->count; i++) {
        const rpc_endpoint *e = &rpc->endpoint[i];
        if (!e->wrong_chain && (!usable || e->wait_until < *when)) {
            *when = e->wait_until;
            usable = true;
        }
    }
    pthread_mutex_unlock(&rpc->lock);
    return usable;
}

static uint64_t next_random(chaos_rpc *rpc)
{
    pthread_mutex_lock(&rpc->lock);
    uint64_t x = rpc->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    rpc->random = x;
    pthread_mutex_unlock(&rpc->lock);
    return x >> 16;
}

/* ----------------------------------------------------------------- survey ---- */

static void ask_head(chaos_rpc *rpc, rpc_endpoint *endpoint)
{
    uint64_t head = 0;
    rpc_result result;
    rpc_job job = { .method = "eth_blockNumber",
                    .params = slice_text("[]"),
                    .read = rpc_read_unsigned,
                    .context = &head,
                    .tells_head = &head };
    if (endpoint_ask(rpc, endpoint, &job, SURVEY_TIMEOUT_MS, &result, NULL) != CHAOS_OK) {
        return; /* the endpoint's health has noted it */
    }
}

/* Is one of several endpoints behind the others? Only asking tells. */
static void survey(chaos_rpc *rpc)
{
    int64_t now = rpc_now_ms();
    pthread_mutex_lock(&rpc->lock);
    bool due = rpc->count > 1 && now - rpc->surveyed >= SURVEY_MS;
    rpc->surveyed = due ? now : rpc->surveyed;
    pthread_mutex_unlock(&rpc->lock);
    for (size_t i = 0; due && i < rpc->count; i++) {
        pthread_mutex_lock(&rpc->lock);
        const rpc_endpoint *e = &rpc->endpoint[i];
        bool asked = !e->wrong_chain && e->closed_until <= now && e->wait_until <= now;
        pthread_mutex_unlock(&rpc->lock);
        if (asked) {
            ask_head(rpc, &rpc->endpoint[i]);
        }
    }
}

/* ------------------------------------------------------------------- call ---- */

typedef struct attempt {
    int64_t deadline;
    unsigned tried; /* of this round, as bits */
    unsigned round, twice;
    chaos_status status; /* of the last one that was not of another chain */
    chaos_error err;
    rpc_result result;
} attempt;

static chaos_status no_chain(const chaos_rpc *rpc, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_CHAIN_ID, "eth_chainId", CHAOS_NO_OFFSET, "every endpoint is of another chain");
    error_expected(err, "chain %llu", (unsigned long long)rpc->chain_id);
    error_found(err, "chain %llu", (unsigned long long)rpc->wrong_id);
    return CHAOS_E_CHAIN_ID;
}

static chaos_status give_up(const attempt *a, rpc_failure *failure, chaos_error *err)
{
    if (failure != NULL) {
        *failure = a->result.failure;
    }
    if (err != NULL) {
        *err = a->err;
    }
    return a->status;
}

static bool is_over(chaos_rpc *rpc, const rpc_job *job, attempt *a)
{
    int64_t now = rpc_now_ms();
    int64_t when = 0;
    if (job->max_rounds != 0 && a->round + 1 >= job->max_rounds) {
        return true;
    }
    (void)opens_at(rpc, &when);
    int64_t wait = when > now ? when - now : rpc_backoff_ms(a->round, next_random(rpc));
    if (now + wait >= a->deadline) {
        return true;
    }
    rpc_sleep_ms(wait);
    a->round++;
    a->tried = 0;
    return false;
}

/* True: this status is the call's. */
static bool is_final(chaos_rpc *rpc, const rpc_endpoint *endpoint, const rpc_job *job, attempt *a,
                     chaos_status status, const chaos_error *err)
{
    if (status == CHAOS_E_CHAIN_ID) {
        return false;
    }
    a->status = status;
    a->err = *err;
    if (status == CHAOS_OK) {
        return true;
    }
    rpc_worth worth = rpc_judge(status, &a->result.failure);
    if (worth == RPC_FINAL || (job->ranges && rpc_is_range_limit(&a->result.failure)) ||
        (worth == RPC_AGAIN_TWICE && ++a->twice > 2)) {
        return true;
    }
    rpc_log(rpc, "%s: %s", endpoint->name, err->text);
    return false;
}

static uint32_t time_left(const chaos_rpc *rpc, const rpc_job *job, const attempt *a)
{
    int64_t usual = job->timeout_ms != 0 ? job->timeout_ms : rpc->request_timeout_ms;
    int64_t left = a->deadline - rpc_now_ms();
    left = left < usual ? left : usual;
    return left > 1 ? (uint32_t)left : 1;
}

chaos_status rpc_ask(chaos_rpc *rpc, const rpc_job *job, rpc_failure *failure, chaos_error *err)
{
    attempt a = { .deadline = rpc_now_ms() + rpc->deadline_ms, .status = CHAOS_E_NETWORK };
    (void)error_set(&a.err, CHAOS_E_NETWORK, "endpoint", CHAOS_NO_OFFSET, "no endpoint could be asked in time");
    survey(rpc);
    for (;;) {
        int64_t when = 0;
        rpc_endpoint *endpoint = rpc_pick(rpc, a.tried);
        if (endpoint == NULL && !opens_at(rpc, &when)) {
            return no_chain(rpc, err);
        }
        if (endpoint == NULL) {
            if (is_over(rpc, job, &a)) {
                return give_up(&a, failure, err);
            }
            continue;
        }
        chaos_error why = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
        a.tried |= 1u << (endpoint - rpc->endpoint);
        chaos_status status = endpoint_ask(rpc, endpoint, job, time_left(rpc, job, &a), &a.result, &why);
        if (is_final(rpc, endpoint, job, &a, status, &why)) {
            return status == CHAOS_OK ? CHAOS_OK : give_up(&a, failure, err);
        }
    }
}

/* ------------------------------------------------------------------- open ---- */

static chaos_status check_options(const chaos_rpc_options *options, chaos_error *err)
{
    if (options == NULL || options->size != sizeof *options) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "begin with CHAOS_RPC_OPTIONS_INIT");
    }
    if (options->urls == NULL || options->url_count == 0 || options->url_count > CHAOS_MAX_ENDPOINTS) {
        return error_set(err, CHAOS_E_USAGE, "urls", CHAOS_NO_OFFSET, "one to eight endpoints are needed");
    }
    for (size_t i = 0; i < options->url_count; i++) {
        const char *url = options->urls[i];
        bool web = url != NULL && strnlen(url, NET_MAX_URL + 1) <= NET_MAX_URL &&
                   (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);
        if (!web) {
            return error_set(err, CHAOS_E_USAGE, "urls", CHAOS_NO_OFFSET,
                             "an endpoint begins with http:// or https:// and has at most 2048 bytes");
        }
    }
    if (options->request_timeout_ms > NET_MAX_TOTAL_TIMEOUT_MS || options->deadline_ms > NET_MAX_TOTAL_TIMEOUT_MS) {
        return error_set(err, CHAOS_E_USAGE, "timeout", CHAOS_NO_OFFSET, "at most ten minutes");
    }
    return CHAOS_OK;
}

static chaos_status make(const chaos_rpc_options *options, chaos_rpc *rpc, chaos_error *err)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    rpc->random = ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)rpc) | 1;
    rpc->chain_id = options->chain_id;
    rpc->request_timeout_ms = options->request_timeout_ms != 0 ? options->request_timeout_ms : RPC_REQUEST_TIMEOUT_MS;
    rpc->deadline_ms = options->deadline_ms != 0 ? options->deadline_ms : RPC_DEADLINE_MS;
    rpc->log = options->log;
    rpc->log_context = options->log_context;
    rpc->surveyed = rpc_now_ms();
    for (size_t i = 0; i < options->url_count; i++) {
        size_t size = strlen(options->urls[i]) + 1;
        char *url = malloc(size);
        if (url == NULL) {
            return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
        }
        memcpy(url, options->urls[i], size);
        endpoint_init(&rpc->endpoint[rpc->count++], url);
    }
    return CHAOS_OK;
}

/* Every endpoint once, so that one of another chain is named at the start; then until one answers. */
static chaos_status check_endpoints(chaos_rpc *rpc, chaos_error *err)
{
    uint64_t head = 0;
    rpc_result result;
    rpc_job job = { .method = "eth_blockNumber",
                    .params = slice_text("[]"),
                    .read = rpc_read_unsigned,
                    .context = &head,
                    .tells_head = &head,
                    .max_rounds = OPEN_ROUNDS };
    bool found = false;
    uint32_t timeout = rpc->request_timeout_ms < OPEN_TIMEOUT_MS ? rpc->request_timeout_ms : OPEN_TIMEOUT_MS;
    for (size_t i = 0; i < rpc->count; i++) {
        found = endpoint_ask(rpc, &rpc->endpoint[i], &job, timeout, &result, NULL) == CHAOS_OK || found;
    }
    return found ? CHAOS_OK : rpc_ask(rpc, &job, NULL, err);
}

chaos_status chaos_rpc_open(const chaos_rpc_options *options, chaos_rpc **rpc, chaos_error *err)
{
    CHAOS_TRY(check_options(options, err));
    if (rpc == NULL) {
        return error_set(err, CHAOS_E_USAGE, "rpc", CHAOS_NO_OFFSET, "rpc may not be NULL");
    }
    CHAOS_AUTO(chaos_rpc, made);
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        made = NULL;
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "a lock could not be made");
    }
    CHAOS_TRY(make(options, made, err));
    CHAOS_TRY(check_endpoints(made, err));
    CHAOS_GIVE(rpc, made);
    return CHAOS_OK;
}

void chaos_rpc_free(chaos_rpc *rpc)
{
    if (rpc == NULL) {
        return;
    }
    for (size_t i = 0; i < rpc->count; i++) {
        endpoint_free(&rpc->endpoint[i]);
    }
    (void)pthread_mutex_destroy(&rpc->lock);
    free(rpc);
}

uint64_t chaos_rpc_chain_id(const chaos_rpc *rpc)
{
    return rpc->chain_id;
}
