/* test_keys_left.c - a key that a guest agent gave leaves nothing in the process: not in libcurl's buffers, not in freed heap
 * blocks, not on a stack. A child of its own asks for the key through the plug-in, and then writes all memory that it can
 * read into a file, which is searched for the key in every form that it had on its way. A child that is careless on purpose
 * shows that the search finds each of them. */
#define _GNU_SOURCE /* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/tee.h>

#include "codec/codec.h"
#include "net/net.h"
#include "sim/guest.h"
#include "tests/support/http_server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROVIDERS BUILD_ROOT "/lib/chaoschain/providers"
#define KEY_SIZE 32
#define MAX_REGION (UINT64_C(1) << 27) /* larger ones are a sanitizer's own */

/* -------------------------------------------------------- asking for the key ---- */

/* GetKey as the plug-in asks it. */
static bool ask_for_key(const char *socket, net_reply *reply)
{
    static const char body[] =
        "{\"path\":\"chaoschain/default\",\"purpose\":\"" CHAOS_KEY_AGENT "\",\"algorithm\":\"secp256k1\"}";
    const net_request request = { .method = "POST",
                                  .url = "http://localhost/GetKey",
                                  .unix_socket = socket,
                                  .content_type = "application/json",
                                  .body = { (const uint8_t *)body, sizeof body - 1 } };
    return net_exchange(&request, reply, NULL) == CHAOS_OK && reply->status == 200;
}

static bool key_of(chaos_slice reply, uint8_t key[KEY_SIZE])
{
    static const char before[] = "\"key\":\"";
    for (size_t i = 0; i + sizeof before + 64 < reply.size; i++) {
        if (memcmp(reply.data + i, before, sizeof before - 1) == 0) {
            return hex_decode(slice(reply.data + i + sizeof before - 1, 64), key, KEY_SIZE);
        }
    }
    return false;
}

/* ------------------------------------------------------------- in the child ---- */

/* Everything that this process could read: what a bug that reads too far can give away. */
static bool dump_memory(const char *path)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (maps == NULL || fd < 0) {
        return false;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        uint64_t begin = 0, end = 0;
        char rights[5] = "";
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &begin, &end, rights) != 3 || strncmp(rights, "rw", 2) != 0 ||
            end - begin > MAX_REGION) {
            continue;
        }
        for (uint64_t at = begin; at < end; at += 4096) { /* by page: one that cannot be read is left out */
            (void)syscall(SYS_write, fd, at, 4096);       /* past a sanitizer, which would judge each byte */
        }
    }
    (void)fclose(maps);
    return close(fd) == 0;
}

static chaos_status use_key(chaos_tee *tee, chaos_keypair **keypair)
{
    static const char message[] = "left";
    chaos_signature *signature = NULL;
    chaos_status status = chaos_tee_generate_key(tee, NULL, keypair, NULL);
    if (status == CHAOS_OK) {
        const chaos_slice bytes = { (const uint8_t *)message, sizeof message - 1 };
        status = chaos_tee_sign(tee, bytes, *keypair, &signature, NULL);
    }
    chaos_signature_free(signature);
    return status;
}

/* "kept": the key is still there, in guarded memory, while the rest is searched. "no chain", "no quote": the agent gave
 * the key and not what comes next, so nothing that is done later covers its traces. */
static int be_careful(const char *how, const char *socket, const char *path)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee_registry *registry = NULL;
    chaos_tee *tee = NULL;
    chaos_keypair *keypair = NULL;
    char endpoint[128];
    const chaos_status wanted = strncmp(how, "no ", 3) == 0 ? CHAOS_E_GUEST_AGENT : CHAOS_OK;
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    options.search_path = PROVIDERS;
    (void)snprintf(endpoint, sizeof endpoint, "{\"endpoint\":\"%s\"}", socket);
    if (chaos_tee_registry_new(&options, &registry, NULL) != CHAOS_OK ||
        chaos_tee_find(registry, "phala-dstack", &provider, NULL) != CHAOS_OK ||
        chaos_tee_open(provider, endpoint, &tee, NULL) != CHAOS_OK || use_key(tee, &keypair) != wanted) {
        return 1;
    }
    if (strcmp(how, "kept") == 0) {
        return dump_memory(path) ? 0 : 2;
    }
    chaos_keypair_free(keypair);
    chaos_tee_free(tee);
    chaos_tee_registry_free(registry);
    return dump_memory(path) ? 0 : 2;
}

static int be_careless(const char *socket, const char *path)
{
    static char base64[64];
    static uint8_t key[KEY_SIZE], reversed[KEY_SIZE];
    net_reply reply;
    chaos_buffer text = CHAOS_BUFFER_INIT(64);
    if (!ask_for_key(socket, &reply) || !key_of(buffer_slice(&reply.body), key) ||
        !base64_encode(slice(key, sizeof key), &text)) {
        return 1;
    }
    memcpy(base64, text.data, text.size < sizeof base64 ? text.size : sizeof base64 - 1);
    for (size_t i = 0; i < KEY_SIZE; i++) {
        reversed[i] = key[KEY_SIZE - 1 - i];
    }
    __asm__ volatile(""
                     :
                     : "r"(base64), "r"(key), "r"(reversed)
                     : "memory");
    return dump_memory(path) ? 0 : 2;
}

/* ------------------------------------------------------------------ searching ---- */

typedef struct needle {
    const char *name;
    uint8_t bytes[64];
    size_t size;
    bool found;
} needle;

#define NEEDLE_COUNT 8

static void make_needles(const uint8_t key[KEY_SIZE], needle needles[NEEDLE_COUNT])
{
    static const char *const names[NEEDLE_COUNT] = { "the bytes", "the first half of them", "the second half",
                                                     "the bytes from the end", "the hex digits", "their first half",
                                                     "their second half", "base64" };
    char hex[65] = { 0 };
    chaos_buffer base64 = CHAOS_BUFFER_INIT(64);
    hex_encode(slice(key, KEY_SIZE), hex);
    assert_true(base64_encode(slice(key, KEY_SIZE), &base64));
    const chaos_slice forms[NEEDLE_COUNT] = { { key, 32 }, { key, 16 }, { key + 16, 16 }, { key, 32 }, { (const uint8_t *)hex, 64 }, { (const uint8_t *)hex, 32 }, { (const uint8_t *)hex + 32, 32 }, { base64.data, 42 } }; /* whole bytes only */
    for (size_t i = 0; i < NEEDLE_COUNT; i++) {
        needles[i] = (needle){ .name = names[i], .size = forms[i].size };
        for (size_t k = 0; k < forms[i].size; k++) {
            needles[i].bytes[k] = forms[i].data[i == 3 ? KEY_SIZE - 1 - k : k];
        }
    }
    chaos_buffer_wipe(&base64);
}

static void search(const char *path, needle needles[NEEDLE_COUNT])
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    assert_true(status.st_size > 100000); /* a program's stack and heap at least */
    uint8_t *bytes = malloc((size_t)status.st_size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)status.st_size, file), (size_t)status.st_size);
    (void)fclose(file);
    for (size_t i = 0; i < NEEDLE_COUNT; i++) {
        needle *n = &needles[i];
        const uint8_t *end = bytes + status.st_size - n->size, *p = bytes;
        while (!n->found && p < end && (p = memchr(p, n->bytes[0], (size_t)(end - p))) != NULL) {
            n->found = memcmp(p, n->bytes, n->size) == 0;
            p++;
        }
    }
    free(bytes);
}

typedef struct agent {
    guest *guest;
    bool no_quotes, no_chain;
} agent;

/* The member goes by another name. */
static void spoil_chain(chaos_buffer *body)
{
    static const char name[] = "\"signature_chain\"";
    for (size_t i = 0; i + sizeof name < body->size; i++) {
        if (memcmp(body->data + i, name, sizeof name - 1) == 0) {
            body->data[i + 1] = 'S';
        }
    }
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    const agent *a = context;
    const guest_request request = { GUEST_API_DSTACK, seen->method, seen->target, "", "application/json", seen->body, false };
    guest_reply reply;
    if (a->no_quotes && strcmp(seen->target, "/GetQuote") == 0) {
        return http_reply(out, 400, "text/plain", slice("", 0));
    }
    assert_int_equal(guest_handle(a->guest, &request, &reply, NULL), CHAOS_OK);
    if (a->no_chain) {
        spoil_chain(&reply.body);
    }
    bool ok = http_reply(out, reply.status, reply.content_type, buffer_slice(&reply.body));
    guest_reply_clear(&reply);
    return ok;
}

/* A new program, so that it inherits no copy. */
static void run_child(const char *how, const char *socket, const char *path)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl(BUILD_ROOT "/tests/test_keys_left", "test_keys_left", how, socket, path, (char *)NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void run(const char *how, needle needles[NEEDLE_COUNT])
{
    char folder[] = "/tmp/chaos-left-XXXXXX", path[64];
    uint8_t key[KEY_SIZE], links[GUEST_MAX_CHAIN][65];
    agent a = { .no_quotes = strcmp(how, "no quote") == 0, .no_chain = strcmp(how, "no chain") == 0 };
    const guest_options fixed = { .seed = "left" };
    assert_int_equal(guest_new(&fixed, &a.guest, NULL), CHAOS_OK);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/memory", folder);
    http_server *server = http_server_start(&(http_server_options){ .answer = answer, .context = &a });
    run_child(how, http_server_socket(server), path);
    http_server_stop(server);
    assert_int_equal(guest_key(a.guest, slice_text("chaoschain/default"), slice_text(CHAOS_KEY_AGENT), key, links, NULL), CHAOS_OK);
    make_needles(key, needles);
    search(path, needles);
    guest_free(a.guest);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void test_search_finds(void **state)
{
    needle needles[NEEDLE_COUNT];
    (void)state;
    run("careless", needles);
    for (size_t i = 0; i < NEEDLE_COUNT; i++) {
        if (!needles[i].found) {
            fail_msg("the search does not find %s", needles[i].name);
        }
    }
}

static void expect_nothing(const char *how)
{
    needle needles[NEEDLE_COUNT];
    bool found = false;
    run(how, needles);
    for (size_t i = 0; i < NEEDLE_COUNT; i++) {
        if (needles[i].found) {
            print_error("%s: left behind: %s\n", how, needles[i].name);
            found = true;
        }
    }
    assert_false(found);
}

static void test_nothing_left(void **state)
{
    (void)state;
    expect_nothing("freed");
}

static void test_nothing_left_after_failure(void **state)
{
    (void)state;
    expect_nothing("no chain");
    expect_nothing("no quote");
}

static void test_nothing_beside_the_guarded_key(void **state)
{
    (void)state;
    expect_nothing("kept");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search_finds),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_nothing_left_after_failure),
        cmocka_unit_test(test_nothing_beside_the_guarded_key),
    };
    if (argc == 4) {
        _exit(strcmp(argv[1], "careless") == 0 ? be_careless(argv[2], argv[3]) : be_careful(argv[1], argv[2], argv[3]));
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
