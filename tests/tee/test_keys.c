/* test_keys.c - keys in guarded memory: what they sign, what is refused, and that nothing of them lies where a core dump would
 * show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/keys.h"
#include "sim/recipe.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static chaos_keccak digest_of(const char *hex)
{
    chaos_keccak digest;
    assert_true(hex_decode(slice_text(hex), digest.bytes, sizeof digest.bytes));
    return digest;
}

/* RFC 6979 has one answer: that of the published binding of stage 5. */
static void test_vectors(void **state)
{
    static const struct {
        uint8_t scalar;
        const char *address, *signature;
    } cases[] = {
        { 2, "0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c",
          "1d9f5229a2db52be71a5eb1bec3fdf09a7657f2e91b0dfc3a524fbe92ce0aa386e103a2c1f31eab2a5e59f8bc4511a75d57017a511cf06d2dd"
          "e65b386a9589721c" },
        { 1, "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
          "f143e33a3832cd01d9a541e384c89bf6a5edf065cbcd2c4bc533889be56af0296bba16721c59ad06598b8574f6fc26efd5b18b63c1bf0555db"
          "a2aaa32fe700941b" },
    };
    const chaos_keccak digest = digest_of("093e4402358685608bfceb8ab06f5ab4d2f1ba9ae7c48eadc7b7d353b1919df1");
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(guarded_key, key);
        uint8_t scalar[32], wanted[65];
        static const uint8_t zero[32];
        char text[CHAOS_ADDRESS_TEXT_SIZE];
        chaos_signature65 signature;
        memset(scalar, cases[i].scalar, sizeof scalar);
        assert_int_equal(guarded_key_import(scalar, &key, NULL), CHAOS_OK);
        assert_memory_equal(scalar, zero, sizeof zero); /* wiped */
        chaos_address address = k1_address(guarded_key_point(key));
        chaos_address_format(&address, text);
        assert_string_equal(text, cases[i].address);
        assert_int_equal(guarded_key_sign(key, digest.bytes, &signature, NULL), CHAOS_OK);
        assert_true(hex_decode(slice_text(cases[i].signature), wanted, sizeof wanted));
        assert_memory_equal(signature.bytes, wanted, sizeof wanted);
    }
}

static void test_refused(void **state)
{
    static const uint8_t zero[32];
    uint8_t scalar[32] = { 0 };
    guarded_key *key = NULL;
    chaos_error err = { 0 };
    (void)state;
    assert_int_equal(guarded_key_import(scalar, &key, &err), CHAOS_E_USAGE);
    memcpy(scalar, k1_order, sizeof scalar);
    assert_int_equal(guarded_key_import(scalar, &key, &err), CHAOS_E_USAGE);
    assert_memory_equal(scalar, zero, sizeof zero); /* wiped in any case */
    assert_null(key);
    guarded_key_free(NULL);
    secret_free(NULL);
    secret_wipe(NULL, 0);
}

static void test_generated(void **state)
{
    CHAOS_AUTO(guarded_key, one);
    CHAOS_AUTO(guarded_key, two);
    (void)state;
    assert_int_equal(guarded_key_generate(&one, NULL), CHAOS_OK);
    assert_int_equal(guarded_key_generate(&two, NULL), CHAOS_OK);
    assert_memory_not_equal(guarded_key_point(one), guarded_key_point(two), sizeof(k1_point));
}

static void *sign_often(void *context)
{
    const guarded_key *key = context;
    for (unsigned i = 0; i < 200; i++) {
        uint8_t digest[32] = { (uint8_t)i, 1 };
        chaos_signature65 signature;
        if (guarded_key_sign(key, digest, &signature, NULL) != CHAOS_OK) {
            return context;
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    CHAOS_AUTO(guarded_key, key);
    pthread_t threads[4];
    (void)state;
    assert_int_equal(guarded_key_generate(&key, NULL), CHAOS_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_often, key), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = key;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

/* ----------------------------------------------------------------- core dump ---- */

/* A scalar that no source line spells out in a row. */
static void make_scalar(uint8_t scalar[32])
{
    for (size_t i = 0; i < 32; i++) {
        scalar[i] = (uint8_t)(0x11 + 7 * i);
    }
}

/* In a child: has a key, uses it, and dies with a core. `leaks`: keeps a copy, which the search must find. */
static void die_with_key(const char *folder, bool leaks)
{
    static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    static uint8_t leaked[32];
    uint8_t scalar[32], digest[32] = { 3 };
    guarded_key *key = NULL;
    chaos_signature65 signature;
    make_scalar(scalar);
    if (leaks) {
        memcpy(leaked, scalar, sizeof leaked);
    }
    if (chdir(folder) != 0 || setrlimit(RLIMIT_CORE, &all) != 0 || guarded_key_import(scalar, &key, NULL) != CHAOS_OK ||
        guarded_key_sign(key, digest, &signature, NULL) != CHAOS_OK) {
        _exit(1);
    }
    __asm__ volatile(""
                     :
                     : "r"(leaked), "r"(key)
                     : "memory"); /* the copy is not optimised away */
    abort();
}

static bool file_holds(const char *path, chaos_slice needle)
{
    bool found = false;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    uint8_t *bytes = malloc((size_t)size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    for (size_t i = 0; !found && i + needle.size <= (size_t)size; i++) {
        found = bytes[i] == needle.data[0] && memcmp(bytes + i, needle.data, needle.size) == 0;
    }
    explicit_bzero(bytes, (size_t)size); /* the next child would inherit it */
    free(bytes);
    return found;
}

/* 1 found, 0 not found, -1 no core was written. */
static int search_core(bool leaks)
{
    char folder[] = "/tmp/chaos-core-XXXXXX", path[64];
    uint8_t scalar[32];
    int status = 0;
    assert_non_null(mkdtemp(folder));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        die_with_key(folder, leaks);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    (void)snprintf(path, sizeof path, "%s/core", folder);
    if (access(path, R_OK) != 0) {
        (void)snprintf(path, sizeof path, "%s/core.%ld", folder, (long)child);
    }
    int found = -1;
    if (access(path, R_OK) == 0) {
        make_scalar(scalar);
        found = file_holds(path, slice(scalar, sizeof scalar));
        explicit_bzero(scalar, sizeof scalar);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return found;
}

static void test_core_dump(void **state)
{
    char pattern[16] = "";
    FILE *file = fopen("/proc/sys/kernel/core_pattern", "r");
    (void)state;
    if (file != NULL) {
        if (fgets(pattern, sizeof pattern, file) == NULL) {
            pattern[0] = '\0';
        }
        fclose(file);
    }
    if (strncmp(pattern, "core", 4) != 0) {
        print_message("this system hands core dumps to another program: nothing to search\n");
        return;
    }
    int control = search_core(true);
    if (control < 0) {
        print_message("no core was written here (a sanitizer, or a limit): nothing to search\n");
        return;
    }
    assert_int_equal(control, 1); /* the search finds what is there */
    assert_int_equal(search_core(false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_generated),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_core_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
