/* test_net.c - exchanges over HTTP against a server that answers rightly, and in every wrong way there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/net.h"
#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static http_server *serve(const http_step *script, bool tcp)
{
    const http_step *const scripts[] = { script };
    static const http_step *kept[1]; /* the server reads it later */
    kept[0] = scripts[0];
    return http_server_start(&(http_server_options){ .tcp = tcp, .scripts = kept, .script_count = 1 });
}

static net_request request_to(const http_server *server)
{
    return (net_request){ .method = "GET",
                          .url = http_server_url(server),
                          .unix_socket = http_server_socket(server),
                          .connect_timeout_ms = 5000,
                          .total_timeout_ms = 20000,
                          .max_reply = 1000 };
}

/* ------------------------------------------------------------- the client ---- */

static bool say_number(void *context, const http_seen *seen, chaos_buffer *out)
{
    char text[32];
    (void)context;
    (void)snprintf(text, sizeof text, "%u", seen->request);
    return http_reply(out, 200, "text/plain", slice_text(text));
}

/* Exchanges of one client share a connection; those of net_exchange do not. */
static void test_client_keeps_connection(void **state)
{
    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        http_server *server = http_server_start(&(http_server_options){ .tcp = tcp != 0, .answer = say_number });
        const net_request request = request_to(server);
        net_client *client = NULL;
        net_reply reply;
        char wanted[4];
        assert_int_equal(net_client_new(&client, NULL), CHAOS_OK);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(net_client_exchange(client, &request, &reply, NULL), CHAOS_OK);
            (void)snprintf(wanted, sizeof wanted, "%u", i);
            assert_true(slice_is(buffer_slice(&reply.body), wanted));
            net_reply_clear(&reply);
        }
        assert_int_equal(http_server_connections(server), 1);
        assert_int_equal(net_exchange(&request, &reply, NULL), CHAOS_OK);
        net_reply_clear(&reply);
        assert_int_equal(net_exchange(&request, &reply, NULL), CHAOS_OK);
        net_reply_clear(&reply);
        assert_int_equal(http_server_connections(server), 3);
        net_client_free(client);
        http_server_stop(server);
    }
    net_client_free(NULL);
}

/* A server that closes after each answer, without saying so, costs a connection and no error. */
static void test_client_reconnects(void **state)
{
    static const http_step script[] = { { HTTP_READ, NULL, 0 },
                                        { HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0 },
                                        { HTTP_END, NULL, 0 } };
    http_server *server = serve(script, true);
    const net_request request = request_to(server);
    net_client *client = NULL;
    net_reply reply;
    (void)state;
    assert_int_equal(net_client_new(&client, NULL), CHAOS_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(net_client_exchange(client, &request, &reply, NULL), CHAOS_OK);
        assert_true(slice_is(buffer_slice(&reply.body), "ok"));
        net_reply_clear(&reply);
    }
    assert_int_equal(http_server_connections(server), 3);
    net_client_free(client);
    http_server_stop(server);
}

/* A failure leaves the client usable and the reply untouched. */
static void test_client_after_failure(void **state)
{
    static const http_step cut[] = { { HTTP_READ, NULL, 0 },
                                     { HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 0 },
                                     { HTTP_END, NULL, 0 } };
    static const http_step good[] = { { HTTP_READ, NULL, 0 },
                                      { HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0 },
                                      { HTTP_END, NULL, 0 } };
    static const http_step *const scripts[] = { cut, good };
    http_server *server =
        http_server_start(&(http_server_options){ .tcp = true, .scripts = scripts, .script_count = 2 });
    const net_request request = request_to(server);
    net_client *client = NULL;
    net_reply reply = { .status = 7 };
    (void)state;
    assert_int_equal(net_client_new(&client, NULL), CHAOS_OK);
    assert_int_equal(net_client_exchange(client, &request, &reply, NULL), CHAOS_E_GUEST_AGENT);
    assert_int_equal(reply.status, 7);
    assert_null(reply.body.data);
    assert_int_equal(net_client_exchange(client, &request, &reply, NULL), CHAOS_OK);
    assert_int_equal(reply.status, 200);
    net_reply_clear(&reply);
    net_client_free(client);
    http_server_stop(server);
}

static void test_retry_after(void **state)
{
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        { "", "" },
        { "Retry-After: 7\r\n", "7" },
        { "retry-AFTER:   120  \r\n", "120" },
        { "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", "Fri, 31 Dec 1999 23:59:59 GMT" },
        { "Retry-After: 7\tseconds\r\n", "" },
        { "Retry-After: \xff\r\n", "" },
        { "Retry-After: 123456789012345678901234567890123456789012345678901234567890123\r\n",
          "123456789012345678901234567890123456789012345678901234567890123" }, /* 63 */
        { "Retry-After: 1234567890123456789012345678901234567890123456789012345678901234\r\n", "" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        char text[256];
        const http_step script[] = { { HTTP_READ, NULL, 0 }, { HTTP_SEND, text, 0 }, { HTTP_END, NULL, 0 } };
        (void)snprintf(text, sizeof text, "HTTP/1.1 429 Slow\r\n%sContent-Length: 0\r\n\r\n", cases[i].line);
        http_server *server = serve(script, false);
        const net_request request = request_to(server);
        net_reply reply;
        assert_int_equal(net_exchange(&request, &reply, NULL), CHAOS_OK);
        assert_int_equal(reply.status, 429);
        assert_string_equal(reply.retry_after, cases[i].wanted);
        net_reply_clear(&reply);
        http_server_stop(server);
    }
}

/* ---------------------------------------------------------- wrong answers ---- */

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define READ               \
    {                      \
        HTTP_READ, NULL, 0 \
    }
#define SAY(text)          \
    {                      \
        HTTP_SEND, text, 0 \
    }
#define END               \
    {                     \
        HTTP_END, NULL, 0 \
    }
#define MAX_STEPS 6

typedef struct answer_case {
    const char *name;
    http_step steps[MAX_STEPS];
    chaos_status status;
    const char *text;     /* of the error, a part; of an answer, the body */
    const char *expected; /* a part; NULL: nothing in particular */
    int http_status;
} answer_case;

static const answer_case good_answers[] = {
    { "plain", { READ, SAY(OK_LINE "Content-Length: 2\r\n\r\nok"), END }, CHAOS_OK, "ok", NULL, 200 },
    { "length 0", { READ, SAY(OK_LINE "Content-Length: 0\r\n\r\n"), END }, CHAOS_OK, "", NULL, 200 },
    { "until the end", { READ, SAY(OK_LINE "\r\nok"), END }, CHAOS_OK, "ok", NULL, 200 },
    { "HTTP/1.0", { READ, SAY("HTTP/1.0 200 OK\r\n\r\nok"), END }, CHAOS_OK, "ok", NULL, 200 },
    { "no content", { READ, SAY("HTTP/1.1 204 None\r\n\r\n"), END }, CHAOS_OK, "", NULL, 204 },
    { "chunked",
      { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), { HTTP_WAIT, NULL, 5 }, SAY("3;x=y\r\ncde\r\n0\r\n\r\n"), END },
      CHAOS_OK,
      "abcde",
      NULL,
      200 },
    { "a page that is not there",
      { READ, SAY("HTTP/1.1 404 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"), END },
      CHAOS_OK,
      "<html>",
      NULL,
      404 },
    { "redirect, not followed",
      { READ, SAY("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 4\r\n\r\nmove"), END },
      CHAOS_OK,
      "move",
      NULL,
      302 },
    { "refresh, not followed", { READ, SAY(OK_LINE "Refresh: 0; url=/elsewhere\r\nContent-Length: 2\r\n\r\nok"), END }, CHAOS_OK, "ok", NULL, 200 },
    { "some interim answers",
      { READ, { HTTP_REPEAT, "HTTP/1.1 100 Continue\r\n\r\n", 4 }, { HTTP_REPEAT, "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n", 4 }, SAY(OK_LINE "Content-Length: 2\r\n\r\nok"), END },
      CHAOS_OK,
      "ok",
      NULL,
      200 },
    { "more than was said: the rest is not ours", { READ, SAY(OK_LINE "Content-Length: 2\r\n\r\nok and more"), END }, CHAOS_OK, "ok", NULL, 200 },
    { "identity", { READ, SAY(OK_LINE "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nok"), END }, CHAOS_OK, "ok", NULL, 200 },
    { "exactly the limit", { READ, SAY(OK_LINE "\r\n"), { HTTP_REPEAT, "0123456789", 100 }, END }, CHAOS_OK, NULL, NULL, 200 },
    { "dripped in time", { READ, { HTTP_DRIP, OK_LINE "Content-Length: 2\r\n\r\nok", 1 }, END }, CHAOS_OK, "ok", NULL, 200 },
};

static const answer_case bad_answers[] = {
    { "cut in the status line", { READ, SAY("HTTP/1.1 20"), END }, CHAOS_E_GUEST_AGENT, "", NULL, 0 },
    { "cut in the header lines", { READ, SAY(OK_LINE "Content-Len"), END }, CHAOS_E_GUEST_AGENT, "cut short", NULL, 0 },
    { "cut in the body", { READ, SAY(OK_LINE "Content-Length: 9\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "cut short", NULL, 0 },
    { "cut in a chunk", { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\n9\r\nok"), END }, CHAOS_E_GUEST_AGENT, "cut short", NULL, 0 },
    { "cut between chunks", { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), END }, CHAOS_E_GUEST_AGENT, "cut short", NULL, 0 },
    { "reset", { READ, SAY(OK_LINE "Content-Length: 9\r\n\r\nok"), { HTTP_RESET, NULL, 0 } }, CHAOS_E_GUEST_AGENT, "", NULL, 0 },
    { "no answer", { READ, END }, CHAOS_E_GUEST_AGENT, "without an answer", NULL, 0 },
    { "one byte too many", { READ, SAY(OK_LINE "\r\n+"), { HTTP_REPEAT, "0123456789", 100 }, END }, CHAOS_E_GUEST_AGENT, "too large", "at most 1000 bytes", 0 },
    { "too large, as said", { READ, SAY(OK_LINE "Content-Length: 1001\r\n\r\n"), { HTTP_REPEAT, "0123456789", 101 }, END }, CHAOS_E_GUEST_AGENT, "too large", "at most 1000 bytes", 0 },
    { "endless", { READ, SAY(OK_LINE "\r\n"), { HTTP_REPEAT, "0123456789", 0 }, END }, CHAOS_E_GUEST_AGENT, "too large", "at most 1000 bytes", 0 },
    { "endless chunks", { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\n"), { HTTP_REPEAT, "1\r\nx\r\n", 0 }, END }, CHAOS_E_GUEST_AGENT, "too large", "at most 1000 bytes", 0 },
    { "chunk of no size", { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\nxyz\r\nok\r\n0\r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "malformed", NULL, 0 },
    { "chunk of a negative size", { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "malformed", NULL, 0 },
    { "chunk of too large a size",
      { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok\r\n0\r\n\r\n"), END },
      CHAOS_E_GUEST_AGENT,
      "malformed",
      NULL,
      0 },
    { "chunk without its end", { READ, SAY(OK_LINE "Transfer-Encoding: chunked\r\n\r\n2\r\nokXX0\r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "malformed", NULL, 0 },
    { "negative length", { READ, SAY(OK_LINE "Content-Length: -2\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "the server's", NULL, 0 },
    { "length in words", { READ, SAY(OK_LINE "Content-Length: two\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "the server's", NULL, 0 },
    { "length with a sign", { READ, SAY(OK_LINE "Content-Length: +2\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "the server's", NULL, 0 },
    { "no length", { READ, SAY(OK_LINE "Content-Length:\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "the server's", NULL, 0 },
    { "a list of lengths", { READ, SAY(OK_LINE "Content-Length: 2, 2\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "Content-Length", NULL, 0 },
    { "length beyond every number", { READ, SAY(OK_LINE "Content-Length: 18446744073709551618\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "Content-Length", NULL, 0 },
    { "two lengths", { READ, SAY(OK_LINE "Content-Length: 2\r\nContent-Length: 4\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "twice", NULL, 0 },
    { "length and chunks", { READ, SAY(OK_LINE "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "twice", NULL, 0 },
    { "compressed", { READ, SAY(OK_LINE "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"), END }, CHAOS_E_GUEST_AGENT, "compressed", NULL, 0 },
    { "compressed on the way", { READ, SAY(OK_LINE "Transfer-Encoding: gzip\r\n\r\n\x1f\x8b"), END }, CHAOS_E_GUEST_AGENT, "transfer coding", NULL, 0 },
    { "compressed in chunks", { READ, SAY(OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "transfer coding", NULL, 0 },
    { "HTTP/0.9", { READ, SAY("{\"ok\":true}"), END }, CHAOS_E_GUEST_AGENT, "not HTTP", NULL, 0 },
    { "another protocol", { READ, SAY("SSH-2.0-server\r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "not HTTP", NULL, 0 },
    { "noise", { READ, SAY("\x16\x03\x01\x02\xff\xfe\x80 \r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "not HTTP", NULL, 0 },
    { "status of two digits", { READ, SAY("HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "not HTTP", NULL, 0 },
    { "status beyond 599", { READ, SAY("HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "not HTTP", NULL, 0 },
    { "interim answers without end", { READ, { HTTP_REPEAT, "HTTP/1.1 100 Continue\r\n\r\n", 0 }, END }, CHAOS_E_GUEST_AGENT, "interim", NULL, 0 },
    { "one interim answer too many",
      { READ, { HTTP_REPEAT, "HTTP/1.1 100 Continue\r\n\r\n", 9 }, SAY(OK_LINE "Content-Length: 2\r\n\r\nok"), END },
      CHAOS_E_GUEST_AGENT,
      "interim",
      NULL,
      0 },
    { "an interim answer alone", { READ, SAY("HTTP/1.1 100 Continue\r\n\r\n"), END }, CHAOS_E_GUEST_AGENT, "", NULL, 0 },
    { "another protocol from here on", { READ, SAY("HTTP/1.1 101 Switch\r\nUpgrade: x\r\n\r\nok"), END }, CHAOS_E_GUEST_AGENT, "", NULL, 0 },
    { "header lines without end", { READ, SAY(OK_LINE), { HTTP_REPEAT, "X: y\r\n", 0 }, END }, CHAOS_E_GUEST_AGENT, "header lines are too many", NULL, 0 },
    { "a header line without end", { READ, SAY(OK_LINE "X: "), { HTTP_REPEAT, "yyyyyyyyyyyyyyyy", 0 }, END }, CHAOS_E_GUEST_AGENT, "header line", "at most", 0 },
    { "a status line without end", { READ, SAY("HTTP/1.1 200 "), { HTTP_REPEAT, "OK OK OK OK OK OK", 0 }, END }, CHAOS_E_GUEST_AGENT, "header line", "at most", 0 },
};

static chaos_status ask(const answer_case *c, bool tcp, net_reply *reply, chaos_error *err)
{
    http_server *server = serve(c->steps, tcp);
    const net_request request = request_to(server);
    chaos_status status = net_exchange(&request, reply, err);
    if (http_server_connections(server) != 1) {
        fail_msg("%s: %u connections", c->name, http_server_connections(server));
    }
    if (status != CHAOS_OK && strstr(err->found, tcp ? http_server_url(server) : http_server_socket(server)) == NULL) {
        fail_msg("%s: the error does not say where: %s", c->name, err->found);
    }
    http_server_stop(server);
    return status;
}

static void test_good_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * CHAOS_ARRAY_SIZE(good_answers); i++) {
        const answer_case *c = &good_answers[i / 2];
        net_reply reply = { .status = 0 };
        chaos_error err = { 0 };
        if (ask(c, i % 2 == 0, &reply, &err) != CHAOS_OK) {
            fail_msg("%s: %s: %s", c->name, chaos_status_name(err.status), err.text);
        }
        assert_int_equal(reply.status, c->http_status);
        assert_true(c->text == NULL ? reply.body.size == 1000 : slice_is(buffer_slice(&reply.body), c->text));
        net_reply_clear(&reply);
    }
}

static void test_bad_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * CHAOS_ARRAY_SIZE(bad_answers); i++) {
        const answer_case *c = &bad_answers[i / 2];
        net_reply reply = { .status = 7 };
        chaos_error err = { 0 };
        chaos_status status = ask(c, i % 2 == 0, &reply, &err);
        if (status != c->status || err.status != status || strstr(err.text, c->text) == NULL ||
            (c->expected != NULL && strstr(err.expected, c->expected) == NULL)) {
            fail_msg("%s: %s: %s (%s; %s)", c->name, chaos_status_name(status), err.text, err.expected, err.found);
        }
        assert_int_equal(reply.status, 7);
        assert_null(reply.body.data);
    }
}

/* A sound answer, cut at every byte: none is taken for a whole one. */
static void test_cut_everywhere(void **state)
{
    static const char *const answers[] = { OK_LINE "Content-Type: a/b\r\nContent-Length: 5\r\n\r\n12345",
                                           OK_LINE "Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n2\r\n45\r\n0\r\n\r\n" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(answers); i++) {
        const size_t whole = strlen(answers[i]);
        for (size_t size = 0; size <= whole; size++) {
            char text[256];
            const answer_case c = { "cut", { READ, SAY(text), END }, CHAOS_OK, "", NULL, 0 };
            net_reply reply = { .status = 7 };
            chaos_error err = { 0 };
            (void)snprintf(text, sizeof text, "%.*s", (int)size, answers[i]);
            chaos_status status = ask(&c, size % 2 == 0, &reply, &err);
            /* the last chunk is the end, whatever becomes of its empty line */
            const bool complete = size == whole || (i == 1 && size + 2 >= whole && status == CHAOS_OK);
            if (status != (complete ? CHAOS_OK : CHAOS_E_GUEST_AGENT)) {
                fail_msg("answer %zu, %zu of %zu bytes: %s", i, size, whole, chaos_status_name(status));
            }
            assert_true(status != CHAOS_OK || slice_is(buffer_slice(&reply.body), "12345"));
            net_reply_clear(&reply);
        }
    }
}

/* What stands behind an answer's end on a kept connection is no answer to the next question. */
static void test_nothing_is_smuggled(void **state)
{
    static const http_step one[] = { READ, SAY(OK_LINE "Content-Length: 3\r\n\r\none" OK_LINE "Content-Length: 4\r\n\r\nevil"), READ,
                                     SAY(OK_LINE "Content-Length: 4\r\n\r\nlate"), END };
    static const http_step two[] = { READ, SAY(OK_LINE "Content-Length: 3\r\n\r\ntwo"), END };
    static const http_step *const scripts[] = { one, two };
    http_server *server = http_server_start(&(http_server_options){ .tcp = true, .scripts = scripts, .script_count = 2 });
    const net_request request = request_to(server);
    net_client *client = NULL;
    net_reply reply;
    (void)state;
    assert_int_equal(net_client_new(&client, NULL), CHAOS_OK);
    assert_int_equal(net_client_exchange(client, &request, &reply, NULL), CHAOS_OK);
    assert_true(slice_is(buffer_slice(&reply.body), "one"));
    net_reply_clear(&reply);
    assert_int_equal(net_client_exchange(client, &request, &reply, NULL), CHAOS_OK);
    assert_true(slice_is(buffer_slice(&reply.body), "two"));
    net_reply_clear(&reply);
    net_client_free(client);
    http_server_stop(server);
}

static void test_content_type(void **state)
{
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        { "", "" },
        { "Content-Type: Application/JSON; charset=utf-8\r\n", "application/json" },
        { "Content-Type: text/h\xc3\xa4tml\r\n", "text/h??tml" },
        { "Content-Type: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
          "012345678901234567890123456789012345678901234567890123456789012" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        char text[256];
        const answer_case c = { "content type", { READ, SAY(text), END }, CHAOS_OK, "", NULL, 200 };
        net_reply reply;
        (void)snprintf(text, sizeof text, OK_LINE "%sContent-Length: 0\r\n\r\n", cases[i].line);
        assert_int_equal(ask(&c, true, &reply, NULL), CHAOS_OK);
        assert_string_equal(reply.content_type, cases[i].wanted);
        net_reply_clear(&reply);
    }
}

/* ------------------------------------------------------------------- time ---- */

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each byte is soon enough, all together are not. */
static void test_total_time(void **state)
{
    static const http_step slow[][MAX_STEPS] = {
        { READ, { HTTP_DRIP, OK_LINE "Content-Length: 2\r\n\r\nok", 200 }, END },
        { READ, SAY(OK_LINE "Content-Length: 99\r\n\r\n"), { HTTP_DRIP, "0123456789", 200 }, END },
        { READ, { HTTP_WAIT, NULL, 60000 }, END },
        { { HTTP_WAIT, NULL, 60000 }, END },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(slow); i++) {
        http_server *server = serve(slow[i], i % 2 == 0);
        net_request request = request_to(server);
        net_reply reply;
        chaos_error err = { 0 };
        request.total_timeout_ms = 300;
        const double begin = now();
        assert_int_equal(net_exchange(&request, &reply, &err), CHAOS_E_TIMEOUT);
        assert_true(now() - begin > 0.25 && now() - begin < 10);
        assert_non_null(strstr(err.text, "did not finish"));
        assert_string_equal(err.expected, "an answer within 300 ms");
        http_server_stop(server);
    }
}

/* A listener whose queue is full: the kernel answers no further connection. */
static void test_connect_time(void **state)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), waiting[8];
    char url[64];
    chaos_error err = { 0 };
    net_reply reply;
    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(listener, 0), 0);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(waiting); i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(waiting[i], (struct sockaddr *)&address, sizeof address);
    }
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    net_request request = { .method = "GET", .url = url, .connect_timeout_ms = 300, .total_timeout_ms = 60000 };
    double begin = now();
    assert_int_equal(net_exchange(&request, &reply, &err), CHAOS_E_TIMEOUT);
    assert_true(now() - begin > 0.25 && now() - begin < 10);
    assert_string_equal(err.text, "no connection in time");
    assert_string_equal(err.expected, "a connection within 300 ms");
    request.connect_timeout_ms = 60000; /* the total bounds it as well */
    request.total_timeout_ms = 300;
    begin = now();
    assert_int_equal(net_exchange(&request, &reply, &err), CHAOS_E_TIMEOUT);
    assert_true(now() - begin < 10);
    assert_string_equal(err.expected, "a connection within 300 ms");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(waiting); i++) {
        (void)close(waiting[i]);
    }
    (void)close(listener);
}

/* ------------------------------------------------------------------ places ---- */

static chaos_status ask_socket(const char *path, chaos_error *err)
{
    const net_request request = { .method = "GET", .url = "http://localhost/", .unix_socket = path };
    net_reply reply;
    return net_exchange(&request, &reply, err);
}

static void expect_socket(const char *path, chaos_status status, const char *text)
{
    chaos_error err = { 0 };
    assert_int_equal(ask_socket(path, &err), status);
    if (strstr(err.text, text) == NULL) {
        fail_msg("%s: %s", path, err.text);
    }
}

static void test_socket_paths(void **state)
{
    char folder[] = "/tmp/chaos-net-XXXXXX", path[64], below[96], longest[128];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/x", folder);
    (void)snprintf(below, sizeof below, "%s/x/y", folder);
    expect_socket(folder, CHAOS_E_NETWORK, "a folder stands where the socket should be");
    expect_socket(path, CHAOS_E_NETWORK, "there is no such socket");
    expect_socket("", CHAOS_E_USAGE, "1 to 107 bytes");
    memset(longest, 'a', sizeof longest);
    longest[108] = '\0';
    expect_socket(longest, CHAOS_E_USAGE, "1 to 107 bytes");
    longest[107] = '\0';
    expect_socket(longest, CHAOS_E_NETWORK, "there is no such socket");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    expect_socket(path, CHAOS_E_NETWORK, "no socket");
    expect_socket(below, CHAOS_E_NETWORK, "there is no such socket");
    (void)unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_socket(path, CHAOS_E_NETWORK, "no socket");
    (void)unlink(path);
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, nobody listens */
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(left, (struct sockaddr *)&address, sizeof address), 0);
    expect_socket(path, CHAOS_E_NETWORK, "nobody answers there");
    (void)close(left);
    (void)unlink(path);
    (void)rmdir(folder);
}

#define NOBODY 65534

/* Root may open everything: a child without its rights asks. Its exit code is the answer. */
static int ask_as_nobody(const char *path, const char *text)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        chaos_error err = { 0 };
        bool refused = (geteuid() != 0 || setuid(NOBODY) == 0) &&
                       ask_socket(path, &err) == CHAOS_E_NETWORK && strstr(err.text, text) != NULL;
        _exit(refused ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_socket_rights(void **state)
{
    static const http_step script[] = { READ, SAY(OK_LINE "Content-Length: 2\r\n\r\nok"), END };
    http_server *server = serve(script, false);
    const char *path = http_server_socket(server);
    char folder[64];
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(chmod(folder, 0711), 0);
    assert_int_equal(chmod(path, 0000), 0);
    assert_int_equal(ask_as_nobody(path, "this user may not connect there"), 0);
    assert_int_equal(chmod(folder, 0000), 0);
    assert_int_equal(ask_as_nobody(path, "the folder of the socket may not be searched"), 0);
    assert_int_equal(chmod(folder, 0700), 0);
    http_server_stop(server);
}

/* A URL may hold a key or a password: errors show the server alone. */
static void test_errors_hide_secrets(void **state)
{
    static const struct {
        const char *url, *found;
    } cases[] = {
        { "http://127.0.0.1:1/v2/SECRET?key=SECRET#SECRET", "http://127.0.0.1:1" },
        { "http://user:SECRET@127.0.0.1:1/", "(a URL with a user name)" },
        { "http://127.0.0.1:1?SECRET", "http://127.0.0.1:1" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        const net_request request = { .method = "GET", .url = cases[i].url };
        net_reply reply;
        chaos_error err = { 0 };
        assert_int_equal(net_exchange(&request, &reply, &err), CHAOS_E_NETWORK);
        assert_string_equal(err.found, cases[i].found);
        assert_null(strstr(err.text, "SECRET"));
    }
}

static void test_requests_refused(void **state)
{
    static const uint8_t byte;
    char long_url[NET_MAX_URL + 2] = "http://a/";
    const net_request cases[] = {
        { .method = "PUT", .url = "http://127.0.0.1:1/" },
        { .method = NULL, .url = "http://127.0.0.1:1/" },
        { .method = "GET", .url = NULL },
        { .method = "GET", .url = "file:///etc/passwd" },
        { .method = "GET", .url = "ftp://127.0.0.1/" },
        { .method = "GET", .url = "//127.0.0.1/" },
        { .method = "GET", .url = long_url },
        { .method = "GET", .url = "http://a b/" },
        { .method = "POST", .url = "http://127.0.0.1:1/", .body = { NULL, 1 } },
        { .method = "POST", .url = "http://127.0.0.1:1/", .body = { &byte, NET_MAX_BODY + 1 } },
        { .method = "GET", .url = "http://127.0.0.1:1/", .connect_timeout_ms = NET_MAX_CONNECT_TIMEOUT_MS + 1 },
        { .method = "GET", .url = "http://127.0.0.1:1/", .total_timeout_ms = NET_MAX_TOTAL_TIMEOUT_MS + 1 },
        { .method = "GET", .url = "http://127.0.0.1:1/", .max_reply = NET_MAX_REPLY + 1 },
        { .method = "POST", .url = "http://127.0.0.1:1/", .content_type = "a\r\nHost: b" },
    };
    (void)state;
    memset(long_url + 9, 'a', sizeof long_url - 10);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        net_reply reply = { .status = 7 };
        if (net_exchange(&cases[i], &reply, NULL) != CHAOS_E_USAGE || reply.status != 7) {
            fail_msg("case %zu is not refused", i);
        }
    }
    assert_int_equal(net_exchange(NULL, NULL, NULL), CHAOS_E_USAGE);
    assert_int_equal(net_client_new(NULL, NULL), CHAOS_E_USAGE);
    assert_int_equal(net_client_exchange(NULL, &cases[0], NULL, NULL), CHAOS_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_keeps_connection),
        cmocka_unit_test(test_client_reconnects),
        cmocka_unit_test(test_client_after_failure),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_good_answers),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_nothing_is_smuggled),
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_total_time),
        cmocka_unit_test(test_connect_time),
        cmocka_unit_test(test_socket_paths),
        cmocka_unit_test(test_socket_rights),
        cmocka_unit_test(test_errors_hide_secrets),
        cmocka_unit_test(test_requests_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
