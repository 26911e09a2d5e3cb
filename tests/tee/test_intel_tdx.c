/* test_intel_tdx.c - the provider intel-tdx through the library, beside a simulated guest kernel: reports, keys, runtime
 * registers, threads. What users see of it is in tests/cli/intel_tdx.sh. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/chaoschain.h>
#include <chaoschain/tee.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/codec.h"
#include "crypto/crypto.h"

#define SIMULATOR BUILD_ROOT "/bin/tsm-simulator"
#define MAX_ARGUMENTS 16
#define REPORT_DATA_IN_QUOTE 568

extern char **environ;

typedef struct fixture {
    char folder[64], tree[128];
    pid_t pid;
    chaos_tee_registry *registry;
    char warned[1024];
} fixture;

static void keep_warning(void *context, const char *name, chaos_log_level level, const char *line)
{
    fixture *f = context;
    if (level >= CHAOS_LOG_WARNING) {
        (void)snprintf(f->warned, sizeof f->warned, "%s: %s", name, line);
    }
}

/* Until it says "ready"; "" when it does not. */
static bool wait_ready(int from)
{
    char text[256];
    size_t used = 0;
    ssize_t n;
    while (used + 1 < sizeof text && (n = read(from, text + used, sizeof text - 1 - used)) > 0) {
        used += (size_t)n;
        text[used] = '\0';
        if (strstr(text, "ready\n") != NULL) {
            return true;
        }
    }
    return false;
}

static void start_simulator(fixture *f, const char *option, const char *value)
{
    char root[96];
    int ends[2];
    posix_spawn_file_actions_t files;
    (void)snprintf(root, sizeof root, "%s/tsm", f->folder);
    (void)snprintf(f->tree, sizeof f->tree, "%s/report", root);
    char *argv[MAX_ARGUMENTS] = { (char *)(uintptr_t)SIMULATOR, (char *)(uintptr_t) "--quiet",
                                  (char *)(uintptr_t) "--root", root, (char *)(uintptr_t)option,
                                  (char *)(uintptr_t)value, NULL };
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(posix_spawn_file_actions_init(&files), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&files, ends[0]), 0);
    assert_int_equal(posix_spawn(&f->pid, SIMULATOR, &files, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)close(ends[1]);
    const bool ready = wait_ready(ends[0]);
    (void)close(ends[0]);
    assert_true(ready);
}

static void stop_simulator(fixture *f)
{
    if (f->pid != 0) {
        assert_int_equal(kill(f->pid, SIGTERM), 0);
        assert_int_equal(waitpid(f->pid, NULL, 0), f->pid);
        f->pid = 0;
    }
}

static int begin(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    if (access(SIMULATOR, X_OK) != 0 || access("/dev/fuse", W_OK) != 0) {
        printf("SKIPPED: no tsm-simulator, or no /dev/fuse\n");
        free(f);
        exit(77);
    }
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/dev/shm/chaos-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    options.search_path = BUILD_ROOT "/lib/chaoschain/providers";
    options.log = keep_warning;
    options.log_context = f;
    assert_int_equal(chaos_tee_registry_new(&options, &f->registry, NULL), CHAOS_OK);
    *state = f;
    return 0;
}

static int end(void **state)
{
    fixture *f = *state;
    char command[128];
    stop_simulator(f);
    chaos_tee_registry_free(f->registry);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    const int result = system(command);
    free(f);
    return result;
}

/* `more` is a printf format's result: ",\"timeout_ms\":1". */
static chaos_tee *open_tee(fixture *f, const char *more)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee *tee = NULL;
    chaos_error err;
    char options[512];
    (void)snprintf(options, sizeof options, "{\"endpoint\":\"%s\"%s}", f->tree, more);
    assert_int_equal(chaos_tee_find(f->registry, "intel-tdx", &provider, &err), CHAOS_OK);
    if (chaos_tee_open(provider, options, &tee, &err) != CHAOS_OK) {
        fail_msg("%s: %s", chaos_status_name(err.status), err.text);
    }
    return tee;
}

static void assert_no_entry(const fixture *f)
{
    DIR *folder = opendir(f->tree);
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        assert_int_equal(entry->d_name[0], '.');
    }
    (void)closedir(folder);
}

/* ------------------------------------------------------------------- reports ---- */

static void test_report(void **state)
{
    fixture *f = *state;
    chaos_report_data wanted;
    chaos_evidence *evidence = NULL;
    start_simulator(f, NULL, NULL);
    chaos_tee *tee = open_tee(f, "");
    memset(wanted.bytes, 0xa5, sizeof wanted.bytes);
    assert_true(chaos_tee_is_available(tee, NULL));
    assert_int_equal(chaos_tee_get_attestation_report(tee, &wanted, &evidence, NULL), CHAOS_OK);
    chaos_slice bytes = chaos_evidence_bytes(evidence);
    assert_true(bytes.size > REPORT_DATA_IN_QUOTE + sizeof wanted.bytes);
    assert_memory_equal(bytes.data + REPORT_DATA_IN_QUOTE, wanted.bytes, sizeof wanted.bytes);
    chaos_evidence_free(evidence);
    assert_no_entry(f);
    stop_simulator(f);
    evidence = NULL;
    chaos_error err;
    assert_int_equal(chaos_tee_get_attestation_report(tee, &wanted, &evidence, &err), CHAOS_E_TEE_UNAVAILABLE);
    assert_null(evidence);
    assert_non_null(strstr(err.text, f->tree));
    assert_false(chaos_tee_is_available(tee, &err));
    assert_int_equal(err.status, CHAOS_E_TEE_UNAVAILABLE);
    chaos_tee_free(tee);
}

typedef struct asker {
    chaos_tee *tee;
    uint8_t mark;
    pthread_t thread;
    bool good;
} asker;

static void *ask(void *argument)
{
    asker *a = argument;
    a->good = true;
    for (int i = 0; i < 5 && a->good; i++) {
        chaos_report_data wanted;
        chaos_evidence *evidence = NULL;
        memset(wanted.bytes, a->mark + i, sizeof wanted.bytes);
        a->good = chaos_tee_get_attestation_report(a->tee, &wanted, &evidence, NULL) == CHAOS_OK &&
                  memcmp(chaos_evidence_bytes(evidence).data + REPORT_DATA_IN_QUOTE, wanted.bytes,
                         sizeof wanted.bytes) == 0;
        chaos_evidence_free(evidence);
    }
    return NULL;
}

/* Four TEEs at once, while the kernel makes one quote at a time. */
static void test_threads(void **state)
{
    fixture *f = *state;
    asker askers[4];
    start_simulator(f, "--delay", "5");
    for (size_t i = 0; i < 4; i++) {
        askers[i] = (asker){ .tee = open_tee(f, ""), .mark = (uint8_t)(16 * i) };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_true(askers[i].good);
        chaos_tee_free(askers[i].tee);
    }
    assert_no_entry(f);
}

/* ---------------------------------------------------------------------- keys ---- */

static chaos_keypair *make_key(chaos_tee *tee, const char *path, const char *purpose)
{
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_keypair *key = NULL;
    chaos_error err;
    options.path = path;
    options.purpose = purpose;
    if (chaos_tee_generate_key(tee, &options, &key, &err) != CHAOS_OK) {
        fail_msg("%s: %s", chaos_status_name(err.status), err.text);
    }
    return key;
}

static bool same(const chaos_keypair *a, const chaos_keypair *b)
{
    const chaos_address first = chaos_keypair_address(a), second = chaos_keypair_address(b);
    return memcmp(first.bytes, second.bytes, sizeof first.bytes) == 0;
}

static void assert_signs(chaos_tee *tee, const chaos_keypair *key)
{
    chaos_signature *signature = NULL;
    const chaos_slice message = { (const uint8_t *)"a message", 9 };
    assert_int_equal(chaos_tee_sign(tee, message, key, &signature, NULL), CHAOS_OK); /* the core recovers it */
    chaos_signature_free(signature);
}

/* A key in memory belongs to the opened TEE: the same path is the same key, whichever handle was freed. */
static void test_keys_in_memory(void **state)
{
    fixture *f = *state;
    start_simulator(f, NULL, NULL);
    chaos_tee *tee = open_tee(f, ""), *other = open_tee(f, ",\"key_store\":\"memory\"");
    chaos_keypair *first = make_key(tee, "a/path", NULL);
    assert_non_null(strstr(f->warned, "in this process alone"));
    chaos_keypair *again = make_key(tee, "a/path", NULL), *longer = make_key(tee, "a/path/", NULL),
                  *session = make_key(tee, "", CHAOS_KEY_FRESH), *fresh = make_key(tee, "", CHAOS_KEY_FRESH),
                  *elsewhere = make_key(other, "a/path", NULL);
    assert_true(same(first, again));
    assert_false(same(first, longer));
    assert_false(same(session, fresh));
    assert_false(same(first, elsewhere));
    chaos_keypair_free(first);
    assert_signs(tee, again);
    assert_signs(tee, session);
    chaos_keypair_free(again);
    chaos_keypair_free(session);
    again = make_key(tee, "a/path", NULL);
    assert_signs(tee, again);
    chaos_keypair_free(again);
    chaos_keypair_free(longer);
    chaos_keypair_free(fresh);
    chaos_keypair_free(elsewhere);
    chaos_tee_free(other);
    chaos_tee_free(tee);
}

static void test_too_many_keys_in_memory(void **state)
{
    fixture *f = *state;
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_keypair *key = NULL;
    chaos_error err;
    char path[16];
    start_simulator(f, NULL, NULL);
    chaos_tee *tee = open_tee(f, "");
    for (int i = 0; i < 16; i++) {
        (void)snprintf(path, sizeof path, "key/%d", i);
        chaos_keypair_free(make_key(tee, path, NULL));
    }
    options.path = "one/more";
    assert_int_equal(chaos_tee_generate_key(tee, &options, &key, &err), CHAOS_E_USAGE);
    assert_non_null(strstr(err.text, "key_store"));
    chaos_keypair_free(make_key(tee, "key/0", NULL)); /* one of those that are kept */
    chaos_tee_free(tee);
}

/* A path is one file's name, whatever is in it; two paths are never one. */
static void test_key_store(void **state)
{
    static const char *const paths[] = { "chaoschain/1/31337/0xab/agent/secp256k1/0", "a/b", "a+b", "a%2fb", "a%b", ".",
                                         "..", "../x", "/", "A/B", "a b", "~" };
    enum {
        COUNT = sizeof paths / sizeof paths[0]
    };
    fixture *f = *state;
    chaos_keypair *keys[COUNT];
    char more[160], name[96];
    start_simulator(f, NULL, NULL);
    (void)snprintf(more, sizeof more, ",\"allow_swap\":true,\"key_store\":\"%s/keys\"", f->folder);
    chaos_tee *tee = open_tee(f, more), *other = open_tee(f, more);
    for (size_t i = 0; i < COUNT; i++) {
        keys[i] = make_key(tee, paths[i], NULL);
        for (size_t k = 0; k < i; k++) {
            assert_false(same(keys[i], keys[k]));
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        chaos_keypair *again = make_key(other, paths[i], NULL);
        assert_true(same(keys[i], again));
        assert_signs(other, again);
        chaos_keypair_free(again);
        chaos_keypair_free(keys[i]);
    }
    (void)snprintf(name, sizeof name, "%s/x", f->folder);
    assert_int_not_equal(access(name, F_OK), 0);
    assert_string_equal(f->warned, ""); /* nothing to warn of: the key is as old as the guest */
    chaos_tee_free(other);
    chaos_tee_free(tee);
}

static void test_path_that_is_no_name(void **state)
{
    fixture *f = *state;
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_keypair *key = NULL;
    chaos_error err;
    char more[160], path[101];
    start_simulator(f, NULL, NULL);
    (void)snprintf(more, sizeof more, ",\"allow_swap\":true,\"key_store\":\"%s/keys\"", f->folder);
    chaos_tee *tee = open_tee(f, more);
    memset(path, '.', sizeof path - 1);
    path[sizeof path - 1] = '\0'; /* three characters each */
    options.path = path;
    assert_int_equal(chaos_tee_generate_key(tee, &options, &key, &err), CHAOS_E_USAGE);
    assert_non_null(strstr(err.text, "a file's name"));
    path[86] = '\0'; /* 258 of at most 255 */
    assert_int_equal(chaos_tee_generate_key(tee, &options, &key, &err), CHAOS_E_USAGE);
    path[85] = '\0';
    chaos_keypair_free(make_key(tee, path, NULL));
    chaos_tee_free(tee);
}

/* ----------------------------------------------------------------- registers ---- */

static chaos_status invoke(chaos_tee *tee, const char *method, const char *params, char *reply, size_t size, chaos_error *err)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(4096);
    chaos_status status = chaos_tee_invoke(tee, method, params, &out, err);
    (void)snprintf(reply, size, "%.*s", (int)out.size, out.size == 0 ? "" : (const char *)out.data);
    chaos_buffer_free(&out);
    return status;
}

/* The value of a register in a reply: 96 digits. */
static void register_of(const char *reply, const char *name, uint8_t out[SHA384_SIZE])
{
    char member[16];
    (void)snprintf(member, sizeof member, "\"%s\":\"", name);
    const char *at = strstr(reply, member);
    assert_non_null(at);
    const chaos_slice digits = { (const uint8_t *)at + strlen(member), 2 * SHA384_SIZE };
    assert_true(hex_decode(digits, out, SHA384_SIZE));
}

static void registers_option(const fixture *f, char more[160])
{
    (void)snprintf(more, 160, ",\"registers\":\"%s/tsm/measurements\"", f->folder);
}

static void test_registers(void **state)
{
    static const char extend[] = "{\"register\":3,\"digest\":\"" /* 96 digits */
                                 "111111111111111111111111111111111111111111111111"
                                 "111111111111111111111111111111111111111111111111\"}";
    fixture *f = *state;
    char more[160], reply[1024];
    uint8_t before[SHA384_SIZE], after[SHA384_SIZE], digest[SHA384_SIZE], wanted[SHA384_SIZE];
    chaos_report_data data = { { 0 } };
    chaos_evidence *evidence = NULL;
    start_simulator(f, NULL, NULL);
    registers_option(f, more);
    chaos_tee *tee = open_tee(f, more);
    assert_int_equal(invoke(tee, "ReadRegisters", "{}", reply, sizeof reply, NULL), CHAOS_OK);
    register_of(reply, "mrtd", before);
    register_of(reply, "rtmr3", before);
    memset(digest, 0x11, sizeof digest);
    hash_sha384_two((chaos_slice){ before, sizeof before }, (chaos_slice){ digest, sizeof digest }, wanted);
    assert_int_equal(invoke(tee, "ExtendRegister", extend, reply, sizeof reply, NULL), CHAOS_OK);
    register_of(reply, "before", after);
    assert_memory_equal(after, before, sizeof after);
    register_of(reply, "after", after);
    assert_memory_equal(after, wanted, sizeof after);
    /* and the quote has it: RTMR3 ends where MRTD's block of five and 48 bytes of header and 136 more begin */
    assert_int_equal(chaos_tee_get_attestation_report(tee, &data, &evidence, NULL), CHAOS_OK);
    assert_memory_equal(chaos_evidence_bytes(evidence).data + 48 + 328 + 3 * SHA384_SIZE, wanted, sizeof wanted);
    chaos_evidence_free(evidence);
    chaos_tee_free(tee);
}

/* Each passes only if the provider's SHA-384 is the machine's. */
static void test_many_extensions(void **state)
{
    fixture *f = *state;
    char more[160], params[160], reply[1024];
    start_simulator(f, NULL, NULL);
    registers_option(f, more);
    chaos_tee *tee = open_tee(f, more);
    for (unsigned i = 0; i < 64; i++) {
        (void)snprintf(params, sizeof params, "{\"register\":3,\"digest\":\"%096x\"}", i * 0x9e3779b9u);
        assert_int_equal(invoke(tee, "ExtendRegister", params, reply, sizeof reply, NULL), CHAOS_OK);
    }
    chaos_tee_free(tee);
}

static void test_bad_extensions(void **state)
{
    static const struct {
        const char *method, *params, *text;
    } cases[] = {
        { "ExtendRegister", "{}", "register is 3" },
        { "ExtendRegister", "{\"register\":2,\"digest\":\"00\"}", "register is 3" },
        { "ExtendRegister", "{\"register\":4,\"digest\":\"00\"}", "register is 3" },
        { "ExtendRegister", "{\"register\":\"3\",\"digest\":\"00\"}", "register is 3" },
        { "ExtendRegister", "{\"register\":3}", "96 hex digits" },
        { "ExtendRegister", "{\"register\":3,\"digest\":\"11\"}", "96 hex digits" },
        { "ExtendRegister",
          "{\"register\":3,\"digest\":\"111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
          "11111111111\"}",
          "96 hex digits" }, /* 95 */
        { "ExtendRegister",
          "{\"register\":3,\"digest\":\"111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
          "11111111111111\"}",
          "96 hex digits" }, /* 98: 49 bytes */
        { "ExtendRegister", "{\"register\":3,\"digest\":\"\",\"more\":1}", "" },
        { "ReadRegisters", "{\"register\":3}", "" },
        { "GetQuote", "{}", "ReadRegisters and ExtendRegister" },
    };
    fixture *f = *state;
    char more[160], first[1024], last[1024], reply[1024];
    chaos_error err;
    start_simulator(f, NULL, NULL);
    registers_option(f, more);
    chaos_tee *tee = open_tee(f, more);
    assert_int_equal(invoke(tee, "ReadRegisters", "{}", first, sizeof first, NULL), CHAOS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(invoke(tee, cases[i].method, cases[i].params, reply, sizeof reply, &err), CHAOS_E_USAGE);
        assert_non_null(strstr(err.text, cases[i].text));
    }
    assert_int_equal(invoke(tee, "ReadRegisters", "{}", last, sizeof last, NULL), CHAOS_OK);
    assert_string_equal(first, last);
    chaos_tee_free(tee);
}

#define DIGEST_00 "000000000000000000000000000000000000000000000000"

/* Kernels without registers, registers that fail, a write that does nothing. */
static void test_registers_that_fail(void **state)
{
    static const struct {
        const char *option, *value, *method;
        chaos_status status;
        const char *text;
    } cases[] = {
        { "--no-registers", NULL, "ReadRegisters", CHAOS_E_NOT_AVAILABLE, "Linux 6.16" },
        { "--no-registers", NULL, "ExtendRegister", CHAOS_E_NOT_AVAILABLE, "Linux 6.16" },
        { "--fault", "register=EIO", "ReadRegisters", CHAOS_E_GUEST_AGENT, "Input/output error" },
        { "--fault", "register=EACCES", "ExtendRegister", CHAOS_E_NOT_AVAILABLE, "Permission denied" },
        { "--fault", "ignored-extend", "ExtendRegister", CHAOS_E_GUEST_AGENT, "did not change" },
        { "--fault", "foreign-extend", "ExtendRegister", CHAOS_E_GUEST_AGENT, "not SHA-384(before, digest)" },
        { "--fault", "foreign-extend:1", "ReadRegisters", CHAOS_OK, "" },
        { "--fault", "register=EBUSY:2", "ReadRegisters", CHAOS_OK, "" },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char more[160], reply[1024];
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };
        const bool extends = strcmp(cases[i].method, "ExtendRegister") == 0;
        start_simulator(f, cases[i].option, cases[i].value);
        registers_option(f, more);
        chaos_tee *tee = open_tee(f, more);
        assert_int_equal(invoke(tee, cases[i].method,
                                extends ? "{\"register\":3,\"digest\":\"" DIGEST_00 DIGEST_00 "\"}" : "{}", reply,
                                sizeof reply, &err),
                         cases[i].status);
        assert_non_null(strstr(err.text, cases[i].text));
        chaos_tee_free(tee);
        stop_simulator(f);
    }
}

/* Beside a tree of somebody else, this machine's own registers are not looked at. */
static void test_registers_of_nobody(void **state)
{
    fixture *f = *state;
    char reply[64];
    chaos_error err;
    start_simulator(f, NULL, NULL);
    chaos_tee *tee = open_tee(f, "");
    assert_int_equal(invoke(tee, "ReadRegisters", "{}", reply, sizeof reply, &err), CHAOS_E_NOT_AVAILABLE);
    assert_non_null(strstr(err.text, "option registers"));
    chaos_tee_free(tee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_report, begin, end),
        cmocka_unit_test_setup_teardown(test_threads, begin, end),
        cmocka_unit_test_setup_teardown(test_keys_in_memory, begin, end),
        cmocka_unit_test_setup_teardown(test_too_many_keys_in_memory, begin, end),
        cmocka_unit_test_setup_teardown(test_key_store, begin, end),
        cmocka_unit_test_setup_teardown(test_path_that_is_no_name, begin, end),
        cmocka_unit_test_setup_teardown(test_registers, begin, end),
        cmocka_unit_test_setup_teardown(test_many_extensions, begin, end),
        cmocka_unit_test_setup_teardown(test_bad_extensions, begin, end),
        cmocka_unit_test_setup_teardown(test_registers_that_fail, begin, end),
        cmocka_unit_test_setup_teardown(test_registers_of_nobody, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
