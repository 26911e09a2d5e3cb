/* endpoint_world.c - see endpoint_world.h. */
#include "tests/life/endpoint_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROVIDERS BUILD_ROOT "/lib/chaoschain/providers"
#define REPLY_MAX (2u << 20)

endpoint_world w;

bool endpoint_can_run(void)
{
    if (anvil_path() == NULL) {
        (void)printf("SKIPPED: anvil is not installed (scripts/install-npm.sh tests/npm/chain)\n");
        return false;
    }
    if (getenv("CHAOS_SIMULATOR") == NULL) {
        (void)printf("SKIPPED: no simulated guest agent\n");
        return false;
    }
    return true;
}

void must_be(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (field %s, expected %s, found %s)", chaos_status_name(status), err->text,
                 err->field == NULL ? "-" : err->field, err->expected, err->found);
    }
}

/* -------------------------------------------------------------------- world ---- */

static void load(const char *name, chaos_buffer *out)
{
    char path[512];
    uint8_t bytes[4096];
    size_t got;
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", getenv("CHAOS_SIMULATOR"), name);
    file = fopen(path, "rb");
    assert_non_null(file);
    *out = (chaos_buffer)CHAOS_BUFFER_INIT(1u << 20);
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        assert_true(buffer_append(out, slice(bytes, got)));
    }
    (void)fclose(file);
}

static void open_chain(void)
{
    const chain_options options = { 0 };
    chaos_registries_options registries = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_error err;

    chain_begin(&w.c, &options);
    OK(chaos_registries_deploy(w.c.sender, "deploy", &w.addresses, &err));
    registries.rpc = w.c.rpc;
    registries.has_identity = registries.has_reputation = registries.has_validation = true;
    registries.identity = w.addresses.identity;
    registries.reputation = w.addresses.reputation;
    registries.validation = w.addresses.validation;
    OK(chaos_registries_open(&registries, &w.registries, &err));
    (void)snprintf(w.folder, sizeof w.folder, "%s/content", w.c.folder);
    (void)snprintf(w.store, sizeof w.store, "%s/alice", w.c.folder);
    (void)snprintf(w.bob_journal, sizeof w.bob_journal, "%s/bob", w.c.folder);
    (void)snprintf(w.said, sizeof w.said, "%s/said", w.c.folder);
    (void)snprintf(w.socket, sizeof w.socket, "%s/door", w.c.folder);
}

static void open_tee(void)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_error err;

    where.search_path = PROVIDERS;
    OK(chaos_tee_registry_new(&where, &w.plugins, &err));
    OK(chaos_tee_find(w.plugins, "phala-dstack", &provider, &err));
    OK(chaos_tee_open(provider, NULL, &w.tee, &err));
}

/* A port that nobody has: the registration file names it before anybody listens there. */
static unsigned free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0 &&
                getsockname(fd, (struct sockaddr *)(void *)&address, &size) == 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void open_alice(void)
{
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    chaos_agent_reference name = { .chain_id = 31337, .has_registry = true, .registry = w.addresses.identity };
    chaos_error err;

    w.port = free_port();
    (void)snprintf(w.endpoint, sizeof w.endpoint, "http://127.0.0.1:%u" ENDPOINT_PATH, w.port);
    config.name = "Alice";
    config.network = "local";
    config.tee = w.tee;
    config.registries = w.registries;
    config.sender = w.c.sender;
    config.content = w.content;
    config.store = w.store;
    config.endpoint = w.endpoint;
    OK(chaos_agent_open(&config, &w.alice, &err));
    OK(chaos_agent_register_identity(w.alice, NULL, &w.id, NULL, &err));
    name.agent_id = w.id;
    chaos_agent_reference_format(&name, w.agent_name);
}

static void open_bob(void)
{
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    chaos_error err;

    load("policy.json", &w.policy);
    load("collateral.json", &w.collateral);
    load("trust-root.der", &w.root);
    OK(chaos_trust_new(&w.trust, &err));
    OK(chaos_trust_add_root(w.trust, buffer_slice(&w.root), &err));
    w.bob = chain_account();
    chain_give(&w.c, w.bob, "0x56bc75e2d63100000");
    sender.rpc = w.c.rpc;
    sender.account = w.bob;
    sender.journal = w.bob_journal;
    OK(chaos_sender_open(&sender, &w.bob_sender, &err));
}

int endpoint_begin_world(void **state)
{
    chaos_content_options content = CHAOS_CONTENT_OPTIONS_INIT;
    chaos_error err;

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(setenv("CHAOS_PROVIDER_PATH", PROVIDERS, 1), 0);
    open_chain();
    content.folder = w.folder;
    content.allow_local = true;
    OK(chaos_content_open(&content, &w.content, &err));
    open_tee();
    open_alice();
    open_bob();
    return 0;
}

int endpoint_end_world(void **state)
{
    char command[1024];

    (void)state;
    chaos_sender_free(w.bob_sender);
    chaos_account_free(w.bob);
    chaos_agent_free(w.alice);
    chaos_tee_free(w.tee);
    chaos_tee_registry_free(w.plugins);
    chaos_content_free(w.content);
    chaos_registries_free(w.registries);
    chaos_trust_free(w.trust);
    chaos_buffer_free(&w.policy);
    chaos_buffer_free(&w.collateral);
    chaos_buffer_free(&w.root);
    (void)snprintf(command, sizeof command, "rm -rf '%s' '%s'* '%s'* '%s'* '%s'", w.folder, w.store, w.bob_journal,
                   w.said, w.socket);
    assert_int_equal(system(command), 0);
    chain_end(&w.c);
    return 0;
}

/* ------------------------------------------------------------------- server ---- */

bool has_said(const char *line)
{
    char command[512];

    (void)snprintf(command, sizeof command, "grep -q -e '%s' '%s'", line, w.said);
    return system(command) == 0;
}

void show_said(void)
{
    char command[256];

    (void)snprintf(command, sizeof command, "cat '%s'", w.said);
    (void)!system(command);
}

void start_with(const char *rate, const char *kept_in)
{
    char http[32], validation[CHAOS_ADDRESS_TEXT_SIZE];
    const char *argv[] = { BUILD_ROOT "/bin/chaoschain-endpoint", w.agent_name, "--http", http, "--socket", w.socket,
                           "--tee-provider", "phala-dstack", "--name", "Alice", "--rpc", rpc_proxy_url(w.c.proxy),
                           "--validation", validation, "--rate", rate,
                           "--client-rate", w.client_rate == NULL ? "60000" : w.client_rate, "--client-connections",
                           w.client_connections == NULL ? "64" : w.client_connections, kept_in == NULL ? NULL : "--store", kept_in, NULL };

    (void)snprintf(http, sizeof http, "127.0.0.1:%u", w.port);
    chaos_address_format(&w.addresses.validation, validation);
    (void)fclose(fopen(w.said, "w"));
    w.server = fork();
    assert_true(w.server >= 0);
    if (w.server == 0) {
        const int log = open(w.said, O_WRONLY | O_APPEND);

        (void)dup2(log, STDOUT_FILENO);
        (void)dup2(log, STDERR_FILENO);
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    for (int tries = 0; !has_said("^ready$"); tries++) {
        if (tries == 400 || waitpid(w.server, NULL, WNOHANG) != 0) {
            show_said();
            fail_msg("the endpoint does not become ready");
        }
        (void)usleep(25000);
    }
}

void start(void)
{
    start_with("600", NULL);
}

/* Ends as asked, with exit code 0, soon; and its socket is gone. */
void stop(void)
{
    int status = 0;

    assert_int_equal(kill(w.server, SIGTERM), 0);
    for (int tries = 0; waitpid(w.server, &status, WNOHANG) == 0; tries++) {
        assert_true(tries < 400);
        (void)usleep(25000);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        show_said();
        fail_msg("the endpoint ended with %d", status);
    }
    assert_int_equal(access(w.socket, F_OK), -1);
}

int endpoint_teardown(void **state)
{
    static const proxy_rule none[] = { { 0 } };

    (void)state;
    rpc_proxy_rules(w.c.proxy, none);
    if (w.server > 0 && waitpid(w.server, NULL, WNOHANG) == 0) { /* a test that failed has left it */
        (void)kill(w.server, SIGKILL);
        (void)waitpid(w.server, NULL, 0);
    }
    w.server = 0;
    w.client_rate = w.client_connections = NULL;
    (void)unlink(w.socket);
    return 0;
}

/* ------------------------------------------------------------------- client ---- */

int door_from(const char *from)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in source = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(from) };
    const struct timeval limit = { 60, 0 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)w.port);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)(void *)&source, sizeof source) == 0);
    assert_true(connect(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    return fd;
}

int door(void)
{
    return door_from("127.0.0.1");
}

int unix_door(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, w.socket, strlen(w.socket) + 1);
    assert_true(fd >= 0 && connect(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0);
    return fd;
}

void send_text(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);

        if (sent <= 0) {
            return; /* it does not want the rest */
        }
        text += sent;
        size -= (size_t)sent;
    }
}

reply receive(int fd)
{
    reply r = { .body = CHAOS_BUFFER_INIT(REPLY_MAX) };
    CHAOS_AUTO_BUFFER(all, REPLY_MAX);
    uint8_t bytes[8192];
    ssize_t got;
    const char *behind;

    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        assert_true(buffer_append(&all, slice(bytes, (size_t)got)));
    }
    assert_true(got == 0 || errno == ECONNRESET); /* and not a time limit of ours */
    (void)close(fd);
    if (all.size == 0) {
        return r;
    }
    behind = strstr((const char *)all.data, "\r\n\r\n");
    assert_non_null(behind);
    (void)snprintf(r.head, sizeof r.head, "%.*s", (int)(behind + 2 - (const char *)all.data), (const char *)all.data);
    assert_int_equal(sscanf(r.head, "HTTP/1.1 %d", &r.status), 1);
    behind += 4;
    assert_true(buffer_append(&r.body, slice(behind, all.size - (size_t)(behind - (const char *)all.data))));
    return r;
}

reply ask_raw(const char *text)
{
    const int fd = door();

    send_text(fd, text, strlen(text));
    return receive(fd);
}

reply ask(const char *target)
{
    char text[4096];

    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    return ask_raw(text);
}

void free_reply(reply *r)
{
    chaos_buffer_free(&r->body);
}

/* The error that a refusal says, as JSON of its schema, and nothing of what was asked. */
void expect_refusal(reply r, int status, const char *code)
{
    char member[64];
    const char *body = r.body.size == 0 ? "" : (const char *)r.body.data;

    (void)snprintf(member, sizeof member, "{\"code\":\"%s\",\"schema\":\"chaoschain/endpoint-error/1\",\"text\":\"", code);
    if (r.status != status || strncmp(body, member, strlen(member)) != 0 || strcmp(body + r.body.size - 3, "\"}\n") != 0) {
        fail_msg("wanted %d %s, came %d: %s", status, code, r.status, body);
    }
    assert_non_null(strstr(r.head, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(r.head, "Connection: close\r\n"));
    free_reply(&r);
}

/* An envelope of this stage over these words; its binding. */
chaos_binding expect_envelope(const reply *r, uint8_t stage, uint8_t nonce)
{
    chaos_evidence *evidence = NULL;
    chaos_binding binding;
    chaos_u256 wanted;
    chaos_error err;

    if (r->status != 200) {
        fail_msg("wanted 200, came %d: %s", r->status, r->body.size == 0 ? "" : (const char *)r->body.data);
    }
    OK(chaos_envelope_parse(buffer_slice(&r->body), &evidence, &err));
    assert_true(chaos_evidence_binding(evidence, &binding));
    memset(wanted.bytes, nonce, sizeof wanted.bytes);
    assert_memory_equal(binding.nonce.bytes, wanted.bytes, sizeof wanted.bytes);
    assert_int_equal(binding.stage, stage);
    assert_true(binding.anchor_block == 0);
    assert_memory_equal(binding.agent_id.bytes, w.id.bytes, sizeof w.id.bytes);
    chaos_evidence_free(evidence);
    return binding;
}

void nonce_target(char target[512], uint8_t nonce, const chaos_keccak *request)
{
    char hex[2][65] = { "", "" };
    uint8_t bytes[32];

    memset(bytes, nonce, sizeof bytes);
    hex_encode(slice(bytes, sizeof bytes), hex[0]);
    if (request != NULL) {
        hex_encode(slice(request->bytes, sizeof request->bytes), hex[1]);
    }
    (void)snprintf(target, 512, ENDPOINT_PATH "?nonce=0x%s%s%s", hex[0], request == NULL ? "" : "&request=0x", hex[1]);
}

chaos_keccak ask_bob(uint32_t again)
{
    const chaos_address bob = chaos_account_address(w.bob);
    chaos_keccak hash;
    chaos_error err;

    OK(chaos_agent_request_validation(w.alice, &bob, NULL, 0, again, &hash, NULL, &err));
    return hash;
}
