/* detect.c - which TEE this machine is, by what can be seen without touching anything. */
#include <stdio.h>
#include <sys/stat.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define HAS_CPUID 1
#endif

#include "tee/internal.h"

#define MAX_ROOT 256
#define MAX_PATH_SIZE (MAX_ROOT + 64)
#define LEAF_FEATURES 0x1u
#define HYPERVISOR_BIT (1u << 31) /* of ecx */
#define LEAF_TDX 0x21u
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_EXTENDED 0x80000000u
#define LEAF_SEV 0x8000001fu
#define SEV_SNP_BIT (1u << 4) /* of eax */
#define TSM_TREE "/sys/kernel/config/tsm/report"

enum {
    EAX,
    EBX,
    ECX,
    EDX
};

/* What was seen, once for all questions. */
typedef struct sight {
    const char *root;
    chaos_cpuid_function *cpuid;
    void *context;
    chaos_detection *out;
    bool is_td, is_snp;
} sight;

/* ------------------------------------------------------------------- looking ---- */

static void processor_cpuid(void *context, uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
    (void)context;
    memset(registers, 0, 4 * sizeof registers[0]);
#ifdef HAS_CPUID
    __cpuid_count(leaf, subleaf, registers[EAX], registers[EBX], registers[ECX], registers[EDX]);
#else
    (void)leaf;
    (void)subleaf;
#endif
}

/* Twelve letters in three registers. */
static void read_name(const uint32_t registers[4], unsigned first, unsigned second, unsigned third, char name[13])
{
    const unsigned order[3] = { first, second, third };
    for (size_t i = 0; i < 12; i++) {
        const char c = (char)(uint8_t)(registers[order[i / 4]] >> 8 * (i % 4));
        name[i] = c >= ' ' && c <= '~' ? c : '\0';
    }
    name[12] = '\0';
}

static uint32_t ask(const sight *s, uint32_t leaf, uint32_t registers[4])
{
    s->cpuid(s->context, leaf, 0, registers);
    return registers[EAX];
}

static void look_at_processor(sight *s)
{
    uint32_t registers[4];
    char tdx[13];
    const uint32_t highest = ask(s, 0, registers);
    read_name(registers, EBX, EDX, ECX, s->out->processor);
    if (highest >= LEAF_FEATURES) {
        (void)ask(s, LEAF_FEATURES, registers);
        if ((registers[ECX] & HYPERVISOR_BIT) != 0) {
            (void)ask(s, LEAF_HYPERVISOR, registers);
            read_name(registers, EBX, ECX, EDX, s->out->hypervisor);
        }
    }
    if (highest >= LEAF_TDX) {
        (void)ask(s, LEAF_TDX, registers);
        read_name(registers, EBX, EDX, ECX, tdx);
        s->is_td = strcmp(tdx, "IntelTDX    ") == 0;
    }
    if (ask(s, LEAF_EXTENDED, registers) >= LEAF_SEV) {
        s->is_snp = (ask(s, LEAF_SEV, registers) & SEV_SNP_BIT) != 0 && strcmp(s->out->processor, "AuthenticAMD") == 0;
    }
}

/* The type of a file (S_IFMT); 0: there is none, or it cannot be seen. */
static mode_t type_of(const sight *s, const char *path)
{
    char full[MAX_PATH_SIZE];
    struct stat status;
    (void)snprintf(full, sizeof full, "%s%s", s->root, path);
    return stat(full, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

/* ----------------------------------------------------------------- questions ---- */

#define SOCKET_HERE "a guest agent's socket is at %s, and the processor says that this is a confidential VM"
#define SOCKET_OF_NOBODY                                                                                    \
    "a socket is at %s, but the processor says that this is no confidential VM: a simulator's? It must be " \
    "asked for by name"
#define TD_HERE "CPUID leaf 0x21 says IntelTDX, and the kernel has %s"
#define TD_WITHOUT_TREE                                                                           \
    "CPUID leaf 0x21 says IntelTDX, but there is no %s: it takes Linux 6.7, modprobe tdx_guest, " \
    "and a mounted configfs"
#define SNP_WITHOUT_DEVICE \
    "CPUID leaf 0x8000001f knows SEV-SNP, but there is no /dev/sev-guest: a host, or modprobe sev-guest"

static bool see_dstack(const sight *s, char *reason, size_t size)
{
    static const char *const sockets[] = {
        "/var/run/dstack.sock", "/run/dstack.sock", "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock",
        "/var/run/tappd.sock", "/run/tappd.sock", "/var/run/dstack/tappd.sock", "/run/dstack/tappd.sock"
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(sockets); i++) {
        const mode_t type = type_of(s, sockets[i]);
        if (type == 0) {
            continue;
        }
        if (type != S_IFSOCK) {
            (void)snprintf(reason, size, "%s is there and is no socket", sockets[i]);
            return false;
        }
        const bool is_confidential = s->is_td || s->is_snp;
        (void)snprintf(reason, size, is_confidential ? SOCKET_HERE : SOCKET_OF_NOBODY, sockets[i]);
        return is_confidential;
    }
    (void)snprintf(reason, size, "there is no guest agent's socket (/var/run/dstack.sock, /var/run/tappd.sock, ...)");
    return false;
}

static bool see_tdx(const sight *s, char *reason, size_t size)
{
    const bool has_tree = type_of(s, TSM_TREE) == S_IFDIR;
    if (!s->is_td) {
        const bool has_device = type_of(s, "/dev/tdx_guest") == S_IFCHR;
        (void)snprintf(reason, size, "CPUID leaf 0x21 does not say IntelTDX%s",
                       has_device ? ", though there is a /dev/tdx_guest" : "");
        return false;
    }
    (void)snprintf(reason, size, has_tree ? TD_HERE : TD_WITHOUT_TREE, TSM_TREE);
    return has_tree;
}

static bool see_snp(const sight *s, char *reason, size_t size)
{
    const bool has_device = type_of(s, "/dev/sev-guest") == S_IFCHR;
    const char *absent = s->is_snp ? SNP_WITHOUT_DEVICE : "there is no /dev/sev-guest";
    (void)snprintf(reason, size, "%s", has_device ? "there is a /dev/sev-guest" : absent);
    return has_device;
}

static bool see_nitro(const sight *s, char *reason, size_t size)
{
    const bool has_device = type_of(s, "/dev/nsm") == S_IFCHR;
    (void)snprintf(reason, size, "%s", has_device ? "there is a /dev/nsm" : "there is no /dev/nsm");
    return has_device;
}

/* -------------------------------------------------------------------- answer ---- */

static void see_all(const sight *s)
{
    static const struct {
        const char *name;
        bool (*see)(const sight *s, char *reason, size_t size);
    } questions[] = {
        { "phala-dstack", see_dstack },
        { "intel-tdx", see_tdx },
        { "amd-sev-snp", see_snp },
        { "aws-nitro", see_nitro },
    };
    chaos_detection *out = s->out;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(questions); i++) {
        chaos_detected *one = &out->tees[out->count++];
        const chaos_tee_known *known = provider_known(questions[i].name);
        one->name = questions[i].name;
        one->is_here = questions[i].see(s, one->reason, sizeof one->reason);
        if (one->is_here && out->picked == NULL && known != NULL && known->is_built) {
            out->picked = one->name;
        }
    }
}

chaos_status chaos_tee_detect(const chaos_detect_options *options, chaos_detection *detection, chaos_error *err)
{
    static const chaos_detect_options defaults = CHAOS_DETECT_OPTIONS_INIT;
    const chaos_detect_options *chosen = options == NULL ? &defaults : options;
    chaos_detection found = { .count = 0 };
    sight s = { .root = "", .cpuid = processor_cpuid, .out = &found };

    if (detection == NULL) {
        return error_set(err, CHAOS_E_USAGE, "detection", CHAOS_NO_OFFSET, NULL);
    }
    if (chosen->size != sizeof *chosen) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "begin with CHAOS_DETECT_OPTIONS_INIT");
    }
    if (chosen->root != NULL) {
        if (strnlen(chosen->root, MAX_ROOT) == MAX_ROOT) {
            return error_set(err, CHAOS_E_USAGE, "root", CHAOS_NO_OFFSET, "it has at most %d bytes", MAX_ROOT - 1);
        }
        s.root = chosen->root;
    }
    if (chosen->cpuid != NULL) {
        s.cpuid = chosen->cpuid;
        s.context = chosen->context;
    }
    look_at_processor(&s);
    see_all(&s);
    *detection = found;
    return CHAOS_OK;
}
