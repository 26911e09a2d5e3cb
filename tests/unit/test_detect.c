/* test_detect.c - which TEE a machine is: made-up processors over made-up folders, and this machine. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <chaoschain/tee.h>

/* A machine: what CPUID says, and which files there are, by their kind: s socket, c device, d folder, f file. */
typedef struct machine {
    const char *name;
    const char *processor, *hypervisor, *tdx;
    bool snp;
    uint32_t highest;   /* leaf; 0: 0x21 */
    const char *files;  /* "s/var/run/dstack.sock d/sys/..." */
    const char *here;   /* the providers that are here, with a space after each */
    const char *picked; /* NULL: none */
    const char *said;   /* somewhere in the reasons */
} machine;

#define INTEL "GenuineIntel", "KVMKVMKVM\0\0\0"
#define TD "IntelTDX    "
#define TREE "d/sys/kernel/config/tsm/report"

static const machine machines[] = {
    { "a laptop", "GenuineIntel", NULL, NULL, false, 0, "", "", NULL, "leaf 0x21 does not say IntelTDX" },
    { "a VM", INTEL, NULL, false, 0, TREE, "", NULL, "leaf 0x21 does not say IntelTDX" },
    { "a TDX guest", INTEL, TD, false, 0, TREE, "intel-tdx ", "intel-tdx", "leaf 0x21 says IntelTDX, and the kernel has" },
    { "a TDX guest without configfs", INTEL, TD, false, 0, "", "", NULL, "it takes Linux 6.7" },
    { "a file instead of the tree", INTEL, TD, false, 0, "f/sys/kernel/config/tsm/report", "", NULL, "it takes Linux 6.7" },
    { "a leaf beyond the highest", INTEL, TD, false, 0x20, TREE, "", NULL, "leaf 0x21 does not say IntelTDX" },
    { "one letter less", INTEL, "IntelTDX   ", false, 0, TREE, "", NULL, "leaf 0x21 does not say IntelTDX" },
    { "a dstack guest", INTEL, TD, false, 0, "s/var/run/dstack.sock " TREE, "phala-dstack intel-tdx ", "phala-dstack",
      "a guest agent's socket is at /var/run/dstack.sock" },
    { "an older dstack guest", INTEL, TD, false, 0, "s/var/run/tappd.sock", "phala-dstack ", "phala-dstack",
      "at /var/run/tappd.sock" },
    { "dstack below run/dstack", INTEL, TD, false, 0, "s/run/dstack/dstack.sock", "phala-dstack ", "phala-dstack",
      "at /run/dstack/dstack.sock" },
    { "dstack on AMD", "AuthenticAMD", "KVMKVMKVM\0\0\0", NULL, true, 0, "s/run/dstack.sock", "phala-dstack ",
      "phala-dstack", "at /run/dstack.sock" },
    { "a simulator's socket on a laptop", "GenuineIntel", NULL, NULL, false, 0, "s/var/run/dstack.sock", "", NULL,
      "this is no confidential VM: a simulator's?" },
    { "a folder for a socket", INTEL, TD, false, 0, "d/var/run/dstack.sock", "", NULL,
      "/var/run/dstack.sock is there and is no socket" },
    { "SNP by another maker", "GenuineIntel", NULL, NULL, true, 0, "s/run/dstack.sock", "", NULL, "a simulator's?" },
    { "an SNP guest", "AuthenticAMD", "KVMKVMKVM\0\0\0", NULL, true, 0, "c/dev/sev-guest", "amd-sev-snp ", NULL,
      "there is a /dev/sev-guest" },
    { "an SNP host", "AuthenticAMD", NULL, NULL, true, 0, "", "", NULL, "a host, or modprobe sev-guest" },
    { "a file for a device", "AuthenticAMD", NULL, NULL, false, 0, "f/dev/sev-guest f/dev/nsm", "", NULL,
      "there is no /dev/nsm" },
    { "a Nitro enclave", INTEL, NULL, false, 0, "c/dev/nsm", "aws-nitro ", NULL, "there is a /dev/nsm" },
    { "a TDX device and no TDX", INTEL, NULL, false, 0, "c/dev/tdx_guest", "", NULL, "though there is a /dev/tdx_guest" },
};

static void put_name(uint32_t *first, uint32_t *second, uint32_t *third, const char *name)
{
    memcpy(first, name, 4);
    memcpy(second, name + 4, 4);
    memcpy(third, name + 8, 4);
}

static void told_cpuid(void *context, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    const machine *m = context;
    assert_int_equal(subleaf, 0);
    memset(r, 0, 4 * sizeof r[0]);
    if (leaf == 0) {
        r[0] = m->highest != 0 ? m->highest : 0x21;
        put_name(&r[1], &r[3], &r[2], m->processor);
    } else if (leaf == 1 && m->hypervisor != NULL) {
        r[2] = 1u << 31;
    } else if (leaf == 0x40000000 && m->hypervisor != NULL) {
        put_name(&r[1], &r[2], &r[3], m->hypervisor);
    } else if (leaf == 0x21 && m->tdx != NULL) {
        put_name(&r[1], &r[3], &r[2], m->tdx);
    } else if (leaf == 0x80000000) {
        r[0] = 0x8000001f;
    } else if (leaf == 0x8000001f && m->snp) {
        r[0] = 1u << 4;
    }
}

static void make_parents(char *path, size_t from)
{
    for (size_t i = from; path[i] != '\0'; i++) {
        if (path[i] == '/') {
            path[i] = '\0';
            assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
            path[i] = '/';
        }
    }
}

static bool make_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    const bool made = bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0;
    (void)close(fd); /* the file stays, and nobody listens: nothing may be contacted */
    return made;
}

/* False: this user may not make devices. */
static bool make_file(char kind, const char *path)
{
    if (kind == 's') {
        assert_true(make_socket(path));
    } else if (kind == 'd') {
        assert_int_equal(mkdir(path, 0700), 0);
    } else if (kind == 'f') {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        (void)fclose(file);
    } else {
        return mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0;
    }
    return true;
}

static bool make_files(const char *root, const char *files)
{
    bool made = true;
    for (const char *at = files; made && *at != '\0';) {
        char path[256];
        const size_t length = strcspn(at, " ");
        (void)snprintf(path, sizeof path, "%s%.*s", root, (int)length - 1, at + 1);
        make_parents(path, strlen(root) + 1);
        made = make_file(at[0], path);
        at += length + (at[length] == ' ' ? 1 : 0);
    }
    return made;
}

static void remove_tree(const char *root)
{
    char command[300];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

static void check_machine(const machine *m)
{
    char root[] = "/tmp/chaos-detect-XXXXXX", here[128] = "", reasons[2048] = "";
    chaos_detect_options options = CHAOS_DETECT_OPTIONS_INIT;
    chaos_detection found;
    assert_non_null(mkdtemp(root));
    if (!make_files(root, m->files)) {
        print_message("%s: this user may not make devices\n", m->name);
        remove_tree(root);
        return;
    }
    options.root = root;
    options.cpuid = told_cpuid;
    options.context = (void *)(uintptr_t)m;
    assert_int_equal(chaos_tee_detect(&options, &found, NULL), CHAOS_OK);
    for (size_t i = 0; i < found.count; i++) {
        assert_string_not_equal(found.tees[i].name, "simulated");
        assert_true(strlen(found.tees[i].reason) > 0 && strlen(found.tees[i].reason) < sizeof found.tees[i].reason - 1);
        if (found.tees[i].is_here) {
            (void)snprintf(here + strlen(here), sizeof here - strlen(here), "%s ", found.tees[i].name);
        }
        (void)snprintf(reasons + strlen(reasons), sizeof reasons - strlen(reasons), "%s\n", found.tees[i].reason);
    }
    if (strcmp(here, m->here) != 0 || strstr(reasons, m->said) == NULL) {
        fail_msg("%s: here: %s; reasons: %s", m->name, here, reasons);
    }
    assert_int_equal(found.picked == NULL, m->picked == NULL);
    if (m->picked != NULL) {
        assert_string_equal(found.picked, m->picked);
    }
    assert_string_equal(found.processor, m->processor);
    assert_string_equal(found.hypervisor, m->hypervisor == NULL ? "" : m->hypervisor);
    remove_tree(root);
}

static void test_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        check_machine(&machines[i]);
    }
}

/* What is under a link is looked at as the kernel follows it; what cannot be printed in a name is not shown. */
static void test_names_are_printable(void **state)
{
    const machine strange = { "strange", "\x1b[31mABCDEFG", "\n\n\nKVMKVM\n\n\n", NULL, false, 0, "", "", NULL, "" };
    chaos_detect_options options = CHAOS_DETECT_OPTIONS_INIT;
    chaos_detection found;
    (void)state;
    options.root = "/nonexistent";
    options.cpuid = told_cpuid;
    options.context = (void *)(uintptr_t)&strange;
    assert_int_equal(chaos_tee_detect(&options, &found, NULL), CHAOS_OK);
    assert_string_equal(found.processor, "");
    assert_string_equal(found.hypervisor, "");
    assert_null(found.picked);
}

static void test_this_machine(void **state)
{
    chaos_detection found, again;
    (void)state;
    assert_int_equal(chaos_tee_detect(NULL, &found, NULL), CHAOS_OK);
    assert_int_equal(found.count, 4);
    assert_int_equal(chaos_tee_detect(NULL, &again, NULL), CHAOS_OK);
    assert_int_equal(again.count, found.count);
    for (size_t i = 0; i < found.count; i++) {
        assert_string_equal(again.tees[i].reason, found.tees[i].reason);
        assert_int_equal(again.tees[i].is_here, found.tees[i].is_here);
    }
}

static void test_usage(void **state)
{
    char root[300];
    chaos_detection found = { .count = 77 };
    chaos_error err;
    chaos_detect_options options = CHAOS_DETECT_OPTIONS_INIT;
    (void)state;
    assert_int_equal(chaos_tee_detect(NULL, NULL, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "detection");
    memset(root, 'a', sizeof root);
    root[256] = '\0';
    options.root = root;
    assert_int_equal(chaos_tee_detect(&options, &found, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "root");
    assert_int_equal(found.count, 77);
    root[255] = '\0';
    assert_int_equal(chaos_tee_detect(&options, &found, &err), CHAOS_OK);
    options.size--;
    assert_int_equal(chaos_tee_detect(&options, &found, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "options");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machines),
        cmocka_unit_test(test_names_are_printable),
        cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
