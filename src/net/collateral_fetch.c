/* collateral_fetch.c - four requests to Intel's service or a caching service, and their answers as one file. */
#include "net/collateral.h"

#include <netinet/in.h>
#include <stdio.h>

#include "net/internal.h"

#define INTEL_SERVICE "https://api.trustedservices.intel.com"
#define INTEL_ROOT_CRL "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
#define DEFAULT_TIMEOUT_MS 20000u
#define MAX_ANSWER (512u * 1024u)
#define MAX_BASE 1024u

/* ------------------------------------------------------------------ options ---- */

static chaos_status usage(const char *field, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "%s", why);
}

static bool is_this_machine(const url_parts *parts)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (parts->address_size == 0) {
        return strcmp(parts->host, "localhost") == 0; /* libcurl never asks a name server for it */
    }
    if (parts->address.ss_family == AF_INET) {
        memcpy(&in, &parts->address, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    memcpy(&in6, &parts->address, sizeof in6);
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) != 0;
}

/* The operator's own URL: any https, and this machine without TLS. */
static chaos_status check_url(const char *field, const char *url, bool allow_local, chaos_error *err)
{
    const net_fetch_options rules = { .allow_http = true, .allow_any_port = true, .allow_loopback = true };
    url_parts parts;

    if (url == NULL) {
        return CHAOS_OK;
    }
    if (strnlen(url, MAX_BASE + 1) > MAX_BASE || strpbrk(url, "?#") != NULL) {
        return usage(field, "a service's URL has at most 1024 characters, no ? and no #", err);
    }
    if (url_read(slice_text(url), &rules, &parts, err) != CHAOS_OK) {
        if (err != NULL) {
            err->field = field;
        }
        return CHAOS_E_USAGE;
    }
    if (!parts.is_https && !(allow_local && is_this_machine(&parts))) {
        return usage(field, "a service is asked over https; http is for this machine alone", err);
    }
    return CHAOS_OK;
}

chaos_status collateral_check_service(const chaos_collateral_service *service, chaos_error *err)
{
    if (service == NULL || service->size != sizeof *service) {
        return usage("service", "begin with CHAOS_COLLATERAL_SERVICE_INIT", err);
    }
    if (service->kind != CHAOS_SERVICE_PCS && service->kind != CHAOS_SERVICE_PCCS) {
        return usage("kind", "a service is of the kind PCS or PCCS", err);
    }
    if (service->version != 3 && service->version != 4) {
        return usage("version", "the versions of the interface are 3 and 4", err);
    }
    if (service->kind == CHAOS_SERVICE_PCCS && (service->url == NULL || service->root_crl_url != NULL)) {
        return usage(service->url == NULL ? "url" : "root_crl_url",
                     "a PCCS has a URL of its own, and gives the root CA's list too", err);
    }
    if (service->evaluation_number != 0 && (service->early || service->version == 3)) {
        return usage("evaluation_number", "an evaluation is named in version 4 of the interface, and not beside early",
                     err);
    }
    if (service->timeout_ms > NET_MAX_TOTAL_TIMEOUT_MS) {
        return usage("timeout", "the timeout is longer than ten minutes", err);
    }
    CHAOS_TRY(check_url("url", service->url, service->allow_local, err));
    return check_url("root_crl_url", service->root_crl_url, service->allow_local, err);
}

chaos_status collateral_check_platform(const chaos_platform *platform, chaos_error *err)
{
    if (platform == NULL || (platform->tee != CHAOS_TEE_TDX && platform->tee != CHAOS_TEE_SGX)) {
        return usage("platform", "the platform's TEE is TDX or SGX", err);
    }
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- requests ---- */

typedef struct asking {
    const chaos_collateral_service *service;
    const chaos_platform *platform;
    net_client *client;
    uint64_t deadline_ms;
} asking;

/* What the status of an answer means to whoever asked. */
static chaos_status refused(const char *part, const net_reply *reply, const char *url, chaos_error *err)
{
    chaos_status status = CHAOS_E_GUEST_AGENT;
    char quoted[96];

    if (reply->status == 404 || reply->status == 410) {
        status = CHAOS_E_COLLATERAL_MISSING;
        (void)error_set(err, status, part, CHAOS_NO_OFFSET, "the service has none for this platform");
    } else if (reply->status == 429) {
        (void)error_set(err, status, part, CHAOS_NO_OFFSET, "the service was asked too often%s%s",
                        reply->retry_after[0] == '\0' ? "" : "; it says when to ask again: ", reply->retry_after);
    } else {
        (void)error_set(err, status, part, CHAOS_NO_OFFSET, "the service refused the request");
    }
    error_expected(err, "HTTP 200");
    error_found(err, "HTTP %d from %s", reply->status, error_quote(quoted, sizeof quoted, slice_text(url)));
    return status;
}

static chaos_status ask(const asking *a, const char *part, const char *url, const char *header, net_reply *reply,
                        chaos_error *err)
{
    const uint64_t now = fetch_now_ms();

    if (now >= a->deadline_ms) {
        return error_set(err, CHAOS_E_TIMEOUT, part, CHAOS_NO_OFFSET, "the service did not give everything in time");
    }
    const net_request request = { .method = "GET",
                                  .url = url,
                                  .total_timeout_ms = (uint32_t)(a->deadline_ms - now),
                                  .max_reply = MAX_ANSWER,
                                  .header = header };
    chaos_status status = net_client_exchange(a->client, &request, reply, err);
    if (status != CHAOS_OK) {
        if (err != NULL) {
            err->field = part;
        }
        return status;
    }
    if (reply->status != 200) {
        return refused(part, reply, url, err);
    }
    if (reply->body.size == 0) {
        return error_set(err, CHAOS_E_COLLATERAL_FORMAT, part, CHAOS_NO_OFFSET, "the service's answer is empty");
    }
    if (header != NULL && reply->header.size == 0) {
        (void)error_set(err, CHAOS_E_COLLATERAL_FORMAT, part, CHAOS_NO_OFFSET,
                        "the service's answer comes without its issuer chain");
        error_expected(err, "a header line %s", header);
        return CHAOS_E_COLLATERAL_FORMAT;
    }
    return CHAOS_OK;
}

static const char *base_of(const chaos_collateral_service *service)
{
    return service->url == NULL ? INTEL_SERVICE : service->url;
}

static int base_size(const chaos_collateral_service *service)
{
    size_t size = strlen(base_of(service));

    while (size > 0 && base_of(service)[size - 1] == '/') {
        size--;
    }
    return (int)size;
}

static const char *tee_path(const asking *a)
{
    return a->platform->tee == CHAOS_TEE_TDX ? "tdx" : "sgx";
}

/* Which evaluation: nothing for the standard one. */
static const char *evaluation(const chaos_collateral_service *service, char before, char text[48])
{
    text[0] = '\0';
    if (service->early) {
        (void)snprintf(text, 48, "%cupdate=early", before);
    } else if (service->evaluation_number != 0) {
        (void)snprintf(text, 48, "%ctcbEvaluationDataNumber=%u", before, service->evaluation_number);
    }
    return text;
}

static chaos_status ask_tcb_info(const asking *a, net_reply *reply, chaos_error *err)
{
    const chaos_collateral_service *s = a->service;
    char url[NET_MAX_URL];
    char which[48];
    char fmspc[2 * sizeof a->platform->fmspc + 4];

    (void)snprintf(url, sizeof url, "%.*s/%s/certification/v%u/tcb?fmspc=%s%s", base_size(s), base_of(s), tee_path(a),
                   s->version,
                   error_hex(fmspc, sizeof fmspc, slice(a->platform->fmspc, sizeof a->platform->fmspc)),
                   evaluation(s, '&', which));
    return ask(a, "tcb_info", url, pcs_chain_header(PCS_TCB_INFO, s->version), reply, err);
}

static chaos_status ask_qe_identity(const asking *a, net_reply *reply, chaos_error *err)
{
    const chaos_collateral_service *s = a->service;
    char url[NET_MAX_URL];
    char which[48];

    (void)snprintf(url, sizeof url, "%.*s/%s/certification/v%u/qe/identity%s", base_size(s), base_of(s), tee_path(a),
                   s->version, evaluation(s, '?', which));
    return ask(a, "qe_identity", url, pcs_chain_header(PCS_QE_IDENTITY, s->version), reply, err);
}

/* PCK certificates are SGX's for every TEE, and so are their lists. */
static chaos_status ask_pck_crl(const asking *a, net_reply *reply, chaos_error *err)
{
    const chaos_collateral_service *s = a->service;
    char url[NET_MAX_URL];

    (void)snprintf(url, sizeof url, "%.*s/sgx/certification/v%u/pckcrl?ca=%s&encoding=der", base_size(s), base_of(s),
                   s->version, a->platform->platform_ca ? "platform" : "processor");
    return ask(a, "pck_crl", url, pcs_chain_header(PCS_PCK_CRL, s->version), reply, err);
}

static chaos_status ask_root_crl(const asking *a, net_reply *reply, chaos_error *err)
{
    const chaos_collateral_service *s = a->service;
    char url[NET_MAX_URL];

    if (s->kind == CHAOS_SERVICE_PCCS) {
        (void)snprintf(url, sizeof url, "%.*s/sgx/certification/v%u/rootcacrl", base_size(s), base_of(s), s->version);
    } else {
        (void)snprintf(url, sizeof url, "%s", s->root_crl_url == NULL ? INTEL_ROOT_CRL : s->root_crl_url);
    }
    return ask(a, "root_ca_crl", url, NULL, reply, err);
}

/* ----------------------------------------------------------------- assembly ---- */

typedef struct replies {
    net_reply tcb_info, qe_identity, pck_crl, root_ca_crl;
} replies;

static void replies_cleanup(replies *r)
{
    net_reply_clear(&r->tcb_info);
    net_reply_clear(&r->qe_identity);
    net_reply_clear(&r->pck_crl);
    net_reply_clear(&r->root_ca_crl);
}

static chaos_status ask_all(const asking *a, replies *r, chaos_error *err)
{
    CHAOS_TRY(ask_tcb_info(a, &r->tcb_info, err));
    CHAOS_TRY(ask_qe_identity(a, &r->qe_identity, err));
    CHAOS_TRY(ask_pck_crl(a, &r->pck_crl, err));
    return ask_root_crl(a, &r->root_ca_crl, err);
}

static pcs_answer answer_of(const net_reply *reply)
{
    return (pcs_answer){ buffer_slice(&reply->body), buffer_slice(&reply->header) };
}

static chaos_status assemble(const replies *r, chaos_buffer *text, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(storage, 4 * (size_t)CHAOS_MAX_COLLATERAL);
    const pcs_answers answers = { .tcb_info = answer_of(&r->tcb_info),
                                  .qe_identity = answer_of(&r->qe_identity),
                                  .pck_crl = answer_of(&r->pck_crl),
                                  .root_ca_crl = buffer_slice(&r->root_ca_crl.body) };
    collateral_parts parts;
    fault why = { 0 };

    if (!pcs_to_collateral(&answers, &storage, &parts, &why)) {
        return fault_to_error(&why, err);
    }
    return collateral_write(&parts, text)
               ? CHAOS_OK
               : error_set(err, CHAOS_E_COLLATERAL_FORMAT, "collateral", CHAOS_NO_OFFSET, "larger than it may be");
}

static chaos_status fetch(const chaos_collateral_service *service, const chaos_platform *platform, chaos_buffer *text,
                          chaos_error *err)
{
    CHAOS_AUTO(net_client, client);
    __attribute__((cleanup(replies_cleanup))) replies r = { 0 };
    asking a = { .service = service, .platform = platform };

    CHAOS_TRY(net_client_new(&client, err));
    a.client = client;
    a.deadline_ms = fetch_now_ms() + (service->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : service->timeout_ms);
    CHAOS_TRY(ask_all(&a, &r, err));
    return assemble(&r, text, err);
}

chaos_status chaos_collateral_fetch(const chaos_collateral_service *service, const chaos_platform *platform,
                                    const chaos_trust *trust, int64_t now, chaos_buffer *text,
                                    chaos_collateral_facts *facts, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(made, CHAOS_MAX_COLLATERAL);
    chaos_collateral_facts found;

    CHAOS_TRY(collateral_check_service(service, err));
    CHAOS_TRY(collateral_check_platform(platform, err));
    if (trust == NULL || text == NULL) {
        return usage(NULL, "trust and json may not be NULL", err);
    }
    if (platform->tee == CHAOS_TEE_TDX && service->version == 3) {
        return usage("version", "version 3 of the interface knows SGX alone", err);
    }
    CHAOS_TRY(fetch(service, platform, &made, err));
    CHAOS_TRY(collateral_judge(buffer_slice(&made), platform, trust, now, &found, err));
    CHAOS_TRY(collateral_check_number(service->evaluation_number, &found, err));
    if (!buffer_append(text, buffer_slice(&made))) {
        return error_set(err, CHAOS_E_LIMIT, "json", CHAOS_NO_OFFSET, NULL);
    }
    if (facts != NULL) {
        *facts = found;
    }
    return CHAOS_OK;
}
