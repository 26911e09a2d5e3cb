/* test_net.c - exchanges over HTTP against a server that answers rightly, and in every wrong way there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/net.h"
#include "tests/support/http_server.h"

#include <stdio.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_keeps_connection),
        cmocka_unit_test(test_client_reconnects),
        cmocka_unit_test(test_client_after_failure),
        cmocka_unit_test(test_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
