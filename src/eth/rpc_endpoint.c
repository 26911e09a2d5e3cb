/* rpc_endpoint.c - one exchange with one endpoint: its connections, its chain, its health. */
#include <stdio.h>
#include <time.h>

#include "eth/rpc.h"

enum {
    BREAKER_AT = 3,
    BREAKER_FIRST_MS = 500,
    BREAKER_MAX_MS = 8000,
    SMOOTH = 4
};

/* What may be shown of a URL: not the name and password before the host, nor the path and query behind it. */
static void take_name(rpc_endpoint *endpoint)
{
    const char *host = strstr(endpoint->url, "://");
    size_t scheme = host == NULL ? 0 : (size_t)(host - endpoint->url) + 3;
    size_t size = scheme + strcspn(endpoint->url + scheme, "/?#");
    size_t begin = scheme;
    for (size_t i = scheme; i < size; i++) {
        begin = endpoint->url[i] == '@' ? i + 1 : begin;
    }
    size_t used = scheme < sizeof endpoint->name / 2 ? scheme : 0;
    memcpy(endpoint->name, endpoint->url, used);
    (void)error_quote(endpoint->name + used, sizeof endpoint->name - used,
                      slice(endpoint->url + begin, size - begin));
}

void endpoint_init(rpc_endpoint *endpoint, char *url)
{
    memset(endpoint, 0, sizeof *endpoint);
    endpoint->url = url;
    take_name(endpoint);
}

void endpoint_free(rpc_endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->idle_count; i++) {
        net_client_free(endpoint->idle[i].client);
    }
    free(endpoint->url);
    memset(endpoint, 0, sizeof *endpoint);
}

/* ------------------------------------------------------------ connections ---- */

static chaos_status lease_take(chaos_rpc *rpc, rpc_endpoint *endpoint, rpc_lease *lease, chaos_error *err)
{
    memset(lease, 0, sizeof *lease);
    pthread_mutex_lock(&rpc->lock);
    if (endpoint->idle_count > 0) {
        *lease = endpoint->idle[--endpoint->idle_count];
    }
    pthread_mutex_unlock(&rpc->lock);
    return lease->client != NULL ? CHAOS_OK : net_client_new(&lease->client, err);
}

static void lease_give(chaos_rpc *rpc, rpc_endpoint *endpoint, rpc_lease *lease, bool sound)
{
    pthread_mutex_lock(&rpc->lock);
    if (sound && endpoint->idle_count < RPC_IDLE_CONNECTIONS) {
        endpoint->idle[endpoint->idle_count++] = *lease;
        lease->client = NULL;
    }
    pthread_mutex_unlock(&rpc->lock);
    net_client_free(lease->client);
}

/* --------------------------------------------------------------- exchange ---- */

typedef struct post {
    chaos_rpc *rpc;
    rpc_endpoint *endpoint;
    rpc_lease *lease;
    uint32_t timeout_ms;
    rpc_result *result;
} post;

static uint64_t next_id(chaos_rpc *rpc)
{
    pthread_mutex_lock(&rpc->lock);
    uint64_t id = ++rpc->next_id;
    pthread_mutex_unlock(&rpc->lock);
    return id;
}

static chaos_status write_request(const char *method, chaos_slice params, uint64_t id, chaos_buffer *body,
                                  chaos_error *err)
{
    bool ok = buffer_append_format(body, "{\"id\":%llu,\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":",
                                   (unsigned long long)id, method) &&
              buffer_append(body, params) && buffer_append_text(body, "}");
    return ok ? CHAOS_OK
              : error_set(err, CHAOS_E_USAGE, "request", CHAOS_NO_OFFSET, "the request is too large for a node");
}

/* net/ names the URL, which may hold an access key, and speaks of servers. */
static chaos_status net_failed(const post *p, chaos_status status, chaos_error *err)
{
    status = status == CHAOS_E_GUEST_AGENT ? CHAOS_E_NODE : status;
    if (err != NULL) {
        err->status = status;
        error_found(err, "%s", p->endpoint->name);
    }
    return status;
}

static chaos_status http_failed(const post *p, const net_reply *reply, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_NODE, "http", CHAOS_NO_OFFSET, "the node answers with HTTP status %d", reply->status);
    error_expected(err, "200");
    error_found(err, "%d from %.80s", reply->status, p->endpoint->name);
    return CHAOS_E_NODE;
}

static chaos_status exchange(const post *p, chaos_slice body, net_reply *reply, chaos_error *err)
{
    net_request request = { .method = "POST",
                            .url = p->endpoint->url,
                            .content_type = "application/json",
                            .body = body,
                            .total_timeout_ms = p->timeout_ms,
                            .max_reply = NET_MAX_REPLY };
    if (p->timeout_ms < NET_CONNECT_TIMEOUT_MS) {
        request.connect_timeout_ms = p->timeout_ms;
    }
    chaos_status status = net_client_exchange(p->lease->client, &request, reply, err);
    if (status != CHAOS_OK) {
        return net_failed(p, status, err);
    }
    p->result->failure.http_status = reply->status;
    p->result->retry_after_ms = reply->status == 200 ? -1 : rpc_retry_after(reply->retry_after, (int64_t)time(NULL));
    return CHAOS_OK;
}

/* An error of JSON-RPC may come with any HTTP status; a result only with 200. */
static chaos_status read_reply(const post *p, const net_reply *reply, uint64_t id, rpc_read_function *read,
                               void *context, chaos_error *err)
{
    chaos_slice result;
    chaos_status status = rpc_reply_read(buffer_slice(&reply->body), id, &result, &p->result->failure, err);
    if (reply->status != 200 && !p->result->failure.answered) {
        return http_failed(p, reply, err);
    }
    if (status == CHAOS_OK) {
        status = read(context, result, err);
    } else if (!p->result->failure.answered) {
        error_found(err, "%s", p->endpoint->name);
    }
    return status;
}

static chaos_status check_chain(const post *p, chaos_error *err);

static chaos_status ask(const post *p, const char *method, chaos_slice params, rpc_read_function *read,
                        void *context, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(body, RPC_MAX_REQUEST);
    net_reply reply;
    uint64_t id = next_id(p->rpc);
    CHAOS_TRY(write_request(method, params, id, &body, err));
    CHAOS_TRY(exchange(p, buffer_slice(&body), &reply, err));
    chaos_status status = CHAOS_OK;
    if (reply.new_connection && p->lease->checked) { /* the kept one was closed: who is it that answers now? */
        p->lease->checked = false;
        status = check_chain(p, err);
    }
    if (status == CHAOS_OK) {
        memset(&p->result->failure, 0, sizeof p->result->failure);
        p->result->failure.http_status = reply.status;
        status = read_reply(p, &reply, id, read, context, err);
    }
    net_reply_clear(&reply);
    return status;
}

/* ------------------------------------------------------------------ chain ---- */

static chaos_status wrong_chain(const post *p, uint64_t id, chaos_error *err)
{
    pthread_mutex_lock(&p->rpc->lock);
    p->endpoint->wrong_chain = true;
    p->rpc->wrong_id = id;
    pthread_mutex_unlock(&p->rpc->lock);
    rpc_log(p->rpc, "%s is of chain %llu, not %llu: it is not used any more", p->endpoint->name,
            (unsigned long long)id, (unsigned long long)p->rpc->chain_id);
    (void)error_set(err, CHAOS_E_CHAIN_ID, "eth_chainId", CHAOS_NO_OFFSET, "%.120s is of another chain",
                    p->endpoint->name);
    error_expected(err, "chain %llu", (unsigned long long)p->rpc->chain_id);
    error_found(err, "chain %llu", (unsigned long long)id);
    return CHAOS_E_CHAIN_ID;
}

static chaos_status check_chain(const post *p, chaos_error *err)
{
    uint64_t id = 0;
    CHAOS_TRY(ask(p, "eth_chainId", slice_text("[]"), rpc_read_unsigned, &id, err));
    if (id == 0) {
        return error_set(err, CHAOS_E_NODE, "eth_chainId", CHAOS_NO_OFFSET, "the node says that its chain is 0");
    }
    pthread_mutex_lock(&p->rpc->lock);
    if (p->rpc->chain_id == 0) { /* only while the first endpoint is asked: chaos_rpc_open */
        p->rpc->chain_id = id;
    }
    bool right = p->rpc->chain_id == id;
    pthread_mutex_unlock(&p->rpc->lock);
    if (!right) {
        return wrong_chain(p, id, err);
    }
    p->lease->checked = true;
    return CHAOS_OK;
}

static void note_head(chaos_rpc *rpc, rpc_endpoint *endpoint, uint64_t head)
{
    pthread_mutex_lock(&rpc->lock);
    endpoint->head = head;
    pthread_mutex_unlock(&rpc->lock);
}

/* A node answers with nothing for blocks that it does not have yet. */
static chaos_status check_head(const post *p, uint64_t wanted, chaos_error *err)
{
    pthread_mutex_lock(&p->rpc->lock);
    uint64_t head = p->endpoint->head;
    pthread_mutex_unlock(&p->rpc->lock);
    if (head >= wanted) {
        return CHAOS_OK;
    }
    CHAOS_TRY(ask(p, "eth_blockNumber", slice_text("[]"), rpc_read_unsigned, &head, err));
    note_head(p->rpc, p->endpoint, head);
    if (head >= wanted) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_NODE, "eth_blockNumber", CHAOS_NO_OFFSET, "%.120s does not have that block yet",
                    p->endpoint->name);
    error_expected(err, "block %llu", (unsigned long long)wanted);
    error_found(err, "block %llu", (unsigned long long)head);
    return CHAOS_E_NODE;
}

static chaos_status ask_checked(const post *p, const rpc_job *job, chaos_error *err)
{
    if (!p->lease->checked) {
        CHAOS_TRY(check_chain(p, err));
    }
    if (job->min_head > 0) {
        CHAOS_TRY(check_head(p, job->min_head, err));
    }
    CHAOS_TRY(ask(p, job->method, job->params, job->read, job->context, err));
    if (job->tells_head != NULL) {
        note_head(p->rpc, p->endpoint, *job->tells_head);
    }
    return CHAOS_OK;
}

chaos_status endpoint_ask(chaos_rpc *rpc, rpc_endpoint *endpoint, const rpc_job *job, uint32_t timeout_ms,
                          rpc_result *result, chaos_error *err)
{
    rpc_lease lease;
    post p = { rpc, endpoint, &lease, timeout_ms, result };
    memset(result, 0, sizeof *result);
    result->retry_after_ms = -1;
    int64_t begin = rpc_now_ms();
    CHAOS_TRY(lease_take(rpc, endpoint, &lease, err));
    chaos_status status = ask_checked(&p, job, err);
    bool sound =
        status != CHAOS_E_CHAIN_ID && (result->failure.answered || rpc_judge(status, &result->failure) == RPC_FINAL);
    lease_give(rpc, endpoint, &lease, sound);
    if (status == CHAOS_OK) {
        int64_t took = rpc_now_ms() - begin;
        pthread_mutex_lock(&rpc->lock);
        endpoint->latency += (took - endpoint->latency) / SMOOTH;
        pthread_mutex_unlock(&rpc->lock);
    }
    endpoint_note(rpc, endpoint, status, result);
    return status;
}

/* ----------------------------------------------------------------- health ---- */

void endpoint_note(chaos_rpc *rpc, rpc_endpoint *endpoint, chaos_status status, const rpc_result *result)
{
    int64_t now = rpc_now_ms();
    bool works = status == CHAOS_OK || rpc_judge(status, &result->failure) == RPC_FINAL;
    pthread_mutex_lock(&rpc->lock);
    endpoint->failures = works ? 0 : endpoint->failures + 1;
    endpoint->closed_until = 0;
    endpoint->wait_until = 0;
    if (!works && endpoint->failures >= BREAKER_AT) {
        unsigned doublings = endpoint->failures - BREAKER_AT;
        endpoint->closed_until = now + (doublings < 4 ? BREAKER_FIRST_MS << doublings : BREAKER_MAX_MS);
    }
    if (!works && result->retry_after_ms >= 0) {
        endpoint->wait_until = now + result->retry_after_ms;
    }
    pthread_mutex_unlock(&rpc->lock);
}
