/* test_tee_registry.c - which files become plug-ins, which plug-ins are taken, and what a probe says of them: a folder of mocks, each
 * broken in one way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/tee.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PLUGINS BUILD_ROOT "/tests/plugins"

static char last_line[1024];

static void keep_line(void *context, const char *name, chaos_log_level level, const char *line)
{
    (void)context;
    (void)snprintf(last_line, sizeof last_line, "%s %d %s", name, (int)level, line);
}

static chaos_tee_registry *make_registry(const char *search_path, const char *plugin_path)
{
    chaos_tee_registry *registry = NULL;
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    options.search_path = search_path;
    options.plugin_path = plugin_path;
    options.log = keep_line;
    assert_int_equal(chaos_tee_registry_new(&options, &registry, NULL), CHAOS_OK);
    return registry;
}

static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((*text < ' ' || *text > '~') && *text != '\n') {
            return false;
        }
    }
    return true;
}

static void test_broken_plugins(void **state)
{
    static const struct {
        const char *name, *field, *text;
    } cases[] = {
        { "wrong-abi", "abi", "another version" },
        { "entry-null", "abi", "does not speak" },
        { "no-entry", "entry", "does not export" },
        { "short-struct", "size", "too short" },
        { "missing-member", "members", "leaves out" },
        { "wrong-name", "name", "another name" },
        { "no-summary", "summary", "no summary" },
    };
    chaos_tee_registry *registry = make_registry(PLUGINS, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const chaos_tee_provider *provider = NULL;
        chaos_error err = { 0 };
        assert_int_equal(chaos_tee_find(registry, cases[i].name, &provider, &err), CHAOS_E_PROVIDER);
        assert_null(provider);
        assert_string_equal(err.field, cases[i].field);
        assert_non_null(strstr(err.text, cases[i].text));
        assert_true(is_clean(err.text) && is_clean(err.found));
        assert_int_equal(chaos_tee_probe(registry, cases[i].name, NULL, &err), CHAOS_E_PROVIDER);
    }
    chaos_tee_registry_free(registry);
}

static void test_hostile_strings(void **state)
{
    chaos_tee_registry *registry = make_registry(PLUGINS, NULL);
    const chaos_tee_provider *provider = NULL;
    chaos_tee *tee = NULL;
    chaos_error err = { 0 };
    (void)state;
    assert_int_equal(chaos_tee_find(registry, "hostile-summary", &provider, &err), CHAOS_OK);
    assert_true(is_clean(chaos_tee_provider_summary(provider)));
    assert_true(strlen(chaos_tee_provider_summary(provider)) < 128);
    assert_int_equal(chaos_tee_find(registry, "open-fails", &provider, &err), CHAOS_OK);
    assert_int_equal(chaos_tee_open(provider, NULL, &tee, &err), CHAOS_E_TEE_UNAVAILABLE);
    assert_null(tee);
    assert_true(memchr(err.text, '\0', sizeof err.text) != NULL);
    chaos_tee_registry_free(registry);
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static void test_probes(void **state)
{
    static const struct {
        const char *name;
        chaos_status status;
        const char *text;
    } cases[] = {
        { "key-sound", CHAOS_OK, "" },
        { "probe-hangs", CHAOS_E_TIMEOUT, "did not answer in time" },
        { "probe-crashes", CHAOS_E_PROVIDER, "without an answer" },
        { "probe-prints", CHAOS_E_PROVIDER, "without an answer" },
        { "probe-unavailable", CHAOS_E_TEE_UNAVAILABLE, "not here" },
        { "probe-odd-status", CHAOS_E_PROVIDER, "" },
        { "open-fails", CHAOS_E_TEE_UNAVAILABLE, "AAAA" },
    };
    chaos_tee_registry *registry = make_registry(PLUGINS, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct timespec begin;
        chaos_error err = { 0 };
        (void)clock_gettime(CLOCK_MONOTONIC, &begin);
        chaos_status status = chaos_tee_probe(registry, cases[i].name, "{}", &err);
        if (status != cases[i].status || (status != CHAOS_OK && strstr(err.text, cases[i].text) == NULL)) {
            fail_msg("%s: %s: %s", cases[i].name, chaos_status_name(status), err.text);
        }
        assert_true(is_clean(err.text));
        assert_true(seconds_since(&begin) < 2.5); /* a second, and a busy machine */
    }
    chaos_tee_registry_free(registry);
}

/* ------------------------------------------------------------------- files ---- */

static void copy_file(const char *from, const char *to, mode_t mode)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in != NULL && out != NULL);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;) {
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    }
    fclose(in);
    fclose(out);
    assert_int_equal(chmod(to, mode), 0);
}

static chaos_status find_in(const char *folder, chaos_error *err)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee_registry *registry = make_registry(folder, NULL);
    chaos_status status = chaos_tee_find(registry, "key-sound", &provider, err);
    chaos_tee_registry_free(registry);
    return status;
}

static void expect_refused(const char *folder, const char *field)
{
    chaos_error err = { 0 };
    assert_int_equal(find_in(folder, &err), CHAOS_E_PROVIDER);
    assert_string_equal(err.field, field);
}

static void test_files(void **state)
{
    static const char original[] = PLUGINS "/chaoschain-provider-key-sound.so";
    char folder[] = "/tmp/chaos-files-XXXXXX", path[128], other[128];
    chaos_error err = { 0 };
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/chaoschain-provider-key-sound.so", folder);
    (void)snprintf(other, sizeof other, "%s/other.so", folder);
    assert_int_equal(find_in(folder, &err), CHAOS_E_PROVIDER_MISSING);
    assert_int_equal(mkdir(path, 0755), 0);
    expect_refused(folder, "file"); /* a folder */
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_refused(folder, "file"); /* does not wait for a writer */
    assert_int_equal(unlink(path), 0);
    copy_file(original, other, 0644);
    assert_int_equal(symlink(other, path), 0);
    expect_refused(folder, "file"); /* a symbolic link */
    assert_int_equal(unlink(path), 0);
    copy_file(original, path, 0664);
    expect_refused(folder, "mode");
    assert_int_equal(chmod(path, 0646), 0);
    expect_refused(folder, "mode");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    expect_refused(folder, "folder");
    assert_int_equal(chmod(folder, 0755), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        expect_refused(folder, "owner");
        assert_int_equal(chown(path, 0, 0), 0);
    }
    assert_int_equal(truncate(path, 65L * 1024 * 1024), 0);
    expect_refused(folder, "size");
    assert_int_equal(truncate(path, 0), 0);
    expect_refused(folder, "file");
    copy_file(original, path, 0644);
    assert_int_equal(find_in(folder, &err), CHAOS_OK);
    (void)unlink(path);
    (void)unlink(other);
    (void)rmdir(folder);
}

/* ------------------------------------------------------------------ search ---- */

static void test_search(void **state)
{
    static const char *const wrong[] = { "relative", "/a:relative", "/a::/b", "", "/a:" };
    const chaos_tee_provider *provider = NULL;
    chaos_error err = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        chaos_tee_registry *registry = NULL;
        chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
        options.search_path = wrong[i];
        assert_int_equal(chaos_tee_registry_new(&options, &registry, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, "search_path");
        assert_null(registry);
    }
    chaos_tee_registry *registry = make_registry("/nonexistent:" PLUGINS, NULL);
    assert_int_equal(chaos_tee_find(registry, "key-sound", &provider, &err), CHAOS_OK);
    assert_string_equal(chaos_tee_provider_path(provider), PLUGINS "/chaoschain-provider-key-sound.so");
    assert_int_equal(chaos_tee_find(registry, "../key-sound", &provider, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_find(registry, "Key-sound", &provider, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_find(registry, "", &provider, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_find(registry, "intel-tdx", &provider, &err), CHAOS_E_PROVIDER_MISSING);
    assert_int_equal(chaos_tee_find(registry, "stranger", &provider, &err), CHAOS_E_PROVIDER_MISSING);
    chaos_tee_registry_free(registry);
    /* A file that is named is taken before any folder, and for its own name only. */
    registry = make_registry("/nonexistent", PLUGINS "/chaoschain-provider-key-sound.so");
    assert_int_equal(chaos_tee_find(registry, "key-sound", &provider, &err), CHAOS_OK);
    assert_int_equal(chaos_tee_find(registry, "simulated", &provider, &err), CHAOS_E_PROVIDER);
    chaos_tee_registry_free(registry);
    assert_int_equal(setenv("CHAOS_PROVIDER_PATH", PLUGINS, 1), 0);
    registry = make_registry(NULL, NULL);
    assert_int_equal(chaos_tee_find(registry, "key-sound", &provider, &err), CHAOS_OK);
    chaos_tee_registry_free(registry);
    assert_int_equal(unsetenv("CHAOS_PROVIDER_PATH"), 0);
}

static void *find_one(void *context)
{
    const chaos_tee_provider *provider = NULL;
    return chaos_tee_find(context, "key-sound", &provider, NULL) == CHAOS_OK ? (void *)(uintptr_t)provider : NULL;
}

static void test_threads(void **state)
{
    chaos_tee_registry *registry = make_registry(PLUGINS, NULL);
    pthread_t threads[4];
    void *found[4] = { NULL };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, find_one, registry), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &found[i]), 0);
        assert_non_null(found[i]);
        assert_ptr_equal(found[i], found[0]);
    }
    chaos_tee_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_plugins),
        cmocka_unit_test(test_hostile_strings),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
