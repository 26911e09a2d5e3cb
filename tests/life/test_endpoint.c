/* test_endpoint.c - chaoschain-endpoint over real HTTP: what it answers, what it refuses, and hostile clients. */
#include "tests/life/endpoint_world.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------ answers ---- */

static void test_nonce(void **state)
{
    reply first, again, other;
    char target[512];
    int fd;

    (void)state;
    start();
    first = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE);
    (void)expect_envelope(&first, CHAOS_STAGE_IDENTITY, 0x11);
    assert_non_null(strstr(first.head, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(first.head, "Access-Control-Allow-Origin: *\r\n"));
    again = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE); /* the same bytes: the TEE is not asked again */
    assert_true(slice_equal(buffer_slice(&first.body), buffer_slice(&again.body)));
    nonce_target(target, 0x22, NULL);
    other = ask(target);
    (void)expect_envelope(&other, CHAOS_STAGE_IDENTITY, 0x22);
    free_reply(&first);
    free_reply(&again);
    free_reply(&other);

    fd = unix_door();
    (void)snprintf(target, sizeof target, "GET " ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE " HTTP/1.0\r\n\r\n");
    send_text(fd, target, strlen(target));
    first = receive(fd);
    (void)expect_envelope(&first, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&first);
    stop();
    assert_true(has_said("4 answered, 0 refused, 0 failed"));
    assert_false(has_said("1111111")); /* nothing that was asked is in the log */
}

/* A request of hers on chain is answered; one that nobody made, and one about another agent, are not. */
static void test_request(void **state)
{
    const chaos_keccak mine = ask_bob(0);
    const chaos_address bob = chaos_account_address(w.bob);
    chaos_keccak other = { { 7 } };
    chaos_keccak later;
    chaos_binding binding;
    chaos_u256 another;
    chaos_address wallet;
    char target[512];
    reply r;
    chaos_error err;

    (void)state;
    OK(chaos_agent_register(w.registries, w.c.sender, "another", NULL, NULL, 0, &another, NULL, &err));
    OK(chaos_validation_request(w.registries, w.c.sender, "about-another", &bob, &another, "", &other, NULL, &err));
    start();
    nonce_target(target, 0x33, &mine);
    r = ask(target);
    binding = expect_envelope(&r, CHAOS_STAGE_VALIDATION, 0x33);
    assert_memory_equal(binding.subject.bytes, mine.bytes, sizeof mine.bytes);
    wallet = chaos_keypair_address(chaos_agent_keypair(w.alice));
    assert_memory_equal(binding.identity_key.bytes, wallet.bytes, sizeof wallet.bytes);
    free_reply(&r);
    nonce_target(target, 0x33, &other);
    expect_refusal(ask(target), 404, "UNKNOWN_REQUEST");
    other.bytes[0] ^= 1;
    nonce_target(target, 0x33, &other);
    expect_refusal(ask(target), 404, "UNKNOWN_REQUEST");
    later = ask_bob(1); /* made while the endpoint runs: known within seconds */
    nonce_target(target, 0x44, &later);
    for (int tries = 0; (r = ask(target)).status == 404; tries++) {
        assert_true(tries < 100);
        assert_non_null(strstr(r.head, "Retry-After: 5\r\n"));
        free_reply(&r);
        (void)usleep(100000);
    }
    (void)expect_envelope(&r, CHAOS_STAGE_VALIDATION, 0x44);
    free_reply(&r);
    stop();
}

/* ------------------------------------------------------------------ queries ---- */

#define WORD "1111111111111111111111111111111111111111111111111111111111111111"

static void test_queries(void **state)
{
    static const struct {
        const char *target;
        int status;
        const char *code;
    } cases[] = {
        { "/", 404, "PATH" },
        { ENDPOINT_PATH "/?nonce=" ENDPOINT_NONCE, 404, "PATH" },
        { "//.well-known/tee-attestation?nonce=" ENDPOINT_NONCE, 404, "PATH" },
        { "/.well-known/tee%2dattestation?nonce=" ENDPOINT_NONCE, 404, "PATH" },
        { "/.well-known/tee-attestatioN?nonce=" ENDPOINT_NONCE, 404, "PATH" },
        { "http://x" ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE, 404, "PATH" },
        { ENDPOINT_PATH, 400, "NONCE" },
        { ENDPOINT_PATH "?", 400, "QUERY" },
        { ENDPOINT_PATH "?nonce", 400, "QUERY" },
        { ENDPOINT_PATH "?nonce=", 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=0x", 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=" WORD, 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=0X" WORD, 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "1", 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=0x11" WORD, 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=0x111111111111111111111111111111111111111111111111111111111111111", 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=0x111111111111111111111111111111111111111111111111111111111111111g", 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=0x0x"
                        "11111111111111111111111111111111111111111111111111111111111111",
          400, "NONCE" },
        { ENDPOINT_PATH "?nonce=%30x" WORD, 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=+0x" WORD, 400, "NONCE" },
        { ENDPOINT_PATH "?Nonce=" ENDPOINT_NONCE, 400, "QUERY" },
        { ENDPOINT_PATH "?%6eonce=" ENDPOINT_NONCE, 400, "QUERY" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&", 400, "QUERY" },
        { ENDPOINT_PATH "?&nonce=" ENDPOINT_NONCE, 400, "QUERY" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&&request=" ENDPOINT_NONCE, 400, "QUERY" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&nonce=" ENDPOINT_NONCE, 400, "QUERY" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&nonce=", 400, "QUERY" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE ";request=" ENDPOINT_NONCE, 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "#", 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&verbose=1", 400, "QUERY" },
        { ENDPOINT_PATH "?request=" ENDPOINT_NONCE, 400, "NONCE" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&request=", 400, "REQUEST" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&request=0x12", 400, "REQUEST" },
        { ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE "&request=" ENDPOINT_NONCE "&request=" ENDPOINT_NONCE, 400, "QUERY" },
        { ENDPOINT_PATH "?request=" ENDPOINT_NONCE "&nonce=" ENDPOINT_NONCE, 404, "UNKNOWN_REQUEST" }, /* well said, in another order */
    };
    reply r;

    (void)state;
    start();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].target);
        expect_refusal(ask(cases[i].target), cases[i].status, cases[i].code);
    }
    r = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE);
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    stop();
}

static void test_methods(void **state)
{
    static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "BREW" };
    static const char tail[] = " " ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE " HTTP/1.1\r\nHost: x\r\n";
    char text[1024];
    reply r;

    (void)state;
    start();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(methods); i++) {
        (void)snprintf(text, sizeof text, "%s%s\r\n", methods[i], tail);
        r = ask_raw(text);
        assert_non_null(strstr(r.head, "Allow: GET\r\n"));
        expect_refusal(r, 405, "METHOD");
    }
    (void)snprintf(text, sizeof text, "HEAD%s\r\n", tail); /* which has no body */
    r = ask_raw(text);
    assert_int_equal(r.status, 405);
    assert_true(r.body.size == 0);
    free_reply(&r);
    (void)snprintf(text, sizeof text, "GET%sContent-Length: 5\r\n\r\nhello", tail);
    expect_refusal(ask_raw(text), 413, "BODY");
    (void)snprintf(text, sizeof text, "GET%sTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", tail);
    expect_refusal(ask_raw(text), 413, "BODY");
    /* What is said behind the first question is not read: the connection ends. */
    (void)snprintf(text, sizeof text, "GET%s\r\nGET%s\r\n", tail, tail);
    r = ask_raw(text);
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    stop();
}

/* ------------------------------------------------------------------ hostile ---- */

static void test_huge(void **state)
{
    char *text = malloc(1u << 20);
    reply r;
    int fd;

    (void)state;
    assert_non_null(text);
    start();
    (void)memset(text, 'a', 1u << 20);
    memcpy(text, "GET /", 5); /* a line without end */
    fd = door();
    send_text(fd, text, 1u << 20);
    r = receive(fd);
    assert_true(r.status == 0 || (r.status >= 400 && r.status < 500));
    free_reply(&r);
    fd = door(); /* a header without end, behind a good question */
    send_text(fd, "GET " ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE " HTTP/1.1\r\nX: ", strlen("GET " ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE " HTTP/1.1\r\nX: "));
    send_text(fd, text + 5, (1u << 20) - 5);
    r = receive(fd);
    assert_true(r.status == 0 || (r.status >= 400 && r.status < 500));
    free_reply(&r);
    fd = door(); /* a body without end */
    send_text(fd, "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 49);
    send_text(fd, text, 1u << 20);
    r = receive(fd);
    assert_true(r.status == 0 || r.status == 405);
    free_reply(&r);
    fd = door(); /* bytes that are no HTTP */
    memset(text, 0, 64);
    send_text(fd, text, 64);
    send_text(fd, "\r\n\r\n", 4);
    r = receive(fd);
    assert_true(r.status == 0 || r.status >= 400);
    free_reply(&r);
    r = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE); /* and who means it is answered */
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    free(text);
    stop();
}

/* Who says nothing, who says a byte now and then, and who comes in hundreds: all of them are ended within the limits,
 * and then others are answered. */
static void test_slow_and_many(void **state)
{
    static const char text[] = "GET " ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE " HTTP/1.1\r\nHost: x\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const int64_t began = (int64_t)time(NULL);
    int fds[200];
    size_t sent = 0;
    reply r;
    int fd;

    (void)state;
    start();
    fd = door();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(fds); i++) {
        fds[i] = door();
    }
    while (sent < strlen(text) && send(fd, text + sent, 1, MSG_NOSIGNAL) == 1 && time(NULL) - began < 40) {
        struct timeval soon = { 0, 400000 };
        fd_set set;
        char byte;

        FD_ZERO(&set);
        FD_SET(fd, &set);
        if (select(fd + 1, &set, NULL, NULL, &soon) > 0 && read(fd, &byte, 1) <= 0) {
            break;
        }
        sent++;
    }
    assert_in_range(time(NULL) - began, 14, 30); /* a byte every 400 ms: not idle, and ended all the same */
    (void)close(fd);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(fds); i++) {
        r = receive(fds[i]); /* closed, without a word or with one about the time */
        assert_true(r.status == 0 || r.status == 408);
        free_reply(&r);
    }
    assert_in_range(time(NULL) - began, 10, 35);
    r = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE);
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    stop();
}

static void test_flood(void **state)
{
    const chaos_keccak request = ask_bob(2);
    char target[512];
    unsigned seconds = 0;
    reply r;

    (void)state;
    start_with("6", NULL); /* one at once, then one in ten seconds */
    r = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE);
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    for (uint8_t i = 0; i < 50; i++) {
        nonce_target(target, (uint8_t)(0x80 + i), NULL);
        r = ask(target);
        assert_non_null(strstr(r.head, "Retry-After: "));
        assert_int_equal(sscanf(strstr(r.head, "Retry-After: "), "Retry-After: %u", &seconds), 1);
        assert_in_range(seconds, 1, 10);
        expect_refusal(r, 429, "RATE");
    }
    r = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE); /* what was given before costs nothing */
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    nonce_target(target, 0x55, &request); /* who has a request on chain is not kept away by the others */
    r = ask(target);
    (void)expect_envelope(&r, CHAOS_STAGE_VALIDATION, 0x55);
    free_reply(&r);
    nonce_target(target, 0x56, &request);
    expect_refusal(ask(target), 429, "RATE");
    (void)sleep(seconds); /* and it comes back as it was said */
    nonce_target(target, 0x77, NULL);
    r = ask(target);
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x77);
    free_reply(&r);
    stop();
}

static reply ask_at(int fd)
{
    static const char text[] = "GET " ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE " HTTP/1.1\r\nHost: a\r\n\r\n";

    send_text(fd, text, sizeof text - 1);
    return receive(fd);
}

/* Each client has questions of its own, whatever is answered; who comes through the Unix socket is one client. */
static void test_one_client_asks_too_often(void **state)
{
    const char *const clients[] = { "127.0.0.1", "127.0.0.2", NULL };
    unsigned seconds;
    reply r;

    (void)state;
    w.client_rate = "12"; /* two at once */
    start_with("60000", NULL);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(clients); i++) {
        for (int times = 0; times < 2; times++) {
            r = ask_at(clients[i] == NULL ? unix_door() : door_from(clients[i]));
            (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
            free_reply(&r);
        }
        r = ask_at(clients[i] == NULL ? unix_door() : door_from(clients[i]));
        assert_non_null(strstr(r.head, "Retry-After: "));
        assert_int_equal(sscanf(strstr(r.head, "Retry-After: "), "Retry-After: %u", &seconds), 1);
        assert_in_range(seconds, 1, 6);
        expect_refusal(r, 429, "CLIENT_RATE");
    }
    expect_refusal(ask("/"), 429, "CLIENT_RATE"); /* a bad question is one, too */
    stop();
}

/* True: the connection is there, and waits for a question. */
static bool is_let_in(int fd)
{
    struct pollfd event = { .fd = fd, .events = POLLIN };

    return poll(&event, 1, 700) == 0;
}

static void test_one_client_connects_too_often(void **state)
{
    int kept[6], more;
    reply r;

    (void)state;
    w.client_connections = "2";
    start_with("60000", NULL);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(kept); i++) {
        kept[i] = i < 2 ? door() : i < 4 ? door_from("127.0.0.2")
                                         : unix_door();
        assert_true(is_let_in(kept[i]));
    }
    for (int i = 0; i < 3; i++) {
        more = i == 0 ? door() : i == 1 ? door_from("127.0.0.2")
                                        : unix_door();
        assert_false(is_let_in(more)); /* closed */
        (void)close(more);
    }
    r = ask_at(kept[0]); /* one ends */
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    (void)usleep(300000);
    more = door(); /* and another may come */
    assert_true(is_let_in(more));
    (void)close(more);
    for (size_t i = 1; i < CHAOS_ARRAY_SIZE(kept); i++) {
        (void)close(kept[i]);
    }
    stop();
}

/* Made-up requests cost the node nothing. */
static void test_made_up_requests(void **state)
{
    char target[512];
    const int64_t began = (int64_t)time(NULL);
    unsigned before, calls;

    (void)state;
    start();
    before = rpc_proxy_count(w.c.proxy, "eth_call");
    for (uint8_t i = 0; i < 100; i++) {
        const chaos_keccak request = { { 9, i } };

        nonce_target(target, i, &request);
        expect_refusal(ask(target), 404, "UNKNOWN_REQUEST");
    }
    calls = rpc_proxy_count(w.c.proxy, "eth_call") - before;
    assert_in_range(calls, 1, 2 + (time(NULL) - began));
    stop();
}

typedef struct crowd {
    uint8_t nonce;
    reply r;
} crowd;

static void *one_of_many(void *context)
{
    crowd *me = context;
    char target[512];

    nonce_target(target, me->nonce, NULL);
    me->r = ask(target);
    return NULL;
}

static void test_at_once(void **state)
{
    pthread_t threads[40];
    crowd all[CHAOS_ARRAY_SIZE(threads)];
    unsigned given = 0;

    (void)state;
    start();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(threads); i++) {
        all[i] = (crowd){ .nonce = (uint8_t)(0x20 + i / 2) }; /* each nonce twice */
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_many, &all[i]), 0);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (all[i].r.status == 503) { /* more than can wait */
            expect_refusal(all[i].r, 503, "BUSY");
            continue;
        }
        (void)expect_envelope(&all[i].r, CHAOS_STAGE_IDENTITY, all[i].nonce);
        free_reply(&all[i].r);
        given++;
    }
    assert_true(given >= 8);
    stop();
}

/* -------------------------------------------------------------------- faults ---- */

static void test_node_comes_back(void **state)
{
    static const proxy_rule gone[] = { { "eth_call", PROXY_ERROR, 0, 0, "gone" }, { 0 } };
    static const proxy_rule none[] = { { 0 } };
    const chaos_keccak request = ask_bob(4);
    char target[512];
    reply r;

    (void)state;
    start();
    nonce_target(target, 0x66, &request);
    rpc_proxy_rules(w.c.proxy, gone);
    expect_refusal(ask(target), 503, "CHAIN");
    rpc_proxy_rules(w.c.proxy, none);
    r = ask(target);
    (void)expect_envelope(&r, CHAOS_STAGE_VALIDATION, 0x66);
    free_reply(&r);
    nonce_target(target, 0x67, &request);
    rpc_proxy_rules(w.c.proxy, gone); /* known to be on chain, and looked at again before it is answered */
    expect_refusal(ask(target), 503, "TROUBLE");
    rpc_proxy_rules(w.c.proxy, none);
    stop();
    assert_true(has_said("no evidence could be made"));
}

static void test_tee_goes_away(void **state)
{
    const char *there = getenv("DSTACK_SIMULATOR_ENDPOINT");
    char away[512];
    reply r;

    (void)state;
    assert_non_null(there);
    (void)snprintf(away, sizeof away, "%s.away", there);
    start();
    assert_int_equal(rename(there, away), 0);
    expect_refusal(ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE), 503, "TROUBLE");
    assert_int_equal(rename(away, there), 0);
    r = ask(ENDPOINT_PATH "?nonce=" ENDPOINT_NONCE);
    (void)expect_envelope(&r, CHAOS_STAGE_IDENTITY, 0x11);
    free_reply(&r);
    stop();
}

/* ------------------------------------------------------------------- options ---- */

static void refused(int code, const char *said, const char *options)
{
    char command[2048], validation[CHAOS_ADDRESS_TEXT_SIZE];
    int ended;

    chaos_address_format(&w.addresses.validation, validation);
    (void)snprintf(command, sizeof command,
                   "timeout 60 " BUILD_ROOT "/bin/chaoschain-endpoint --rpc %s --validation %s %s > '%s' 2>&1 < /dev/null",
                   rpc_proxy_url(w.c.proxy), validation, options, w.said);
    ended = system(command);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != code || !has_said(said)) {
        show_said();
        fail_msg("wanted exit code %d and '%s', came %d: %s", code, said, WEXITSTATUS(ended), command);
    }
    assert_false(has_said("^ready$"));
}

static const char *with_name(const char *options)
{
    static char text[1024];

    (void)snprintf(text, sizeof text, "%s %s", w.agent_name, options);
    return text;
}

static void test_options(void **state)
{
    (void)state;
    refused(64, "where?", "");
    refused(64, "which agent", "--http 127.0.0.1:0");
    refused(64, "who speaks to the world", with_name("--tee-provider phala-dstack --name Alice --http 0.0.0.0:0"));
    refused(64, "which TEE", with_name("--http 127.0.0.1:0"));
    refused(64, "--rate", with_name("--http 127.0.0.1:0 --rate 0"));
    refused(64, "--rate", with_name("--http 127.0.0.1:0 --rate 60001"));
    refused(64, "--client-rate", with_name("--http 127.0.0.1:0 --client-rate 0"));
    refused(64, "from 1 to 64", with_name("--http 127.0.0.1:0 --client-connections 65"));
    refused(64, "--socket-mode", with_name("--socket /nowhere --socket-mode 8"));
    refused(64, "--socket-mode", with_name("--socket /nowhere --socket-mode 1000"));
    refused(64, "--generation", with_name("--http 127.0.0.1:0 --generation x"));
    refused(64, "eip155", "7 --http 127.0.0.1:0");
    refused(64, "another key", with_name("--tee-provider phala-dstack --name Bob --http 127.0.0.1:0"));
    refused(64, "another key", with_name("--tee-provider phala-dstack --name Alice --generation 1 --http 127.0.0.1:0"));
    refused(64, "is of chain", with_name("--network base-sepolia --http 127.0.0.1:0"));
    refused(64, "--identity", with_name("--identity 0x0000000000000000000000000000000000000001 --http 127.0.0.1:0"));
    refused(5, "no/such/folder", with_name("--tee-provider phala-dstack --name Alice --socket /no/such/folder/door"));
    refused(5, "is not installed", with_name("--tee-provider aws-nitro --http 127.0.0.1:0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nonce),
        TEST(test_request),
        TEST(test_queries),
        TEST(test_methods),
        TEST(test_huge),
        TEST(test_slow_and_many),
        TEST(test_flood),
        TEST(test_one_client_asks_too_often),
        TEST(test_one_client_connects_too_often),
        TEST(test_made_up_requests),
        TEST(test_at_once),
        TEST(test_node_comes_back),
        TEST(test_tee_goes_away),
        TEST(test_options),
    };

    return endpoint_run(tests);
}
