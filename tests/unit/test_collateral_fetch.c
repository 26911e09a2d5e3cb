/* test_collateral_fetch.c - collateral of a service that is right, wrong, late, old or not there, and of a folder. The
 * service is a server of this test with forged collateral. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chaoschain/net.h>
#include <chaoschain/validator.h>

#include "sim/sim.h"
#include "tests/support/http_server.h"
#include "tests/support/support.h"

#define DAY 86400

static chaos_error err;

/* ----------------------------------------------------------------- service ---- */

typedef enum part {
    PART_TCB,
    PART_QE,
    PART_CRL,
    PART_ROOT,
    PARTS
} part;
static const char *const part_names[PARTS] = { "tcb_info", "qe_identity", "pck_crl", "root_ca_crl" };

/* What is wrong with one answer. */
typedef enum wrong {
    RIGHT,
    STATUS_404,
    STATUS_410,
    STATUS_429,
    STATUS_500,
    EMPTY,
    CUT,  /* less than Content-Length says */
    HALF, /* half of the body, with a Content-Length to match */
    NO_HEADER,
    HEADER_ALIEN,
    HEADER_TWICE,
    HEADER_LONG,
    HEADER_OTHER_NAME,
    HTML,
    REDIRECT,
    REDIRECT_301,
    GZIP, /* it says so, and nobody asked for it */
    BIG,  /* 5 MB */
    CHAIN_OF_THREE,
    /* not wrong at all: */
    LOWER_CASE, /* the header's name */
    PLUS,       /* a + of base64 stays one */
    LIST_HEX_LF,
    LIST_DER,
    LIST_PEM
} wrong;

typedef struct service {
    http_server *server;
    forge_result made;
    chaos_collateral *collateral; /* the parts of what is served */
    chaos_buffer storage;
    chaos_slice crl_der, root_der;
    unsigned version;
    bool pccs;
    part bad_part;
    wrong bad;
    char last[PARTS][256]; /* targets that were asked for */
    char heads[PARTS][64];
} service;

static bool append_encoded(chaos_buffer *out, const char *name, chaos_slice pem, const char *also_plain)
{
    bool ok = buffer_append_format(out, "%s: ", name);
    for (size_t i = 0; ok && i < pem.size; i++) {
        uint8_t c = pem.data[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
                     strchr(also_plain, c) != NULL;
        ok = plain ? buffer_append(out, slice(&c, 1)) : buffer_append_format(out, "%%%02X", c);
    }
    return ok && buffer_append_text(out, "\r\n");
}

static bool append_chain(chaos_buffer *out, const char *name, chaos_slice pem)
{
    return append_encoded(out, name, pem, "");
}

/* The chain with its last certificate twice. */
static bool append_three(chaos_buffer *out, const char *name, chaos_slice pem)
{
    chaos_buffer chain = CHAOS_BUFFER_INIT(1u << 20);
    size_t last = 0;

    for (size_t i = 0; i + 5 < pem.size; i++) {
        last = memcmp(pem.data + i, "-----B", 6) == 0 ? i : last;
    }
    bool ok = buffer_append(&chain, pem) && buffer_append(&chain, slice(pem.data + last, pem.size - last)) &&
              append_chain(out, name, bytes_of(&chain));
    chaos_buffer_free(&chain);
    return ok;
}

static bool append_header(chaos_buffer *out, const service *s, part which, wrong bad, chaos_slice pem)
{
    char lower[64];

    static const pcs_call calls[] = { PCS_TCB_INFO, PCS_QE_IDENTITY, PCS_PCK_CRL };
    const char *name = pcs_chain_header(calls[which], bad == HEADER_OTHER_NAME ? 7 - s->version : s->version);

    switch ((int)bad) {
    case NO_HEADER:
        return true;
    case HEADER_ALIEN:
        return buffer_append_format(out, "%s: %%zz\r\n", name);
    case HEADER_TWICE:
        return append_chain(out, name, pem) && append_chain(out, name, pem);
    case CHAIN_OF_THREE:
        return append_three(out, name, pem);
    case PLUS:
        return append_encoded(out, name, pem, "+/");
    case LOWER_CASE:
        for (size_t i = 0; i < sizeof lower; i++) {
            lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
            if (name[i] == '\0') {
                break;
            }
        }
        return append_chain(out, lower, pem);
    case HEADER_LONG: {
        bool ok = buffer_append_format(out, "%s: ", name);
        for (size_t i = 0; ok && i < 40000; i++) {
            ok = buffer_append_text(out, "A");
        }
        return ok && buffer_append_text(out, "\r\n");
    }
    default:
        return append_chain(out, name, pem);
    }
}

static int status_of(wrong bad)
{
    switch ((int)bad) {
    case STATUS_404:
        return 404;
    case STATUS_410:
        return 410;
    case STATUS_429:
        return 429;
    case STATUS_500:
        return 500;
    case REDIRECT:
        return 302;
    case REDIRECT_301:
        return 301;
    default:
        return 200;
    }
}

static bool make_body(const service *s, part which, chaos_buffer *body)
{
    const collateral_parts *p = &s->collateral->parts;
    const wrong form = which == s->bad_part ? s->bad : RIGHT;
    const bool hex = form == LIST_HEX_LF || (s->pccs && form != LIST_DER && form != LIST_PEM);
    const chaos_slice der = which == PART_CRL ? s->crl_der : s->root_der;

    switch (which) {
    case PART_TCB:
        return buffer_append_text(body, "{\"tcbInfo\":") && buffer_append(body, p->tcb_info) &&
               buffer_append_text(body, ",\"signature\":\"") && buffer_append(body, p->tcb_info_signature) &&
               buffer_append_text(body, "\"}");
    case PART_QE:
        return buffer_append_text(body, "{\"enclaveIdentity\":") && buffer_append(body, p->qe_identity) &&
               buffer_append_text(body, ",\"signature\":\"") && buffer_append(body, p->qe_identity_signature) &&
               buffer_append_text(body, "\"}");
    case PART_CRL:
    case PART_ROOT:
        if (form == LIST_PEM) {
            return pem_write("X509 CRL", der, body);
        }
        if (!hex) {
            return buffer_append(body, der);
        }
        for (size_t i = 0; i < der.size; i++) {
            if (!buffer_append_format(body, "%02x", der.data[i])) {
                return false;
            }
        }
        return form != LIST_HEX_LF || buffer_append_text(body, "\n");
    case PARTS:
        break;
    }
    return false;
}

static bool part_of(const service *s, const char *target, part *which)
{
    char prefix[64];

    (void)snprintf(prefix, sizeof prefix, "/certification/v%u/", s->version);
    const char *rest = strstr(target, prefix);
    if (!s->pccs && strcmp(target, "/IntelSGXRootCA.der") == 0) {
        *which = PART_ROOT;
        return true;
    }
    if (rest == NULL) {
        return false;
    }
    rest += strlen(prefix);
    *which = strncmp(rest, "tcb?fmspc=", 10) == 0        ? PART_TCB
             : strncmp(rest, "qe/identity", 11) == 0     ? PART_QE
             : strncmp(rest, "pckcrl?ca=", 10) == 0      ? PART_CRL
             : s->pccs && strcmp(rest, "rootcacrl") == 0 ? PART_ROOT
                                                         : PARTS;
    return *which != PARTS;
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    service *s = context;
    const collateral_parts *p = &s->collateral->parts;
    const chaos_slice chains[] = { p->tcb_info_issuer_chain, p->qe_identity_issuer_chain, p->pck_crl_issuer_chain };
    chaos_buffer body = CHAOS_BUFFER_INIT(8u << 20);
    part which = PARTS;

    if (!part_of(s, seen->target, &which)) {
        return http_reply(out, 404, "text/plain", slice_text("no such path"));
    }
    (void)snprintf(s->last[which], sizeof s->last[which], "%s", seen->target);
    wrong bad = which == s->bad_part ? s->bad : RIGHT;
    bool ok = bad == EMPTY || (bad == HTML ? buffer_append_text(&body, "<html>busy</html>") : make_body(s, which, &body));
    while (ok && bad == BIG && body.size < 5u << 20) { /* white space, which JSON allows */
        ok = buffer_append_text(&body, "                                                                ");
    }
    size_t shown = bad == HALF ? body.size / 2 : body.size;
    ok = ok && buffer_append_format(out, "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n", status_of(bad), shown) &&
         (bad != STATUS_429 || buffer_append_text(out, "Retry-After: 17\r\n")) &&
         ((bad != REDIRECT && bad != REDIRECT_301) || buffer_append_text(out, "Location: http://127.0.0.1:1/\r\n")) &&
         (bad != GZIP || buffer_append_text(out, "Content-Encoding: gzip\r\n")) &&
         (which == PART_ROOT || append_header(out, s, which, bad, chains[which])) && buffer_append_text(out, "\r\n") &&
         buffer_append(out, slice(body.data, bad == CUT ? body.size / 2 : shown));
    chaos_buffer_free(&body);
    return ok && bad != CUT;
}

/* Serves this from now on. */
static void serve(service *s, forge_kind kind, const forge_options *options, const char *break_name)
{
    fault why;
    const forge_break *broken = break_name == NULL ? NULL : forge_break_find(break_name);

    assert_true(break_name == NULL || broken != NULL);
    chaos_collateral_free(s->collateral);
    chaos_buffer_free(&s->storage);
    forge_result_free(&s->made);
    s->collateral = NULL;
    s->storage.limit = 1u << 20;
    assert_int_equal(forge_make(kind, options, broken, &s->made, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(bytes_of(&s->made.collateral), &s->collateral, &err), CHAOS_OK);
    assert_non_null(buffer_reserve(&s->storage, 1u << 19)); /* slices stay where they are */
    assert_true(collateral_crl_der(s->collateral->parts.pck_crl, &s->storage, &s->crl_der, &why));
    assert_true(collateral_crl_der(s->collateral->parts.root_ca_crl, &s->storage, &s->root_der, &why));
}

static void start(service *s)
{
    memset(s, 0, sizeof *s);
    s->version = 4;
    s->server = http_server_start(&(http_server_options){ .tcp = true, .answer = answer, .context = s });
}

static void stop(service *s)
{
    if (s->server != NULL) {
        http_server_stop(s->server);
    }
    chaos_collateral_free(s->collateral);
    chaos_buffer_free(&s->storage);
    forge_result_free(&s->made);
}

/* ------------------------------------------------------------------ asking ---- */

typedef struct client {
    char root_url[96], url[64];
    chaos_collateral_service options;
    chaos_trust *trust;
    chaos_platform platform;
} client;

/* Options for the service, the trust in its root, and the platform of its quote. */
static void client_begin(client *c, const service *s)
{
    chaos_evidence *evidence = NULL;

    *c = (client){ .options = CHAOS_COLLATERAL_SERVICE_INIT };
    (void)snprintf(c->url, sizeof c->url, "%s", http_server_url(s->server));
    (void)snprintf(c->root_url, sizeof c->root_url, "%s/IntelSGXRootCA.der", c->url);
    c->options.url = c->url;
    c->options.kind = s->pccs ? CHAOS_SERVICE_PCCS : CHAOS_SERVICE_PCS;
    c->options.version = s->version;
    c->options.root_crl_url = s->pccs ? NULL : c->root_url;
    c->options.allow_local = true;
    c->options.timeout_ms = 5000;
    assert_int_equal(chaos_trust_new(&c->trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(c->trust, bytes_of(&s->made.root), &err), CHAOS_OK);
    assert_int_equal(chaos_evidence_parse(bytes_of(&s->made.quote), &evidence, &err), CHAOS_OK);
    assert_int_equal(chaos_evidence_platform(evidence, &c->platform, &err), CHAOS_OK);
    chaos_evidence_free(evidence);
}

static void client_end(client *c)
{
    chaos_trust_free(c->trust);
}

static chaos_status fetch(const client *c, int64_t now, chaos_buffer *out)
{
    memset(&err, 0, sizeof err);
    return chaos_collateral_fetch(&c->options, &c->platform, c->trust, now, out, NULL, &err);
}

static void expect_fetch(const client *c, int64_t now, chaos_status status, const char *field, const char *what)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_status got = fetch(c, now, &out);

    if (got != status || (field != NULL && strcmp(field, err.field == NULL ? "" : err.field) != 0)) {
        fail_msg("%s: %s, field %s (%s; found %s), expected %s, field %s", what, chaos_status_name(got),
                 err.field == NULL ? "none" : err.field, err.text, err.found, chaos_status_name(status), field);
    }
    if (status != CHAOS_OK) {
        assert_int_equal(out.size, 0);
    }
    chaos_buffer_free(&out);
}

/* ------------------------------------------------------------------ fetching ---- */

static const struct {
    forge_kind kind;
    unsigned version;
    bool pccs;
    const char *tcb;
} forms[] = {
    { FORGE_TDX4, 4, false, "/tdx/certification/v4/tcb?fmspc=c0a05c000000" },
    { FORGE_SGX3, 4, false, "/sgx/certification/v4/tcb?fmspc=c0a05c000000" },
    { FORGE_SGX3, 3, false, "/sgx/certification/v3/tcb?fmspc=c0a05c000000" },
    { FORGE_TDX4, 4, true, "/tdx/certification/v4/tcb?fmspc=c0a05c000000" },
    { FORGE_SGX3, 3, true, "/sgx/certification/v3/tcb?fmspc=c0a05c000000" },
};

/* Every form of the service gives the same parts, and what is asked for is what the specification says. */
static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(forms); i++) {
        chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
        chaos_collateral *again = NULL;
        char target[128];
        service s;
        client c;

        start(&s);
        s.version = forms[i].version;
        s.pccs = forms[i].pccs;
        s.bad_part = PARTS;
        serve(&s, forms[i].kind, NULL, NULL);
        client_begin(&c, &s);
        if (fetch(&c, s.made.now, &out) != CHAOS_OK) {
            fail_msg("form %zu: %s: %s", i, err.field, err.text);
        }
        assert_int_equal(http_server_requests(s.server), 4);
        assert_int_equal(http_server_connections(s.server), 1);
        assert_string_equal(s.last[PART_TCB], forms[i].tcb);
        (void)snprintf(target, sizeof target, "/sgx/certification/v%u/pckcrl?ca=%s&encoding=der", s.version,
                       c.platform.platform_ca ? "platform" : "processor");
        assert_string_equal(s.last[PART_CRL], target);
        (void)snprintf(target, sizeof target, "/%s/certification/v%u/qe/identity",
                       forms[i].kind == FORGE_TDX4 ? "tdx" : "sgx", s.version);
        assert_string_equal(s.last[PART_QE], target);
        assert_int_equal(chaos_collateral_parse(bytes_of(&out), &again, &err), CHAOS_OK);
        assert_true(slice_equal(again->parts.tcb_info, s.collateral->parts.tcb_info));
        assert_true(slice_equal(again->parts.qe_identity, s.collateral->parts.qe_identity));
        chaos_collateral_free(again);
        c.options.early = true;
        chaos_buffer_free(&out);
        assert_int_equal(fetch(&c, s.made.now, &out), CHAOS_OK);
        assert_non_null(strstr(s.last[PART_TCB], "&update=early"));
        assert_non_null(strstr(s.last[PART_QE], "?update=early"));
        chaos_buffer_free(&out);
        client_end(&c);
        stop(&s);
    }
}

/* A number is asked for, given, and compared; what is kept of another one is not what was asked for. */
static void test_evaluation_number(void **state)
{
    service s;
    client c;
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);

    (void)state;
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    c.options.evaluation_number = 18;
    assert_int_equal(fetch(&c, s.made.now, &out), CHAOS_OK);
    assert_string_equal(s.last[PART_TCB], "/tdx/certification/v4/tcb?fmspc=c0a05c000000&tcbEvaluationDataNumber=18");
    assert_string_equal(s.last[PART_QE], "/tdx/certification/v4/qe/identity?tcbEvaluationDataNumber=18");
    c.options.evaluation_number = 19;
    expect_fetch(&c, s.made.now, CHAOS_E_TCB_INFO_MISMATCH, "tcb_evaluation_number", "another number is given");
    assert_string_equal(err.expected, "19");
    assert_string_equal(err.found, "18");
    s.bad_part = PART_QE;
    s.bad = STATUS_410;
    expect_fetch(&c, s.made.now, CHAOS_E_COLLATERAL_MISSING, "qe_identity", "a number no longer served");
    const unsigned asked = http_server_requests(s.server);
    c.options.early = true;
    expect_fetch(&c, s.made.now, CHAOS_E_USAGE, "evaluation_number", "early and a number");
    c.options.early = false;
    c.options.version = 3;
    c.platform.tee = CHAOS_TEE_SGX;
    expect_fetch(&c, s.made.now, CHAOS_E_USAGE, "evaluation_number", "version 3 has none");
    assert_int_equal(http_server_requests(s.server), asked); /* nobody was asked */
    chaos_buffer_free(&out);
    client_end(&c);
    stop(&s);
}

static const struct {
    wrong bad;
    bool not_root; /* it is about the header, which the root CA's list has not */
    chaos_status status;
    const char *own_field; /* NULL: the part's name */
} faults[] = {
    { STATUS_404, false, CHAOS_E_COLLATERAL_MISSING, NULL },
    { STATUS_410, false, CHAOS_E_COLLATERAL_MISSING, NULL },
    { STATUS_429, false, CHAOS_E_GUEST_AGENT, NULL },
    { STATUS_500, false, CHAOS_E_GUEST_AGENT, NULL },
    { REDIRECT, false, CHAOS_E_GUEST_AGENT, NULL },
    { REDIRECT_301, false, CHAOS_E_GUEST_AGENT, NULL },
    { GZIP, false, CHAOS_E_GUEST_AGENT, NULL },
    { BIG, false, CHAOS_E_GUEST_AGENT, NULL },
    { EMPTY, false, CHAOS_E_COLLATERAL_FORMAT, NULL },
    { CUT, false, CHAOS_E_GUEST_AGENT, NULL },
    { NO_HEADER, true, CHAOS_E_COLLATERAL_FORMAT, NULL },
    { HEADER_ALIEN, true, CHAOS_E_COLLATERAL_FORMAT, "issuer_chain" },
    { HEADER_TWICE, true, CHAOS_E_GUEST_AGENT, NULL },
    { HEADER_LONG, true, CHAOS_E_GUEST_AGENT, NULL },
};

/* Each part in turn, each fault in turn; right again in between. */
static void test_wrong_answers(void **state)
{
    service s;
    client c;
    char what[64];

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(faults); i++) {
        start(&s);
        serve(&s, FORGE_TDX4, NULL, NULL);
        client_begin(&c, &s);
        for (part p = 0; p < PARTS; p++) {
            if (faults[i].not_root && p == PART_ROOT) {
                continue;
            }
            s.bad_part = p;
            s.bad = faults[i].bad;
            (void)snprintf(what, sizeof what, "fault %zu of %s", i, part_names[p]);
            expect_fetch(&c, s.made.now, faults[i].status,
                         faults[i].own_field != NULL ? faults[i].own_field : part_names[p], what);
            assert_true(faults[i].bad != STATUS_429 || strstr(err.text, "17") != NULL); /* Retry-After */
            s.bad = RIGHT;
            expect_fetch(&c, s.made.now, CHAOS_OK, NULL, what);
        }
        client_end(&c);
        stop(&s);
    }
}

static void test_wrong_bodies(void **state)
{
    static const struct {
        part which;
        wrong bad;
        chaos_status status;
    } bodies[] = {
        { PART_TCB, HALF, CHAOS_E_JSON },
        { PART_QE, HALF, CHAOS_E_JSON },
        { PART_CRL, HALF, CHAOS_E_CRL_FORMAT },
        { PART_ROOT, HALF, CHAOS_E_CRL_FORMAT },
        { PART_TCB, HTML, CHAOS_E_JSON },
        { PART_QE, HTML, CHAOS_E_JSON },
        { PART_CRL, HTML, CHAOS_E_CRL_FORMAT },
        { PART_ROOT, HTML, CHAOS_E_CRL_FORMAT },
        { PART_TCB, HEADER_OTHER_NAME, CHAOS_E_COLLATERAL_FORMAT },
        { PART_TCB, CHAIN_OF_THREE, CHAOS_E_TCB_SIGNING_CERT },
        { PART_QE, CHAIN_OF_THREE, CHAOS_E_TCB_SIGNING_CERT },
        { PART_CRL, CHAIN_OF_THREE, CHAOS_E_PCK_CHAIN_LENGTH },
    };
    service s;
    client c;

    (void)state;
    start(&s);
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bodies); i++) {
        s.bad_part = bodies[i].which;
        s.bad = bodies[i].bad;
        expect_fetch(&c, s.made.now, bodies[i].status, NULL, part_names[bodies[i].which]);
    }
    client_end(&c);
    stop(&s);
}

/* Every spelling that services use gives the same file. */
static void test_other_spellings(void **state)
{
    static const struct {
        part which;
        wrong form;
        bool pccs;
    } forms_of_parts[] = {
        { PART_TCB, LOWER_CASE, false },
        { PART_QE, LOWER_CASE, false },
        { PART_CRL, LOWER_CASE, true },
        { PART_TCB, PLUS, false },
        { PART_QE, PLUS, true },
        { PART_CRL, PLUS, false },
        { PART_CRL, LIST_PEM, false },
        { PART_CRL, LIST_DER, true },
        { PART_CRL, LIST_HEX_LF, true },
        { PART_ROOT, LIST_PEM, true },
        { PART_ROOT, LIST_DER, true },
        { PART_ROOT, LIST_HEX_LF, true },
        { PART_ROOT, LIST_PEM, false },
        { PART_ROOT, LIST_HEX_LF, false },
    };
    chaos_buffer want = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(forms_of_parts); i++) {
        chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
        service s;
        client c;

        start(&s);
        s.pccs = forms_of_parts[i].pccs;
        s.bad_part = PARTS;
        serve(&s, FORGE_TDX4, NULL, NULL);
        client_begin(&c, &s);
        if (want.size == 0) {
            assert_int_equal(fetch(&c, s.made.now, &want), CHAOS_OK);
            assert_non_null(memchr(s.collateral->parts.tcb_info_issuer_chain.data, '+',
                                   s.collateral->parts.tcb_info_issuer_chain.size)); /* or PLUS tests nothing */
        }
        s.bad_part = forms_of_parts[i].which;
        s.bad = forms_of_parts[i].form;
        if (fetch(&c, s.made.now, &out) != CHAOS_OK) {
            fail_msg("spelling %zu: %s %s", i, chaos_status_name(err.status), err.text);
        }
        assert_true(slice_equal(bytes_of(&want), bytes_of(&out)));
        chaos_buffer_free(&out);
        client_end(&c);
        stop(&s);
    }
    chaos_buffer_free(&want);
}

/* Genuine, and not what was asked for; or not genuine. */
static void test_untrusted(void **state)
{
    service s;
    client c;
    client stranger;

    (void)state;
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    expect_fetch(&c, s.made.now, CHAOS_OK, NULL, "right");
    c.platform.fmspc[5] ^= 1;
    expect_fetch(&c, s.made.now, CHAOS_E_TCB_INFO_MISMATCH, "fmspc", "another FMSPC");
    c.platform.fmspc[5] ^= 1;
    c.platform.tee = CHAOS_TEE_SGX;
    expect_fetch(&c, s.made.now, CHAOS_E_TCB_INFO_MISMATCH, "tee", "another TEE");
    c.platform.tee = CHAOS_TEE_TDX;
    c.platform.platform_ca = !c.platform.platform_ca;
    expect_fetch(&c, s.made.now, CHAOS_E_CRL_ISSUER, "pck_crl", "another CA");
    c.platform.platform_ca = !c.platform.platform_ca;
    expect_fetch(&c, s.made.now + 40 * DAY, CHAOS_E_CRL_EXPIRED, "pck_crl.nextUpdate", "forty days later");
    expect_fetch(&c, s.made.now + 400 * DAY, CHAOS_E_CRL_EXPIRED, "root_ca_crl.nextUpdate", "a year later");
    stranger = c;
    assert_int_equal(chaos_trust_new(&stranger.trust, &err), CHAOS_OK);
    expect_fetch(&stranger, s.made.now, CHAOS_E_ROOT_UNTRUSTED, NULL, "the vendor's root alone");
    assert_int_equal(chaos_trust_add_root(stranger.trust, bytes_of(&s.made.foreign_root), &err), CHAOS_OK);
    expect_fetch(&stranger, s.made.now, CHAOS_E_ROOT_UNTRUSTED, NULL, "a root of the same name");
    client_end(&stranger);
    serve(&s, FORGE_TDX4, NULL, "tcb-info-signature-flipped");
    expect_fetch(&c, s.made.now, CHAOS_E_TCB_INFO_SIGNATURE, NULL, "TCB info");
    serve(&s, FORGE_TDX4, NULL, "pck-crl-signature-flipped");
    expect_fetch(&c, s.made.now, CHAOS_E_CRL_SIGNATURE, NULL, "PCK CRL");
    client_end(&c);
    stop(&s);
}

static void test_unreachable(void **state)
{
    static const http_step silent[] = { { HTTP_READ, NULL, 0 }, { HTTP_WAIT, NULL, 5000 }, { HTTP_END, NULL, 0 } };
    const http_step *const scripts[] = { silent };
    http_server *server =
        http_server_start(&(http_server_options){ .tcp = true, .scripts = scripts, .script_count = 1 });
    service s;
    client c;

    (void)state;
    start(&s);
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    c.options.url = http_server_url(server);
    c.options.timeout_ms = 300;
    expect_fetch(&c, s.made.now, CHAOS_E_TIMEOUT, "tcb_info", "a silent service");
    http_server_stop(server);
    static const http_step slow[] = {
        { HTTP_READ, NULL, 0 },
        { HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", 0 },
        { HTTP_DRIP, "{\"tcbInfo\":{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2026-01-01T00:00:00Z\"", 50 },
        { HTTP_END, NULL, 0 }
    };
    const http_step *const slow_scripts[] = { slow };
    server = http_server_start(&(http_server_options){ .tcp = true, .scripts = slow_scripts, .script_count = 1 });
    c.options.url = http_server_url(server);
    expect_fetch(&c, s.made.now, CHAOS_E_TIMEOUT, "tcb_info", "a byte now and then");
    http_server_stop(server);
    c.options.url = c.url;
    http_server_stop(s.server);
    s.server = NULL;
    expect_fetch(&c, s.made.now, CHAOS_E_NETWORK, "tcb_info", "no service");
    client_end(&c);
    stop(&s);
}

static void test_usage(void **state)
{
    static const struct {
        const char *url;
        bool allow_local;
        const char *field;
    } urls[] = {
        { "http://127.0.0.1:1", false, "url" },
        { "http://192.0.2.1", true, "url" },
        { "http://example.org", true, "url" },
        { "http://localhost.example.org", true, "url" },
        { "http://127.0.0.1.example.org", true, "url" },
        { "ftp://127.0.0.1", true, "url" },
        { "https://user@example.org", true, "url" },
        { "https://example.org/?a=b", true, "url" },
        { "https://example.org/#a", true, "url" },
        { "", true, "url" },
        { "http://[::2]", true, "url" },
    };
    const int64_t now = FORGE_DEFAULT_NOW;
    client c = { .options = CHAOS_COLLATERAL_SERVICE_INIT, .platform = { .tee = CHAOS_TEE_TDX } };

    (void)state;
    assert_int_equal(chaos_trust_new(&c.trust, &err), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(urls); i++) {
        c.options.url = urls[i].url;
        c.options.allow_local = urls[i].allow_local;
        expect_fetch(&c, now, CHAOS_E_USAGE, urls[i].field, urls[i].url);
        c.options.url = NULL;
        c.options.root_crl_url = urls[i].url;
        expect_fetch(&c, now, CHAOS_E_USAGE, "root_crl_url", urls[i].url);
        c.options.root_crl_url = NULL;
    }
    c.options.version = 5;
    expect_fetch(&c, now, CHAOS_E_USAGE, "version", "version 5");
    c.options.version = 3;
    expect_fetch(&c, now, CHAOS_E_USAGE, "version", "TDX of version 3");
    c.options.version = 4;
    c.options.kind = (chaos_service_kind)3;
    expect_fetch(&c, now, CHAOS_E_USAGE, "kind", "kind 3");
    c.options.kind = CHAOS_SERVICE_PCCS;
    expect_fetch(&c, now, CHAOS_E_USAGE, "url", "a PCCS without URL");
    c.options.kind = CHAOS_SERVICE_PCS;
    c.platform.tee = (chaos_tee_kind)77;
    expect_fetch(&c, now, CHAOS_E_USAGE, "platform", "TEE 77");
    client_end(&c);
}

/* ------------------------------------------------------------------- folder ---- */

typedef struct kept_folder {
    char path[64];
} kept_folder;

static void folder_begin(kept_folder *f)
{
    (void)snprintf(f->path, sizeof f->path, "/tmp/chaos-collateral-XXXXXX");
    assert_non_null(mkdtemp(f->path));
}

static void folder_end(const kept_folder *f)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->path);
    assert_int_equal(system(command), 0);
}

static chaos_collateral_cache *open_cache(const kept_folder *f, const client *c, bool with_service)
{
    chaos_collateral_cache_options options = CHAOS_COLLATERAL_CACHE_OPTIONS_INIT;
    chaos_collateral_cache *cache = NULL;

    options.folder = f->path;
    options.service = with_service ? &c->options : NULL;
    options.trust = c->trust;
    options.margin = DAY;
    assert_int_equal(chaos_collateral_cache_open(&options, &cache, &err), CHAOS_OK);
    return cache;
}

typedef struct got {
    chaos_status status;
    chaos_cached_collateral found;
    chaos_buffer text;
} got;

static got get(chaos_collateral_cache *cache, const client *c, bool renew, int64_t now)
{
    got g = { .text = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL) };

    memset(&err, 0, sizeof err);
    g.status = chaos_collateral_cache_get(cache, &c->platform, renew, now, &g.text, &g.found, &err);
    return g;
}

/* The origin of what comes, or the status and its field. `failure`: of KEPT. */
static void expect_get(chaos_collateral_cache *cache, const client *c, bool renew, int64_t now,
                       chaos_collateral_origin origin, chaos_status failure, const char *what)
{
    got g = get(cache, c, renew, now);

    if (g.status != CHAOS_OK || g.found.origin != origin || g.found.failure.status != failure) {
        fail_msg("%s: %s %s, from %s, failure %s %s", what, chaos_status_name(g.status), err.text,
                 chaos_collateral_origin_name(g.found.origin), chaos_status_name(g.found.failure.status),
                 g.found.failure.text);
    }
    assert_true(g.text.size > 1000);
    chaos_buffer_free(&g.text);
}

static void expect_no(chaos_collateral_cache *cache, const client *c, bool renew, int64_t now, chaos_status status,
                      const char *field, const char *what)
{
    got g = get(cache, c, renew, now);

    if (g.status != status || strcmp(err.field == NULL ? "" : err.field, field) != 0) {
        fail_msg("%s: %s, field %s: %s; expected %s, field %s", what, chaos_status_name(g.status),
                 err.field == NULL ? "" : err.field, err.text, chaos_status_name(status), field);
    }
    assert_int_equal(g.text.size, 0);
}

static unsigned mode_of(const kept_folder *f, const char *name)
{
    char path[160];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(stat(path, &status), 0);
    return (unsigned)status.st_mode & 0777u;
}

/* Asked once, then not until its end is near; then renewed; then kept while the service fails; then expired. */
static void test_life(void **state)
{
    forge_options later = { 0 };
    chaos_collateral_cache *cache;
    chaos_collateral_cache *offline;
    kept_folder f;
    service s;
    client c;

    (void)state;
    folder_begin(&f);
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    const int64_t now = s.made.now;
    cache = open_cache(&f, &c, true);
    offline = open_cache(&f, &c, false);
    expect_no(offline, &c, false, now, CHAOS_E_COLLATERAL_MISSING, "collateral", "nothing there, nobody asked");
    expect_get(cache, &c, false, now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "the first");
    assert_int_equal(http_server_requests(s.server), 4);
    assert_int_equal(mode_of(&f, "tdx-c0a05c000000-platform.json"), 0600);
    assert_int_equal(mode_of(&f, "floor.json"), 0600);
    expect_get(cache, &c, false, now + 1, CHAOS_ORIGIN_CACHE, CHAOS_OK, "the second");
    expect_get(offline, &c, true, now + 1, CHAOS_ORIGIN_CACHE, CHAOS_OK, "nobody to ask");
    assert_int_equal(http_server_requests(s.server), 4);
    got g = get(cache, &c, false, now);
    const int64_t end = g.found.facts.valid_to;
    chaos_buffer_free(&g.text);
    expect_get(cache, &c, false, end - DAY - 1, CHAOS_ORIGIN_CACHE, CHAOS_OK, "before the margin");
    assert_int_equal(http_server_requests(s.server), 4);
    expect_get(cache, &c, true, now + 2, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "asked for");
    assert_int_equal(http_server_requests(s.server), 8);
    later.now = end - DAY;
    serve(&s, FORGE_TDX4, &later, NULL);
    expect_get(cache, &c, false, end - DAY, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "inside the margin");
    assert_int_equal(http_server_requests(s.server), 12);
    g = get(cache, &c, false, end - DAY);
    assert_true(g.found.facts.valid_to > end && g.found.origin == CHAOS_ORIGIN_CACHE);
    const int64_t new_end = g.found.facts.valid_to;
    chaos_buffer_free(&g.text);
    s.bad_part = PART_CRL;
    s.bad = STATUS_500;
    expect_get(cache, &c, false, new_end - 1, CHAOS_ORIGIN_KEPT, CHAOS_E_GUEST_AGENT, "a failing service");
    assert_int_equal(http_server_requests(s.server), 15);
    expect_get(cache, &c, false, new_end, CHAOS_ORIGIN_KEPT, CHAOS_E_GUEST_AGENT, "the last second");
    assert_int_equal(http_server_requests(s.server), 15); /* it has just failed */
    expect_get(cache, &c, true, new_end, CHAOS_ORIGIN_KEPT, CHAOS_E_GUEST_AGENT, "asked for all the same");
    assert_int_equal(http_server_requests(s.server), 18);
    expect_get(cache, &c, false, new_end - 1, CHAOS_ORIGIN_KEPT, CHAOS_E_GUEST_AGENT, "a clock that was set back");
    assert_int_equal(http_server_requests(s.server), 21);
    expect_get(cache, &c, false, new_end - 1 - 60, CHAOS_ORIGIN_KEPT, CHAOS_E_GUEST_AGENT, "a minute before");
    assert_int_equal(http_server_requests(s.server), 24);
    expect_get(cache, &c, false, new_end - 2, CHAOS_ORIGIN_KEPT, CHAOS_E_GUEST_AGENT, "not a minute later");
    assert_int_equal(http_server_requests(s.server), 24);
    expect_get(cache, &c, false, new_end - 1, CHAOS_ORIGIN_KEPT, CHAOS_E_GUEST_AGENT, "a minute later");
    assert_int_equal(http_server_requests(s.server), 27);
    expect_no(cache, &c, false, new_end + 1, CHAOS_E_COLLATERAL_MISSING, "collateral", "expired, and a failing service");
    expect_no(offline, &c, false, new_end + 1, CHAOS_E_COLLATERAL_MISSING, "collateral", "expired, and nobody asked");
    http_server_stop(s.server);
    s.server = NULL;
    expect_get(cache, &c, true, new_end - 1, CHAOS_ORIGIN_KEPT, CHAOS_E_NETWORK, "no service");
    expect_no(cache, &c, false, new_end + 1, CHAOS_E_COLLATERAL_MISSING, "collateral", "expired, and no service");
    chaos_collateral_cache_free(cache);
    chaos_collateral_cache_free(offline);
    client_end(&c);
    stop(&s);
    folder_end(&f);
}

/* What is kept is of another evaluation than the one that is asked for. */
static void test_kept_of_another_number(void **state)
{
    chaos_collateral_cache *any, *named;
    kept_folder f;
    service s;
    client c;

    (void)state;
    folder_begin(&f);
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    const int64_t now = s.made.now;
    any = open_cache(&f, &c, true);
    expect_get(any, &c, false, now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "any number");
    c.options.evaluation_number = 18;
    named = open_cache(&f, &c, true);
    expect_get(named, &c, false, now, CHAOS_ORIGIN_CACHE, CHAOS_OK, "the one that is kept");
    chaos_collateral_cache_free(named);
    c.options.evaluation_number = 19;
    named = open_cache(&f, &c, true);
    expect_no(named, &c, false, now, CHAOS_E_TCB_INFO_MISMATCH, "tcb_evaluation_number", "neither kept nor given");
    s.bad_part = PART_TCB;
    s.bad = STATUS_404;
    expect_no(named, &c, false, now, CHAOS_E_COLLATERAL_MISSING, "tcb_info", "not there, and another is kept");
    expect_get(any, &c, false, now, CHAOS_ORIGIN_CACHE, CHAOS_OK, "which is still good for whoever wants any");
    chaos_collateral_cache_free(named);
    chaos_collateral_cache_free(any);
    client_end(&c);
    stop(&s);
    folder_end(&f);
}

/* Text of a file of the folder. */
static chaos_buffer file_of(const kept_folder *f, const char *name)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(1u << 21);
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_true(read_file(path, &out));
    return out;
}

static void write_file(const kept_folder *f, const char *name, chaos_slice bytes)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", f->path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

/* The number behind a member of the floor is made larger. */
static void raise_floor_by_hand(const kept_folder *f, const char *member, const char *value)
{
    chaos_buffer text = file_of(f, "floor.json");
    chaos_buffer edited = CHAOS_BUFFER_INIT(1u << 20);
    char key[64];

    (void)snprintf(key, sizeof key, "\"%s\":", member);
    assert_true(buffer_append_text(&text, ""));
    char *begin = strstr((char *)text.data, key);
    assert_non_null(begin);
    begin += strlen(key);
    size_t size = *begin == '"' ? strcspn(begin + 1, "\"") + 2 : strcspn(begin, ",}");
    assert_true(buffer_append(&edited, slice(text.data, (size_t)((uint8_t *)begin - text.data))) &&
                buffer_append_text(&edited, value) && buffer_append_text(&edited, begin + size));
    write_file(f, "floor.json", bytes_of(&edited));
    chaos_buffer_free(&text);
    chaos_buffer_free(&edited);
}

/* What is older than what was seen is refused, whatever is in the folder. */
static void test_rollback(void **state)
{
    static const struct {
        const char *member, *value;
    } floors[] = {
        { "tcb_evaluation_number", "4000000000" },
        { "qe_evaluation_number", "4000000000" },
        { "tcb_info_issued", "\"2026-01-01T00:00:00Z\"" },
        { "qe_identity_issued", "\"2026-01-01T00:00:00Z\"" },
        { "root_ca_crl_issued", "\"2026-01-01T00:00:00Z\"" },
        { "pck_crl_issued", "\"2026-01-01T00:00:00Z\"" },
    };
    forge_options newer = { .now = FORGE_DEFAULT_NOW };
    forge_options older = { .now = FORGE_DEFAULT_NOW - 2 * DAY };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(floors); i++) {
        kept_folder f;
        service s;
        client c;

        folder_begin(&f);
        start(&s);
        s.bad_part = PARTS;
        serve(&s, FORGE_TDX4, &newer, NULL);
        client_begin(&c, &s);
        chaos_collateral_cache *cache = open_cache(&f, &c, true);
        expect_get(cache, &c, false, newer.now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "the first");
        serve(&s, FORGE_TDX4, &older, NULL);
        expect_get(cache, &c, true, newer.now, CHAOS_ORIGIN_KEPT, CHAOS_E_COLLATERAL_ROLLBACK, "an older one");
        expect_get(cache, &c, false, newer.now, CHAOS_ORIGIN_CACHE, CHAOS_OK, "the newer one stayed");
        serve(&s, FORGE_TDX4, &newer, NULL);
        expect_get(cache, &c, true, newer.now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "the same again");
        raise_floor_by_hand(&f, floors[i].member, floors[i].value);
        expect_no(cache, &c, false, newer.now, CHAOS_E_COLLATERAL_ROLLBACK, floors[i].member, "below the floor");
        chaos_collateral_cache_free(cache);
        client_end(&c);
        stop(&s);
        folder_end(&f);
    }
}

/* A file that lost its floor (its writer was killed in between) counts all the same. */
static void test_rollback_without_floor(void **state)
{
    forge_options newer = { .now = FORGE_DEFAULT_NOW };
    forge_options older = { .now = FORGE_DEFAULT_NOW - 2 * DAY };
    char path[160];
    kept_folder f;
    service s;
    client c;

    (void)state;
    folder_begin(&f);
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, &newer, NULL);
    client_begin(&c, &s);
    chaos_collateral_cache *cache = open_cache(&f, &c, true);
    expect_get(cache, &c, false, newer.now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "the first");
    (void)snprintf(path, sizeof path, "%s/floor.json", f.path);
    assert_int_equal(unlink(path), 0);
    serve(&s, FORGE_TDX4, &older, NULL);
    expect_get(cache, &c, true, newer.now, CHAOS_ORIGIN_KEPT, CHAOS_E_COLLATERAL_ROLLBACK, "an older one");
    chaos_collateral_cache_free(cache);
    client_end(&c);
    stop(&s);
    folder_end(&f);
}

/* What somebody else put into the folder is judged like any stranger's bytes, and replaced. */
static void test_bad_files(void **state)
{
    static const char name[] = "tdx-c0a05c000000-platform.json";
    chaos_buffer good;
    chaos_buffer huge = CHAOS_BUFFER_INIT(1u << 21);
    char path[160];
    kept_folder f;
    service s;
    client c;

    (void)state;
    folder_begin(&f);
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    const int64_t now = s.made.now;
    chaos_collateral_cache *cache = open_cache(&f, &c, true);
    chaos_collateral_cache *offline = open_cache(&f, &c, false);
    expect_get(cache, &c, false, now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "the first");
    good = file_of(&f, name);
    while (huge.size <= CHAOS_MAX_COLLATERAL) {
        assert_true(buffer_append(&huge, bytes_of(&good)));
    }
    const chaos_slice bad[] = { slice(good.data, 0), slice(good.data, good.size / 2), slice_text("{}"), bytes_of(&huge) };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        write_file(&f, name, bad[i]);
        expect_no(offline, &c, false, now, CHAOS_E_COLLATERAL_MISSING, "collateral", "a bad file");
        expect_get(cache, &c, false, now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "a bad file is replaced");
        expect_get(offline, &c, false, now, CHAOS_ORIGIN_CACHE, CHAOS_OK, "and good then");
    }
    write_file(&f, "floor.json", slice_text("{\"schema\":"));
    expect_no(cache, &c, false, now, CHAOS_E_FILE_IO, "floor", "a floor that is cut");
    (void)snprintf(path, sizeof path, "%s/floor.json", f.path);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/%s", f.path, name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    expect_no(cache, &c, false, now, CHAOS_E_FILE_IO, "folder", "a symbolic link");
    chaos_buffer_free(&good);
    chaos_buffer_free(&huge);
    chaos_collateral_cache_free(cache);
    chaos_collateral_cache_free(offline);
    client_end(&c);
    stop(&s);
    folder_end(&f);
}

/* ---------------------------------------------------------------- processes ---- */

__attribute__((unused)) static void test_many_processes(void **state)
{
    enum {
        CHILDREN = 6
    };
    pid_t children[CHILDREN];
    kept_folder f;
    service s;
    client c;

    (void)state;
    folder_begin(&f);
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    const int64_t now = s.made.now;
    for (size_t i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            chaos_collateral_cache *cache = open_cache(&f, &c, true);
            int bad = 0;
            for (int round = 0; round < (getenv("CHAOS_TEST_QUICK") == NULL ? 5 : 1) && bad == 0; round++) {
                got g = get(cache, &c, true, now);
                bad = g.status != CHAOS_OK || g.found.origin != CHAOS_ORIGIN_SERVICE;
                chaos_buffer_free(&g.text);
            }
            chaos_collateral_cache_free(cache);
            /* The server's threads are not in this process, and what they hold is lost to it: no leak of ours. */
            (void)execl(bad == 0 ? "/bin/true" : "/bin/false", "child", (char *)NULL);
            _exit(2);
        }
    }
    for (size_t i = 0; i < CHILDREN; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    chaos_collateral_cache *offline = open_cache(&f, &c, false);
    expect_get(offline, &c, false, now, CHAOS_ORIGIN_CACHE, CHAOS_OK, "after all of them");
    chaos_collateral_cache_free(offline);
    client_end(&c);
    stop(&s);
    folder_end(&f);
}

/* A process that dies at the 2,000th byte of a file: what was there is whole, and the next one goes on. */
__attribute__((unused)) static void test_killed(void **state)
{
    forge_options newer = { .now = FORGE_DEFAULT_NOW + DAY };
    kept_folder f;
    service s;
    client c;
    int status = 0;

    (void)state;
    folder_begin(&f);
    start(&s);
    s.bad_part = PARTS;
    serve(&s, FORGE_TDX4, NULL, NULL);
    client_begin(&c, &s);
    chaos_collateral_cache *cache = open_cache(&f, &c, true);
    expect_get(cache, &c, false, FORGE_DEFAULT_NOW, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "the first");
    chaos_buffer before = file_of(&f, "tdx-c0a05c000000-platform.json");
    chaos_buffer floor = file_of(&f, "floor.json");
    serve(&s, FORGE_TDX4, &newer, NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = { 0, 0 };
        const struct rlimit small = { 2000, 2000 };
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)setrlimit(RLIMIT_FSIZE, &small); /* SIGXFSZ behind the byte that still fits */
        got g = get(cache, &c, true, newer.now);
        _exit(g.status == CHAOS_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    chaos_buffer cut = file_of(&f, ".part");
    assert_int_equal(cut.size, 2000);
    chaos_buffer after = file_of(&f, "tdx-c0a05c000000-platform.json");
    chaos_buffer floor_after = file_of(&f, "floor.json");
    assert_true(slice_equal(bytes_of(&before), bytes_of(&after)));
    assert_true(slice_equal(bytes_of(&floor), bytes_of(&floor_after)));
    chaos_buffer_free(&after);
    expect_get(cache, &c, false, FORGE_DEFAULT_NOW, CHAOS_ORIGIN_CACHE, CHAOS_OK, "the old one is whole");
    expect_get(cache, &c, true, newer.now, CHAOS_ORIGIN_SERVICE, CHAOS_OK, "and the next goes on");
    after = file_of(&f, "tdx-c0a05c000000-platform.json");
    assert_false(slice_equal(bytes_of(&before), bytes_of(&after)));
    chaos_buffer *const all[] = { &before, &after, &floor, &floor_after, &cut };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(all); i++) {
        chaos_buffer_free(all[i]);
    }
    chaos_collateral_cache_free(cache);
    client_end(&c);
    stop(&s);
    folder_end(&f);
}

/* ------------------------------------------------------------------- source ---- */

/* As a validator asks: what the service does wrong is an ENV status, never one that a verdict could be made of. */
static void test_source(void **state)
{
    chaos_collateral_source *source = chaos_collateral_cached_source;
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_evidence *evidence = NULL;
    kept_folder f;
    service s;
    client c;

    (void)state;
    folder_begin(&f);
    start(&s);
    serve(&s, FORGE_TDX4, NULL, "tcb-info-signature-flipped");
    s.bad_part = PARTS;
    client_begin(&c, &s);
    chaos_collateral_cache *cache = open_cache(&f, &c, true);
    assert_int_equal(chaos_evidence_parse(bytes_of(&s.made.quote), &evidence, &err), CHAOS_OK);
    assert_int_equal(source(cache, evidence, s.made.now, &out, &err), CHAOS_E_COLLATERAL_MISSING);
    assert_non_null(strstr(err.found, "TCB_INFO_SIGNATURE"));
    serve(&s, FORGE_TDX4, NULL, NULL);
    s.bad_part = PART_QE;
    s.bad = HALF;
    assert_int_equal(source(cache, evidence, s.made.now, &out, &err), CHAOS_E_COLLATERAL_MISSING);
    s.bad = STATUS_500;
    assert_int_equal(source(cache, evidence, s.made.now, &out, &err), CHAOS_E_GUEST_AGENT);
    assert_int_equal(out.size, 0);
    s.bad = RIGHT;
    assert_int_equal(source(cache, evidence, s.made.now, &out, &err), CHAOS_OK);
    chaos_collateral *again = NULL;
    assert_int_equal(chaos_collateral_parse(bytes_of(&out), &again, &err), CHAOS_OK);
    chaos_collateral_free(again);
    chaos_buffer_free(&out);
    chaos_evidence_free(evidence);
    chaos_collateral_cache_free(cache);
    client_end(&c);
    stop(&s);
    folder_end(&f);
}

/* ----------------------------------------------------------------- platform ---- */

static void expect_platform(const chaos_evidence *evidence, chaos_status status, const char *what)
{
    chaos_platform platform = { .tee = CHAOS_TEE_TDX };
    chaos_status found = chaos_evidence_platform(evidence, &platform, &err);

    if (found != status) {
        fail_msg("%s: %s, expected %s", what, chaos_status_name(found), chaos_status_name(status));
    }
}

static void test_platform_negative(void **state)
{
    forge_result made;
    chaos_evidence *evidence = NULL;
    chaos_buffer text = CHAOS_BUFFER_INIT(65536);
    char *second;
    char *third;

    (void)state;
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &evidence, &err), CHAOS_OK);
    const chaos_slice chain = evidence->quote.cert_data;
    expect_platform(evidence, CHAOS_OK, "as it is");
    for (uint16_t type = 1; type <= 3; type++) {
        evidence->quote.cert_data_type = type;
        expect_platform(evidence, CHAOS_E_PCK_CHAIN_MISSING, "no chain");
    }
    evidence->quote.cert_data_type = 5;
    assert_true(buffer_append(&text, chain));
    second = strstr((char *)text.data + 10, "-----BEGIN");
    assert_non_null(second);
    third = strstr(second + 10, "-----BEGIN");
    assert_non_null(third);
    const size_t at[] = { (size_t)((uint8_t *)second - text.data), (size_t)((uint8_t *)third - text.data) };
    evidence->quote.cert_data = slice(text.data, at[1]);
    expect_platform(evidence, CHAOS_E_PCK_CHAIN_LENGTH, "two certificates");
    evidence->quote.cert_data = slice(text.data, at[1] - 40);
    expect_platform(evidence, CHAOS_E_PCK_CHAIN_FORMAT, "cut");
    evidence->quote.cert_data = slice(text.data, 0);
    expect_platform(evidence, CHAOS_E_PCK_CHAIN_FORMAT, "empty");
    chaos_buffer other = CHAOS_BUFFER_INIT(65536); /* leaf, root, CA */
    assert_true(buffer_append(&other, slice(text.data, at[0])) &&
                buffer_append_text(&other, third) &&
                buffer_append(&other, slice(second, at[1] - at[0])));
    evidence->quote.cert_data = bytes_of(&other);
    expect_platform(evidence, CHAOS_E_PCK_CHAIN_ORDER, "another order");
    evidence->quote.cert_data = slice(second, text.size - at[0]);
    expect_platform(evidence, CHAOS_E_PCK_CHAIN_LENGTH, "without its leaf");
    evidence->quote.cert_data = chain;
    expect_platform(evidence, CHAOS_OK, "as it was");
    chaos_buffer_free(&text);
    chaos_buffer_free(&other);
    chaos_evidence_free(evidence);
    forge_result_free(&made);
}

/* Of real quotes: what 'inspect' shows, which takes the CA from the certificate's own extension. */
static void test_platform_real(void **state)
{
    static const char *const files[] = {
        "dcap/quotes/v3_sgx_00606a000000_1cc40342.bin",
        "dcap/quotes/v3_sgx_00906ea10000_4e3f9fa7.bin",
        "dcap/quotes/v4_tdx_00806f050000_00b2526a.bin",
        "dcap/quotes/v5_tdx_90c06f000000_4c453ea4.bin",
    };

    (void)state;
    REQUIRE_VECTORS();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(files); i++) {
        chaos_buffer shown = CHAOS_BUFFER_INIT(1u << 20);
        chaos_buffer quote;
        chaos_evidence *evidence = NULL;
        chaos_platform platform;
        char member[40] = "\"fmspc\":\"";
        char digits[16];

        assert_true(read_vector(files[i], &quote));
        assert_int_equal(chaos_evidence_parse(bytes_of(&quote), &evidence, &err), CHAOS_OK);
        assert_int_equal(chaos_evidence_platform(evidence, &platform, &err), CHAOS_OK);
        assert_int_equal(chaos_evidence_describe(evidence, &shown, &err), CHAOS_OK);
        (void)snprintf(member, sizeof member, "\"fmspc\":\"%s\"",
                       error_hex(digits, sizeof digits, slice(platform.fmspc, sizeof platform.fmspc)));
        assert_non_null(strstr((char *)shown.data, member));
        assert_non_null(strstr((char *)shown.data, platform.platform_ca ? "\"pck_ca\":\"platform\""
                                                                        : "\"pck_ca\":\"processor\""));
        assert_int_equal(platform.tee, chaos_evidence_tee(evidence));
        chaos_evidence_free(evidence);
        chaos_buffer_free(&quote);
        chaos_buffer_free(&shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_wrong_answers),
        cmocka_unit_test(test_wrong_bodies),
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_evaluation_number),
        cmocka_unit_test(test_kept_of_another_number),
        cmocka_unit_test(test_untrusted),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_rollback_without_floor),
        cmocka_unit_test(test_bad_files),
#ifndef __SANITIZE_ADDRESS__ /* its allocator's locks may be held by a thread of the server when a child is made */
        cmocka_unit_test(test_many_processes),
        cmocka_unit_test(test_killed),
#endif
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_platform_negative),
        cmocka_unit_test(test_platform_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
