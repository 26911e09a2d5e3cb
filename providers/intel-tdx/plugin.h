/* plugin.h - what the files of this provider share. It stands on <chaoschain/provider.h> and the C library alone. */
#ifndef INTEL_TDX_PLUGIN_H
#define INTEL_TDX_PLUGIN_H

#include <chaoschain/provider.h>

#include <string.h>

#define KERNEL_TREE "/sys/kernel/config/tsm/report"
#define KERNEL_REGISTERS "/sys/class/misc/tdx_guest/measurements"
#define RUNTIME_KEYS "/run/chaoschain-intel-tdx" /* tmpfs: it is in the guest's memory and ends with the guest */
#define KEYS_IN_MEMORY "memory"

#define MAX_PATH 512
#define MAX_FILE_PATH (MAX_PATH + 320)
#define MAX_QUOTE (64u * 1024u) /* Linux gives 32 KiB at most */
#define MAX_ATTRIBUTE 64u       /* provider, generation */
#define REPORT_DATA_SIZE 64
#define REGISTER_SIZE 48
#define MAX_KEPT_KEYS 16

/* An identity key that lives in this process alone. */
typedef struct kept_key {
    char *path; /* NULL: free */
    chaos_host_key *key;
} kept_key;

typedef struct tdx {
    const chaos_host *host;
    char tree[MAX_PATH];      /* of entries, without a slash at its end */
    char registers[MAX_PATH]; /* "": there are none beside a tree of somebody else */
    char keys[MAX_PATH];      /* a folder on tmpfs, or KEYS_IN_MEMORY */
    bool is_kernels_tree, allows_swap;
    uint32_t timeout_ms;
    kept_key kept[MAX_KEPT_KEYS];
} tdx;

/* options.c */
CHAOS_MUST_USE chaos_status options_read(tdx *t, const char *json, chaos_error *err);

/* Why there is no tree, and what to do: the answer to ENOENT. report.c */
chaos_status tree_missing(const tdx *t, chaos_error *err);
/* CHAOS_OK: entries can be made there. Makes none. report.c */
CHAOS_MUST_USE chaos_status tree_probe(const tdx *t, chaos_error *err);

/* file.c: whole attributes. Each returns 0 or an errno; EINTR, EBUSY and EAGAIN are tried again until the deadline. */
int64_t clock_ms(void);
void wait_ms(unsigned ms);
/* At most `capacity` bytes; EFBIG when there is more. */
int file_read(const char *path, uint8_t *out, size_t capacity, size_t *size, int64_t deadline_ms);
/* All bytes by one write(2), and nothing of them if it fails. */
int file_write_once(const char *path, const uint8_t *bytes, size_t size, int64_t deadline_ms);
CHAOS_MUST_USE bool random_hex(char *out, size_t digits); /* with NUL; an even number, at most 64 */

/* store.c: the 32 bytes of the key at `path`, made when there are none. *secret is wiped by the caller. */
CHAOS_MUST_USE chaos_status store_secret(const tdx *t, const char *path, uint8_t secret[32], bool *is_new,
                                         chaos_error *err);

/* sha384.c: what a register is after it was extended: SHA-384(before || digest). */
void extended(const uint8_t before[REGISTER_SIZE], const uint8_t digest[REGISTER_SIZE], uint8_t after[REGISTER_SIZE]);

/* key.c, report.c, registers.c: the members of the provider */
chaos_status tdx_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                     chaos_error *err);
chaos_status tdx_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err);
void tdx_key_free(void *self, void *key);
void forget_keys(tdx *t);
chaos_status tdx_attest(void *self, const uint8_t report_data[REPORT_DATA_SIZE], chaos_error *err);
chaos_status tdx_invoke(void *self, const char *name, const char *params_json, chaos_error *err);

static inline chaos_slice text_slice(const char *text)
{
    chaos_slice s = { (const uint8_t *)text, strlen(text) };
    return s;
}

#endif
