/* report.c - a quote from the kernel: an entry of our own in its tree, 64 bytes in, a quote out. What comes out is ours
 * only if the generation has counted our one write and no other, before and after (Linux, Documentation/ABI/testing/
 * configfs-tsm). The entry is removed on every way out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "plugin.h"

#define CONFIGFS_MOUNT "/sys/kernel/config"
#define CONFIGFS_TYPE 0x62656570 /* CONFIGFS_MAGIC of linux/magic.h */
#define WANTED_PROVIDER "tdx_guest"
#define TRIES 3
#define NAME_DIGITS 32

enum { /* offsets in a quote (Intel TDX DCAP quote format) */
    AT_VERSION = 0,
    AT_TEE_TYPE = 4,
    REPORT_DATA_IN_BODY = 520,
    BODY_OF_V4 = 48,
    BODY_OF_V5 = 54,
    TEE_TYPE_TDX = 0x81
};

/* An entry of ours. */
typedef struct request {
    const tdx *tree;
    const uint8_t *report_data;
    char entry[MAX_FILE_PATH]; /* "": none was made */
    int64_t deadline_ms;
    uint8_t *quote; /* MAX_QUOTE bytes */
    size_t quote_size;
} request;

/* ------------------------------------------------------------ what is wrong ---- */

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

chaos_status tree_missing(const tdx *t, chaos_error *err)
{
    struct statfs fs;
    const bool has_driver = exists("/dev/tdx_guest") || exists("/sys/class/misc/tdx_guest");
    if (!t->is_kernels_tree) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE,
                                   "there is no folder %.120s; does the simulator run that should show it?", t->tree);
    }
    if (statfs(CONFIGFS_MOUNT, &fs) != 0 || fs.f_type != CONFIGFS_TYPE) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE,
                                   "Not running in a TDX guest that can be asked: configfs is not mounted at " CONFIGFS_MOUNT "; in the guest: mount -t configfs none " CONFIGFS_MOUNT
                                   "; into a container mount it from the guest");
    }
    if (has_driver) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE,
                                   "a TDX guest, but its kernel has no " KERNEL_TREE ": Linux 6.7 or newer with "
                                   "CONFIG_TSM_REPORTS is needed");
    }
    return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE,
                               "Not running in a TDX guest: the kernel has no " KERNEL_TREE
                               " and no /dev/tdx_guest; if it should: modprobe tdx_guest");
}

static chaos_status not_allowed(const tdx *t, int reason, chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE,
                               "user %ld may not ask for quotes at %.100s: %s; run as root, or let the guest's "
                               "administrator give you that folder",
                               (long)geteuid(), t->tree, strerror(reason));
}

static chaos_status other_tee(const char *provider, chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE,
                               "this guest is of another TEE: the kernel asks '%.32s', not " WANTED_PROVIDER
                               "; 'chaoschain providers --detect' says which one it is",
                               provider);
}

static chaos_status gone(chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE,
                               "no TEE has registered with the kernel, or it went away: modprobe tdx_guest");
}

static chaos_status mkdir_failed(const tdx *t, int reason, chaos_error *err)
{
    switch (reason) {
    case ENOENT:
        return tree_missing(t, err);
    case ENXIO:
        return gone(err);
    case EACCES:
    case EPERM:
    case EROFS:
        return not_allowed(t, reason, err);
    case EEXIST:
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT,
                                   "%d random names are all taken in %.120s: that is no folder of the kernel's", TRIES,
                                   t->tree);
    default:
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the kernel makes no entry in %.120s: %s", t->tree,
                                   strerror(reason));
    }
}

/* For every attribute but the quote. */
static chaos_status attribute_failed(const char *name, int reason, chaos_error *err)
{
    switch (reason) {
    case ENXIO:
    case ENOTTY:
    case ENODEV:
        return gone(err);
    case EINTR:
    case EBUSY:
    case EAGAIN:
        return chaos_provider_fail(err, CHAOS_E_TIMEOUT, "the kernel's %s stays busy: raise timeout_ms", name);
    case ENOENT:
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT,
                                   "the entry has no %s: that is no folder of the kernel's, or another process has "
                                   "removed the entry",
                                   name);
    default:
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the kernel's %s: %s", name, strerror(reason));
    }
}

static chaos_status quote_failed(const request *q, int reason, chaos_error *err)
{
    switch (reason) {
    case EINTR:
    case EBUSY:
    case EAGAIN:
        return chaos_provider_fail(err, CHAOS_E_TIMEOUT,
                                   "the kernel was busy with other quotes for %u ms: raise timeout_ms, or ask less often",
                                   (unsigned)q->tree->timeout_ms);
    case ETIMEDOUT:
        return chaos_provider_fail(err, CHAOS_E_TIMEOUT,
                                   "the host's quoting service did not answer the kernel in time (it waits 30 s): is "
                                   "qgsd alive on the host? ask its operator");
    case EIO:
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT,
                                   "the host refused to make a quote (I/O error): its quoting service (qgsd) has to be "
                                   "set up for this guest; ask its operator, and see dmesg");
    case EINVAL:
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the kernel did not take the 64 bytes of report data");
    case EFBIG:
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the quote has more than %u bytes", MAX_QUOTE);
    default:
        return attribute_failed("outblob", reason, err);
    }
}

/* -------------------------------------------------------------------- entry ---- */

static void path_of(const request *q, const char *attribute, char path[MAX_FILE_PATH])
{
    (void)snprintf(path, MAX_FILE_PATH, "%.*s/%s", MAX_FILE_PATH - 32, q->entry, attribute);
}

/* Named by chance and by process, so that no two of us ever share one. */
static chaos_status make_entry(request *q, chaos_error *err)
{
    char name[NAME_DIGITS + 1] = "";
    int reason = EEXIST;
    for (int i = 0; i < TRIES && reason == EEXIST; i++) {
        if (!random_hex(name, NAME_DIGITS)) {
            return chaos_provider_fail(err, CHAOS_E_INTERNAL, "the system gives no randomness");
        }
        (void)snprintf(q->entry, sizeof q->entry, "%s/chaoschain-%ld-%s", q->tree->tree, (long)getpid(), name);
        reason = mkdir(q->entry, 0700) == 0 ? 0 : errno;
    }
    if (reason != 0) {
        q->entry[0] = '\0';
        return mkdir_failed(q->tree, reason, err);
    }
    return CHAOS_OK;
}

static void remove_entry(request *q)
{
    char line[200];
    if (q->entry[0] != '\0' && rmdir(q->entry) != 0 && errno != ENOENT) {
        (void)snprintf(line, sizeof line, "the kernel keeps the entry %.100s: %s; rmdir removes it", q->entry,
                       strerror(errno));
        q->tree->host->log(q->tree->host, CHAOS_LOG_WARNING, line);
    }
    q->entry[0] = '\0';
}

/* One line of text without its end. */
static chaos_status read_line(const request *q, const char *attribute, char text[MAX_ATTRIBUTE + 1], chaos_error *err)
{
    char path[MAX_FILE_PATH];
    size_t size = 0;
    path_of(q, attribute, path);
    const int reason = file_read(path, (uint8_t *)text, MAX_ATTRIBUTE, &size, q->deadline_ms);
    text[size] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return reason == 0 ? CHAOS_OK : attribute_failed(attribute, reason, err);
}

static chaos_status read_generation(const request *q, uint64_t *generation, chaos_error *err)
{
    char text[MAX_ATTRIBUTE + 1];
    chaos_status status = read_line(q, "generation", text, err);
    if (status != CHAOS_OK) {
        return status;
    }
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 19 || text[digits] != '\0') {
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the kernel's generation is no number: '%.32s'", text);
    }
    *generation = strtoull(text, NULL, 10);
    return CHAOS_OK;
}

static chaos_status check_provider(const request *q, chaos_error *err)
{
    char text[MAX_ATTRIBUTE + 1];
    chaos_status status = read_line(q, "provider", text, err);
    return status != CHAOS_OK || strcmp(text, WANTED_PROVIDER) == 0 ? status : other_tee(text, err);
}

/* -------------------------------------------------------------------- quote ---- */

static uint32_t little(const uint8_t *bytes, size_t size)
{
    uint32_t value = 0;
    for (size_t i = size; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

/* The core reads the quote again, and everything in it; this tells apart whose fault it is. */
static chaos_status check_quote(const request *q, bool *is_ours, chaos_error *err)
{
    const uint32_t version = q->quote_size > BODY_OF_V5 ? little(q->quote + AT_VERSION, 2) : 0;
    const size_t place = (version == 5 ? BODY_OF_V5 : BODY_OF_V4) + REPORT_DATA_IN_BODY;
    if ((version != 4 && version != 5) || q->quote_size < place + REPORT_DATA_SIZE ||
        little(q->quote + AT_TEE_TYPE, 4) != TEE_TYPE_TDX) {
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT,
                                   "what the kernel gave is no TDX quote of version 4 or 5 (%zu bytes)", q->quote_size);
    }
    *is_ours = memcmp(q->quote + place, q->report_data, REPORT_DATA_SIZE) == 0;
    return CHAOS_OK;
}

static chaos_status read_quote(request *q, chaos_error *err)
{
    char path[MAX_FILE_PATH];
    path_of(q, "inblob", path);
    int reason = file_write_once(path, q->report_data, REPORT_DATA_SIZE, q->deadline_ms);
    if (reason != 0) {
        return reason == EACCES || reason == EPERM ? not_allowed(q->tree, reason, err)
                                                   : attribute_failed("inblob", reason, err);
    }
    path_of(q, "outblob", path);
    reason = file_read(path, q->quote, MAX_QUOTE, &q->quote_size, q->deadline_ms);
    if (reason != 0) {
        return quote_failed(q, reason, err);
    }
    return q->quote_size > 0 ? CHAOS_OK
                             : chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE,
                                                   "the quote is empty: the host has no quoting service (qgsd) for this "
                                                   "guest, or it has no PCK certificate; ask its operator");
}

/* One try in the entry. *is_ours: nobody else's write is in it. */
static chaos_status ask(request *q, bool *is_ours, chaos_error *err)
{
    uint64_t before = 0, after = 0;
    chaos_status status = check_provider(q, err);
    if (status == CHAOS_OK) {
        status = read_generation(q, &before, err);
    }
    if (status == CHAOS_OK) {
        status = read_quote(q, err);
    }
    if (status == CHAOS_OK) {
        status = read_generation(q, &after, err);
    }
    if (status != CHAOS_OK || after != before + 1) {
        *is_ours = false;
        return status;
    }
    return check_quote(q, is_ours, err);
}

static chaos_status get_quote(request *q, chaos_error *err)
{
    bool is_ours = false;
    for (int i = 0; i < TRIES; i++) {
        chaos_status status = make_entry(q, err);
        if (status == CHAOS_OK) {
            status = ask(q, &is_ours, err);
        }
        remove_entry(q);
        if (status != CHAOS_OK || is_ours) {
            return status;
        }
    }
    return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT,
                               "%d times the kernel did not answer our one write (generation, report data): another "
                               "process writes into our entries, or the write is lost",
                               TRIES);
}

/* ------------------------------------------------------------------ members ---- */

chaos_status tdx_attest(void *self, const uint8_t report_data[REPORT_DATA_SIZE], chaos_error *err)
{
    const tdx *t = self;
    request q = { .tree = t, .report_data = report_data, .deadline_ms = clock_ms() + t->timeout_ms };
    q.quote = malloc(MAX_QUOTE);
    if (q.quote == NULL) {
        return chaos_provider_fail(err, CHAOS_E_MEMORY, "out of memory");
    }
    chaos_status status = get_quote(&q, err);
    if (status == CHAOS_OK) {
        const chaos_slice quote = { q.quote, q.quote_size };
        status = t->host->emit(t->host, "tdx-quote", quote, err);
    }
    free(q.quote);
    return status;
}

/* Only looks: an entry would be a change. So "this is TDX" is the driver's word here, and the entry's when it is used. */
chaos_status tree_probe(const tdx *t, chaos_error *err)
{
    struct stat status;
    if (stat(t->tree, &status) != 0) {
        return errno == EACCES ? not_allowed(t, errno, err) : tree_missing(t, err);
    }
    if (!S_ISDIR(status.st_mode)) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "%.120s is no folder", t->tree);
    }
    if (t->is_kernels_tree && !exists("/dev/tdx_guest") && !exists("/sys/class/misc/tdx_guest")) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE,
                                   "the kernel can attest, but not by TDX: there is no driver tdx_guest; "
                                   "'chaoschain providers --detect' says which TEE this is");
    }
    if (access(t->tree, W_OK | X_OK) != 0) {
        return not_allowed(t, errno, err);
    }
    return CHAOS_OK;
}
