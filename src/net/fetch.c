/* fetch.c - follows a stranger's URL to its bytes: redirects one by one, each judged as if it had been given first. */
#include <curl/curl.h>
#include <stdio.h>
#include <time.h>

#include "net/internal.h"

#define FETCH_CONNECT_TIMEOUT_MS 10000u /* name, connection and TLS together, to the other end of the world */

/* -------------------------------------------------------------------- time ---- */

uint64_t fetch_now_ms(void)
{
    struct timespec t = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ----------------------------------------------------------------- one hop ---- */

static chaos_status judge_url(const fetching *f, chaos_slice url, chaos_error *err)
{
    url_parts parts;
    char quoted[100];
    CHAOS_TRY(url_read(url, f->options, &parts, err));
    const struct sockaddr *address = (const struct sockaddr *)&parts.address;
    const char *why = parts.address_size == 0
                          ? NULL
                          : address_refusal(address, parts.address_size, f->options->allow_loopback);
    if (why == NULL) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_ADDRESS_REFUSED, "url", CHAOS_NO_OFFSET, "the URL leads to %s", why);
    error_expected(err, "a public address");
    error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(parts.host)));
    return CHAOS_E_ADDRESS_REFUSED;
}

static chaos_status get(const fetching *f, const char *url, exchange_guard *guard, net_reply *reply, chaos_error *err)
{
    const uint64_t now = fetch_now_ms();
    if (now >= f->deadline_ms) {
        (void)error_set(err, CHAOS_E_TIMEOUT, "url", CHAOS_NO_OFFSET, "no time is left for another request");
        error_expected(err, "all of it within %u ms", f->total_ms);
        return CHAOS_E_TIMEOUT;
    }
    const net_request request = { .method = "GET",
                                  .url = url,
                                  .connect_timeout_ms = FETCH_CONNECT_TIMEOUT_MS,
                                  .total_timeout_ms = (uint32_t)(f->deadline_ms - now),
                                  .max_reply = f->max_bytes };
    return exchange_with(f->handle, true, &request, guard, reply, err);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* ------------------------------------------------------------- redirection ---- */

static chaos_status bad_server(chaos_slice url, const char *why, chaos_error *err)
{
    char quoted[100];
    (void)error_set(err, CHAOS_E_GUEST_AGENT, "url", CHAOS_NO_OFFSET, "%s", why);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, url));
    return CHAOS_E_GUEST_AGENT;
}

/* From `url` to where the guard says. What would be a caller's mistake in a first URL is the server's in a second. */
static chaos_status take_redirect(const fetching *f, const exchange_guard *guard, char url[NET_MAX_URL + 1],
                                  chaos_error *err)
{
    const chaos_slice next = slice_text(guard->location);
    char why[sizeof err->text];
    chaos_error found;
    const char *bad = url_judge_redirect(slice_text(url), next);
    if (bad != NULL) {
        return bad_server(next.size > 0 ? next : slice_text(url), bad, err);
    }
    chaos_status status = judge_url(f, next, &found);
    if (status == CHAOS_E_USAGE) {
        (void)snprintf(why, sizeof why, "the server redirects to where it may not: %.120s", found.text);
        return bad_server(next, why, err);
    }
    if (status != CHAOS_OK) {
        if (err != NULL) {
            *err = found;
        }
        return status;
    }
    memcpy(url, guard->location, next.size + 1);
    return CHAOS_OK;
}

static chaos_status take_content(const char *url, net_reply *reply, net_fetched *out, chaos_error *err)
{
    char why[64];
    if (reply->status != 200) {
        (void)snprintf(why, sizeof why, "the server answers with HTTP %d", reply->status);
        return bad_server(slice_text(url), why, err);
    }
    out->bytes = reply->body;
    reply->body = (chaos_buffer)CHAOS_BUFFER_INIT(0);
    memcpy(out->media_type, reply->content_type, sizeof out->media_type);
    (void)snprintf(out->url, sizeof out->url, "%s", url);
    return CHAOS_OK;
}

chaos_status fetch_web(const fetching *f, chaos_slice first, bool trusted, net_fetched *out, chaos_error *err)
{
    char url[NET_MAX_URL + 1];
    if (!trusted) {
        CHAOS_TRY(judge_url(f, first, err));
    }
    memcpy(url, first.data, first.size);
    url[first.size] = '\0';
    for (unsigned hop = 0; hop <= NET_FETCH_MAX_REDIRECTS; hop++) {
        exchange_guard guard = { .allow_any = trusted && hop == 0,
                                 .allow_loopback = f->options->allow_loopback,
                                 .resolve = f->options->resolve };
        net_reply reply = { .body = CHAOS_BUFFER_INIT(0) };
        CHAOS_TRY(get(f, url, &guard, &reply, err));
        chaos_status status = is_redirect(reply.status) ? take_redirect(f, &guard, url, err)
                                                        : take_content(url, &reply, out, err);
        const bool done = !is_redirect(reply.status);
        net_reply_clear(&reply);
        if (status != CHAOS_OK || done) {
            return status;
        }
    }
    return bad_server(slice_text(url), "the server redirects more than three times", err);
}

/* -------------------------------------------------------------------- whole ---- */

static chaos_status usage(const char *field, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "%s", why);
}

static chaos_status check_options(const net_fetch_options *o, chaos_error *err)
{
    if (o->max_bytes > NET_MAX_REPLY) {
        return usage("max_bytes", "at most 16 MiB are fetched", err);
    }
    if (o->total_timeout_ms > NET_MAX_TOTAL_TIMEOUT_MS) {
        return usage("total_timeout_ms", "a timeout is longer than allowed", err);
    }
    if (o->gateway_count > NET_FETCH_MAX_GATEWAYS || (o->gateway_count > 0 && o->gateways == NULL)) {
        return usage("gateways", "there are at most eight gateways", err);
    }
    return CHAOS_OK;
}

static chaos_status fetch(const fetching *f, chaos_slice url, net_fetched *out, chaos_error *err)
{
    if (url_has_scheme(url, "data:")) {
        out->bytes.limit = f->max_bytes;
        CHAOS_TRY(data_url_read(url, &out->bytes, out->media_type, err));
        out->bond = NET_BOND_INLINE;
        (void)snprintf(out->url, sizeof out->url, "data:");
        return CHAOS_OK;
    }
    if (url_has_scheme(url, "ipfs:")) {
        return fetch_ipfs(f, url, out, err);
    }
    return fetch_web(f, url, false, out, err);
}

chaos_status net_fetch(chaos_slice url, const net_fetch_options *options, net_fetched *out, chaos_error *err)
{
    static const net_fetch_options defaults;
    const net_fetch_options *o = options == NULL ? &defaults : options;
    net_fetched made = { .bytes = CHAOS_BUFFER_INIT(0) };
    if (out == NULL || (url.data == NULL && url.size > 0)) {
        return usage("url", "url and out may not be NULL", err);
    }
    CHAOS_TRY(check_options(o, err));
    fetching f = { .options = o,
                   .max_bytes = o->max_bytes == 0 ? NET_FETCH_DEFAULT_BYTES : o->max_bytes,
                   .total_ms = o->total_timeout_ms == 0 ? NET_TOTAL_TIMEOUT_MS : o->total_timeout_ms };
    CHAOS_TRY(net_init(err));
    f.deadline_ms = fetch_now_ms() + f.total_ms;
    f.handle = curl_easy_init();
    if (f.handle == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "http", CHAOS_NO_OFFSET, NULL);
    }
    chaos_status status = fetch(&f, url, &made, err);
    curl_easy_cleanup(f.handle);
    if (status != CHAOS_OK) {
        net_fetched_clear(&made);
        return status;
    }
    *out = made;
    return CHAOS_OK;
}

void net_fetched_clear(net_fetched *fetched)
{
    chaos_buffer_free(&fetched->bytes);
    memset(fetched, 0, sizeof *fetched);
}
